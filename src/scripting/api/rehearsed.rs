//! Checks are rehearsed on results of which there are none yet: there a mistake is noted, and something unknown stands for what was asked for, so that
//! whatever else is wrong with the same check is found as well.

use crate::catalog::{Problem, Problems};
use crate::scripting::Finished;
use crate::scripting::convert::Scripted;
use crate::scripting::desk::{call_place, desk};
use crate::scripting::errors::{Words, explain, verdict};
use crate::scripting::weighed::{NO_SUCH_LEVELS, hangs_on_values};
use rhai::NativeCallContext;

/// What was asked for; in a rehearsal `instead`, if it is none.
pub(super) fn or_noted<T>(
    cx: &NativeCallContext<'_>,
    finished: &Finished,
    asked: Scripted<T>,
    instead: impl FnOnce() -> Scripted<T>,
) -> Scripted<T> {
    // (What is done with a level that is not known yet is no mistake.)
    let is_rehearsal =
        finished.record.results.is_empty() && desk(|desk| desk.check.is_rehearsed && !desk.check.guessed);
    let error = match asked {
        Err(error) if is_rehearsal && verdict(&error).is_none() => error,
        as_it_is => return as_it_is,
    };
    let place = call_place(cx);
    let words = Words { functions: &[], source: &place.source };
    let told = explain(&error, &words);
    let told = told.into_iter().map(|problem| Problem { place: Some(place.clone()), ends: false, ..problem });
    let told: Problems = told.collect();
    let of_nobody = told.iter().any(|problem| problem.message == NO_SUCH_LEVELS);
    note(told, of_nobody || hangs_on_values(&error));
    instead()
}

/// Notes what is wrong with a check; what hangs on the values it is given may not be wrong if another variant is the best.
pub(super) fn note(problems: Problems, hangs_on_values: bool) {
    desk(|desk| match desk.check.supposed {
        Some(_) if hangs_on_values => desk.check.perhaps.extend(problems),
        _ => desk.check.amiss.extend(problems),
    });
}

/// What is rehearsed once for each variant as if it were the best: what is wrong with a check if any is, and what if each is.
#[derive(Default)]
pub(super) struct Supposed {
    /// What is wrong whichever values it is given.
    amiss: Problems,
    /// What hangs on them, and was wrong each time.
    always: Option<Problems>,
}

impl Supposed {
    pub fn note(&mut self, amiss: Problems, perhaps: Problems) {
        self.amiss.extend(amiss);
        self.always = Some(match self.always.take() {
            None => perhaps,
            Some(always) => {
                always.into_iter().filter(|known| perhaps.iter().any(|own| is_same(known, own))).collect()
            }
        });
    }

    /// Adds all that is wrong.
    pub fn tell(self, known: &mut Problems) {
        new_ones(known, self.amiss.into_iter().chain(self.always.unwrap_or_default()));
    }
}

/// Adds what stands at other places: a level that nobody has need not be told to lack a unit as well.
pub(super) fn new_ones(known: &mut Problems, more: impl IntoIterator<Item = Problem>) {
    for problem in more {
        if known.iter().all(|own| own.place != problem.place) {
            known.push(problem);
        }
    }
}

fn is_same(a: &Problem, b: &Problem) -> bool {
    a.place == b.place && a.message == b.message
}
