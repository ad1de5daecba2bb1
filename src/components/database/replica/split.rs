//! Rows that lie in parts, each in another shard: a write changes one of them, a read sums them up or picks one.
//!
//! The sharded counter: right where writes commute (likes, views, stock that is counted down), since no part knows the others. A
//! part's version is that of the whole row, so that the newest part tells how new the sum is.

use super::router::Router;
use crate::catalog::Policy;
use crate::components::Site;
use crate::kernel::{CallId, Ctx, RequestId};
use crate::random::mix::mix64;

/// What a read of a split row asks.
pub const SPLIT_READS: &[Policy] = &[
    Policy {
        name: "sum",
        about: "all parts: the answer is exact and waits for the slowest",
        source: "Google App Engine documentation, Sharding counters (J. Gregorio, 2008)",
        wrong_when: "the row is read more often than written",
    },
    Policy {
        name: "pick",
        about: "one part: an estimate that misses what the others hold",
        source: "the same; approximate counters: Morris, CACM 1978",
        wrong_when: "the exact number is wanted",
    },
];

/// Which rows are split, and how.
#[derive(Clone, Debug, Default)]
pub struct Split {
    rows: Vec<u64>,
    parts: u64,
    sums: bool,
}

impl Split {
    /// As the settings say, for these rows.
    pub fn new(site: &Site<'_>, rows: Vec<u64>) -> Self {
        let settings = site.settings();
        let shards = settings.count("shards").unwrap_or(1);
        let parts = settings.count("split_over").unwrap_or(shards);
        let sums = SPLIT_READS[settings.choice("split_reads")].name == "sum";
        Split { rows, parts, sums }
    }
}

impl Router {
    /// Whether this row lies in parts.
    #[inline]
    pub(super) fn is_split(&self, key: u64) -> bool {
        !self.spread.split.rows.is_empty() && self.spread.split.rows.contains(&key)
    }

    /// Whether a read of a split row asks all parts.
    pub(super) fn sums(&self) -> bool {
        self.spread.split.sums
    }

    /// The shard of the part that a request gets.
    pub(super) fn part_of(&self, key: u64, request: RequestId, cx: &Ctx<'_>) -> usize {
        let number = cx.request(request).map_or(0, |request| request.number);
        self.part_shard(key, mix64(number) % self.spread.split.parts)
    }

    fn part_shard(&self, key: u64, part: u64) -> usize {
        (self.map.shard(key) + part as usize) % usize::from(self.map.shards())
    }

    /// Asks all parts of a row; the newest tells how new their sum is.
    pub(super) fn sum_parts(&mut self, id: CallId, key: u64, cx: &mut Ctx<'_>) {
        let shards: Vec<usize> =
            (0..self.spread.split.parts).map(|part| self.part_shard(key, part)).collect();
        let _ = self.gather(id, shards, true, cx);
    }
}
