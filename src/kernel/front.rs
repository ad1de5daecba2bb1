//! The next few entries of the calendar.
//!
//! An event's time is a draw, so where it belongs among the next ones is anybody's guess, also a processor's: in a sorted array, the loop that
//! looks for the place of a new entry ends with a wrong guess nearly each time. Here an entry never moves, and its place is found without a
//! branch: how many entries come before it is counted, and its slot's number goes to that place in a word of 16 such numbers. Only whether
//! it comes before all others is guessed.

use super::event::{Entry, Packed};
use super::time::Time;

/// As many as there are hexadecimal digits in a word.
pub(super) const SLOTS: usize = 16;
const DIGIT: u32 = 4;
/// Of the slots so many are looked at for every new entry, the others only while any is in use. Whether any is would be a guess, and often a
/// wrong one, if this were about the number of entries that are mostly there: it is well above it.
const LOOKED_AT: usize = 12;
/// The same while entries are loaded, of which there are mostly few.
const LOOKED_AT_LOADING: usize = 8;
/// A bit for each slot.
const ALL: u32 = (1 << SLOTS) - 1;
/// Beside those bits: there are entries behind the slots. As a sign, it is seen by the same look as whether any slot is vacant.
const MANY: u32 = 1 << 31;

/// The next entries in exact order: by time, then first in, first out. Up to 16 lie in slots; any others, which come after those, in a sorted
/// array behind them.
#[derive(Clone, Debug)]
pub(super) struct Front {
    /// Numbers of the slots in use, the next one in the lowest digit; 0 above them.
    order: u64,
    /// A bit for each slot that is not in use, and [`MANY`].
    vacant: u32,
    /// [`Time::MAX`] where vacant.
    times: [Time; SLOTS],
    /// The two words of each event. Side by side they would be copied as one, which were written as two just before, and wait for the
    /// processor's store buffer.
    heads: [u64; SLOTS],
    datas: [u64; SLOTS],
    /// The slot of the next one, and its time. `order` says the same, but later: it waits for the count, and that for the time of the entry
    /// pushed last, which is a draw. Mostly that is not the next one, and what comes next need not wait for it.
    next: usize,
    next_time: Time,
    /// Its event as well, so that who it comes to is known one look-up sooner: that is guessed, mostly wrongly, and a wrong guess costs the
    /// more the later it is found out.
    next_head: u64,
    next_data: u64,
    /// Those behind the slots, latest first. None while no slot is in use.
    rest: Vec<Entry>,
}

impl Front {
    pub fn new() -> Self {
        Front {
            order: 0,
            vacant: ALL,
            times: [Time::MAX; SLOTS],
            heads: [0; SLOTS],
            datas: [0; SLOTS],
            next: 0,
            next_time: Time::MAX,
            next_head: 0,
            next_data: 0,
            rest: Vec::new(),
        }
    }

    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.vacant == ALL
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.in_use() as usize + self.rest.len()
    }

    /// Number of slots in use; counted anew each time.
    #[inline(never)]
    fn in_use(&self) -> u32 {
        (ALL & !self.vacant).count_ones()
    }

    /// When the next one is due; [`Time::MAX`] if there is none.
    #[inline(always)]
    pub fn next_time(&self) -> Time {
        self.next_time
    }

    /// Removes the next one; there is one.
    #[inline(always)]
    pub fn pop(&mut self) -> Entry {
        let slot = self.next % SLOTS;
        let event = Packed::of_words((self.next_head, self.next_data));
        let entry = Entry { time: self.next_time, event };
        self.times[slot] = Time::MAX;
        self.vacant |= 1 << slot;
        self.order >>= DIGIT;
        self.look_up_next();
        if !self.rest.is_empty() {
            self.move_up();
        }
        entry
    }

    /// Which one is next, by `order`.
    #[inline(always)]
    fn look_up_next(&mut self) {
        self.next = self.order as usize % SLOTS;
        self.next_time = self.times[self.next];
        self.next_head = self.heads[self.next];
        self.next_data = self.datas[self.next];
    }

    /// Adds one behind all of its time.
    #[inline(always)]
    pub fn push(&mut self, time: Time, event: Packed) {
        if self.vacant.cast_signed() <= 0 {
            return self.push_among_many(Entry { time, event });
        }
        self.insert(time, event);
    }

    /// Notes whether there are entries behind the slots.
    fn mark(&mut self) {
        self.vacant = self.vacant & ALL | if self.rest.is_empty() { 0 } else { MANY };
    }

    /// Into a vacant slot; there is one, and it comes before all that are in no slot.
    #[inline(always)]
    fn insert(&mut self, time: Time, event: Packed) {
        let place = self.before::<LOOKED_AT>(time);
        let slot = self.put(place, time, event);
        // A branch on purpose: guessed right, as it mostly is, nothing waits for the draw; a choice without a branch always would. (At the end
        // of time it is the next one if there is no other, which its time does not tell.)
        if time < self.next_time || (time == Time::MAX && place == 0) {
            (self.next, self.next_time) = (slot, time);
            (self.next_head, self.next_data) = event.words();
        }
    }

    /// How many in slots come before a new one of this time. The first `LOWER` slots are looked at in any case, the others if any is in use.
    #[inline(always)]
    fn before<const LOWER: usize>(&self, time: Time) -> u32 {
        let (lower, upper) = self.times.split_at(LOWER);
        let mut sums = count((0, 0), lower, time);
        // The lowest vacant slot is taken first, so that the upper ones are mostly vacant where little is pending.
        if self.vacant < ALL ^ (ALL >> (SLOTS - LOWER)) {
            sums = count(sums, upper, time);
        }
        // For the end of time, behind which nothing is, vacant slots have counted as well.
        if time == Time::MAX { self.in_use() } else { sums.0 + sums.1 }
    }

    /// Into a vacant slot, `place`-th in order; which slot. Whether it is the next one is left to others.
    #[inline(always)]
    fn put(&mut self, place: u32, time: Time, event: Packed) -> usize {
        let slot = self.vacant.trailing_zeros() as usize % SLOTS;
        self.vacant &= self.vacant - 1;
        self.times[slot] = time;
        (self.heads[slot], self.datas[slot]) = event.words();
        let shift = place * DIGIT % u64::BITS;
        // Those behind it move up by a digit, so that each counts 16 times what it did: 15 times more.
        let later = self.order >> shift;
        self.order += (15 * later + slot as u64) << shift;
        slot
    }

    #[inline(never)]
    fn push_among_many(&mut self, entry: Entry) {
        self.vacant &= ALL;
        self.insert_among_many(entry);
        self.mark();
    }

    fn insert_among_many(&mut self, entry: Entry) {
        let border = match self.rest.last() {
            Some(next) if self.vacant != 0 => next.time,
            _ => self.times[(self.order >> (u64::BITS - DIGIT)) as usize],
        };
        if entry.time >= border {
            self.rest.push(entry);
            return settle(&mut self.rest, entry);
        }
        if self.vacant == 0 {
            self.move_back();
        }
        self.insert(entry.time, entry.event);
    }

    /// All slots are in use: the last one makes room.
    fn move_back(&mut self) {
        let last = u64::BITS - DIGIT;
        let slot = (self.order >> last) as usize;
        let event = Packed::of_words((self.heads[slot], self.datas[slot]));
        self.rest.push(Entry { time: self.times[slot], event });
        self.times[slot] = Time::MAX;
        self.vacant = 1 << slot;
        self.order &= (1 << last) - 1;
    }

    /// Once all slots are vacant, the next of those behind them come in.
    #[inline(never)]
    fn move_up(&mut self) {
        if self.vacant & ALL != ALL {
            return;
        }
        self.vacant = ALL;
        while self.vacant != 0
            && let Some(Entry { time, event }) = self.rest.pop()
        {
            self.put(self.in_use(), time, event);
        }
        self.look_up_next();
        self.mark();
    }

    /// Takes in entries in order of their pushes, as many as there are slots at most; there are none here. Each of them may be the next one as
    /// well as the others: that is looked up at the end.
    pub fn load(&mut self, entries: &mut Vec<Entry>) {
        debug_assert!(self.is_empty() && entries.len() <= SLOTS);
        for Entry { time, event } in entries.drain(..) {
            self.put(self.before::<LOOKED_AT_LOADING>(time), time, event);
        }
        self.look_up_next();
    }

    /// The same for entries of one time, of which there may be many.
    pub fn load_alike(&mut self, entries: &mut Vec<Entry>) {
        debug_assert!(self.is_empty());
        self.rest.extend(entries.drain(..).rev());
        self.move_up();
    }

    /// All entries, in no order.
    #[cfg(test)]
    pub fn iter(&self) -> impl Iterator<Item = Time> {
        let in_slots = (0..SLOTS).filter(|slot| self.vacant >> slot & 1 == 0).map(|slot| self.times[slot]);
        in_slots.chain(self.rest.iter().map(|entry| entry.time))
    }
}

/// So many more of these times are not after this one; in two sums, so that one need not wait for the other.
#[inline(always)]
fn count(sums: (u32, u32), times: &[Time], time: Time) -> (u32, u32) {
    times
        .chunks_exact(2)
        .fold(sums, |(even, odd), pair| (even + u32::from(pair[0] <= time), odd + u32::from(pair[1] <= time)))
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

#[cfg(test)]
mod tests {
    use super::super::event::Event;
    use super::*;
    use proptest::prelude::*;

    fn event(number: u32) -> Packed {
        Event::Expiry(number).into()
    }

    fn number(entry: &Entry) -> u32 {
        let Event::Expiry(number) = entry.event.into() else { panic!("only expiries were pushed") };
        number
    }

    /// Pushes (`Some`) and pops (`None`) against a list that is searched for the earliest, of equal times the first.
    fn agrees_with_a_list(schedule: &[Option<Time>]) {
        let (mut front, mut list) = (Front::new(), Vec::new());
        for (sequence, step) in (0..).zip(schedule) {
            match step {
                Some(time) => {
                    front.push(*time, event(sequence));
                    list.push((*time, sequence));
                }
                None if list.is_empty() => assert!(front.is_empty()),
                None => {
                    let next = *list.iter().min().expect("not empty");
                    list.retain(|other| *other != next);
                    assert_eq!(front.next_time(), next.0);
                    let popped = front.pop();
                    assert_eq!((popped.time, number(&popped)), next);
                }
            }
            assert_eq!((front.len(), front.is_empty()), (list.len(), list.is_empty()));
            assert_eq!(front.next_time(), list.iter().map(|entry| entry.0).min().unwrap_or(Time::MAX));
        }
    }

    proptest! {
        /// As many as there are slots, more or fewer, of few different times or many, the end of time among them.
        #[test]
        fn the_earliest_leaves_first_and_of_equals_the_first(
            pushes in 0.3..0.9_f64,
            steps in prop::collection::vec(
                (0.0..1.0_f64, prop_oneof![0..6_u64, 0..1_000u64, Just(Time::MAX)]), 0..300
            ),
        ) {
            let step = |(lot, time): &(f64, Time)| (*lot < pushes).then_some(*time);
            agrees_with_a_list(&steps.iter().map(step).collect::<Vec<_>>());
        }

        #[test]
        fn what_is_loaded_leaves_as_if_it_were_pushed(
            times in prop::collection::vec(prop_oneof![Just(Time::MAX), 0..9_u64], 0..SLOTS),
            alike in 0..50_u32,
        ) {
            let mut front = Front::new();
            let mut entries: Vec<Entry> =
                (0..).zip(&times).map(|(at, time)| Entry { time: *time, event: event(at) }).collect();
            let mut expected: Vec<u32> = (0..times.len() as u32).collect();
            expected.sort_by_key(|at| times[*at as usize]);
            front.load(&mut entries);
            for at in expected {
                prop_assert_eq!(number(&front.pop()), at);
            }
            entries.extend((0..alike).map(|at| Entry { time: 7, event: event(at) }));
            front.load_alike(&mut entries);
            for at in 0..alike {
                prop_assert_eq!(number(&front.pop()), at);
            }
            prop_assert!(front.is_empty() && entries.is_empty());
        }
    }
}
