//! What is done to the rows of a machine at nobody's cost: what a copy brings, what is taken back.

use super::machine::{Machine, Task, What};
use super::store::Store;
use crate::components::database::model::Versions;

impl Machine {
    /// The disk is empty: a new machine stands here.
    pub fn empty(&mut self) {
        if let Some(store) = &mut self.parts.store {
            store.empty();
        }
    }

    /// A write of this row came to nothing: a row that came with it is taken out again. (Rows of the start are there without
    /// a version; what a resharding brings is brought again.)
    pub fn undo(&mut self, key: u64, versions: Versions<'_>) {
        if key >= self.rows() && versions(key) == 0 {
            self.correct(key, false);
        }
    }

    /// The same for all that are at work.
    pub fn undo_all(&mut self, versions: Versions<'_>) {
        for place in 0..self.tasks.len() {
            if matches!(self.tasks[place].what, What::Write | What::Apply(_)) {
                self.undo(self.tasks[place].key, versions);
            }
        }
    }

    /// Whether the new row of a write that has been worked on is one more than `most`. (Rows that other writes under way have brought may
    /// still be taken out again: they do not count.)
    pub fn lacks_room(&self, key: u64, most: u64, versions: Versions<'_>) -> bool {
        let is_new = |key: u64| key >= self.rows() && versions(key) == 0;
        let brought = |task: &Task| task.brings_row() && task.key != key && is_new(task.key);
        is_new(key) && self.stored() - self.tasks.iter().filter(|task| brought(task)).count() as u64 > most
    }

    /// Whether there is a row under this key.
    pub fn has(&mut self, key: u64) -> bool {
        self.parts.store.as_mut().is_some_and(|store| store.has(key))
    }

    /// Rows that there were at the start, wherever they lie.
    pub fn rows(&self) -> u64 {
        self.parts.store.as_ref().map_or(0, Store::rows)
    }

    /// How many rows it has, if it has any at all.
    pub fn stored(&self) -> u64 {
        self.parts.store.as_ref().map_or(0, Store::stored)
    }

    /// A row is put where it belongs, or taken out, at nobody's cost: what a copy brings, what a cut of the log takes back.
    pub fn correct(&mut self, key: u64, is_there: bool) {
        if let Some(store) = &mut self.parts.store {
            store.correct(key, is_there);
        }
    }
}
