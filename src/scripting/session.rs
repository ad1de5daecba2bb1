//! A script being evaluated, and its experiments being run.

use super::api;
use super::desk::{Definition, desk};
use super::engine::{engine, refill};
use super::errors::{Words, explain};
use super::render::Sources;
use super::workshop::{ScriptBuilder, ScriptWorkshop, function_names};
use crate::catalog::{Place, Problem, Problems};
use crate::experiment::{Builder, CheckRow, Outcome, Plan, RunResult, Workshop};
use rhai::{AST, Dynamic, Engine, Scope};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

/// Judges the checks of an experiment by its results.
pub type Judge<'a> = dyn FnMut(&[RunResult]) -> Result<Vec<CheckRow>, Problems> + 'a;

/// Whoever carries experiments out: runs them, writes files, tells the user.
pub trait Host {
    /// Changes a plan as the command line says.
    fn adjust(&self, plan: &mut Plan);
    /// Runs an experiment, or only looks at it. `None` if the script shall not go on.
    fn run(
        &self,
        plan: &Plan,
        workshop: &dyn Workshop,
        builder: &mut dyn Builder,
        judge: &mut Judge<'_>,
    ) -> Result<Option<Outcome>, Problems>;
    /// Something that the script prints.
    fn print(&self, text: &str);
}

/// The results of an experiment, for the rest of the script.
pub struct Record {
    /// The experiment.
    pub plan: Plan,
    /// Its runs.
    pub results: Vec<RunResult>,
}

/// The results of an experiment and the parameters of its variants.
pub struct Finished {
    /// The results.
    pub record: Arc<Record>,
    /// Parameters of each variant.
    pub params: Vec<rhai::Map>,
}

/// A session: an engine and what has been said so far.
pub struct Session {
    engine: Rc<Engine>,
    scope: Scope<'static>,
    /// Functions defined so far, for the prompt.
    library: AST,
    /// Everything said so far: what worker threads evaluate again.
    text: String,
    source: Arc<str>,
    folder: PathBuf,
    roots: Vec<PathBuf>,
    strict: bool,
    sources: Sources,
    words: Rc<Vec<String>>,
    host: Rc<dyn Host>,
}

thread_local! {
    static CURRENT: std::cell::RefCell<Option<Context>> = const { std::cell::RefCell::new(None) };
}

/// What running an experiment needs, wherever in a script it is asked for.
#[derive(Clone)]
struct Context {
    engine: Rc<Engine>,
    words: Rc<Vec<String>>,
    host: Rc<dyn Host>,
    text: Rc<str>,
    folder: PathBuf,
    roots: Vec<PathBuf>,
    strict: bool,
}

impl Session {
    /// A session whose imports and traces are found from `folder`. `strict`: unknown variables are found before anything runs
    /// (files, not prompts).
    pub fn new(folder: &Path, strict: bool, host: Rc<dyn Host>) -> Self {
        let roots = vec![folder.to_path_buf(), PathBuf::from("scripts")];
        let engine = engine(&roots, strict, false);
        let words = function_names(&engine);
        Session {
            engine: Rc::new(engine),
            scope: Scope::new(),
            library: AST::empty(),
            text: String::new(),
            source: "".into(),
            folder: folder.into(),
            roots,
            strict,
            sources: Sources::default(),
            words: Rc::new(words),
            host,
        }
    }

    /// Texts of what was evaluated, for drawing problems.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The engine, for completion.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The variables so far.
    pub fn scope(&self) -> &Scope<'static> {
        &self.scope
    }

    /// Evaluates a whole script and runs its experiments.
    pub fn run_file(&mut self, name: &str, text: &str) -> Result<(), Problems> {
        self.begin(name, text);
        self.text = text.into();
        let mut ast = self.engine.compile(text).map_err(|error| self.explain(&error.into()))?;
        ast.set_source(name);
        shadowed(&ast, &self.source)?;
        desk(|desk| desk.keys.note(&ast));
        let engine = self.engine.clone();
        let mut scope = std::mem::take(&mut self.scope);
        let result = engine.eval_ast_with_scope::<Dynamic>(&mut scope, &ast);
        self.scope = scope;
        let _value = result.map_err(|error| self.explain(&error))?;
        if desk(|desk| desk.experiments.is_empty()) {
            let place = Place { source: self.source.clone(), line: 1, column: 1, length: 1 };
            let problem = Problem::at(&place, "the script describes no experiment");
            return Err(vec![problem.hint("begin with experiment(\"name\"); `scalelab new` writes an example")]);
        }
        self.run_pending()
    }

    /// Evaluates one entry of a prompt; its value as text, if it has one.
    pub fn run_entry(&mut self, text: &str) -> Result<Option<String>, Problems> {
        // Every entry stands below all earlier ones, so that places in old functions keep their lines.
        let above = self.text.matches('\n').count();
        let padded = format!("{}{text}\n", "\n".repeat(above));
        let whole = format!("{}{text}\n", self.text);
        self.begin("prompt", &whole);
        let mut ast = self.engine.compile_with_scope(&self.scope, &padded).map_err(|error| self.explain(&error.into()))?;
        ast.set_source("prompt");
        desk(|desk| desk.keys.note(&ast));
        let ast = self.library.merge(&ast);
        let engine = self.engine.clone();
        let before = desk(|desk| desk.experiments.len());
        let earlier = std::mem::replace(&mut self.text, whole);
        self.enter();
        let result = engine.eval_ast_with_scope::<Dynamic>(&mut self.scope, &ast);
        self.library = ast.clone_functions_only();
        let value = match result {
            Ok(value) => value,
            Err(error) => {
                let problems = self.explain(&error);
                // What failed is not said again to workers, and its experiments are forgotten.
                let blank = "\n".repeat(text.matches('\n').count() + 1);
                self.text = format!("{earlier}{blank}");
                desk(|desk| desk.experiments.truncate(before));
                return Err(problems);
            }
        };
        self.run_pending()?;
        Ok(shown(&value))
    }

    fn begin(&mut self, name: &str, text: &str) {
        self.source = name.into();
        self.sources.add(name, text);
        let (source, folder, host) = (self.source.clone(), self.folder.clone(), self.host.clone());
        desk(|desk| {
            desk.source = source;
            desk.folder = folder;
            desk.printed = Some(Rc::new(move |text| host.print(text)));
        });
        self.text = if name == "prompt" { std::mem::take(&mut self.text) } else { text.into() };
        self.enter();
        refill();
    }

    fn enter(&self) {
        let context = Context {
            engine: self.engine.clone(),
            words: self.words.clone(),
            host: self.host.clone(),
            text: self.text.as_str().into(),
            folder: self.folder.clone(),
            roots: self.roots.clone(),
            strict: self.strict,
        };
        CURRENT.with(|current| *current.borrow_mut() = Some(context));
    }

    fn run_pending(&mut self) -> Result<(), Problems> {
        for ordinal in 0..desk(|desk| desk.experiments.len()) {
            if desk(|desk| desk.experiments[ordinal].finished.is_none()) {
                match run_experiment(ordinal)? {
                    Some(_) => {}
                    None => return Ok(()),
                }
            }
        }
        Ok(())
    }

    fn explain(&self, error: &rhai::EvalAltResult) -> Problems {
        explain(error, &Words { functions: &self.words, source: &self.source })
    }
}

/// A function of the script with the name of one of ours would be called in its place, even as a method.
fn shadowed(ast: &AST, source: &Arc<str>) -> Result<(), Problems> {
    let ours = |name: &str| api::WORDS.iter().any(|(word, _)| *word == name);
    let taken: Problems = ast
        .iter_functions()
        .filter(|function| ours(function.name))
        .map(|function| {
            let place = Place { source: source.clone(), ..Place::default() };
            let message = format!("the function `{}` has the name of a word of the language", function.name);
            Problem::at(&place, message).hint("give it another name: it would be called instead of ours")
        })
        .collect();
    if taken.is_empty() { Ok(()) } else { Err(taken) }
}

fn shown(value: &Dynamic) -> Option<String> {
    if value.is_unit() || value.is::<api::ExperimentHandle>() {
        return None;
    }
    Some(api::text_of(value))
}

/// Runs one of the experiments on the desk. `None` if the host says stop.
pub(super) fn run_experiment(ordinal: usize) -> Result<Option<Rc<Finished>>, Problems> {
    let context = CURRENT.with(|current| current.borrow().clone()).expect("a session is open");
    let definition = desk(|desk| desk.experiments[ordinal].clone());
    let mut plan = api::plan(&definition)?;
    context.host.adjust(&mut plan);
    let params = api::params(&definition);
    api::probe(&context.engine, &context.words, &plan, &params, &definition)?;
    let workshop = context.workshop(ordinal, &plan);
    let mut builder = context.builder(&definition, &params, &plan);
    let mut judge = |results: &[RunResult]| {
        let record = Record { plan: plan.clone(), results: results.to_vec() };
        let finished = Rc::new(Finished { record: Arc::new(record), params: params.clone() });
        api::judge(&context.engine, &context.words, &finished, &definition)
    };
    let Some(outcome) = context.host.run(&plan, &workshop, &mut builder, &mut judge)? else {
        return Ok(None);
    };
    let record = Arc::new(Record { plan, results: outcome.results });
    let finished = Rc::new(Finished { record, params });
    desk(|desk| desk.experiments[ordinal].finished = Some(finished.clone()));
    Ok(Some(finished))
}

impl Context {
    fn workshop(&self, ordinal: usize, plan: &Plan) -> ScriptWorkshop {
        let earlier = desk(|desk| {
            let finished = desk.experiments.iter().map_while(|e| e.finished.as_ref());
            finished.map(|finished| finished.record.clone()).collect()
        });
        ScriptWorkshop {
            source: desk(|desk| desk.source.clone()),
            text: self.text.to_string(),
            folder: self.folder.clone(),
            roots: self.roots.clone(),
            strict: self.strict,
            ordinal,
            earlier,
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
        }
    }
}

