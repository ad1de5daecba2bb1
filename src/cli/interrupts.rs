//! Ctrl-C.

use super::{INTERRUPTED, complain};
use crate::scripting::stop_scripts;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Whether something is being evaluated at the prompt.
static BUSY: AtomicBool = AtomicBool::new(false);

/// Keys repeat when they are held down: that is one wish.
const ONE_WISH: Duration = Duration::from_secs(1);

/// Ctrl-C once: what is finished is kept; twice: stop at once.
pub fn catch() {
    set(|| {
        if stop_scripts().swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(INTERRUPTED));
        }
    });
}

/// Ctrl-C stops what the prompt evaluates; if that does not end, a second one leaves. (A line that is being typed is the
/// editor's.) Between entries of a pipe it leaves at once.
pub fn keep_the_session() {
    let mut asked: Option<Instant> = None;
    set(move || {
        let stopping = stop_scripts().swap(true, Ordering::Relaxed);
        let again = stopping && asked.is_some_and(|asked| asked.elapsed() > ONE_WISH);
        if !BUSY.load(Ordering::Relaxed) || again {
            std::process::exit(i32::from(INTERRUPTED));
        }
        if !stopping {
            asked = Some(Instant::now());
        }
    });
}

/// Evaluates something that Ctrl-C shall stop.
pub fn while_busy<T>(work: impl FnOnce() -> T) -> T {
    BUSY.store(true, Ordering::Relaxed);
    let result = work();
    BUSY.store(false, Ordering::Relaxed);
    result
}

fn set(handler: impl FnMut() + Send + 'static) {
    if ctrlc::set_handler(handler).is_err() {
        complain("warning: Ctrl-C will stop at once, without keeping what is finished\n");
    }
}
