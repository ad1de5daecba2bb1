//! Consistent hashing: shards stand at many points of a ring, and a slot belongs to the next one. A new shard takes its
//! share from all, and nothing else moves.

use super::Scheme;
use crate::catalog::Policy;
use crate::parts::ring::{Ring, SLOTS, Server};

pub(super) const ENTRY: Policy = Policy {
    name: "consistent",
    about: "the next shard on a ring of points (ketama, 160 points each)",
    source: "Karger et al. 1997; DeCandia et al., Dynamo, SOSP 2007",
    wrong_when: "shares must be equal: a ring is uneven by some ten percent",
};

pub(super) const SCHEME: Scheme = Scheme { in_order: false, owners };

fn owners(shards: u16, _before: Option<&[u16]>) -> Vec<u16> {
    let servers = (0..shards).map(|id| Server::new(id, format!("shard-{id}"))).collect();
    let ring = Ring::by_name("ketama", servers).expect("a policy of that name");
    (0..SLOTS).map(|slot| ring.place(u64::from(slot)).unwrap_or(0)).collect()
}
