//! What nodes cost: their price per hour, for as long as they were there, and what they used.

use super::series::Change;
use crate::components::egress::DOLLAR;
use crate::components::{Group, is_rented};
use crate::kernel::Time;

const HOUR_S: f64 = 3600.0;

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
    let used = used.map(|cost| cost as f64 / DOLLAR as f64 / measured_s * HOUR_S);
    let parts = [price.map(|price| price * present), used];
    parts.iter().any(Option::is_some).then(|| parts.iter().flatten().sum())
}

/// The part of the measured time that a node was there.
pub(super) fn presence(born: Time, left: Option<Time>, measured: (Time, Time)) -> f64 {
    let (begin, end) = measured;
    let until = left.unwrap_or(end).min(end);
    let present = until.saturating_sub(born.max(begin));
    if end > begin { present as f64 / (end - begin) as f64 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_cost_while_they_are_there() {
        assert_eq!(presence(0, None, (10, 30)), 1.0);
        assert_eq!(presence(20, None, (10, 30)), 0.5);
        assert_eq!(presence(0, Some(15), (10, 30)), 0.25);
        assert_eq!(presence(0, Some(5), (10, 30)), 0.0);
    }
}
