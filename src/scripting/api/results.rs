//! Results in a script: variants, estimates, comparisons that become checks.

use super::best::{Candidates, of_nobody};
use super::comparisons::{Several, label};
use super::kept::Doubtful;
use super::levels::matches;
use super::rehearsed::or_noted;
use crate::catalog::did_you_mean;
use crate::experiment::{self, Estimate, Figure, Judgement, METRICS, Whose, find_figure, find_metric};
use crate::scripting::Finished;
use crate::scripting::convert::Scripted;
use crate::scripting::desk::desk;
use crate::scripting::errors::fail;
use crate::scripting::unlike::kind;
use crate::scripting::weighed::NO_SUCH_LEVELS;
use rhai::{Dynamic, Engine, EvalAltResult, Map, NativeCallContext};
use std::rc::Rc;
use std::sync::Arc;

/// Results of some or all variants.
#[derive(Clone)]
pub(in crate::scripting) struct All {
    pub(super) finished: Rc<Finished>,
    pub(super) variants: Vec<usize>,
    /// Those of which a filter could not tell.
    pub(super) doubtful: Vec<Doubtful>,
}

/// Results of one variant.
#[derive(Clone)]
pub(in crate::scripting) struct One {
    pub(super) finished: Rc<Finished>,
    pub(super) variant: usize,
}

/// Results of one component in some variants.
#[derive(Clone)]
struct Part {
    finished: Rc<Finished>,
    variants: Vec<usize>,
    component: String,
}

impl Part {
    fn get(&self, name: &str) -> Scripted<Dynamic> {
        let asked =
            find_figure(name).map_err(|hint| fail(format!("components have no figure `{name}`"), hint))?;
        if self.finished.within.is_some() && asked.name().ends_with("_max") {
            let message = format!("`{name}` is known of the whole run only, not of a phase");
            return Err(fail(message, Some(format!("write r.of(\"{}\").{name}", self.component))));
        }
        self.finished.has_objective(asked.name())?;
        let estimates: Scripted<Vec<Estimate>> =
            self.variants.iter().map(|variant| self.estimate(*variant, asked)).collect();
        Ok(Several(estimates?).value())
    }

    fn estimate(&self, variant: usize, asked: Figure) -> Scripted<Estimate> {
        desk(|desk| desk.check.looked = true);
        self.finished.asked.borrow_mut().push((variant, self.component.clone(), asked));
        let mut samples = Vec::new();
        for run in self.finished.record.results.iter().filter(|run| run.variant == variant) {
            let figure = experiment::figure(run, &self.component, asked).map_err(|known| {
                let hint = did_you_mean(&self.component, known.iter().map(String::as_str));
                fail(format!("the world has no component \"{}\"", self.component), hint)
            })?;
            samples.extend(figure.map(|value| (run.replication, value)));
        }
        let whose = Some(self.finished.whose(variant));
        let within = self.finished.within.clone();
        let runs = self.finished.record.results.iter().filter(|run| run.variant == variant);
        let open = experiment::open_share(asked.name(), runs);
        Ok(Estimate { whose, within, open, ..Estimate::measured(asked.name(), samples) })
    }
}

/// The outcome of a comparison.
#[derive(Clone, Debug)]
pub(in crate::scripting) struct Check(pub Judgement);

impl Finished {
    /// Somebody looks at a metric.
    fn judge(&self, metric: usize) {
        let mut judged = self.judged.borrow_mut();
        if !judged.contains(&metric) {
            judged.push(metric);
        }
    }

    /// That there is an objective, if the share that meets it is wanted.
    fn has_objective(&self, wanted: &str) -> Scripted<()> {
        match wanted == "slo_ratio" && self.record.plan.timing.slo.is_none() {
            true => Err(fail(
                "nothing says how soon a request is to be answered",
                Some("add .slo(300.ms) to the chain".into()),
            )),
            false => Ok(()),
        }
    }

    /// What estimates of a variant say of it.
    fn whose(&self, variant: usize) -> Arc<Whose> {
        let (plan, own) = (&self.record.plan, &self.record.plan.variants[variant]);
        let text = |level: &Option<experiment::Level>| {
            level.as_ref().map_or_else(String::new, |level| level.text.clone())
        };
        let levels = plan.factors.iter().cloned().zip(own.levels.iter().map(text)).collect();
        Arc::new(Whose { label: own.label.clone(), levels })
    }
}

impl All {
    pub fn of(finished: Rc<Finished>) -> Self {
        let variants = (0..finished.params.len()).collect();
        All { finished, variants, doubtful: Vec::new() }
    }

    fn select(&self, wanted: &Map) -> Scripted<All> {
        self.decided()?;
        let factors = &self.finished.record.plan.factors;
        if let Some(unknown) = wanted.keys().find(|key| !factors.iter().any(|f| f == key.as_str())) {
            let by_name = ["variant", "name", "label"].contains(&unknown.as_str());
            let levels =
                || "variants are found by their levels, such as #{ count: 4 }, not by name".to_string();
            let hint = did_you_mean(unknown, factors.iter().map(String::as_str)).filter(|_| !by_name);
            return Err(fail(
                format!("this experiment does not vary `{unknown}`"),
                hint.or_else(|| by_name.then(levels)),
            ));
        }
        let fits = |variant: &usize| matches(&self.finished.params[*variant], wanted);
        let variants: Vec<usize> = self.variants.iter().copied().filter(fits).collect();
        if variants.is_empty() && (0..self.finished.params.len()).any(|variant| fits(&variant)) {
            return Err(of_nobody("no variant with these levels does what `filter` asks for"));
        }
        if variants.is_empty() {
            return Err(fail(NO_SUCH_LEVELS, Some(format!("there is {}", self.labels().join(", ")))));
        }
        Ok(All { variants, ..self.clone() })
    }

    pub(super) fn one(&self, variant: usize) -> One {
        One { finished: self.finished.clone(), variant }
    }

    fn of_component(&self, component: &str) -> Scripted<Part> {
        self.decided()?;
        let (finished, variants) = (self.finished.clone(), self.variants.clone());
        Ok(Part { finished, variants, component: component.into() })
    }

    pub(super) fn label(&self, variant: usize) -> String {
        self.finished.record.plan.variants[variant].label.clone()
    }

    fn labels(&self) -> Vec<String> {
        self.variants.iter().map(|variant| self.label(*variant)).collect()
    }

    fn get(&self, name: &str) -> Scripted<Dynamic> {
        self.decided()?;
        let estimates: Scripted<Vec<Estimate>> =
            self.variants.iter().map(|variant| self.one(*variant).estimate(name)).collect();
        Ok(Several(estimates?).value())
    }
}

pub(super) fn metric(name: &str) -> Scripted<usize> {
    find_metric(name).map_err(|hint| fail(format!("there is no metric `{name}`"), hint))
}

impl One {
    pub fn of(finished: Rc<Finished>, variant: usize) -> Self {
        One { finished, variant }
    }

    pub(super) fn estimate(&self, name: &str) -> Scripted<Estimate> {
        let metric = metric(name)?;
        desk(|desk| desk.check.looked = true);
        self.finished.judge(metric);
        let (runs, within) = (&self.finished.record.results, self.finished.within.clone());
        let of_the_whole =
            METRICS[metric].ends_of.is_some() || METRICS[metric].column == "queue_backlog_max_count";
        if within.is_some() && of_the_whole {
            let message = format!("`{name}` is known of the whole run only, not of a phase");
            return Err(fail(message, Some(format!("write r.{name}"))));
        }
        self.finished.has_objective(METRICS[metric].column)?;
        let whose = Some(self.finished.whose(self.variant));
        let own = runs.iter().filter(|run| run.variant == self.variant);
        Ok(Estimate { whose, within, ..Estimate::of_runs(metric, own) })
    }

    /// A parameter of the variant, or a metric.
    pub(super) fn get(&self, name: &str) -> Scripted<Dynamic> {
        if let Some(value) = self.finished.params[self.variant].get(name) {
            return Ok(value.clone());
        }
        match name {
            "variant" => Ok(self.finished.record.plan.variants[self.variant].label.clone().into()),
            _ if find_metric(name).is_err() => Err(self.unknown(name)),
            _ => self.estimate(name).map(Dynamic::from),
        }
    }

    fn unknown(&self, name: &str) -> Box<EvalAltResult> {
        let factors = self.finished.record.plan.factors.iter().map(String::as_str);
        let factor = crate::catalog::closest(name, factors).map(|found| format!("did you mean `{found}`?"));
        let label = ["name", "label"].contains(&name).then(|| "its name is `variant`".to_string());
        let hint = label.or(factor).or(find_metric(name).err().flatten());
        fail(format!("there is no metric or factor `{name}`"), hint)
    }
}

/// What stands for one that there is not.
const ANY_METRIC: &str = "requests_total";
const ANY_FIGURE: &str = "utilization";

pub(super) fn register(engine: &mut Engine) {
    kind::<All>(engine, "results");
    kind::<One>(engine, "result");
    engine.register_type_with_name::<Estimate>("estimate");
    engine.register_type_with_name::<Several>("estimates");
    kind::<Check>(engine, "check");
    kind::<Part>(engine, "result of a component");
    engine.register_indexer_get(|cx: NativeCallContext, one: &mut One, name: &str| {
        or_noted(&cx, &one.finished, one.get(name), || one.get(ANY_METRIC))
    });
    engine.register_indexer_get(|cx: NativeCallContext, part: &mut Part, name: &str| {
        or_noted(&cx, &part.finished, part.get(name), || part.get(ANY_FIGURE))
    });
    engine.register_fn("of", |all: All, component: &str| all.of_component(component));
    engine.register_fn("of", |one: One, component: &str| Part {
        variants: vec![one.variant],
        finished: one.finished,
        component: component.into(),
    });
    engine.register_indexer_get(|cx: NativeCallContext, all: &mut All, name: &str| {
        or_noted(&cx, &all.finished, all.get(name), || all.get(ANY_METRIC))
    });
    engine.register_fn("where", |cx: NativeCallContext, all: All, wanted: Map| {
        or_noted(&cx, &all.finished, all.select(&wanted), || Ok(all.clone()))
    });
    engine.register_get("mean", |estimate: &mut Estimate| estimate.mean().unwrap_or(f64::NAN));
    for name in ["to_string", "to_debug"] {
        engine.register_fn(name, |estimate: &mut Estimate| estimate_text(estimate));
        engine.register_fn(name, |several: &mut Several| several_text(several));
        engine.register_fn(name, |check: &mut Check| check.0.detail.clone());
        engine.register_fn(name, |all: &mut All| all_text(all));
        engine.register_fn(name, |one: &mut One| one_text(one));
    }
    super::best::register(engine);
    super::phase::register(engine);
    super::kept::register(engine);
    super::comparisons::register(engine);
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
    let open: Vec<String> = all.doubtful.iter().map(|doubtful| all.label(doubtful.variant)).collect();
    let sure = match all.variants.is_empty() {
        true => "no results: no variant does for sure what `filter` asks for".into(),
        false => format!("results of {}{}", all.labels().join(", "), in_phase(&all.finished)),
    };
    if open.is_empty() { sure } else { format!("{sure}; undecided: {}", open.join(", ")) }
}

/// One line for each variant.
fn several_text(several: &Several) -> String {
    let labels: Vec<&str> = several.0.iter().map(label).collect();
    let width = labels.iter().map(|label| label.chars().count()).max().unwrap_or(0);
    let line =
        |(label, estimate): (&&str, &Estimate)| format!("{label:<width$}  {}", estimate_text(estimate));
    labels.iter().zip(&several.0).map(line).collect::<Vec<_>>().join("\n")
}

fn one_text(one: &One) -> String {
    format!("result of {}{}", one.finished.record.plan.variants[one.variant].label, in_phase(&one.finished))
}

fn in_phase(finished: &Finished) -> String {
    finished.within.as_ref().map_or_else(String::new, |phase| format!(" in \"{phase}\""))
}

/// Our own kinds as a person reads them.
pub(super) fn text(value: &Dynamic) -> Option<String> {
    let copy = || value.clone();
    None.or_else(|| copy().try_cast::<Estimate>().map(|estimate| estimate_text(&estimate)))
        .or_else(|| copy().try_cast::<Several>().map(|several| several_text(&several)))
        .or_else(|| copy().try_cast::<Check>().map(|check| check.0.detail))
        .or_else(|| copy().try_cast::<All>().map(|all| all_text(&all)))
        .or_else(|| copy().try_cast::<One>().map(|one| one_text(&one)))
        .or_else(|| copy().try_cast::<Candidates>().map(|best| best.text()))
}
