//! A data model behind a buffer pool, with prices: what a statement finds, and how long it occupies processor and disk.
//!
//! This is the seam between data models and nodes. Changed pages go to the disk in the background and are not counted; what a
//! commit waits for is the log alone, as in every system with write-ahead logging.

use super::buffer::Buffer;
use super::cost::Costs;
use crate::components::database::model::{
    self, Found, Model, Needs, Portion, Question, Schema, Switches, Versions, Work,
};
use crate::kernel::{Readings, Time};
use std::ops::Range;

/// What structures are built from.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// The data model, by index.
    pub model: usize,
    /// The data.
    pub schema: Schema,
    /// The structures that somebody's questions need.
    pub needs: Needs,
    /// Mechanisms that a test switched off.
    pub switches: Switches,
}

impl Recipe {
    fn build(&self, portion: Portion<'_>) -> Box<dyn Model> {
        model::build(self.model, &self.schema, portion, self.needs, self.switches)
    }
}

/// Rows, structures and pages of one node.
pub struct Store {
    recipe: Recipe,
    model: Box<dyn Model>,
    /// Pages in memory; `None` = everything is in memory, and there are no pages.
    buffer: Option<Buffer>,
    costs: Costs,
    work: Work,
    totals: Totals,
}

#[derive(Clone, Copy, Default, Debug)]
struct Totals {
    pages: u64,
    rows: u64,
    steps: u64,
}

/// What a statement found, and what it takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Effort {
    /// The answer.
    pub found: Found,
    /// Processor time.
    pub cpu: Time,
    /// Time of the disk.
    pub disk: Time,
}

impl Clone for Store {
    fn clone(&self) -> Self {
        Store { model: self.model.fork(), buffer: self.buffer.clone(), work: Work::default(), ..*self }
    }
}

impl Store {
    /// A store with a portion of the rows; `pages` bounds the buffer pool, `None` = all in memory.
    pub fn new(recipe: Recipe, portion: Portion<'_>, pages: Option<u64>, costs: Costs) -> Self {
        Store {
            recipe,
            model: recipe.build(portion),
            buffer: pages.map(Buffer::new),
            costs,
            work: Work::default(),
            totals: Totals::default(),
        }
    }

    /// Carries out a question about a key.
    pub fn ask(&mut self, question: Question, key: u64, versions: Versions<'_>) -> Effort {
        self.work.clear();
        let found = self.model.ask(question, key, versions, &mut self.work);
        self.price(found)
    }

    /// Makes a new version of a row.
    pub fn write(&mut self, key: u64) -> Effort {
        self.work.clear();
        self.model.write(key, &mut self.work);
        self.price(Found::default())
    }

    /// Finds a row that is to be taken out; [`Store::correct`] does it when that takes effect.
    pub fn find(&mut self, key: u64) -> Effort {
        let found = self.ask(Question::Point, key, &|_| 0);
        Effort { found: Found::default(), ..found }
    }

    /// Whether there is a row under this key; nobody pays for the question.
    pub fn has(&mut self, key: u64) -> bool {
        self.work.clear();
        self.model.ask(Question::Point, key, &|_| 0, &mut self.work).rows > 0
    }

    /// Rows that there were at the start, on all nodes together: later ones exist only while they have a version.
    pub fn rows(&self) -> u64 {
        self.recipe.schema.rows
    }

    /// An empty disk, and an empty buffer pool.
    pub fn empty(&mut self) {
        self.model = self.recipe.build(Portion::NONE);
        self.crash();
    }

    /// Reads the rows under these keys, one after the other, for a copy.
    pub fn read_rows(&mut self, keys: Range<u64>, versions: Versions<'_>) -> Effort {
        self.work.clear();
        for key in keys {
            self.model.ask(Question::Point, key, versions, &mut self.work);
        }
        self.price(Found::default())
    }

    /// A new version of a row whose pages lie on another's disk: those that are in memory are brought up to date, and no
    /// page is read (Verbitski et al., Amazon Aurora, SIGMOD 2017, 4.2.4: log records of other pages are discarded).
    pub fn renew(&mut self, key: u64) -> Effort {
        self.work.clear();
        self.model.write(key, &mut self.work);
        if let Some(buffer) = &self.buffer {
            self.work.keep_pages(|page| buffer.holds(page));
        }
        self.price(Found::default())
    }

    /// A row is there from now on, or is not, at nobody's cost.
    pub fn correct(&mut self, key: u64, is_there: bool) {
        self.work.clear();
        match is_there {
            true => self.model.write(key, &mut self.work),
            false => self.model.remove(key),
        }
    }

    /// Counts become times.
    fn price(&mut self, found: Found) -> Effort {
        let (costs, work) = (&self.costs, &self.work);
        let pages = work.pages().len() as u64;
        let misses = match &mut self.buffer {
            Some(buffer) => work.pages().iter().filter(|page| !buffer.touch(**page)).count() as u64,
            None => 0,
        };
        self.totals.pages += if self.buffer.is_some() { pages } else { 0 };
        self.totals.rows += work.rows;
        self.totals.steps += work.index_steps;
        let copied = (u128::from(work.bytes) * u128::from(costs.mib)) >> 20;
        let parts = [
            work.index_steps.saturating_mul(costs.step),
            work.rows.saturating_mul(costs.row),
            pages.saturating_mul(costs.memory),
            u64::try_from(copied).unwrap_or(u64::MAX),
        ];
        let cpu = parts.into_iter().fold(costs.statement, u64::saturating_add);
        Effort { found, cpu, disk: misses.saturating_mul(costs.page_read) }
    }

    /// The memory is gone; what is on disk is not.
    pub fn crash(&mut self) {
        if let Some(buffer) = &mut self.buffer {
            buffer.clear();
        }
    }

    /// How many rows it has.
    pub fn stored(&self) -> u64 {
        self.model.stored()
    }

    /// Tells pages, rows, steps, and how often a page was in memory.
    pub fn measure(&self, out: &mut Readings) {
        out.count("pages_read", self.totals.pages);
        out.count("rows_read", self.totals.rows);
        out.count("index_steps", self.totals.steps);
        if let Some(buffer) = &self.buffer {
            let (hits, misses) = buffer.counts();
            out.count("buffer_hits", hits);
            out.count("buffer_misses", misses);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COSTS: Costs =
        Costs { statement: 1_000, step: 10, row: 100, memory: 1, mib: 1 << 20, page_read: 50_000, fsync: 0 };

    fn store(pages: Option<u64>) -> Store {
        let schema = Schema {
            rows: 100,
            columns: 2,
            row_bytes: 64,
            families: 1,
            tables: 0,
            parts: 0,
            friends: 2,
            scan: 10,
            page_bytes: 1024,
        };
        let recipe = Recipe { model: 0, schema, needs: Needs::default(), switches: Switches::default() };
        Store::new(recipe, Portion::ALL, pages, COSTS)
    }

    /// 100 rows of 64 bytes on pages of 1 KiB: an index of two levels and a page of 16 rows.
    #[test]
    fn time_is_counted_work_times_unit_costs() {
        let mut store = store(Some(10));
        let first = store.ask(Question::Point, 3, &|_| 0);
        let counted = 1_000 + 2 * 10 + 100 + 3 + 64;
        assert_eq!((first.cpu, first.disk, first.found.rows), (counted, 3 * 50_000, 1));
        let again = store.ask(Question::Point, 4, &|_| 0);
        assert_eq!((again.cpu, again.disk), (counted, 0), "the same pages are in memory now");
        store.crash();
        assert_eq!(store.ask(Question::Point, 4, &|_| 0).disk, 3 * 50_000);
        let mut out = Readings::new(false);
        store.measure(&mut out);
        let told = ["pages_read", "rows_read", "index_steps", "buffer_hits", "buffer_misses"];
        assert_eq!(told.map(|name| out.count_of(name)), [9, 3, 6, 3, 6]);
    }

    #[test]
    fn in_memory_there_are_no_pages_and_no_disk() {
        let mut store = store(None);
        assert_eq!(store.ask(Question::Point, 3, &|_| 0).disk, 0);
        let mut out = Readings::new(false);
        store.measure(&mut out);
        assert_eq!((out.count_of("pages_read"), out.get("buffer_hits").is_none()), (0, true));
    }

    #[test]
    fn a_copy_goes_its_own_way() {
        let mut store = store(Some(10));
        let mut copy = store.clone();
        copy.write(500);
        assert_eq!(copy.ask(Question::Point, 500, &|_| 1).found.rows, 1);
        assert_eq!(store.ask(Question::Point, 500, &|_| 1).found.rows, 0);
    }
}
