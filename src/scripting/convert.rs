//! From Rhai's values to plain data.

use super::desk::Handle;
use super::units::{Rate, Share, Size, Span};
use crate::catalog::{ClientsPlan, GeoIpFile, KeysPlan, Load, PlannedStep, Value};
use crate::experiment::Level;
use crate::kernel::{Time, time_text};
use crate::random::variate::Variate;
use rhai::{Array, Dynamic, EvalAltResult, FLOAT, FnPtr, INT, Map};

/// A result with Rhai's error.
pub(super) type Scripted<T> = Result<T, Box<EvalAltResult>>;

/// A value as plain data.
pub(super) fn value(dynamic: &Dynamic) -> Value {
    let dynamic = dynamic.flatten_clone();
    if let Some(span) = dynamic.clone().try_cast::<Span>() {
        return match u64::try_from(span.0) {
            Ok(nanoseconds) => Value::Duration(nanoseconds),
            Err(_) => Value::Other(format!("the negative duration {}", span.text())),
        };
    }
    if let Some(text) = dynamic.clone().try_cast::<rhai::ImmutableString>() {
        return Value::Text(text.to_string());
    }
    if let Some(list) = dynamic.clone().try_cast::<Array>() {
        return Value::List(list.iter().map(value).collect());
    }
    scalar(&dynamic).or_else(|| object(&dynamic)).unwrap_or_else(|| Value::Other(what(&dynamic)))
}

fn scalar(dynamic: &Dynamic) -> Option<Value> {
    let copy = || dynamic.clone();
    None.or_else(|| copy().try_cast::<INT>().map(Value::Whole))
        .or_else(|| copy().try_cast::<FLOAT>().map(Value::Number))
        .or_else(|| copy().try_cast::<bool>().map(Value::Flag))
        .or_else(|| copy().try_cast::<Rate>().map(|rate| Value::Rate(rate.0)))
        .or_else(|| copy().try_cast::<Share>().map(|share| Value::Share(share.0)))
        .or_else(|| copy().try_cast::<Size>().map(size))
}

fn size(size: Size) -> Value {
    if size.0 >= 0.0 && size.0 < 1e18 {
        Value::Bytes((size.0 + 0.5) as u64)
    } else {
        Value::Other(format!("the size {}", size.text()))
    }
}

fn object(dynamic: &Dynamic) -> Option<Value> {
    let copy = || dynamic.clone();
    None.or_else(|| copy().try_cast::<Handle>().map(|handle| handle.value()))
        .or_else(|| copy().try_cast::<Variate>().map(Value::Variate))
        .or_else(|| copy().try_cast::<KeysPlan>().map(Value::Keys))
        .or_else(|| copy().try_cast::<ClientsPlan>().map(Value::Clients))
        .or_else(|| copy().try_cast::<GeoIpFile>().map(Value::GeoIp))
        .or_else(|| copy().try_cast::<Load>().map(Value::Load))
        .or_else(|| copy().try_cast::<PlannedStep>().map(Value::Step))
}

/// The type of a value that no setting takes.
fn what(dynamic: &Dynamic) -> String {
    if dynamic.is::<FnPtr>() {
        return "a function".into();
    }
    if dynamic.is_unit() {
        return "nothing".into();
    }
    if dynamic.is_map() {
        return "an object map".into();
    }
    match dynamic.type_name().rsplit("::").next().unwrap_or("value") {
        "All" => "results".into(),
        "One" | "Candidates" => "a result".into(),
        "Part" => "the result of a component".into(),
        "Estimate" | "Several" => "a metric".into(),
        other => format!("a {}", other.to_lowercase()),
    }
}

/// A value of a factor, as the CSVs show it.
pub(super) fn level(dynamic: &Dynamic) -> Level {
    let plain = |text: String| Level { text, number: None, unit: "" };
    let with = |text: String, number: f64, unit| Level { text, number: Some(number), unit };
    if let Some(map) = dynamic.read_lock::<Map>() {
        let items: Vec<String> =
            map.iter().map(|(key, item)| format!("{key}: {}", level(item).text)).collect();
        return plain(format!("{{{}}}", items.join(" ")));
    }
    match value(dynamic) {
        Value::Variate(variate) => plain(variate_text(&variate)),
        Value::Duration(ns) => with(time_text(ns), ns as f64 / 1e6, "_ms"),
        Value::Rate(rate) => with(Rate(rate).text(), rate, "_per_s"),
        Value::Bytes(bytes) => with(Size(bytes as f64).text(), bytes as f64, "_bytes"),
        Value::Share(share) => with(Share(share).text(), share, "_ratio"),
        Value::Whole(number) => plain(number.to_string()),
        Value::Number(number) => plain(number.to_string()),
        Value::Text(text) => plain(text),
        Value::Flag(flag) => plain(flag.to_string()),
        Value::List(list) => plain(list.iter().map(step_text).collect::<Vec<_>>().join(" ")),
        _ if dynamic.is::<FnPtr>() => plain("function".into()),
        other => plain(other.describe()),
    }
}

/// A distribution of durations; others may be of this kind and mean, too.
fn variate_text(variate: &Variate) -> String {
    let mean = variate.mean();
    if !mean.is_finite() {
        return variate.name().into();
    }
    format!("{} with mean {}", variate.name(), time_text(mean.round() as Time))
}

fn step_text(item: &Value) -> String {
    match item {
        Value::Text(text) => text.clone(),
        Value::Whole(number) => number.to_string(),
        Value::Step(step) => format!("later {}", step.step),
        other => other.describe(),
    }
}
