//! Rows behind a primary key, a secondary index, and child tables: what relational, document and graph stores have in common.

use super::heap::Heap;
use super::schema::{PART_BYTES, Portion, Schema};
use super::tree::Tree;
use super::work::{Area, Work};

/// Two numbers as one key of an index: everything under `a` lies together, in the order of `b`.
#[inline]
pub fn pair(a: u64, b: u64) -> u64 {
    a << 32 | b
}

/// The second number of a pair.
#[inline]
pub fn second(key: u64) -> u64 {
    key & 0xFFFF_FFFF
}

/// Rows in the order in which they came, with an index on the primary key.
#[derive(Clone, Debug)]
pub struct Table {
    index: Tree,
    heap: Heap,
    /// The place of the next new row.
    end: u32,
}

impl Table {
    /// A table of these rows; it uses the area given and the next one.
    pub fn new(area: u8, schema: &Schema, portion: Portion<'_>, record_bytes: u64) -> Self {
        let index = Tree::load(Area(area), schema.page_bytes, portion.places(schema));
        let end = index.len() as u32;
        Table { index, heap: Heap::new(Area(area + 1), record_bytes, schema.page_bytes), end }
    }

    /// The place of a row.
    #[inline]
    pub fn find(&self, id: u64, work: &mut Work) -> Option<u32> {
        self.index.find(id, work)
    }

    /// Reads the row at a place.
    #[inline]
    pub fn read(&self, place: u32, work: &mut Work) {
        self.heap.read(place, work);
    }

    /// Finds and reads a row; whether there is one.
    #[inline]
    pub fn fetch(&self, id: u64, work: &mut Work) -> bool {
        let place = self.find(id, work);
        place.inspect(|place| self.read(*place, work)).is_some()
    }

    /// Ids and places of at most `count` rows, from an id on, in order.
    pub fn range(&self, from: u64, count: u64, work: &mut Work) -> Vec<(u64, u32)> {
        let mut found = Vec::with_capacity(count as usize);
        self.index.walk(from, work, |id, place| {
            let wanted = (found.len() as u64) < count;
            if wanted {
                found.push((id, place));
            }
            wanted
        });
        found
    }

    /// Reads every row of the table, in the order of pages: no index helps.
    pub fn scan(&self, work: &mut Work) {
        (0..self.end).for_each(|place| self.heap.read(place, work));
    }

    /// How many rows there are.
    pub fn len(&self) -> u64 {
        self.index.len()
    }

    /// Takes a row out.
    pub fn remove(&mut self, id: u64) {
        self.index.remove(id);
    }

    /// Overwrites a row, or appends it: its place, and whether it is new.
    pub fn write(&mut self, id: u64, work: &mut Work) -> (u32, bool) {
        let found = self.index.find(id, work);
        let place = found.unwrap_or(self.end);
        if found.is_none() {
            self.end += 1;
            self.index.insert(id, place, work);
        }
        self.read(place, work);
        (place, found.is_none())
    }
}

/// A secondary index: the groups, and the places of their members.
#[derive(Clone, Debug)]
pub struct Groups {
    index: Tree,
}

impl Groups {
    /// An index of these rows.
    pub fn new(area: u8, schema: &Schema, portion: Portion<'_>) -> Self {
        let entry = |(id, place)| (pair(schema.group(id), id), place);
        let mut entries: Vec<(u64, u32)> = portion.places(schema).map(entry).collect();
        entries.sort_unstable();
        Groups { index: Tree::load(Area(area), schema.page_bytes, entries.into_iter()) }
    }

    /// Ids and places of the members of a group.
    pub fn members(&self, group: u64, work: &mut Work) -> Vec<(u64, u32)> {
        let mut found = Vec::new();
        self.index.walk(pair(group, 0), work, |key, place| {
            let is_member = key >> 32 == group;
            if is_member {
                found.push((second(key), place));
            }
            is_member
        });
        found
    }

    /// A new member.
    pub fn insert(&mut self, group: u64, id: u64, place: u32, work: &mut Work) {
        self.index.insert(pair(group, id), place, work);
    }

    /// A member less.
    pub fn remove(&mut self, group: u64, id: u64) {
        self.index.remove(pair(group, id));
    }
}

/// A child table with an index on the owner.
#[derive(Clone, Debug)]
pub struct Parts {
    by_owner: Tree,
    heap: Heap,
    table: u64,
    /// The place of the next new part.
    end: u32,
}

impl Parts {
    /// The child table of this number, with what these rows own; it uses the area given and the next one. Parts lie in the
    /// order of [`Schema::part`].
    pub fn new(area: u8, table: u64, schema: &Schema, portion: Portion<'_>) -> Self {
        let owners = portion.ids(schema).count() as u64;
        let of =
            |(owner, place)| (0..schema.parts).map(move |n| (pair(owner, n), (n * owners) as u32 + place));
        let by_owner = Tree::load(Area(area), schema.page_bytes, portion.places(schema).flat_map(of));
        let end = by_owner.len() as u32;
        Parts { by_owner, heap: Heap::new(Area(area + 1), PART_BYTES, schema.page_bytes), table, end }
    }

    /// All child tables of the schema, from this area on.
    pub fn all(area: u8, schema: &Schema, portion: Portion<'_>) -> Vec<Parts> {
        let table = |table| Parts::new(area + 2 * table as u8, table, schema, portion);
        (0..schema.tables).map(table).collect()
    }

    /// A row has come that owns parts: their places.
    pub fn insert(&mut self, owner: u64, schema: &Schema, work: &mut Work) -> Vec<u32> {
        let places: Vec<u32> = (self.end..self.end + schema.parts_of(owner) as u32).collect();
        for (n, place) in (0..).zip(&places) {
            self.by_owner.insert(pair(owner, n), *place, work);
            self.heap.read(*place, work);
        }
        self.end += places.len() as u32;
        places
    }

    /// A row has gone, with its parts.
    pub fn remove(&mut self, owner: u64, schema: &Schema) {
        (0..schema.parts_of(owner)).for_each(|n| self.by_owner.remove(pair(owner, n)));
    }

    /// Reads the parts of an owner, one by one: number and sum.
    pub fn of(&self, owner: u64, schema: &Schema, work: &mut Work) -> (u64, u64) {
        let mut places = Vec::with_capacity(schema.parts as usize);
        self.by_owner.walk(pair(owner, 0), work, |key, place| {
            let is_own = key >> 32 == owner;
            if is_own {
                places.push(place);
            }
            is_own
        });
        self.read(owner, &places, schema, work)
    }

    /// Reads the parts of an owner at these places, in order: number and sum.
    pub fn read(&self, owner: u64, places: &[u32], schema: &Schema, work: &mut Work) -> (u64, u64) {
        places.iter().for_each(|place| self.heap.read(*place, work));
        let count = places.len() as u64;
        (count, (0..count).map(|n| schema.amount(self.table, schema.part(owner, n))).sum())
    }

    /// Reads every part, in the order of pages.
    pub fn scan(&self, work: &mut Work) {
        (0..self.end).for_each(|place| self.heap.read(place, work));
    }
}
