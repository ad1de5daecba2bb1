//! `experiment("name")` and its chain.

use super::chain::{
    RUNS_AT_MOST, longer_than_nothing, not_negative, positive, seed, varied_and_picked, windows,
};
use crate::catalog::{Problem, Problems, did_you_mean};
use crate::experiment::{Plan, Timing, Variant};
use crate::scripting::callback::Callback;
use crate::scripting::convert::{Scripted, level};
use crate::scripting::desk::{Definition, Expect, ExpectKind, Only, call_place, desk};
use crate::scripting::errors::{fail, raise};
use crate::scripting::units::Span;
use rhai::{Array, Dynamic, Engine, EvalAltResult, FnPtr, INT, Map, NativeCallContext, Position};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

/// An experiment in a script: its number on the desk.
#[derive(Clone, Copy, Debug)]
pub(in crate::scripting) struct ExperimentHandle(usize);

/// The levels of a variant, inside a world.
#[derive(Clone, Debug)]
pub(in crate::scripting) struct Params {
    levels: Map,
    /// Those that the world, or one of its events, has looked at.
    read: Rc<RefCell<BTreeSet<String>>>,
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<ExperimentHandle>("experiment");
    engine.register_type_with_name::<Params>("parameters");
    engine.register_fn("experiment", begin);
    engine.register_fn("about", |e: ExperimentHandle, text: &str| e.change(|d| d.about = text.into()));
    engine.register_fn("vary", vary);
    engine.register_fn("variant", picked);
    engine
        .register_fn("baseline", |e: ExperimentHandle, levels: Map| e.change(|d| d.baseline = Some(levels)));
    engine.register_fn("replications", |cx: NativeCallContext, e: ExperimentHandle, n: INT| {
        e.set(&cx, positive(n, "replications"), |d, n| d.replications = n)
    });
    engine.register_fn("seed", |cx: NativeCallContext, e: ExperimentHandle, n: INT| {
        e.set(&cx, seed(n), |d, seed| d.seed = seed)
    });
    engine.register_fn("warmup", |cx: NativeCallContext, e: ExperimentHandle, span: Span| {
        e.set(&cx, not_negative(span), |d, span| d.warmup = span)
    });
    engine.register_fn("duration", |cx: NativeCallContext, e: ExperimentHandle, span: Span| {
        let given = longer_than_nothing(span, "duration");
        e.change(|d| d.says_duration = true).set(&cx, given, |d, span| d.duration = Some(span))
    });
    engine.register_fn("window", |cx: NativeCallContext, e: ExperimentHandle, span: Span| {
        e.set(&cx, longer_than_nothing(span, "window"), |d, span| d.window = Some(span))
    });
    callbacks(engine);
    engine.register_fn("run", run);
    engine.register_indexer_get(|p: &mut Params, name: &str| p.get(name));
}

fn callbacks(engine: &mut Engine) {
    engine.register_fn("world", |cx: NativeCallContext, e: ExperimentHandle, f: FnPtr| {
        let callback = Callback::new(&cx, f);
        e.change(|d| d.world = Some(callback))
    });
    engine.register_fn("expect", |cx: NativeCallContext, e: ExperimentHandle, text: &str, f: FnPtr| {
        e.expect(&cx, text, ExpectKind::Each, f)
    });
    engine.register_fn(
        "expect_for",
        |cx: NativeCallContext, e: ExperimentHandle, levels: Map, text: &str, f: FnPtr| {
            e.expect(&cx, text, ExpectKind::For(levels), f)
        },
    );
    engine.register_fn("claim", |cx: NativeCallContext, e: ExperimentHandle, text: &str, f: FnPtr| {
        e.expect(&cx, text, ExpectKind::Claim, f)
    });
}

impl ExperimentHandle {
    fn change(self, change: impl FnOnce(&mut Definition)) -> Self {
        desk(|desk| {
            let definition = &mut desk.experiments[self.0];
            change(definition);
            // Results of what it was before are not its results.
            definition.finished = None;
        });
        self
    }

    /// Sets what was given, or notes what is wrong with it: the rest of the script is looked at all the same.
    fn set<T>(
        self,
        cx: &NativeCallContext<'_>,
        given: Result<T, Problem>,
        set: impl FnOnce(&mut Definition, T),
    ) -> Self {
        let place = call_place(cx);
        self.change(|definition| match given {
            Ok(value) => set(definition, value),
            Err(problem) => definition.mistakes.push(Problem { place: Some(place), ..problem }),
        })
    }

    fn expect(self, cx: &NativeCallContext<'_>, text: &str, kind: ExpectKind, f: FnPtr) -> Self {
        let callback = Callback::new(cx, f);
        self.change(|d| d.expects.push(Expect { text: text.into(), kind, callback }))
    }
}

fn begin(cx: NativeCallContext<'_>, name: &str) -> Scripted<ExperimentHandle> {
    let place = call_place(&cx);
    if desk(|desk| desk.world.is_some()) {
        return Err(fail("an experiment cannot be described inside a world", None));
    }
    if name.contains(char::is_control) {
        return Err(fail("the name of an experiment is one line of plain text", None));
    }
    if name.trim().is_empty() {
        return Err(fail("an experiment needs a name", Some("write experiment(\"name\")".into())));
    }
    if desk(|desk| {
        desk.only.is_none() && desk.experiments.iter().any(|other| other.name == name && other.pending)
    }) {
        let hint = "results are kept by name: give each its own".to_string();
        return Err(fail(format!("there are two experiments of the name \"{name}\""), Some(hint)));
    }
    let definition = Definition {
        name: name.into(),
        about: String::new(),
        factors: Vec::new(),
        variants: Vec::new(),
        baseline: None,
        replications: 5,
        warmup: 0,
        duration: None,
        says_duration: false,
        window: None,
        seed: 1,
        world: None,
        expects: Vec::new(),
        place,
        mistakes: Problems::new(),
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

fn vary(e: ExperimentHandle, name: &str, levels: Array) -> Scripted<ExperimentHandle> {
    if levels.is_empty() {
        return Err(fail(format!("`{name}` has no values to vary over"), None));
    }
    let twice = desk(|desk| desk.experiments[e.0].factors.iter().any(|(other, _)| other == name));
    if twice {
        return Err(fail(
            format!("`{name}` is varied twice"),
            Some("put all its values into one list".into()),
        ));
    }
    if desk(|desk| desk.experiments[e.0].variants.iter().any(|(_, levels)| levels.contains_key(name))) {
        return Err(raise(vec![varied_and_picked(name)]));
    }
    let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_word || name.is_empty() {
        let hint = "a name becomes a column: letters, digits and _".to_string();
        return Err(fail(format!("\"{name}\" cannot name a factor"), Some(hint)));
    }
    if let Some(twice) = twice_in(&levels) {
        let message = format!("`{name}` has the value {twice} twice");
        let hint = "results are told apart by it: leave one out (chance is in .replications(..)), or name both: .variant(\"small\", #{ size: 10 })";
        return Err(fail(message, Some(hint.into())));
    }
    Ok(e.change(|d| d.factors.push((name.into(), levels))))
}

/// How the name of a variant shows a text; one with a comma would look like two cells.
fn shown(text: &str) -> String {
    text.replace(',', " ")
}

/// A value that another one in the list cannot be told from in any table.
fn twice_in(levels: &Array) -> Option<String> {
    let mut seen = BTreeSet::new();
    levels.iter().map(|value| shown(&level(value).text)).find(|text| !seen.insert(text.clone()))
}

fn picked(e: ExperimentHandle, name: &str, levels: Map) -> Scripted<ExperimentHandle> {
    let is_varied =
        |key: &str| desk(|desk| desk.experiments[e.0].factors.iter().any(|(other, _)| other == key));
    if let Some(key) = levels.keys().find(|key| is_varied(key)) {
        return Err(raise(vec![varied_and_picked(key)]));
    }
    if desk(|desk| desk.experiments[e.0].variants.iter().any(|(other, _)| shown(other) == shown(name))) {
        let message = format!("there are two variants of the name \"{name}\"");
        return Err(fail(message, Some("results are told apart by it: give each its own".into())));
    }
    Ok(e.change(|d| d.variants.push((name.into(), levels))))
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
    match crate::scripting::session::run_experiment(e.0, true).map_err(raise)? {
        Some(finished) => Ok(super::results::All::of(finished)),
        None => Err(Ending::NoResults.error()),
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
            let finished = crate::scripting::Finished::new(record, params(&definition));
            Ok(super::results::All::of(Rc::new(finished)))
        }
        None => Err(fail("this experiment failed", None)),
    }
}

impl Params {
    pub fn of(levels: Map) -> Self {
        Params { levels, read: Rc::default() }
    }

    /// Whether anything has looked at a level so far.
    pub fn is_read(&self, name: &str) -> bool {
        self.read.borrow().contains(name)
    }

    fn get(&self, name: &str) -> Scripted<Dynamic> {
        self.read.borrow_mut().insert(name.into());
        self.levels.get(name).cloned().ok_or_else(|| {
            let hint = did_you_mean(name, self.levels.keys().map(|key| key.as_str()).collect::<Vec<_>>());
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
    if definition.world.is_none() {
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
    let end = definition.warmup.saturating_add(definition.duration.unwrap_or(0));
    let window = definition.window.unwrap_or_else(|| Timing::window_for(end));
    if let Some(problem) = windows(end / window) {
        problems.push(Problem { place: Some(definition.place.clone()), ..problem });
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let maps = params(definition);
    let duration = definition.duration.expect("just checked");
    let plan = Plan {
        name: definition.name.clone(),
        about: definition.about.clone(),
        factors: factor_names(definition),
        variants: variants(definition, &maps),
        baseline: 0,
        replications: definition.replications,
        seed: definition.seed,
        timing: Timing { warmup: definition.warmup, duration, window },
        disabled: Vec::new(),
        asked: Vec::new(),
    };
    with_baseline(plan, definition, &maps)
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

fn with_baseline(mut plan: Plan, definition: &Definition, maps: &[Map]) -> Result<Plan, Problems> {
    let Some(wanted) = &definition.baseline else { return Ok(plan) };
    match maps.iter().position(|map| matches(map, wanted)) {
        Some(index) => plan.baseline = index,
        None => {
            let message = "no variant has the levels of the baseline";
            let labels = plan.variants.iter().map(|variant| variant.label.as_str()).collect::<Vec<_>>();
            let hint = format!("variants are {}", labels.join(", "));
            return Err(vec![Problem::at(&definition.place, message).hint(hint)]);
        }
    }
    Ok(plan)
}

/// Whether a variant has all these levels.
pub(super) fn matches(map: &Map, wanted: &Map) -> bool {
    wanted.iter().all(|(name, value)| map.get(name).is_some_and(|own| level(own) == level(value)))
}
