//! From which IPv4 address a user comes: one of many, the one of a NAT, or a new one from time to time.
//!
//! Nothing is kept: an address is a function of the user and the time, so that a million users cost no memory and every variant
//! sees the same ones. Other replications have others: where a hash sends them is chance.

use super::source::{ADDRESS, USER};
use crate::catalog::Settings;
use crate::kernel::Time;
use crate::random::draw::DrawKey;
use crate::random::mix::{combine, hash_name, unit};

/// The addresses of a traffic.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    count: u64,
    nat: f64,
    lifetime: Option<Time>,
    /// Where the draws of this run begin.
    lot: u64,
}

const BEHIND_NAT: u64 = hash_name("behind a NAT");
const PHASE: u64 = hash_name("when an address changes");
const NUMBER: u64 = hash_name("the n-th address");
/// Number of the NAT's address, apart from those of single users.
const NAT: u64 = u64::MAX;

impl Addresses {
    /// As the settings say; `None` if addresses are not modelled.
    pub fn new(settings: &Settings, (seed, replication): (u64, u64)) -> Option<Self> {
        Some(Addresses {
            lot: combine(seed, replication),
            count: settings.count("addresses")?,
            nat: settings.share("nat").expect("preset"),
            lifetime: settings.duration("address_lifetime"),
        })
    }

    /// The address of a user now; user 0 stands for nobody in particular, who is somebody else with each request.
    pub fn of(&self, user: u32, draw: DrawKey, now: Time) -> u32 {
        let user = if user == 0 { draw.bits(USER, 0) } else { u64::from(user) };
        if unit(self.trait_of(user, BEHIND_NAT)) < self.nat {
            return unicast(self.trait_of(NAT, NUMBER));
        }
        let moves = self.lifetime.map_or(0, |lifetime| self.moves(user, lifetime, now));
        // Users are dealt out evenly; after a move each goes anywhere.
        let number = if moves == 0 { user } else { self.trait_of(user, moves) };
        unicast(self.trait_of(number % self.count, NUMBER))
    }

    /// A number of a user that stays the same.
    fn trait_of(&self, user: u64, what: u64) -> u64 {
        DrawKey(combine(self.lot, user)).bits(ADDRESS, what)
    }

    /// How often a user has changed the address so far; each at moments of his own.
    fn moves(&self, user: u64, lifetime: Time, now: Time) -> u64 {
        let phase = (unit(self.trait_of(user, PHASE)) * lifetime as f64) as Time;
        now.saturating_add(phase) / lifetime
    }
}

/// An address that a host on the Internet can have: neither private nor loopback nor multicast.
fn unicast(bits: u64) -> u32 {
    let address = (bits >> 32) as u32;
    let first = match 1 + (address >> 24) % 223 {
        10 => 11,
        127 => 128,
        172 => 173,
        192 => 193,
        first => first,
    };
    (first << 24) | (address & 0x00FF_FFFF)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    const HOUR: Time = 3_600_000_000_000;

    fn of(addresses: &Addresses, users: std::ops::Range<u32>, now: Time) -> Vec<u32> {
        users.map(|user| addresses.of(user, DrawKey(u64::from(user)), now)).collect()
    }

    #[test]
    fn users_are_spread_evenly_and_keep_their_addresses() {
        let addresses = Addresses { count: 100, nat: 0.0, lifetime: None, lot: 7 };
        let first = of(&addresses, 1..1001, 0);
        assert_eq!(first, of(&addresses, 1..1001, HOUR));
        let different: BTreeSet<u32> = first.iter().copied().collect();
        assert_eq!(different.len(), 100);
        assert_eq!(first.iter().filter(|address| **address == first[0]).count(), 10);
    }

    #[test]
    fn another_replication_has_other_addresses() {
        let one = Addresses { count: 1 << 31, nat: 0.0, lifetime: None, lot: 7 };
        let other = Addresses { lot: 8, ..one.clone() };
        assert_eq!(of(&one, 1..100, 0), of(&one, 1..100, 5));
        assert!(of(&one, 1..100, 0).iter().zip(of(&other, 1..100, 0)).all(|(a, b)| *a != b));
    }

    #[test]
    fn a_share_sits_behind_one_address() {
        let addresses = Addresses { count: 1 << 31, nat: 0.3, lifetime: None, lot: 7 };
        let all = of(&addresses, 1..10_001, 0);
        let nat = unicast(addresses.trait_of(NAT, NUMBER));
        let share = all.iter().filter(|address| **address == nat).count() as f64 / 1e4;
        assert!((share - 0.3).abs() < 0.02, "{share}");
    }

    #[test]
    fn addresses_change_once_per_lifetime() {
        let addresses = Addresses { count: 1 << 31, nat: 0.0, lifetime: Some(HOUR), lot: 7 };
        let at = |now| of(&addresses, 1..1001, now);
        let (begin, half, whole) = (at(5 * HOUR), at(5 * HOUR + HOUR / 2), at(6 * HOUR));
        let changed = begin.iter().zip(&half).filter(|(a, b)| a != b).count();
        assert!((430..570).contains(&changed), "{changed} of 1000 in half a lifetime");
        assert!(begin.iter().zip(&whole).all(|(a, b)| a != b));
    }

    #[test]
    fn requests_of_nobody_come_from_everywhere() {
        let addresses = Addresses { count: 1 << 31, nat: 0.0, lifetime: None, lot: 7 };
        let all: BTreeSet<u32> = (0..100).map(|n| addresses.of(0, DrawKey(n), 0)).collect();
        assert_eq!(all.len(), 100);
    }
}
