//! What is kept of each message while its fate is open, and the two bits that remain.

use std::collections::{BTreeMap, VecDeque};

pub(super) const ACKNOWLEDGED: u8 = 1;
pub(super) const PROCESSED: u8 = 2;
pub(super) const DEAD: u8 = 4;
pub(super) const COUNTED_LOST: u8 = 8;

/// When a message was accepted that has its number and that no broker has taken in.
pub(super) const NOT_YET: u64 = u64::MAX;

/// One message.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Record {
    pub accepted_at: u64,
    pub key: u64,
    /// How many of its key and queue were accepted before, plus one.
    pub order: u32,
    /// Its number among those of its queue.
    pub number: u32,
    /// How often it was handed to somebody who processes it.
    pub deliveries: u16,
    /// Offset in a log plus one; 0 = in none, or not for its readers any more.
    pub place: u32,
    pub partition: u16,
    pub queue: u16,
    pub holders: u16,
    pub facts: u8,
    /// Leader epoch (its low byte) in which it got its place.
    pub epoch: u8,
}

impl Record {
    #[inline]
    pub fn has(&self, fact: u8) -> bool {
        self.facts & fact != 0
    }

    #[inline]
    pub fn set(&mut self, fact: u8) {
        self.facts |= fact;
    }

    #[inline]
    pub fn flip(&mut self, fact: u8) {
        self.facts ^= fact;
    }

    /// Somebody holds it, and nothing has been done about it.
    #[inline]
    pub fn waits(&self) -> bool {
        !self.has(PROCESSED | DEAD) && self.holders > 0
    }

    /// The producer believes in it, and it is gone.
    #[inline]
    pub fn is_lost(&self) -> bool {
        self.has(ACKNOWLEDGED) && !self.has(PROCESSED | DEAD) && self.holders == 0
    }

    /// Nothing that can still happen needs more than a bit of it, unless it was not processed: somebody may come with a copy all the same.
    #[inline]
    fn is_sealed(&self) -> bool {
        self.has(ACKNOWLEDGED) && (self.has(PROCESSED) || self.holders == 0)
    }
}

/// Records in the window, at most.
const WINDOW: usize = 1 << 16;
/// Records outside of it, at most: the oldest are then forgotten, as if their fate were sealed.
const STRAGGLERS: usize = 1 << 24;

/// The records by number, from 1.
#[derive(Clone, Debug, Default)]
pub(super) struct Records {
    /// Sealed ones at its front are taken off.
    window: VecDeque<Record>,
    /// Records before the window.
    before: u32,
    /// Open ones before the window. They are held by somebody, so their number is bounded by what brokers hold.
    stragglers: BTreeMap<u32, Record>,
    /// The latest that nobody holds, lost or dead: a copy may be on its way to a consumer, who brings them back.
    gone: BTreeMap<u32, Record>,
    /// For each number before the window whether it was processed: 64 to a word.
    past: Bits,
    /// Those before the window that no broker has taken in yet: most never will (they were rejected, or got lost on the way).
    unborn: Bits,
}

/// One bit for each number of a message.
#[derive(Clone, Debug, Default)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub fn has(&self, id: u32) -> bool {
        self.0.get(id as usize / 64).is_some_and(|word| word >> (id % 64) & 1 == 1)
    }

    pub fn set(&mut self, id: u32) {
        let word = id as usize / 64;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (id % 64);
    }

    pub fn clear(&mut self, id: u32) {
        if let Some(word) = self.0.get_mut(id as usize / 64) {
            *word &= !(1 << (id % 64));
        }
    }
}

impl Records {
    pub fn push(&mut self, record: Record) -> u32 {
        if self.window.len() >= WINDOW {
            self.leave_behind();
        }
        self.window.push_back(record);
        let id = u64::from(self.before) + self.window.len() as u64;
        assert!(id < u64::from(u32::MAX), "more than four thousand million messages");
        id as u32
    }

    #[inline]
    fn index(&self, id: u32) -> Option<usize> {
        (id > self.before).then(|| (id - self.before - 1) as usize)
    }

    #[inline]
    pub fn get(&self, id: u32) -> Option<&Record> {
        match self.index(id) {
            Some(index) => self.window.get(index),
            None => self.stragglers.get(&id).or_else(|| self.gone.get(&id)),
        }
    }

    #[inline]
    pub fn get_mut(&mut self, id: u32) -> Option<&mut Record> {
        match self.index(id) {
            Some(index) => self.window.get_mut(index),
            None => self.stragglers.get_mut(&id).or_else(|| self.gone.get_mut(&id)),
        }
    }

    /// Whether the number was ever given.
    pub fn knows(&self, id: u32) -> bool {
        id > 0 && id <= self.last()
    }

    /// The number given last, 0 if none.
    pub fn last(&self) -> u32 {
        self.before + self.window.len() as u32
    }

    /// Whether a message that has no record any more was processed.
    pub fn was_processed(&self, id: u32) -> bool {
        self.past.has(id)
    }

    /// A message that has no record any more is processed.
    #[cold]
    pub fn process_forgotten(&mut self, id: u32) {
        self.past.set(id);
    }

    /// Whether the message has left the window before any broker has taken it in.
    pub fn is_unborn(&self, id: u32) -> bool {
        self.unborn.has(id)
    }

    /// A broker takes it in at last: it has a record again.
    #[inline]
    pub fn give_birth(&mut self, id: u32, queue: u16, key: u64) {
        if id <= self.before && self.is_unborn(id) {
            self.unborn.clear(id);
            self.stragglers.insert(id, Record { accepted_at: NOT_YET, key, queue, ..Record::default() });
        }
    }

    /// Numbers of the open records of a kind.
    pub fn matching(&self, kind: impl Fn(&Record) -> bool) -> Vec<u32> {
        let behind = self.stragglers.iter().filter(|(_, record)| kind(record)).map(|(id, _)| *id);
        let numbered = self.window.iter().zip(self.before + 1..);
        behind.chain(numbered.filter(|(record, _)| kind(record)).map(|(_, id)| id)).collect()
    }

    /// Takes sealed records off the front.
    #[inline]
    pub fn retire(&mut self) {
        while self.window.front().is_some_and(Record::is_sealed) {
            self.take_front();
        }
    }

    fn take_front(&mut self) {
        let record = self.window.pop_front().expect("there is one");
        self.before += 1;
        if record.is_sealed() && !record.has(PROCESSED) {
            self.keep_gone(record);
        } else {
            self.remember(self.before, &record);
        }
    }

    /// The record before the window, which is gone as it seems. The oldest such makes room.
    #[cold]
    fn keep_gone(&mut self, record: Record) {
        self.gone.insert(self.before, record);
        if self.gone.len() > WINDOW {
            let (id, oldest) = self.gone.pop_first().expect("it is full");
            self.remember(id, &oldest);
            if !oldest.is_sealed() {
                self.stragglers.insert(id, oldest);
            }
        }
    }

    fn remember(&mut self, id: u32, record: &Record) {
        if record.has(PROCESSED) {
            self.past.set(id);
        }
    }

    /// The window is full: its front, which is open, makes room.
    #[cold]
    fn leave_behind(&mut self) {
        self.seal_stragglers();
        while let Some(record) = self.window.front().copied() {
            if self.window.len() <= WINDOW / 2 {
                return;
            }
            self.take_front();
            if record.accepted_at == NOT_YET {
                self.unborn.set(self.before);
            } else if !record.is_sealed() {
                self.stragglers.insert(self.before, record);
            }
        }
    }

    fn seal_stragglers(&mut self) {
        let sealed = |(id, record): (&u32, &Record)| record.is_sealed().then_some(*id);
        let done: Vec<u32> = self.stragglers.iter().filter_map(sealed).collect();
        let surplus = (self.stragglers.len() - done.len()).saturating_sub(STRAGGLERS);
        for id in done {
            let record = self.stragglers.remove(&id).expect("just seen");
            self.remember(id, &record);
        }
        for _ in 0..surplus {
            self.stragglers.pop_first();
        }
    }
}

const _: () = assert!(size_of::<Record>() == 40);
