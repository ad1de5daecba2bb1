//! Carries the experiments of a script out: runs, files, table.

use super::args::RunArgs;
use super::progress::{Meter, Mode};
use super::rule::Rule;
use super::{CHECK_FAILED, INCOMPLETE, Look, complain, json, offer, table, verdicts};
use crate::catalog::{Problem, Problems};
use crate::experiment::{self, Builder, CheckRow, Outcome, Plan, RunResult, Workers, Workshop, compare};
use crate::output::{Extra, Folders, OutputError, Report, Staging, Written, script_hash};
use crate::random::mix::combine;
use crate::scripting::{Host, Judge, inputs_fingerprint, stop_scripts};
use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// `--quick` runs so many replications.
const QUICK: u64 = 3;

/// Runs experiments and writes their results.
pub struct RunHost {
    args: RunArgs,
    rules: Vec<Rule>,
    hash: u64,
    folders: RefCell<Folders>,
    began: Cell<bool>,
    failed_checks: Cell<bool>,
    incomplete: Cell<bool>,
    left: RefCell<Option<PathBuf>>,
}

impl RunHost {
    /// A host for one script.
    pub fn new(args: RunArgs, rules: Vec<Rule>, text: &str) -> Self {
        RunHost {
            args,
            rules,
            hash: script_hash(text),
            folders: RefCell::default(),
            began: Cell::new(false),
            failed_checks: Cell::new(false),
            incomplete: Cell::new(false),
            left: RefCell::default(),
        }
    }

    /// The exit code of the whole script.
    pub fn exit_code(&self) -> u8 {
        match (self.incomplete.get(), self.failed_checks.get()) {
            (true, _) => INCOMPLETE,
            (_, true) => CHECK_FAILED,
            _ => 0,
        }
    }

    /// Says what is left of an interrupted session.
    pub fn say_interrupted(&self) {
        match &*self.left.borrow() {
            Some(path) => complain(&format!(
                "interrupted: the finished runs are in {}; go on with --resume\n",
                path.display()
            )),
            None => complain("interrupted: nothing was finished\n"),
        }
    }

    /// Where an interrupted experiment has left its finished runs.
    pub fn left(&self) -> Option<PathBuf> {
        self.left.borrow().clone()
    }

    fn target(&self, plan: &Plan) -> PathBuf {
        let folder = self.folders.borrow_mut().next(&plan.name);
        let first = !self.began.replace(true);
        match &self.args.output_dir {
            // The first experiment of a script gets the folder itself, others folders in it.
            Some(dir) if first => dir.clone(),
            Some(dir) => dir.join(folder),
            None => PathBuf::from("results").join(folder),
        }
    }

    fn finish(
        &self,
        staging: Staging,
        workers: &Workers,
        plan: &Plan,
        outcome: &Outcome,
        judge: &mut Judge<'_>,
        began: Instant,
    ) -> Result<(), Problems> {
        let comparisons = compare(&outcome.results, &plan.baselines);
        // Half of an experiment proves nothing, and an interrupted script cannot be asked.
        let checks = if outcome.complete { self.checks(plan, &outcome.results, judge)? } else { Vec::new() };
        let extra = Extra {
            script: self.args.script.display().to_string(),
            command: std::env::args().collect(),
            wall_s: began.elapsed().as_secs_f64(),
        };
        let (results, comparisons, checks) = (&**outcome.results, &*comparisons, &*checks);
        let report = Report { plan, results, comparisons, checks, workers };
        let write = if outcome.complete { Staging::finish } else { Staging::leave };
        let written = write(staging, &report, &extra);
        let written = written.map_err(|error| vec![refused(&error)])?;
        if !outcome.complete {
            *self.left.borrow_mut() = (!outcome.results.is_empty()).then(|| written.dir.clone());
            self.incomplete.set(true);
            return Ok(());
        }
        let failed = checks.iter().any(|check| check.passed != Some(true));
        self.failed_checks.set(self.failed_checks.get() || failed);
        self.tell(plan, outcome, comparisons, checks, &written);
        Ok(())
    }

    fn checks(
        &self,
        plan: &Plan,
        results: &Arc<Vec<RunResult>>,
        judge: &mut Judge<'_>,
    ) -> Result<Vec<CheckRow>, Problems> {
        let mut rows = judge(results)?;
        rows.extend(self.rules.iter().flat_map(|rule| rule.judge(plan, results)));
        Ok(rows)
    }

    fn tell(
        &self,
        plan: &Plan,
        outcome: &Outcome,
        comparisons: &[experiment::Comparison],
        checks: &[CheckRow],
        written: &Written,
    ) {
        let warnings = if self.args.verbose { table::every_warning } else { table::warnings };
        complain(&warnings(plan, outcome));
        if self.args.json {
            offer(&format!("{}\n", json::document(plan, outcome, comparisons, checks, written)));
        } else if !self.args.quiet {
            offer(&table::render(plan, outcome, comparisons, checks, Look::of_stdout(self.args.verbose)));
            offer(&table::files(written));
        } else {
            complain(&verdicts::not_passed(checks, Look { width: None, ..Look::of_stdout(false) }));
        }
    }
}

fn refused(error: &OutputError) -> Problem {
    Problem::new(error.to_string())
}

impl Host for RunHost {
    fn adjust(&self, plan: &mut Plan) {
        plan.seed = self.args.seed.unwrap_or(plan.seed);
        plan.replications = self.args.replications.unwrap_or(plan.replications);
        if self.args.quick {
            plan.replications = plan.replications.min(QUICK);
        }
        plan.disabled.clone_from(&self.args.disable);
        plan.judged.extend(self.rules.iter().map(|rule| rule.metric));
    }

    fn run(
        &self,
        plan: &Plan,
        workshop: &dyn Workshop,
        _builder: &mut dyn Builder,
        judge: &mut Judge<'_>,
    ) -> Result<Option<Outcome>, Problems> {
        let began = Instant::now();
        let target = self.target(plan);
        let staging =
            Staging::open(&target, plan, combine(self.hash, inputs_fingerprint()), self.args.resume)
                .map_err(|error| vec![refused(&error)])?;
        let bar = Meter::new(plan, Mode::of_stderr(self.args.quiet || self.args.json));
        let workers = Workers::new(plan, self.args.jobs)?;
        let outcome = experiment::run(plan, workshop, &staging, &bar, stop_scripts(), &workers);
        bar.end();
        let outcome = outcome?;
        self.finish(staging, &workers, plan, &outcome, judge, began)?;
        Ok(outcome.complete.then_some(outcome))
    }

    fn print(&self, text: &str) {
        if !self.args.json {
            offer(&format!("{text}\n"));
        }
    }
}
