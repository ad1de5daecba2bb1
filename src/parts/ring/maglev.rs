//! Maglev: servers take turns in filling a large table, each in an order of its own.
//!
//! Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, section 3.4. Look-up is one
//! access, shares are even to a fraction of a percent; when a server goes, a few entries change between those that
//! stay. The table has 65,537 entries, the paper's smaller size. With weights a server takes its turn as often as its
//! weight says. Hashes are SipHash-1-3 of a seed and the name or key, as in the Rust crate `maglev` 0.2.1.

use super::siphash::siphash13;
use super::{Placement, Server};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "maglev",
    about: "servers take turns to fill a table of 65,537: even shares, one look-up",
    source: "Eisenbud et al., NSDI 2016; hashes as in the crate maglev 0.2.1",
    wrong_when: "no key may move between servers that stay: a few in a thousand do",
};

/// Entries of the table, a prime.
const SIZE: u64 = 65_537;
const OFFSET_SEED: u32 = 0xdead_babe;
const SKIP_SEED: u32 = 0xdead_beef;
/// More servers than this would fill less than one entry each.
const EMPTY: u16 = u16::MAX;

pub(super) fn make() -> Box<dyn Placement> {
    Box::new(Maglev { table: Vec::new() })
}

fn hash(seed: u32, text: &[u8]) -> u64 {
    siphash13(&[&seed.to_le_bytes(), text, &[0xff]])
}

#[derive(Clone)]
struct Maglev {
    table: Vec<u16>,
}

/// A server filling the table.
struct Filler {
    id: u16,
    at: u64,
    skip: u64,
    weight: u64,
    /// Turns saved up, in parts of the greatest weight.
    saved: u64,
}

impl Filler {
    fn new(server: &Server) -> Self {
        let name = server.name.as_bytes();
        let at = hash(OFFSET_SEED, name) % SIZE;
        let skip = hash(SKIP_SEED, name) % (SIZE - 1) + 1;
        Filler { id: server.id, at, skip, weight: u64::from(server.weight), saved: 0 }
    }

    /// Takes its next free entry.
    fn take(&mut self, table: &mut [u16]) {
        while table[self.at as usize] != EMPTY {
            self.at = (self.at + self.skip) % SIZE;
        }
        table[self.at as usize] = self.id;
    }
}

impl Placement for Maglev {
    fn arrange(&mut self, servers: &[Server]) {
        let mut fillers: Vec<Filler> = servers.iter().map(Filler::new).collect();
        let greatest = fillers.iter().map(|filler| filler.weight).max().expect("at least one server");
        self.table = vec![EMPTY; SIZE as usize];
        let mut left = SIZE;
        while left > 0 {
            for filler in &mut fillers {
                filler.saved += filler.weight;
                if filler.saved >= greatest && left > 0 {
                    filler.saved -= greatest;
                    filler.take(&mut self.table);
                    left -= 1;
                }
            }
        }
    }

    fn place(&self, key: &[u8]) -> u16 {
        self.table[(hash(OFFSET_SEED, key) % SIZE) as usize]
    }

    fn fork(&self) -> Box<dyn Placement> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::laws;

    #[test]
    fn as_the_crate() {
        laws::equals_reference("maglev", "maglev_3");
        laws::balance("maglev", &[1; 3], &[3310, 3292, 3398]);
        laws::balance("maglev", &[1; 4], &[2512, 2501, 2590, 2397]);
        laws::balance("maglev", &[1; 5], &[1987, 2027, 2041, 1904, 2041]);
        laws::balance("maglev", &[1; 10], &[1013, 1007, 1036, 924, 1038, 966, 988, 1029, 1062, 937]);
        laws::moved("maglev", 3, 4, (0.2404, 7));
        laws::moved("maglev", 4, 5, (0.2043, 2));
        laws::moved("maglev", 3, 5, (0.3947, 2));
        laws::moved_without("maglev", 5, 1, (0.2033, 6));
        laws::moved_without("maglev", 10, 4, (0.1074, 36));
    }

    #[test]
    fn weights_are_shares() {
        laws::shares("maglev", &[5, 3, 2], 0.02);
        laws::shares("maglev", &[1, 10], 0.02);
    }
}
