//! Slots: keys hash to 16,384 slots, and a table says who has which slot.
//!
//! Redis cluster (its specification, redis.io; `redis-cli --cluster create` and `rebalance`). A table instead of a
//! function: which slots move, and when, is somebody's decision, and a slot can move while it serves.

use super::hash::crc16;
use super::{Placement, Server};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "slots",
    about: "CRC16 of the key (or of its {tag}) modulo 16,384, and a table of who has which slot",
    source: "Redis cluster specification",
    wrong_when: "callers cannot keep a table and learn its changes",
};

/// Number of slots.
pub const SLOTS: u16 = 16_384;

/// Nobody has the slot.
pub const NOBODY: u16 = u16::MAX;

/// The slot of a key. Of a key with a {tag} that is not empty, only the tag counts.
pub fn slot_of(key: &[u8]) -> u16 {
    let tag = key.iter().position(|byte| *byte == b'{').and_then(|open| {
        let inside = &key[open + 1..];
        let length = inside.iter().position(|byte| *byte == b'}')?;
        (length > 0).then(|| &inside[..length])
    });
    crc16(tag.unwrap_or(key)) % SLOTS
}

pub(super) fn make() -> Box<dyn Placement> {
    Box::new(SlotTable::default())
}

/// Who has which slot.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SlotTable {
    owners: Vec<u16>,
}

/// A slot that changes hands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Move {
    /// Which.
    pub slot: u16,
    /// Who has it; [`NOBODY`] if its owner is gone.
    pub from: u16,
    /// Who gets it.
    pub to: u16,
}

impl SlotTable {
    /// A new table: each server has one range, in their order, as `redis-cli --cluster create` lays them out.
    pub fn new(servers: &[Server]) -> Self {
        let total: u64 = servers.iter().map(|server| u64::from(server.weight)).sum();
        let mut owners = Vec::with_capacity(usize::from(SLOTS));
        let mut sum = 0;
        for server in servers {
            sum += u64::from(server.weight);
            let end = (2 * u64::from(SLOTS) * sum + total) / (2 * total);
            owners.resize(end as usize, server.id);
        }
        SlotTable { owners }
    }

    /// Who has a slot.
    #[inline]
    pub fn owner(&self, slot: u16) -> u16 {
        self.owners[usize::from(slot)]
    }

    /// A slot changes hands.
    pub fn give(&mut self, slot: u16, to: u16) {
        self.owners[usize::from(slot)] = to;
    }

    /// Number of slots of a server.
    pub fn count(&self, id: u16) -> u64 {
        self.owners.iter().filter(|owner| **owner == id).count() as u64
    }

    /// The fewest moves after which every server has its share: what is over goes, lowest slots first, to those who lack
    /// (`redis-cli --cluster rebalance`). Slots of servers that are not in the list all go.
    pub fn rebalance(&self, servers: &[Server]) -> Vec<Move> {
        let mut room = self.room(servers);
        let mut takers =
            (0..servers.len()).filter(|at| room[*at] > 0).collect::<Vec<_>>().into_iter().peekable();
        let mut left: Vec<i64> = takers.clone().map(|at| room[at]).collect();
        let mut moves = Vec::new();
        let mut taker = 0;
        for (slot, from) in self.owners.iter().enumerate() {
            let over = servers.iter().position(|server| server.id == *from);
            let goes = over.is_none_or(|at| room[at] < 0);
            while left.get(taker) == Some(&0) {
                taker += 1;
                takers.next();
            }
            let Some(at) = takers.peek().filter(|_| goes) else { continue };
            if let Some(over) = over {
                room[over] += 1;
            }
            left[taker] -= 1;
            moves.push(Move { slot: slot as u16, from: *from, to: servers[*at].id });
        }
        moves
    }

    /// How many slots each server lacks of its share; negative: has too many. What does not divide evenly stays with those
    /// who have most.
    fn room(&self, servers: &[Server]) -> Vec<i64> {
        let total: u64 = servers.iter().map(|server| u64::from(server.weight)).sum();
        let fair = |server: &Server| (u64::from(SLOTS) * u64::from(server.weight) / total) as i64;
        let mut room: Vec<i64> =
            servers.iter().map(|server| fair(server) - self.count(server.id) as i64).collect();
        let spare = i64::from(SLOTS) - servers.iter().map(fair).sum::<i64>();
        let mut order: Vec<usize> = (0..servers.len()).collect();
        order.sort_by_key(|at| room[*at]);
        for at in order.into_iter().take(spare as usize) {
            room[at] += 1;
        }
        room
    }
}

impl Placement for SlotTable {
    fn arrange(&mut self, servers: &[Server]) {
        if self.owners.is_empty() {
            *self = SlotTable::new(servers);
        }
        for Move { slot, to, .. } in self.rebalance(servers) {
            self.give(slot, to);
        }
    }

    fn place(&self, key: &[u8]) -> u16 {
        self.owner(slot_of(key))
    }

    fn fork(&self) -> Box<dyn Placement> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::laws;
    use super::*;

    #[test]
    fn as_redis() {
        for row in laws::rows("keyslot.csv") {
            assert_eq!(slot_of(row[0].as_bytes()).to_string(), row[1], "{row:?}");
        }
    }

    /// What `redis-cli --cluster create` prints for three masters.
    #[test]
    fn three_servers_have_three_ranges() {
        let table = SlotTable::new(&laws::servers(&[1; 3]));
        let ends = [0, 5460, 5461, 10_922, 10_923, 16_383];
        assert_eq!(ends.map(|slot| table.owner(slot)), [0, 0, 1, 1, 2, 2]);
    }

    #[test]
    fn weights_are_shares() {
        laws::shares("slots", &[5, 3, 2], 0.02);
        let table = SlotTable::new(&laws::servers(&[5, 3, 2]));
        assert_eq!([0, 1, 2].map(|id| table.count(id)), [8192, 4915, 3277]);
    }

    #[test]
    fn a_fourth_server_gets_a_quarter_and_nothing_else_moves() {
        let servers = laws::servers(&[1; 4]);
        let moves = SlotTable::new(&servers[..3]).rebalance(&servers);
        assert_eq!(moves.len(), 4096);
        assert!(moves.iter().all(|each| each.to == 3));
        laws::moved_at_most("slots", 3, 4, 0.27);
        laws::moved_at_most("slots", 5, 4, 0.22);
    }
}
