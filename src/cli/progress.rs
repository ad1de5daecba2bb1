//! How far it is: a bar where somebody watches, a few lines where somebody reads a log, nothing with `-q`.

use super::look::plain;
use crate::experiment::{Plan, Progress};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How progress is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One bar over all runs, on stderr.
    Bar,
    /// At most one line on stderr for each 10 %.
    Lines,
    /// Not at all.
    Silent,
}

impl Mode {
    /// What suits the stderr at hand.
    pub fn of_stderr(quiet: bool) -> Mode {
        let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
        match (quiet, std::io::stderr().is_terminal() && !dumb) {
            (true, _) => Mode::Silent,
            (false, true) => Mode::Bar,
            (false, false) => Mode::Lines,
        }
    }
}

/// Steps of the bar for each run: runs on several threads move it smoothly.
const STEPS: f64 = 1000.0;

/// Shows the progress of one experiment. Dropped or told to [`end`](Meter::end), the bar vanishes.
pub struct Meter {
    labels: Vec<String>,
    replications: u64,
    mode: Mode,
    bar: ProgressBar,
    state: Mutex<State>,
}

struct State {
    /// How far each run is, 0 to 1, by variant and replication.
    done: Vec<f64>,
    /// Runs that were there already: they say nothing about the speed.
    earlier: usize,
    finished: usize,
    /// The run that finished last.
    last: String,
    events: u64,
    began: Instant,
    tenths: usize,
    lines: Box<dyn Write + Send>,
}

/// The figures of a moment.
struct Pace {
    share: f64,
    events_per_s: f64,
    left: Option<Duration>,
}

impl State {
    fn pace(&self, elapsed: Duration) -> Pace {
        let runs = self.done.len().max(1) as f64;
        let done: f64 = self.done.iter().sum();
        let own = done - self.earlier as f64;
        let seconds = elapsed.as_secs_f64();
        let left = (own > 0.0).then(|| seconds * (runs - done).max(0.0) / own);
        Pace {
            share: done / runs,
            events_per_s: if seconds > 0.0 { self.events as f64 / seconds } else { 0.0 },
            left: left.and_then(|left| Duration::try_from_secs_f64(left).ok()),
        }
    }
}

impl Meter {
    /// Begins to show the progress of a plan.
    pub fn new(plan: &Plan, mode: Mode) -> Self {
        Meter::onto(plan, mode, Box::new(anstream::stderr()))
    }

    fn onto(plan: &Plan, mode: Mode, lines: Box<dyn Write + Send>) -> Self {
        let target = match mode {
            Mode::Bar => ProgressDrawTarget::stderr_with_hz(10),
            _ => ProgressDrawTarget::hidden(),
        };
        let length = plan.jobs() as u64 * STEPS as u64;
        let style = ProgressStyle::with_template("{bar:20} {percent:>3} % {wide_msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(Some(length), target).with_style(style);
        let state = State {
            done: vec![0.0; plan.jobs()],
            earlier: 0,
            finished: 0,
            last: String::new(),
            events: 0,
            began: Instant::now(),
            tenths: 0,
            lines,
        };
        Meter {
            labels: plan.variants.iter().map(|variant| plain(&variant.label)).collect(),
            replications: plan.replications,
            mode,
            bar,
            state: Mutex::new(state),
        }
    }

    /// Takes the bar away, so that what follows stands on a line of its own.
    pub fn end(&self) {
        self.bar.finish_and_clear();
    }

    /// Changes the state and shows it.
    fn update(&self, variant: usize, replication: u64, change: impl FnOnce(&mut State, usize)) {
        if self.mode == Mode::Silent {
            return;
        }
        let run = variant * self.replications as usize + replication as usize;
        let Ok(mut state) = self.state.lock() else {
            return;
        };
        change(&mut state, run);
        let pace = state.pace(state.began.elapsed());
        let message = message(&state, &pace);
        if self.mode == Mode::Bar {
            self.bar.set_position((pace.share * state.done.len() as f64 * STEPS) as u64);
            self.bar.set_message(message);
        } else if (pace.share * 10.0) as usize > state.tenths {
            state.tenths = (pace.share * 10.0) as usize;
            // Nobody can be told if stderr has gone.
            let _ = writeln!(state.lines, "{:>3.0} % {message}", 100.0 * pace.share);
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.end();
    }
}

impl Progress for Meter {
    fn advance(&self, variant: usize, replication: u64, fraction: f64, events: u64) {
        self.update(variant, replication, |state, run| {
            // A run is done when its result is there, not when its last event is handled.
            state.done[run] = fraction.clamp(0.0, 0.999);
            state.events += events;
        });
    }

    fn finished(&self, variant: usize, replication: u64) {
        self.update(variant, replication, |state, run| {
            state.earlier += usize::from(state.done[run] == 0.0);
            state.done[run] = 1.0;
            state.finished += 1;
            state.last = format!("{} x {replication}", self.labels[variant]);
        });
    }
}

/// "3/20 runs, 4.1 M events/s, 12 s left, last strategy=back x 2".
fn message(state: &State, pace: &Pace) -> String {
    let speed = match pace.events_per_s {
        per_s if per_s >= 1e6 => format!("{:.1} M events/s", per_s / 1e6),
        per_s if per_s >= 1e3 => format!("{:.0} k events/s", per_s / 1e3),
        per_s => format!("{per_s:.0} events/s"),
    };
    let mut text = format!("{}/{} runs, {speed}", state.finished, state.done.len());
    if let Some(left) = pace.left.filter(|_| state.finished < state.done.len()) {
        text.push_str(&format!(", {} left", rough(left)));
    }
    if !state.last.is_empty() {
        text.push_str(&format!(", last {}", state.last));
    }
    text
}

fn rough(span: Duration) -> String {
    match span.as_secs() {
        s @ 0..100 => format!("{s} s"),
        s @ 100..6000 => format!("{} min", s.div_ceil(60)),
        s => format!("{} h", s.div_ceil(3600)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixture::plan;
    use std::sync::Arc;

    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn lines(replications: u64, mode: Mode, show: impl Fn(&Meter)) -> Vec<String> {
        let log = Log::default();
        show(&Meter::onto(&plan(replications), mode, Box::new(log.clone())));
        let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        text.lines().map(str::to_string).collect()
    }

    #[test]
    fn a_log_has_at_most_one_line_per_tenth() {
        let lines = lines(100, Mode::Lines, |meter| {
            for replication in 0..100 {
                for variant in 0..2 {
                    meter.advance(variant, replication, 0.5, 1000);
                    meter.finished(variant, replication);
                }
            }
        });
        assert_eq!(lines.len(), 10, "{lines:#?}");
        assert!(lines[0].starts_with(" 10 % 20/200 runs, "), "{}", lines[0]);
        assert!(lines[0].ends_with(" left, last strategy=back;ttl=60 s x 9"), "{}", lines[0]);
        assert!(lines[9].starts_with("100 % 200/200 runs, "), "{}", lines[9]);
        assert!(!lines[9].contains(" left"), "{}", lines[9]);
    }

    #[test]
    fn long_runs_show_their_tenths_and_quiet_shows_nothing() {
        let show = |meter: &Meter| {
            (0..2).for_each(|variant| {
                meter.advance(variant, 0, 0.99, 10);
                meter.finished(variant, 0);
            });
        };
        assert_eq!(lines(1, Mode::Lines, show).len(), 4);
        assert_eq!(lines(1, Mode::Silent, show), [""; 0]);
    }

    #[test]
    fn runs_that_were_there_say_nothing_about_the_time_left() {
        let meter = Meter::onto(&plan(5), Mode::Lines, Box::new(std::io::sink()));
        (0..5).for_each(|replication| meter.finished(0, replication));
        let pace = |seconds| meter.state.lock().unwrap().pace(Duration::from_secs(seconds));
        assert!(pace(1).left.is_none());
        meter.advance(1, 0, 0.5, 3_000);
        meter.finished(1, 0);
        let pace = pace(3);
        assert_eq!(pace.left, Some(Duration::from_secs(12)));
        assert_eq!((pace.share, pace.events_per_s), (0.6, 1000.0));
    }

    #[test]
    fn spans_are_rough() {
        let texts = [0, 99, 101, 5999, 7300].map(|s| rough(Duration::from_secs(s)));
        assert_eq!(texts, ["0 s", "99 s", "2 min", "100 min", "3 h"]);
    }
}
