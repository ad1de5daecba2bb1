//! Comparisons of estimates with limits and with each other, and arithmetic on estimates before that.

use super::best::unsure;
use super::results::Check;
use crate::catalog::Problem;
use crate::experiment::{Estimate, Judgement, Quantity, Sense, Standing, Unlike, like_with_like, short};
use crate::scripting::convert::Scripted;
use crate::scripting::errors::{fail, raise};
use crate::scripting::units::{Rate, Share, Size, Span};
use rhai::{Dynamic, Engine, EvalAltResult, FLOAT, INT};

/// A metric of several variants: a comparison must hold for each of them.
#[derive(Clone)]
pub(super) struct Several(pub Vec<Estimate>);

impl Several {
    /// Of one variant, its estimate.
    pub fn value(mut self) -> Dynamic {
        if self.0.len() == 1 { Dynamic::from(self.0.remove(0)) } else { Dynamic::from(self) }
    }
}

/// The name of the variant that an estimate is of.
pub(super) fn label(estimate: &Estimate) -> &str {
    estimate.whose.as_ref().map_or("", |whose| &whose.label)
}

const COMPARED: &str = "is compared";

/// What an estimate `goes with` (is compared with, is added to), in its unit.
fn limit(estimate: &Estimate, goes: &str, value: &Dynamic) -> Scripted<f64> {
    let copy = || value.clone();
    let plain = || copy().try_cast::<FLOAT>().or_else(|| copy().try_cast::<INT>().map(|n| n as f64));
    let span = || copy().try_cast::<Span>().map(|span| span.0 as f64 / 1e9);
    let (found, wanted) = match estimate.unit.quantity {
        Quantity::Duration => (span(), "a duration such as 20.ms"),
        Quantity::Share => {
            (copy().try_cast::<Share>().map(|share| share.0).or_else(plain), "a share such as 99.percent")
        }
        Quantity::Rate => {
            (copy().try_cast::<Rate>().map(|rate| rate.0).or_else(plain), "a rate such as 100.rps")
        }
        Quantity::Size => {
            (copy().try_cast::<Size>().map(|size| size.0).or_else(plain), "a size such as 1.mib")
        }
        Quantity::Number if estimate.metric.contains(" / ") => {
            (plain().or_else(|| copy().try_cast::<Share>().map(|share| share.0)), "a number")
        }
        Quantity::Number => (plain(), "a number"),
    };
    if let Some(whole) = found.filter(|found| goes == COMPARED && estimate.is_beyond(*found)) {
        let hint = match value.is::<Share>() {
            true => "100.percent is all".to_string(),
            false => format!("write {} or {whole}.percent", short(whole / 100.0)),
        };
        let message =
            format!("`{}` is a share, where 1 is all: it is compared with {}", estimate.metric, short(whole));
        return Err(fail(message, Some(hint)));
    }
    found.map(|found| found / estimate.unit.scale).ok_or_else(|| {
        let found = crate::scripting::convert::value(value).describe();
        let unit = (estimate.unit.quantity == Quantity::Duration).then(plain).flatten();
        let hint = unit.map(|number| format!("write {number}.ms, or whatever unit is meant"));
        let hint = hint.or_else(|| value.is::<Share>().then(|| share_of(estimate)).flatten());
        fail(format!("`{}` {goes} with {wanted}, not with {found}", estimate.metric), hint)
    })
}

/// How the share is written that is meant where a count is compared with one.
fn share_of(estimate: &Estimate) -> Option<String> {
    let count = estimate.metric.strip_suffix("_count")?;
    match count.strip_prefix("requests_") {
        Some("total") | None => {
            Some(format!("`{}` counts; a share of a whole is a ratio of two counts", estimate.metric))
        }
        Some(_) => Some(format!("for their share divide: r.{count} / r.requests_total < 1.percent")),
    }
}

fn unlike(a: &Estimate, b: &Estimate, why: &Unlike) -> Box<EvalAltResult> {
    match why {
        Unlike::Units => {
            let hint =
                "durations go with durations, rates with rates; `a / b` of two metrics is a plain number";
            let message = format!("`{}` and `{}` count different things", a.metric, b.metric);
            fail(message, Some(hint.into()))
        }
        Unlike::Zero(replication) => {
            unsure(format!("{} is 0 in replication {replication}: there is no ratio to it", b.metric))
        }
    }
}

/// The pairs of two selections, and whether they were matched like with like.
fn pairs<'a>(a: &'a [Estimate], b: &'a [Estimate]) -> (Vec<(&'a Estimate, &'a Estimate)>, bool) {
    match like_with_like(a, b) {
        Some(pairs) => (pairs, true),
        None => (a.iter().flat_map(|own| b.iter().map(move |other| (own, other))).collect(), false),
    }
}

/// Compares two selections; all pairs must hold.
fn compare(a: &[Estimate], sense: Sense, b: &[Estimate]) -> Scripted<Check> {
    let (pairs, alike) = pairs(a, b);
    let judge = |(own, other): &(&Estimate, &Estimate)| {
        let judged = own.against_estimate(sense, other).map_err(|why| unlike(own, other, &why))?;
        let (left, right) = (label(own), label(other));
        let pair = if left == right { left.to_string() } else { format!("{left} against {right}") };
        Ok((pair, judged))
    };
    let judged = pairs.iter().map(judge).collect::<Scripted<Vec<_>>>()?;
    Ok(weakest(judged, if alike { "pairs, like with like" } else { "pairs, each with each" }))
}

/// Why a comparison can never hold: nothing counts less than nothing, and no part is more than the whole.
fn never(estimate: &Estimate, sense: Sense, limit: f64) -> Option<Problem> {
    let (bound, instead) = match sense {
        Sense::Less if estimate.is_at_least_0() && limit <= 0.0 => ("less than 0", "== 0"),
        Sense::More if estimate.is_at_most_1() && limit == 1.0 => ("more than 1, which is all", "== 1"),
        _ => return None,
    };
    let message = format!("`{}` is never {bound}: this cannot hold", estimate.metric);
    Some(Problem::new(message).hint(format!("write {instead}")))
}

fn against(estimates: &[Estimate], sense: Sense, value: &Dynamic) -> Scripted<Check> {
    let judge = |own: &Estimate| {
        let limit = limit(own, COMPARED, value)?;
        match never(own, sense, limit) {
            Some(problem) => Err(raise(vec![problem])),
            None => Ok((label(own).to_string(), own.against(sense, limit))),
        }
    };
    Ok(weakest(estimates.iter().map(judge).collect::<Scripted<Vec<_>>>()?, "variants"))
}

/// The first of the weakest judgements, since all must hold: with the name of what it is about, and how many hold.
fn weakest(judged: Vec<(String, Judgement)>, what: &str) -> Check {
    let count = |standing| judged.iter().filter(|(_, judgement)| judgement.standing == standing).count();
    let (hold, fail, open) = (count(Standing::Holds), count(Standing::Fails), count(Standing::Undecided));
    let all = judged.len();
    let worst = match (fail, open) {
        (1.., _) => Standing::Fails,
        (_, 1..) => Standing::Undecided,
        _ => Standing::Holds,
    };
    let found = judged.into_iter().find(|(_, judgement)| judgement.standing == worst);
    let (name, judgement) = found.expect("a selection holds at least one variant");
    if all == 1 {
        return Check(judgement);
    }
    let detail =
        format!("{name}: {} ({all} {what}: {hold} hold, {fail} fail, {open} undecided)", judgement.detail);
    Check(Judgement { detail, ..judgement })
}

/// `20.ms > r.latency_p50` reads the other way round.
fn mirrored(sense: Sense) -> Sense {
    match sense {
        Sense::Less => Sense::More,
        Sense::AtMost => Sense::AtLeast,
        Sense::More => Sense::Less,
        Sense::AtLeast => Sense::AtMost,
        same => same,
    }
}

const SENSES: [(&str, Sense); 6] = [
    ("<", Sense::Less),
    ("<=", Sense::AtMost),
    (">", Sense::More),
    (">=", Sense::AtLeast),
    ("==", Sense::Equal),
    ("!=", Sense::Unequal),
];

/// An operation on two estimates.
type Both = fn(&Estimate, &Estimate) -> Result<Estimate, Unlike>;

const TERMS: [(&str, Both); 3] =
    [("+", |a, b| a.plus(1.0, b)), ("-", |a, b| a.plus(-1.0, b)), ("/", |a, b| a.over(b))];

/// An operation on two selections, pair by pair.
fn term(a: &[Estimate], both: Both, b: &[Estimate]) -> Scripted<Dynamic> {
    let (pairs, alike) = pairs(a, b);
    if !alike && a.len() > 1 && b.len() > 1 {
        let message =
            format!("{} variants on one side and {} on the other have no partners", a.len(), b.len());
        let hint = "select with where(..) so that each has one that differs in the selected levels only";
        return Err(fail(message, Some(hint.into())));
    }
    let one =
        |(own, other): &(&Estimate, &Estimate)| both(own, other).map_err(|why| unlike(own, other, &why));
    Ok(Several(pairs.iter().map(one).collect::<Scripted<Vec<_>>>()?).value())
}

/// Each estimate changed by a number.
fn each(
    a: &[Estimate],
    metric: impl Fn(&Estimate) -> String,
    change: impl Fn(&Estimate) -> Scripted<Box<dyn Fn(f64) -> f64>>,
) -> Scripted<Dynamic> {
    let one = |estimate: &Estimate| Ok(estimate.each(change(estimate)?, metric(estimate)));
    Ok(Several(a.iter().map(one).collect::<Scripted<Vec<_>>>()?).value())
}

fn scaled(a: &[Estimate], operator: &str, by: f64) -> Scripted<Dynamic> {
    let factor = if operator == "/" { 1.0 / by } else { by };
    if !factor.is_finite() {
        return Err(fail(format!("a metric cannot be scaled by `{operator} {by}`"), None));
    }
    each(
        a,
        |estimate| format!("{} {operator} {}", estimate.term(), short(by)),
        |_| Ok(Box::new(move |v| v * factor)),
    )
}

fn shifted(a: &[Estimate], sign: f64, by: &Dynamic) -> Scripted<Dynamic> {
    let operator = if sign < 0.0 { "-" } else { "+" };
    let name = |estimate: &Estimate| format!("{} {operator} {}", estimate.term(), super::text_of(by));
    each(a, name, |estimate| {
        let by = sign * limit(estimate, "adds up", by)?;
        Ok(Box::new(move |value| value + by))
    })
}

/// `1 - r.availability`
fn left_of(a: &[Estimate], whole: &Dynamic) -> Scripted<Dynamic> {
    let one = |estimate: &Estimate| {
        let name = format!("{} - {}", super::text_of(whole), estimate.term());
        Ok(estimate.left_of(limit(estimate, "adds up", whole)?, name))
    };
    Ok(Several(a.iter().map(one).collect::<Scripted<Vec<_>>>()?).value())
}

fn comparisons(engine: &mut Engine) {
    for (operator, sense) in SENSES {
        macro_rules! with {
            ($($kind:ty),*) => {$(
                engine.register_fn(operator, move |a: Estimate, b: $kind| against(&[a], sense, &Dynamic::from(b)));
                engine.register_fn(operator, move |a: Several, b: $kind| against(&a.0, sense, &Dynamic::from(b)));
                engine.register_fn(operator, move |a: $kind, b: Estimate| against(&[b], mirrored(sense), &Dynamic::from(a)));
                engine.register_fn(operator, move |a: $kind, b: Several| against(&b.0, mirrored(sense), &Dynamic::from(a)));
            )*};
        }
        // What is none of these is found to be no limit.
        with!(Span, Rate, Size, Share, INT, FLOAT, Dynamic);
        engine.register_fn(operator, move |a: Estimate, b: Estimate| compare(&[a], sense, &[b]));
        engine.register_fn(operator, move |a: Several, b: Estimate| compare(&a.0, sense, &[b]));
        engine.register_fn(operator, move |a: Estimate, b: Several| compare(&[a], sense, &b.0));
        engine.register_fn(operator, move |a: Several, b: Several| compare(&a.0, sense, &b.0));
    }
    engine.register_fn("!", |_: Check| -> Scripted<Check> {
        let hint = "write the opposite comparison".to_string();
        Err(fail("a check cannot be turned round with `!`", Some(hint)))
    });
}

fn terms(engine: &mut Engine) {
    for (operator, both) in TERMS {
        engine.register_fn(operator, move |a: Estimate, b: Estimate| term(&[a], both, &[b]));
        engine.register_fn(operator, move |a: Several, b: Estimate| term(&a.0, both, &[b]));
        engine.register_fn(operator, move |a: Estimate, b: Several| term(&[a], both, &b.0));
        engine.register_fn(operator, move |a: Several, b: Several| term(&a.0, both, &b.0));
    }
    macro_rules! factors {
        ($($kind:ty: $number:expr),*) => {$(
            for operator in ["*", "/"] {
                engine.register_fn(operator, move |a: Estimate, b: $kind| scaled(&[a], operator, $number(b)));
                engine.register_fn(operator, move |a: Several, b: $kind| scaled(&a.0, operator, $number(b)));
            }
            engine.register_fn("*", |a: $kind, b: Estimate| scaled(&[b], "*", $number(a)));
            engine.register_fn("*", |a: $kind, b: Several| scaled(&b.0, "*", $number(a)));
        )*};
    }
    factors!(INT: |n| n as f64, FLOAT: |n| n, Share: |share: Share| share.0);
    macro_rules! shifts {
        ($($kind:ty),*) => {$(
            for (operator, sign) in [("+", 1.0), ("-", -1.0)] {
                engine.register_fn(operator, move |a: Estimate, b: $kind| shifted(&[a], sign, &Dynamic::from(b)));
                engine.register_fn(operator, move |a: Several, b: $kind| shifted(&a.0, sign, &Dynamic::from(b)));
            }
            engine.register_fn("+", |a: $kind, b: Estimate| shifted(&[b], 1.0, &Dynamic::from(a)));
            engine.register_fn("+", |a: $kind, b: Several| shifted(&b.0, 1.0, &Dynamic::from(a)));
            engine.register_fn("-", |a: $kind, b: Estimate| left_of(&[b], &Dynamic::from(a)));
            engine.register_fn("-", |a: $kind, b: Several| left_of(&b.0, &Dynamic::from(a)));
        )*};
    }
    shifts!(Span, Rate, Size, Share, INT, FLOAT);
}

pub(super) fn register(engine: &mut Engine) {
    comparisons(engine);
    terms(engine);
}
