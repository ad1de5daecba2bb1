//! The phases of a run: parts whose figures are told by themselves, such as the ten minutes of an outage.
//!
//! A request belongs to the phase in which it ended, as it does to the rows of timeseries.csv; what is open when the phase ends counts as it does at
//! the end of a run, with the time it has taken so far. What is measured of a whole only (largest values, when a heap was gone) has no figure.

use super::compare::{Comparison, compare};
use super::cost::all_known;
use super::design::{Phase, Plan, Timing};
use super::facts::{Counts, Facts, Mark};
use super::metric::METRICS;
use super::nodes::{self, last_readings};
use super::result::{PhaseResult, RunResult};
use super::terms::Terms;
use crate::components::Layout;
use crate::kernel::{Readings, Simulation, Time};

/// The phases of a run that is under way.
pub(super) struct Phases {
    planned: Vec<Phase>,
    /// Of each, how far all counts were when it began.
    marks: Vec<Option<Mark>>,
    told: Vec<PhaseResult>,
}

impl Phases {
    pub fn new(planned: &[Phase]) -> Self {
        let (marks, told) =
            (planned.iter().map(|_| None).collect(), vec![PhaseResult::default(); planned.len()]);
        Phases { planned: planned.to_vec(), marks, told }
    }

    /// When the next one begins or ends, after `now`.
    pub fn next(&self, now: Time) -> Option<Time> {
        let moments = self.planned.iter().flat_map(|phase| [phase.from, phase.to]);
        moments.filter(|moment| *moment > now).min()
    }

    /// Those that end now are told, those that begin now begin.
    pub fn turn(&mut self, simulation: &Simulation, layout: &Layout, terms: &Terms, timing: &Timing) {
        let now = simulation.now();
        for (at, phase) in self.planned.iter().enumerate() {
            if phase.to == now
                && let Some(mark) = self.marks[at].take()
            {
                self.told[at] = told(simulation, layout, terms, timing, &mark);
            }
            if phase.from == now {
                self.marks[at] = Some(Mark::now(simulation));
            }
        }
    }

    pub fn into_results(self) -> Vec<PhaseResult> {
        self.told
    }
}

/// The results of one phase, as if it were all that was measured.
pub fn of_phase(results: &[RunResult], phase: usize) -> Vec<RunResult> {
    let part = |run: &RunResult| {
        let PhaseResult { metrics, components } = run.phases[phase].clone();
        RunResult {
            variant: run.variant,
            replication: run.replication,
            metrics,
            components,
            ..RunResult::default()
        }
    };
    results.iter().map(part).collect()
}

/// All metrics of all variants in one phase, compared with the baseline.
pub fn compare_phase(plan: &Plan, results: &[RunResult], phase: usize) -> Vec<Comparison> {
    let part = |run: &RunResult| RunResult {
        variant: run.variant,
        replication: run.replication,
        metrics: run.phases[phase].metrics.clone(),
        ..RunResult::default()
    };
    let parts: Vec<RunResult> = results.iter().map(part).collect();
    compare(&parts, &plan.baselines)
}

fn told(simulation: &Simulation, layout: &Layout, terms: &Terms, whole: &Timing, mark: &Mark) -> PhaseResult {
    let timing = Timing { warmup: mark.at, duration: simulation.now() - mark.at, ..*whole };
    let mut later = last_readings(simulation, whole.warmup);
    later.iter_mut().for_each(Readings::without_maxima);
    let components = nodes::rows(layout, terms, &mark.readings, &later, &timing);
    let counts = Counts { earlier: &mark.readings, later: &later };
    let told = Timing { warmup: whole.warmup, ..timing };
    let mut facts = Facts::of(simulation, &told, Some(mark), &counts);
    facts.knows_users = layout.groups.iter().any(crate::components::client::knows_users);
    facts.cost_per_hour = all_known(&components);
    PhaseResult { metrics: METRICS.iter().map(|metric| (metric.value)(&facts)).collect(), components }
}
