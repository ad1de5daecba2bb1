//! Checks are rehearsed on results of which there are none yet: there a mistake is noted, and something unknown stands for what was asked for, so that
//! whatever else is wrong with the same check is found as well.

use crate::catalog::Problem;
use crate::scripting::Finished;
use crate::scripting::convert::Scripted;
use crate::scripting::desk::{call_place, desk};
use crate::scripting::errors::{Words, explain, verdict};
use rhai::NativeCallContext;

/// What was asked for; in a rehearsal `instead`, if it is none.
pub(super) fn or_noted<T>(
    cx: &NativeCallContext<'_>,
    finished: &Finished,
    asked: Scripted<T>,
    instead: impl FnOnce() -> Scripted<T>,
) -> Scripted<T> {
    // (What is done with a level that is not known yet is no mistake.)
    let is_rehearsal = finished.record.results.is_empty() && !desk(|desk| desk.check.guessed);
    let error = match asked {
        Err(error) if is_rehearsal && verdict(&error).is_none() => error,
        as_it_is => return as_it_is,
    };
    let place = call_place(cx);
    let words = Words { functions: &[], source: &place.source };
    let told = explain(&error, &words);
    let told = told.into_iter().map(|problem| Problem { place: Some(place.clone()), ends: false, ..problem });
    desk(|desk| desk.check.amiss.extend(told));
    instead()
}
