//! Instants of the civil calendar, in UTC.

use super::ExportError;
use jiff::{Timestamp, Unit};
use std::str::FromStr;

/// An instant, to the millisecond: finer ones are not told apart by a Prometheus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(Timestamp);

impl Instant {
    /// When exports begin if nobody says when: in the past, since a Prometheus with data from the future drops what is scraped.
    pub const DEFAULT: &'static str = "2026-01-01T00:00:00Z";

    /// So many milliseconds after 1970 began.
    ///
    /// # Errors
    ///
    /// Beyond the year 9999.
    pub fn of_millis(millis: i64) -> Result<Self, ExportError> {
        let instant = Timestamp::from_millisecond(millis);
        instant.map(Instant).map_err(|_| ExportError::TooLate(format!("{millis} ms after 1970")))
    }

    /// Later by so many simulated seconds, to the next millisecond.
    ///
    /// # Errors
    ///
    /// Beyond the year 9999.
    pub fn after(self, seconds: f64) -> Result<Self, ExportError> {
        // Simulated times are below 2^63 ns, so that milliseconds fit.
        let millis = self.millis().checked_add((seconds * 1_000.0).round() as i64);
        let instant = millis.and_then(|millis| Timestamp::from_millisecond(millis).ok());
        instant.map(Instant).ok_or_else(|| ExportError::TooLate(self.to_string()))
    }

    /// Milliseconds after 1970 began.
    pub fn millis(self) -> i64 {
        self.0.as_millisecond()
    }

    /// Seconds after 1970 began, with three decimals, as OpenMetrics has them.
    pub fn unix_seconds(self) -> String {
        let millis = self.millis();
        let sign = if millis < 0 { "-" } else { "" };
        format!("{sign}{}.{:03}", (millis / 1_000).abs(), (millis % 1_000).abs())
    }
}

/// As RFC 3339 has it.
impl std::fmt::Display for Instant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

impl FromStr for Instant {
    type Err = String;

    /// An instant as RFC 3339 has it, such as `2026-01-01T00:00:00Z`.
    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = text.parse::<Timestamp>().and_then(|instant| instant.round(Unit::Millisecond));
        parsed.map(Instant).map_err(|error| format!("{error}; write an instant such as {}", Instant::DEFAULT))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_in_both_ways() {
        let instant: Instant = Instant::DEFAULT.parse().unwrap();
        let later = instant.after(40.0005).unwrap();
        assert_eq!(later.to_string(), "2026-01-01T00:00:40.001Z");
        assert_eq!(later.unix_seconds(), "1767225640.001");
        assert_eq!("1969-12-31T23:59:59.5Z".parse::<Instant>().unwrap().unix_seconds(), "-0.500");
        assert_eq!("2026-01-01T01:00:00+01:00".parse::<Instant>().unwrap(), instant);
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        assert!("yesterday".parse::<Instant>().unwrap_err().contains(Instant::DEFAULT));
        assert!("2026-02-30T00:00:00Z".parse::<Instant>().is_err());
        let last: Instant = "9999-12-30T00:00:00Z".parse().unwrap();
        assert!(matches!(last.after(1e9), Err(ExportError::TooLate(_))));
        assert!(matches!(last.after(9e15), Err(ExportError::TooLate(_))));
    }
}
