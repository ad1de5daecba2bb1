//! The shape of a day: a rate that follows the clock, as people do.

use super::error::ArrivalsError;
use super::piecewise::Piecewise;

/// Requests in each hour of the day, relative to the mean, from midnight on: web server of NASA's Kennedy Space Center, local time,
/// means over 1,366 whole hours of July and August 1995 without those of its shutdown (Arlitt & Williamson's traces in the Internet Traffic
/// Archive, NASA-HTTP; hourly counts: reconfigurable-ml-pipeline/web-service-datasets@7404ad6).
pub const NASA_1995: [f64; 24] = [
    0.764, 0.634, 0.539, 0.467, 0.408, 0.405, 0.453, 0.690, 1.015, 1.216, 1.319, 1.436, 1.546, 1.547, 1.562,
    1.626, 1.533, 1.258, 1.030, 0.924, 0.914, 0.916, 0.926, 0.873,
];

/// Days until the rate stays at that of midnight.
pub const DAYS: u64 = 60;

/// Days of this length in ns, one after the other, from midnight on: straight lines between the middles of the hours.
///
/// # Errors
///
/// If a rate is not within 0 to 1e9 per second.
pub fn days(mean_rate: f64, day_ns: u64) -> Result<Piecewise, ArrivalsError> {
    let mean: f64 = NASA_1995.iter().sum::<f64>() / 24.0;
    let rate = |hour: u64| mean_rate * NASA_1995[(hour % 24) as usize] / mean;
    let midnight = (rate(23) + rate(0)) / 2.0;
    let at = |halves: u64| (u128::from(day_ns) * u128::from(halves) / 48) as u64;
    let hours = (0..24 * DAYS).map(|hour| (at(2 * hour + 1), rate(hour)));
    let points = std::iter::once((0, midnight)).chain(hours).chain([(at(48 * DAYS), midnight)]);
    Piecewise::ramp(points.collect()).map(Piecewise::endless)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400_000_000_000;

    /// Second by second, by hand.
    fn slow_mean(from_s: u64, to_s: u64) -> f64 {
        let rate = |second: u64| {
            let hours = (second as f64 + 0.5) / 3_600.0 - 0.5;
            let (before, part) = (hours.floor(), hours - hours.floor());
            let of = |hour: f64| NASA_1995[(hour.rem_euclid(24.0)) as usize];
            of(before) * (1.0 - part) + of(before + 1.0) * part
        };
        (from_s..to_s).map(rate).sum::<f64>() / (to_s - from_s) as f64
    }

    #[test]
    fn a_day_has_its_mean_and_its_shape() {
        let mean: f64 = NASA_1995.iter().sum::<f64>() / 24.0;
        let days = days(200.0, DAY).unwrap();
        for whole in [1, 2, 7] {
            assert!((days.mean_rate(whole * DAY) - 200.0).abs() < 1e-6);
        }
        for hour in [1_u64, 5, 9, 16, 23] {
            let slow = 200.0 * slow_mean(0, hour * 3_600) / mean;
            assert!((days.mean_rate(hour * DAY / 24) - slow).abs() < 0.01, "{hour}");
        }
    }

    #[test]
    fn a_day_may_be_as_short_as_one_likes() {
        let (long, short) = (days(7.0, DAY).unwrap(), days(7.0, DAY / 1_000).unwrap());
        for part in [3, 5, 8] {
            assert!((long.mean_rate(DAY / part) - short.mean_rate(DAY / 1_000 / part)).abs() < 1e-3);
        }
        assert!(days(-7.0, DAY).is_err());
    }
}
