//! What became of messages, in counts.

use crate::stats::Histogram;

/// What happened to messages in the measured part of a run, whenever they were accepted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MessageReport {
    /// Acknowledged by their broker.
    pub published_count: u64,
    /// Processed at least once, dead letters that somebody has completed among them.
    pub processed_count: u64,
    /// Effects that had taken place before.
    pub duplicated_count: u64,
    /// First effects that came after those of later messages of the same key.
    pub reordered_count: u64,
    /// Acknowledged and gone without effect; what came back of those that had gone before is taken off.
    pub lost_count: u64,
    /// Set aside as dead letters, processed before (but not acknowledged in time) or not. Those that went to a second queue may
    /// still be processed, or lost, there.
    pub dead_count: u64,
    /// Nanoseconds from acceptance to the first effect; of those that still wait, until now.
    pub age: Histogram,
    /// Messages accepted and not yet dealt with, now.
    pub backlog_count: u64,
    /// The most at a time since the warm-up ended; of several data sets the sum of theirs; `None`: not known of a part of that time.
    pub backlog_max_count: Option<u64>,
    /// Nanoseconds from the largest backlog until it was gone, 0 if there was none; `None` if it is not gone yet.
    pub drain_ns: Option<u64>,
}

impl MessageReport {
    /// What two audits have counted in the same time. The heaps are gone when both are.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.age.merge(&other.age);
        Self {
            published_count: self.published_count + other.published_count,
            processed_count: self.processed_count + other.processed_count,
            duplicated_count: self.duplicated_count + other.duplicated_count,
            reordered_count: self.reordered_count + other.reordered_count,
            lost_count: self.lost_count + other.lost_count,
            dead_count: self.dead_count + other.dead_count,
            age: self.age,
            backlog_count: self.backlog_count + other.backlog_count,
            backlog_max_count: self
                .backlog_max_count
                .zip(other.backlog_max_count)
                .map(|(one, another)| one + another),
            drain_ns: self.drain_ns.zip(other.drain_ns).map(|(one, another)| one.max(another)),
        }
    }

    /// What this one has that an earlier [`counted`](super::Messages::counted) had not. When a heap is gone is known of the whole only; what came back of messages
    /// that had gone before counts as not lost.
    #[must_use]
    pub fn since(self, earlier: &Self) -> Self {
        Self {
            published_count: self.published_count - earlier.published_count,
            processed_count: self.processed_count - earlier.processed_count,
            duplicated_count: self.duplicated_count - earlier.duplicated_count,
            reordered_count: self.reordered_count - earlier.reordered_count,
            lost_count: self.lost_count.saturating_sub(earlier.lost_count),
            dead_count: self.dead_count.saturating_sub(earlier.dead_count),
            age: self.age.since(&earlier.age),
            backlog_count: self.backlog_count,
            backlog_max_count: None,
            drain_ns: None,
        }
    }
}
