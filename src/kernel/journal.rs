//! What components find worth telling: a bounded diary of the run.

use super::event::NodeId;
use super::time::Time;

/// One entry.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// When.
    pub time: Time,
    /// Who tells it.
    pub node: NodeId,
    /// What happened.
    pub event: &'static str,
    /// In words and figures.
    pub detail: String,
}

/// All entries, up to a bound.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    entries: Vec<Entry>,
    dropped: u64,
}

/// More than anybody reads; what comes later is counted only.
const ENTRIES_AT_MOST: usize = 10_000;

impl Journal {
    /// One more.
    pub(super) fn add(&mut self, time: Time, node: NodeId, event: &'static str, detail: String) {
        if self.entries.len() < ENTRIES_AT_MOST {
            self.entries.push(Entry { time, node, event, detail });
        } else {
            self.dropped += 1;
        }
    }

    /// What was told, in order of time.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many entries found no room.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded_and_says_so() {
        let mut journal = Journal::default();
        for at in 0..ENTRIES_AT_MOST as u64 + 5 {
            journal.add(at, NodeId(0), "moved", String::new());
        }
        assert_eq!((journal.entries().len(), journal.dropped()), (ENTRIES_AT_MOST, 5));
        assert_eq!(journal.entries()[7].time, 7);
    }
}
