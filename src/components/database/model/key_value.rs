//! Key-value: a hash table from keys to values that nobody looks into.

use super::heap::Heap;
use super::schema::{Needs, Portion, Schema};
use super::tree::Tree;
use super::work::{Area, Work};
use super::{Found, Model, Question, Switches, Versions};
use crate::catalog::Policy;
use crate::random::mix::mix64;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "key_value",
    about: "a hash table in memory that tells where each value lies: one probe, one page",
    source: "Sheehy and Smith, Bitcask 2010; DeCandia et al., Dynamo, SOSP 2007",
    wrong_when: "anything is asked but the value of a key: there are no ranges, joins or secondary indexes",
};

/// What it answers.
pub const ANSWERS: &[Question] = &[Question::Point];

/// Open addressing with linear probing (Knuth, vol. 3, 6.4), at most three quarters full.
#[derive(Clone)]
struct KeyValue {
    schema: Schema,
    /// Places plus one; 0 is free.
    slots: Vec<u32>,
    /// The key at each place, or [`GONE`].
    keys: Vec<u64>,
    /// How many of them are [`GONE`].
    gone: u64,
    heap: Heap,
    /// With the mechanism switched off: an ordinary index instead of the hash table.
    tree: Option<Tree>,
}

/// Where a removed key was.
const GONE: u64 = u64::MAX;

/// Builds it.
pub fn build(schema: &Schema, portion: Portion<'_>, _needs: Needs, switches: Switches) -> Box<dyn Model> {
    let mut store = KeyValue {
        schema: *schema,
        slots: Vec::new(),
        keys: portion.ids(schema).collect(),
        gone: 0,
        heap: Heap::new(Area(1), schema.row_bytes, schema.page_bytes),
        tree: (!switches.hashing).then(|| Tree::load(Area(0), schema.page_bytes, portion.places(schema))),
    };
    store.rehash();
    Box::new(store)
}

impl KeyValue {
    fn rehash(&mut self) {
        let slots = (self.keys.len() * 4 / 3 + 1).next_power_of_two().max(4);
        self.slots = vec![0; slots];
        for place in (0..self.keys.len()).filter(|place| self.keys[*place] != GONE).collect::<Vec<_>>() {
            let (slot, _) = self.probe(self.keys[place], &mut Work::default());
            self.slots[slot] = place as u32 + 1;
        }
    }

    /// The slot of a key, and the place it holds; if there is none, the free slot where it would go.
    #[inline]
    fn probe(&self, key: u64, work: &mut Work) -> (usize, Option<u32>) {
        let mask = self.slots.len() - 1;
        let mut slot = mix64(key) as usize & mask;
        loop {
            work.step();
            match self.slots[slot] {
                0 => return (slot, None),
                place if self.keys[place as usize - 1] == key => return (slot, Some(place - 1)),
                _ => slot = (slot + 1) & mask,
            }
        }
    }

    /// Frees a slot; keys behind it that were pushed past it move up (Knuth, vol. 3, 6.4, algorithm R).
    fn free(&mut self, mut hole: usize) {
        let mask = self.slots.len() - 1;
        let mut slot = hole;
        loop {
            self.slots[hole] = 0;
            loop {
                slot = (slot + 1) & mask;
                if self.slots[slot] == 0 {
                    return;
                }
                let home = mix64(self.keys[self.slots[slot] as usize - 1]) as usize & mask;
                // It may move to the hole if its home is not between the hole and where it is.
                if (slot.wrapping_sub(home) & mask) >= (slot.wrapping_sub(hole) & mask) {
                    break;
                }
            }
            self.slots[hole] = self.slots[slot];
            hole = slot;
        }
    }

    fn find(&self, key: u64, work: &mut Work) -> Option<u32> {
        match &self.tree {
            Some(tree) => tree.find(key, work),
            None => self.probe(key, work).1,
        }
    }
}

impl Model for KeyValue {
    fn ask(&self, question: Question, key: u64, versions: Versions<'_>, work: &mut Work) -> Found {
        debug_assert_eq!(question, Question::Point, "checked when the model was built");
        let Some(place) = self.find(key, work) else { return Found::default() };
        self.heap.read(place, work);
        Found::row(self.schema.row_sum(key, versions(key)), self.schema.row_bytes)
    }

    fn write(&mut self, key: u64, work: &mut Work) {
        let (slot, found) = self.probe(key, work);
        let place = found.unwrap_or(self.keys.len() as u32);
        if found.is_none() {
            self.slots[slot] = place + 1;
            self.keys.push(key);
            if let Some(tree) = &mut self.tree {
                tree.insert(key, place, work);
            }
            if self.keys.len() * 4 > self.slots.len() * 3 {
                self.rehash();
            }
        }
        self.heap.read(place, work);
    }

    fn remove(&mut self, key: u64) {
        let (slot, Some(place)) = self.probe(key, &mut Work::default()) else { return };
        self.free(slot);
        self.keys[place as usize] = GONE;
        self.gone += 1;
        if let Some(tree) = &mut self.tree {
            tree.remove(key);
        }
    }

    fn stored(&self) -> u64 {
        self.keys.len() as u64 - self.gone
    }

    fn fork(&self) -> Box<dyn Model> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema::small;
    use super::*;

    #[test]
    fn the_table_is_never_more_than_three_quarters_full() {
        let schema = small(3);
        let mut store = KeyValue {
            schema,
            slots: Vec::new(),
            keys: (0..3).collect(),
            gone: 0,
            heap: Heap::new(Area(1), 50, 256),
            tree: None,
        };
        store.rehash();
        for key in 3..500 {
            store.write(key, &mut Work::default());
            let used = store.slots.iter().filter(|slot| **slot != 0).count();
            assert_eq!(used, store.keys.len());
            assert!(used * 4 <= store.slots.len() * 3);
        }
    }

    /// Knuth: a successful search takes (1 + 1 / (1 - load)) / 2 probes on average.
    #[test]
    fn probes_are_as_many_as_knuth_says() {
        let mut store = KeyValue {
            schema: small(0),
            slots: Vec::new(),
            keys: (0..48_000).collect(),
            gone: 0,
            heap: Heap::new(Area(1), 50, 8192),
            tree: None,
        };
        store.rehash();
        let load = 48_000.0 / store.slots.len() as f64;
        let mut work = Work::default();
        (0..48_000).for_each(|key| assert_eq!(store.probe(key, &mut work).1, Some(key as u32)));
        let (mean, expected) = (work.index_steps as f64 / 48_000.0, 0.5 * (1.0 + 1.0 / (1.0 - load)));
        assert!((mean / expected - 1.0).abs() < 0.03, "{mean} for {expected}");
    }
}
