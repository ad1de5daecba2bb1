//! The chi-square test of a popularity law.

use super::Keys;
use crate::random::Stream;
use statrs::distribution::{ChiSquared, ContinuousCDF};

const SAMPLES: u32 = 100_000;
/// Cells below that expected count are joined with their neighbours, as the test needs.
const SMALLEST_CELL: f64 = 20.0;

/// The ranks drawn agree with the weights: chi-square below its 0.9999 quantile (some fifty laws are tested).
pub(super) fn frequencies(keys: &Keys, weight: impl Fn(u64) -> f64) {
    let mut stream = Stream::named(11, 0, "keys checks");
    agree(keys, || keys.rank(&mut || stream.uniform()), weight);
}

/// The same at a moment, for laws that change.
pub(super) fn frequencies_at(keys: &Keys, moment: u64, weight: impl Fn(u64) -> f64) {
    let mut stream = Stream::named(11, 0, "keys checks");
    agree(keys, || keys.rank_at(&mut || stream.uniform(), moment), weight);
}

fn agree(keys: &Keys, mut rank: impl FnMut() -> u64, weight: impl Fn(u64) -> f64) {
    let mut counts = vec![0_u32; keys.n_keys() as usize];
    for _ in 0..SAMPLES {
        counts[rank() as usize] += 1;
    }
    let total: f64 = (0..keys.n_keys()).map(&weight).sum();
    let (mut chi_square, mut cells) = (0.0, 0);
    let (mut seen, mut expected) = (0.0, 0.0);
    let (mut rest, mut rest_expected) = (0.0, 0.0);
    for (rank, &count) in (0..).zip(&counts) {
        seen += f64::from(count);
        expected += weight(rank) / total * f64::from(SAMPLES);
        if expected >= SMALLEST_CELL {
            chi_square += (seen - expected) * (seen - expected) / expected;
            cells += 1;
            (seen, expected) = (0.0, 0.0);
        }
        (rest, rest_expected) = (seen, expected);
    }
    // What is left at the end is too small for a cell: at least it must not be far too much.
    assert!(
        rest <= rest_expected + 6.0 * rest_expected.sqrt() + 3.0,
        "{keys:?}: {rest} in the tail, not {rest_expected}"
    );
    let limit = ChiSquared::new(f64::from((cells - 1).max(1))).unwrap().inverse_cdf(0.9999);
    assert!(chi_square < limit, "{keys:?}: chi-square {chi_square} over {cells} cells");
}
