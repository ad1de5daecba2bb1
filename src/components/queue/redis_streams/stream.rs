//! A stream with one consumer group, as the operations of its append-only file leave it.

use super::super::message::Message;
use super::super::numbered::Numbered;
use crate::kernel::{NodeId, Time};
use std::collections::VecDeque;

/// One write of the append-only file.
#[derive(Clone, Copy, Debug)]
pub enum Operation {
    /// XADD.
    Add(Message),
    /// XREADGROUP: the next entries, so many, go to a consumer.
    Read(NodeId, usize, Time),
    /// XACK of the entry with this number.
    Ack(u64),
    /// XAUTOCLAIM: a consumer takes over so many entries idle since the second time, at the first.
    Claim(NodeId, usize, Time, Time),
}

/// An entry that was delivered and not acknowledged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pending {
    /// Who has it.
    pub consumer: NodeId,
    /// Since when.
    pub since: Time,
    /// How often it was delivered.
    pub deliveries: u32,
}

/// A message with its number and how often it was delivered.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// The message.
    pub message: Message,
    /// Its number in the stream.
    pub number: u64,
    /// How often it was delivered, this time included.
    pub deliveries: u32,
}

/// What an operation does to others than the stream.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    /// Entries that go to a consumer.
    pub delivered: Vec<Delivery>,
    /// Entries trimmed before they were acknowledged.
    pub trimmed: Vec<Message>,
    /// The entry that was acknowledged.
    pub acknowledged: Option<Message>,
}

/// The stream.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    entries: VecDeque<Message>,
    /// Number of the first entry.
    first: u64,
    /// Number of the next entry that the group has not delivered.
    next: u64,
    pending: Numbered<Pending>,
    /// MAXLEN: trimmed to it, exactly, at every XADD.
    length: Option<usize>,
}

impl Stream {
    /// An empty stream.
    pub fn new(length: Option<usize>) -> Self {
        Stream { length, ..Stream::default() }
    }

    /// Carries an operation out.
    pub fn apply(&mut self, operation: Operation) -> Effects {
        match operation {
            Operation::Add(message) => self.add(message),
            Operation::Read(consumer, most, now) => self.read(consumer, most, now),
            Operation::Ack(number) => self.acknowledge(number),
            Operation::Claim(consumer, most, now, idle_since) => self.claim(consumer, most, now, idle_since),
        }
    }

    fn get(&self, number: u64) -> Option<Message> {
        number.checked_sub(self.first).and_then(|index| self.entries.get(index as usize)).copied()
    }

    /// Number of the entry that is added next.
    pub fn end(&self) -> u64 {
        self.first + self.entries.len() as u64
    }

    fn add(&mut self, message: Message) -> Effects {
        let mut effects = Effects::default();
        self.entries.push_back(message);
        while self.length.is_some_and(|most| self.entries.len() > most) {
            let gone = self.entries.pop_front().expect("longer than its bound");
            if self.first >= self.next || self.pending.get(self.first).is_some() {
                effects.trimmed.push(gone);
            }
            self.first += 1;
        }
        self.next = self.next.max(self.first);
        effects
    }

    fn read(&mut self, consumer: NodeId, most: usize, now: Time) -> Effects {
        let last = self.end().min(self.next.saturating_add(most as u64));
        let numbers = self.next..last;
        self.next = last.max(self.next);
        let deliver = |number: u64| {
            self.pending.insert(number, Pending { consumer, since: now, deliveries: 1 });
            let message = self.entries[(number - self.first) as usize];
            Delivery { message, number, deliveries: 1 }
        };
        Effects { delivered: numbers.map(deliver).collect(), ..Effects::default() }
    }

    fn acknowledge(&mut self, number: u64) -> Effects {
        let was_pending = self.pending.remove(number).is_some();
        let acknowledged = self.get(number).filter(|_| was_pending);
        Effects { acknowledged, ..Effects::default() }
    }

    /// Entries that were trimmed meanwhile are dropped from the list instead of being claimed.
    fn claim(&mut self, consumer: NodeId, most: usize, now: Time, idle_since: Time) -> Effects {
        let idle = |(number, pending): (u64, &Pending)| (pending.since <= idle_since).then_some(number);
        let numbers: Vec<u64> = self.pending.iter().filter_map(idle).take(most).collect();
        let mut effects = Effects::default();
        for number in numbers {
            let Some(message) = self.get(number) else {
                self.pending.remove(number);
                continue;
            };
            let pending = self.pending.get_mut(number).expect("just seen");
            let deliveries = pending.deliveries + 1;
            *pending = Pending { consumer, since: now, deliveries };
            effects.delivered.push(Delivery { message, number, deliveries });
        }
        effects
    }

    /// Entries that the group has not delivered.
    pub fn lag(&self) -> usize {
        (self.end() - self.next) as usize
    }

    /// Entries delivered and not acknowledged.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Entries in memory.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Messages that are neither acknowledged nor trimmed.
    pub fn held(&self) -> Vec<Message> {
        let waiting = (self.next..self.end()).filter_map(|number| self.get(number));
        self.pending.iter().filter_map(|(number, _)| self.get(number)).chain(waiting).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: NodeId = NodeId(1);
    const B: NodeId = NodeId(2);

    fn stream(messages: u32, length: Option<usize>) -> Stream {
        let mut stream = Stream::new(length);
        for id in 1..=messages {
            stream.apply(Operation::Add(Message { id, key: 0, bytes: 0 }));
        }
        stream
    }

    fn ids(effects: &Effects) -> Vec<u32> {
        effects.delivered.iter().map(|delivery| delivery.message.id).collect()
    }

    #[test]
    fn the_group_shares_the_entries_in_order() {
        let mut stream = stream(5, None);
        assert_eq!(ids(&stream.apply(Operation::Read(A, 2, 0))), [1, 2]);
        assert_eq!(ids(&stream.apply(Operation::Read(B, 9, 0))), [3, 4, 5]);
        assert_eq!((stream.lag(), stream.pending()), (0, 5));
    }

    #[test]
    fn pending_entries_stay_until_acknowledged_or_claimed() {
        let mut stream = stream(3, None);
        stream.apply(Operation::Read(A, 3, 10));
        assert_eq!(stream.apply(Operation::Ack(1)).acknowledged.map(|m| m.id), Some(2));
        assert!(stream.apply(Operation::Ack(1)).acknowledged.is_none(), "once only");
        assert!(stream.apply(Operation::Claim(B, 9, 60, 9)).delivered.is_empty(), "not idle for long enough");
        let claimed = stream.apply(Operation::Claim(B, 9, 60, 10));
        assert_eq!(ids(&claimed), [1, 3]);
        assert!(claimed.delivered.iter().all(|delivery| delivery.deliveries == 2));
    }

    #[test]
    fn trimming_takes_the_oldest_whatever_became_of_them() {
        let mut stream = stream(3, Some(3));
        stream.apply(Operation::Read(A, 2, 0));
        stream.apply(Operation::Ack(0));
        let add = |stream: &mut Stream, id| {
            let effects = stream.apply(Operation::Add(Message { id, key: 0, bytes: 0 }));
            effects.trimmed.iter().map(|message| message.id).collect::<Vec<_>>()
        };
        assert!(add(&mut stream, 4).is_empty(), "the first one was acknowledged");
        assert_eq!(add(&mut stream, 5), [2], "pending");
        assert_eq!(add(&mut stream, 6), [3], "never delivered");
        assert_eq!(ids(&stream.apply(Operation::Claim(B, 9, 9, 9))), [0; 0], "nothing is left to claim");
        assert_eq!((stream.pending(), stream.lag()), (0, 3));
    }

    proptest::proptest! {
        /// Against a list of entries, each unread, pending with somebody since some time, or acknowledged.
        #[test]
        fn it_does_what_the_obvious_model_does(
            steps in proptest::collection::vec((0..5u8, 0..8u64, 1..4usize), 1..200),
            length in proptest::option::of(1..20usize),
        ) {
            #[derive(Clone, Copy, PartialEq)]
            enum State { Unread, Pending(NodeId, Time), Done }
            let mut stream = Stream::new(length);
            let mut model: Vec<(u32, State)> = Vec::new(); // by number; those before `first` are trimmed
            let mut first = 0;
            for (now, (what, number, most)) in (1..).zip(steps) {
                let consumer = if number % 2 == 0 { A } else { B };
                match what {
                    0 | 1 => {
                        let id = model.len() as u32 + 1;
                        let effects = stream.apply(Operation::Add(Message { id, key: 0, bytes: 0 }));
                        model.push((id, State::Unread));
                        let from = length.map_or(0, |most| model.len().saturating_sub(most)).max(first);
                        let trimmed = model[first..from].iter().filter(|entry| entry.1 != State::Done);
                        let trimmed: Vec<u32> = trimmed.map(|entry| entry.0).collect();
                        proptest::prop_assert_eq!(effects.trimmed.iter().map(|m| m.id).collect::<Vec<_>>(), trimmed);
                        first = from;
                    }
                    2 => {
                        let effects = stream.apply(Operation::Read(consumer, most, now));
                        let unread = model[first..].iter_mut().filter(|entry| entry.1 == State::Unread).take(most);
                        let read: Vec<u32> = unread
                            .map(|entry| {
                                entry.1 = State::Pending(consumer, now);
                                entry.0
                            })
                            .collect();
                        proptest::prop_assert_eq!(ids(&effects), read);
                    }
                    3 => {
                        let effects = stream.apply(Operation::Ack(number));
                        let entry = model.get_mut(number as usize).filter(|entry| matches!(entry.1, State::Pending(..)));
                        let acknowledged = entry.map(|entry| {
                            entry.1 = State::Done;
                            entry.0
                        });
                        let acknowledged = acknowledged.filter(|_| number as usize >= first);
                        proptest::prop_assert_eq!(effects.acknowledged.map(|m| m.id), acknowledged);
                    }
                    _ => {
                        let idle = now.saturating_sub(5);
                        let effects = stream.apply(Operation::Claim(consumer, usize::MAX, now, idle));
                        let lying = |entry: &&mut (u32, State)| matches!(entry.1, State::Pending(_, since) if since <= idle);
                        let claimed: Vec<u32> = model[first..]
                            .iter_mut()
                            .filter(lying)
                            .map(|entry| {
                                entry.1 = State::Pending(consumer, now);
                                entry.0
                            })
                            .collect();
                        proptest::prop_assert_eq!(ids(&effects), claimed);
                    }
                }
                let lag = model[first..].iter().filter(|entry| entry.1 == State::Unread).count();
                proptest::prop_assert_eq!((stream.lag(), stream.len()), (lag, model.len() - first));
            }
        }
    }
}
