//! `scalelab check`: reads a script, builds all worlds, and prints what would run.

use super::args::CheckArgs;
use super::run::{folder, read_or_complain};
use super::{FAILED, INTERRUPTED, interrupts, say, trouble};
use crate::catalog::Problems;
use crate::experiment::{Builder, Outcome, Plan, Workshop, drive};
use crate::kernel::time_text;
use crate::scripting::{Host, Judge, Session, stop_scripts};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Checks a script; the exit code.
pub fn check(args: &CheckArgs) -> u8 {
    let Some(text) = read_or_complain(&args.script) else { return FAILED };
    interrupts::catch();
    let host = Rc::new(CheckHost { json: args.json, flies: Cell::new(false), found: RefCell::default() });
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
    /// Pilots are under way: what their worlds print has been printed.
    flies: Cell<bool>,
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
        self.flies.set(true);
        let pilots = (0..plan.variants.len()).map(|variant| fly(plan, builder, variant));
        let pilots: Result<Vec<Pilot>, Problems> = pilots.collect();
        self.flies.set(false);
        let pilots = pilots?;
        self.found.borrow_mut().push(as_json(plan, &pilots));
        if !self.json {
            say(&as_text(plan, &pilots));
            trouble::warnings(&plan.unread);
            trouble::warnings(&plan.unmet);
        }
        Ok(None)
    }

    fn print(&self, text: &str) {
        if !self.json && !self.flies.get() {
            say(&format!("{text}\n"));
        }
    }

    fn ends_at_a_run(&self) {
        if !self.json {
            say("what comes behind .run() was looked at, and is planned when there are results\n");
        }
    }
}

/// What a run that was stopped early tells of a whole one.
struct Pilot {
    /// Events of a whole run.
    events: u64,
    /// How long that takes here, in seconds.
    takes_s: f64,
}

/// A run that stops early.
fn fly(plan: &Plan, builder: &mut dyn Builder, variant: usize) -> Result<Pilot, Problems> {
    let built = builder.world(variant, 0)?;
    let mut seen = (0.0, 0);
    let mut pulse = |fraction: f64, events: u64| {
        seen = (fraction, events);
        events < PILOT_EVENTS && !stop_scripts().load(Ordering::Relaxed)
    };
    let (place, began) = ((variant, 0), Instant::now());
    let driven = drive(built, plan, place, &mut pulse);
    driven.map_err(|problems| plan.told_of_run(problems, place))?;
    let whole = if seen.0 > 0.0 { 1.0 / seen.0 } else { 1.0 };
    Ok(Pilot { events: (seen.1 as f64 * whole) as u64, takes_s: began.elapsed().as_secs_f64() * whole })
}

fn as_text(plan: &Plan, pilots: &[Pilot]) -> String {
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
    for (variant, pilot) in plan.variants.iter().zip(pilots) {
        text += &format!("  {:<40} about {} events a run\n", variant.label, rounded(pilot.events));
    }
    let of_all = |pilot: &Pilot| pilot.events.saturating_mul(plan.replications);
    let total = pilots.iter().map(of_all).fold(0, u64::saturating_add);
    text += &format!(
        "about {} events in all{} (from a pilot of each variant)\n",
        rounded(total),
        time(plan, pilots)
    );
    text
}

/// How long it takes, if that is worth saying.
fn time(plan: &Plan, pilots: &[Pilot]) -> String {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(plan.jobs().max(1));
    let all: f64 = pilots.iter().map(|pilot| pilot.takes_s).sum::<f64>() * plan.replications as f64;
    match all / threads as f64 {
        ..10.0 => String::new(),
        seconds @ ..120.0 => format!(", some {seconds:.0} s on {}", counted(threads, "thread")),
        seconds @ ..7_200.0 => {
            format!(", some {:.0} minutes on {}", seconds / 60.0, counted(threads, "thread"))
        }
        seconds => format!(", some {:.0} hours on {}", seconds / 3_600.0, counted(threads, "thread")),
    }
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

fn as_json(plan: &Plan, pilots: &[Pilot]) -> Value {
    let variants: Vec<Value> = plan
        .variants
        .iter()
        .zip(pilots)
        .map(|(variant, pilot)| json!({ "variant": variant.label, "estimated_events": pilot.events }))
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
