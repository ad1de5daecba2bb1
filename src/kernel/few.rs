//! A few pending events in exact order, in a table so small that nothing in it is ever moved.
//!
//! What costs time with few events is not moving them but guessing: how far a new event must go is a guess that the processor
//! loses half of the time, and each costs it more than all the comparisons here. So all times are compared, always, and the order is one
//! word: sixteen numbers of cells of four bits each, the first event's lowest. Putting a number in and taking one out are shifts.

use super::event::{Entry, Packed};
use super::time::Time;

/// Most events: as many as a word has numbers of four bits.
pub(super) const ROOM: usize = 16;
const BITS: u32 = 4;
/// The time in a cell without an event.
const FREE: Time = Time::MAX;
/// The latest time that there is in a calendar.
pub(super) const LAST: Time = FREE - 1;

/// At most [`ROOM`] events. Equal times keep the order in which they came.
#[derive(Clone)]
pub(super) struct Few {
    times: [Time; ROOM],
    events: [Packed; ROOM],
    /// The cells of the events in their order, then the free ones.
    order: u64,
    len: usize,
}

impl Few {
    pub fn new() -> Self {
        let order = 0xFEDC_BA98_7654_3210;
        Few { times: [FREE; ROOM], events: [Packed::NOTHING; ROOM], order, len: 0 }
    }

    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    pub fn is_full(&self) -> bool {
        self.len == ROOM
    }

    #[inline(always)]
    fn first(&self) -> usize {
        self.order as usize & (ROOM - 1)
    }

    /// Time of the first event.
    #[inline(always)]
    pub fn next_time(&self) -> Option<Time> {
        Some(self.times[self.first()]).filter(|time| *time != FREE)
    }

    /// Adds an event; there must be room, and it comes at [`LAST`] at the latest.
    #[inline(always)]
    pub fn insert(&mut self, time: Time, event: Packed) {
        let earlier: u32 = self.times.iter().map(|other| u32::from(*other <= time)).sum();
        let cell = self.order >> (u64::BITS - BITS);
        self.times[cell as usize] = time;
        self.events[cell as usize] = event;
        let place = earlier * BITS;
        let before = (1 << place) - 1;
        self.order = self.order & before | cell << place | (self.order & !before) << BITS;
        self.len += 1;
    }

    /// Removes the first event if it is due before `end`.
    #[inline(always)]
    pub fn pop_before(&mut self, end: Time) -> Option<Entry> {
        let cell = self.first();
        let entry = Entry { time: self.times[cell], event: self.events[cell] };
        if entry.time >= end {
            return None;
        }
        self.times[cell] = FREE;
        self.order = self.order.rotate_right(BITS);
        self.len -= 1;
        Some(entry)
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::Event;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a list that is sorted, stably, each time.
        #[test]
        fn it_is_a_sorted_list(steps in prop::collection::vec(prop::option::of(0_u64..6), 0..200)) {
            let (mut few, mut list) = (Few::new(), Vec::new());
            for (number, step) in steps.into_iter().enumerate() {
                match step {
                    Some(time) if !few.is_full() => {
                        let time = if time == 5 { LAST } else { time };
                        let event = Packed::from(Event::Expiry(number as u32));
                        few.insert(time, event);
                        list.push((time, event));
                        list.sort_by_key(|(time, _)| *time);
                    }
                    _ => {
                        prop_assert_eq!(few.next_time(), list.first().map(|(time, _)| *time));
                        let due = list.first().is_some_and(|(time, _)| *time < 4);
                        let expected = due.then(|| list.remove(0));
                        prop_assert_eq!(few.pop_before(4).map(|entry| (entry.time, entry.event)), expected);
                    }
                }
                prop_assert_eq!(few.len(), list.len());
            }
        }
    }
}
