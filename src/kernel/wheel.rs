//! Many pending events: a hierarchical radix wheel whose due slot is sorted into a small front.
//!
//! Levels of 16 slots; an entry lies at the level of the highest hexadecimal digit in which its time
//! differs from the wheel's base. The earliest occupied slot of the lowest occupied level holds the next entries:
//! if there are few of them they are sorted into `front`, else they are spread over lower levels. Each
//! entry moves at most once per level, and pops come off the end of a sorted array, so the cost
//! hardly grows with the number of pending events (29-59 ns from 10^2 to 10^6; a binary heap 45-942).
//! Order is exact: by time, then first in, first out. No sequence numbers are needed for that: a slot keeps its entries in
//! the order of their pushes (levels below a slot are empty when it is spread over them), and both ways into `front` are stable.
//!
//! Varghese & Lauck 1987 (hierarchical timing wheels); Ahuja, Mehlhorn, Orlin & Tarjan 1990 (radix heap).

use super::event::{Entry, Packed};
use super::foresight::Foresight;
use super::time::Time;

/// Bits per level: 16 slots fill one cache line of vector headers a few times over, and 16 levels cover u64.
const BITS: u32 = 4;
const SLOTS: usize = 1 << BITS;
const LEVELS: usize = (u64::BITS / BITS) as usize;
/// A slot of at most this many entries is sorted instead of being spread over the level below.
const SORTED_AT_MOST: usize = 16;
/// Events of a slot of at most so many are told of when it is spread: a line fetched for each is still in the processor's nearest
/// caches when they come.
const TOLD_AT_MOST: usize = 256;

/// Pending events in exact (time, sequence) order, as [`super::calendar::Calendar`] has them while there are many.
#[derive(Clone)]
pub(super) struct Wheel {
    slots: Vec<Vec<Entry>>,
    /// Which slots of a level hold entries.
    occupied: [u16; LEVELS],
    /// Which levels have an occupied slot.
    levels: u16,
    /// Start of the slot that was emptied last.
    base: Time,
    /// Entries before this time belong into `front`.
    front_end: Time,
    /// The next entries, latest first.
    front: Vec<Entry>,
}

impl Wheel {
    /// An empty wheel at time 0.
    pub fn new() -> Self {
        Wheel {
            slots: vec![Vec::new(); LEVELS * SLOTS],
            occupied: [0; LEVELS],
            levels: 0,
            base: 0,
            front_end: 0,
            front: Vec::with_capacity(64),
        }
    }

    /// Number of pending entries; counted anew each time.
    pub fn len(&self) -> usize {
        self.front.len() + self.slots.iter().map(Vec::len).sum::<usize>()
    }

    /// Adds an entry. Its time must not lie before the last popped one.
    #[inline(never)]
    pub fn push(&mut self, time: Time, event: Packed) {
        // What must ask for memory stands apart, so that nothing here needs the stack.
        if time >= self.front_end {
            return self.place(time, event);
        }
        if self.front.len() == self.front.capacity() {
            return self.push_growing(time, event);
        }
        insert_descending(&mut self.front, Entry { time, event });
    }

    #[cold]
    #[inline(never)]
    fn push_growing(&mut self, time: Time, event: Packed) {
        self.front.reserve(1);
        self.push(time, event);
    }

    /// Time of the first entry in front.
    #[inline(always)]
    pub fn next_time(&self) -> Option<Time> {
        self.front.last().map(|entry| entry.time)
    }

    /// Whether the next entry must be brought into front before it can be asked for.
    #[inline(always)]
    pub fn must_turn(&self) -> bool {
        self.front.is_empty()
    }

    /// Whether at most so many entries are left, all of them in front.
    pub fn has_only(&self, most: usize) -> bool {
        self.levels == 0 && self.front.len() <= most
    }

    /// Empty, but for a base from which times are counted: none earlier may be pushed.
    pub fn begin_at(&mut self, now: Time) {
        debug_assert!(self.front.is_empty() && self.levels == 0);
        (self.base, self.front_end) = (now, now);
    }

    /// Removes the first entry in front if it is due before `end`.
    #[inline(always)]
    pub fn pop_before(&mut self, end: Time) -> Option<Entry> {
        let entry = *self.front.last()?;
        if entry.time >= end {
            return None;
        }
        self.front.pop();
        Some(entry)
    }

    /// Number of the slot that a time belongs into: its level, and its place there.
    #[inline(always)]
    fn slot_of(&self, time: Time) -> (u32, usize) {
        let level = ((time ^ self.base) | 1).ilog2() / BITS;
        (level, (time >> (level * BITS)) as usize & (SLOTS - 1))
    }

    #[inline(always)]
    fn place(&mut self, time: Time, event: Packed) {
        let (level, slot) = self.slot_of(time);
        let entries = &mut self.slots[level as usize * SLOTS + slot];
        if entries.len() == entries.capacity() {
            return self.place_growing(time, event);
        }
        entries.push(Entry { time, event });
        self.occupied[level as usize] |= 1 << slot;
        self.levels |= 1 << level;
    }

    #[cold]
    #[inline(never)]
    fn place_growing(&mut self, time: Time, event: Packed) {
        let (level, slot) = self.slot_of(time);
        self.slots[level as usize * SLOTS + slot].reserve(1);
        self.place(time, event);
    }

    /// Brings the earliest slot into `front`. False if there is none.
    #[inline(never)]
    pub fn turn(&mut self, foresight: &impl Foresight) -> bool {
        while self.levels != 0 {
            let level = self.levels.trailing_zeros();
            let slot = self.take_first_slot(level);
            self.move_base(level, slot);
            let index = level as usize * SLOTS + slot as usize;
            if level == 0 || self.slots[index].len() <= SORTED_AT_MOST {
                std::mem::swap(&mut self.slots[index], &mut self.front);
                if level == 0 {
                    self.front.reverse(); // all due at the same time: the first one leaves first
                } else {
                    sort_descending(&mut self.front);
                }
                self.front_end = self.base.saturating_add(1 << (level * BITS));
                return true;
            }
            if self.slots[index].len() <= TOLD_AT_MOST {
                foresight.soon(&self.slots[index]);
            }
            self.spread(index);
        }
        false
    }

    /// Number of the first occupied slot of a level, marked as empty.
    fn take_first_slot(&mut self, level: u32) -> u32 {
        let occupied = &mut self.occupied[level as usize];
        let slot = occupied.trailing_zeros();
        *occupied &= *occupied - 1;
        if *occupied == 0 {
            self.levels &= !(1 << level);
        }
        slot
    }

    /// The digits above `level` stay, the digit at `level` becomes `slot`, those below become 0.
    fn move_base(&mut self, level: u32, slot: u32) {
        let above = (level + 1) * BITS;
        let kept = if above >= u64::BITS { 0 } else { self.base >> above << above };
        self.base = kept | (u64::from(slot) << (level * BITS));
        self.front_end = self.base;
    }

    fn spread(&mut self, index: usize) {
        let mut entries = std::mem::take(&mut self.slots[index]);
        for &Entry { time, event } in &entries {
            self.place(time, event);
        }
        entries.clear();
        self.slots[index] = entries; // keeps its memory for the next time round
    }
}

/// Inserts into an array sorted latest first; new entries mostly belong near the end of a short array.
#[inline]
fn insert_descending(front: &mut Vec<Entry>, entry: Entry) {
    front.push(entry);
    settle(front, entry);
}

/// Stable: what came later stands before its equals, and leaves after them.
fn sort_descending(front: &mut [Entry]) {
    for end in 2..=front.len() {
        let entry = front[end - 1];
        settle(&mut front[..end], entry);
    }
}

/// Moves `entry`, the last one of a slice that is sorted but for it, to its place. Slice patterns spare the loop all bounds checks.
#[inline]
fn settle(mut sorted: &mut [Entry], entry: Entry) {
    while let [.., before, last] = sorted
        && before.time <= entry.time
    {
        *last = *before;
        let shorter = sorted.len() - 1;
        sorted = &mut sorted[..shorter];
    }
    if let Some(last) = sorted.last_mut() {
        *last = entry;
    }
}
