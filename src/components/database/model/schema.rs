//! What the tables hold, as pure functions of ids: a row costs no memory until somebody writes it, and then only its version.
//!
//! The data is that of a shop with friends. A *row* (a user) has columns, belongs to a group of ten, owns the same number of
//! *parts* in each of a few child tables (orders, addresses, payments), and has friends.

use crate::random::mix::combine;

/// Rows of one group: what a secondary index finds under one value.
pub const GROUP_ROWS: u64 = 10;
/// Bytes of a part.
pub const PART_BYTES: u64 = 100;
/// Bytes of an edge: two ids with a pointer each.
pub const EDGE_BYTES: u64 = 16;

/// Sizes and numbers of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// Rows there are at the start: ids `0..rows`.
    pub rows: u64,
    /// Columns of a row.
    pub columns: u64,
    /// Bytes of a row.
    pub row_bytes: u64,
    /// Column families that a wide-column store splits a row into.
    pub families: u64,
    /// Child tables.
    pub tables: u64,
    /// Parts that a row owns in each of them.
    pub parts: u64,
    /// Mean number of friends.
    pub friends: u64,
    /// Rows that a question about few columns of many rows looks at.
    pub scan: u64,
    /// Bytes of a page.
    pub page_bytes: u64,
}

/// Which of the structures are needed: those that some question of the world uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// The child tables.
    pub parts: bool,
    /// The groups.
    pub groups: bool,
    /// The friends.
    pub friends: bool,
}

/// Which of the rows of the start a node has: those with `has`, or all.
#[derive(Clone, Copy, Default)]
pub struct Portion<'a> {
    has: Option<&'a dyn Fn(u64) -> bool>,
}

impl<'a> Portion<'a> {
    /// All rows.
    pub const ALL: Portion<'static> = Portion { has: None };
    /// None of them.
    pub const NONE: Portion<'static> = Portion { has: Some(&|_| false) };

    /// The rows for which `has` holds.
    pub fn of(has: &'a dyn Fn(u64) -> bool) -> Self {
        Portion { has: Some(has) }
    }

    /// The ids, in rising order.
    pub fn ids(self, schema: &Schema) -> impl Iterator<Item = u64> + use<'a> {
        (0..schema.rows).filter(move |id| self.has.is_none_or(|has| has(*id)))
    }

    /// The ids with their places: rows lie in the order of their ids to begin with.
    pub fn places(self, schema: &Schema) -> impl Iterator<Item = (u64, u32)> + use<'a> {
        self.ids(schema).zip(0..)
    }
}

impl Schema {
    /// The value of a column of a row at a version.
    #[inline]
    pub fn value(&self, id: u64, column: u64, version: u32) -> u64 {
        combine(combine(id, column), u64::from(version)) & 0xFFFF
    }

    /// The sum of all columns of a row.
    #[inline]
    pub fn row_sum(&self, id: u64, version: u32) -> u64 {
        (0..self.columns).map(|column| self.value(id, column, version)).sum()
    }

    /// Number of groups.
    pub fn groups(&self) -> u64 {
        self.rows.div_ceil(GROUP_ROWS)
    }

    /// The group of a row: neighbours belong to different ones, so its members lie far apart.
    #[inline]
    pub fn group(&self, id: u64) -> u64 {
        id % self.groups().max(1)
    }

    /// The members of a group among the rows of the start.
    pub fn members(&self, group: u64) -> impl Iterator<Item = u64> + use<> {
        (group..self.rows).step_by(self.groups().max(1) as usize)
    }

    /// The n-th part of a row in a child table, as a place in that table. Parts come in the order in which rows get them:
    /// everybody's first, then everybody's second, so those of one row lie far apart.
    #[inline]
    pub fn part(&self, owner: u64, n: u64) -> u64 {
        n * self.rows + owner
    }

    /// Parts that a row owns in each child table; rows that came later own none.
    #[inline]
    pub fn parts_of(&self, owner: u64) -> u64 {
        if owner < self.rows { self.parts } else { 0 }
    }

    /// The amount that a part stands for.
    #[inline]
    pub fn amount(&self, table: u64, part: u64) -> u64 {
        combine(part, table ^ 0x00A3_0047) & 0xFFFF
    }

    /// Columns of one family.
    pub fn family_columns(&self) -> u64 {
        self.columns.div_ceil(self.families)
    }

    /// Bytes of a row in one family.
    pub fn family_bytes(&self) -> u64 {
        self.row_bytes.div_ceil(self.families)
    }

    /// Size of the answer to that question.
    pub fn scan_bytes(&self) -> u64 {
        self.scan * self.few_columns() * super::NUMBER_BYTES
    }

    /// The families in which the columns lie that a question about few columns asks for: they are neighbours, if a family has as many.
    pub fn few_families(&self) -> u64 {
        if self.family_columns() >= 2 { 1 } else { self.few_columns() }
    }

    /// The columns that a question about few columns asks for.
    pub fn few_columns(&self) -> u64 {
        self.columns.min(2)
    }
}

/// A small shop, for tests.
#[cfg(test)]
pub(super) fn small(rows: u64) -> Schema {
    Schema {
        rows,
        columns: 10,
        row_bytes: 50,
        families: 5,
        tables: 3,
        parts: 4,
        friends: 6,
        scan: 17,
        page_bytes: 256,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_columns_lie_in_one_family_if_it_has_as_many() {
        let of = |columns, families| Schema { columns, families, ..small(10) };
        let told =
            |columns, families| (of(columns, families).few_columns(), of(columns, families).few_families());
        assert_eq!([told(10, 5), told(9, 5), told(10, 1)], [(2, 1); 3]);
        assert_eq!([told(10, 10), told(2, 2), told(1, 1)], [(2, 2), (2, 2), (1, 1)]);
    }

    #[test]
    fn groups_are_a_partition_of_the_rows() {
        for rows in [1, 9, 10, 11, 95, 100] {
            let schema = small(rows);
            let mut all: Vec<u64> = (0..schema.groups()).flat_map(|group| schema.members(group)).collect();
            assert!((0..schema.groups()).all(|g| schema.members(g).all(|id| schema.group(id) == g)));
            all.sort_unstable();
            assert_eq!(all, (0..rows).collect::<Vec<_>>());
        }
    }

    #[test]
    fn every_part_has_one_owner() {
        let schema = small(13);
        let parts = (0..13).flat_map(|owner| (0..schema.parts).map(move |n| schema.part(owner, n)));
        let mut parts: Vec<u64> = parts.collect();
        parts.sort_unstable();
        assert_eq!(parts, (0..13 * schema.parts).collect::<Vec<_>>());
    }

    #[test]
    fn a_write_changes_what_a_row_says() {
        let schema = small(10);
        assert_ne!(schema.row_sum(3, 0), schema.row_sum(3, 1));
    }
}
