//! Questions that concern more than one row, on several shards.
//!
//! A row and what it owns lie on one shard, so a point read and an aggregate ask one. The rows of a scan are asked of the
//! shards that the map names for them: one or two if the shard key is the row's number and sharding goes by range, nearly all
//! if it goes by hash; each reads as many rows as are wanted, since it cannot know what the others have (the limit is pushed
//! down, the rest is thrown away where answers meet). The members of a group may lie anywhere, so a join asks all shards. Each
//! answers for its own rows, and the answer is complete when the last one has come.
//!
//! While rows move to other shards, both have them for a while, and such questions may find both: members do not know the map by which the
//! router asks. MongoDB calls them orphaned documents; read concern "available" returns them, "local" has each shard filter its own out
//! (MongoDB manual 6.1, Read Concern "available"). It shows in the size of the answer only: its version is that of the row asked for, at its
//! home. Hops from friend to friend would cross the network at every step: refused when the model is built.

use super::router::Router;
use crate::components::Site;
use crate::components::database::counted;
use crate::components::database::model::Question;
use crate::kernel::{CallId, Ctx};

/// What a router must know of rows whose work is counted.
#[derive(Clone, Copy, Debug)]
pub struct Counted {
    /// Rows there are at the start.
    rows: u64,
    /// Rows of a scan, and the size of what it finds.
    scan: u64,
    scan_bytes: u32,
}

impl Counted {
    /// As the settings say; nothing if times are declared.
    pub fn new(site: &Site<'_>) -> Option<Self> {
        let schema = counted::schema(site)?;
        let scan_bytes = schema.scan_bytes().min(u64::from(u32::MAX)) as u32;
        Some(Counted { rows: schema.rows, scan: schema.scan, scan_bytes })
    }
}

impl Router {
    /// If a question concerns several shards, they are asked; false if one has it all.
    #[inline]
    pub(super) fn ask_several(&mut self, id: CallId, verb: u16, key: u64, cx: &mut Ctx<'_>) -> bool {
        let Some(counted) = self.counted else { return false };
        if self.map.shards() == 1 {
            return false;
        }
        let (shards, most_bytes) = match Question::of_verb(verb) {
            Some(Question::Join) => (self.all_shards(), u32::MAX),
            Some(Question::Columns) => (self.shards_of(key, counted), counted.scan_bytes),
            _ => return false,
        };
        let is_several = shards.len() > 1;
        if is_several {
            self.gather_rows(id, shards, most_bytes, cx);
        }
        is_several
    }

    fn all_shards(&self) -> Vec<usize> {
        (0..usize::from(self.map.shards())).collect()
    }

    /// The shards that may have rows of a scan. Rows that came later leave gaps: beyond those of the start, all may.
    fn shards_of(&self, key: u64, counted: Counted) -> Vec<usize> {
        if key + counted.scan > counted.rows {
            return self.all_shards();
        }
        let mut asked = vec![false; usize::from(self.map.shards())];
        (key..key + counted.scan).for_each(|row| asked[self.map.shard(row)] = true);
        (0..asked.len()).filter(|shard| asked[*shard]).collect()
    }
}
