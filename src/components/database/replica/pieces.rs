//! In which pieces the rows of a shard are copied to a new member, and what each piece costs its source.
//!
//! A piece holds a thousand rows of the shard, among however many keys. Which rows a shard has is told by the map with which the run began;
//! what has come since, from other shards, is there if it was written.

use super::rows::Rows;
use super::sharding::Map;
use crate::components::Site;
use crate::components::database::counted;
use crate::kernel::{Ctx, MILLISECOND, SECOND, Time};
use std::ops::Range;
use std::sync::Arc;

/// Rows in a piece.
const PIECE: u64 = 1000;
/// What a row may take that lies on a slow disk, where work is counted: nobody is given up for that (a seek and a turn of a disk, twice).
const SLOW_ROW: Time = 20 * MILLISECOND;

/// The pieces of one shard.
#[derive(Clone, Debug)]
pub struct Pieces {
    keys: u64,
    shard: usize,
    map: Arc<Map>,
    /// Work of the source for each row, where times are declared.
    copy_row: Time,
    /// Rows a second, if a copy is held back.
    rate: Option<f64>,
    is_counted: bool,
}

impl Pieces {
    /// Of a shard of a database.
    pub fn new(site: &Site<'_>, shard: usize, map: &Arc<Map>) -> Self {
        let settings = site.settings();
        let copy_row = settings.duration("copy_row").expect("preset");
        Pieces {
            keys: super::keys(site).unwrap_or(0),
            shard,
            map: map.clone(),
            copy_row: if site.is_disabled("copy_cost") { 0 } else { copy_row },
            rate: settings.rate("copy_rate"),
            is_counted: counted::is_counted(settings),
        }
    }

    fn has(&self, key: u64) -> bool {
        self.map.shard(key) == self.shard
    }

    /// Rows that the shard has in all.
    pub fn rows(&self) -> u64 {
        (0..self.keys).filter(|key| self.has(*key)).count() as u64
    }

    /// One of so many copies has lost these rows with its disk.
    pub fn tell_emptied(&self, rows: &Rows, copy: u32, copies: usize, cx: &mut Ctx<'_>) {
        let held: Vec<u64> = (0..self.keys).filter(|key| rows.get(*key) > 0).collect();
        cx.audit().empty_copy(&held, copy, copies as u32);
    }

    /// One of so many copies has these rows again.
    pub fn tell_filled(&self, rows: &Rows, copy: u32, copies: usize, cx: &mut Ctx<'_>) {
        for key in 0..self.keys {
            cx.audit().fill_copy(key, rows.get(key), copy, copies as u32);
        }
    }

    /// Whether all keys lie below this one.
    pub fn are_over(&self, cursor: u64) -> bool {
        cursor >= self.keys
    }

    /// The keys of the piece that begins here.
    pub fn keys(&self, from: u64) -> Range<u64> {
        let mut rows = 0;
        let is_one_more = |key: &u64| {
            rows += u64::from(self.has(*key));
            rows > PIECE
        };
        from..(from..self.keys).find(is_one_more).unwrap_or(self.keys)
    }

    /// Work of reading a piece for the source, which has these rows.
    pub fn work(&self, keys: Range<u64>, rows: &Rows) -> Time {
        let count = keys.filter(|key| self.has(*key) || rows.get(*key) > 0).count() as u64;
        count.saturating_mul(self.copy_row)
    }

    /// From the beginning of a piece to that of the next one, at least.
    pub fn pause(&self, keys: Range<u64>) -> Time {
        let Some(rate) = self.rate else { return 0 };
        let rows = keys.filter(|key| self.has(*key)).count();
        (rows as f64 / rate * SECOND as f64) as Time
    }

    /// How long a piece is waited for: a source that needs long for it is not silent for that.
    pub fn patience(&self, down_after: Time) -> Time {
        let row = if self.is_counted { self.copy_row.max(SLOW_ROW) } else { self.copy_row };
        // (Rows that have come from other shards may lie among its own.)
        let most = PIECE.saturating_mul(u64::from(self.map.shards()));
        down_after.saturating_add(row.saturating_mul(most))
    }
}
