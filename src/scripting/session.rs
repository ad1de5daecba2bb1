//! A script being evaluated, and its experiments being run.

use super::api;
use super::context::{Context, run_planned};
use super::desk::{Definition, Desk, desk};
use super::divisions::{with_a_rest, with_groups};
use super::engine::{engine, stop_scripts};
use super::errors::{Words, explain};
use super::mended::{ahead, unknown_values, with_hidden};
use super::onward::{self, Way};
use super::pasted;
use super::render::Sources;
use super::said::{self, Entry, PROMPT, Said, State};
use super::shown::shown;
use super::slips::slip;
use super::survey::{completed, said_twice, survey};
use super::weighed::is_about_a_name;
use super::workshop::function_names;
use crate::catalog::{Place, Problem, Problems};
use crate::experiment::{Builder, CheckRow, Figure, Outcome, Plan, RunResult, Workshop};
use rhai::{AST, Dynamic, Engine, EvalAltResult};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Judges the checks of an experiment by its results.
pub type Judge<'a> = dyn FnMut(&Arc<Vec<RunResult>>) -> Result<Vec<CheckRow>, Problems> + 'a;

/// Whoever carries experiments out: runs them, writes files, tells the user.
pub trait Host {
    /// Changes a plan as the command line says.
    fn adjust(&self, plan: &mut Plan);
    /// Runs an experiment that has been checked, or only looks at it. `None` if the script shall not go on.
    fn run(
        &self,
        plan: &Plan,
        workshop: &dyn Workshop,
        builder: &mut dyn Builder,
        judge: &mut Judge<'_>,
    ) -> Result<Option<Outcome>, Problems>;
    /// Something that the script prints.
    fn print(&self, text: &str);
    /// Nothing runs, and something comes behind a `.run()`.
    fn ends_at_a_run(&self) {}
}

/// The results of an experiment, for the rest of the script.
pub struct Record {
    /// The experiment.
    pub plan: Plan,
    /// Its runs.
    pub results: Arc<Vec<RunResult>>,
}

/// The results of an experiment and the parameters of its variants.
pub struct Finished {
    /// The results.
    pub record: Arc<Record>,
    /// Parameters of each variant.
    pub params: Vec<rhai::Map>,
    /// Components that were asked for, by variant and name: whether there are such is not known before the worlds are described.
    pub asked: Rc<RefCell<Vec<(usize, String, Figure)>>>,
    /// Metrics that were looked at.
    pub judged: Rc<RefCell<Vec<usize>>>,
    /// The phase that they are of, if not of all that was measured.
    pub within: Option<Arc<str>>,
}

impl Finished {
    /// What has been found about variants with these parameters.
    pub fn new(record: Arc<Record>, params: Vec<rhai::Map>) -> Self {
        Finished { record, params, asked: Rc::default(), judged: Rc::default(), within: None }
    }
}

/// A session: an engine and what has been said so far.
pub struct Session {
    engine: Rc<Engine>,
    state: State,
    said: Said,
    folder: PathBuf,
    roots: Vec<PathBuf>,
    strict: bool,
    sources: Sources,
    words: Rc<Vec<String>>,
    host: Rc<dyn Host>,
}

impl Session {
    /// A session whose imports and traces are found from `folder`. `strict`: unknown variables are found before anything runs
    /// (files, not prompts). A thread has one session at a time: what an earlier one has described is forgotten.
    pub fn new(folder: &Path, strict: bool, host: Rc<dyn Host>) -> Self {
        let roots = vec![folder.to_path_buf(), PathBuf::from("scripts")];
        let engine = engine(&roots, strict, false);
        let words = function_names(&engine);
        desk(|desk| *desk = Desk::default());
        Session {
            engine: Rc::new(engine),
            state: State::default(),
            said: Said { source: PROMPT.into(), entries: Vec::new() },
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

    /// The variables so far, by name, each with the name of its type.
    pub fn variables(&self) -> Vec<(String, String)> {
        let kind = |value: &Dynamic| self.engine.map_type_name(value.flatten_clone().type_name()).to_string();
        let named: BTreeMap<_, _> =
            self.state.scope.iter_raw().map(|(name, _, value)| (name.to_string(), kind(value))).collect();
        named.into_iter().collect()
    }

    /// Names of all functions: of the language, and those that were typed.
    pub fn functions(&self) -> Vec<String> {
        let typed = self.state.library.iter_functions().map(|function| function.name.to_string());
        let mut names: Vec<String> = self.words.iter().cloned().chain(typed).collect();
        names.retain(|name| !name.starts_with("anon$"));
        names.sort();
        names.dedup();
        names
    }

    /// Evaluates a whole script and runs its experiments; or tells all that is wrong with it.
    pub fn run_file(&mut self, name: &str, text: &str) -> Result<(), Problems> {
        let result = match self.wrong_ahead(name, text) {
            wrong if !wrong.is_empty() => Err(wrong),
            _ => self.look_at(name, text),
        };
        if !self.strict || stop_scripts().load(Ordering::Relaxed) {
            return result;
        }
        result.map_err(|problems| with_hidden(problems, name, text, &self.folder))
    }

    /// What is wrong behind a `.run()`, before anything has run.
    fn wrong_ahead(&mut self, name: &str, text: &str) -> Problems {
        // (Whoever catches mistakes may have made them on purpose.)
        if !self.strict || !text.contains(".run()") || text.contains("catch") {
            return Problems::new();
        }
        self.sources.add(name, text);
        let wrong = ahead(name, text, &self.folder);
        desk(|desk| *desk = Desk::default());
        wrong
    }

    /// Has its script read on behind `.run()`, though there are no results.
    pub(super) fn read_on(&mut self) {
        unknown_values(Rc::get_mut(&mut self.engine).expect("nothing was said yet"));
        onward::begin();
    }

    /// The same, without what its mistakes hide.
    pub(super) fn look_at(&mut self, name: &str, text: &str) -> Result<(), Problems> {
        self.said = Said { source: name.into(), entries: Vec::new() };
        self.sources.add(name, text);
        self.begin(name, 1, text);
        let ast = self.compile()?;
        let engine = self.engine.clone();
        let evaluated = said::evaluate(&engine, &mut self.state, &ast);
        let way = onward::end(evaluated.as_ref().err().map(|error| &**error));
        match evaluated {
            _ if way.sure.is_some() => return self.as_far_as_it_is_sure(way, evaluated.err()),
            // `.run()` where the host only looks: what was described so far is looked at.
            Err(error) if api::Ending::NoResults.ended(&error) => {
                let rest = text.split_once(".run()").map_or("", |(_, rest)| rest);
                if rest.contains(char::is_alphanumeric) {
                    self.run_pending(way.wrong)?;
                    self.host.ends_at_a_run();
                    return Ok(());
                }
            }
            Err(error) => {
                let problems = self.with_those_before(self.explain(&error));
                return Err(way.wrong.into_iter().chain(problems).collect());
            }
            Ok(_) => {}
        }
        if desk(|desk| desk.experiments.is_empty()) {
            let place = Place { source: self.said.source.clone(), line: 1, column: 1, length: 1 };
            let problem = Problem::at(&place, "the script describes no experiment");
            return Err(vec![
                problem.hint("begin with experiment(\"name\"); `scalelab new` writes an example"),
            ]);
        }
        self.run_pending(way.wrong)
    }

    /// What is wrong with a script that hangs, from some place on, on results that there are not.
    fn as_far_as_it_is_sure(&self, way: Way, error: Option<Box<EvalAltResult>>) -> Result<(), Problems> {
        let context = Context::current();
        let mut wrong = way.wrong;
        wrong.extend(desk(|desk| desk.certain.clone()));
        desk(|desk| desk.experiments.iter_mut().for_each(Definition::settle));
        for (ordinal, one) in desk(|desk| desk.experiments.clone()).into_iter().enumerate() {
            if one.pending {
                let is_sure = way.sure.is_none_or(|sure| ordinal < sure);
                let found = context.look_over(&one).err().unwrap_or_default();
                wrong.extend(found.into_iter().filter(|problem| is_sure || is_about_a_name(problem)));
            }
        }
        let ended = error.map(|error| self.explain(&error)).unwrap_or_default();
        wrong.extend(ended.into_iter().filter(is_about_a_name));
        if wrong.is_empty() { Ok(()) } else { Err(self.with_told(wrong)) }
    }

    /// Evaluates one entry of a prompt and runs its experiments; its value as text, if it has one. `name` and `line`, the
    /// first being 1, say where the user finds it. What an entry did before it failed counts; one that was stopped, by
    /// [`stop_scripts`] or because it ran away, never happened.
    pub fn run_entry(&mut self, name: &str, line: usize, text: &str) -> Result<Option<String>, Problems> {
        self.sources.add_at(name, line, text);
        self.begin(name, line, text);
        let result = self.evaluate_entry();
        // Each experiment has its chance once; `.run()` gives it another.
        desk(|desk| desk.experiments.iter_mut().for_each(|experiment| experiment.pending = false));
        result
    }

    fn evaluate_entry(&mut self) -> Result<Option<String>, Problems> {
        let ast = match self.compile() {
            Ok(ast) => ast,
            Err(problems) => {
                self.said.entries.pop();
                return Err(problems);
            }
        };
        let before = (self.state.snapshot(), desk(|desk| desk.experiments.len()));
        let engine = self.engine.clone();
        let value = match said::evaluate(&engine, &mut self.state, &ast) {
            Ok(value) => value,
            Err(error) => {
                let problems = self.with_told(self.explain(&error));
                // Workers could not tell where it was stopped, or would run away again.
                if matches!(error.unwrap_inner(), EvalAltResult::ErrorTerminated(..)) {
                    self.state.restore(before.0);
                    desk(|desk| desk.experiments.truncate(before.1));
                    self.said.entries.pop();
                }
                return Err(problems);
            }
        };
        self.run_pending(Problems::new()).map_err(|problems| self.shown_places(problems))?;
        Ok(shown(&value))
    }

    fn begin(&mut self, name: &str, line: usize, text: &str) {
        let entry = Entry { text: text.into(), above: self.said.lines(), name: name.into(), line };
        self.said.entries.push(entry);
        let (source, folder, host) = (self.said.source.clone(), self.folder.clone(), self.host.clone());
        desk(|desk| {
            desk.source = source;
            desk.folder = folder;
            desk.printed = Some(Rc::new(move |text| host.print(text)));
        });
        self.enter();
    }

    fn compile(&self) -> Result<AST, Problems> {
        let entry = self.said.entries.last().expect("it has begun");
        if let Some(problem) = pasted::comment_without_end(&entry.text, &self.said.source) {
            return Err(vec![problem]); // (To Rhai all behind it is comment.)
        }
        let ast = said::compile(&self.engine, &self.state, &self.said.source, entry);
        let ast = ast.map_err(|error| self.explain(&error))?;
        let words = self.functions();
        let words = Words { functions: &words, source: &self.said.source };
        let (mut told, mut certain) = (survey(&ast, &words), said_twice(&ast, &words));
        if self.strict {
            certain.extend(with_a_rest(&entry.text, &self.said.source));
        }
        certain.extend(with_groups(&entry.text, &self.said.source));
        told.extend(certain.clone());
        desk(|desk| (desk.told, desk.certain) = (told, certain));
        said::shadowed(&ast, &self.said.source, entry).map_err(|problems| self.shown_places(problems))?;
        Ok(ast)
    }

    fn enter(&self) {
        let context = Context {
            engine: self.engine.clone(),
            words: self.words.clone(),
            host: self.host.clone(),
            said: self.said.clone(),
            folder: self.folder.clone(),
            roots: self.roots.clone(),
            strict: self.strict,
        };
        context.enter();
    }

    /// Runs what has been described and not run yet, unless something is wrong, there or `before`.
    fn run_pending(&mut self, before: Problems) -> Result<(), Problems> {
        let context = Context::current();
        desk(|desk| desk.experiments.iter_mut().for_each(Definition::settle));
        let all = desk(|desk| desk.experiments.clone()).into_iter().enumerate();
        let pending = all.filter(|(_, experiment)| experiment.pending);
        let (mut planned, mut wrong) = (Vec::new(), before);
        wrong.extend(desk(|desk| desk.certain.clone()));
        for (ordinal, one) in pending {
            match context.look_over(&one) {
                Ok(plan) => planned.push((ordinal, plan)),
                Err(problems) => wrong.extend(problems),
            }
        }
        let unmet = context.unmet_levels(true);
        wrong.extend(unmet.misspelt);
        if let Some((_, plan)) = planned.first_mut() {
            plan.unmet = unmet.left;
        }
        if !wrong.is_empty() {
            return Err(completed(wrong, desk(|desk| desk.told.clone())));
        }
        for (ordinal, plan) in planned {
            // (A check of one that ran before may have run this one.)
            if !desk(|desk| desk.experiments[ordinal].pending) {
                continue;
            }
            let finished = run_planned(ordinal, plan, None)?;
            if finished.is_none() && stop_scripts().load(Ordering::Relaxed) {
                return Ok(());
            }
        }
        Ok(())
    }

    fn explain(&self, error: &EvalAltResult) -> Problems {
        let words = self.functions();
        let problems = explain(error, &Words { functions: &words, source: &self.said.source });
        let problems = self.shown_places(problems).into_iter();
        problems.map(|problem| self.seen_in_its_line(error, problem)).collect()
    }

    /// What ended a script is not all that is wrong with it: the chains above have noted theirs, and its text tells some.
    fn with_those_before(&self, problems: Problems) -> Problems {
        let context = Context::current();
        let pending =
            desk(|desk| desk.experiments.clone()).into_iter().filter(|experiment| experiment.pending);
        let of = |one: Definition| match (&one.world, one.duration) {
            (Some(_), Some(_)) => context.look_over(&one).err().unwrap_or_default(),
            _ => one.mistakes,
        };
        let mut all: Problems = pending.flat_map(of).collect();
        all.extend(problems);
        all.extend(context.unmet_levels(false).misspelt);
        self.with_told(all)
    }

    fn with_told(&self, problems: Problems) -> Problems {
        completed(problems, self.shown_places(desk(|desk| desk.told.clone())))
    }

    /// What the text around a mistake tells.
    fn seen_in_its_line(&self, error: &EvalAltResult, problem: Problem) -> Problem {
        let place = problem.place.as_ref();
        let text = place.and_then(|place| self.sources.text(&place.source));
        let (Some(place), Some(text)) = (place, text) else { return problem };
        let mut before: String = text.split_inclusive('\n').take(place.line.saturating_sub(1)).collect();
        let line = text.lines().nth(place.line.saturating_sub(1)).unwrap_or_default();
        before.extend(line.chars().take(place.column.saturating_sub(1)));
        let after: String = line.chars().skip(place.column.saturating_sub(1)).collect();
        let later: String = text.split_inclusive('\n').skip(place.line).collect();
        match slip(error, &before, &after, &later) {
            Some(better) => Problem { place: problem.place, ends: problem.ends, ..better },
            None => problem,
        }
    }

    /// Places as the user knows them.
    fn shown_places(&self, problems: Problems) -> Problems {
        let shown = |problem: Problem| Problem {
            place: problem.place.map(|place| self.said.shown(place)),
            ..problem
        };
        problems.into_iter().map(shown).collect()
    }
}
