//! Results in a script: variants, estimates, comparisons that become checks.

use super::experiment::matches;
use crate::catalog::did_you_mean;
use crate::experiment::{
    self, Better, COLUMNS, Estimate, Judgement, METRICS, Sense, Standing, find_column, find_metric,
};
use crate::scripting::Finished;
use crate::scripting::convert::Scripted;
use crate::scripting::errors::{Undecided, fail};
use crate::scripting::units::{Rate, Share, Size, Span};
use rhai::{Array, Dynamic, Engine, EvalAltResult, FLOAT, INT, Map, Position};
use std::rc::Rc;

/// Results of some or all variants.
#[derive(Clone)]
pub(in crate::scripting) struct All {
    finished: Rc<Finished>,
    variants: Vec<usize>,
}

/// Results of one variant.
#[derive(Clone)]
pub(in crate::scripting) struct One {
    finished: Rc<Finished>,
    variant: usize,
}

/// Results of one component in some variants.
#[derive(Clone)]
struct Part {
    finished: Rc<Finished>,
    variants: Vec<usize>,
    component: String,
    /// Asked of one variant: its answers are single estimates.
    labels: Vec<String>,
}

impl Part {
    fn get(&self, name: &str) -> Scripted<Dynamic> {
        let column =
            find_column(name).map_err(|hint| fail(format!("components have no figure `{name}`"), hint))?;
        let estimates: Scripted<Vec<Estimate>> =
            self.variants.iter().map(|variant| self.estimate(*variant, column)).collect();
        let mut estimates = estimates?;
        Ok(match estimates.len() {
            1 => Dynamic::from(estimates.remove(0)),
            _ => Dynamic::from(Several(estimates, self.labels.clone())),
        })
    }

    fn estimate(&self, variant: usize, column: usize) -> Scripted<Estimate> {
        self.finished.asked.borrow_mut().push((variant, self.component.clone()));
        let mut samples = Vec::new();
        for run in self.finished.record.results.iter().filter(|run| run.variant == variant) {
            let figure = experiment::figure(run, &self.component, column).map_err(|known| {
                let hint = did_you_mean(&self.component, known.iter().map(String::as_str));
                fail(format!("the world has no component \"{}\"", self.component), hint)
            })?;
            samples.extend(figure.map(|value| (run.replication, value)));
        }
        Ok(Estimate { metric: COLUMNS[column].0.into(), samples })
    }
}

/// A metric of several variants, and their labels: a comparison must hold for each of them.
#[derive(Clone)]
struct Several(Vec<Estimate>, Vec<String>);

/// The outcome of a comparison.
#[derive(Clone, Debug)]
pub(in crate::scripting) struct Check(pub Judgement);

impl All {
    pub fn of(finished: Rc<Finished>) -> Self {
        let variants = (0..finished.params.len()).collect();
        All { finished, variants }
    }

    fn select(&self, wanted: &Map) -> Scripted<All> {
        let factors = &self.finished.record.plan.factors;
        if let Some(unknown) = wanted.keys().find(|key| !factors.iter().any(|f| f == key.as_str())) {
            let hint = did_you_mean(unknown, factors.iter().map(String::as_str));
            return Err(fail(format!("this experiment does not vary `{unknown}`"), hint));
        }
        let fits = |variant: &usize| matches(&self.finished.params[*variant], wanted);
        let variants: Vec<usize> = self.variants.iter().copied().filter(fits).collect();
        if variants.is_empty() {
            return Err(fail("no variant has these levels", None));
        }
        Ok(All { finished: self.finished.clone(), variants })
    }

    fn one(&self, variant: usize) -> One {
        One { finished: self.finished.clone(), variant }
    }

    fn of_component(&self, component: &str) -> Part {
        Part {
            finished: self.finished.clone(),
            variants: self.variants.clone(),
            component: component.into(),
            labels: self.labels(),
        }
    }

    fn labels(&self) -> Vec<String> {
        self.variants
            .iter()
            .map(|variant| self.finished.record.plan.variants[*variant].label.clone())
            .collect()
    }

    fn get(&self, name: &str) -> Scripted<Dynamic> {
        let estimates: Scripted<Vec<Estimate>> =
            self.variants.iter().map(|variant| self.one(*variant).estimate(name)).collect();
        let mut estimates = estimates?;
        Ok(match estimates.len() {
            1 => Dynamic::from(estimates.remove(0)),
            _ => Dynamic::from(Several(estimates, self.labels())),
        })
    }

    /// The variant with the best mean, if it is better than every other by paired differences.
    fn best(&self, name: &str) -> Scripted<One> {
        let metric = metric(name)?;
        let sense = match METRICS[metric].better {
            Better::Lower => Sense::Less,
            Better::Higher => Sense::More,
            Better::Neither => {
                return Err(fail(format!("no value of `{name}` is better than another"), None));
            }
        };
        let estimates: Vec<(usize, Estimate)> =
            self.variants.iter().map(|v| Ok((*v, self.one(*v).estimate(name)?))).collect::<Scripted<_>>()?;
        if estimates.iter().all(|(_, estimate)| estimate.samples.is_empty()) {
            return Err(unsure(format!("{name} was not measured")));
        }
        let mean = |estimate: &Estimate| estimate.mean().unwrap_or(f64::NAN);
        let order = |a: f64, b: f64| if sense == Sense::Less { a < b } else { a > b };
        let mut best = 0;
        for (at, (_, estimate)) in estimates.iter().enumerate() {
            if mean(&estimates[best].1).is_nan() || order(mean(estimate), mean(&estimates[best].1)) {
                best = at;
            }
        }
        for (at, (variant, other)) in estimates.iter().enumerate() {
            let judged = estimates[best].1.against_estimate(sense, other);
            if at != best && judged.standing != Standing::Holds {
                let label = |variant: usize| self.finished.record.plan.variants[variant].label.clone();
                let pair = format!("{} and {}", label(estimates[best].0), label(*variant));
                return Err(unsure(format!("{pair} do not differ for sure: {}", judged.detail)));
            }
        }
        Ok(self.one(estimates[best].0))
    }
}

fn unsure(why: String) -> Box<EvalAltResult> {
    EvalAltResult::ErrorRuntime(Dynamic::from(Undecided(why)), Position::NONE).into()
}

fn metric(name: &str) -> Scripted<usize> {
    find_metric(name).map_err(|hint| fail(format!("there is no metric `{name}`"), hint))
}

impl One {
    pub fn of(finished: Rc<Finished>, variant: usize) -> Self {
        One { finished, variant }
    }

    fn estimate(&self, name: &str) -> Scripted<Estimate> {
        let metric = metric(name)?;
        let runs = self.finished.record.results.iter().filter(|run| run.variant == self.variant);
        let samples = runs.filter_map(|run| Some((run.replication, run.metrics[metric]?))).collect();
        Ok(Estimate { metric: METRICS[metric].column.into(), samples })
    }

    /// A parameter of the variant, or a metric.
    fn get(&self, name: &str) -> Scripted<Dynamic> {
        if let Some(value) = self.finished.params[self.variant].get(name) {
            return Ok(value.clone());
        }
        match name {
            "variant" => Ok(self.finished.record.plan.variants[self.variant].label.clone().into()),
            _ => self.estimate(name).map(Dynamic::from),
        }
    }
}

/// The limit of a comparison in the metric's unit.
fn limit(metric: &str, value: &Dynamic) -> Scripted<f64> {
    let time = |span: Span| if metric.ends_with("_ms") { span.0 as f64 / 1e6 } else { span.0 as f64 / 1e9 };
    let copy = || value.clone();
    let is_time = metric.ends_with("_ms") || (metric.ends_with("_s") && !metric.ends_with("_per_s"));
    let plain = copy().try_cast::<FLOAT>().or_else(|| copy().try_cast::<INT>().map(|n| n as f64));
    let wrong = |wanted: &str| {
        let found = super::super::convert::value(value).describe();
        Err(fail(format!("`{metric}` is compared with {wanted}, not with {found}"), None))
    };
    if is_time {
        return copy().try_cast::<Span>().map(time).map_or_else(|| wrong("a duration such as 20.ms"), Ok);
    }
    if metric.ends_with("_ratio") {
        let share = copy().try_cast::<Share>().map(|share| share.0).or(plain);
        return share.map_or_else(|| wrong("a share such as 99.percent"), Ok);
    }
    if metric.ends_with("_per_s") {
        let rate = copy().try_cast::<Rate>().map(|rate| rate.0).or(plain);
        return rate.map_or_else(|| wrong("a rate such as 100.rps"), Ok);
    }
    if metric.ends_with("_bytes") {
        let size = copy().try_cast::<Size>().map(|size| size.0).or(plain);
        return size.map_or_else(|| wrong("a size such as 1.mib"), Ok);
    }
    plain.map_or_else(|| wrong("a number"), Ok)
}

/// The weakest of several judgements: all must hold.
fn weakest(judgements: Vec<Judgement>) -> Judgement {
    let rank = |judgement: &Judgement| match judgement.standing {
        Standing::Fails => 0,
        Standing::Undecided => 1,
        Standing::Holds => 2,
    };
    judgements.into_iter().min_by_key(rank).expect("a selection holds at least one variant")
}

fn compare(a: &Several, sense: Sense, b: &Dynamic) -> Scripted<Check> {
    let b = b.flatten_clone();
    let against = |estimate: &Estimate| -> Scripted<Vec<Judgement>> {
        if let Some(other) = b.clone().try_cast::<Estimate>() {
            return Ok(vec![estimate.against_estimate(sense, &other)]);
        }
        if let Some(Several(others, _)) = b.clone().try_cast::<Several>() {
            return Ok(others.iter().map(|other| estimate.against_estimate(sense, other)).collect());
        }
        Ok(vec![estimate.against(sense, limit(&estimate.metric, &b)?)])
    };
    let mut judgements = Vec::new();
    for estimate in &a.0 {
        judgements.extend(against(estimate)?);
    }
    Ok(Check(weakest(judgements)))
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

fn comparisons(engine: &mut Engine) {
    for (operator, sense) in SENSES {
        macro_rules! with {
            ($($kind:ty),*) => {$(
                engine.register_fn(operator, move |a: Estimate, b: $kind| compare(&Several(vec![a], Vec::new()), sense, &Dynamic::from(b)));
                engine.register_fn(operator, move |a: Several, b: $kind| compare(&a, sense, &Dynamic::from(b)));
                engine.register_fn(operator, move |a: $kind, b: Estimate| compare(&Several(vec![b], Vec::new()), mirrored(sense), &Dynamic::from(a)));
                engine.register_fn(operator, move |a: $kind, b: Several| compare(&b, mirrored(sense), &Dynamic::from(a)));
            )*};
        }
        with!(Span, Rate, Size, Share, INT, FLOAT);
        engine.register_fn(operator, move |a: Estimate, b: Estimate| {
            compare(&Several(vec![a], Vec::new()), sense, &Dynamic::from(b))
        });
        engine.register_fn(operator, move |a: Several, b: Estimate| compare(&a, sense, &Dynamic::from(b)));
        engine.register_fn(operator, move |a: Estimate, b: Several| {
            compare(&Several(vec![a], Vec::new()), sense, &Dynamic::from(b))
        });
        engine.register_fn(operator, move |a: Several, b: Several| compare(&a, sense, &Dynamic::from(b)));
    }
    engine.register_fn("!", |_: Check| -> Scripted<Check> {
        let hint = "write the opposite comparison".to_string();
        Err(fail("a check cannot be turned round with `!`", Some(hint)))
    });
}

pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<All>("results");
    engine.register_type_with_name::<One>("result");
    engine.register_type_with_name::<Estimate>("estimate");
    engine.register_type_with_name::<Several>("estimates");
    engine.register_type_with_name::<Check>("check");
    engine.register_type_with_name::<Part>("result of a component");
    engine.register_indexer_get(|one: &mut One, name: &str| one.get(name));
    engine.register_indexer_get(|part: &mut Part, name: &str| part.get(name));
    engine.register_fn("of", |all: All, component: &str| all.of_component(component));
    engine.register_fn("of", |one: One, component: &str| {
        All { variants: vec![one.variant], finished: one.finished }.of_component(component)
    });
    engine.register_indexer_get(|all: &mut All, name: &str| all.get(name));
    engine.register_fn("where", |all: All, wanted: Map| all.select(&wanted));
    engine.register_fn("best", |all: All, name: &str| all.best(name));
    engine.register_fn("variants", |all: All| -> Array {
        all.variants.iter().map(|variant| Dynamic::from(all.one(*variant))).collect()
    });
    engine.register_get("mean", |estimate: &mut Estimate| estimate.mean().unwrap_or(f64::NAN));
    for name in ["to_string", "to_debug"] {
        engine.register_fn(name, |estimate: &mut Estimate| estimate_text(estimate));
        engine.register_fn(name, |several: &mut Several| several_text(several));
        engine.register_fn(name, |check: &mut Check| check.0.detail.clone());
        engine.register_fn(name, |all: &mut All| all_text(all));
        engine.register_fn(name, |one: &mut One| one_text(one));
    }
    comparisons(engine);
}

fn estimate_text(estimate: &Estimate) -> String {
    use crate::experiment::short;
    match (estimate.mean(), estimate.interval()) {
        (None, _) => format!("{}: not measured", estimate.metric),
        (Some(mean), None) => format!("{}: {}", estimate.metric, short(mean)),
        (Some(mean), Some(i)) => {
            format!("{}: {} [{}, {}]", estimate.metric, short(mean), short(i.low()), short(i.high()))
        }
    }
}

fn all_text(all: &All) -> String {
    format!("results of {}", all.labels().join(", "))
}

/// One line for each variant.
fn several_text(several: &Several) -> String {
    let width = several.1.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    let line =
        |(label, estimate): (&String, &Estimate)| format!("{label:<width$}  {}", estimate_text(estimate));
    several.1.iter().zip(&several.0).map(line).collect::<Vec<_>>().join("\n")
}

fn one_text(one: &One) -> String {
    format!("result of {}", one.finished.record.plan.variants[one.variant].label)
}

/// Our own kinds as a person reads them.
pub(super) fn text(value: &Dynamic) -> Option<String> {
    let copy = || value.clone();
    None.or_else(|| copy().try_cast::<Estimate>().map(|estimate| estimate_text(&estimate)))
        .or_else(|| copy().try_cast::<Several>().map(|several| several_text(&several)))
        .or_else(|| copy().try_cast::<Check>().map(|check| check.0.detail))
        .or_else(|| copy().try_cast::<All>().map(|all| all_text(&all)))
        .or_else(|| copy().try_cast::<One>().map(|one| one_text(&one)))
}
