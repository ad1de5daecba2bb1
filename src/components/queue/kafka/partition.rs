//! One broker's copy of a partition.

use super::super::polls::Polls;
use super::log::Log;
use super::segments::Full;
use crate::kernel::{CallId, NodeId, ParcelId, Time};
use std::collections::VecDeque;

/// A producer that waits until all in sync have its message.
#[derive(Clone, Copy, Debug)]
pub struct Unacknowledged {
    /// Its call.
    pub call: CallId,
    /// The message.
    pub id: u32,
    /// Where it stands.
    pub offset: u64,
}

/// What a leader knows of a follower.
#[derive(Clone, Copy, Debug)]
pub struct Follower {
    /// It has everything before this offset.
    pub end: u64,
    /// When it last had everything there was.
    pub caught_up: Time,
    /// When it asked last, and where the log ended then.
    asked: (Time, u64),
    /// Its question, while there is nothing new to tell.
    pub asks: Option<CallId>,
    /// What its answers travel in.
    pub parcel: Option<ParcelId>,
}

impl Follower {
    /// It has everything before an offset; the log ends at `end`. Where records come in all the time it never has them all when it asks: it had caught
    /// up when it asked last if it has now what there was then (Kafka 3.9, Replica.updateFetchStateOrThrow).
    pub fn has(&mut self, offset: u64, end: u64, now: Time) {
        let (before, end_then) = self.asked;
        if offset >= end {
            self.caught_up = now;
        } else if offset >= end_then {
            self.caught_up = self.caught_up.max(before);
        }
        self.end = offset;
        self.asked = (now, end);
    }
}

/// A copy.
#[derive(Clone, Debug)]
pub struct Partition {
    /// The records.
    pub log: Log,
    /// Epoch of the present leader.
    pub epoch: u32,
    /// Who leads.
    pub leader: Option<u16>,
    /// Brokers in sync, one bit each.
    pub in_sync: u32,
    /// Records before this offset are on all brokers in sync: only they are read.
    pub high_watermark: u64,
    /// Leader: the other brokers, by number.
    pub followers: Vec<Follower>,
    /// Leader: producers that wait.
    pub unacknowledged: VecDeque<Unacknowledged>,
    /// Leader: consumers that wait.
    pub readers: Polls,
    /// Leader: from where consumers fetch; what comes before it a program has in hand or has done.
    pub fetched: u64,
    /// Follower: its question to the leader is under way.
    pub fetching: bool,
    /// Leader: a change of who is in sync has been asked for.
    pub altering: bool,
}

impl Partition {
    /// An empty copy among so many brokers.
    pub fn new(brokers: usize, full: Full) -> Self {
        let follower = Follower { end: 0, caught_up: 0, asked: (0, 0), asks: None, parcel: None };
        Partition {
            log: Log::new(full),
            epoch: 0,
            leader: None,
            in_sync: 0,
            high_watermark: 0,
            followers: vec![follower; brokers],
            unacknowledged: VecDeque::new(),
            readers: Polls::default(),
            fetched: 0,
            fetching: false,
            altering: false,
        }
    }

    /// The high watermark that follows from what the brokers in sync have; it never falls.
    pub fn raise_high_watermark(&mut self, own: u16) -> bool {
        let in_sync = |broker: &u16| self.in_sync >> broker & 1 == 1 && *broker != own;
        let ends = (0..self.followers.len() as u16).filter(in_sync);
        let lowest = ends.map(|broker| self.followers[broker as usize].end).min();
        let reached = lowest.unwrap_or(u64::MAX).min(self.log.end());
        let rises = reached > self.high_watermark;
        self.high_watermark = self.high_watermark.max(reached);
        rises
    }

    /// It begins to lead: it does not know yet what the others have.
    pub fn begin_to_lead(&mut self, now: Time) {
        for follower in &mut self.followers {
            (follower.end, follower.caught_up, follower.asked, follower.asks) = (0, now, (0, 0), None);
        }
        self.altering = false;
    }

    /// The number of a broker by its node.
    pub fn broker_of(node: NodeId, first: NodeId) -> u16 {
        node.0 - first.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::message::Message;
    use super::super::log::Entry;
    use super::*;

    #[test]
    fn who_has_what_there_was_when_it_asked_last_had_caught_up_then() {
        let mut follower = Partition::new(1, Full { bytes: 1, age_ms: 1 }).followers[0];
        follower.has(3, 3, 10);
        assert_eq!(follower.caught_up, 10);
        follower.has(3, 8, 20);
        assert_eq!(follower.caught_up, 10, "as of its last question");
        follower.has(8, 12, 30);
        assert_eq!(follower.caught_up, 20);
        follower.has(11, 20, 40);
        assert_eq!(follower.caught_up, 20, "it is falling behind");
    }

    #[test]
    fn only_those_in_sync_hold_the_high_watermark_back() {
        let mut partition = Partition::new(3, Full { bytes: 1, age_ms: 1 });
        for id in 1..=5 {
            partition.log.append(Entry {
                message: Message { id, key: 0, bytes: 0 },
                epoch: 1,
                at: 0,
                stamp: 0,
                sending: 0,
            });
        }
        (partition.followers[1].end, partition.followers[2].end) = (4, 1);
        partition.in_sync = 0b111;
        assert!(partition.raise_high_watermark(0) && partition.high_watermark == 1);
        partition.in_sync = 0b011;
        assert!(partition.raise_high_watermark(0) && partition.high_watermark == 4);
        partition.in_sync = 0b001;
        assert!(partition.raise_high_watermark(0) && partition.high_watermark == 5);
        partition.in_sync = 0b111;
        assert!(!partition.raise_high_watermark(0), "it never falls");
    }
}
