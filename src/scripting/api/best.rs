//! `all.best("latency_p99")`: the variant that is better than every other for sure, or those of which one is.

use super::kept::Nobody;
use super::levels::same;
use super::rehearsed::or_noted;
use super::results::{All, One, metric};
use crate::catalog::Problem;
use crate::experiment::{Better, Estimate, METRICS, Sense, Standing};
use crate::scripting::convert::{Scripted, level};
use crate::scripting::desk::{call_place, desk};
use crate::scripting::errors::{Refuted, Undecided, fail};
use crate::scripting::onward;
use crate::scripting::unlike::kind;
use rhai::{Dynamic, Engine, EvalAltResult, NativeCallContext, Position};
use std::collections::BTreeSet;

/// Variants of which one is the best: intervals do not decide which.
#[derive(Clone)]
pub(super) struct Candidates {
    all: All,
    /// Why there are several.
    why: String,
    /// Whether the metric was measured at all.
    measured: bool,
}

/// What a check throws that intervals cannot decide.
pub(super) fn unsure(why: String) -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(Dynamic::from(Undecided(why)), Position::NONE).into()
}

/// What a check throws that speaks of nobody.
pub(super) fn of_nobody(why: &str) -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(Dynamic::from(Refuted(why.into())), Position::NONE).into()
}

impl Candidates {
    /// A level in which all candidates agree is the best one's, whichever that is. Before anything has run it is one of those there are.
    fn get(&self, name: &str) -> Scripted<Dynamic> {
        let values: Vec<Dynamic> =
            self.all.variants.iter().map(|v| self.all.one(*v).get(name)).collect::<Scripted<_>>()?;
        let is_level = name == "variant" || self.all.finished.params[self.all.variants[0]].contains_key(name);
        if is_level && self.all.finished.record.results.is_empty() {
            desk(|desk| desk.check.guessed = true);
            return Ok(Dynamic::from(AnyLevel { name: name.into(), levels: values }));
        }
        let agree = values.iter().all(|value| same(value, &values[0]));
        if self.measured && is_level && agree { Ok(values[0].clone()) } else { Err(unsure(self.why.clone())) }
    }

    pub fn text(&self) -> String {
        format!("undecided: {}", self.why)
    }
}

/// A level of the best variant before anything has run.
#[derive(Clone)]
pub(in crate::scripting) struct AnyLevel {
    name: String,
    levels: Vec<Dynamic>,
}

impl AnyLevel {
    /// What a comparison with a level that is not known yet comes to: what the check is rehearsed with. `None`: there is no such level in it.
    /// That no variant has what it is compared with is a mistake.
    pub fn compared(cx: &NativeCallContext<'_>, operator: &str, sides: [&Dynamic; 2]) -> Option<bool> {
        let at = sides.iter().position(|side| side.is::<AnyLevel>())?;
        let any = sides[at].clone().try_cast::<AnyLevel>().expect("just seen");
        let other = sides[1 - at];
        let is_known = other.is::<AnyLevel>() || any.levels.iter().any(|own| same(own, other));
        if !is_known && matches!(operator, "==" | "!=") {
            let problem = Problem::at(&call_place(cx), any.unknown(other));
            desk(|desk| desk.check.amiss.push(problem.hint(any.known())));
        }
        Some(desk(|desk| desk.check.answer))
    }

    fn unknown(&self, other: &Dynamic) -> String {
        format!("no variant has the level {} of `{}`", written(other), self.name)
    }

    fn known(&self) -> String {
        let mut levels: Vec<String> = self.levels.iter().map(written).collect();
        let mut seen = BTreeSet::new();
        levels.retain(|level| seen.insert(level.clone()));
        format!("its levels are {}", levels.join(", "))
    }
}

/// A level as a script has it.
pub(in crate::scripting) fn written(value: &Dynamic) -> String {
    if value.is_string() { format!("\"{value}\"") } else { level(value).text }
}

/// In which sense a value of a metric is better than another.
fn sense(name: &str) -> Scripted<Sense> {
    match METRICS[metric(name)?].better {
        Better::Lower => Ok(Sense::Less),
        Better::Higher => Ok(Sense::More),
        Better::Neither => Err(fail(format!("no value of `{name}` is better than another"), None)),
    }
}

/// Before anything has run: the variant that the check is rehearsed with as if it were the best of these.
fn supposed(cx: &NativeCallContext<'_>, all: &All, name: &str) -> Option<Scripted<Dynamic>> {
    let nothing_ran = all.finished.record.results.is_empty() && !all.variants.is_empty();
    let at = desk(|desk| {
        desk.check.looked |= nothing_ran;
        desk.check.asks_for_the_best |= nothing_ran;
        desk.check.supposed.filter(|_| nothing_ran)
    });
    let at = at.or_else(|| (nothing_ran && onward::hangs()).then_some(0))?;
    let sense = or_noted(cx, &all.finished, sense(name), || Ok(Sense::Less));
    Some(sense.map(|_| Dynamic::from(all.one(all.variants[at % all.variants.len()]))))
}

/// The variant with the best mean, if it is better than every other by paired differences; otherwise those it is not better than
/// as well.
fn best(all: &All, name: &str) -> Scripted<Dynamic> {
    let sense = sense(name)?;
    let estimated = |variant: usize| Ok((variant, all.one(variant).estimate(name)?));
    let estimates: Vec<(usize, Estimate)> =
        all.variants.iter().map(|v| estimated(*v)).collect::<Scripted<_>>()?;
    if all.variants.is_empty() && all.doubtful.is_empty() {
        return Ok(Nobody::any());
    }
    let Some((best, first)) = leader(&estimates, sense) else {
        let doubt = all.doubtful.first().map(|doubtful| doubtful.why.clone());
        let why = doubt.unwrap_or_else(|| format!("{name} was not measured"));
        let doubtful = all.doubtful.iter().map(|doubtful| doubtful.variant);
        let variants = all.variants.iter().copied().chain(doubtful).collect();
        let all = All { variants, doubtful: Vec::new(), ..all.clone() };
        return Ok(Dynamic::from(Candidates { all, why, measured: false }));
    };
    let label = |variant: usize| all.label(variant);
    let (mut candidates, mut why) = (vec![best], String::new());
    for (variant, other) in estimates.iter().filter(|(variant, _)| *variant != best) {
        let judged = first.against_estimate(sense, other).expect("it is the same metric");
        if judged.standing == Standing::Holds {
            continue;
        }
        candidates.push(*variant);
        if why.is_empty() {
            why =
                format!("{} and {} do not differ for sure: {}", label(best), label(*variant), judged.detail);
        }
    }
    for doubtful in &all.doubtful {
        let (variant, other) = estimated(doubtful.variant)?;
        let judged = first.against_estimate(sense, &other).expect("it is the same metric");
        if judged.standing != Standing::Holds {
            candidates.push(variant);
            why = doubtful.why.clone();
        }
    }
    candidates.sort_unstable();
    let labels: Vec<String> = candidates.iter().map(|variant| label(*variant)).collect();
    desk(|desk| desk.check.best.push(format!("the best {name} is that of {}", labels.join(" or "))));
    if candidates.len() == 1 {
        return Ok(Dynamic::from(all.one(best)));
    }
    let all = All { variants: candidates, doubtful: Vec::new(), ..all.clone() };
    Ok(Dynamic::from(Candidates { all, why, measured: true }))
}

/// The first variant with the best mean; `None`: none was measured.
fn leader(estimates: &[(usize, Estimate)], sense: Sense) -> Option<(usize, &Estimate)> {
    let measured = estimates.iter().filter_map(|(v, estimate)| Some((*v, estimate, estimate.mean()?)));
    let better = |a: f64, b: f64| if sense == Sense::Less { a < b } else { a > b };
    let found = measured.reduce(|best, next| if better(next.2, best.2) { next } else { best });
    found.map(|(variant, estimate, _)| (variant, estimate))
}

pub(super) fn register(engine: &mut Engine) {
    kind::<Candidates>(engine, "result");
    kind::<AnyLevel>(engine, "level");
    engine.register_fn("best", |cx: NativeCallContext, all: All, name: &str| {
        supposed(&cx, &all, name).unwrap_or_else(|| best(&all, name))
    });
    engine.register_indexer_get(|best: &mut Candidates, name: &str| best.get(name));
    engine.register_fn("of", |best: Candidates, _component: &str| -> Scripted<One> { Err(unsure(best.why)) });
    for name in ["to_string", "to_debug"] {
        engine.register_fn(name, |best: &mut Candidates| best.text());
    }
}
