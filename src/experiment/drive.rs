//! One run: the kernel up to the next thing that happens, then that thing, then on.

use super::design::Timing;
use super::facts::Facts;
use super::metric::METRICS;
use super::result::{ComponentRow, EventRow, RunResult};
use super::series::{Change, Recorder, node_names};
use crate::catalog::{Load, Problem, Problems};
use crate::components::site::Group;
use crate::kernel::readings::Reading;
use crate::kernel::{NodeId, Readings, SECOND, Simulation, Time, milliseconds, seconds};
use crate::model::{self, Checked, Command, Order, Target, Trigger, WorldSpec};

/// A described world and whoever decides what happens in it.
pub struct Built {
    /// The description.
    pub spec: WorldSpec,
    /// Calls the script's functions.
    pub director: Box<dyn Director>,
}

/// Calls the functions that a script gave to `at`, `every` and `when`.
pub trait Director {
    /// Something is due: what is to be done.
    fn fire(&mut self, callback: usize, view: &View) -> Result<Vec<Command>, Problem>;
    /// Whether a condition holds.
    fn holds(&mut self, condition: usize, view: &View) -> Result<bool, Problem>;
}

/// What a script's function may see: the figures of each group since the last look.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The time.
    pub now: Time,
    /// Figures by (group, metric).
    pub figures: Vec<(usize, &'static str, f64)>,
}

/// How often conditions are asked.
const POLL: Time = SECOND;
/// Events between two looks at the stop flag.
const SLICE: u64 = 1 << 16;

/// Checks a world and calls each of its functions once in a throw-away copy, so that their mistakes are
/// found before anything runs.
pub fn rehearse(mut built: Built, end: Time, disabled: &[String]) -> Result<(), Problems> {
    let (checked, mut problems) = match model::check(&built.spec, end, disabled) {
        Ok(checked) => (Some(checked), Problems::new()),
        Err(problems) => (None, problems),
    };
    let view = View { now: 0, figures: neutral_figures(built.spec.groups.len()) };
    for item in &built.spec.timeline {
        if let Trigger::When(condition) = item.trigger {
            problems.extend(built.director.holds(condition, &view).err());
        }
        match built.director.fire(item.callback, &view) {
            Err(problem) => problems.push(problem),
            Ok(commands) => {
                let layout = checked.as_ref().map(|checked| &checked.layout);
                let wrong = |command| layout.and_then(|layout| model::resolve(layout, command).err());
                problems.extend(commands.iter().filter_map(wrong));
            }
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems) }
}

/// Every figure that a condition may ask for, at a harmless value.
fn neutral_figures(groups: usize) -> Vec<(usize, &'static str, f64)> {
    (0..groups).flat_map(|group| FIGURES.iter().map(move |metric| (group, *metric, 0.0))).collect()
}

/// Figures of a group that a condition may ask for.
pub const FIGURES: &[&str] = &[
    "utilization_ratio",
    "queue_len_mean",
    "pool_held_mean",
    "arrivals_per_s",
    "calls_per_s",
    "requests_per_s",
    "errors_per_s",
    "hit_ratio",
    "items_count",
    "dirty_items_count",
];

/// Whether a run shall go on; told how far it is (0 to 1) and how many events it has handled.
pub type Pulse<'a> = dyn FnMut(f64, u64) -> bool + 'a;

/// Runs a world. `None` if `pulse` said stop.
pub fn drive(
    built: Built,
    timing: &Timing,
    seed: u64,
    place: (usize, u64),
    disabled: &[String],
    pulse: &mut Pulse<'_>,
) -> Result<Option<RunResult>, Problems> {
    let world = model::check(&built.spec, timing.end(), disabled)?;
    let mut simulation = model::build(&world, seed, place.1);
    simulation.start();
    let mut run = Run::new(&world, built, simulation, *timing);
    if !run.to_the_end(pulse).map_err(|problem| vec![problem])? {
        return Ok(None);
    }
    let conserved = run.simulation.check_conservation();
    if let Err(what) = conserved {
        return Err(vec![Problem::new(format!("the books do not balance: {what}")).hint(
            "this is a fault of scalelab, not of the script: please report it with the script",
        )]);
    }
    Ok(Some(run.result(place)))
}

struct Run<'a> {
    world: &'a Checked,
    spec: WorldSpec,
    director: Box<dyn Director>,
    simulation: Simulation,
    timing: Timing,
    recorder: Recorder,
    /// When each item of the timeline is due next.
    due: Vec<Option<Time>>,
    /// Whether the condition of each item held when it was last asked.
    held: Vec<bool>,
    looked: (Time, Vec<Readings>),
    at_warmup: Vec<Readings>,
    warmup_late: u64,
    events: Vec<EventRow>,
}

impl<'a> Run<'a> {
    fn new(world: &'a Checked, built: Built, simulation: Simulation, timing: Timing) -> Self {
        let first = |trigger: &Trigger| match trigger {
            Trigger::At(at) => Some(*at),
            Trigger::Every(period) => Some(*period),
            Trigger::When(_) => Some(POLL),
        };
        let due = built.spec.timeline.iter().map(|item| first(&item.trigger)).collect();
        let held = vec![false; built.spec.timeline.len()];
        let looked = (0, all_readings(&simulation, false));
        Run {
            recorder: Recorder::new(&world.layout, &simulation),
            world,
            spec: built.spec,
            director: built.director,
            simulation,
            timing,
            due,
            held,
            looked,
            at_warmup: Vec::new(),
            warmup_late: 0,
            events: Vec::new(),
        }
    }

    /// False if it was stopped.
    fn to_the_end(&mut self, pulse: &mut Pulse<'_>) -> Result<bool, Problem> {
        let end = self.timing.end();
        let mut window_end = self.timing.window.min(end);
        loop {
            if self.simulation.now() == self.timing.warmup && self.at_warmup.is_empty() {
                self.begin_to_count();
            }
            let due = self.due.iter().flatten().min().copied().unwrap_or(end);
            let warmup = if self.at_warmup.is_empty() { self.timing.warmup } else { end };
            let next = due.min(window_end).min(warmup).min(end);
            if !self.advance(next, pulse) {
                return Ok(false);
            }
            if next == window_end {
                self.recorder.close_window(&mut self.simulation);
                window_end = (window_end + self.timing.window).min(end);
            }
            if next == end {
                return Ok(true);
            }
            self.happen(next)?;
        }
    }

    fn advance(&mut self, until: Time, pulse: &mut Pulse<'_>) -> bool {
        let end = self.timing.end() as f64;
        while self.simulation.step(until, SLICE) {
            if !pulse(self.simulation.now() as f64 / end, self.simulation.events()) {
                return false;
            }
        }
        pulse(self.simulation.now() as f64 / end, self.simulation.events())
    }

    fn begin_to_count(&mut self) {
        self.simulation.measure_from_now();
        self.at_warmup = all_readings(&self.simulation, true);
        self.warmup_late = self.simulation.ledger().late;
    }

    /// Everything in the timeline that is due now, in the order of the script.
    fn happen(&mut self, now: Time) -> Result<(), Problem> {
        for item in 0..self.spec.timeline.len() {
            if self.due[item] != Some(now) {
                continue;
            }
            let trigger = self.spec.timeline[item].trigger;
            self.due[item] = match trigger {
                Trigger::At(_) => None,
                Trigger::Every(period) => now.checked_add(period),
                Trigger::When(_) => now.checked_add(POLL),
            };
            if let Trigger::When(condition) = trigger {
                let view = self.look();
                let holds = self.director.holds(condition, &view)?;
                if !holds || std::mem::replace(&mut self.held[item], holds) {
                    self.held[item] = holds;
                    continue;
                }
            }
            self.fire(item, now)?;
        }
        if self.spec.timeline.iter().any(|item| matches!(item.trigger, Trigger::When(_))) {
            self.looked = (now, all_readings(&self.simulation, false));
        }
        Ok(())
    }

    fn fire(&mut self, item: usize, now: Time) -> Result<(), Problem> {
        let view = self.look();
        let commands = self.director.fire(self.spec.timeline[item].callback, &view)?;
        let label = self.spec.timeline[item].label.clone();
        for command in &commands {
            self.note(now, command, &label);
            for order in model::resolve(&self.world.layout, command)? {
                match order {
                    Order::Node(node, control) => self.simulation.control(node, control),
                    Order::Link(command) => self.simulation.link(command),
                }
            }
        }
        if commands.is_empty() && !label.is_empty() {
            self.events.push(EventRow {
                t_s: seconds(now),
                component: String::new(),
                event: "event".into(),
                detail: label,
            });
        }
        Ok(())
    }

    fn note(&mut self, now: Time, command: &Command, label: &str) {
        let groups = &self.world.layout.groups;
        let component = match command.target {
            Target::Group(group) => groups[group].name.clone(),
            Target::Node(group, n) => groups[group].node_name(n),
            Target::Between(a, b) => format!("{} - {}", groups[a].name, groups[b].name),
            Target::Note => String::new(),
        };
        let detail = match command.arguments.first() {
            Some(crate::catalog::Value::Text(text)) if command.target == Target::Note => text.clone(),
            _ => label.to_string(),
        };
        self.events.push(EventRow { t_s: seconds(now), component, event: command.action.clone(), detail });
    }

    /// The figures of each group since the last look.
    fn look(&self) -> View {
        let now = self.simulation.now();
        let later = all_readings(&self.simulation, false);
        let length = seconds(now - self.looked.0);
        let mut figures = Vec::new();
        for (index, group) in self.world.layout.groups.iter().enumerate() {
            let of_group = group.nodes().map(|node| {
                let change = Change {
                    earlier: &self.looked.1[node.index()],
                    later: &later[node.index()],
                    length,
                };
                change.figures()
            });
            figures.extend(summed(of_group.collect(), index));
        }
        View { now, figures }
    }

    fn result(self, (variant, replication): (usize, u64)) -> RunResult {
        let final_readings = all_readings(&self.simulation, true);
        let components = self.components(&final_readings);
        let counted = |metric: &str| -> u64 {
            let change = |(earlier, later)| Change { earlier, later, length: 1.0 }.count(metric);
            self.at_warmup.iter().zip(&final_readings).map(change).sum()
        };
        let look_ups = (counted("hits"), counted("misses"));
        let (warmup, measured) = (self.timing.warmup, self.timing.duration);
        let mut facts = Facts::of(&self.simulation, warmup, measured, look_ups, counted("retries"));
        facts.late -= self.warmup_late;
        RunResult {
            variant,
            replication,
            metrics: METRICS.iter().map(|metric| (metric.value)(&facts)).collect(),
            components,
            warnings: self.warnings(&facts),
            events_count: self.simulation.events(),
            digest: format!("{:016x}", self.simulation.digest()),
            events: self.events,
            series: self.recorder.into_rows(),
        }
    }

    /// What makes the figures doubtful. A world in which things happen is not expected to be steady.
    fn warnings(&self, facts: &Facts) -> Vec<String> {
        let mut warnings = Vec::new();
        if facts.all.total() == 0 {
            warnings.push("no request came in the measured part".into());
        }
        warnings.extend(self.world.layout.groups.iter().filter_map(synthetic_writes));
        if self.spec.timeline.is_empty() {
            warnings.extend(drift(&self.recorder.hits, self.timing.warmup));
            warnings.extend(unsettled(&self.recorder.latencies, &self.timing));
        }
        warnings
    }

    fn components(&self, later: &[Readings]) -> Vec<ComponentRow> {
        let names = node_names(&self.world.layout);
        let groups = self.world.layout.groups.iter();
        let kinds = groups.flat_map(|group| group.nodes().map(|_| group.kind));
        kinds
            .enumerate()
            .map(|(node, kind)| {
                let length = seconds(self.timing.duration);
                let change = Change { earlier: &self.at_warmup[node], later: &later[node], length };
                component_row(&names[node], kind, &change)
            })
            .collect()
    }
}

fn all_readings(simulation: &Simulation, detailed: bool) -> Vec<Readings> {
    (0..simulation.nodes()).map(|node| simulation.readings(NodeId(node as u16), detailed)).collect()
}

/// Figures of a group out of those of its nodes: rates and numbers add up, shares are averaged.
fn summed(nodes: Vec<Vec<(&'static str, f64)>>, group: usize) -> Vec<(usize, &'static str, f64)> {
    let count = nodes.len() as f64;
    let mut sums: Vec<(&'static str, f64)> = Vec::new();
    for (metric, value) in nodes.into_iter().flatten() {
        match sums.iter_mut().find(|(name, _)| *name == metric) {
            Some((_, sum)) => *sum += value,
            None => sums.push((metric, value)),
        }
    }
    let mean = |(metric, sum): (&'static str, f64)| {
        (group, metric, if metric.ends_with("_ratio") { sum / count } else { sum })
    };
    sums.into_iter().map(mean).collect()
}

fn component_row(name: &str, kind: &str, change: &Change<'_>) -> ComponentRow {
    let known = |metric: &str| change.later.get(metric).map(|_| change.count(metric));
    let p99 = |metric: &str| match (change.later.get(metric), change.earlier.get(metric)) {
        (Some(Reading::Histogram(later)), Some(Reading::Histogram(earlier))) => {
            later.since(earlier).quantile(0.99).map(milliseconds)
        }
        _ => None,
    };
    let errors = [known("errors"), known("rejected"), known("pool_rejected")];
    let largest = |metric: &str| match change.later.get(metric) {
        Some(Reading::Maximum(value)) => Some(*value),
        _ => None,
    };
    ComponentRow {
        component: name.into(),
        kind: kind.into(),
        utilization_ratio: change.utilization(),
        queue_len_mean: change.mean("queue"),
        queue_len_max: largest("queue_len_max"),
        arrivals_count: known("requests").or(known("calls")).or(known("arrivals")),
        completions_count: known("completions"),
        errors_count: errors.iter().any(Option::is_some).then(|| errors.iter().flatten().sum()),
        wait_p99_ms: p99("wait"),
        service_p99_ms: p99("service"),
        hit_ratio: change.hit_ratio(),
    }
}

/// Says so if writes were drawn for a trace that has none of its own.
fn synthetic_writes(group: &Group) -> Option<String> {
    let Some(Load::Trace(trace)) = group.settings.load("rate") else { return None };
    let share = trace.writes? * 100.0;
    Some(format!("the writes of {} are synthetic: drawn for {share} % of the rows of the trace", group.name))
}

/// Two percentage points between the first and the last third count as drift.
const DRIFT: f64 = 0.02;

/// Says so if the hit ratio still changes in the measured part.
fn drift(windows: &[(Time, u64, u64)], warmup: Time) -> Option<String> {
    let measured: Vec<_> = windows.iter().filter(|(end, _, looks)| *end > warmup && *looks > 0).collect();
    let third = measured.len() / 3;
    if third == 0 {
        return None;
    }
    let ratio = |part: &[&(Time, u64, u64)]| {
        let (hits, looks) = part.iter().fold((0, 0), |(h, l), (_, hits, looks)| (h + hits, l + looks));
        hits as f64 / looks as f64
    };
    let (first, last) = (ratio(&measured[..third]), ratio(&measured[measured.len() - third..]));
    ((first - last).abs() > DRIFT).then(|| {
        format!("the hit ratio still drifts: from {first:.3} to {last:.3}; lengthen the warm-up or use `preload`")
    })
}

/// Says so if the latency had not settled when the measured part began (MSER-5, White 1997).
fn unsettled(latencies: &[f64], timing: &Timing) -> Option<String> {
    let dropped = crate::stats::mser5(latencies)? as u64 * timing.window;
    (dropped > timing.warmup + 5 * timing.window).then(|| {
        let advice = crate::kernel::time_text(dropped);
        format!("the latency settles late: after about {advice} (MSER-5); lengthen the warm-up")
    })
}
