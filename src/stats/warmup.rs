//! How much of the beginning of a run to drop.

use super::tally::Tally;

/// Observations per batch.
const BATCH: usize = 5;
/// With fewer batches the rule decides by chance.
const FEWEST_BATCHES: usize = 10;

/// Observations that the rule needs.
pub const MSER_FEWEST: usize = BATCH * FEWEST_BATCHES;

/// The number of observations to drop from the beginning of a series (a multiple of 5) so that the mean of the rest is known best.
///
/// MSER-5: over means of five observations, the truncation point is the one that minimises the squared standard error of what remains. K. P.
/// White, "An Effective Truncation Heuristic for Bias Reduction in Simulation Output", Simulation 1997; batches of five: K. P. White, M. J.
/// Cobb, S. C. Spratt, "A Comparison of Five Steady-State Truncation Heuristics for Simulation", WSC 2000.
///
/// Only the first half is searched. `None` if the minimum is at its end (the series still drifts: run longer), under 50 observations, or if
/// a value is not a number. One spike late in a short series can mislead the rule: give it means over replications, or a long run.
pub fn mser5(series: &[f64]) -> Option<usize> {
    let means: Vec<f64> =
        series.chunks_exact(BATCH).map(|batch| batch.iter().sum::<f64>() / BATCH as f64).collect();
    if means.len() < FEWEST_BATCHES {
        return None;
    }
    let half = means.len() / 2;
    // From the end, so that one pass gives the spread of every remainder.
    let mut rest = Tally::new();
    let mut best = (f64::INFINITY, half);
    for (dropped, &mean) in means.iter().enumerate().rev() {
        rest.push(mean);
        if dropped <= half {
            let error =
                rest.variance()? * (rest.count() - 1) as f64 / (rest.count() as f64 * rest.count() as f64);
            // Of equals, the least to drop.
            if error <= best.0 {
                best = (error, dropped);
            }
        }
    }
    (best.1 < half).then_some(best.1 * BATCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::Xoshiro256PlusPlus;

    /// Noise around 0 with a start-up that fades with the given time constant.
    fn series(length: usize, height: f64, fade: f64) -> Vec<f64> {
        let mut generator = Xoshiro256PlusPlus::seed_from_u64(3);
        let mut noise = || (generator.next_u64() >> 11) as f64 / (1_u64 << 53) as f64 - 0.5;
        (0..length).map(|index| height * libm::exp(-(index as f64) / fade) + noise()).collect()
    }

    /// The definition, word by word.
    fn slow_mser5(series: &[f64]) -> usize {
        let means: Vec<f64> = series.chunks_exact(5).map(|batch| batch.iter().sum::<f64>() / 5.0).collect();
        let error = |dropped: usize| {
            let rest = &means[dropped..];
            let mean = rest.iter().sum::<f64>() / rest.len() as f64;
            rest.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / (rest.len() * rest.len()) as f64
        };
        (0..=means.len() / 2).min_by(|&a, &b| error(a).total_cmp(&error(b))).unwrap() * 5
    }

    #[test]
    fn a_clear_start_up_is_dropped_and_little_more() {
        let dropped = mser5(&series(2_000, 10.0, 40.0)).unwrap();
        // The transient is below a tenth of the noise after 4.6 time constants of 40.
        assert!((120..=400).contains(&dropped), "{dropped}");
        let step: Vec<f64> =
            (0..1_000).map(|index| if index < 200 { 50.0 } else { f64::from(index % 7) }).collect();
        assert_eq!(mser5(&step), Some(200));
    }

    #[test]
    fn a_steady_series_keeps_nearly_everything() {
        assert!(mser5(&series(2_000, 0.0, 1.0)).unwrap() <= 200);
        assert_eq!(mser5(&[4.0; 100]), Some(0));
    }

    #[test]
    fn a_drift_or_too_little_gives_no_answer() {
        let drift: Vec<f64> = (0..500).map(f64::from).collect();
        assert_eq!((mser5(&drift), mser5(&[1.0; 49]), mser5(&[f64::NAN; 100])), (None, None, None));
    }

    proptest! {
        #[test]
        fn it_follows_the_definition(series in prop::collection::vec(0.0_f64..100.0, 50..200)) {
            let expected = slow_mser5(&series);
            let at_the_end = expected == series.len() / 5 / 2 * 5;
            prop_assert_eq!(mser5(&series), (!at_the_end).then_some(expected));
        }
    }
}
