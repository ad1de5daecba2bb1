//! comparison.csv: one row for each metric and variant, compared with the baseline.

use super::Report;
use super::sheet::{Format, Sheet};
use crate::experiment::{Comparison, METRICS};
use std::io::{self, Write};

pub(super) const HEADER: [&str; 14] = [
    "metric",
    "variant",
    "n",
    "mean",
    "sd",
    "ci95_low",
    "ci95_high",
    "baseline_variant",
    "diff_mean",
    "diff_ci95_low",
    "diff_ci95_high",
    "diff_rel_pct",
    "method",
    "verdict",
];

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<u64> {
    let mut sheet = Sheet::new(out, &HEADER)?;
    for row in report.comparisons {
        put(&mut sheet, report, row)?;
    }
    sheet.finish()
}

/// The row of a metric and a variant.
pub(super) fn put(sheet: &mut Sheet<'_>, report: &Report<'_>, row: &Comparison) -> io::Result<()> {
    let column = METRICS[row.metric].column;
    let format = Format::of_mean(column);
    sheet.text(column)?;
    sheet.text(report.variant(row.variant))?;
    sheet.count(Some(row.n))?;
    sheet.number(format, row.mean)?;
    sheet.number(format, row.sd)?;
    sheet.number(format, row.interval.map(|interval| interval.low()))?;
    sheet.number(format, row.interval.map(|interval| interval.high()))?;
    sheet.text(report.variant(report.plan.baselines[row.variant]))?;
    sheet.number(format, row.difference.map(|interval| interval.mean))?;
    sheet.number(format, row.difference.map(|interval| interval.low()))?;
    sheet.number(format, row.difference.map(|interval| interval.high()))?;
    sheet.number(Format::of("_pct"), row.relative_pct)?;
    sheet.text(row.difference.map_or("", |_| "paired_t"))?;
    sheet.text(row.verdict.text())?;
    sheet.end_row()
}

#[cfg(test)]
mod tests {
    use super::super::text;
    use super::*;

    #[test]
    fn each_metric_of_each_variant_has_its_row() {
        let text = text(write);
        assert_eq!(text.lines().count(), 1 + 2 * METRICS.len());
        let of = |begin: &str| text.lines().find(|line| line.starts_with(begin)).unwrap();
        assert_eq!(
            of("latency_p50_ms,strategy=through;ttl=5 s"),
            "latency_p50_ms,strategy=through;ttl=5 s,4,5.150,0.129,4.945,5.355,strategy=through;ttl=5 s,,,,,,baseline"
        );
        assert_eq!(
            of("latency_p50_ms,strategy=back;ttl=60 s"),
            "latency_p50_ms,strategy=back;ttl=60 s,4,1.150,0.129,0.945,1.355,strategy=through;ttl=5 s,-4.000,-4.000,-4.000,-77.670,paired_t,better"
        );
        assert_eq!(
            of("cost_per_hour,strategy=back"),
            "cost_per_hour,strategy=back;ttl=60 s,0,,,,,strategy=through;ttl=5 s,,,,,,"
        );
    }
}
