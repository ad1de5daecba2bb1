//! Before anything runs, a script is read on behind `.run()`, with results of which nothing is known: the mistakes of its other experiments are found
//! before the first has run for an hour. What a script does may hang on what it finds; from there on nobody knows what it will do, and nothing is told.

use super::desk::desk;
use super::errors::hangs_on_values;
use crate::catalog::Problems;
use rhai::EvalAltResult;

/// A script that is read on.
#[derive(Default)]
pub(super) struct Onward {
    /// How often `.run()` was called.
    calls: u32,
    /// Whether what it does hangs on results that there are not.
    hangs_on_results: bool,
    /// What was wrong with the experiments that were to run.
    wrong: Problems,
}

/// A script that runs more experiments than these looks for something in their results.
const CALLS: u32 = 100;

/// Has a script read on from here.
pub(super) fn begin() {
    desk(|desk| desk.onward = Some(Onward::default()));
}

/// Whether this is more than a check being rehearsed: the script itself, read on.
fn read_on<T>(work: impl FnOnce(&mut Onward) -> T) -> Option<T> {
    desk(|desk| desk.onward.as_mut().filter(|_| !desk.check.is_rehearsed).map(work))
}

/// From here on a script hangs on results, if it is read on; whether it is.
pub(super) fn hangs() -> bool {
    read_on(|onward| onward.hangs_on_results |= onward.calls > 0).is_some()
}

/// Whether a script is read on, and something would have run by now: it prints what it finds.
pub(super) fn is_behind_a_run() -> bool {
    desk(|desk| desk.onward.as_ref().is_some_and(|onward| onward.calls > 0))
}

/// Whether a script goes on behind a `.run()` with which this was wrong. `None`: it is not one that is read on.
pub(super) fn goes_on(wrong: &Problems) -> Option<bool> {
    read_on(|onward| {
        onward.calls += 1;
        if !onward.hangs_on_results {
            onward.wrong.extend(wrong.iter().cloned());
        }
        !onward.hangs_on_results && onward.calls <= CALLS
    })
}

/// What was found on the way; `None` if from some place on it hung on results.
pub(super) struct Way {
    /// What was wrong.
    pub wrong: Problems,
    /// Whether the rest of the script is what it will be when it is run.
    pub is_sure: bool,
}

/// What was found on the way to an error, or to the end.
pub(super) fn end(error: Option<&EvalAltResult>) -> Way {
    let Some(onward) = desk(|desk| desk.onward.take()) else {
        return Way { wrong: Problems::new(), is_sure: true };
    };
    let hangs = onward.hangs_on_results || onward.calls > 0 && error.is_some_and(hangs_on_values);
    Way { wrong: onward.wrong, is_sure: !hangs }
}
