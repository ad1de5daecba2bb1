//! What may be given in the chain of an experiment.

use crate::catalog::Problem;
use crate::scripting::units::Span;
use rhai::INT;

/// Most variants and replications of one experiment: more is a mistake, or a sweep for a cluster.
pub(super) const RUNS_AT_MOST: u64 = 1_000_000;

pub(super) fn positive(n: INT, what: &'static str) -> Result<u64, Problem> {
    if (1..=RUNS_AT_MOST as INT).contains(&n) {
        return Ok(n as u64);
    }
    Err(Problem::new(format!("`{what}` must be a number from 1 to {RUNS_AT_MOST}, not {n}")))
}

pub(super) fn seed(n: INT) -> Result<u64, Problem> {
    // Spreadsheets keep 15 digits.
    if (0..1_000_000_000_000_000).contains(&n) {
        return Ok(n as u64);
    }
    Err(Problem::new(format!("a seed is a number from 0 up of at most 15 digits, not {n}")))
}

pub(super) fn not_negative(span: Span) -> Result<u64, Problem> {
    let negative = || Problem::new(format!("a warm-up cannot be negative: {}", span.text()));
    u64::try_from(span.0).map_err(|_| negative())
}

pub(super) fn longer_than_nothing(span: Span, what: &'static str) -> Result<u64, Problem> {
    if span.0 > 0 {
        return Ok(span.0 as u64);
    }
    Err(Problem::new(format!("`{what}` must be longer than nothing, not {}", span.text())))
}

/// Most windows of a run: each is a row of timeseries.csv for every metric, and a spreadsheet has a million rows.
const WINDOWS_AT_MOST: u64 = 100_000;

pub(super) fn windows(count: u64) -> Option<Problem> {
    let hint = format!(
        "each is a row of timeseries.csv for every metric: at most {WINDOWS_AT_MOST}, write .window(1.s)"
    );
    let problem = || Problem::new(format!("a run would have {count} windows")).hint(hint);
    (count > WINDOWS_AT_MOST).then(problem)
}

/// Two ways of giving one parameter its values would contradict each other in every variant.
pub(super) fn varied_and_picked(name: &str) -> Problem {
    Problem::new(format!("`{name}` is varied, and variants give it as well"))
        .hint("leave it out of the variants, or out of .vary(..): each variant is run with each value varied")
}
