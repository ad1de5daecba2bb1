//! A dress rehearsal: every function of a world is called once before anything runs.

use super::design::{Asked, Plan};
use super::drive::Built;
use super::look::View;
use super::needs::Needs;
use crate::catalog::{Problem, Problems, did_you_mean};
use crate::components::Layout;
use crate::model::{self, Moment, Trigger, WorldSpec};

/// Checks a world and calls each of its functions once in a throw-away copy, so that their mistakes are
/// found before anything runs.
pub fn rehearse(built: &mut Built, plan: &Plan, variant: usize, needs: &mut Needs) -> Result<(), Problems> {
    let model::Looked { mut problems, world, sketch, needs: needed } =
        model::look(&built.spec, plan.timing.end(), &plan.disabled);
    let layout = world.map(|world| world.layout);
    let asked = plan.asked.iter().filter(|asked| asked.variant == variant);
    problems.extend(asked.filter_map(|asked| unknown(asked, &built.spec, layout.as_ref())));
    needs.see(needed);
    let scales = built.spec.groups.iter().any(|group| group.kind == "autoscaler");
    let moment = if built.adds_nodes || scales { Moment::Rehearsal } else { Moment::Settled };
    let view = View::rehearsal(layout.as_ref(), moment);
    for item in &built.spec.timeline {
        if let Trigger::When(condition) = item.trigger {
            problems.extend(built.director.holds(condition, &view).err());
        }
        match built.director.fire(item.callback, &view) {
            Err(problem) => problems.push(problem),
            Ok(commands) => {
                let wrong = |command| match (&layout, &sketch) {
                    (Some(layout), _) => model::resolve(layout, command, moment).err(),
                    (None, Some(sketch)) => sketch.find(command, moment).err(),
                    (None, None) => None,
                };
                problems.extend(commands.iter().filter_map(wrong));
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Says so if a component has no such figure.
fn untold(asked: &Asked, kind: &str) -> Option<Problem> {
    let figure = asked.figure;
    if figure.is_of(kind) {
        return None;
    }
    let message = format!("{}: it is a {kind}", of_another_kind(asked));
    let hint = format!("it is told by {}; `scalelab explain {kind}`", figure.kinds().join(", "));
    Some(Problem::at(&asked.place, message).hint(hint))
}

fn of_another_kind(asked: &Asked) -> String {
    format!("\"{}\" has no figure `{}`", asked.component, asked.figure.name())
}

fn lacks(name: &str) -> String {
    format!("the world has no component \"{name}\"")
}

/// Whether a problem is that some variants lack what is asked for of the best one, and others that may be it have it.
pub(super) fn another_has_it(problem: &Problem, lacking: &[usize], plan: &Plan) -> bool {
    plan.asked.iter().any(|asked| {
        asked.of_the_best
            && !lacking.contains(&asked.variant)
            && Some(&asked.place) == problem.place.as_ref()
            && (problem.message == lacks(&asked.component)
                || problem.message.starts_with(&of_another_kind(asked)))
    })
}

/// Says so if a check asks for a component that is not there. A node may come while the world runs; which nodes there are, a world
/// with mistakes does not tell.
fn unknown(asked: &Asked, spec: &WorldSpec, layout: Option<&Layout>) -> Option<Problem> {
    let (name, group) = (&*asked.component, asked.component.rsplit_once('/'));
    let names = || spec.groups.iter().map(|group| group.name.as_str());
    let is_group = |name: &str| names().any(|known| known == name);
    let may_come = group.is_some_and(|(group, n)| n.parse::<u64>().is_ok() && is_group(group));
    let is_node = || match layout {
        Some(layout) => {
            let mut nodes = layout.groups.iter().flat_map(|group| group.nodes().chain(group.aides()));
            nodes.any(|node| layout.name_of(node) == name)
        }
        None => group.is_some_and(|(group, _)| is_group(group)),
    };
    if let Some(group) = spec.groups.iter().find(|group| group.name == name) {
        return untold(asked, group.kind);
    }
    if may_come || is_node() {
        return None;
    }
    let problem = Problem::at(&asked.place, lacks(name));
    Some(problem.maybe_hint(did_you_mean(name, names())))
}
