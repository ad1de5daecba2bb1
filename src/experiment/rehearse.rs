//! A dress rehearsal: every function of a world is called once before anything runs.

use super::drive::{Built, View};
use super::series::FIGURES;
use crate::catalog::Problems;
use crate::kernel::Time;
use crate::model::{self, Moment, Trigger};

/// Checks a world and calls each of its functions once in a throw-away copy, so that their mistakes are
/// found before anything runs.
pub fn rehearse(mut built: Built, end: Time, disabled: &[String]) -> Result<(), Problems> {
    let (checked, mut problems) = match model::check(&built.spec, end, disabled) {
        Ok(checked) => (Some(checked), Problems::new()),
        Err(problems) => (None, problems),
    };
    let view = View { now: 0, figures: neutral_figures(built.spec.groups.len()) };
    for item in &built.spec.timeline {
        if let Trigger::When(condition) = item.trigger {
            problems.extend(built.director.holds(condition, &view).err());
        }
        match built.director.fire(item.callback, &view) {
            Err(problem) => problems.push(problem),
            Ok(commands) => {
                let layout = checked.as_ref().map(|checked| &checked.layout);
                let wrong = |command| {
                    layout.and_then(|layout| model::resolve(layout, command, Moment::Rehearsal).err())
                };
                problems.extend(commands.iter().filter_map(wrong));
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Every figure that a condition may ask for, at a harmless value.
fn neutral_figures(groups: usize) -> Vec<(usize, &'static str, f64)> {
    (0..groups).flat_map(|group| FIGURES.iter().map(move |metric| (group, *metric, 0.0))).collect()
}
