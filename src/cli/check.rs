//! `scalelab check`: reads a script, builds all worlds, and prints what would run.

use super::args::CheckArgs;
use super::run::{folder, read_or_complain};
use super::{FAILED, INTERRUPTED, interrupts, say, trouble};
use crate::catalog::Problems;
use crate::experiment::{Builder, Outcome, Plan, Workshop, drive};
use crate::kernel::time_text;
use crate::scripting::{Host, Judge, Session, stop_scripts};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::Ordering;

/// Checks a script; the exit code.
pub fn check(args: &CheckArgs) -> u8 {
    let Some(text) = read_or_complain(&args.script) else { return FAILED };
    interrupts::catch();
    let host = Rc::new(CheckHost { json: args.json, found: RefCell::default() });
    let mut session = Session::new(&folder(&args.script), true, host.clone());
    let result = session.run_file(&args.script.display().to_string(), &text);
    if stop_scripts().load(Ordering::Relaxed) {
        return INTERRUPTED;
    }
    if let Err(problems) = result {
        trouble::problems(&problems, session.sources());
        return FAILED;
    }
    if args.json {
        say(&format!("{}\n", json!({ "schema": 1, "experiments": *host.found.borrow() })));
    }
    0
}

struct CheckHost {
    json: bool,
    found: RefCell<Vec<Value>>,
}

/// A pilot run ends after so many events.
const PILOT_EVENTS: u64 = 200_000;

impl Host for CheckHost {
    fn adjust(&self, _plan: &mut Plan) {}

    fn run(
        &self,
        plan: &Plan,
        _workshop: &dyn Workshop,
        builder: &mut dyn Builder,
        _judge: &mut Judge<'_>,
    ) -> Result<Option<Outcome>, Problems> {
        let events: Vec<u64> = (0..plan.variants.len())
            .map(|variant| estimate(plan, builder, variant))
            .collect::<Result<_, _>>()?;
        let total: u64 =
            events.iter().fold(0, |sum: u64, own| sum.saturating_add(own.saturating_mul(plan.replications)));
        self.found.borrow_mut().push(as_json(plan, &events));
        if !self.json {
            say(&as_text(plan, &events, total));
        }
        Ok(None)
    }

    fn print(&self, text: &str) {
        if !self.json {
            say(&format!("{text}\n"));
        }
    }
}

/// Events of one run, from a pilot that stops early.
fn estimate(plan: &Plan, builder: &mut dyn Builder, variant: usize) -> Result<u64, Problems> {
    let built = builder.world(variant, 0)?;
    let mut seen = (0.0, 0);
    let mut pulse = |fraction: f64, events: u64| {
        seen = (fraction, events);
        events < PILOT_EVENTS && !stop_scripts().load(Ordering::Relaxed)
    };
    let place = (variant, 0);
    let driven = drive(built, plan, place, &mut pulse);
    driven.map_err(|problems| plan.told_of_run(problems, place))?;
    Ok(if seen.0 > 0.0 { (seen.1 as f64 / seen.0) as u64 } else { seen.1 })
}

fn as_text(plan: &Plan, events: &[u64], total: u64) -> String {
    let timing = &plan.timing;
    let mut text =
        format!("{}: {}\n", plan.name, if plan.about.is_empty() { "(no about)" } else { &plan.about });
    text += &format!(
        "{} x {} = {} of {} after {} of warm-up\n",
        counted(plan.variants.len(), "variant"),
        counted(plan.replications as usize, "replication"),
        counted(plan.jobs(), "run"),
        time_text(timing.duration),
        time_text(timing.warmup),
    );
    for (variant, events) in plan.variants.iter().zip(events) {
        text += &format!("  {:<40} about {} events a run\n", variant.label, rounded(*events));
    }
    text += &format!("about {} events in all (from a pilot of each variant)\n", rounded(total));
    text
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Two significant digits: it is an estimate.
fn rounded(events: u64) -> String {
    let digits = events.max(1).ilog10();
    let unit = 10u64.pow(digits.saturating_sub(1));
    let rounded = events.saturating_add(unit / 2) / unit * unit;
    match rounded {
        0..10_000 => format!("{rounded}"),
        10_000..1_000_000 => format!("{} thousand", rounded as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{} million", rounded as f64 / 1e6),
        1_000_000_000..1_000_000_000_000 => format!("{} thousand million", rounded as f64 / 1e9),
        _ => format!("{:.1e}", rounded as f64),
    }
}

fn as_json(plan: &Plan, events: &[u64]) -> Value {
    let variants: Vec<Value> = plan
        .variants
        .iter()
        .zip(events)
        .map(|(variant, events)| json!({ "variant": variant.label, "estimated_events": events }))
        .collect();
    json!({
        "experiment": plan.name,
        "replications": plan.replications,
        "runs": plan.jobs(),
        "warmup_ms": plan.timing.warmup as f64 / 1e6,
        "duration_ms": plan.timing.duration as f64 / 1e6,
        "variants": variants,
    })
}
