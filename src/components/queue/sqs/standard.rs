//! A standard queue: every message lies on two of several hosts; a receive takes from the hosts it asks, in the order it asks
//! them. That is why messages overtake one another, and why one that was deleted while a host was away comes back with it.

use super::super::message::Message;
use super::super::numbered::Numbered;
use super::store::Received;
use crate::kernel::Time;
use std::collections::{BTreeSet, VecDeque};

/// Copies of a message ("redundant", says Amazon; two is the least that can be).
const COPIES: usize = 2;

/// One copy of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Gone,
    Available,
    /// In the hands of a consumer.
    Hidden,
}

#[derive(Clone, Debug)]
struct Kept {
    message: Message,
    sent: Time,
    receives: u32,
    copies: [(u8, State); COPIES],
}

impl Kept {
    /// Whether somebody has it in hand.
    fn is_hidden(&self) -> bool {
        self.copies.iter().any(|(_, state)| *state == State::Hidden)
    }
}

#[derive(Clone, Debug)]
struct Host {
    up: bool,
    available: BTreeSet<u64>,
}

/// The messages of a standard queue, by order of arrival.
#[derive(Clone, Debug)]
pub struct Standard {
    hosts: Vec<Host>,
    kept: Numbered<Kept>,
    next: u64,
    /// When hidden messages become visible again, in order: all time-outs have one length.
    due: VecDeque<(Time, u64, u32)>,
    in_flight: usize,
    /// Dead letters of another queue, which were sent before they came here, by when that was; some are gone.
    older: BTreeSet<(Time, u64)>,
}

impl Standard {
    /// An empty queue on so many hosts.
    pub fn new(hosts: usize) -> Self {
        Standard {
            hosts: vec![Host { up: true, available: BTreeSet::new() }; hosts],
            kept: Numbered::default(),
            next: 0,
            due: VecDeque::new(),
            in_flight: 0,
            older: BTreeSet::new(),
        }
    }

    /// Takes a message in, on the two hosts after a random one that are there.
    pub fn send(&mut self, message: Message, now: Time, random: u64) {
        let seq = self.next;
        self.next += 1;
        let first = (random % self.hosts.len() as u64) as usize;
        let around = (0..self.hosts.len()).map(|step| (first + step) % self.hosts.len());
        let up: Vec<usize> = around.filter(|host| self.hosts[*host].up).take(COPIES).collect();
        // If all are away the first one gets it none the less: a service that lost messages would be another one.
        let place = |n: usize| up.get(n).or(if n == 0 { Some(&first) } else { None });
        let copies = [0, 1].map(|n| match place(n) {
            Some(host) => {
                self.hosts[*host].available.insert(seq);
                (*host as u8, State::Available)
            }
            None => (0, State::Gone),
        });
        self.kept.insert(seq, Kept { message, sent: now, receives: 0, copies });
    }

    /// Takes in a dead letter of another queue. It is as old as it is (AWS, SQS Developer Guide, "Setting-up dead-letter queue retention":
    /// the enqueue timestamp is unchanged), and stands behind what is there already.
    pub fn inherit(&mut self, message: Message, sent: Time, random: u64) {
        self.older.insert((sent, self.next));
        self.send(message, sent, random);
    }

    /// Hands out up to `most` messages of the hosts asked: `asked` of them, from a random one on.
    pub fn receive(&mut self, most: usize, asked: usize, until: Time, random: u64) -> Vec<Received> {
        let hosts = self.hosts.len();
        let first = (random % hosts as u64) as usize;
        let mut got = Vec::new();
        for host in (0..asked.min(hosts)).map(|step| (first + step) % hosts) {
            if !self.hosts[host].up {
                continue;
            }
            while got.len() < most {
                let Some(seq) = self.hosts[host].available.first().copied() else { break };
                got.push(self.hand_out(seq, until));
            }
        }
        got
    }

    /// All hosts that are there hide the message; one that is away does not hear of it.
    fn hand_out(&mut self, seq: u64, until: Time) -> Received {
        let kept = self.kept.get_mut(seq).expect("what is available is kept");
        kept.receives += 1;
        self.in_flight += usize::from(!kept.is_hidden());
        for (host, state) in &mut kept.copies {
            let host = &mut self.hosts[*host as usize];
            if host.up && *state == State::Available {
                host.available.remove(&seq);
                *state = State::Hidden;
            }
        }
        self.due.push_back((until, seq, kept.receives));
        Received {
            message: kept.message,
            receipt: seq << 16 | u64::from(kept.receives & 0xFFFF),
            receives: kept.receives,
        }
    }

    /// A consumer is done with a message. True if it is gone for good; false if the receipt is out of date or a copy is left
    /// on a host that is away.
    pub fn delete(&mut self, receipt: u64) -> Option<Message> {
        let seq = receipt >> 16;
        let kept = self.kept.get_mut(seq)?;
        if u64::from(kept.receives & 0xFFFF) != receipt & 0xFFFF {
            return None;
        }
        let was_hidden = kept.is_hidden();
        for (host, state) in &mut kept.copies {
            let host = &mut self.hosts[*host as usize];
            if host.up {
                host.available.remove(&seq);
                *state = State::Gone;
            }
        }
        self.in_flight -= usize::from(was_hidden && !kept.is_hidden());
        let message = kept.message;
        let gone = kept.copies.iter().all(|(_, state)| *state == State::Gone);
        if gone {
            self.kept.remove(seq);
        }
        gone.then_some(message)
    }

    /// Time-outs that are over at `now`: their messages are visible again, unless they came `most` times; those are returned, with
    /// when they were sent.
    pub fn reappear(&mut self, now: Time, most: u32) -> Vec<(Message, Time)> {
        let mut dead = Vec::new();
        while let Some(&(at, seq, receives)) = self.due.front() {
            if at > now {
                break;
            }
            self.due.pop_front();
            let Some(kept) = self.kept.get_mut(seq).filter(|kept| kept.receives == receives) else {
                continue;
            };
            if !kept.is_hidden() {
                continue;
            }
            self.in_flight -= 1;
            if receives >= most {
                dead.push((kept.message, kept.sent));
                self.remove(seq);
                continue;
            }
            for (host, state) in &mut kept.copies {
                if *state == State::Hidden {
                    *state = State::Available;
                    self.hosts[*host as usize].available.insert(seq);
                }
            }
        }
        dead
    }

    fn remove(&mut self, seq: u64) {
        if let Some(kept) = self.kept.remove(seq) {
            for (host, _) in kept.copies {
                self.hosts[host as usize].available.remove(&seq);
            }
        }
    }

    /// Takes out what was sent up to `until`, in whose hands it may be.
    pub fn expire(&mut self, until: Time) -> Vec<Message> {
        let mut gone = Vec::new();
        while let Some((_, seq)) = self.older.first().copied().filter(|(sent, _)| *sent <= until) {
            self.older.pop_first();
            gone.extend(self.expire_one(seq));
        }
        while let Some((seq, _)) = self.kept.first().filter(|(_, kept)| kept.sent <= until) {
            gone.extend(self.expire_one(seq));
        }
        gone
    }

    fn expire_one(&mut self, seq: u64) -> Option<Message> {
        let kept = self.kept.get(seq)?;
        let message = kept.message;
        self.in_flight -= usize::from(kept.is_hidden());
        self.remove(seq);
        Some(message)
    }

    /// When the oldest message was sent, or one that was older and is gone.
    pub fn oldest(&self) -> Option<Time> {
        let first = self.kept.first().map(|(_, kept)| kept.sent);
        let older = self.older.first().map(|(sent, _)| *sent);
        first.into_iter().chain(older).min()
    }

    /// When the next time-out of a message that is hidden is over.
    pub fn next_due(&mut self) -> Option<Time> {
        while let Some(&(at, seq, receives)) = self.due.front() {
            if self.kept.get(seq).is_some_and(|kept| kept.receives == receives && kept.is_hidden()) {
                return Some(at);
            }
            self.due.pop_front();
        }
        None
    }

    /// A host goes away, or comes back with what it had.
    pub fn set_host(&mut self, host: usize, up: bool) {
        self.hosts[host].up = up;
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

    fn message(id: u32) -> Message {
        Message { id, key: 0, bytes: 0 }
    }

    fn queue(hosts: usize, messages: u32) -> Standard {
        let mut queue = Standard::new(hosts);
        (1..=messages).for_each(|id| queue.send(message(id), u64::from(id), u64::from(id) * 7));
        queue
    }

    fn ids(got: &[Received]) -> Vec<u32> {
        got.iter().map(|received| received.message.id).collect()
    }

    #[test]
    fn one_host_keeps_the_order_and_several_do_not() {
        assert_eq!(ids(&queue(1, 5).receive(10, 1, 30, 0)), [1, 2, 3, 4, 5]);
        let got = ids(&queue(5, 20).receive(20, 5, 30, 0));
        assert_eq!(got.len(), 20, "asking all hosts finds everything");
        assert!(got.is_sorted_by(|a, b| a != b) && !got.is_sorted(), "{got:?}");
    }

    #[test]
    fn a_sample_of_hosts_may_find_nothing() {
        let mut queue = Standard::new(5);
        queue.send(message(1), 0, 0); // on hosts 0 and 1
        assert!(queue.receive(10, 2, 30, 2).is_empty());
        assert_eq!(ids(&queue.receive(10, 2, 30, 1)), [1]);
    }

    #[test]
    fn what_is_not_deleted_in_time_is_visible_again() {
        let mut queue = queue(3, 1);
        let first = queue.receive(1, 3, 30, 0);
        assert_eq!((queue.receive(1, 3, 31, 0).len(), queue.in_flight()), (0, 1));
        assert!(queue.reappear(29, 9).is_empty() && queue.in_flight() == 1);
        queue.reappear(30, 9);
        let second = queue.receive(1, 3, 60, 0);
        assert_eq!(second[0].receives, 2);
        assert_eq!(queue.delete(first[0].receipt), None, "an old receipt");
        assert_eq!(queue.delete(second[0].receipt), Some(message(1)));
        assert_eq!((queue.len(), queue.in_flight()), (0, 0));
    }

    #[test]
    fn a_host_that_was_away_brings_a_deleted_message_back() {
        let mut queue = Standard::new(2);
        queue.send(message(1), 0, 0);
        queue.set_host(1, false);
        let got = queue.receive(1, 2, 30, 0);
        assert_eq!(queue.delete(got[0].receipt), None, "a copy is left");
        assert!(queue.receive(1, 2, 40, 0).is_empty());
        queue.set_host(1, true);
        assert_eq!(ids(&queue.receive(1, 2, 50, 0)), [1]);
    }

    #[test]
    fn old_messages_go_with_their_retention() {
        let mut queue = queue(3, 5);
        queue.receive(2, 3, 30, 0);
        assert_eq!(queue.expire(3).len(), 3);
        assert_eq!((queue.len(), queue.oldest()), (2, Some(4)));
        assert_eq!(queue.expire(9).len(), 2);
        assert_eq!((queue.len(), queue.in_flight()), (0, 0));
    }

    #[test]
    fn a_dead_letter_of_another_queue_is_as_old_as_it_is() {
        let mut queue = queue(3, 5);
        queue.inherit(message(6), 2, 0);
        queue.inherit(message(7), 0, 0);
        queue.send(message(8), 6, 0);
        assert_eq!(queue.oldest(), Some(0));
        assert_eq!(ids(&queue.receive(1, 3, 30, 0)).len(), 1);
        let gone = |gone: Vec<Message>| gone.iter().map(|message| message.id).collect::<Vec<_>>();
        assert_eq!(gone(queue.expire(0)), [7]);
        assert_eq!(gone(queue.expire(2)), [6, 1, 2]);
        assert_eq!((queue.oldest(), queue.len()), (Some(3), 4));
    }

    #[test]
    fn received_too_often_is_dead() {
        let mut queue = queue(2, 1);
        queue.receive(1, 2, 1, 0);
        assert!(queue.reappear(1, 2).is_empty());
        queue.receive(1, 2, 2, 0);
        assert_eq!(queue.reappear(2, 2), [(message(1), 1)]);
        assert_eq!((queue.len(), queue.in_flight()), (0, 0));
    }
    /// Slow and obvious: all messages in one list, each with what its hosts think of it.
    struct Model {
        up: Vec<bool>,
        all: Vec<Row>,
    }

    struct Row {
        id: u32,
        copies: Vec<(usize, State)>,
        receives: u32,
        until: Time,
    }

    impl Model {
        fn send(&mut self, id: u32, random: u64) {
            let hosts = self.up.len();
            let first = random as usize % hosts;
            let mut on: Vec<usize> =
                (first..first + hosts).map(|host| host % hosts).filter(|host| self.up[*host]).collect();
            on.truncate(2);
            if on.is_empty() {
                on.push(first);
            }
            let copies = on.into_iter().map(|host| (host, State::Available)).collect();
            self.all.push(Row { id, copies, receives: 0, until: 0 });
        }

        fn receive(&mut self, most: usize, asked: usize, until: Time, random: u64) -> Vec<u32> {
            let (hosts, up) = (self.up.len(), self.up.clone());
            let mut got = Vec::new();
            for host in
                (0..asked.min(hosts)).map(|step| (random as usize + step) % hosts).filter(|host| up[*host])
            {
                for row in &mut self.all {
                    if got.len() < most && row.copies.contains(&(host, State::Available)) {
                        row.copies
                            .iter_mut()
                            .filter(|copy| up[copy.0] && copy.1 == State::Available)
                            .for_each(|copy| copy.1 = State::Hidden);
                        (row.receives, row.until) = (row.receives + 1, until);
                        got.push(row.id);
                    }
                }
            }
            got
        }

        fn delete(&mut self, id: u32, receives: u32) -> Option<u32> {
            let at = self.all.iter().position(|row| row.id == id && row.receives == receives)?;
            let up = &self.up;
            self.all[at].copies.retain(|copy| !up[copy.0]);
            self.all[at].copies.is_empty().then(|| self.all.remove(at).id)
        }

        fn reappear(&mut self, now: Time) {
            for row in self.all.iter_mut().filter(|row| row.until <= now) {
                row.copies.iter_mut().for_each(|copy| copy.1 = State::Available);
            }
        }
    }

    proptest::proptest! {
        #[test]
        fn it_does_what_the_obvious_model_does(
            hosts in 1..5usize,
            steps in proptest::collection::vec((0..6u8, 0..7u64, 1..4usize), 1..200),
        ) {
            let mut queue = Standard::new(hosts);
            let mut model = Model { up: vec![true; hosts], all: Vec::new() };
            let (mut now, mut last_id, mut receipts) = (0, 0, Vec::new());
            for (what, number, most) in steps {
                now += 1;
                match what {
                    0 | 1 => {
                        last_id += 1;
                        queue.send(message(last_id), now, number);
                        model.send(last_id, number);
                    }
                    2 => {
                        let got = queue.receive(most, most, now + 10, number);
                        proptest::prop_assert_eq!(ids(&got), model.receive(most, most, now + 10, number));
                        receipts.extend(got);
                    }
                    3 if !receipts.is_empty() => {
                        let old: Received = receipts.swap_remove(number as usize % receipts.len());
                        let deleted = queue.delete(old.receipt).map(|message| message.id);
                        proptest::prop_assert_eq!(deleted, model.delete(old.message.id, old.receives));
                    }
                    4 => {
                        let host = number as usize % hosts;
                        model.up[host] = !model.up[host];
                        queue.set_host(host, model.up[host]);
                    }
                    _ => now += 5,
                }
                queue.reappear(now, u32::MAX);
                model.reappear(now);
                let hidden = |row: &&Row| row.copies.iter().any(|copy| copy.1 == State::Hidden);
                proptest::prop_assert_eq!(queue.len(), model.all.len());
                proptest::prop_assert_eq!(queue.in_flight(), model.all.iter().filter(hidden).count());
            }
        }
    }
}
