//! `experiment("name")` and its chain.

use super::chain::{RUNS_AT_MOST, shown, windows};
use super::levels::matches;
use crate::catalog::{Problem, Problems, did_you_mean};
use crate::experiment::{Plan, Timing, Variant};
use crate::scripting::convert::{Scripted, level};
use crate::scripting::desk::{Definition, Only, call_place, desk};
use crate::scripting::errors::{fail, raise};
use crate::scripting::onward;
use crate::scripting::session::{Finished, Record};
use crate::scripting::unlike::kind;
use rhai::{Dynamic, Engine, EvalAltResult, Map, NativeCallContext, Position};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

/// An experiment in a script: its number on the desk.
#[derive(Clone, Copy, Debug)]
pub(in crate::scripting) struct ExperimentHandle(usize);

/// The levels of a variant, inside a world.
#[derive(Clone, Debug)]
pub(in crate::scripting) struct Params {
    levels: Map,
    /// What other variants have and this one does not.
    of_others: Rc<BTreeSet<String>>,
    /// Those that the world, or one of its events, has looked at.
    read: Rc<RefCell<BTreeSet<String>>>,
}

pub(super) fn register(engine: &mut Engine) {
    kind::<ExperimentHandle>(engine, "experiment");
    kind::<Params>(engine, "parameters");
    engine.register_fn("experiment", begin);
    super::chain::register(engine);
    engine.register_fn("run", run);
    engine.register_indexer_get(|p: &mut Params, name: &str| p.get(name));
}

impl ExperimentHandle {
    /// Looks at what was said of it.
    pub(super) fn look<T>(self, look: impl FnOnce(&Definition) -> T) -> T {
        desk(|desk| look(&desk.experiments[self.0]))
    }

    /// Changes it.
    pub(super) fn change(self, change: impl FnOnce(&mut Definition)) -> Self {
        desk(|desk| {
            let definition = &mut desk.experiments[self.0];
            change(definition);
            // Results of what it was before are not its results.
            definition.finished = None;
        });
        self
    }
}

fn begin(cx: NativeCallContext<'_>, name: &str) -> Scripted<ExperimentHandle> {
    let place = call_place(&cx);
    if desk(|desk| desk.world.is_some()) {
        return Err(fail("an experiment cannot be described inside a world", None));
    }
    let wrong = check_name(name).map(|problem| Problem { place: Some(place.clone()), ..problem });
    let definition = Definition {
        name: name.into(),
        about: String::new(),
        factors: Vec::new(),
        variants: Vec::new(),
        baseline: None,
        replications: 5,
        warmup: 0,
        slo: None,
        duration: None,
        says_duration: false,
        window: None,
        phases: Vec::new(),
        seed: 1,
        world: None,
        expects: Vec::new(),
        place,
        mistakes: wrong.into_iter().collect(),
        says_world: false,
        is_vague: false,
        pending: true,
        calls: 0,
        finished: None,
        records: Vec::new(),
    };
    Ok(desk(|desk| {
        desk.experiments.push(definition);
        ExperimentHandle(desk.experiments.len() - 1)
    }))
}

/// What is wrong with the name of an experiment.
fn check_name(name: &str) -> Option<Problem> {
    let is_taken = || {
        let same = |other: &Definition| other.name == name && other.pending;
        desk(|desk| desk.only.is_none() && desk.experiments.iter().any(same))
    };
    if name.contains(char::is_control) {
        return Some(Problem::new("the name of an experiment is one line of plain text"));
    }
    if name.trim().is_empty() {
        return Some(Problem::new("an experiment needs a name").hint("write experiment(\"name\")"));
    }
    let twice = || Problem::new(format!("there are two experiments of the name \"{name}\""));
    is_taken().then(|| twice().hint("results are kept by name: give each its own"))
}

/// Why `.run()` ends a script that has done nothing wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::scripting) enum Ending {
    /// There are no results to go on with.
    NoResults,
    /// A worker has come to the call that is under way.
    Enough,
}

impl Ending {
    fn error(self) -> Box<EvalAltResult> {
        EvalAltResult::ErrorTerminated(Dynamic::from(self), Position::NONE).into()
    }

    /// Whether this is why.
    pub fn ended(self, error: &EvalAltResult) -> bool {
        let EvalAltResult::ErrorTerminated(why, _) = error.unwrap_inner() else { return false };
        why.clone().try_cast::<Ending>() == Some(self)
    }
}

/// `.run()`: at once, or what an earlier evaluation found.
fn run(e: ExperimentHandle) -> Scripted<super::results::All> {
    if desk(|desk| desk.world.is_some() || desk.moment.is_some()) {
        return Err(fail("an experiment cannot be run inside a world", None));
    }
    let (only, finished) = desk(|desk| {
        let definition = &mut desk.experiments[e.0];
        definition.calls += 1;
        definition.pending = false;
        (desk.only, definition.finished.clone())
    });
    if let Some(only) = only {
        return run_again(e, only);
    }
    if let Some(finished) = finished {
        return Ok(super::results::All::of(finished));
    }
    match crate::scripting::context::run_called(e.0) {
        Ok(Some(finished)) => Ok(super::results::All::of(finished)),
        Ok(None) => read_on(e, Problems::new()),
        Err(wrong) => read_on(e, wrong),
    }
}

/// Behind a `.run()` without results: with some of which nothing is known, if the script is only read.
fn read_on(e: ExperimentHandle, wrong: Problems) -> Scripted<super::results::All> {
    let goes_on = onward::goes_on(&wrong);
    let definition = desk(|desk| desk.experiments[e.0].clone());
    match plan(&definition) {
        _ if goes_on.is_none() && !wrong.is_empty() => Err(raise(wrong)),
        Ok(plan) if goes_on == Some(true) => {
            let record = Record { plan, results: Arc::default() };
            let finished = Finished::new(Arc::new(record), params(&definition));
            Ok(super::results::All::of(Rc::new(finished)))
        }
        _ => Err(Ending::NoResults.error()),
    }
}

/// `.run()` in a worker: what it returned the first time, up to the call that is under way.
fn run_again(e: ExperimentHandle, only: Only) -> Scripted<super::results::All> {
    let (definition, earlier) =
        desk(|desk| (desk.experiments[e.0].clone(), desk.earlier.get(e.0).cloned().unwrap_or_default()));
    if e.0 == only.ordinal && only.call == Some(definition.calls) {
        return Err(Ending::Enough.error());
    }
    match earlier.into_iter().rev().find(|(calls, _)| *calls <= definition.calls) {
        Some((_, record)) => {
            let finished = Finished::new(record, params(&definition));
            Ok(super::results::All::of(Rc::new(finished)))
        }
        None => Err(fail("this experiment failed", None)),
    }
}

impl Params {
    /// Those of one of several variants.
    pub fn of(variants: &[Map], index: usize) -> Self {
        let levels = variants[index].clone();
        let names = variants.iter().flat_map(|map| map.keys()).filter(|name| !levels.contains_key(*name));
        let of_others = Rc::new(names.map(ToString::to_string).collect());
        Params { levels, of_others, read: Rc::default() }
    }

    /// Whether anything has looked at a level so far.
    pub fn is_read(&self, name: &str) -> bool {
        self.read.borrow().contains(name)
    }

    fn get(&self, name: &str) -> Scripted<Dynamic> {
        self.read.borrow_mut().insert(name.into());
        self.levels.get(name).cloned().ok_or_else(|| {
            if self.of_others.contains(name) {
                let hint = format!("give it one in every .variant(..): #{{ {name}: .. }}");
                return fail(format!("a variant has no level of `{name}`, which others have"), Some(hint));
            }
            let close = did_you_mean(name, self.levels.keys().map(|key| key.as_str()).collect::<Vec<_>>());
            let hint = close.or_else(|| {
                Some(format!("add .vary(\"{name}\", [..]) to the chain, or write the value here"))
            });
            fail(format!("this experiment does not vary `{name}`"), hint)
        })
    }
}

/// The levels of each variant: hand-picked ones first, each times the product of all factors.
pub(in crate::scripting) fn params(definition: &Definition) -> Vec<Map> {
    let picked = definition.variants.iter().map(|(_, levels)| levels.clone());
    let mut maps: Vec<Map> = if definition.variants.is_empty() { vec![Map::new()] } else { picked.collect() };
    for (name, levels) in &definition.factors {
        let with = |map: &Map, level: &Dynamic| {
            let mut map = map.clone();
            map.insert(name.as_str().into(), level.clone());
            map
        };
        maps = maps.iter().flat_map(|map| levels.iter().map(move |level| with(map, level))).collect();
    }
    maps
}

/// The plan of an experiment, or everything that is missing.
pub(in crate::scripting) fn plan(definition: &Definition) -> Result<Plan, Problems> {
    let mut problems = definition.mistakes.clone();
    let mut missing = |what: &str, hint: &str| {
        let message = format!("experiment \"{}\" has no {what}", definition.name);
        problems.push(Problem::at(&definition.place, message).hint(hint));
    };
    if definition.world.is_none() && !definition.says_world {
        missing("world", "add .world(|p| { .. })");
    }
    if !definition.says_duration {
        missing("duration", "add .duration(1.minute)");
    }
    let runs: u64 = definition
        .factors
        .iter()
        .fold(definition.replications, |product, (_, levels)| product.saturating_mul(levels.len() as u64));
    let runs = runs.saturating_mul(definition.variants.len().max(1) as u64);
    if runs > RUNS_AT_MOST {
        let message = format!("experiment \"{}\" would take {runs} runs", definition.name);
        problems.push(Problem::at(&definition.place, message).hint("vary fewer things at a time"));
    }
    problems.extend(super::phase::mistakes(definition));
    let end = definition.warmup.saturating_add(definition.duration.unwrap_or(0));
    let window = definition.window.unwrap_or_else(|| Timing::window_for(end));
    if let Some(problem) = windows(end / window) {
        problems.push(Problem { place: Some(definition.place.clone()), ..problem });
    }
    let maps = if runs > RUNS_AT_MOST { Vec::new() } else { params(definition) };
    let variants = variants(definition, &maps);
    let baselines = baselines(definition, &maps, &variants).unwrap_or_else(|problem| {
        problems.extend((!maps.is_empty()).then_some(problem));
        Vec::new()
    });
    if !problems.is_empty() {
        return Err(problems);
    }
    let duration = definition.duration.expect("just checked");
    Ok(Plan {
        name: definition.name.clone(),
        about: definition.about.clone(),
        factors: factor_names(definition),
        variants,
        baselines,
        replications: definition.replications,
        seed: definition.seed,
        timing: Timing { warmup: definition.warmup, duration, window, slo: definition.slo },
        phases: definition.phases.iter().map(|(phase, _)| phase.clone()).collect(),
        disabled: Vec::new(),
        asked: Vec::new(),
        judged: Vec::new(),
        unread: Vec::new(),
        unmet: Vec::new(),
    })
}

/// Names of the factors in written order; those of hand-picked variants first, by name.
fn factor_names(definition: &Definition) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let picked = definition.variants.iter().flat_map(|(_, map)| map.keys().map(ToString::to_string));
    for name in picked.chain(definition.factors.iter().map(|(name, _)| name.clone())) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn variants(definition: &Definition, maps: &[Map]) -> Vec<Variant> {
    let names = factor_names(definition);
    let per_pick = maps.len() / definition.variants.len().max(1);
    let variant = |(index, map): (usize, &Map)| {
        let levels = names.iter().map(|name| map.get(name.as_str()).map(level)).collect();
        let varied = definition.factors.iter().map(|(name, _)| {
            let text = map.get(name.as_str()).map(level).map_or(String::new(), |level| level.text);
            format!("{name}={}", shown(&text))
        });
        let picked = definition.variants.get(index / per_pick).map(|(name, _)| shown(name));
        let label = picked.into_iter().chain(varied).collect::<Vec<_>>().join(";");
        Variant { label: if label.is_empty() { definition.name.clone() } else { label }, levels }
    };
    maps.iter().enumerate().map(variant).collect()
}

/// The variant with which each one is compared: of those that have the levels of the baseline, the one that agrees with it in most other factors,
/// of several the first; the first of all, if nothing was said.
fn baselines(definition: &Definition, maps: &[Map], variants: &[Variant]) -> Result<Vec<usize>, Problem> {
    let Some((wanted, place)) = &definition.baseline else { return Ok(vec![0; variants.len()]) };
    let found: Vec<usize> = (0..maps.len()).filter(|at| matches(&maps[*at], wanted)).collect();
    let Some(first) = found.first() else {
        let labels = variants.iter().map(|variant| variant.label.as_str()).collect::<Vec<_>>();
        let problem = Problem::at(place, "no variant has the levels of the baseline");
        return Err(problem.hint(format!("variants are {}", labels.join(", "))));
    };
    if found.len() == maps.len() {
        return Ok(vec![0; variants.len()]); // all of them are none to compare with
    }
    let names = factor_names(definition);
    let free: Vec<usize> = (0..names.len()).filter(|at| !wanted.contains_key(names[*at].as_str())).collect();
    let agreeing = |a: &Variant, b: &Variant| {
        free.iter().filter(|factor| a.levels[**factor] == b.levels[**factor]).count()
    };
    let own = |at: usize| match found.contains(&at) {
        true => at,
        false => {
            let nearest = found.iter().rev().max_by_key(|b| agreeing(&variants[**b], &variants[at]));
            *nearest.unwrap_or(first)
        }
    };
    Ok((0..variants.len()).map(own).collect())
}
