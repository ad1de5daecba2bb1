//! What an error hangs on: the values that a script happens to have before anything has run, or nothing.

use super::errors::Mistake;
use crate::catalog::Problem;
use rhai::EvalAltResult;

/// Whether an error may come from the values that something is done with: it may be right with others.
pub(super) fn hangs_on_values(error: &EvalAltResult) -> bool {
    use EvalAltResult as E;
    match error {
        E::ErrorInFunctionCall(_, _, inner, _) => hangs_on_values(inner),
        E::ErrorRuntime(value, _) => value
            .clone()
            .try_cast::<Mistake>()
            // (A map or a `switch` that has nothing for a level.)
            .is_none_or(|Mistake(problems)| {
                problems.iter().any(|problem| problem.message.ends_with("nothing"))
            }),
        E::ErrorArithmetic(..)
        | E::ErrorArrayBounds(..)
        | E::ErrorStringBounds(..)
        | E::ErrorIndexNotFound(..)
        | E::ErrorPropertyNotFound(..)
        | E::ErrorTerminated(..)
        | E::ErrorTooManyOperations(_)
        | E::ErrorDataTooLarge(..) => true,
        _ => false,
    }
}

/// Whether it is told that there is nothing of a name: that hangs on nothing.
pub(super) fn is_about_a_name(problem: &Problem) -> bool {
    let told = [
        "there is no metric",
        "components have no figure",
        "there is no function",
        "this experiment does not vary",
    ];
    told.iter().any(|told| problem.message.starts_with(told)) || problem.message.contains(" has no setting `")
}

/// What is said of a selection of nobody.
pub(super) const NO_SUCH_LEVELS: &str = "no variant has these levels";
