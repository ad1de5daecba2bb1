//! Whether a run was steady from its first measured moment (MSER-5, White 1997).

use super::design::Timing;
use crate::catalog::Load;
use crate::components::Layout;
use crate::components::site::Group;
use crate::kernel::{Time, time_text};
use crate::random::arrivals::Arrivals;

/// How the warning begins that a run was not steady from its first measured moment. The rule says so of every sixth steady run too
/// (measured: M/M/1 at 0.25 and 0.8, 40 runs each): it means something where most runs of a variant have it.
pub const UNSETTLED: &str = "the latency settles late";

/// Whether all traffic comes at one rate: what the script changes itself is not expected to settle.
pub(super) fn is_level(layout: &Layout) -> bool {
    let changes = |group: &Group| match group.settings.load("rate") {
        Some(Load::Open(arrivals)) => arrivals.changes(),
        Some(Load::Trace(trace)) => trace.arrivals.as_ref().is_some_and(Arrivals::changes),
        None => false,
    };
    !layout.groups.iter().any(changes)
}

/// Says so if the latency had not settled when the measured part began, or never has (MSER-5, White 1997).
pub(super) fn unsettled(latencies: &[f64], timing: &Timing) -> Option<String> {
    let Some(dropped) = crate::stats::mser5(latencies) else {
        return never_settles(latencies).then(|| {
            format!("{UNSETTLED}, if ever: no part of the run is steady (MSER-5); lengthen it, unless it is overloaded")
        });
    };
    let begin = (timing.warmup / timing.window) as usize;
    let late = dropped > begin + 5 && changes_the_mean(&latencies[begin..], dropped - begin);
    late.then(|| {
        let advice = time_text(dropped as u64 * timing.window);
        format!("{UNSETTLED}: after about {advice} (MSER-5); lengthen the warm-up")
    })
}

/// From which share on a mean is another one.
const ANOTHER: f64 = 0.02;

/// Whether what MSER-5 would leave out matters. (It minimises an error, and finds something to leave out in runs that are steady, too.)
fn changes_the_mean(latencies: &[f64], dropped: usize) -> bool {
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len().max(1) as f64;
    let (all, rest) = (mean(latencies), mean(&latencies[dropped.min(latencies.len())..]));
    (all - rest).abs() > ANOTHER * rest.abs()
}

/// A latency that rises so much from the first third of the run to the last does not settle. (Now and then the rule finds no steady part in a
/// steady run either, by chance.)
const RISES: f64 = 1.5;

fn never_settles(latencies: &[f64]) -> bool {
    let third = latencies.len() / 3;
    let mean = |part: usize| latencies[part * third..][..third].iter().sum::<f64>() / third as f64;
    latencies.len() >= crate::stats::MSER_FEWEST
        && mean(0) < mean(1)
        && mean(1) < mean(2)
        && mean(2) > RISES * mean(0)
}

/// Two percentage points between the first and the last third count as drift.
const DRIFT: f64 = 0.02;
/// So many standard errors of their difference are no chance.
const CHANCE: f64 = 3.0;

/// Says so if the hit ratio (of windows: end, hits, look-ups) still changes in the measured part.
pub(super) fn drift(windows: &[(Time, u64, u64)], warmup: Time) -> Option<String> {
    let measured: Vec<_> = windows.iter().filter(|(end, _, looks)| *end > warmup && *looks > 0).collect();
    let third = measured.len() / 3;
    if third < 2 {
        return None; // one window tells nothing of how much they differ by chance
    }
    let (first, last) = (Ratio::of(&measured[..third]), Ratio::of(&measured[measured.len() - third..]));
    let (drift, error) = ((first.mean - last.mean).abs(), (first.square_error + last.square_error).sqrt());
    (drift > DRIFT && drift > CHANCE * error).then(|| {
        let (first, last) = (first.mean, last.mean);
        format!(
            "the hit ratio still drifts: from {first:.3} to {last:.3}; lengthen the warm-up or use `preload`"
        )
    })
}

/// A ratio of sums over windows, and the variance of its error (W. G. Cochran, "Sampling Techniques", 3rd ed. 1977, 2.11: the ratio estimator).
struct Ratio {
    mean: f64,
    square_error: f64,
}

impl Ratio {
    fn of(windows: &[&(Time, u64, u64)]) -> Self {
        let sum = |get: fn(&(Time, u64, u64)) -> u64| windows.iter().map(|w| get(w) as f64).sum::<f64>();
        let (hits, looks, n) = (sum(|w| w.1), sum(|w| w.2), windows.len() as f64);
        let mean = hits / looks;
        let residue = |w: &&(Time, u64, u64)| w.1 as f64 - mean * w.2 as f64;
        let squares: f64 = windows.iter().map(|window| residue(window) * residue(window)).sum();
        Ratio { mean, square_error: squares * n / (n - 1.0) / (looks * looks) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_that_rises_to_the_end_never_settles() {
        let second = 1_000_000_000;
        let timing = Timing { warmup: 0, duration: 100 * second, window: second, slo: None };
        let rising: Vec<f64> = (0..100).map(|window| f64::from(window) + f64::from(window % 7)).collect();
        assert!(unsettled(&rising, &timing).is_some_and(|text| text.contains("if ever")));
        let steady: Vec<f64> = (0..100).map(|window| f64::from(window % 7)).collect();
        assert_eq!((unsettled(&steady, &timing), unsettled(&rising[..49], &timing)), (None, None));
        let slowly: Vec<f64> = rising.iter().map(|mean| 1_000.0 + mean).collect();
        assert_eq!(unsettled(&slowly, &timing), None, "a tenth more");
    }

    /// A queue wanders: leaving out what MSER-5 would leave out changes next to nothing.
    #[test]
    fn what_changes_nothing_is_not_told() {
        let second = 1_000_000_000;
        let timing = Timing { warmup: 0, duration: 200 * second, window: second, slo: None };
        let first = |high: f64| -> Vec<f64> {
            (0..200).map(|n| 10.0 + f64::from(n % 5) * 0.01 + if n < 60 { high } else { 0.0 }).collect()
        };
        assert!(unsettled(&first(5.0), &timing).is_some_and(|text| text.contains("after about")));
        assert_eq!(unsettled(&first(0.3), &timing), None, "less than a hundredth of the mean");
    }

    /// Twenty look-ups a window at a true ratio of 0.46: thirds of a hundred windows differ by more than 0.02 most of the time.
    #[test]
    fn what_chance_does_is_no_drift() {
        let windows = |ratio: &dyn Fn(u64) -> f64, replication: u64| -> Vec<(Time, u64, u64)> {
            let mut stream = crate::random::Stream::named(5, replication, "look-ups");
            let mut hits = |n| (0..20).filter(|_| stream.uniform() < ratio(n)).count() as u64;
            (0..60).map(|n| (n + 1, hits(n), 20)).collect()
        };
        let told =
            |ratio: &dyn Fn(u64) -> f64| (0..200).filter(|n| drift(&windows(ratio, *n), 0).is_some()).count();
        assert!(told(&|_| 0.46) <= 4, "{}", told(&|_| 0.46));
        assert!(told(&|n| 0.3 + 0.005 * n as f64) > 190);
        assert_eq!(drift(&windows(&|n| n as f64 / 60.0, 0)[..5], 0), None);
    }
}
