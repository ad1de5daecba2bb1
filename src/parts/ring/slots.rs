//! Slots: keys hash to 16,384 slots, and a table says who has which slot.
//!
//! Redis cluster (its specification, redis.io; `redis-cli --cluster create` and `rebalance`). A table instead of a
//! function: which slots move, and when, is somebody's decision, and a slot can move while it serves.

use super::hash::{CRC16, crc16};
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

/// Digits of the largest key.
const DIGITS: usize = 20;

/// What a digit contributes to the checksum of a decimal number, by its place from the right: CRC-16 without start value is linear (a sum of
/// what each byte does alone), and zero bytes before a text change nothing.
static OF_DIGIT: [[u16; 10]; DIGITS] = checksums_of_digits();

const fn checksums_of_digits() -> [[u16; 10]; DIGITS] {
    let mut table = [[0; 10]; DIGITS];
    let mut digit = 0;
    while digit < 10 {
        let mut crc = CRC16[b'0' as usize + digit];
        let mut place = 0;
        while place < DIGITS {
            table[place][digit] = crc;
            crc = (crc << 8) ^ CRC16[(crc >> 8) as usize];
            place += 1;
        }
        digit += 1;
    }
    table
}

/// The slot of a key that is a number, written in decimal: what [`slot_of`] says of its text.
#[inline]
pub fn slot_of_number(mut key: u64) -> u16 {
    let mut crc = 0;
    for place in &OF_DIGIT {
        crc ^= place[(key % 10) as usize];
        key /= 10;
        if key == 0 {
            break;
        }
    }
    crc % SLOTS
}

pub(super) fn make() -> Box<dyn Placement> {
    Box::new(SlotTable::default())
}

/// Slots in a block.
const BLOCK: usize = 64;

/// Not all slots of the block are of one server; no server has this number ([`NOBODY`] is the highest).
const MIXED: u16 = NOBODY - 1;

/// Who has which slot. Every caller and every node has a table, and servers have their slots in ranges: most questions are answered by what
/// is kept for a block of slots, which together with those of all others stays in the processor's nearest cache.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SlotTable {
    owners: Vec<u16>,
    /// The owner of all slots of a block, or [`MIXED`].
    blocks: Vec<u16>,
}

/// The owner of all these slots, or [`MIXED`].
fn owner_of_all(slots: &[u16]) -> u16 {
    let first = slots.first().copied().unwrap_or(NOBODY);
    if slots.iter().all(|owner| *owner == first) { first } else { MIXED }
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
        let blocks = owners.chunks(BLOCK).map(owner_of_all).collect();
        SlotTable { owners, blocks }
    }

    /// Who has a slot.
    #[inline]
    pub fn owner(&self, slot: u16) -> u16 {
        match self.blocks[usize::from(slot) / BLOCK] {
            MIXED => self.owners[usize::from(slot)],
            owner => owner,
        }
    }

    /// A slot changes hands.
    pub fn give(&mut self, slot: u16, to: u16) {
        debug_assert_ne!(to, MIXED);
        self.owners[usize::from(slot)] = to;
        let block = usize::from(slot) / BLOCK;
        let slots = block * BLOCK..(block + 1) * BLOCK;
        self.blocks[block] = owner_of_all(&self.owners[slots]);
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

    #[test]
    fn a_number_is_hashed_as_its_text() {
        for key in (0..20_000).chain((0..64).map(|bits| u64::MAX >> bits)) {
            assert_eq!(slot_of_number(key), slot_of(key.to_string().as_bytes()), "{key}");
        }
    }

    proptest::proptest! {
        #[test]
        fn blocks_say_what_the_table_says(moves in proptest::collection::vec((0..SLOTS / 40, 0..3_u16, 1..200_u16), 1..40)) {
            let mut table = SlotTable::new(&laws::servers(&[1; 3]));
            let mut owners: Vec<u16> = (0..SLOTS).map(|slot| table.owner(slot)).collect();
            for (first, to, count) in moves {
                for slot in first * 40..(first * 40 + count).min(SLOTS) {
                    table.give(slot, if to == 2 { NOBODY } else { to });
                    owners[usize::from(slot)] = table.owners[usize::from(slot)];
                }
                proptest::prop_assert!((0..SLOTS).all(|slot| table.owner(slot) == owners[usize::from(slot)]));
            }
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
