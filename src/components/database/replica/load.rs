//! How evenly statements fall on the shards.

/// Statements of each shard since the measurement began.
#[derive(Clone, Debug)]
pub(super) struct Load {
    /// Under the map that holds now.
    calls: Vec<u64>,
    /// Those of the busiest shard and of the mean one under each map before it, added up.
    most: f64,
    mean: f64,
}

impl Load {
    /// Of so many shards at most.
    pub fn new(shards: usize) -> Self {
        Load { calls: vec![0; shards], most: 0.0, mean: 0.0 }
    }

    /// A statement for a shard.
    #[inline]
    pub fn count(&mut self, shard: usize) {
        self.calls[shard] += 1;
    }

    /// Statements of the busiest of so many shards that the map has over those of the mean one: 1 if all have the same. If there were other
    /// numbers of shards before, each time is compared with its own mean, so that it is never less than 1. `None` without a second shard, or
    /// without statements.
    pub fn skew(&self, shards: u16) -> Option<f64> {
        let mut whole = self.clone();
        whole.close(shards);
        (whole.mean > 0.0 && (shards > 1 || self.mean > 0.0)).then(|| whole.most / whole.mean)
    }

    /// The map of so many shards makes room for another one. (Shards that it does not have yet get copies of writes only: no load of theirs.)
    pub fn close(&mut self, shards: u16) {
        let held = &self.calls[..usize::from(shards)];
        self.most += held.iter().max().copied().unwrap_or(0) as f64;
        self.mean += held.iter().sum::<u64>() as f64 / held.len() as f64;
        self.calls.fill(0);
    }

    /// The measurement begins.
    pub fn restart(&mut self) {
        *self = Load::new(self.calls.len());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_map_is_compared_with_its_own_mean() {
        let even = |load: &mut Load, shards: usize| (0..60 * shards).for_each(|n| load.count(n % shards));
        let mut load = Load::new(8);
        assert_eq!(load.skew(4), None);
        even(&mut load, 4);
        assert_eq!(load.skew(4), Some(1.0));
        load.close(4);
        even(&mut load, 5);
        load.close(5);
        even(&mut load, 3);
        assert_eq!(load.skew(3), Some(1.0), "after shards have come and gone");
        (0..60).for_each(|_| load.count(2));
        assert_eq!(load.skew(3), Some((60.0 + 60.0 + 120.0) / (60.0 + 60.0 + 80.0)));
        load.count(7);
        assert_eq!(load.skew(3), Some(1.2), "not on the map yet");
        load.restart();
        assert_eq!(load.skew(3), None);
        even(&mut load, 1);
        assert_eq!(load.skew(1), None, "one shard is even with itself");
    }
}
