//! What every distribution is tested for.

use super::Variate;
use crate::random::Stream;

const SAMPLES: usize = 200_000;

fn samples(variate: &Variate) -> Vec<f64> {
    let mut stream = Stream::named(42, 0, "variate checks");
    (0..SAMPLES).map(|_| variate.at(stream.uniform())).collect()
}

/// Mean and variance of samples are within four standard errors of what the variate says of itself.
pub(super) fn moments(variate: impl Into<Variate>) {
    let variate = variate.into();
    let values = samples(&variate);
    let count = SAMPLES as f64;
    let mean = values.iter().sum::<f64>() / count;
    let error = (variate.variance() / count).sqrt();
    assert!((mean - variate.mean()).abs() <= 4.0 * error, "{variate:?}: mean {mean}, not {}", variate.mean());
    let central = |power: i32| values.iter().map(|x| (x - mean).powi(power)).sum::<f64>() / count;
    let (second, fourth) = (central(2), central(4));
    let error = ((fourth - second * second) / count).sqrt();
    assert!(
        (second - variate.variance()).abs() <= 4.0 * error,
        "{variate:?}: variance {second}, not {}",
        variate.variance()
    );
}

/// The largest distance between the samples' distribution and `cdf` is below the 0.999 point of Kolmogorov's distribution (1933).
pub(super) fn distribution(variate: impl Into<Variate>, cdf: impl Fn(f64) -> f64) {
    let variate = variate.into();
    let mut values = samples(&variate);
    values.sort_unstable_by(f64::total_cmp);
    let count = SAMPLES as f64;
    let distance = values.iter().enumerate().fold(0.0_f64, |worst, (index, &value)| {
        let expected = cdf(value);
        let below = index as f64 / count;
        worst.max((expected - below).abs()).max((expected - below - 1.0 / count).abs())
    });
    assert!(distance * count.sqrt() < 1.95, "{variate:?}: distance {distance}");
}

/// Scaling multiplies every quantile, and the moments accordingly.
pub(super) fn scaling(variate: impl Into<Variate>) {
    let variate = variate.into();
    let scaled = variate.scaled(2.5);
    let close = |left: f64, right: f64| (left / right - 1.0).abs() < 1e-9;
    for step in 1..100 {
        let u = f64::from(step) / 100.0;
        assert!(close(scaled.at(u), 2.5 * variate.at(u)), "{variate:?} at {u}");
    }
    assert!(close(scaled.mean(), 2.5 * variate.mean()));
    assert!(close(scaled.variance(), 6.25 * variate.variance()));
}
