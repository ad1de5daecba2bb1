//! One run: the kernel up to the next thing that happens, then that thing, then on.

use super::cost::all_known;
use super::design::{Phase, Plan, Timing};
use super::doubts::{about_groups, bounded_ages, mostly_unanswered, never_held, unfinished};
use super::events::in_order;
use super::facts::{Counts, Facts, Mark};
use super::idle_cuts::{idle_cuts, idle_links};
use super::ignored::{ignored, unheard};
use super::look::{Look, View};
use super::metric::METRICS;
use super::nodes::{self, all_readings, last_readings, maximum};
use super::phases::Phases;
use super::prices::about_costs;
use super::result::{ComponentRow, EventRow, RunResult};
use super::scarce::{scarce, seldom_reread, undrained};
use super::series::Recorder;
use super::settling::{drift, is_level, unsettled};
use super::terms::Terms;
use super::traces::after_all;
use super::wandering::wandering;
use super::without_effect::Effects;
use crate::catalog::{Problem, Problems};
use crate::components::{Layout, client};
use crate::kernel::{Readings, SECOND, Simulation, Time, seconds, time_text};
use crate::model::{self, Checked, Command, Moment, Trigger, WorldSpec};
use std::sync::Arc;

/// A described world and whoever decides what happens in it.
pub struct Built {
    /// The description.
    pub spec: WorldSpec,
    /// Calls the script's functions.
    pub director: Box<dyn Director>,
    /// Whether its functions may add nodes: if not, and if no autoscaler does, all that there will be are known.
    pub adds_nodes: bool,
}

/// Calls the functions that a script gave to `at`, `every` and `when`.
pub trait Director {
    /// Something is due: what is to be done.
    fn fire(&mut self, callback: usize, view: &View) -> Result<Vec<Command>, Problem>;
    /// Whether a condition holds.
    fn holds(&mut self, condition: usize, view: &View) -> Result<bool, Problem>;
    /// At the end of a run: what of the script was without effect.
    fn doubts(&self) -> Vec<String> {
        Vec::new()
    }
}

/// How often conditions are asked.
const POLL: Time = SECOND;
/// Open calls that a world may hold: about a gigabyte.
const OPEN_CALLS_AT_MOST: usize = 10_000_000;
/// Events between two looks at the stop flag.
const SLICE: u64 = 1 << 16;

/// Whether a run shall go on; told how far it is (0 to 1) and how many events it has handled.
pub type Pulse<'a> = dyn FnMut(f64, u64) -> bool + 'a;

/// Runs a world: this variant and replication of the plan. `None` if `pulse` said stop.
pub fn drive(
    built: Built,
    plan: &Plan,
    place: (usize, u64),
    pulse: &mut Pulse<'_>,
) -> Result<Option<RunResult>, Problems> {
    let mut world = model::check(&built.spec, plan.timing.end(), &plan.disabled)?;
    world.layout.seeds = (plan.seed, place.1);
    let mut simulation = model::build(&world, plan.seed, place.1);
    simulation.start();
    let mut run = Run::new(world, built, simulation, plan.timing, &plan.phases);
    if !run.run_through(pulse).map_err(|problem| vec![run.at_its_time(problem)])? {
        return Ok(None);
    }
    let conserved = run.simulation.check_conservation();
    if let Err(what) = conserved {
        return Err(vec![
            Problem::new(format!("the books do not balance: {what}"))
                .hint("this is a fault of scalelab, not of the script: please report it with the script"),
        ]);
    }
    Ok(Some(run.result(plan, place)))
}

fn look(simulation: &Simulation) -> Look {
    Look { at: simulation.now(), readings: Arc::new(all_readings(simulation, false)) }
}

struct Run {
    /// As it stands now: nodes come and go.
    layout: Arc<Layout>,
    /// How many comings and goings the layout knows of.
    changes: usize,
    /// When each node came that was not there from the start.
    terms: Arc<Terms>,
    spec: WorldSpec,
    director: Box<dyn Director>,
    simulation: Simulation,
    timing: Timing,
    recorder: Recorder,
    /// When each item of the timeline is due next.
    due: Vec<Option<Time>>,
    /// Whether the condition of each item held when it was last asked.
    held: Vec<bool>,
    /// Whether each item has happened.
    happened: Vec<bool>,
    effects: Effects,
    /// What each item of the timeline saw when it looked last.
    looked: Vec<Look>,
    /// How far all counts were when the measured part began.
    began: Option<Mark>,
    phases: Phases,
    events: Vec<EventRow>,
}

impl Run {
    fn new(world: Checked, built: Built, simulation: Simulation, timing: Timing, phases: &[Phase]) -> Self {
        let first = |trigger: &Trigger| match trigger {
            Trigger::At(at) => Some(*at),
            Trigger::Every(period) => Some(*period),
            Trigger::When(_) => Some(POLL),
        };
        let due = built.spec.timeline.iter().map(|item| first(&item.trigger)).collect();
        let held = vec![false; built.spec.timeline.len()];
        let happened = held.clone();
        let looked = vec![look(&simulation); held.len()];
        Run {
            recorder: Recorder::new(&world.layout, &simulation),
            terms: Arc::new(Terms::new(&world.layout)),
            layout: Arc::new(world.layout),
            changes: 0,
            spec: built.spec,
            director: built.director,
            simulation,
            timing,
            due,
            held,
            happened,
            effects: Effects::default(),
            looked,
            began: None,
            phases: Phases::new(phases),
            events: Vec::new(),
        }
    }

    /// False if it was stopped.
    fn run_through(&mut self, pulse: &mut Pulse<'_>) -> Result<bool, Problem> {
        let end = self.timing.end();
        let mut window_end = self.timing.window.min(end);
        if self.timing.warmup == 0 {
            self.begin_to_count();
        }
        self.turn();
        loop {
            let due = self.due.iter().flatten().min().copied().unwrap_or(end);
            let warmup = if self.began.is_none() { self.timing.warmup } else { end };
            let phase = self.phases.next(self.simulation.now()).unwrap_or(end);
            let next = due.min(window_end).min(warmup).min(phase).min(end);
            if !self.advance(next, pulse)? {
                return Ok(false);
            }
            if next == window_end {
                self.recorder.close_window(&mut self.simulation, &self.terms);
                window_end = (window_end + self.timing.window).min(end);
            }
            if next == end {
                self.turn();
                return Ok(true);
            }
            if next == self.timing.warmup && self.began.is_none() {
                self.begin_to_count(); // what happens at this very moment counts
            }
            self.turn();
            self.happen(next)?;
        }
    }

    /// False if it was stopped.
    fn advance(&mut self, until: Time, pulse: &mut Pulse<'_>) -> Result<bool, Problem> {
        let end = self.timing.end() as f64;
        while self.simulation.step(until, SLICE) {
            self.check_size()?;
            if !pulse(self.simulation.now() as f64 / end, self.simulation.events()) {
                return Ok(false);
            }
        }
        self.catch_up();
        Ok(pulse(self.simulation.now() as f64 / end, self.simulation.events()))
    }

    /// Takes note of nodes that have come or gone.
    fn catch_up(&mut self) {
        for change in &self.simulation.memberships()[self.changes..] {
            Arc::make_mut(&mut self.layout).change(change);
            Arc::make_mut(&mut self.terms).note(change);
            let (event, of) =
                if change.joined { ("joined", "is a new member of") } else { ("left", "has left") };
            if change.joined {
                self.recorder.add(self.layout.name_of(change.node));
            }
            let group = &self.layout.groups[usize::from(change.group)].name;
            self.events.push(EventRow {
                t_s: seconds(change.time),
                component: self.layout.name_of(change.node),
                event: event.into(),
                detail: format!("{of} {group}"),
            });
        }
        self.changes = self.simulation.memberships().len();
    }

    /// A world that grows without end would take all memory.
    fn check_size(&self) -> Result<(), Problem> {
        let calls = self.simulation.calls();
        if !calls.has_more_than(OPEN_CALLS_AT_MOST) {
            return Ok(());
        }
        let open = calls.len();
        let message = format!("{open} calls are open: more comes in than is ever answered");
        Err(Problem::new(message).hint("bound the queues (`queue:`), or lower the load"))
    }

    /// A mistake that shows only while the world runs says when.
    fn at_its_time(&self, problem: Problem) -> Problem {
        let message = format!("{} (at t = {})", problem.message, time_text(self.simulation.now()));
        Problem { message, ..problem }
    }

    fn turn(&mut self) {
        self.phases.turn(&self.simulation, &self.layout, &self.terms, &self.timing);
    }

    fn begin_to_count(&mut self) {
        self.simulation.measure_from_now();
        self.began = Some(Mark::now(&self.simulation));
    }

    /// Everything in the timeline that is due now, in the order of the script.
    fn happen(&mut self, now: Time) -> Result<(), Problem> {
        let mut present: Option<Look> = None;
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
            let seen = present.get_or_insert_with(|| look(&self.simulation)).clone();
            let view = View::between(&self.looked[item], &seen, &self.layout, &self.terms);
            self.looked[item] = seen;
            if let Trigger::When(condition) = trigger {
                let holds = self.director.holds(condition, &view)?;
                if !holds || std::mem::replace(&mut self.held[item], holds) {
                    self.held[item] = holds;
                    continue;
                }
            }
            self.fire(item, now, &view)?;
            present = None; // what was done may show
        }
        Ok(())
    }

    fn fire(&mut self, item: usize, now: Time, view: &View) -> Result<(), Problem> {
        self.happened[item] = true;
        let commands = self.director.fire(self.spec.timeline[item].callback, view)?;
        let label = self.spec.timeline[item].label.clone();
        for command in &commands {
            self.note(now, command, &label);
            let orders = model::resolve(&self.layout, command, Moment::Run)?;
            let before = Effects::before(command, &orders, &self.simulation);
            for order in orders {
                order.carry_out(&mut self.simulation);
                self.catch_up();
            }
            self.effects.after(command, &command.target.name(&self.layout), before, &self.simulation);
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
        let component = command.target.name_now(&self.layout, &self.simulation);
        let detail = command.detail(&self.layout, label);
        self.events.push(EventRow { t_s: seconds(now), component, event: command.action.clone(), detail });
    }

    fn result(mut self, plan: &Plan, (variant, replication): (usize, u64)) -> RunResult {
        let noted = std::mem::take(&mut self.events);
        let events = in_order(noted, &self.layout, &self.simulation);
        let final_readings = last_readings(&self.simulation, self.timing.warmup);
        let components = self.components(&final_readings);
        let began = self.began.as_ref().expect("the measured part has begun");
        let counts = Counts { earlier: &began.readings, later: &final_readings };
        let mut facts = Facts::of(&self.simulation, &self.timing, None, &counts);
        facts.late -= began.late;
        facts.knows_users = self.layout.groups.iter().any(client::knows_users);
        facts.cost_per_hour = all_known(&components);
        facts.shard_skew = maximum(&final_readings, "shard_skew");
        RunResult {
            variant,
            replication,
            metrics: METRICS.iter().map(|metric| (metric.value)(&facts)).collect(),
            components,
            warnings: self.warnings(plan, &facts),
            phases: self.phases.into_results(),
            events_count: self.simulation.events(),
            digest: format!("{:016x}", self.simulation.digest()),
            events,
            series: self.recorder.into_series(),
        }
    }

    /// What makes the figures doubtful. A world in which things happen is not expected to be steady.
    fn warnings(&self, plan: &Plan, facts: &Facts) -> Vec<String> {
        let mut warnings = Vec::new();
        if facts.all.total() == 0 {
            warnings.push("no request came in the measured part".into());
        }
        warnings.extend(unfinished(&facts.all).into_iter().chain(mostly_unanswered(&facts.all)));
        warnings.extend(bounded_ages(&facts.audit));
        warnings.extend(undrained(facts));
        warnings.extend(scarce(plan, facts).into_iter().chain(seldom_reread(plan, facts)));
        if let dropped @ 1.. = self.simulation.journal().dropped() {
            warnings.push(format!("events.csv is full: {dropped} more events of components were left out"));
        }
        warnings.extend(about_groups(plan, &self.layout, &self.simulation, self.timing.end()));
        warnings.extend(about_costs(&self.layout, &self.simulation, facts.cost_per_hour, self.timing.end()));
        warnings.extend(idle_cuts(&self.layout, &self.simulation));
        warnings.extend(idle_links(&self.spec.links, &self.layout, &self.simulation));
        let items = self.spec.timeline.iter().zip(&self.happened);
        warnings.extend(items.filter_map(|(item, happened)| never_held(item, *happened)));
        warnings.extend(after_all(&self.spec.timeline, &self.layout));
        warnings.extend(ignored(&self.layout, &self.simulation));
        warnings.extend(unheard(&self.layout, &self.simulation));
        warnings.extend(self.effects.doubts().chain(self.director.doubts()));
        if self.spec.timeline.is_empty() {
            warnings.extend(drift(&self.recorder.hits, self.timing.warmup));
            if is_level(&self.layout) {
                warnings.extend(unsettled(&self.recorder.latencies, &self.timing));
                warnings.extend(wandering(plan, facts, &self.recorder.latencies));
            }
        }
        warnings
    }

    fn components(&self, later: &[Readings]) -> Vec<ComponentRow> {
        let began = self.began.as_ref().expect("the measured part has begun");
        nodes::rows(&self.layout, &self.terms, &began.readings, later, &self.timing)
    }
}
