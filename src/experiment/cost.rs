//! What nodes cost: their price per hour, for as long as they were there, and what they used.

use super::result::ComponentRow;
use super::series::Change;
use crate::components::egress::DOLLAR;
use crate::components::{Group, cdn, is_rented};

const HOUR_S: f64 = 3600.0;

/// What all nodes cost per hour, as far as prices are known. An edge without a known price is no edge for nothing.
pub(super) fn all_known(rows: &[ComponentRow]) -> Option<f64> {
    let priced = rows.iter().all(|row| row.kind != "cdn" || row.cost_per_hour.is_some());
    rows.iter().filter_map(|row| row.cost_per_hour).reduce(|a, b| a + b).filter(|_| priced)
}

/// What the n-th node of a group cost per hour of the measured part, in US dollars; `None` if no price of it is known. `present`
/// is the part of that time that it was there.
pub(super) fn per_hour(
    group: &Group,
    n: u64,
    present: f64,
    change: &Change<'_>,
    measured_s: f64,
) -> Option<f64> {
    let rented = is_rented(group, n);
    let price = group.settings.known_number("price_per_hour").filter(|_| rented);
    let used = change.known("cost").filter(|_| measured_s > 0.0);
    let free = match (group.kind, change.known("purges")) {
        ("cdn", Some(purges)) => cdn::free_purges(&group.settings, purges, measured_s),
        _ => 0.0,
    };
    let used = used.map(|cost| (cost as f64 / DOLLAR as f64 - free).max(0.0) / measured_s * HOUR_S);
    let parts = [price.map(|price| price * present), used];
    parts.iter().any(Option::is_some).then(|| parts.iter().flatten().sum())
}
