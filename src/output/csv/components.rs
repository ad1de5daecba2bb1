//! components.csv: one row for each node of each run.

use super::Report;
use super::sheet::{Format, Sheet};
use std::io::{self, Write};

const HEADER: [&str; 22] = [
    "variant",
    "replication",
    "component",
    "kind",
    "utilization_ratio",
    "queue_len_mean",
    "queue_len_max",
    "arrivals_count",
    "completions_count",
    "errors_count",
    "wait_p99_ms",
    "service_p99_ms",
    "hit_ratio",
    "cost_per_hour",
    "reads_count",
    "stale_reads_count",
    "stale_ratio",
    "stale_age_p99_ms",
    "latency_p50_ms",
    "latency_p99_ms",
    "availability_ratio",
    "slo_ratio",
];

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<u64> {
    let mut sheet = Sheet::new(out, &HEADER)?;
    for result in report.results {
        for row in &result.components {
            sheet.text(report.variant(result.variant))?;
            sheet.count(Some(result.replication))?;
            sheet.text(&row.component)?;
            sheet.text(&row.kind)?;
            sheet.number(Format::of("_ratio"), row.utilization_ratio)?;
            sheet.number(Format::of("_mean"), row.queue_len_mean)?;
            sheet.number(Format::Whole, row.queue_len_max)?;
            sheet.count(row.arrivals_count)?;
            sheet.count(row.completions_count)?;
            sheet.count(row.errors_count)?;
            sheet.number(Format::of("_ms"), row.wait_p99_ms)?;
            sheet.number(Format::of("_ms"), row.service_p99_ms)?;
            sheet.number(Format::of("_ratio"), row.hit_ratio)?;
            sheet.number(Format::of("cost_per_hour"), row.cost_per_hour)?;
            sheet.count(row.reads_count)?;
            sheet.count(row.stale_reads_count)?;
            sheet.number(Format::of("_ratio"), row.stale_ratio)?;
            for latency in [row.stale_age_p99_ms, row.latency_p50_ms, row.latency_p99_ms] {
                sheet.number(Format::of("_ms"), latency)?;
            }
            sheet.number(Format::of("_ratio"), row.availability_ratio)?;
            sheet.number(Format::of("_ratio"), row.slo_ratio)?;
            sheet.end_row()?;
        }
    }
    sheet.finish()
}

#[cfg(test)]
mod tests {
    use super::super::text;
    use super::*;

    #[test]
    fn what_a_node_does_not_have_is_empty() {
        let text = text(write);
        let lines: Vec<&str> = text.lines().skip(1).take(2).collect();
        assert_eq!(
            lines,
            [
                "strategy=through;ttl=5 s,0,shop/0,web,0.250000,0.125000,3,1000,998,2,1.500,4.000,,,,,,,,,,",
                "strategy=through;ttl=5 s,0,'=evil,cache,,,,,,,,,0.900000,,,,,,,,,",
            ]
        );
    }
}
