//! The sandbox: a Rhai engine without files, network or clock, and with limits.

use super::errors::fail;
use super::jail::Jail;
use super::{api, lists, units, words};
use rhai::{Array, Dynamic, Engine, EvalAltResult, FLOAT, INT, ImmutableString, OptimizationLevel};
use std::cell::Cell;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

/// Operations that a script, or the description of one world, may take: seconds, not for ever.
const OPERATIONS: u64 = 50_000_000;

static STOP: AtomicBool = AtomicBool::new(false);

/// The flag that stops all scripts; Ctrl-C sets it.
pub fn stop_scripts() -> &'static AtomicBool {
    &STOP
}

thread_local! {
    static SPENT: Cell<u64> = const { Cell::new(0) };
}

/// A new phase begins: its operations are counted from 0.
pub(super) fn refill() {
    SPENT.with(|spent| spent.set(0));
}

/// An engine with the whole surface. `muted` engines print nothing.
pub(super) fn engine(roots: &[PathBuf], strict: bool, muted: bool) -> Engine {
    let mut engine = Engine::new();
    engine.set_max_expr_depths(256, 256);
    engine.set_max_call_levels(64);
    engine.set_max_string_size(1 << 20);
    engine.set_max_array_size(1 << 15);
    engine.set_max_map_size(1 << 16);
    engine.set_max_modules(64);
    engine.set_strict_variables(strict);
    engine.set_fail_on_invalid_map_property(true);
    engine.set_optimization_level(OptimizationLevel::None); // else the places of constant maps are lost
    engine.set_module_resolver(Jail::new(roots));
    engine.disable_symbol("eval");
    engine.on_progress(|_| limit());
    if muted {
        engine.on_print(|_| {});
        engine.on_debug(|_, _, _| {});
    } else {
        engine.on_print(super::desk::print);
        engine.on_debug(|text, _, _| super::desk::print(text));
    }
    for clock in ["timestamp", "sleep"] {
        engine.register_fn(clock, move || -> Result<(), _> {
            let message = format!("`{clock}` reads the real clock; experiments have simulated time");
            Err(fail(message, None))
        });
    }
    engine.register_fn("sleep", |_: INT| -> Result<(), _> { Err(no_sleep()) });
    engine.register_fn("sleep", |_: FLOAT| -> Result<(), _> { Err(no_sleep()) });
    // Rhai takes a text here for the name of a function to call.
    engine.register_fn("index_of", |list: &mut Array, text: ImmutableString| place_of(list, &text, 0));
    engine.register_fn("index_of", |list: &mut Array, text: ImmutableString, start: INT| {
        place_of(list, &text, start)
    });
    words::register(&mut engine);
    units::register(&mut engine);
    lists::register(&mut engine);
    api::register(&mut engine);
    engine
}

/// Where a text stands in a list, from a place on (from the end, if it is below 0); -1 if it does not.
fn place_of(list: &Array, text: &str, start: INT) -> INT {
    let start = if start < 0 { (list.len() as INT + start).max(0) } else { start };
    let is_it =
        |value: &Dynamic| value.read_lock::<ImmutableString>().is_some_and(|other| other.as_str() == text);
    let mut rest = list.iter().enumerate().skip(start as usize);
    rest.find(|(_, value)| is_it(value)).map_or(-1, |(at, _)| at as INT)
}

fn no_sleep() -> Box<EvalAltResult> {
    fail("`sleep` waits for the real clock; experiments have simulated time", None)
}

/// Something dear has been done: it counts as so many operations.
pub(super) fn spend(operations: u64) {
    SPENT.with(|spent| spent.set(spent.get() + operations));
}

fn limit() -> Option<Dynamic> {
    let spent = SPENT.with(|spent| {
        spent.set(spent.get() + 1);
        spent.get()
    });
    if STOP.load(Ordering::Relaxed) {
        return Some("stopped".into());
    }
    (spent > OPERATIONS).then(|| {
        format!(
            "the script did not end after {} million operations; is there an endless loop?",
            OPERATIONS / 1_000_000
        )
        .into()
    })
}
