//! Builders of worlds for worker threads: each evaluates the script again, silently, on an engine of its own.

use super::api::{Params, same};
use super::callback::Callback;
use super::convert::Scripted;
use super::desk::{self, Draft, Moment, Only, desk};
use super::engine::{engine, refill};
use super::errors::{Words, explain, fail, takes_another_number};
use super::said::{self, Said, State};
use super::session::Record;
use crate::catalog::{Problem, Problems};
use crate::experiment::{Builder, Built, Director, UNMEASURED, UNREAD, View, Workshop};
use crate::kernel::Time;
use crate::model::{self, Command};
use rhai::{Dynamic, Engine, EvalAltResult, Map};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

/// What a worker needs to make the worlds of one experiment.
pub(super) struct ScriptWorkshop {
    pub said: Said,
    pub folder: PathBuf,
    pub roots: Vec<PathBuf>,
    pub strict: bool,
    /// Which experiment.
    pub only: Only,
    /// Results of the experiments that ran before it.
    pub earlier: Vec<Vec<(u64, Arc<Record>)>>,
    pub end: Time,
}

impl Workshop for ScriptWorkshop {
    fn builder(&self) -> Result<Box<dyn Builder + '_>, Problems> {
        let engine = engine(&self.roots, self.strict, true);
        let words = function_names(&engine);
        self.lay_desk();
        let failed = self.say_again(&engine);
        let found = desk(|desk| desk.experiments.get(self.only.ordinal).cloned());
        let world = found.as_ref().and_then(|definition| definition.world.clone());
        let (Some(definition), Some(world)) = (found, world) else {
            let words = Words { functions: &words, source: &self.said.source };
            let why = failed.map(|error| explain(&error, &words));
            return Err(why.unwrap_or_else(|| {
                vec![Problem::new("the script did not describe the same experiment again")]
            }));
        };
        let params = super::api::params(&definition);
        Ok(Box::new(ScriptBuilder {
            engine: Rc::new(engine),
            world,
            params,
            end: self.end,
            words: Rc::new(words),
            source: self.said.source.clone(),
            adds_nodes: self.said.may_add_nodes(),
        }))
    }
}

impl ScriptWorkshop {
    fn lay_desk(&self) {
        desk(|desk| {
            *desk = desk::Desk {
                source: self.said.source.clone(),
                folder: self.folder.clone(),
                only: Some(self.only),
                earlier: self.earlier.clone(),
                ..desk::Desk::default()
            };
        });
    }

    /// Evaluates all that was said, up to the run that is under way; the last thing that went wrong.
    fn say_again(&self, engine: &Engine) -> Option<Box<EvalAltResult>> {
        let mut state = State::default();
        let mut failed = None;
        for entry in &self.said.entries {
            let ast = said::compile(engine, &state, &self.said.source, entry);
            match ast.and_then(|ast| said::evaluate(engine, &mut state, &ast)) {
                Ok(_) => {}
                Err(error) if super::api::Ending::Enough.ended(&error) => break,
                // An entry of the prompt that failed fails here in the same way: what it did before that counts.
                Err(error) => failed = Some(error),
            }
        }
        failed
    }
}

/// Names of all functions of an engine.
pub(super) fn function_names(engine: &Engine) -> Vec<String> {
    let mut names: Vec<String> = engine
        .collect_fn_metadata(None, |info| Some(info.metadata.name.to_string()), true)
        .into_iter()
        .filter(|name| name.chars().all(|c| c.is_alphanumeric() || c == '_'))
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Describes worlds by calling the script's function.
pub(super) struct ScriptBuilder {
    pub engine: Rc<Engine>,
    pub world: Callback,
    pub params: Vec<Map>,
    pub end: Time,
    pub words: Rc<Vec<String>>,
    pub source: Arc<str>,
    /// Whether anything was said of adding nodes.
    pub adds_nodes: bool,
}

impl Builder for ScriptBuilder {
    fn world(&mut self, variant: usize, _replication: u64) -> Result<Built, Problems> {
        refill();
        let (end, place) = (self.end, self.world.place.clone());
        let outer = desk(|desk| {
            desk.worlds_made += 1;
            let serial = desk.worlds_made;
            let mut draft = Draft { serial, end, ..Draft::default() };
            draft.spec.place = Some(place);
            desk.world.replace(draft)
        });
        let params = Params::of(&self.params, variant);
        let result = self.describe(&params);
        let mut draft = desk(|desk| std::mem::replace(&mut desk.world, outer)).expect("it was put there");
        draft.callbacks.iter_mut().for_each(Callback::settle);
        if let Err(told) = result {
            // What it describes first is not right for that.
            let mut problems = model::mistakes_so_far(&draft.spec);
            problems.extend(told);
            return Err(problems);
        }
        let director = ScriptDirector {
            engine: self.engine.clone(),
            callbacks: draft.callbacks,
            serial: draft.serial,
            words: self.words.clone(),
            source: self.source.clone(),
            groups: draft
                .spec
                .groups
                .iter()
                .map(|group| format!("the {} \"{}\"", group.kind, group.name))
                .collect(),
            asked: BTreeMap::new(),
            varied: self.varied(variant),
            params,
        };
        Ok(Built { spec: draft.spec, director: Box::new(director), adds_nodes: self.adds_nodes })
    }
}

impl ScriptBuilder {
    /// Calls the script's function. One that takes nothing is called all the same, to find what else is wrong with it.
    fn describe(&self, params: &Params) -> Result<(), Problems> {
        let told = |error: Box<EvalAltResult>| {
            explain(&error, &Words { functions: &self.words, source: &self.source })
        };
        let Err(error) = self.world.isolated().call(&self.engine, (params.clone(),)) else { return Ok(()) };
        let (takes_another, mut problems) = (takes_another_number(error.unwrap_inner()), told(error));
        if !takes_another
            || desk(|desk| desk.world.as_ref().is_some_and(|world| !world.spec.groups.is_empty()))
        {
            return Err(problems);
        }
        let Err(error) = self.world.isolated().call(&self.engine, ()) else {
            desk(|desk| desk.world.iter_mut().for_each(|world| world.spec.problems.append(&mut problems)));
            return Ok(());
        };
        let others = told(error).into_iter().filter(|other| !problems.contains(other));
        Err(problems.iter().cloned().chain(others).collect())
    }

    /// Factors in which a variant differs from another.
    fn varied(&self, variant: usize) -> Vec<String> {
        let own = &self.params[variant];
        let differs = |(name, value): &(&rhai::Identifier, &Dynamic)| {
            let mut others = self.params.iter().filter_map(|map| map.get(*name));
            others.any(|other| !same(other, value))
        };
        own.iter().filter(differs).map(|(name, _)| name.to_string()).collect()
    }
}

/// There are many runs, on several threads.
fn nobody_reads() -> Box<EvalAltResult> {
    fail(
        "what happens while a simulation runs cannot `print`: nobody would know of which run it speaks",
        Some("write note(\"..\"): it goes into events.csv".into()),
    )
}

struct ScriptDirector {
    engine: Rc<Engine>,
    callbacks: Vec<Callback>,
    serial: u64,
    words: Rc<Vec<String>>,
    source: Arc<str>,
    /// What each component is called in messages.
    groups: Vec<String>,
    /// Figures that conditions and events asked for, by group: whether there ever was one.
    asked: BTreeMap<(usize, String), bool>,
    /// Factors in which the variant differs from others.
    varied: Vec<String>,
    params: Params,
}

impl ScriptDirector {
    /// Calls a function while the desk shows the moment.
    fn call(&mut self, callback: usize, view: &View) -> (Scripted<Dynamic>, Vec<Command>) {
        refill();
        desk(|desk| {
            desk.moment = Some(Moment { view: view.clone(), commands: Vec::new(), asked: Vec::new() });
            desk.world = Some(Draft { serial: self.serial, ..Draft::default() });
        });
        let result = self.callbacks[callback].call(&self.engine, ());
        let (moment, printed) = desk(|desk| {
            desk.world = None;
            (desk.moment.take(), std::mem::take(&mut desk.printed_in_event))
        });
        let result = if printed { Err(nobody_reads()) } else { result };
        let moment = moment.expect("it was put there");
        for (group, name, known) in moment.asked {
            *self.asked.entry((group, name)).or_default() |= known;
        }
        (result, moment.commands)
    }

    fn problem(&self, callback: usize, error: &EvalAltResult) -> Problem {
        let words = Words { functions: &self.words, source: &self.source };
        let problem = explain(error, &words).into_iter().next().expect("an error is at least one problem");
        let place = problem.place.clone().or_else(|| Some(self.callbacks[callback].place.clone()));
        Problem { place, ..problem }
    }
}

impl Director for ScriptDirector {
    fn fire(&mut self, callback: usize, view: &View) -> Result<Vec<Command>, Problem> {
        let (result, commands) = self.call(callback, view);
        let _value = result.map_err(|error| self.problem(callback, &error))?;
        Ok(commands)
    }

    fn holds(&mut self, condition: usize, view: &View) -> Result<bool, Problem> {
        let (result, _) = self.call(condition, view);
        let value = result.map_err(|error| self.problem(condition, &error))?;
        value.as_bool().map_err(|found| {
            let place = &self.callbacks[condition].place;
            Problem::at(place, format!("a condition must be true or false, not {found}"))
                .hint("write when(|| cache.hit_ratio < 0.5, || ..)")
        })
    }

    fn doubts(&self) -> Vec<String> {
        let unread = self.varied.iter().filter(|name| !self.params.is_read(name));
        let unread = unread.map(|name| {
            format!("{UNREAD} the levels of `{name}`: they make no difference; write p.{name} in the world")
        });
        let unmeasured = self.asked.iter().filter(|(_, known)| !**known).map(|((group, name), _)| {
            let of = &self.groups[*group];
            format!("{UNMEASURED} `{name}` of {of}: no comparison with it holds")
        });
        unread.chain(unmeasured).collect()
    }
}
