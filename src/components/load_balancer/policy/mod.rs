//! Balancing policies: which server is next.

mod least_connections;
mod power_of_two;
mod random;
mod round_robin;
mod weighted;

use crate::catalog::Policy;
use crate::kernel::NodeId;

/// A server as its balancer sees it.
#[derive(Clone, Copy, Debug)]
pub struct Backend {
    /// The node.
    pub node: NodeId,
    /// Its share, relative to the others.
    pub weight: u32,
    /// Calls passed to it and not answered yet.
    pub in_flight: u32,
}

/// A way to choose.
pub trait Balance: Send {
    /// Index of the chosen server. `draw` gives uniform numbers that belong to the request.
    fn pick(&mut self, backends: &[Backend], draw: &mut dyn FnMut() -> f64) -> usize;
    /// An independent copy.
    fn fork(&self) -> Box<dyn Balance>;
}

type Make = fn(&[Backend]) -> Box<dyn Balance>;

/// Registration: one line for each policy.
const TABLE: &[(Policy, Make)] = &[
    (round_robin::ENTRY, round_robin::make),
    (weighted::ENTRY, weighted::make),
    (random::ENTRY, random::make),
    (least_connections::ENTRY, least_connections::make),
    (power_of_two::ENTRY, power_of_two::make),
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

/// The policy by index.
pub fn make(choice: usize, backends: &[Backend]) -> Box<dyn Balance> {
    TABLE[choice].1(backends)
}

/// Index below `n` for a uniform number in (0, 1).
fn index(uniform: f64, n: usize) -> usize {
    ((uniform * n as f64) as usize).min(n - 1)
}

#[cfg(test)]
fn servers(weights: &[u32]) -> Vec<Backend> {
    let backend =
        |(at, weight): (usize, &u32)| Backend { node: NodeId(at as u16), weight: *weight, in_flight: 0 };
    weights.iter().enumerate().map(backend).collect()
}
