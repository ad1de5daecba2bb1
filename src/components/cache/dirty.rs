//! Data written in a cache and not yet stored (write-back).

use crate::kernel::{CallId, Ctx, NEVER, Time};
use crate::parts::verbs::FLUSH;
use foldhash::fast::FixedState;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

/// What is known of a dirty key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unsaved {
    /// Its newest version.
    pub version: u32,
    /// Its size.
    pub bytes: u32,
    /// Version on its way to the store.
    pub sent: Option<u32>,
    /// When what has been written since is due.
    next: Option<Time>,
}

/// How much may wait to be stored: it takes room as everything else does.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// Most keys.
    pub keys: usize,
    /// Most bytes, with the overhead of each item.
    pub bytes: u64,
    /// Bytes of an item beside its own.
    pub overhead: u64,
}

/// The dirty keys of a cache, in the order in which they are due.
#[derive(Clone, Debug)]
pub(super) struct Dirty {
    /// How long after a write its data is stored.
    pub interval: Time,
    batch: usize,
    room: Room,
    /// Bytes of all keys.
    bytes: u64,
    /// Looked up, never iterated.
    keys: HashMap<u64, Unsaved, FixedState>,
    due: VecDeque<(Time, u64)>,
    /// On their way to the store.
    sent: BTreeSet<u64>,
    /// Writers that wait for room.
    pub stalled: VecDeque<CallId>,
    /// When the timer that counts goes off; what was written while it was sent may be due before others.
    pub armed: Time,
    /// The store has failed: it is left alone until then, even if writers wait.
    resting_until: Time,
}

impl Dirty {
    pub fn new(interval: Time, batch: Option<u64>, room: Room) -> Self {
        Dirty {
            interval,
            batch: batch.map_or(usize::MAX, |batch| batch as usize),
            room,
            bytes: 0,
            keys: HashMap::with_hasher(FixedState::with_seed(0)),
            due: VecDeque::new(),
            sent: BTreeSet::new(),
            stalled: VecDeque::new(),
            armed: NEVER,
            resting_until: 0,
        }
    }

    pub fn len(&self) -> usize {
        self.keys.len()
    }

    #[inline]
    pub fn get(&self, key: u64) -> Option<&Unsaved> {
        if self.keys.is_empty() { None } else { self.keys.get(&key) }
    }

    /// Whether a write of so many bytes to this key must wait for room. What would never fit waits until it is alone.
    pub fn is_full(&self, key: u64, bytes: u32) -> bool {
        let own = self.get(key).map(|unsaved| self.size(unsaved.bytes));
        let others = self.bytes - own.unwrap_or(0);
        (own.is_none() && self.keys.len() >= self.room.keys)
            || (others > 0 && others + self.size(bytes) > self.room.bytes)
    }

    fn size(&self, bytes: u32) -> u64 {
        self.room.overhead + u64::from(bytes)
    }

    /// A write: the key is due one interval from now, if it was not waiting already.
    pub fn write(&mut self, key: u64, version: u32, bytes: u32, now: Time) {
        let before = self.get(key).map_or(0, |unsaved| self.size(unsaved.bytes));
        self.bytes = self.bytes - before + self.size(bytes);
        match self.keys.get_mut(&key) {
            Some(unsaved) => {
                unsaved.version = version;
                unsaved.bytes = bytes;
                if unsaved.sent.is_some() {
                    unsaved.next.get_or_insert(now.saturating_add(self.interval));
                }
            }
            None => {
                self.keys.insert(key, Unsaved { version, bytes, sent: None, next: None });
                self.due.push_back((now.saturating_add(self.interval), key));
            }
        }
    }

    /// The next key to store, if one is due (or room is needed) and the batch is not full; it counts as sent.
    pub fn take_due(&mut self, now: Time) -> Option<(u64, Unsaved)> {
        let (due, key) = *self.due.front()?;
        let too_early = now < self.resting_until || (due > now && self.stalled.is_empty());
        if self.sent.len() >= self.batch || too_early {
            return None;
        }
        self.due.pop_front();
        self.sent.insert(key);
        let unsaved = self.keys.get_mut(&key).expect("what is due is dirty");
        unsaved.sent = Some(unsaved.version);
        Some((key, *unsaved))
    }

    /// When the next key is due, if nothing else will wake us before.
    pub fn next_due(&self) -> Option<Time> {
        let due = self.due.front().map(|(due, _)| (*due).max(self.resting_until));
        due.filter(|_| self.sent.len() < self.batch)
    }

    /// The store has answered. What is newer than what was sent, or was not stored, is due again later.
    pub fn stored(&mut self, key: u64, ok: bool, now: Time) {
        self.sent.remove(&key);
        self.resting_until = if ok { 0 } else { now.saturating_add(self.interval) };
        // Handed over to another node while the store was at work: that one stores it as well. Or come back since: it waits in line.
        let Some(unsaved) = self.keys.get_mut(&key) else { return };
        let Some(sent) = unsaved.sent.take() else { return };
        if ok && sent == unsaved.version {
            self.forget(key);
            return;
        }
        let next = unsaved.next.take().filter(|_| ok);
        self.line_up(next.unwrap_or_else(|| now.saturating_add(self.interval)), key);
    }

    /// What is due later stands behind.
    fn line_up(&mut self, due: Time, key: u64) {
        let place = self.due.partition_point(|(other, _)| *other <= due);
        self.due.insert(place, (due, key));
    }

    /// Another node stores the key from now on.
    pub fn hand_over(&mut self, key: u64) {
        if self.forget(key) {
            self.due.retain(|(_, other)| *other != key);
        }
    }

    fn forget(&mut self, key: u64) -> bool {
        let gone = self.keys.remove(&key);
        self.bytes -= gone.map_or(0, |unsaved| self.size(unsaved.bytes));
        gone.is_some()
    }

    /// A crash: all of it is gone. The keys that nobody else has; what was sent and has been handed over since, another node still stores.
    pub fn clear(&mut self) -> Vec<u64> {
        let sent = std::mem::take(&mut self.sent).into_iter().filter(|key| self.keys.contains_key(key));
        let gone = sent.chain(self.due.drain(..).map(|(_, key)| key)).collect();
        self.keys.clear();
        self.bytes = 0;
        self.stalled.clear();
        self.armed = NEVER;
        self.resting_until = 0;
        gone
    }
}

/// These keys are gone with the memory of their node; what it has sent to the store before may still come there.
pub(super) fn lose(keys: &[u64], cx: &mut Ctx<'_>) {
    if keys.is_empty() {
        return;
    }
    let mut surviving: BTreeMap<u64, u32> = keys.iter().map(|key| (*key, cx.audit().durable(*key))).collect();
    for (call, key, version) in cx.still_sent(FLUSH) {
        if let Some(last) = surviving.get_mut(&key) {
            let durable = cx.audit().durable(key);
            cx.leave_behind(call, durable);
            *last = version.max(*last);
        }
    }
    for (key, last) in surviving {
        cx.audit().rollback(key, last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDLESS: Room = Room { keys: usize::MAX, bytes: u64::MAX, overhead: 0 };

    #[test]
    fn a_key_written_while_it_is_sent_is_sent_again() {
        let mut dirty = Dirty::new(10, None, ENDLESS);
        dirty.write(7, 1, 0, 0);
        assert!(dirty.take_due(9).is_none());
        assert_eq!(dirty.take_due(10).unwrap().1.sent, Some(1));
        dirty.write(7, 2, 0, 11);
        dirty.stored(7, true, 12);
        assert_eq!(dirty.len(), 1);
        assert_eq!(dirty.next_due(), Some(21), "an interval after it was written");
        assert_eq!(dirty.take_due(21).unwrap().1.sent, Some(2));
        dirty.stored(7, true, 23);
        assert_eq!(dirty.len(), 0);
    }

    #[test]
    fn what_was_written_while_it_was_sent_stands_in_line_by_when_it_was_written() {
        let mut dirty = Dirty::new(10, None, ENDLESS);
        dirty.write(7, 1, 0, 0);
        assert!(dirty.take_due(10).is_some());
        dirty.write(7, 2, 0, 11);
        dirty.write(7, 3, 0, 12);
        dirty.write(8, 1, 0, 13);
        dirty.stored(7, true, 30);
        assert_eq!(dirty.take_due(30).map(|(key, unsaved)| (key, unsaved.version)), Some((7, 3)));
        assert_eq!(dirty.take_due(30).map(|(key, _)| key), Some(8));
    }

    #[test]
    fn a_store_that_fails_is_left_alone_for_a_while_though_writers_wait() {
        let mut dirty = Dirty::new(10, None, Room { keys: 1, ..ENDLESS });
        dirty.write(1, 1, 0, 0);
        dirty.stalled.push_back(CallId::NONE);
        assert!(dirty.take_due(5).is_some(), "room is needed");
        dirty.stored(1, false, 5);
        assert!(dirty.take_due(5).is_none() && dirty.take_due(14).is_none());
        assert_eq!(dirty.next_due(), Some(15));
        assert!(dirty.take_due(15).is_some());
    }

    #[test]
    fn a_key_that_goes_to_another_node_while_it_is_sent_is_no_longer_ours() {
        let mut dirty = Dirty::new(10, None, ENDLESS);
        dirty.write(7, 1, 0, 0);
        assert!(dirty.take_due(10).is_some());
        dirty.hand_over(7);
        dirty.write(7, 2, 0, 11); // and comes back
        dirty.stored(7, true, 12);
        assert_eq!((dirty.len(), dirty.next_due()), (1, Some(21)));
        assert!(dirty.take_due(21).is_some() && dirty.take_due(21).is_none(), "in line once");
        dirty.hand_over(7);
        assert_eq!(dirty.clone().clear(), [0; 0], "another node has it");
        dirty.stored(7, true, 22);
        assert_eq!((dirty.len(), dirty.next_due()), (0, None));
    }

    #[test]
    fn bounds_hold() {
        let mut dirty = Dirty::new(10, Some(1), Room { keys: 2, ..ENDLESS });
        dirty.write(1, 1, 0, 0);
        dirty.write(2, 1, 0, 0);
        assert!(dirty.is_full(3, 0) && !dirty.is_full(1, 0));
        assert!(dirty.take_due(10).is_some());
        assert!(dirty.take_due(10).is_none(), "one at a time");
        assert_eq!(dirty.clear(), [1, 2]);
        assert_eq!(dirty.len(), 0);
    }

    #[test]
    fn what_waits_takes_no_more_bytes_than_there_are() {
        let mut dirty = Dirty::new(10, None, Room { bytes: 100, overhead: 10, ..ENDLESS });
        assert!(!dirty.is_full(1, 500), "it would never fit: it comes in alone");
        dirty.write(1, 1, 40, 0);
        assert!(!dirty.is_full(2, 40) && dirty.is_full(2, 41));
        assert!(!dirty.is_full(1, 90), "in its own place");
        dirty.write(1, 2, 30, 0);
        assert!(!dirty.is_full(2, 50) && dirty.is_full(2, 51));
        dirty.write(2, 1, 50, 0);
        dirty.hand_over(1);
        assert!(!dirty.is_full(3, 30) && dirty.is_full(3, 31));
        assert!(dirty.take_due(10).is_some());
        dirty.stored(2, true, 11);
        assert!(!dirty.is_full(3, 500));
        dirty.write(3, 1, 50, 0);
        dirty.clear();
        assert!(!dirty.is_full(3, 500));
    }
}
