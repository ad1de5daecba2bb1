//! The figures that a person wants to see first, and how they are written for a person.

use super::look::Look;
use crate::experiment::Interval;
use crate::experiment::{Comparison, METRICS};

/// One of the figures that the terminal shows; the CSVs have them all, and so has `-v`.
pub(super) struct Figure {
    /// Its metric.
    pub(super) column: &'static str,
    /// Head of its column.
    pub(super) title: &'static str,
    /// Its name within a sentence; empty = the table alone shows it.
    pub(super) words: &'static str,
    when: When,
}

/// When a figure is worth a column.
#[derive(Clone, Copy, PartialEq)]
enum When {
    /// It was measured.
    Measured,
    /// It is not 0 everywhere.
    Any,
    /// It is not 0 everywhere, or somebody wrote: then 0 says something.
    AnyOrWrites,
    /// It was measured, and so were writes: else it is the same as that of all requests.
    BesideWrites,
}

const fn figure(column: &'static str, title: &'static str, words: &'static str, when: When) -> Figure {
    Figure { column, title, words, when }
}

/// All of them, in the order of the table's columns.
pub(super) const FIGURES: &[Figure] = &[
    figure("throughput_per_s", "served/s", "throughput", When::Measured),
    figure("latency_p50_ms", "p50 ms", "latency p50", When::Measured),
    figure("latency_p95_ms", "p95 ms", "latency p95", When::Measured),
    figure("latency_p99_ms", "p99 ms", "latency p99", When::Measured),
    figure("read_latency_p50_ms", "read p50 ms", "read latency p50", When::BesideWrites),
    figure("write_latency_p50_ms", "write p50 ms", "write latency p50", When::Measured),
    figure("availability_ratio", "available", "availability", When::Measured),
    figure("slo_ratio", "in time", "share in time", When::Measured),
    figure("cache_hit_ratio", "hit ratio", "hit ratio", When::Measured),
    figure("cdn_hit_ratio", "CDN hit ratio", "CDN hit ratio", When::Measured),
    figure("stale_reads_count", "stale reads", "stale reads", When::AnyOrWrites),
    figure(
        "read_your_writes_violations_count",
        "own writes unseen",
        "reads that miss the reader's own writes",
        When::Any,
    ),
    figure("lost_writes_count", "lost writes", "lost writes", When::AnyOrWrites),
    figure("misrouted_ratio", "misrouted", "misrouted share", When::Any),
    figure("sessions_lost_count", "lost sessions", "lost sessions", When::Any),
    figure("broken_pages_count", "broken pages", "broken pages", When::Any),
    figure("messages_processed_count", "processed", "messages processed", When::Measured),
    figure("message_age_p95_ms", "message age p95 ms", "message age p95", When::Measured),
    figure("message_age_p99_ms", "message age p99 ms", "message age p99", When::Measured),
    figure("queue_backlog_end_count", "backlog at end", "backlog at the end", When::Measured),
    figure("messages_lost_count", "lost messages", "lost messages", When::Measured),
    figure("messages_duplicated_count", "duplicates", "duplicates", When::Any),
    figure("cost_per_hour", "$/h", "cost per hour", When::Measured),
];

impl Figure {
    /// Its place in [`METRICS`].
    pub(super) fn metric(&self) -> usize {
        METRICS.iter().position(|metric| metric.column == self.column).expect("tested")
    }

    /// Whether it is a latency: what failed has none, and who was given up has waited no longer.
    pub(super) fn is_latency(&self) -> bool {
        self.column.contains("latency")
    }

    /// Its comparisons, one for each variant.
    pub(super) fn rows<'a>(&self, comparisons: &'a [Comparison]) -> Vec<&'a Comparison> {
        let metric = self.metric();
        comparisons.iter().filter(|row| row.metric == metric).collect()
    }

    /// A difference of it, without its sign.
    pub(super) fn amount(&self, difference: f64) -> String {
        let amount = significant(difference.abs(), 3);
        match self.column {
            column if column.ends_with("_ms") => format!("{amount} ms"),
            column if column.ends_with("_per_s") => format!("{amount}/s"),
            "cost_per_hour" => format!("{amount} $/h"),
            _ => amount,
        }
    }
}

/// The figures worth showing.
pub(super) fn shown(comparisons: &[Comparison]) -> Vec<&'static Figure> {
    let measured = |figure: &Figure| figure.rows(comparisons).iter().any(|row| row.n > 0);
    let any =
        |figure: &Figure| figure.rows(comparisons).iter().any(|row| row.mean.is_some_and(|mean| mean != 0.0));
    let writes = FIGURES.iter().any(|f| f.column.starts_with("write_") && measured(f));
    let wanted = |figure: &&Figure| match figure.when {
        When::Measured => measured(figure),
        When::Any => any(figure),
        When::AnyOrWrites => any(figure) || (writes && measured(figure)),
        When::BesideWrites => writes && measured(figure),
    };
    FIGURES.iter().filter(wanted).collect()
}

/// A number with so many significant digits, without zeros at the end; whole digits are never cut. Very small ones
/// (a half-width of 0.00000021) are written as `2.1e-7`.
pub(super) fn significant(value: f64, digits: i32) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{}", value + 0.0);
    }
    if value.abs() < 1e-4 {
        return format!("{value:.*e}", (digits - 1).max(0) as usize);
    }
    let whole = libm::floor(libm::log10(value.abs())) as i32 + 1;
    let decimals = (digits - whole).clamp(0, 12) as usize;
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

/// A mean and the half-width of its interval. Without spread, or in one replication, the mean alone.
pub(super) fn estimate(mean: f64, interval: Option<&Interval>, look: Look) -> String {
    let mean = significant(mean, 4);
    match interval.map(|interval| interval.half_width).filter(|half| *half > 0.0) {
        Some(half) => format!("{mean} {} {}", look.sign("±", "+/-"), significant(half, 2)),
        None => mean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixture::Found;

    #[test]
    fn every_figure_is_a_metric() {
        for figure in FIGURES {
            assert_eq!(METRICS[figure.metric()].column, figure.column);
        }
    }

    #[test]
    fn digits_that_mean_nothing_are_left_out() {
        let text = |value| significant(value, 4);
        let texts = [0.0, 12345.678, 1.23456, 0.000_123_456, 100.0, -4.8349, 0.99999, 2.1e-7].map(text);
        assert_eq!(texts, ["0", "12346", "1.235", "0.0001235", "100", "-4.835", "1", "2.100e-7"]);
    }

    #[test]
    fn the_half_width_has_two_digits() {
        let look = Look { width: None, utf8: true, all: false };
        let interval = Interval { mean: 4.8333, half_width: 0.01234, n: 5 };
        assert_eq!(estimate(4.8333, Some(&interval), look), "4.833 ± 0.012");
        let ascii = Look { utf8: false, ..look };
        assert_eq!(estimate(4.8333, Some(&interval), ascii), "4.833 +/- 0.012");
        assert_eq!(estimate(4.8333, None, look), "4.833");
        let sure = Interval { half_width: 2.14e-7, ..interval };
        assert_eq!(estimate(0.99, Some(&sure), look), "0.99 ± 2.1e-7");
        assert_eq!(estimate(0.0, Some(&Interval { half_width: 0.0, ..interval }), look), "0");
    }

    #[test]
    fn what_was_not_measured_is_not_shown() {
        let found = Found::new();
        let columns: Vec<&str> = shown(&found.comparisons).iter().map(|f| f.column).collect();
        assert_eq!(
            columns,
            [
                "throughput_per_s",
                "latency_p50_ms",
                "latency_p99_ms",
                "write_latency_p50_ms",
                "availability_ratio",
                "lost_writes_count"
            ]
        );
    }
}
