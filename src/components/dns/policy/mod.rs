//! What an authoritative server answers: which of its records.

mod failover;
mod geolocation;
mod latency;
mod multi_value;
mod simple;
mod weighted;

use super::address::Addresses;
use crate::catalog::Policy;
use crate::components::network::geo::{Coordinates, Geography};
use crate::kernel::NodeId;

/// An address that a zone may give out.
#[derive(Clone, Copy, Debug)]
pub struct Record {
    /// The server behind it.
    pub node: NodeId,
    /// Its share, relative to the others.
    pub weight: u32,
    /// Where it is; 0 = nowhere in particular.
    pub place: u16,
    /// Whether the zone holds it now.
    pub listed: bool,
    /// Whether health checks find it working.
    pub healthy: bool,
    /// Its place in the list that the zone was told.
    pub turn: usize,
}

/// Who asks. The server sees the resolver, not the user behind it, unless the resolver passes on the user's network (EDNS Client
/// Subnet, RFC 7871).
pub struct Asker<'a> {
    /// Where the resolver is by network.
    pub place: u16,
    /// Where the address that the server sees is thought to be.
    pub seen: Option<Coordinates>,
    /// How far everything is from everything.
    pub map: &'a Geography,
    /// A uniform number in (0, 1).
    pub draw: f64,
}

/// Chooses among the records that may be given out; there is at least one.
type Choose = fn(&[Record], &[usize], &Asker<'_>) -> Addresses;

/// Registration: one line for each policy, and whether it looks at health.
const TABLE: &[(Policy, Choose, bool)] = &[
    (simple::ENTRY, simple::choose, false),
    (multi_value::ENTRY, multi_value::choose, true),
    (weighted::ENTRY, weighted::choose, true),
    (latency::ENTRY, latency::choose, true),
    (geolocation::ENTRY, geolocation::choose, true),
    (failover::ENTRY, failover::choose, true),
];

/// The policies, for the catalog.
pub const POLICIES: &[Policy] = &{
    let mut policies = [TABLE[0].0; TABLE.len()];
    let mut at = 0;
    while at < TABLE.len() {
        policies[at] = TABLE[at].0;
        at += 1;
    }
    policies
};

/// Index of the policy that looks at where addresses are.
pub fn geolocation() -> usize {
    POLICIES.iter().position(|policy| policy.name == geolocation::ENTRY.name).expect("it is registered")
}

/// The answer of a policy by index. If no listed record is healthy, all of them count as healthy (Route 53: "if all records are
/// unhealthy, it considers them all healthy").
pub fn answer(choice: usize, records: &[Record], asker: &Asker<'_>) -> Addresses {
    let (_, choose, looks_at_health) = TABLE[choice];
    let listed = || (0..records.len()).filter(|at| records[*at].listed);
    let mut open: Vec<usize> = listed().filter(|at| !looks_at_health || records[*at].healthy).collect();
    if open.is_empty() {
        open = listed().collect();
    }
    if open.is_empty() { Addresses::NONE } else { choose(records, &open, asker) }
}

/// The first of those for which `far` is least.
fn nearest(open: &[usize], far: impl Fn(usize) -> f64) -> usize {
    let closer = |a: usize, b: usize| if far(b) < far(a) { b } else { a };
    open.iter().copied().reduce(closer).expect("there is at least one")
}

#[cfg(test)]
fn records(weights: &[u32]) -> Vec<Record> {
    let record = |(at, weight): (usize, &u32)| Record {
        node: NodeId(at as u16),
        weight: *weight,
        place: at as u16 + 1,
        listed: true,
        healthy: true,
        turn: at,
    };
    weights.iter().enumerate().map(record).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unhealthy_are_left_out_until_all_are_and_who_is_not_listed_always() {
        let map = Geography::default();
        let asker = Asker { place: 0, seen: None, map: &map, draw: 0.5 };
        let mut records = records(&[1, 1, 1]);
        let ask = |policy: &str, records: &[Record]| {
            let choice = POLICIES.iter().position(|known| known.name == policy).unwrap();
            answer(choice, records, &asker)
        };
        records[0].healthy = false;
        assert_eq!(ask("failover", &records), Addresses::one(1));
        assert_eq!(ask("simple", &records), Addresses::several([0, 1, 2]), "it does not look");
        records[1].listed = false;
        assert_eq!(ask("multi_value", &records), Addresses::several([2]));
        records[2].healthy = false;
        assert_eq!(ask("multi_value", &records), Addresses::several([0, 2]));
        records.iter_mut().for_each(|record| record.listed = false);
        assert_eq!(ask("weighted", &records), Addresses::NONE);
    }
}
