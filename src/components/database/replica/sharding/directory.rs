//! A table says which shard has which slot: any slot can be moved, and a new shard gets just its share.

use super::Scheme;
use crate::catalog::Policy;
use crate::parts::ring::{SLOTS, Server, SlotTable};

pub(super) const ENTRY: Policy = Policy {
    name: "directory",
    about: "a table says which shard has which of 16,384 slots",
    source: "Redis cluster specification; Vitess and HBase keep such a table",
    wrong_when: "nobody can keep the table and everybody's copy of it up to date",
};

pub(super) const SCHEME: Scheme = Scheme { in_order: false, owners };

fn owners(shards: u16, before: Option<&[u16]>) -> Vec<u16> {
    let servers: Vec<Server> = (0..shards).map(|id| Server::new(id, id.to_string())).collect();
    let mut table = SlotTable::new(&servers);
    if let Some(before) = before {
        before.iter().enumerate().for_each(|(slot, owner)| table.give(slot as u16, *owner));
        for change in table.rebalance(&servers) {
            table.give(change.slot, change.to);
        }
    }
    (0..SLOTS).map(|slot| table.owner(slot)).collect()
}
