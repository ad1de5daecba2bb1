//! What an edge counts.

use super::price::Prices;
use crate::kernel::Readings;
use crate::stats::Histogram;

/// Since the start.
#[derive(Clone, Default)]
pub(super) struct Counts {
    /// Whether anything has a size.
    pub sized: bool,
    /// Users' requests for what may be kept.
    pub lookups: u64,
    /// Those answered with a fresh copy.
    pub hits: u64,
    /// Answers with a copy that had ended.
    pub stale: u64,
    /// Fetches that found the copy unchanged.
    pub revalidated: u64,
    /// Answers without a body: the user's copy is still good.
    pub not_modified: u64,
    /// Questions to the origin itself.
    pub fetches: u64,
    /// Bytes of what may be kept, and of those from fresh copies.
    pub bytes: u64,
    pub hit_bytes: u64,
    /// Bytes that came from the origin itself.
    pub origin_bytes: u64,
    /// Bytes sent to users.
    pub egress: u64,
    pub errors: u64,
    /// Requests of users that were answered.
    pub requests: u64,
    /// Answers with a 404 or error that was kept.
    pub negative: u64,
    /// Questions that went to the secondary origin.
    pub failovers: u64,
    /// Purges taken, turned away, and copies that they removed here.
    pub purges: u64,
    pub refused: u64,
    pub purged: u64,
    /// How long purges took to be felt here.
    pub purge_times: Histogram,
}

impl Counts {
    pub fn measure(&self, prices: &Prices, out: &mut Readings) {
        out.count("cdn_lookups", self.lookups);
        out.count("cdn_hits", self.hits);
        out.count("cdn_stale", self.stale);
        out.count("cdn_revalidated", self.revalidated);
        out.count("cdn_not_modified", self.not_modified);
        out.count("origin_fetches", self.fetches);
        // (Where nothing has a size, 0 bytes would be said of what nobody knows.)
        if self.sized {
            out.count("cdn_bytes", self.bytes);
            out.count("cdn_hit_bytes", self.hit_bytes);
            out.count("origin_bytes", self.origin_bytes);
            out.count("egress_bytes", self.egress);
        }
        out.count("errors", self.errors);
        out.count("cdn_negative_hits", self.negative);
        out.count("origin_failovers", self.failovers);
        out.count("purges", self.purges);
        out.count("purges_refused", self.refused);
        out.count("purged_copies", self.purged);
        out.histogram("purge_time", &self.purge_times);
        if let Some(cost) = prices.cost(self.egress, self.requests, self.purges) {
            out.count("cost", cost);
        }
    }
}
