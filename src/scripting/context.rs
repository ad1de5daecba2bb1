//! What running an experiment needs, and the looking over and running of it.

use super::api;
use super::compared::{Unmet, unmet_levels};
use super::desk::{Definition, Only, desk};
use super::said::{PROMPT, Said};
use super::session::{Finished, Host, Record};
use super::workshop::{ScriptBuilder, ScriptWorkshop};
use crate::catalog::Problems;
use crate::experiment::{Plan, RunResult, check};
use crate::kernel::{SECOND, Time};
use crate::model::UNKNOWN_END;
use rhai::Engine;
use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

thread_local! {
    static CURRENT: RefCell<Option<Context>> = const { RefCell::new(None) };
}

/// What running an experiment needs, wherever in a script it is asked for.
#[derive(Clone)]
pub(super) struct Context {
    pub engine: Rc<Engine>,
    pub words: Rc<Vec<String>>,
    pub host: Rc<dyn Host>,
    pub said: Said,
    pub folder: PathBuf,
    pub roots: Vec<PathBuf>,
    pub strict: bool,
}

/// Mistakes and those of the worlds, as they stand in the script.
fn with_worlds(mut problems: Problems, checked: Result<Vec<String>, Problems>) -> Problems {
    problems.extend(checked.err().into_iter().flatten());
    problems.sort_by(|a, b| a.place.cmp(&b.place));
    problems
}

impl Context {
    /// What the worlds of the script compare their levels with, and is none. Others that come behind may share a world with those there are.
    pub fn unmet_levels(&self, all_are_known: bool) -> Unmet {
        let Some(entry) = self.said.entries.last().filter(|_| *self.said.source != *PROMPT) else {
            return Unmet::default();
        };
        // (Indented, it may be one of several that a loop or a function describes.)
        let mut described = entry.text.lines().filter(|line| line.contains("experiment("));
        let is_only_one =
            described.next().is_some_and(|line| !line.starts_with(' ')) && described.next().is_none();
        if !all_are_known && !is_only_one {
            return Unmet::default();
        }
        unmet_levels(&self.engine, &self.said.source, &entry.text)
    }
}

/// Runs an experiment of the desk that `.run()` calls. `None` if the host has no results to go on with.
pub(super) fn run_called(ordinal: usize) -> Result<Option<Rc<Finished>>, Problems> {
    let definition = desk(|desk| {
        let definition = &mut desk.experiments[ordinal];
        definition.pending = false;
        definition.settle();
        definition.clone()
    });
    let context = Context::current();
    let unmet = context.unmet_levels(false);
    let plan = match context.look_over(&definition) {
        Ok(plan) if unmet.misspelt.is_empty() => Plan { unmet: unmet.left, ..plan },
        looked => return Err(with_worlds(unmet.misspelt, looked.map(|_| Vec::new()))),
    };
    let call = Some(definition.calls);
    run_planned(ordinal, plan, call)
}

/// Runs an experiment that has been looked over: called by `.run()`, or when all has been evaluated. `None` if the host has
/// no results to go on with.
pub(super) fn run_planned(
    ordinal: usize,
    plan: Plan,
    call: Option<u64>,
) -> Result<Option<Rc<Finished>>, Problems> {
    let context = Context::current();
    let definition = desk(|desk| {
        desk.experiments[ordinal].pending = false;
        desk.experiments[ordinal].clone()
    });
    let params = api::params(&definition);
    let workshop = context.workshop(Only { ordinal, call }, &plan);
    let mut builder = context.builder(&definition, &params, &plan);
    let mut judge = |results: &Arc<Vec<RunResult>>| {
        let record = Record { plan: plan.clone(), results: results.clone() };
        let finished = Rc::new(Finished::new(Arc::new(record), params.clone()));
        api::judge(&context.engine, &context.words, &finished, &definition)
    };
    let Some(outcome) = context.host.run(&plan, &workshop, &mut builder, &mut judge)? else {
        return Ok(None);
    };
    let record = Arc::new(Record { plan, results: outcome.results });
    let finished = Rc::new(Finished::new(record.clone(), params));
    desk(|desk| {
        let own = &mut desk.experiments[ordinal];
        own.finished = Some(finished.clone());
        own.records.push((own.calls, record));
    });
    Ok(Some(finished))
}

/// How far functions of time are followed in a world that cannot be run, because nobody knows how long.
const SOME_TIME: Time = 60 * SECOND;

impl Context {
    /// That of the session of this thread.
    pub fn current() -> Context {
        CURRENT.with(|current| current.borrow().clone()).expect("a session is open")
    }

    /// Makes it that of this thread.
    pub fn enter(self) {
        CURRENT.with(|current| *current.borrow_mut() = Some(self));
    }

    /// The plan of an experiment that can be run; or all that is wrong with it, its worlds included.
    pub fn look_over(&self, definition: &Definition) -> Result<Plan, Problems> {
        let mut plan = api::plan(definition).map_err(|problems| self.all_mistakes(problems, definition))?;
        self.host.adjust(&mut plan);
        let problems = self.probe(&mut plan, definition);
        let mut builder = self.builder(definition, &api::params(definition), &plan);
        match check(&plan, &mut builder) {
            Ok(unread) if problems.is_empty() => Ok(Plan { unread, ..plan }),
            checked => Err(with_worlds(problems, checked)),
        }
    }

    /// What is wrong with an experiment whose plan is, its checks and worlds included.
    fn all_mistakes(&self, mut problems: Problems, definition: &Definition) -> Problems {
        let duration = definition.duration.or(Some(SOME_TIME));
        let mended = Definition {
            mistakes: Problems::new(),
            duration,
            says_duration: true,
            baseline: None,
            phases: api::somewhere(definition),
            ..definition.clone()
        };
        if mended.is_vague || mended.world.is_none() {
            return problems;
        }
        let Ok(mut plan) = api::plan(&mended) else { return problems };
        problems.extend(self.probe(&mut plan, &mended));
        let mut builder = self.builder(&mended, &api::params(&mended), &plan);
        if definition.duration.is_none() {
            plan.timing.duration = UNKNOWN_END;
        }
        with_worlds(problems, check(&plan, &mut builder))
    }

    /// Notes what the checks look at; what is wrong with them.
    fn probe(&self, plan: &mut Plan, definition: &Definition) -> Problems {
        let params = api::params(definition);
        let probed = api::probe(&self.engine, &self.words, plan, &params, definition);
        plan.asked = probed.asked;
        plan.judged.extend(probed.judged);
        plan.judged.sort_unstable();
        plan.judged.dedup();
        probed.problems
    }

    fn workshop(&self, only: Only, plan: &Plan) -> ScriptWorkshop {
        ScriptWorkshop {
            said: self.said.clone(),
            folder: self.folder.clone(),
            roots: self.roots.clone(),
            strict: self.strict,
            only,
            earlier: desk(|desk| {
                desk.experiments.iter().map(|experiment| experiment.records.clone()).collect()
            }),
            end: plan.timing.end(),
        }
    }

    /// A builder on this thread, for checking.
    fn builder(&self, definition: &Definition, params: &[rhai::Map], plan: &Plan) -> ScriptBuilder {
        ScriptBuilder {
            engine: self.engine.clone(),
            world: definition.world.clone().expect("checked when it was prepared"),
            params: params.to_vec(),
            end: plan.timing.end(),
            words: self.words.clone(),
            source: desk(|desk| desk.source.clone()),
            adds_nodes: self.said.may_add_nodes(),
        }
    }
}
