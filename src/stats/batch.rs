//! Batch means: samples for an interval out of one long run.

/// The means of `batches` equal stretches of a series, in order.
///
/// R. W. Conway, "Some Tactical Problems in Digital Simulation", Management Science 1963. If the length is no multiple, the first few
/// observations, the least settled ones, are left out. Empty if there are fewer observations than batches, or no batches. The means serve
/// as independent samples only if their [`lag1_autocorrelation`] is near zero.
pub fn batch_means(series: &[f64], batches: usize) -> Vec<f64> {
    if batches == 0 || series.len() < batches {
        return Vec::new();
    }
    let size = series.len() / batches;
    let used = &series[series.len() - size * batches..];
    used.chunks_exact(size).map(|batch| batch.iter().sum::<f64>() / size as f64).collect()
}

/// The correlation of a series with itself one step later, -1..=1; about 0 for independent values.
///
/// The usual estimator (G. E. P. Box, G. M. Jenkins, "Time Series Analysis", 1970, chapter 2). `None` under two values or if all are equal.
pub fn lag1_autocorrelation(series: &[f64]) -> Option<f64> {
    let mean = series.iter().sum::<f64>() / series.len() as f64;
    let squares: f64 = series.iter().map(|x| (x - mean) * (x - mean)).sum();
    let products: f64 = series.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    (squares > 0.0).then(|| products / squares)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::rngs::Xoshiro256PlusPlus;
    use rand::{Rng, SeedableRng};

    #[test]
    fn batches_are_equal_and_the_beginning_is_left_out() {
        let series = [100.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        assert_eq!(batch_means(&series, 3), [1.5, 3.5, 5.5]);
        assert_eq!(batch_means(&series, 7), series);
        assert!(
            batch_means(&series, 8).is_empty()
                && batch_means(&series, 0).is_empty()
                && batch_means(&[], 1).is_empty()
        );
    }

    #[test]
    fn known_autocorrelations() {
        // Mean 3, squares 10; products (-2)(-1) + 0 + 0 + (1)(2) = 4.
        assert_eq!(lag1_autocorrelation(&[1.0, 2.0, 3.0, 4.0, 5.0]), Some(0.4));
        assert_eq!(lag1_autocorrelation(&[1.0, -1.0, 1.0, -1.0]), Some(-0.75));
        assert_eq!(
            (lag1_autocorrelation(&[]), lag1_autocorrelation(&[1.0]), lag1_autocorrelation(&[2.0, 2.0])),
            (None, None, None)
        );
    }

    #[test]
    fn batching_removes_autocorrelation() {
        // First-order autoregression with coefficient 0.9.
        let mut generator = Xoshiro256PlusPlus::seed_from_u64(3);
        let mut noise = || (generator.next_u64() >> 11) as f64 / (1_u64 << 53) as f64 - 0.5;
        let mut value = 0.0;
        let series: Vec<f64> = std::iter::repeat_with(|| {
            value = 0.9 * value + noise();
            value
        })
        .take(50_000)
        .collect();
        let raw = lag1_autocorrelation(&series).unwrap();
        let batched = lag1_autocorrelation(&batch_means(&series, 100)).unwrap();
        assert!((raw - 0.9).abs() < 0.02, "{raw}");
        assert!(batched.abs() < 0.3, "{batched}");
    }
}
