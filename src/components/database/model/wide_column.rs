//! Wide-column: rows sorted by key, each column family in files of its own; writes go to memory and a log.

use super::heap::Heap;
use super::schema::{Needs, PART_BYTES, Portion, Schema};
use super::tree::Tree;
use super::work::{Area, Work};
use super::{Found, Model, Question, Switches, Versions};
use crate::catalog::Policy;
use std::collections::BTreeSet;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "wide_column",
    about: "sorted rows, each column family in its own files with a block index; new cells in memory",
    source: "Chang et al., Bigtable, OSDI 2006; log-structured merge: O'Neil et al., Acta Informatica 1996",
    wrong_when: "whole rows are read one at a time (one file for each family), or anything must be joined",
};

/// What it answers.
pub const ANSWERS: &[Question] = &[Question::Point, Question::Aggregate, Question::Columns];

/// Cells held in memory before they are written out: hbase.hregion.memstore.flush.size, 128 MiB (hbase-default.xml).
const MEMORY_BYTES: u64 = 128 << 20;

/// One compacted run of files and the memory in front of it. Compaction is background work that is not counted here; with
/// more runs, a read would touch one block in each whose Bloom filter does not exclude the row.
#[derive(Clone)]
struct WideColumn {
    schema: Schema,
    /// Keys of the run, in order; all families hold the same rows.
    keys: Vec<u64>,
    families: Vec<Family>,
    /// A family for each child table: the parts of a row lie together.
    parts: Vec<Family>,
    /// Rows written since the last flush: their cells are in memory.
    memory: BTreeSet<u64>,
    /// Rows taken out since then: markers in memory, so that nobody looks for them in the files.
    dead: BTreeSet<u64>,
}

#[derive(Clone)]
struct Family {
    area: u8,
    /// First key of each block, and the place of its row.
    index: Tree,
    heap: Heap,
}

impl Family {
    fn new(area: u8, record_bytes: u64, schema: &Schema, keys: &[u64]) -> Self {
        let heap = Heap::new(Area(area + 1), record_bytes, schema.page_bytes);
        Family { area, index: Family::index(area, &heap, schema, keys), heap }
    }

    fn index(area: u8, heap: &Heap, schema: &Schema, keys: &[u64]) -> Tree {
        let rows = heap.records_per_page() as usize;
        let blocks = keys.iter().enumerate().step_by(rows).map(|(place, key)| (*key, place as u32));
        Tree::load(Area(area), schema.page_bytes, blocks)
    }

    /// Reads the block where a key belongs: place of its first row that is not below the key, or of the one behind the block.
    fn seek(&self, key: u64, keys: &[u64], work: &mut Work) -> usize {
        let block = self.index.floor(key, work).map_or(0, |(_, place)| place as usize);
        if !keys.is_empty() {
            self.heap.touch(block as u32, work);
        }
        let end = (block + self.heap.records_per_page() as usize).min(keys.len());
        block + keys[block..end].partition_point(|other| *other < key)
    }
}

/// Builds it.
pub fn build(schema: &Schema, portion: Portion<'_>, needs: Needs, switches: Switches) -> Box<dyn Model> {
    let keys: Vec<u64> = portion.ids(schema).collect();
    let (count, bytes) = match switches.families {
        true => (schema.families, schema.family_bytes()),
        false => (1, schema.row_bytes),
    };
    let parts = if needs.parts { schema.tables } else { 0 };
    let family = |n: u64, bytes| Family::new(2 * n as u8, bytes, schema, &keys);
    Box::new(WideColumn {
        schema: *schema,
        families: (0..count).map(|n| family(n, bytes)).collect(),
        parts: (count..count + parts).map(|n| family(n, schema.parts * PART_BYTES)).collect(),
        keys,
        memory: BTreeSet::new(),
        dead: BTreeSet::new(),
    })
}

impl WideColumn {
    /// Reads a row in one family, from memory or from its block; false if there is none.
    fn read(&self, family: &Family, key: u64, work: &mut Work) -> bool {
        work.step(); // the memory is asked first
        if self.memory.contains(&key) {
            work.row(self.schema.family_bytes());
            return true;
        }
        if self.dead.contains(&key) {
            return false;
        }
        let is_there = self.keys.get(family.seek(key, &self.keys, work)) == Some(&key);
        if is_there {
            work.row(self.schema.family_bytes());
        }
        is_there
    }

    fn point(&self, key: u64, versions: Versions<'_>, work: &mut Work) -> Found {
        let mut is_there = false;
        for family in &self.families {
            is_there |= self.read(family, key, work);
        }
        match is_there {
            true => Found::row(self.schema.row_sum(key, versions(key)), self.schema.row_bytes),
            false => Found::default(),
        }
    }

    fn aggregate(&self, key: u64, versions: Versions<'_>, work: &mut Work) -> Found {
        let mut found = self.point(key, versions, work);
        if found.rows == 0 || self.schema.parts_of(key) == 0 {
            return found;
        }
        for (table, family) in (0..).zip(&self.parts) {
            work.step();
            family.seek(key, &self.keys, work);
            (0..self.schema.parts).for_each(|_| work.row(PART_BYTES));
            found.add_parts(super::parts_by_rule(&self.schema, table, key));
        }
        found
    }

    /// Walks along the families that the columns lie in.
    fn columns(&self, key: u64, versions: Versions<'_>, work: &mut Work) -> Found {
        let families = self.families.iter().take(self.schema.few_families() as usize);
        let walks = families.map(|family| self.walk(family, key, work));
        let ids = walks.last().expect("there is a family");
        Found::columns(&self.schema, ids.into_iter(), versions)
    }

    /// The rows from a key on, along one family; rows in memory are merged in.
    fn walk(&self, family: &Family, key: u64, work: &mut Work) -> Vec<u64> {
        work.step();
        let mut place = family.seek(key, &self.keys, work);
        let mut fresh = self.memory.range(key..).copied().peekable();
        let mut ids = Vec::with_capacity(self.schema.scan as usize);
        while (ids.len() as u64) < self.schema.scan {
            let next = match (self.keys.get(place).copied(), fresh.peek().copied()) {
                (None, None) => break,
                (Some(old), new) if new.is_none_or(|new| old <= new) => {
                    family.heap.touch(place as u32, work);
                    place += 1;
                    old
                }
                (_, new) => new.expect("one of both"),
            };
            if self.dead.contains(&next) {
                continue;
            }
            if fresh.peek() == Some(&next) {
                fresh.next();
            }
            work.row(self.schema.family_bytes());
            ids.push(next);
        }
        ids
    }

    /// Merges the rows in memory into the files.
    fn flush(&mut self) {
        let memory = std::mem::take(&mut self.memory);
        let dead = std::mem::take(&mut self.dead);
        self.keys.extend(memory);
        self.keys.sort_unstable();
        self.keys.dedup();
        self.keys.retain(|key| !dead.contains(key));
        for family in self.families.iter_mut().chain(&mut self.parts) {
            family.index = Family::index(family.area, &family.heap, &self.schema, &self.keys);
        }
    }
}

impl Model for WideColumn {
    fn ask(&self, question: Question, key: u64, versions: Versions<'_>, work: &mut Work) -> Found {
        match question {
            Question::Point => self.point(key, versions, work),
            Question::Aggregate => self.aggregate(key, versions, work),
            Question::Columns => self.columns(key, versions, work),
            Question::FriendsOfFriends | Question::Join => {
                debug_assert!(false, "checked when the model was built");
                Found::default()
            }
        }
    }

    /// Into memory, without a look at what was there.
    fn write(&mut self, key: u64, work: &mut Work) {
        work.step();
        work.row(self.schema.row_bytes);
        self.memory.insert(key);
        self.dead.remove(&key);
        if self.memory.len() as u64 * self.schema.row_bytes >= MEMORY_BYTES {
            self.flush();
        }
    }

    fn remove(&mut self, key: u64) {
        self.memory.remove(&key);
        self.dead.insert(key);
    }

    fn stored(&self) -> u64 {
        let new = self.memory.iter().filter(|key| self.keys.binary_search(key).is_err()).count();
        let gone = self.dead.iter().filter(|key| self.keys.binary_search(key).is_ok()).count();
        (self.keys.len() + new - gone) as u64
    }

    fn fork(&self) -> Box<dyn Model> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::schema::small;
    use super::*;

    /// What is in memory costs no page; a flush brings it to the files, where it is found again.
    #[test]
    fn a_flush_moves_rows_from_memory_to_files() {
        let schema = Schema { row_bytes: 40 << 20, families: 1, ..small(2) };
        let mut store = build(&schema, Portion::ALL, Needs::default(), Switches::default());
        let found = |store: &dyn Model, key| {
            let mut work = Work::default();
            let found = store.ask(Question::Point, key, &|_| 0, &mut work);
            (found.rows, work.pages().is_empty())
        };
        assert_eq!(found(&*store, 7), (0, false));
        for key in [7, 9, 5] {
            store.write(key, &mut Work::default());
            assert_eq!(found(&*store, key), (1, true), "in memory");
        }
        store.write(8, &mut Work::default()); // 160 MiB: out it goes
        for key in [0, 1, 5, 7, 8, 9] {
            assert_eq!(found(&*store, key), (1, false), "in the files: {key}");
        }
        assert_eq!(found(&*store, 6).0, 0);
    }
}
