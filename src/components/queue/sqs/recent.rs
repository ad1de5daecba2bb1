//! What was sent within the last five minutes (AWS, SQS Developer Guide: "Exactly-once processing", the deduplication interval).

use crate::kernel::{SECOND, Time};
use std::collections::VecDeque;

/// The deduplication interval: 5 minutes.
pub const DEDUPLICATION: Time = 300 * SECOND;

const BITS: u32 = u64::BITS;

/// Numbers of messages that were sent lately. Messages are numbered as they are made, so those of five minutes lie close together: a bit
/// for each between the lowest and the highest.
#[derive(Clone, Debug, Default)]
pub struct Recent {
    /// Bits of the words before `first` are 0.
    words: VecDeque<u64>,
    first: u32,
    /// Until when each counts.
    until: VecDeque<(Time, u32)>,
}

impl Recent {
    /// Whether this message was sent within the last five minutes; remembers it if not.
    pub fn is_duplicate(&mut self, id: u32, now: Time) -> bool {
        while self.until.front().is_some_and(|(until, _)| *until <= now) {
            let (_, old) = self.until.pop_front().expect("just seen");
            self.forget(old);
        }
        let word = self.word(id);
        if *word >> (id % BITS) & 1 == 1 {
            return true;
        }
        *word |= 1 << (id % BITS);
        self.until.push_back((now + DEDUPLICATION, id));
        false
    }

    fn word(&mut self, id: u32) -> &mut u64 {
        let number = id / BITS;
        if self.words.is_empty() {
            self.first = number;
        }
        while number < self.first {
            self.words.push_front(0);
            self.first -= 1;
        }
        let place = (number - self.first) as usize;
        if place >= self.words.len() {
            self.words.resize(place + 1, 0);
        }
        &mut self.words[place]
    }

    fn forget(&mut self, id: u32) {
        *self.word(id) &= !(1 << (id % BITS));
        while self.words.front() == Some(&0) {
            self.words.pop_front();
            self.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_duplicate_is_one_for_five_minutes() {
        let mut recent = Recent::default();
        assert!(!recent.is_duplicate(1, 0));
        assert!(recent.is_duplicate(1, DEDUPLICATION - 1));
        assert!(!recent.is_duplicate(1, DEDUPLICATION));
    }

    proptest::proptest! {
        #[test]
        fn it_does_what_a_map_does(steps in proptest::collection::vec((0..700u32, 0..40u64), 1..300)) {
            let (mut recent, mut until, mut now) = (Recent::default(), BTreeMap::new(), 0);
            for (id, seconds) in steps {
                now += seconds * SECOND;
                let known = until.get(&id).is_some_and(|until| *until > now);
                proptest::prop_assert_eq!(recent.is_duplicate(id, now), known);
                if !known {
                    until.insert(id, now + DEDUPLICATION);
                }
            }
        }
    }
}
