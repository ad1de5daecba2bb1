//! The chain of an experiment. What is wrong in it is noted, and told with all else that is.

use super::experiment::ExperimentHandle;
use super::phase::at_no_time;
use crate::catalog::Problem;
use crate::scripting::callback::Callback;
use crate::scripting::convert::{level, value};
use crate::scripting::desk::{Definition, Expect, ExpectKind, call_place};
use crate::scripting::units::Span;
use rhai::{Array, Dynamic, Engine, FnPtr, INT, ImmutableString, Map, NativeCallContext};
use std::collections::BTreeSet;

/// Most variants and replications of one experiment: more is a mistake, or a sweep for a cluster.
pub(super) const RUNS_AT_MOST: u64 = 1_000_000;

type E = ExperimentHandle;

/// The links of the chain that change it.
const LINKS: [&str; 15] = [
    "about",
    "vary",
    "variant",
    "baseline",
    "replications",
    "seed",
    "warmup",
    "duration",
    "window",
    "slo",
    "phase",
    "world",
    "expect",
    "expect_for",
    "claim",
];

pub(super) fn register(engine: &mut Engine) {
    engine.register_fn("about", |e: E, text: &str| e.change(|d| d.about = text.into()));
    engine.register_fn("vary", vary);
    engine.register_fn("variant", picked);
    engine.register_fn("baseline", |cx: NativeCallContext, e: E, levels: Map| {
        let place = call_place(&cx);
        e.change(|d| d.baseline = Some((levels, place)))
    });
    engine.register_fn("replications", |cx: NativeCallContext, e: E, n: INT| {
        e.set(&cx, positive(n, "replications"), |d, n| d.replications = n)
    });
    engine.register_fn("seed", |cx: NativeCallContext, e: E, n: INT| {
        e.set(&cx, seed(n), |d, seed| d.seed = seed)
    });
    engine.register_fn("warmup", |cx: NativeCallContext, e: E, span: Span| {
        e.set(&cx, not_negative(span), |d, span| d.warmup = span)
    });
    engine.register_fn("duration", |cx: NativeCallContext, e: E, span: Span| {
        let given = longer_than_nothing(span, "duration");
        e.change(|d| d.says_duration = true).set(&cx, given, |d, span| d.duration = Some(span))
    });
    engine.register_fn("window", |cx: NativeCallContext, e: E, span: Span| {
        e.set(&cx, longer_than_nothing(span, "window"), |d, span| d.window = Some(span))
    });
    engine.register_fn("slo", |cx: NativeCallContext, e: E, span: Span| {
        e.set(&cx, longer_than_nothing(span, "slo"), |d, span| d.slo = Some(span))
    });
    callbacks(engine);
    LINKS.iter().for_each(|name| misuses(engine, name));
}

fn callbacks(engine: &mut Engine) {
    engine.register_fn("world", |cx: NativeCallContext, e: E, f: FnPtr| {
        let callback = Callback::new(&cx, f);
        e.change(|d| d.world = Some(callback))
    });
    engine.register_fn("expect", |cx: NativeCallContext, e: E, text: &str, f: FnPtr| {
        e.expect(&cx, text, ExpectKind::Each, f)
    });
    engine.register_fn("expect_for", |cx: NativeCallContext, e: E, levels: Map, text: &str, f: FnPtr| {
        e.expect(&cx, text, ExpectKind::For(levels), f)
    });
    engine.register_fn("claim", |cx: NativeCallContext, e: E, text: &str, f: FnPtr| {
        e.expect(&cx, text, ExpectKind::Claim, f)
    });
}

/// A link with other arguments than it takes: the rest of the chain is looked at all the same.
fn misuses(engine: &mut Engine, name: &'static str) {
    type D = Dynamic;
    let misuse = move |cx: &NativeCallContext<'_>, e: E, given: &[D]| e.misuse(cx, name, given);
    engine.register_fn(name, move |cx: NativeCallContext, e: E| misuse(&cx, e, &[]));
    engine.register_fn(name, move |cx: NativeCallContext, e: E, a: D| misuse(&cx, e, &[a]));
    engine.register_fn(name, move |cx: NativeCallContext, e: E, a: D, b: D| misuse(&cx, e, &[a, b]));
    engine.register_fn(name, move |cx: NativeCallContext, e: E, a: D, b: D, c: D| misuse(&cx, e, &[a, b, c]));
}

impl ExperimentHandle {
    /// Sets what was given, or notes what is wrong with it: the rest of the script is looked at all the same.
    fn set<T>(
        self,
        cx: &NativeCallContext<'_>,
        given: Result<T, Problem>,
        set: impl FnOnce(&mut Definition, T),
    ) -> Self {
        match given {
            Ok(value) => self.change(|definition| set(definition, value)),
            Err(problem) => self.note(cx, problem),
        }
    }

    fn note(self, cx: &NativeCallContext<'_>, problem: Problem) -> Self {
        let problem = Problem { place: Some(call_place(cx)), ..problem };
        self.change(|definition| definition.mistakes.push(problem))
    }

    fn misuse(self, cx: &NativeCallContext<'_>, name: &'static str, given: &[Dynamic]) -> Self {
        let kinds: Vec<String> = given.iter().map(|given| value(given).describe()).collect();
        let message = match given {
            [] => format!("`{name}` lacks what it is to be told"),
            _ => format!("`{name}` does not take {}", kinds.join(", ")),
        };
        let problem = Problem::new(message);
        let phase =
            given.first().filter(|_| name == "phase").and_then(|given| given.clone().into_string().ok());
        let place = call_place(cx);
        self.change(|d| d.phases.extend(phase.map(|name| (at_no_time(name), place))));
        self.note(cx, problem.maybe_hint(super::usage(name))).change(|d| {
            d.says_duration |= name == "duration";
            d.says_world |= name == "world";
            d.is_vague |= matches!(name, "vary" | "variant");
        })
    }

    fn expect(self, cx: &NativeCallContext<'_>, text: &str, kind: ExpectKind, f: FnPtr) -> Self {
        let is_same = |other: &Expect| match (&other.kind, &kind) {
            (ExpectKind::Each, ExpectKind::Each) | (ExpectKind::Claim, ExpectKind::Claim) => {
                other.text == text
            }
            _ => false, // whether the variants are the same is not known yet
        };
        if self.look(|d| d.expects.iter().any(is_same)) {
            let problem = Problem::new(format!("there are two checks of the name \"{text}\""));
            return self.note(cx, problem.hint("verdicts are told apart by it: give each its own"));
        }
        let callback = Callback::new(cx, f);
        self.change(|d| d.expects.push(Expect { text: text.into(), kind, callback }))
    }
}

fn vary(
    cx: NativeCallContext<'_>,
    e: ExperimentHandle,
    name: ImmutableString,
    mut levels: Array,
) -> ExperimentHandle {
    let wrong = |message: String, hint: &str| Problem::new(message).hint(hint);
    if levels.is_empty() {
        let problem =
            wrong(format!("`{name}` has no values to vary over"), "write .vary(\"ttl\", [5.s, 60.s])");
        return e.note(&cx, problem).change(|d| d.is_vague = true);
    }
    if e.look(|d| d.factors.iter().any(|(other, _)| name == other)) {
        return e.note(&cx, wrong(format!("`{name}` is varied twice"), "put all its values into one list"));
    }
    if e.look(|d| d.variants.iter().any(|(_, levels)| levels.contains_key(name.as_str()))) {
        return e.note(&cx, varied_and_picked(&name));
    }
    let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_word || name.is_empty() {
        let hint = "a name becomes a column: letters, digits and _";
        e.note(&cx, wrong(format!("\"{name}\" cannot name a factor"), hint));
    }
    if let Some((twice, has_signs)) = twice_in(&mut levels) {
        let message = format!("`{name}` has the value {twice} twice");
        let hint = "results are told apart by it: leave one out (chance is in .replications(..)), or name both: .variant(\"small\", #{ size: 10 })";
        let blanks = if has_signs { "in the names of variants `,` and `;` are blanks; " } else { "" };
        e.note(&cx, wrong(message, &format!("{blanks}{hint}")));
    }
    e.change(|d| d.factors.push((name.to_string(), levels)))
}

/// How the name of a variant shows a text; one with a comma would look like two cells, one with a semicolon like two factors.
pub(super) fn shown(text: &str) -> String {
    text.replace([',', ';'], " ")
}

/// A value that another one in the list cannot be told from in any table, and whether it has signs that are not shown; the list is left without such.
fn twice_in(levels: &mut Array) -> Option<(String, bool)> {
    let (mut seen, mut twice) = (BTreeSet::new(), None);
    levels.retain(|value| {
        let written = level(value).text;
        let text = shown(&written);
        let is_new = seen.insert(text.clone());
        if !is_new {
            twice.get_or_insert_with(|| (text.clone(), text != written));
        }
        is_new
    });
    twice
}

fn picked(
    cx: NativeCallContext<'_>,
    e: ExperimentHandle,
    name: ImmutableString,
    levels: Map,
) -> ExperimentHandle {
    if e.look(|d| d.variants.iter().any(|(other, _)| shown(other) == shown(&name))) {
        let problem = Problem::new(format!("there are two variants of the name \"{name}\""));
        return e.note(&cx, problem.hint("results are told apart by it: give each its own"));
    }
    let is_varied = |key: &str| e.look(|d| d.factors.iter().any(|(other, _)| other == key));
    if let Some(key) = levels.keys().find(|key| is_varied(key)) {
        return e.note(&cx, varied_and_picked(key));
    }
    e.change(|d| d.variants.push((name.to_string(), levels)))
}

fn positive(n: INT, what: &'static str) -> Result<u64, Problem> {
    if (1..=RUNS_AT_MOST as INT).contains(&n) {
        return Ok(n as u64);
    }
    Err(Problem::new(format!("`{what}` must be a number from 1 to {RUNS_AT_MOST}, not {n}")))
}

fn seed(n: INT) -> Result<u64, Problem> {
    // Spreadsheets keep 15 digits.
    if (0..1_000_000_000_000_000).contains(&n) {
        return Ok(n as u64);
    }
    Err(Problem::new(format!("a seed is a number from 0 up of at most 15 digits, not {n}")))
}

fn not_negative(span: Span) -> Result<u64, Problem> {
    let negative = || Problem::new(format!("a warm-up cannot be negative: {}", span.text()));
    u64::try_from(span.0).map_err(|_| negative())
}

fn longer_than_nothing(span: Span, what: &'static str) -> Result<u64, Problem> {
    if span.0 > 0 {
        return Ok(span.0 as u64);
    }
    Err(Problem::new(format!("`{what}` must be longer than nothing, not {}", span.text())))
}

/// Most windows of a run: each is a row of timeseries.csv for every metric, and a spreadsheet has a million rows.
const WINDOWS_AT_MOST: u64 = 100_000;

pub(super) fn windows(count: u64) -> Option<Problem> {
    let hint = format!(
        "each is a row of timeseries.csv for every metric: at most {WINDOWS_AT_MOST}, write .window(1.s)"
    );
    let problem = || Problem::new(format!("a run would have {count} windows")).hint(hint);
    (count > WINDOWS_AT_MOST).then(problem)
}

/// Two ways of giving one parameter its values would contradict each other in every variant.
fn varied_and_picked(name: &str) -> Problem {
    Problem::new(format!("`{name}` is varied, and variants give it as well"))
        .hint("leave it out of the variants, or out of .vary(..): each variant is run with each value varied")
}
