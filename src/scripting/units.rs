//! Quantities with units: `5.ms`, `200.rps`, `256.mib`, `20.percent`. A bare number where one is needed is an error.

use super::errors::fail;
use super::unlike::kind;
use crate::catalog::units::{self, RATES, SIZES, TIMES};
use crate::experiment::{Quantity, Unit};
use crate::kernel::time_text;
use rhai::{Engine, EvalAltResult, FLOAT, INT};

/// A span of time in nanoseconds; negative ones exist until something needs a real one.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
pub struct Span(pub i64);

/// So many per second.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
pub struct Rate(pub f64);

/// So many bytes.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
pub struct Size(pub f64);

/// A part of a whole.
#[derive(Clone, Copy, PartialEq, PartialOrd, Debug)]
pub struct Share(pub f64);

type Fallible<T> = Result<T, Box<EvalAltResult>>;

fn span(nanoseconds: f64) -> Fallible<Span> {
    if nanoseconds.is_finite() && nanoseconds.abs() < 9.2e18 {
        return Ok(Span((nanoseconds + if nanoseconds < 0.0 { -0.5 } else { 0.5 }) as i64));
    }
    Err(fail("a duration is finite and at most 292 years", None))
}

pub(super) fn register(engine: &mut Engine) {
    kind::<Span>(engine, "duration");
    kind::<Rate>(engine, "rate");
    kind::<Size>(engine, "size");
    kind::<Share>(engine, "share");
    for (unit, factor) in TIMES {
        engine.register_get(unit, move |n: &mut INT| span(*n as f64 * factor));
        engine.register_get(unit, move |n: &mut FLOAT| span(*n * factor));
    }
    for (unit, factor) in SIZES {
        engine.register_get(unit, move |n: &mut INT| Size(*n as f64 * factor));
        engine.register_get(unit, move |n: &mut FLOAT| Size(*n * factor));
    }
    for (unit, factor) in RATES {
        engine.register_get(unit, move |n: &mut INT| Rate(*n as f64 * factor));
        engine.register_get(unit, move |n: &mut FLOAT| Rate(*n * factor));
    }
    engine.register_get("percent", |n: &mut INT| Share(*n as f64 / 100.0));
    engine.register_get("percent", |n: &mut FLOAT| Share(*n / 100.0));
    arithmetic(engine);
    texts(engine);
}

/// Operators between quantities of one kind, and with plain numbers where that makes sense.
fn arithmetic(engine: &mut Engine) {
    engine.register_fn("+", |a: Span, b: Span| span(a.0 as f64 + b.0 as f64));
    engine.register_fn("-", |a: Span, b: Span| span(a.0 as f64 - b.0 as f64));
    engine.register_fn("-", |a: Span| Span(-a.0));
    engine.register_fn("*", |a: Span, b: INT| span(a.0 as f64 * b as f64));
    engine.register_fn("*", |a: INT, b: Span| span(a as f64 * b.0 as f64));
    engine.register_fn("*", |a: Span, b: FLOAT| span(a.0 as f64 * b));
    engine.register_fn("*", |a: FLOAT, b: Span| span(a * b.0 as f64));
    engine.register_fn("/", |a: Span, b: INT| span(a.0 as f64 / b as f64));
    engine.register_fn("/", |a: Span, b: FLOAT| span(a.0 as f64 / b));
    engine.register_fn("/", |a: Span, b: Span| a.0 as f64 / b.0 as f64);
    engine.register_get("to_s", |a: &mut Span| a.0 as f64 / 1e9);
    engine.register_get("to_ms", |a: &mut Span| a.0 as f64 / 1e6);
    macro_rules! scalable {
        ($($kind:ident),*) => {$(
            engine.register_fn("+", |a: $kind, b: $kind| $kind(a.0 + b.0));
            engine.register_fn("-", |a: $kind, b: $kind| $kind(a.0 - b.0));
            engine.register_fn("*", |a: $kind, b: INT| $kind(a.0 * b as f64));
            engine.register_fn("*", |a: INT, b: $kind| $kind(a as f64 * b.0));
            engine.register_fn("*", |a: $kind, b: FLOAT| $kind(a.0 * b));
            engine.register_fn("*", |a: FLOAT, b: $kind| $kind(a * b.0));
            engine.register_fn("/", |a: $kind, b: INT| $kind(a.0 / b as f64));
            engine.register_fn("/", |a: $kind, b: FLOAT| $kind(a.0 / b));
            engine.register_fn("/", |a: $kind, b: $kind| a.0 / b.0);
        )*};
    }
    scalable!(Rate, Size, Share);
    macro_rules! comparable {
        ($($kind:ident),*) => {$(
            engine.register_fn("<", |a: $kind, b: $kind| a.0 < b.0);
            engine.register_fn("<=", |a: $kind, b: $kind| a.0 <= b.0);
            engine.register_fn(">", |a: $kind, b: $kind| a.0 > b.0);
            engine.register_fn(">=", |a: $kind, b: $kind| a.0 >= b.0);
            engine.register_fn("==", |a: $kind, b: $kind| a.0 == b.0);
            engine.register_fn("!=", |a: $kind, b: $kind| a.0 != b.0);
        )*};
    }
    comparable!(Span, Rate, Size, Share);
}

impl Span {
    /// As a person writes it.
    pub fn text(self) -> String {
        let sign = if self.0 < 0 { "-" } else { "" };
        format!("{sign}{}", time_text(self.0.unsigned_abs()))
    }
}

impl Rate {
    /// As a person writes it.
    pub fn text(self) -> String {
        format!("{}/s", round(self.0))
    }
}

impl Size {
    /// As a person writes it: in the largest unit of which it is a whole number, if that is at least one of a thousand, else in the
    /// largest that it reaches.
    pub fn text(self) -> String {
        let is_whole = |(_, factor): &&(&str, f64)| self.0 >= *factor && (self.0 / factor).fract() == 0.0;
        let whole = SIZES[1..].iter().filter(is_whole).max_by(|a, b| a.1.total_cmp(&b.1));
        let unit = whole.or_else(|| SIZES[5..].iter().rev().find(|(_, factor)| self.0 >= *factor));
        let (name, factor) = unit.copied().unwrap_or(("B", 1.0));
        format!("{} {name}", round(self.0 / factor))
    }
}

impl Share {
    /// As a person writes it.
    pub fn text(self) -> String {
        format!("{} %", round(self.0 * 100.0))
    }
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

fn texts(engine: &mut Engine) {
    macro_rules! readable {
        ($($kind:ident),*) => {$(
            engine.register_fn("to_string", |a: &mut $kind| a.text());
            engine.register_fn("to_debug", |a: &mut $kind| a.text());
            engine.register_fn("+", |a: &str, b: $kind| format!("{a}{}", b.text()));
        )*};
    }
    readable!(Span, Rate, Size, Share);
}

/// Each unit with what it counts and what it is worth.
pub(super) fn worth() -> Vec<(&'static str, &'static str, String)> {
    let of = |units: &[(&'static str, f64)], kind: &'static str, base: &str| {
        let one = |(name, factor): &(&'static str, f64)| (*name, kind, format!("{factor} {base}"));
        units.iter().map(one).collect::<Vec<_>>()
    };
    let time = TIMES.map(|(name, ns)| (name, ns / 1e9));
    let share = [("percent", 0.01)];
    [
        of(&time, "time", "s"),
        of(&SIZES, "size", "bytes"),
        of(&RATES, "rate", "per second"),
        of(&share, "share", "of the whole"),
    ]
    .concat()
}

/// What one of a unit is.
pub(super) fn unit(name: &str) -> Option<Unit> {
    let of = |units: &[(&str, f64)], quantity, base: f64| {
        let found = units.iter().find(|(unit, _)| *unit == name);
        found.map(|(_, factor)| Unit { quantity, scale: factor / base })
    };
    of(&TIMES, Quantity::Duration, 1e9)
        .or_else(|| of(&SIZES, Quantity::Size, 1.0))
        .or_else(|| of(&RATES, Quantity::Rate, 1.0))
        .or_else(|| of(&[("percent", 0.01)], Quantity::Share, 1.0))
}

/// The unit that was meant by a name that is none, if that is certain.
pub(super) fn unit_meant(name: &str) -> Option<&'static str> {
    let lower = name.to_lowercase();
    units::meant(&lower).or_else(|| unit_names().find(|unit| *unit == lower && *unit != name))
}

/// Names of the units, for completion and hints.
pub(super) fn unit_names() -> impl Iterator<Item = &'static str> {
    let names = |(name, _): &(&'static str, f64)| *name;
    TIMES.iter().map(names).chain(SIZES.iter().map(names)).chain(RATES.iter().map(names)).chain(["percent"])
}
