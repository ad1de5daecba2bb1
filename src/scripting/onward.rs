//! Before anything runs, a script is read on behind `.run()`, with results of which nothing is known: the mistakes of its other experiments are found
//! before the first has run for an hour. What a script does may hang on what it finds; from there on nobody knows what it will do, and only names that
//! there are not are told: which they are hangs on nothing.

use super::desk::desk;
use super::weighed::{hangs_on_values, is_about_a_name};
use crate::catalog::Problems;
use rhai::EvalAltResult;

/// A script that is read on.
#[derive(Default)]
pub(super) struct Onward {
    /// How often `.run()` was called.
    calls: u32,
    /// How many experiments were described when it first looked at results that there are not.
    sure: Option<usize>,
    /// What was wrong with the experiments that were to run.
    wrong: Problems,
}

/// A script that runs more experiments than these looks for something in their results.
const CALLS: u32 = 100;

/// Has a script read on from here.
pub(super) fn begin() {
    desk(|desk| desk.onward = Some(Onward::default()));
}

/// From here on a script hangs on results, if it is read on and no check is being rehearsed; whether it is.
pub(super) fn hangs() -> bool {
    desk(|desk| {
        let described = desk.experiments.len();
        let Some(onward) = desk.onward.as_mut().filter(|_| !desk.check.is_rehearsed) else { return false };
        if onward.calls > 0 {
            onward.sure.get_or_insert(described);
        }
        true
    })
}

/// Whether a script goes on behind a `.run()` with which this was wrong. `None`: it is not one that is read on.
pub(super) fn goes_on(wrong: &Problems) -> Option<bool> {
    desk(|desk| {
        let onward = desk.onward.as_mut()?;
        onward.calls += 1;
        let is_sure = onward.sure.is_none();
        onward.wrong.extend(wrong.iter().filter(|problem| is_sure || is_about_a_name(problem)).cloned());
        Some(onward.calls <= CALLS)
    })
}

/// What was found on the way.
pub(super) struct Way {
    /// What was wrong.
    pub wrong: Problems,
    /// How many experiments are what they will be when the script is run; `None`: all, and the rest of the script as well.
    pub sure: Option<usize>,
}

/// What was found on the way to an error, or to the end.
pub(super) fn end(error: Option<&EvalAltResult>) -> Way {
    let described = desk(|desk| desk.experiments.len());
    let Some(onward) = desk(|desk| desk.onward.take()) else {
        return Way { wrong: Problems::new(), sure: None };
    };
    let hangs = onward.calls > 0 && error.is_some_and(hangs_on_values);
    let too_many = onward.calls > CALLS;
    Way { wrong: onward.wrong, sure: onward.sure.or((hangs || too_many).then_some(described)) }
}
