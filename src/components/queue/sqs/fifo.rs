//! A FIFO queue: messages of one group in order, none while an earlier one of the group is in somebody's hands; a message that
//! is sent twice within five minutes is taken in once.

use super::super::message::Message;
use super::super::numbered::Numbered;
use super::recent::Recent;
use super::store::Received;
use crate::kernel::Time;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

#[derive(Clone, Debug)]
struct Kept {
    message: Message,
    sent: Time,
    receives: u32,
    hidden: bool,
}

/// The messages of one group, by number of arrival. Most groups have but one, which needs no memory of its own.
#[derive(Clone, Debug, Default)]
struct Group {
    /// The first of those that wait.
    first: Option<u64>,
    /// The others.
    further: BTreeSet<u64>,
    hidden: usize,
}

impl Group {
    fn insert(&mut self, seq: u64) {
        match self.first {
            Some(first) if first < seq => drop(self.further.insert(seq)),
            first => {
                self.further.extend(first);
                self.first = Some(seq);
            }
        }
    }

    fn pop_first(&mut self) -> Option<u64> {
        let first = self.first.take();
        self.first = self.further.pop_first();
        first
    }

    fn remove(&mut self, seq: u64) {
        if self.first == Some(seq) {
            self.pop_first();
        } else {
            self.further.remove(&seq);
        }
    }
}

/// The messages of a FIFO queue.
#[derive(Clone, Debug, Default)]
pub struct Fifo {
    kept: Numbered<Kept>,
    groups: BTreeMap<u64, Group>,
    /// Groups that may be received from, by their oldest message.
    open: BTreeMap<u64, u64>,
    next: u64,
    due: VecDeque<(Time, u64, u32)>,
    in_flight: usize,
    recent: Recent,
}

impl Fifo {
    /// Whether this message was sent within the last five minutes; remembers it if not.
    pub fn is_duplicate(&mut self, id: u32, now: Time) -> bool {
        self.recent.is_duplicate(id, now)
    }

    /// Takes a message in; its key names its group.
    pub fn send(&mut self, message: Message, now: Time) {
        let seq = self.next;
        self.next += 1;
        self.kept.insert(seq, Kept { message, sent: now, receives: 0, hidden: false });
        let group = self.groups.entry(message.key).or_default();
        group.insert(seq);
        if group.hidden == 0 && group.first == Some(seq) {
            self.open.insert(seq, message.key);
        }
    }

    /// Hands out up to `most` messages: as many as there are of the group with the oldest one, then of the next.
    pub fn receive(&mut self, most: usize, until: Time) -> Vec<Received> {
        let mut got = Vec::new();
        while got.len() < most {
            let Some((_, key)) = self.open.pop_first() else { break };
            let group = self.groups.get_mut(&key).expect("an open group");
            while got.len() < most {
                let Some(seq) = group.pop_first() else { break };
                let kept = self.kept.get_mut(seq).expect("what waits is kept");
                kept.receives += 1;
                kept.hidden = true;
                group.hidden += 1;
                self.in_flight += 1;
                self.due.push_back((until, seq, kept.receives));
                let receipt = seq << 16 | u64::from(kept.receives & 0xFFFF);
                got.push(Received { message: kept.message, receipt, receives: kept.receives });
            }
        }
        got
    }

    /// A consumer is done with a message; nothing if its time-out is over: it has another receipt now, or none.
    pub fn delete(&mut self, receipt: u64) -> Option<Message> {
        let seq = receipt >> 16;
        let kept = self.kept.get(seq)?;
        if !kept.hidden || u64::from(kept.receives & 0xFFFF) != receipt & 0xFFFF {
            return None;
        }
        let message = self.kept.remove(seq).expect("just seen").message;
        self.unhide(message.key);
        Some(message)
    }

    /// One message less of the group is in somebody's hands.
    fn unhide(&mut self, key: u64) {
        self.in_flight -= 1;
        let group = self.groups.get_mut(&key).expect("it has a message in flight");
        group.hidden -= 1;
        if group.hidden > 0 {
            return;
        }
        match group.first {
            Some(seq) => drop(self.open.insert(seq, key)),
            None => drop(self.groups.remove(&key)),
        }
    }

    /// Time-outs that are over: their messages wait again, at their old places; those received `most` times are returned,
    /// with when they were sent.
    pub fn reappear(&mut self, now: Time, most: u32) -> Vec<(Message, Time)> {
        let mut dead = Vec::new();
        while let Some(&(at, seq, receives)) = self.due.front() {
            if at > now {
                break;
            }
            self.due.pop_front();
            let current = |kept: &&mut Kept| kept.hidden && kept.receives == receives;
            let Some(kept) = self.kept.get_mut(seq).filter(current) else { continue };
            kept.hidden = false;
            let (message, sent) = (kept.message, kept.sent);
            if receives >= most {
                self.kept.remove(seq);
                dead.push((message, sent));
            } else {
                self.groups.get_mut(&message.key).expect("in flight").insert(seq);
            }
            self.unhide(message.key);
        }
        dead
    }

    /// Takes out what was sent up to `until`, in whose hands it may be.
    pub fn expire(&mut self, until: Time) -> Vec<Message> {
        let mut gone = Vec::new();
        while let Some((seq, kept)) = self.kept.first().filter(|(_, kept)| kept.sent <= until) {
            let (message, hidden) = (kept.message, kept.hidden);
            gone.push(message);
            self.kept.remove(seq);
            if hidden {
                self.unhide(message.key);
            } else {
                self.drop_waiting(seq, message.key);
            }
        }
        gone
    }

    fn drop_waiting(&mut self, seq: u64, key: u64) {
        let group = self.groups.get_mut(&key).expect("it has a message");
        group.remove(seq);
        if self.open.remove(&seq).is_none() {
            return;
        }
        match group.first {
            Some(next) => drop(self.open.insert(next, key)),
            None => drop(self.groups.remove(&key)),
        }
    }

    /// When the oldest message was sent.
    pub fn oldest(&self) -> Option<Time> {
        self.kept.first().map(|(_, kept)| kept.sent)
    }

    /// When the next time-out of a message that is hidden is over.
    pub fn next_due(&mut self) -> Option<Time> {
        while let Some(&(at, seq, receives)) = self.due.front() {
            if self.kept.get(seq).is_some_and(|kept| kept.hidden && kept.receives == receives) {
                return Some(at);
            }
            self.due.pop_front();
        }
        None
    }

    /// Messages kept, those that were handed out included.
    pub fn len(&self) -> usize {
        self.kept.len()
    }

    /// Messages handed out.
    pub fn in_flight(&self) -> usize {
        self.in_flight
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(keys: &[u64]) -> Fifo {
        let mut queue = Fifo::default();
        keys.iter().zip(1..).for_each(|(key, id)| queue.send(Message { id, key: *key, bytes: 0 }, 0));
        queue
    }

    fn ids(got: &[Received]) -> Vec<u32> {
        got.iter().map(|received| received.message.id).collect()
    }

    #[test]
    fn a_group_is_closed_while_one_of_it_is_in_flight() {
        let mut queue = queue(&[7, 7, 8, 7]);
        let first = queue.receive(1, 30);
        assert_eq!(ids(&first), [1]);
        assert_eq!(ids(&queue.receive(10, 30)), [3], "group 7 is closed");
        queue.delete(first[0].receipt);
        assert_eq!(ids(&queue.receive(10, 30)), [2, 4]);
    }

    #[test]
    fn what_reappears_is_in_its_old_place() {
        let mut queue = queue(&[7, 7, 7]);
        let got = queue.receive(2, 30);
        queue.delete(got[1].receipt);
        queue.reappear(30, 9);
        assert_eq!(ids(&queue.receive(10, 60)), [1, 3]);
        assert_eq!(queue.delete(got[0].receipt), None, "its time-out is over");
    }

    #[derive(Default)]
    struct Model {
        all: Vec<(u32, u64, Option<Time>, u64)>,
    }

    impl Model {
        fn receive(&mut self, most: usize, until: Time) -> Vec<u32> {
            let mut got = Vec::new();
            // The group with the oldest free message that has nobody's hands on it, then the next.
            while got.len() < most {
                let taken: Vec<u64> = self.all.iter().filter(|m| m.2.is_some()).map(|m| m.1).collect();
                let free = self.all.iter().find(|m| m.2.is_none() && !taken.contains(&m.1));
                let Some(key) = free.map(|m| m.1) else { break };
                for message in self.all.iter_mut().filter(|m| m.1 == key).take(most - got.len()) {
                    (message.2, message.3) = (Some(until), message.3 + 1);
                    got.push(message.0);
                }
            }
            got
        }
    }

    proptest::proptest! {
        #[test]
        fn it_does_what_the_obvious_model_does(steps in proptest::collection::vec((0..4u8, 0..5u64, 1..4usize), 1..200)) {
            let (mut queue, mut model) = (Fifo::default(), Model::default());
            let (mut now, mut last_id, mut receipts) = (0, 0, Vec::new());
            for (what, number, most) in steps {
                now += 1;
                match what {
                    0 => {
                        last_id += 1;
                        queue.send(Message { id: last_id, key: number, bytes: 0 }, now);
                        model.all.push((last_id, number, None, 0));
                    }
                    1 => {
                        let got = queue.receive(most, now + 10);
                        proptest::prop_assert_eq!(ids(&got), model.receive(most, now + 10));
                        receipts.extend(got.iter().map(|received| (received.message.id, received.receipt)));
                    }
                    2 if !receipts.is_empty() => {
                        let (id, receipt) = receipts.swap_remove(number as usize % receipts.len());
                        let deleted = queue.delete(receipt).map(|message| message.id);
                        let current = |m: &(u32, u64, Option<Time>, u64)| {
                            m.0 == id && m.2.is_some() && m.3 == receipt & 0xFFFF
                        };
                        let at = model.all.iter().position(current);
                        proptest::prop_assert_eq!(deleted, at.map(|at| model.all.remove(at).0));
                    }
                    _ => {
                        now += 5;
                        queue.reappear(now, u32::MAX);
                        model.all.iter_mut().filter(|m| m.2.is_some_and(|until| until <= now)).for_each(|m| m.2 = None);
                    }
                }
                // Time-outs that are over count from now on in both.
                queue.reappear(now, u32::MAX);
                model.all.iter_mut().filter(|m| m.2.is_some_and(|until| until <= now)).for_each(|m| m.2 = None);
                proptest::prop_assert_eq!(queue.len(), model.all.len());
                proptest::prop_assert_eq!(queue.in_flight(), model.all.iter().filter(|m| m.2.is_some()).count());
            }
        }
    }
}
