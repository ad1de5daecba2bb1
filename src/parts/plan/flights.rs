//! Loads under way that others may share: one for each key and token of a process.

use crate::kernel::Answer;
use foldhash::fast::FixedState;
use std::collections::{HashMap, VecDeque};

/// The loads under way of a process, and who waits for each.
#[derive(Clone, Debug, Default)]
pub struct Flights {
    /// By key and by what the miss showed: a miss after a write shows something else, and shares no load from before it. Looked
    /// up, never iterated.
    waiting: HashMap<(u64, u32), Vec<u32>, FixedState>,
    /// Who has an answer now, and which.
    landed: VecDeque<(u32, Answer)>,
}

impl Flights {
    /// Whether the operation with this note joins a load that is under way; else it is the one that loads.
    pub fn join(&mut self, key: u64, token: u32, note: u32) -> bool {
        match self.waiting.get_mut(&(key, token)) {
            Some(waiting) => {
                waiting.push(note);
                true
            }
            None => {
                self.waiting.insert((key, token), Vec::new());
                false
            }
        }
    }

    /// A load is over, well or not: who has waited for it gets the same answer.
    pub fn land(&mut self, key: u64, token: u32, answer: Answer) {
        let waiting = self.waiting.remove(&(key, token)).unwrap_or_default();
        self.landed.extend(waiting.into_iter().map(|note| (note, answer)));
    }

    /// The next one who has an answer.
    pub fn pop_landed(&mut self) -> Option<(u32, Answer)> {
        self.landed.pop_front()
    }

    /// The process has died.
    pub fn clear(&mut self) {
        self.waiting.clear();
        self.landed.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_shows_the_same_shares_the_load() {
        let mut flights = Flights::default();
        assert!(!flights.join(7, 1, 10), "the first one loads");
        assert!(flights.join(7, 1, 11) && flights.join(7, 1, 12));
        assert!(!flights.join(7, 2, 13), "a write came in between");
        assert!(!flights.join(8, 1, 14));
        flights.land(7, 1, Answer::ok(3, 100));
        let landed: Vec<u32> = std::iter::from_fn(|| flights.pop_landed()).map(|(note, _)| note).collect();
        assert_eq!(landed, [11, 12]);
        assert!(!flights.join(7, 1, 15), "it is over");
    }
}
