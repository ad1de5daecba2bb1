//! Simulated time: whole nanoseconds since the start of the simulation.
//!
//! Integers, so that sums are exact and the same on every machine (a `f64` clock needs
//! epsilons, and loses nanoseconds after three months).

/// A point of simulated time, or a span, in nanoseconds.
pub type Time = u64;

/// One microsecond in nanoseconds.
pub const MICROSECOND: Time = 1_000;
/// One millisecond in nanoseconds.
pub const MILLISECOND: Time = 1_000_000;
/// One second in nanoseconds.
pub const SECOND: Time = 1_000_000_000;
/// Further away than any run lasts (584 years).
pub const NEVER: Time = Time::MAX;

/// Nanoseconds as seconds.
#[inline]
pub fn seconds(time: Time) -> f64 {
    time as f64 / SECOND as f64
}

/// Nanoseconds as milliseconds.
#[inline]
pub fn milliseconds(time: Time) -> f64 {
    time as f64 / MILLISECOND as f64
}

/// Seconds as nanoseconds, rounded; negative and NaN become 0, too large becomes [`NEVER`].
#[inline]
pub fn from_seconds(seconds: f64) -> Time {
    (seconds * SECOND as f64 + 0.5) as Time
}

/// A span as a person writes it: `1.5 s`, `20 ms`.
pub fn time_text(time: Time) -> String {
    let (unit, name) = match time {
        0 => (SECOND, "s"),
        1..MICROSECOND => (1, "ns"),
        MICROSECOND..MILLISECOND => (MICROSECOND, "us"),
        MILLISECOND..SECOND => (MILLISECOND, "ms"),
        _ if time >= 3600 * SECOND && time.is_multiple_of(3600 * SECOND) => (3600 * SECOND, "h"),
        _ if time >= 120 * SECOND && time.is_multiple_of(60 * SECOND) => (60 * SECOND, "min"),
        _ => (SECOND, "s"),
    };
    let value = time as f64 / unit as f64;
    format!("{} {name}", (value * 1000.0).round() / 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_read_like_spans() {
        let texts: Vec<String> =
            [0, 1_500, 20 * MILLISECOND, 1_500 * MILLISECOND, 90 * SECOND, 120 * SECOND, 7200 * SECOND]
                .map(time_text)
                .to_vec();
        assert_eq!(texts, ["0 s", "1.5 us", "20 ms", "1.5 s", "90 s", "2 min", "2 h"]);
    }

    #[test]
    fn seconds_round_trip_and_saturate() {
        assert_eq!(from_seconds(1.5), 1_500_000_000);
        assert_eq!(seconds(2_500_000_000), 2.5);
        assert_eq!(from_seconds(-1.0), 0);
        assert_eq!(from_seconds(f64::NAN), 0);
        assert_eq!(from_seconds(f64::INFINITY), NEVER);
    }
}
