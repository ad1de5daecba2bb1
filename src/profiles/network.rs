//! Content delivery networks as data: times to live, purges, prices. Built into edges by `components/cdn`.

use super::Profile;

/// What is known of a network.
#[derive(Debug)]
pub struct Network {
    /// How the catalog shows it, and its figures with their sources.
    pub profile: Profile,
    /// Time to live of objects that say nothing, in seconds.
    pub ttl_s: u64,
    /// How long it keeps that there is no such thing (404), in seconds.
    pub missing_ttl_s: u64,
    /// How long it keeps an origin's error (5xx), in seconds; 0: not at all.
    pub error_ttl_s: u64,
    /// Whether it gives out copies past their end as long as the origin fails, unless told otherwise.
    pub stale_if_error: bool,
    /// Seconds that an edge waits for its origin.
    pub timeout_s: u64,
    /// Within how many seconds 25, 50, 90 and 99 % of its purges are felt.
    pub purge_s: [f64; 4],
    /// What a purge costs, in thousandths of a dollar.
    pub purge_price: u64,
    /// Purges of a month that cost nothing.
    pub free_purges: u64,
    /// What it bills by place; `None`: traffic is not metered.
    pub places: Option<&'static [PlacePrice]>,
    /// Traffic of a month that costs nothing, in gigabytes, and requests.
    pub free_gb: f64,
    /// The same for requests.
    pub free_requests: f64,
}

/// What traffic costs at edges of one price region.
#[derive(Debug)]
pub struct PlacePrice {
    /// Beginnings of the names of AWS regions where it holds; the first place that fits counts.
    pub regions: &'static [&'static str],
    /// A gigabyte sent to users in each of [`TIERS_GB`], in thousandths of a dollar.
    pub per_gb: [u64; 7],
    /// Ten thousand HTTPS requests, in ten-thousandths of a dollar.
    pub requests: u64,
}

/// Sizes of the tiers of a month's traffic, in gigabytes (a terabyte is taken as 1,000 of them: assumed, price lists do not say);
/// the last has no end.
pub const TIERS_GB: [f64; 7] = [10e3, 40e3, 100e3, 350e3, 524e3, 4_000e3, f64::INFINITY];

impl PlacePrice {
    /// What a month of so many gigabytes costs, of which the first are free, in dollars.
    pub fn month(&self, gigabytes: f64, free: f64) -> f64 {
        let mut paid = (gigabytes - free).max(0.0);
        let mut cost = 0.0;
        for (size, price) in TIERS_GB.iter().zip(self.per_gb) {
            let here = paid.min(*size);
            cost += here * price as f64 / 1e3;
            paid -= here;
        }
        cost
    }
}
