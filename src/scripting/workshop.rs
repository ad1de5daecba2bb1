//! Builders of worlds for worker threads: each evaluates the script again, silently, on an engine of its own.

use super::callback::Callback;
use super::convert::Scripted;
use super::desk::{self, Draft, Moment, desk};
use super::engine::{engine, refill};
use super::errors::{Words, explain};
use super::session::Record;
use crate::catalog::{Problem, Problems};
use crate::experiment::{Builder, Built, Director, View, Workshop};
use crate::kernel::Time;
use crate::model::Command;
use rhai::{AST, Dynamic, Engine, Map, Scope};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

/// What a worker needs to make the worlds of one experiment.
pub(super) struct ScriptWorkshop {
    pub source: Arc<str>,
    pub text: String,
    pub folder: PathBuf,
    pub roots: Vec<PathBuf>,
    pub strict: bool,
    /// Number of the experiment in the script.
    pub ordinal: usize,
    /// Results of the experiments that ran before it.
    pub earlier: Vec<Arc<Record>>,
    pub end: Time,
}

impl Workshop for ScriptWorkshop {
    fn builder(&self) -> Result<Box<dyn Builder + '_>, Problems> {
        let engine = engine(&self.roots, self.strict, true);
        let words = function_names(&engine);
        let explain = |error: &rhai::EvalAltResult| {
            explain(error, &Words { functions: &words, source: &self.source })
        };
        let mut ast = engine.compile(&self.text).map_err(|error| explain(&error.into()))?;
        ast.set_source(&*self.source);
        self.lay_desk(&ast);
        refill();
        let mut scope = Scope::new();
        if let Err(error) = engine.eval_ast_with_scope::<Dynamic>(&mut scope, &ast)
            && !matches!(*error, rhai::EvalAltResult::ErrorTerminated(..))
        {
            return Err(explain(&error));
        }
        let found = desk(|desk| desk.experiments.get(self.ordinal).cloned());
        // It is missing only if the script was stopped on the way.
        let stopped = || vec![Problem::new("the script was stopped")];
        let definition = found.ok_or_else(stopped)?;
        let world = definition.world.clone().ok_or_else(stopped)?;
        let params = super::api::params(&definition);
        Ok(Box::new(ScriptBuilder {
            engine: Rc::new(engine),
            world,
            params,
            end: self.end,
            words: Rc::new(words),
            source: self.source.clone(),
        }))
    }
}

impl ScriptWorkshop {
    fn lay_desk(&self, ast: &AST) {
        desk(|desk| {
            *desk = desk::Desk {
                source: self.source.clone(),
                folder: self.folder.clone(),
                only: Some(self.ordinal),
                earlier: self.earlier.clone(),
                ..desk::Desk::default()
            };
            desk.keys.note(ast);
        });
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
        let params = super::api::Params(self.params[variant].clone());
        let result = self.world.isolated().call(&self.engine, (params,));
        let draft = desk(|desk| std::mem::replace(&mut desk.world, outer)).expect("it was put there");
        if let Err(error) = result {
            return Err(explain(&error, &Words { functions: &self.words, source: &self.source }));
        }
        let director = ScriptDirector {
            engine: self.engine.clone(),
            callbacks: draft.callbacks,
            serial: draft.serial,
            words: self.words.clone(),
            source: self.source.clone(),
        };
        Ok(Built { spec: draft.spec, director: Box::new(director) })
    }
}

struct ScriptDirector {
    engine: Rc<Engine>,
    callbacks: Vec<Callback>,
    serial: u64,
    words: Rc<Vec<String>>,
    source: Arc<str>,
}

impl ScriptDirector {
    /// Calls a function while the desk shows the moment.
    fn call(&self, callback: usize, view: &View) -> (Scripted<Dynamic>, Vec<Command>) {
        refill();
        desk(|desk| {
            desk.moment = Some(Moment { view: view.clone(), commands: Vec::new() });
            desk.world = Some(Draft { serial: self.serial, ..Draft::default() });
        });
        let result = self.callbacks[callback].call(&self.engine, ());
        let moment = desk(|desk| {
            desk.world = None;
            desk.moment.take()
        });
        (result, moment.expect("it was put there").commands)
    }

    fn problem(&self, error: &rhai::EvalAltResult) -> Problem {
        let words = Words { functions: &self.words, source: &self.source };
        explain(error, &words).into_iter().next().expect("an error is at least one problem")
    }
}

impl Director for ScriptDirector {
    fn fire(&mut self, callback: usize, view: &View) -> Result<Vec<Command>, Problem> {
        let (result, commands) = self.call(callback, view);
        let _value = result.map_err(|error| self.problem(&error))?;
        Ok(commands)
    }

    fn holds(&mut self, condition: usize, view: &View) -> Result<bool, Problem> {
        let (result, _) = self.call(condition, view);
        let value = result.map_err(|error| self.problem(&error))?;
        value.as_bool().map_err(|found| {
            let place = &self.callbacks[condition].place;
            Problem::at(place, format!("a condition must be true or false, not {found}"))
                .hint("write when(|| cache.hit_ratio < 0.5, || ..)")
        })
    }
}
