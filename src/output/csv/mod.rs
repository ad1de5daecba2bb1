//! The CSVs: one file here for each of them.

mod checks;
mod comparison;
mod components;
mod events;
mod guide;
mod measures;
mod phases;
mod sheet;
mod summary;
mod timeseries;

use crate::experiment::{CheckRow, Comparison, Plan, RunResult, Workers};
use std::io::{self, Write};

pub use guide::{Explained, GUIDES, Guide};

/// Everything that an experiment has found out.
#[derive(Clone, Copy)]
pub struct Report<'a> {
    /// What was compared.
    pub plan: &'a Plan,
    /// The finished runs, by variant and replication.
    pub results: &'a [RunResult],
    /// The comparison with the baseline, metric by metric.
    pub comparisons: &'a [Comparison],
    /// The outcome of the checks.
    pub checks: &'a [CheckRow],
    /// Who helps to write it down.
    pub workers: &'a Workers,
}

impl Report<'_> {
    fn variant(&self, index: usize) -> &str {
        &self.plan.variants[index].label
    }
}

/// Writes one CSV; tells the number of its rows.
pub type WriteRows = fn(&Report<'_>, &mut dyn Write) -> io::Result<u64>;

/// All CSVs: one line each.
pub const TABLES: &[(&str, WriteRows)] = &[
    ("summary.csv", summary::write),
    ("comparison.csv", comparison::write),
    ("timeseries.csv", timeseries::write),
    ("components.csv", components::write),
    ("measures.csv", measures::write),
    ("events.csv", events::write),
    ("checks.csv", checks::write),
];

/// Those that there are only if the experiment has phases.
pub const TABLES_OF_PHASES: &[(&str, WriteRows)] =
    &[("phases.csv", phases::write), ("phases_comparison.csv", phases::write_comparison)];

/// A CSV as text, for the tests of this folder.
#[cfg(test)]
fn text(write: WriteRows) -> String {
    let found = crate::output::fixture::Found::new();
    let mut bytes = Vec::new();
    let rows = write(&found.report(), &mut bytes).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(rows as usize + 1, text.lines().count());
    text
}

/// The cell of a named column in a line of a CSV without quotes, for the tests of this folder.
#[cfg(test)]
fn cell<'t>(text: &'t str, line: usize, column: &str) -> &'t str {
    let mut lines = text.lines();
    let at = lines.next().unwrap().split(',').position(|name| name == column).expect("a column");
    lines.nth(line).unwrap().split(',').nth(at).unwrap()
}
