//! The calendar (future event list): a hierarchical radix wheel whose due slot is put in order in a small front (`front.rs`).
//!
//! Levels of 16 slots; an entry lies at the level of the highest hexadecimal digit in which its time
//! differs from the wheel's base. The earliest occupied slot of the lowest occupied level holds the next entries:
//! if there are few of them they go into `front`, else they are spread over lower levels. Each
//! entry moves at most once per level, so the cost hardly grows with the number of pending events
//! (`benches/calendar.rs`: 16-40 ns from 10^2 to 10^6, beside it a binary heap 40-1,160).
//! Order is exact: by time, then first in, first out. No sequence numbers are needed for that: a slot keeps its entries in
//! the order of their pushes (levels below a slot are empty when it is spread over them), and both ways into `front` are stable.
//!
//! Varghese & Lauck 1987 (hierarchical timing wheels); Ahuja, Mehlhorn, Orlin & Tarjan 1990 (radix heap).

use super::event::{Entry, Packed};
use super::foresight::Foresight;
use super::front::{self, Front};
use super::time::Time;

/// Bits per level: 16 slots fill one cache line of vector headers a few times over, and 16 levels cover u64.
const BITS: u32 = 4;
const SLOTS: usize = 1 << BITS;
const LEVELS: usize = (u64::BITS / BITS) as usize;
/// A slot of at most this many entries goes to the front instead of being spread over the level below.
const SORTED_AT_MOST: usize = front::SLOTS;
/// Events of a slot of at most so many are told of when it is spread: a line fetched for each is still in the processor's nearest
/// caches when they come.
const TOLD_AT_MOST: usize = 256;

/// Pending events in exact (time, sequence) order. Time only moves forward: nothing may be pushed before the last pop.
#[derive(Clone)]
pub struct Calendar {
    slots: Vec<Vec<Entry>>,
    /// Which slots of a level hold entries.
    occupied: [u16; LEVELS],
    /// Which levels have an occupied slot.
    levels: u16,
    /// Start of the slot that was emptied last.
    base: Time,
    /// Entries before this time belong into `front`.
    front_end: Time,
    /// The next entries.
    front: Front,
}

impl Default for Calendar {
    fn default() -> Self {
        Self::new()
    }
}

impl Calendar {
    /// An empty calendar at time 0.
    pub fn new() -> Self {
        Calendar {
            slots: vec![Vec::new(); LEVELS * SLOTS],
            occupied: [0; LEVELS],
            levels: 0,
            base: 0,
            front_end: 0,
            front: Front::new(),
        }
    }

    /// Number of pending entries; counted anew each time.
    pub fn len(&self) -> usize {
        self.front.len() + self.slots.iter().map(Vec::len).sum::<usize>()
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.front.is_empty() && self.levels == 0
    }

    /// Adds an entry. Its time must not lie before the last popped one.
    #[inline(never)]
    pub fn push(&mut self, time: Time, event: Packed) {
        // What must ask for memory stands apart, so that nothing here needs the stack.
        if time >= self.front_end {
            return self.place_behind(time, event);
        }
        self.front.push(time, event);
    }

    /// Whether there are entries left at the time of the one that was removed last. (If the front is empty there are none: what lies in the
    /// wheel is later than all that was in the front.)
    #[inline(always)]
    pub fn has_more_at(&self, now: Time) -> bool {
        self.front.next_time() == now
    }

    /// Removes the next entry if it is due before `end`.
    #[inline(always)]
    pub fn pop_before(&mut self, end: Time, foresight: &impl Foresight) -> Option<Entry> {
        if self.must_refill() {
            self.refill(foresight);
        }
        self.take_before(end)
    }

    /// Whether there is nothing at hand, so that only [`Calendar::refill`] lets [`Calendar::take_before`] find an entry.
    #[inline(always)]
    pub(super) fn must_refill(&self) -> bool {
        self.front.is_empty()
    }

    /// [`Calendar::pop_before`] in two parts, so that who is told of events is put together only when somebody is.
    #[inline(always)]
    pub(super) fn take_before(&mut self, end: Time) -> Option<Entry> {
        (self.front.next_time() < end).then(|| self.front.pop())
    }

    /// Number of the slot that a time belongs into: its level, and its place there.
    #[inline(always)]
    fn slot_of(&self, time: Time) -> (u32, usize) {
        let level = ((time ^ self.base) | 1).ilog2() / BITS;
        (level, (time >> (level * BITS)) as usize & (SLOTS - 1))
    }

    #[inline(never)]
    fn place_behind(&mut self, time: Time, event: Packed) {
        self.place(time, event);
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

    /// Brings the earliest slot into `front`, if there is one.
    #[inline(never)]
    pub(super) fn refill(&mut self, foresight: &impl Foresight) {
        while self.levels != 0 {
            let level = self.levels.trailing_zeros();
            let slot = self.take_first_slot(level);
            self.move_base(level, slot);
            let index = level as usize * SLOTS + slot as usize;
            if level == 0 || self.slots[index].len() <= SORTED_AT_MOST {
                if level == 0 {
                    self.front.load_alike(&mut self.slots[index]);
                } else {
                    self.front.load(&mut self.slots[index]);
                }
                self.front_end = self.base.saturating_add(1 << (level * BITS));
                return;
            }
            if self.slots[index].len() <= TOLD_AT_MOST {
                foresight.soon(&self.slots[index]);
            }
            self.spread(index);
        }
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

#[cfg(test)]
mod tests {
    use super::super::event::Event;
    use super::super::foresight::Blind;
    use super::*;
    use proptest::prelude::*;

    fn entry(time: Time, sequence: u64) -> Entry {
        Entry { time, event: Event::Expiry(sequence as u32).into() }
    }

    fn push(calendar: &mut Calendar, time: Time, sequence: u64) {
        calendar.push(time, entry(time, sequence).event);
    }

    fn sequence_of(entry: Entry) -> u64 {
        let Event::Expiry(sequence) = entry.event.into() else { panic!("only expiries were pushed") };
        u64::from(sequence)
    }

    /// Runs a schedule of pushes (`Some(delay)`) and pops (`None`) against a sorted list.
    fn agrees_with_a_sorted_list(schedule: &[Option<u64>]) {
        let (mut calendar, mut list) = (Calendar::new(), Vec::new());
        let mut now = 0;
        for (sequence, step) in schedule.iter().enumerate() {
            match step {
                Some(delay) => {
                    let new = entry(now + delay, sequence as u64);
                    calendar.push(new.time, new.event);
                    list.push((new.time, sequence as u64));
                }
                None => {
                    list.sort_unstable();
                    let expected = if list.is_empty() { None } else { Some(list.remove(0)) };
                    let popped = calendar.pop_before(Time::MAX, &Blind);
                    assert_eq!(popped.map(|e| (e.time, sequence_of(e))), expected);
                    now = popped.map_or(now, |e| e.time);
                }
            }
            assert_eq!(calendar.len(), list.len());
        }
    }

    proptest! {
        #[test]
        fn pops_in_order_whatever_is_pushed(
            schedule in prop::collection::vec(
                prop::option::weighted(0.6, prop_oneof![
                    Just(0u64), 0..10u64, 0..100_000u64, 0..10_000_000_000u64, Just(1u64 << 50),
                ]),
                0..400,
            )
        ) {
            agrees_with_a_sorted_list(&schedule);
        }
    }

    #[test]
    fn equal_times_leave_first_in_first_out() {
        let mut calendar = Calendar::new();
        for sequence in 0..1000 {
            push(&mut calendar, 5_000_000, sequence);
        }
        for sequence in 0..1000 {
            assert_eq!(sequence_of(calendar.pop_before(Time::MAX, &Blind).unwrap()), sequence);
        }
        assert!(calendar.is_empty());
    }

    #[test]
    fn pop_before_leaves_what_is_due_later() {
        let mut calendar = Calendar::new();
        push(&mut calendar, 10, 0);
        assert!(calendar.pop_before(10, &Blind).is_none());
        push(&mut calendar, 9, 1);
        assert_eq!(calendar.pop_before(10, &Blind).unwrap().time, 9);
        assert_eq!(calendar.pop_before(11, &Blind).unwrap().time, 10);
    }

    proptest! {
        /// Against all that is pending: spread far and wide, or close together, so that the last of a slot is removed often.
        #[test]
        fn what_is_left_at_the_time_of_the_last_one_is_known(
            times in prop::collection::vec(prop_oneof![0..40u64, 0..5_000u64, Just(16u64), Just(4096u64)], 1..200)
        ) {
            let mut calendar = Calendar::new();
            times.iter().enumerate().for_each(|(sequence, time)| push(&mut calendar, *time, sequence as u64));
            while let Some(Entry { time, .. }) = calendar.pop_before(Time::MAX, &Blind) {
                let behind = calendar.slots.iter().flatten().map(|entry| entry.time);
                let expected = calendar.front.iter().chain(behind).any(|left| left == time);
                prop_assert_eq!(calendar.has_more_at(time), expected);
            }
        }
    }
}
