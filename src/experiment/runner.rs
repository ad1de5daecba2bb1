//! Runs all jobs of an experiment over the cores.

use super::design::Plan;
use super::doubts::UNREAD;
use super::drive::{Built, drive};
use super::needs::Needs;
use super::rehearse::{another_has_it, rehearse};
use super::result::RunResult;
use super::workers::Workers;
use crate::catalog::{Place, Problem, Problems};
use crate::model;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// Makes builders: each worker thread has one of its own.
pub trait Workshop: Sync {
    /// A builder for the calling thread.
    fn builder(&self) -> Result<Box<dyn Builder + '_>, Problems>;
}

/// Describes the worlds of an experiment.
pub trait Builder {
    /// The world of a variant in a replication.
    fn world(&mut self, variant: usize, replication: u64) -> Result<Built, Problems>;
}

/// Where finished runs go, as they finish.
pub trait Sink: Sync {
    /// A result that an earlier, interrupted session left.
    fn earlier(&self, variant: usize, replication: u64) -> Option<RunResult>;
    /// A run has finished. The text says why it could not be kept.
    fn keep(&self, result: &RunResult) -> Result<(), String>;
}

/// Who wants to know how far it is.
pub trait Progress: Sync {
    /// A run is this far (0 to 1) and has handled so many events since the last call.
    fn advance(&self, variant: usize, replication: u64, fraction: f64, events: u64);
    /// A run has finished, or was there already.
    fn finished(&self, variant: usize, replication: u64);
}

/// How an experiment ended.
#[derive(Debug)]
pub struct Outcome {
    /// The finished runs, by variant and replication: shared, since they are what takes memory.
    pub results: Arc<Vec<RunResult>>,
    /// Whether all runs have finished.
    pub complete: bool,
}

/// Describes and checks the world of every variant, without running it; the levels that no world looks at, nor any of its events.
pub fn check(plan: &Plan, builder: &mut dyn Builder) -> Result<Vec<String>, Problems> {
    let (mut found, mut needs) = (Found::default(), Needs::default());
    let mut unread: Option<Vec<String>> = None;
    for variant in 0..plan.variants.len() {
        let rehearsed = match builder.world(variant, 0) {
            Ok(mut built) => rehearse(&mut built, plan, variant, &mut needs).map(|()| unread_in(&built)),
            Err(problems) => {
                needs.see(model::Needs::default());
                Err(problems)
            }
        };
        match rehearsed {
            Ok(own) => match &mut unread {
                Some(all) => all.retain(|level| own.contains(level)),
                None => unread = Some(own),
            },
            // The same line makes the same mistake in every variant: once is enough.
            Err(problems) => problems.into_iter().for_each(|problem| found.note(problem, variant)),
        }
    }
    found.all.retain(|(problem, of)| !another_has_it(problem, of, plan));
    let mut problems: Problems =
        found.all.into_iter().map(|(problem, of)| of_some(problem, &of, plan)).collect();
    // (Who is told what is wrong with a setting need not be told what else it lacks.)
    let is_new = |need: &Problem| problems.iter().all(|known| known.place != need.place);
    let needs: Problems = needs.problems().into_iter().filter(is_new).collect();
    problems.extend(needs);
    problems.sort_by(|a, b| a.place.cmp(&b.place));
    if problems.is_empty() { Ok(unread.unwrap_or_default()) } else { Err(problems) }
}

/// Mistakes, each with the variants that make it.
#[derive(Default)]
struct Found {
    all: Vec<(Problem, Vec<usize>)>,
    /// Where each is, by its place and message.
    known: BTreeMap<(Option<Place>, String), usize>,
}

impl Found {
    fn note(&mut self, problem: Problem, variant: usize) {
        let key = (problem.place.clone(), problem.message.clone());
        let at = *self.known.entry(key).or_insert(self.all.len());
        if at == self.all.len() {
            self.all.push((problem, Vec::new()));
        }
        let variants = &mut self.all[at].1;
        // A loop makes the same mistake several times in one variant.
        if variants.last() != Some(&variant) {
            variants.push(variant);
        }
    }
}

fn unread_in(built: &Built) -> Vec<String> {
    built.director.doubts().into_iter().filter(|doubt| doubt.starts_with(UNREAD)).collect()
}

/// Says of a mistake that only some variants have in which.
fn of_some(problem: Problem, variants: &[usize], plan: &Plan) -> Problem {
    let label = |variant: &usize| plan.variants[*variant].label.as_str();
    let message = match variants {
        all if all.len() == plan.variants.len() => return problem,
        [one] => format!("{} (in {})", problem.message, label(one)),
        [first, rest @ ..] => {
            let (n, s) = (rest.len(), if rest.len() == 1 { "" } else { "s" });
            format!("{} (in {} and {n} more variant{s})", problem.message, label(first))
        }
        [] => return problem,
    };
    Problem { message, ..problem }
}

/// Runs an experiment that has been checked, until it is done or `stop` is set.
pub fn run<'w>(
    plan: &Plan,
    workshop: &'w dyn Workshop,
    sink: &dyn Sink,
    progress: &dyn Progress,
    stop: &AtomicBool,
    workers: &Workers,
) -> Result<Outcome, Problems> {
    let mut jobs = Vec::with_capacity(plan.jobs());
    for replication in 0..plan.replications {
        jobs.extend((0..plan.variants.len()).map(|variant| (variant, replication)));
    }
    // The first of the jobs that fail, whichever thread is the quickest: jobs before it are done, those behind it are not.
    let failed: Mutex<Option<(usize, Problems)>> = Mutex::new(None);
    let is_behind =
        |number: usize| failed.lock().expect("no panic").as_ref().is_some_and(|(at, _)| *at < number);
    let work = |builder: &mut Option<Box<dyn Builder + 'w>>, number: usize| {
        if stop.load(Ordering::Relaxed) || is_behind(number) {
            return None;
        }
        let (variant, replication) = jobs[number];
        let job = Job { plan, sink, progress, stop, variant, replication };
        match job.run(builder, workshop) {
            Ok(result) => result,
            // A script's function that was stopped has not failed.
            Err(_) if stop.load(Ordering::Relaxed) => None,
            Err(problems) => {
                let mut first = failed.lock().expect("no panic");
                if first.as_ref().is_none_or(|(at, _)| number < *at) {
                    *first = Some((number, problems));
                }
                None
            }
        }
    };
    // Each thread makes one builder and takes the next job until none is left: long and short runs mix.
    let next = AtomicUsize::new(0);
    let finished = workers.all(|| {
        let mut builder = None;
        let numbers = std::iter::from_fn(|| {
            Some(next.fetch_add(1, Ordering::Relaxed)).filter(|number| *number < jobs.len())
        });
        numbers.filter_map(|number| work(&mut builder, number)).collect::<Vec<RunResult>>()
    });
    let mut results: Vec<RunResult> = finished.into_iter().flatten().collect();
    if let Some((_, problems)) = failed.into_inner().expect("no panic") {
        return Err(problems);
    }
    results.sort_by_key(|result| (result.variant, result.replication));
    let complete = results.len() == plan.jobs();
    Ok(Outcome { results: Arc::new(results), complete })
}

struct Job<'a> {
    plan: &'a Plan,
    sink: &'a dyn Sink,
    progress: &'a dyn Progress,
    stop: &'a AtomicBool,
    variant: usize,
    replication: u64,
}

impl Job<'_> {
    fn run<'w>(
        &self,
        builder: &mut Option<Box<dyn Builder + 'w>>,
        workshop: &'w dyn Workshop,
    ) -> Result<Option<RunResult>, Problems> {
        if let Some(earlier) = self.sink.earlier(self.variant, self.replication) {
            self.progress.finished(self.variant, self.replication);
            return Ok(Some(earlier));
        }
        if builder.is_none() {
            *builder = Some(workshop.builder()?);
        }
        let builder = builder.as_mut().expect("just made");
        let built = builder.world(self.variant, self.replication)?;
        let mut counted = 0;
        let mut pulse = |fraction: f64, events: u64| {
            self.progress.advance(self.variant, self.replication, fraction, events - counted);
            counted = events;
            !self.stop.load(Ordering::Relaxed)
        };
        let place = (self.variant, self.replication);
        let plan = self.plan;
        let result = drive(built, plan, place, &mut pulse);
        let result = result.map_err(|problems| plan.told_of_run(problems, place))?;
        if let Some(result) = &result {
            self.sink.keep(result).map_err(|why| vec![Problem::new(why)])?;
            self.progress.finished(self.variant, self.replication);
        }
        Ok(result)
    }
}
