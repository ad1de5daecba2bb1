//! Clients: where requests come from, and where latency is measured.

use super::{ComponentKind, Site};
use crate::catalog::{KeysPlan, Problems};
use crate::kernel::Component;
use crate::random::keys::Keyspace;
use crate::random::mix::combine;

mod address;
mod ahead;
mod aim;
mod browser;
mod browser_cache;
mod check_load;
mod check_near;
pub mod clients_entry;
mod entry;
pub use browser::shows_session;
pub use entry::{knows_users, position_needs};
mod first_byte;
mod issue;
mod login;
mod names;
mod near;
mod node;
mod people;
pub mod population;
mod publish;
mod reach;
mod seen;
mod source;
mod visit;
mod way;

/// Where requests come from.
pub const KIND: ComponentKind =
    ComponentKind { entry: &entry::ENTRY, nodes: super::one, check, build, grow: None };

/// Statistics class of reading requests.
pub const READS: u8 = 0;
/// Statistics class of writing requests.
pub const WRITES: u8 = 1;

fn check(site: &Site<'_>, problems: &mut Problems) {
    entry::check(site, problems);
}

/// What is wrong with its settings, whatever it asks.
pub(super) fn check_alone(site: &Site<'_>, problems: &mut Problems) {
    check_load::check(site, problems);
    entry::check_backoff(site.settings(), problems);
}

fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    vec![Box::new(node::Client::new(site))]
}

/// Which key is how popular is drawn once for each seed and replication, for all traffics of one size, so that they mean the same keys.
const SCRAMBLE: u64 = 0x005C_A1E1_AB00;

/// The ids behind the ranks of a keys plan, in the run of these seeds.
pub fn keyspace(keys: &KeysPlan, (seed, replication): (u64, u64)) -> Keyspace {
    if !keys.scrambled {
        return Keyspace::in_order(keys.size);
    }
    Keyspace::new(keys.size, combine(SCRAMBLE, combine(seed, replication)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::keys::Keys;

    /// Intervals are not those of one placement: another replication has other favourites, each variant of it the same.
    #[test]
    fn which_key_is_wanted_most_is_drawn_for_each_replication() {
        let plan = |scrambled| KeysPlan {
            popularity: Keys::zipf(1_000, 1.0).expect("a law"),
            size: 1_000,
            scrambled,
        };
        let hottest = |seeds| keyspace(&plan(true), seeds).id(0);
        assert_eq!(hottest((1, 4)), hottest((1, 4)));
        let of_replications: std::collections::BTreeSet<u64> = (0..50).map(|r| hottest((1, r))).collect();
        let of_seeds: std::collections::BTreeSet<u64> = (0..50).map(|seed| hottest((seed, 0))).collect();
        assert!(of_replications.len() > 40 && of_seeds.len() > 40);
        assert!((0..50).all(|r| keyspace(&plan(false), (1, r)).id(0) == 0), "unless it is said");
    }
}
