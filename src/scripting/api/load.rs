//! Distributions, keys, arrivals, traces, later steps.

use crate::catalog::{KeysPlan, Load, PlannedStep, Problem, TraceLoad, Value};
use crate::input::{OnError, Trace, TraceFileOptions, open_trace};
use crate::random::arrivals::{Arrivals, NextState};
use crate::random::keys::{Keys, KeysError};
use crate::random::replay::{ReplayOptions, TraceRows};
use crate::random::variate::{
    Empirical, Erlang, Exponential, Hyperexponential, Lognormal, Mixture, Pareto, Uniform, Variate,
    VariateError, Weibull,
};
use crate::scripting::convert::{self, Scripted};
use crate::scripting::desk::{call_place, desk, draft};
use crate::scripting::errors::{fail, raise};
use crate::scripting::units::{Rate, Share, Span};
use crate::scripting::unlike::kind;
use rhai::{Array, Dynamic, Engine, FLOAT, INT, Map, NativeCallContext};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

pub(super) fn register(engine: &mut Engine) {
    kind::<Variate>(engine, "distribution");
    kind::<KeysPlan>(engine, "keys");
    kind::<Load>(engine, "arrivals");
    kind::<PlannedStep>(engine, "step");
    distributions(engine);
    mixtures(engine);
    keys(engine);
    arrivals(engine);
    engine.register_fn("trace", |path: &str| trace(path, &Map::new()));
    engine.register_fn("trace", |path: &str, options: Map| trace(path, &options));
    engine.register_fn("later", |delay: Span, step: &str| -> Scripted<PlannedStep> {
        match u64::try_from(delay.0) {
            Ok(delay) if delay > 0 => Ok(PlannedStep { delay, step: step.into() }),
            _ => Err(fail(format!("later({}) is not later", delay.text()), None)),
        }
    });
}

/// A mistake of a distribution of times, with its units: made within, it counts nanoseconds.
fn told(error: VariateError) -> String {
    const TIMES: [&str; 7] = ["mean", "value", "low", "high", "median", "p99", "scale"];
    let span = |nanoseconds: f64| Span(nanoseconds as i64).text();
    match error {
        VariateError::NotPositive { parameter, value } if TIMES.contains(&parameter) => {
            format!("{parameter} must be above zero, not {}", span(value))
        }
        VariateError::Negative { parameter, value } if TIMES.contains(&parameter) => {
            format!("{parameter} must not be negative, but is {}", span(value))
        }
        VariateError::OutOfRange { parameter, value, low, high: f64::MAX } if TIMES.contains(&parameter) => {
            format!("{parameter} must be at least {}, not {}", span(low), span(value))
        }
        VariateError::OutOfRange { parameter, value, low, high } if TIMES.contains(&parameter) => {
            format!("{parameter} must be between {} and {}, not {}", span(low), span(high), span(value))
        }
        other => other.to_string(),
    }
}

/// The error of a constructor, for the script.
fn wrong(error: impl std::fmt::Display) -> Box<rhai::EvalAltResult> {
    fail(error.to_string(), None)
}

/// A distribution, or a stand-in for one whose mistake has been noted, so that later ones are found too.
fn made<V: Into<Variate>>(cx: &NativeCallContext<'_>, result: Result<V, VariateError>) -> Scripted<Variate> {
    result.map_or_else(|error| noted(cx, &told(error), Variate::constant(1)), |made| Ok(made.into()))
}

/// Notes a mistake in the world being described; outside of worlds it is an error at once.
fn noted<T>(cx: &NativeCallContext<'_>, error: &impl std::fmt::Display, stand_in: T) -> Scripted<T> {
    let problem = Problem::at(&call_place(cx), error.to_string());
    draft("it", |world| world.spec.problems.push(problem)).map_err(|_| wrong(error))?;
    Ok(stand_in)
}

/// A distribution of a time and a shape, which is a number with or without a point.
fn shaped(engine: &mut Engine, name: &str, new: fn(f64, f64) -> Result<Variate, VariateError>) {
    let make =
        move |cx: &NativeCallContext<'_>, scale: Span, shape: f64| made(cx, new(scale.0 as f64, shape));
    engine.register_fn(name, move |cx: NativeCallContext, scale: Span, shape: FLOAT| make(&cx, scale, shape));
    engine.register_fn(name, move |cx: NativeCallContext, scale: Span, shape: INT| {
        make(&cx, scale, shape as f64)
    });
}

fn distributions(engine: &mut Engine) {
    engine.register_fn("constant", |value: Span| -> Scripted<Variate> {
        u64::try_from(value.0).map(Variate::constant).map_err(|_| wrong("a time cannot be negative"))
    });
    engine.register_fn("exponential", |cx: NativeCallContext, mean: Span| {
        made(&cx, Exponential::new(mean.0 as f64))
    });
    engine.register_fn("uniform", |cx: NativeCallContext, low: Span, high: Span| {
        made(&cx, Uniform::new(low.0 as f64, high.0 as f64))
    });
    engine.register_fn("erlang", |cx: NativeCallContext, stages: INT, mean: Span| {
        made(&cx, Erlang::new(stages.clamp(0, INT::from(u32::MAX)) as u32, mean.0 as f64))
    });
    shaped(engine, "lognormal", |median, sigma| Ok(Lognormal::new(median, sigma)?.into()));
    shaped(engine, "weibull", |scale, shape| Ok(Weibull::new(scale, shape)?.into()));
    shaped(engine, "pareto", |scale, shape| Ok(Pareto::new(scale, shape)?.into()));
    engine.register_fn("lognormal_p99", |cx: NativeCallContext, mean: Span, p99: Span| {
        made(&cx, Lognormal::from_mean_p99(mean.0 as f64, p99.0 as f64))
    });
}

fn mixtures(engine: &mut Engine) {
    engine.register_fn("hyperexponential", |cx: NativeCallContext, list: Array| -> Scripted<Variate> {
        let pairs =
            pairs(&list, "[probability, mean]", |v| v.clone().try_cast::<Span>().map(|s| s.0 as f64))?;
        made(&cx, Hyperexponential::new(pairs))
    });
    engine.register_fn("empirical", |cx: NativeCallContext, list: Array| -> Scripted<Variate> {
        let pairs = pairs(&list, "[quantile, time]", |v| v.clone().try_cast::<Span>().map(|s| s.0 as f64))?;
        let covered = |end: f64| pairs.iter().any(|(quantile, _)| *quantile == end);
        if !covered(0.0) || !covered(1.0) {
            let hint = "give the shortest and the longest time as well: [0.0, ..] and [1.0, ..]";
            return Err(fail("an empirical distribution goes from 0.0 to 1.0", Some(hint.into())));
        }
        made(&cx, Empirical::new(pairs))
    });
    engine.register_fn("mixture", |cx: NativeCallContext, list: Array| -> Scripted<Variate> {
        let part = |value: &Dynamic| match convert::value(value) {
            Value::Variate(variate) => Some(variate),
            Value::Duration(span) => Some(Variate::constant(span)),
            _ => None,
        };
        made(&cx, Mixture::new(pairs(&list, "[weight, distribution]", part)?))
    });
}

/// A list of pairs of a number and something.
fn pairs<T>(list: &Array, shape: &str, second: impl Fn(&Dynamic) -> Option<T>) -> Scripted<Vec<(f64, T)>> {
    let pair = |item: &Dynamic| {
        let item = item.clone().try_cast::<Array>()?;
        let [first, other] = item.as_slice() else { return None };
        Some((number(first)?, second(other)?))
    };
    let found: Option<Vec<_>> = list.iter().map(pair).collect();
    found.ok_or_else(|| fail(format!("each item of the list must be {shape}"), None))
}

fn number(value: &Dynamic) -> Option<f64> {
    match convert::value(value) {
        Value::Whole(number) => Some(number as f64),
        Value::Number(number) | Value::Share(number) => Some(number),
        _ => None,
    }
}

fn plan(
    cx: &NativeCallContext<'_>,
    popularity: Result<Keys, KeysError>,
    scrambled: bool,
) -> Scripted<KeysPlan> {
    let one = || Keys::uniform(1).expect("one key");
    let popularity = popularity.or_else(|error| noted(cx, &error, one()))?;
    let size = popularity.n_keys();
    let most = crate::audit::KEYS_MAX;
    if size > most {
        let why = format!("{size} keys are more than a simulation can follow ({most})");
        return noted(cx, &why, KeysPlan { popularity: one(), size: 1, scrambled });
    }
    Ok(KeysPlan { popularity, size, scrambled })
}

fn whole(n: INT) -> u64 {
    u64::try_from(n).unwrap_or(0)
}

fn keys(engine: &mut Engine) {
    engine.register_fn("zipf", |cx: NativeCallContext, n: INT, exponent: FLOAT| {
        plan(&cx, Keys::zipf(whole(n), exponent), true)
    });
    engine.register_fn("zipf", |cx: NativeCallContext, n: INT, exponent: INT| {
        plan(&cx, Keys::zipf(whole(n), exponent as f64), true)
    });
    engine.register_fn("uniform_keys", |cx: NativeCallContext, n: INT| {
        plan(&cx, Keys::uniform(whole(n)), true)
    });
    engine.register_fn("latest", |cx: NativeCallContext, n: INT, exponent: FLOAT| {
        plan(&cx, Keys::latest(whole(n), exponent), false)
    });
    engine.register_fn("latest", |cx: NativeCallContext, n: INT, exponent: INT| {
        plan(&cx, Keys::latest(whole(n), exponent as f64), false)
    });
    engine.register_fn("sequential", |cx: NativeCallContext, n: INT| {
        plan(&cx, Keys::sequential(whole(n)), false)
    });
    engine.register_fn("hotspot", |cx: NativeCallContext, n: INT, keys: Share, requests: Share| {
        plan(&cx, Keys::hotspot(whole(n), keys.0, requests.0), true)
    });
    engine.register_fn("working_set", |cx: NativeCallContext, n: INT, size: INT, stay: Span| {
        let stay = u64::try_from(stay.0).unwrap_or(0);
        plan(&cx, Keys::working_set(whole(n), whole(size), stay), true)
    });
    engine.register_fn("unscrambled", |keys: KeysPlan| KeysPlan { scrambled: false, ..keys });
}

fn open<E: std::fmt::Display>(cx: &NativeCallContext<'_>, arrivals: Result<Arrivals, E>) -> Scripted<Load> {
    let stand_in = || Arrivals::poisson(1.0).expect("a good rate");
    arrivals.or_else(|error| noted(cx, &error, stand_in())).map(Load::Open)
}

fn arrivals(engine: &mut Engine) {
    engine.register_fn("poisson", |cx: NativeCallContext, rate: Rate| open(&cx, Arrivals::poisson(rate.0)));
    engine.register_fn("constant", |cx: NativeCallContext, rate: Rate| {
        open(&cx, Arrivals::constant(rate.0, 0))
    });
    engine.register_fn("ramp", |cx: NativeCallContext, list: Array| -> Scripted<Load> {
        open(&cx, Arrivals::ramp(points(&list)?))
    });
    engine.register_fn("steps", |cx: NativeCallContext, list: Array| -> Scripted<Load> {
        open(&cx, Arrivals::steps(points(&list)?))
    });
    engine.register_fn(
        "spike",
        |cx: NativeCallContext, usual: Rate, peak: Rate, begin: Span, length: Span| -> Scripted<Load> {
            let (Ok(begin), Ok(length)) = (u64::try_from(begin.0), u64::try_from(length.0)) else {
                return Err(wrong("a spike does not begin before the start, nor last less than nothing"));
            };
            let mut steps = vec![(0, usual.0), (begin, peak.0), (begin.saturating_add(length), usual.0)];
            if begin == 0 {
                steps.remove(0);
            }
            open(&cx, Arrivals::steps(steps))
        },
    );
    engine.register_fn("diurnal", |cx: NativeCallContext, mean: Rate, day: Span| -> Scripted<Load> {
        match u64::try_from(day.0) {
            Ok(day) if day >= 1_000_000_000 => open(&cx, Arrivals::diurnal(mean.0, day)),
            _ => open(&cx, Err("a day of `diurnal` lasts at least 1.s, as in diurnal(200.rps, 1.day)")),
        }
    });
    engine.register_fn("bursty", |cx: NativeCallContext, list: Array| -> Scripted<Load> {
        let state = |item: &Dynamic| {
            let item = item.clone().try_cast::<Array>()?;
            let [rate, stay] = item.as_slice() else { return None };
            let stay = stay.clone().try_cast::<Span>()?;
            Some((rate.clone().try_cast::<Rate>()?.0, u64::try_from(stay.0).ok()?))
        };
        let states: Option<Vec<_>> = list.iter().map(state).collect();
        let states =
            states.ok_or_else(|| wrong("each state must be [rate, mean stay], as in [500.rps, 1.s]"))?;
        open(&cx, Arrivals::mmpp(states, NextState::Random))
    });
}

/// `[[0.s, 100.rps], [1.minute, 500.rps]]`.
fn points(list: &Array) -> Scripted<Vec<(u64, f64)>> {
    let point = |item: &Dynamic| {
        let item = item.clone().try_cast::<Array>()?;
        let [time, rate] = item.as_slice() else { return None };
        let time = time.clone().try_cast::<Span>()?;
        Some((u64::try_from(time.0).ok()?, rate.clone().try_cast::<Rate>()?.0))
    };
    let found: Option<Vec<(u64, f64)>> = list.iter().map(point).collect();
    let found =
        found.ok_or_else(|| wrong("each item of the list must be [time, rate], as in [30.s, 500.rps]"))?;
    match found.first() {
        // (Whoever tells the times in another order than they come is told so.)
        Some((begin, _)) if *begin > 0 && found.iter().all(|(time, _)| time >= begin) => {
            let message =
                format!("nothing says what the rate is before {}", crate::kernel::time_text(*begin));
            Err(fail(message, Some("begin the list with t = 0, as in [0.s, 0.rps]".into())))
        }
        _ => Ok(found),
    }
}

/// Settings of a trace.
pub(in crate::scripting) const TRACE_OPTIONS: [&str; 8] =
    ["speed", "rate", "writes", "limit", "loop", "repeat", "bootstrap", "on_error"];

fn trace(path: &str, options: &Map) -> Scripted<Load> {
    let unknown = options.keys().filter(|name| !TRACE_OPTIONS.contains(&name.as_str()));
    let told = unknown.map(|name| {
        let hint = crate::catalog::did_you_mean(name, TRACE_OPTIONS);
        Problem::new(format!("trace has no option `{name}`")).maybe_hint(hint)
    });
    let problems: Vec<Problem> = told.collect();
    if !problems.is_empty() {
        return Err(raise(problems));
    }
    let get = |name: &str| options.get(name).map(convert::value);
    let speed = match get("speed") {
        None => 1.0,
        Some(Value::Whole(n)) if n > 0 => n as f64,
        Some(Value::Number(n)) if n > 0.0 && n.is_finite() => n,
        Some(other) => return Err(option("speed", "a number greater than 0", &other)),
    };
    let limit = match get("limit") {
        None => None,
        Some(Value::Whole(n)) if n > 0 => Some(n as u64),
        Some(other) => return Err(option("limit", "a number of rows from 1 up", &other)),
    };
    let writes = match get("writes") {
        None => None,
        Some(Value::Share(share)) if (0.0..=1.0).contains(&share) => Some(share),
        Some(other) => return Err(option("writes", "a share such as 10.percent", &other)),
    };
    let on_error = match get("on_error") {
        None => OnError::Fail,
        Some(Value::Text(text)) if text == "skip" => OnError::Skip,
        Some(Value::Text(text)) if text == "fail" => OnError::Fail,
        Some(other) => return Err(option("on_error", "\"fail\" or \"skip\"", &other)),
    };
    let flag = |name: &str, preset: bool| match get(name) {
        None => Ok(preset),
        Some(Value::Flag(flag)) => Ok(flag),
        Some(other) => Err(option(name, "true or false", &other)),
    };
    let repeat = flag("loop", false)? || flag("repeat", false)?;
    let bootstrap = flag("bootstrap", true)?;
    let arrivals = match get("rate") {
        None => None,
        Some(Value::Rate(rate)) => Some(Arrivals::poisson(rate).map_err(wrong)?),
        Some(Value::Load(Load::Open(arrivals))) => Some(arrivals),
        Some(other) => return Err(option("rate", "a rate such as 200.rps or arrivals", &other)),
    };
    let rows = load(path, TraceFileOptions { on_error, limit })?;
    if rows.has_times() && arrivals.is_some() {
        let hint = "`speed: 10` replays it ten times as fast".to_string();
        return Err(fail(format!("`rate` is for traces without times, and {path} has some"), Some(hint)));
    }
    if !rows.has_times() && options.contains_key("speed") {
        let hint = "write `rate: 200.rps`, which says how fast its rows come".to_string();
        return Err(fail(format!("`speed` counts from recorded times, and {path} has none"), Some(hint)));
    }
    let options = ReplayOptions { speed, limit: None, repeat, bootstrap: None };
    Ok(Load::Trace(TraceLoad { path: path.into(), rows, options, bootstrap, writes, arrivals }))
}

fn option(name: &str, wanted: &str, found: &Value) -> Box<rhai::EvalAltResult> {
    fail(format!("`{name}` must be {wanted}, not {}", found.describe()), None)
}

/// Traces read so far, by file and options: every worker and replication shares one copy.
static LOADED: Mutex<BTreeMap<TraceKey, Arc<Trace>>> = Mutex::new(BTreeMap::new());

/// File, whether bad lines are skipped, and the limit.
type TraceKey = (PathBuf, bool, Option<u64>);

/// Reads a trace, once. A path is looked for beside the script, then where the user is.
fn load(path: &str, options: TraceFileOptions) -> Scripted<Arc<dyn TraceRows>> {
    let beside = desk(|desk| desk.folder.join(path));
    let file = if beside.exists() { beside } else { Path::new(path).to_path_buf() };
    if !file.exists() {
        let hint = format!(
            "it is looked for in {} and where you are",
            desk(|desk| desk.folder.display().to_string())
        );
        return Err(fail(format!("there is no trace {path}"), Some(hint)));
    }
    if file.metadata().is_ok_and(|file| !file.is_file() && !file.is_dir()) {
        return Err(fail(format!("the trace {path} is no ordinary file"), Some("copy it into one".into())));
    }
    let key = (file.clone(), options.on_error == OnError::Skip, options.limit);
    let mut loaded = LOADED.lock().expect("no panic while reading");
    if let Some(trace) = loaded.get(&key) {
        return Ok(trace.clone());
    }
    crate::scripting::inputs::note(&file);
    let trace = Arc::new(open_trace(&file, options).map_err(|error| fail(error.to_string(), None))?);
    loaded.insert(key, trace.clone());
    Ok(trace)
}
