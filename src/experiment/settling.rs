//! Whether a run was steady from its first measured moment (MSER-5, White 1997).

use super::design::Timing;
use crate::catalog::Load;
use crate::components::Layout;
use crate::components::site::Group;
use crate::kernel::time_text;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_that_rises_to_the_end_never_settles() {
        let second = 1_000_000_000;
        let timing = Timing { warmup: 0, duration: 100 * second, window: second };
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
        let timing = Timing { warmup: 0, duration: 200 * second, window: second };
        let first = |high: f64| -> Vec<f64> {
            (0..200).map(|n| 10.0 + f64::from(n % 5) * 0.01 + if n < 60 { high } else { 0.0 }).collect()
        };
        assert!(unsettled(&first(5.0), &timing).is_some_and(|text| text.contains("after about")));
        assert_eq!(unsettled(&first(0.3), &timing), None, "less than a hundredth of the mean");
    }
}
