//! `.phase("outage", 10.minutes, 18.minutes)`: a part of the run with figures of its own, `r.phase("outage").latency_p99`.

use super::experiment::ExperimentHandle;
use super::rehearsed::or_noted;
use super::results::{All, One};
use crate::catalog::{Place, Problem, Problems, did_you_mean};
use crate::experiment::{Phase, of_phase};
use crate::kernel::{Time, time_text};
use crate::scripting::Finished;
use crate::scripting::convert::Scripted;
use crate::scripting::desk::{Definition, call_place};
use crate::scripting::errors::fail;
use crate::scripting::session::Record;
use crate::scripting::units::Span;
use rhai::{Engine, NativeCallContext};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn(
        "phase",
        |cx: NativeCallContext, e: ExperimentHandle, name: &str, from: Span, to: Span| {
            let (name, place) = (name.to_string(), call_place(&cx));
            match [from, to].map(|span| Time::try_from(span.0)) {
                [Ok(from), Ok(to)] => e.change(|d| d.phases.push((Phase { name, from, to }, place))),
                _ => {
                    let problem = Problem::at(
                        &place,
                        format!("the phase \"{name}\" begins or ends before the run does"),
                    );
                    e.change(|d| d.mistakes.push(problem.hint("t = 0 is the start of the warm-up")))
                }
            }
        },
    );
    engine.register_fn("phase", |cx: NativeCallContext, one: One, name: &str| {
        let of_phase = one.finished.phase(name).map(|finished| One { finished, ..one.clone() });
        or_noted(&cx, &one.finished, of_phase, || Ok(one.clone()))
    });
    engine.register_fn("phase", |cx: NativeCallContext, all: All, name: &str| {
        let of_phase = all.finished.phase(name).map(|finished| All { finished, ..all.clone() });
        or_noted(&cx, &all.finished, of_phase, || Ok(all.clone()))
    });
}

impl Finished {
    /// What was found in a phase.
    fn phase(&self, name: &str) -> Scripted<Rc<Finished>> {
        if let Some(phase) = &self.within {
            let hint = format!("write r.phase(\"{name}\"), or r.phase(\"{phase}\")");
            return Err(fail("a phase has no phases of its own", Some(hint)));
        }
        let phases = &self.record.plan.phases;
        let Some(at) = phases.iter().position(|phase| phase.name == name) else {
            let hint = did_you_mean(name, phases.iter().map(|phase| phase.name.as_str()));
            let how = || {
                format!(
                    "tell when it is: .phase(\"{name}\", 10.minutes, 18.minutes), before the checks or behind them"
                )
            };
            return Err(fail(
                format!("this experiment has no phase \"{name}\""),
                hint.or_else(|| Some(how())),
            ));
        };
        let results = Arc::new(of_phase(&self.record.results, at));
        let record = Record { plan: self.record.plan.clone(), results };
        Ok(Rc::new(Finished {
            record: Arc::new(record),
            params: self.params.clone(),
            asked: self.asked.clone(),
            judged: self.judged.clone(),
            within: Some(name.into()),
        }))
    }
}

/// What is wrong with the phases of an experiment.
pub(super) fn mistakes(definition: &Definition) -> Problems {
    let end = definition.duration.map(|duration| definition.warmup.saturating_add(duration));
    let wrong = |(at, (phase, place)): (usize, &(Phase, Place))| {
        let is_twice = definition.phases[..at].iter().any(|(other, _)| other.name == phase.name);
        let problem = amiss(phase, is_twice, definition.warmup, end)?;
        Some(Problem { place: Some(place.clone()), ..problem })
    };
    definition.phases.iter().enumerate().filter_map(wrong).collect()
}

/// The phases by name, at a time that is right: for the checks that look at them.
pub(in crate::scripting) fn somewhere(definition: &Definition) -> Vec<(Phase, Place)> {
    let mut names = BTreeSet::new();
    let right = |(phase, place): &(Phase, Place)| {
        (Phase { from: definition.warmup, to: definition.warmup + 1, ..phase.clone() }, place.clone())
    };
    let of_a_name = definition.phases.iter().filter(|(phase, _)| !phase.name.is_empty());
    of_a_name.filter(|(phase, _)| names.insert(phase.name.as_str())).map(right).collect()
}

/// One whose times were told in another way than they must be, which is told elsewhere: the checks may look at it.
pub(super) fn at_no_time(name: String) -> Phase {
    Phase { name, from: Time::MAX, to: Time::MAX }
}

fn amiss(phase: &Phase, is_twice: bool, warmup: Time, end: Option<Time>) -> Option<Problem> {
    let Phase { name, from, to } = phase;
    if *phase == at_no_time(name.clone()) {
        return None;
    }
    if is_twice {
        return Some(
            Problem::new(format!("there are two phases of the name \"{name}\"")).hint("give each its own"),
        );
    }
    if name.is_empty() || name.contains(|c: char| c.is_control() || c == '"') {
        return Some(Problem::new(format!("\"{name}\" cannot name a phase")).hint("write a word or two"));
    }
    if from >= to {
        let when = if from == to { "when" } else { "before" };
        let message = format!("the phase \"{name}\" ends at {}, {when} it begins", time_text(*to));
        return Some(
            Problem::new(message)
                .hint("write when it begins and when it ends: .phase(\"rush\", 10.minutes, 18.minutes)"),
        );
    }
    if *from < warmup {
        let message = format!("the phase \"{name}\" begins at {}, within the warm-up", time_text(*from));
        let hint = format!(
            "t = 0 is the start of the warm-up, which is not measured: begin at {} or later",
            time_text(warmup)
        );
        return Some(Problem::new(message).hint(hint));
    }
    let end = end.filter(|end| to > end)?;
    let message =
        format!("the phase \"{name}\" ends at {}, after the end at {}", time_text(*to), time_text(end));
    Some(Problem::new(message).hint("t = 0 is the start of the warm-up; the end is warmup + duration"))
}
