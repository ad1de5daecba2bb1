//! The threads of an experiment: for its runs, and for what is made of them.

use super::design::Plan;
use crate::catalog::{Problem, Problems};
use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// More threads than this would only get in each other's way.
const AT_MOST: usize = 256;
/// Stack of a worker: scripts recurse.
const STACK_BYTES: usize = 256 << 20;

/// Threads that wait for work.
#[derive(Debug)]
pub struct Workers {
    pool: ThreadPool,
}

impl Workers {
    /// So many threads (0 = one per core) for an experiment, and no more than it has runs. The problem is that the system gives none.
    pub fn new(plan: &Plan, threads: usize) -> Result<Self, Problems> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads.min(plan.jobs()).min(AT_MOST))
            .stack_size(STACK_BYTES)
            .build()
            .map_err(|error| vec![Problem::new(format!("no worker threads: {error}"))])?;
        Ok(Workers { pool })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.pool.current_num_threads()
    }

    /// Each worker does this once.
    pub(super) fn all<R: Send>(&self, work: impl Fn() -> R + Sync) -> Vec<R> {
        self.pool.broadcast(|_| work())
    }

    /// What comes of each item, in the order of the items, whoever has worked at it.
    pub fn each<T: Sync, R: Send>(&self, items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
        self.pool.install(|| items.par_iter().map(&work).collect())
    }
}
