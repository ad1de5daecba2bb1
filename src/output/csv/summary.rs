//! summary.csv: one row for each run, with all metrics.

use super::Report;
use super::sheet::{Format, Sheet};
use crate::experiment::{METRICS, Plan, RunResult};
use std::io::{self, Write};

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<u64> {
    let mut sheet = Sheet::new(out, &header(report.plan, &[]))?;
    for result in report.results {
        begin(&mut sheet, report, result)?;
        finish(&mut sheet, &result.metrics)?;
    }
    sheet.finish()
}

/// The columns; `more` of them before the metrics.
pub(super) fn header(plan: &Plan, more: &[&str]) -> Vec<String> {
    let mut header: Vec<String> = ["experiment", "variant"].map(String::from).to_vec();
    header.extend((0..plan.factors.len()).map(|factor| plan.factor_column(factor)));
    header.extend(["replication", "seed"].iter().chain(more).map(ToString::to_string));
    header.extend(METRICS.iter().map(|metric| metric.column.to_string()));
    header
}

/// Which run it is.
pub(super) fn begin(sheet: &mut Sheet<'_>, report: &Report<'_>, result: &RunResult) -> io::Result<()> {
    let plan = report.plan;
    sheet.text(&plan.name)?;
    sheet.text(report.variant(result.variant))?;
    for factor in 0..plan.factors.len() {
        level(sheet, plan, factor, result.variant)?;
    }
    sheet.count(Some(result.replication))?;
    sheet.count(Some(plan.seed))
}

/// All metrics.
pub(super) fn finish(sheet: &mut Sheet<'_>, metrics: &[Option<f64>]) -> io::Result<()> {
    for (metric, value) in METRICS.iter().zip(metrics) {
        sheet.number(Format::of(metric.column), *value)?;
    }
    sheet.end_row()
}

/// A level of a factor: a number as it is, even a negative one; anything else as text.
fn level(sheet: &mut Sheet<'_>, plan: &Plan, factor: usize, variant: usize) -> io::Result<()> {
    let text = plan.factor_cell(factor, variant);
    let level = plan.variants[variant].levels[factor].as_ref();
    let number = level.and_then(|level| level.number).and(text.parse::<f64>().ok());
    match number {
        Some(number) => sheet.number(Format::Shortest, Some(number)),
        None => sheet.text(&text),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{cell, text};
    use super::*;

    #[test]
    fn the_header_is_fixed() {
        let text = text(write);
        let header = text.lines().next().unwrap();
        let begin =
            "experiment,variant,param_strategy,param_ttl_ms,replication,seed,sim_duration_s,warmup_s,";
        assert!(header.starts_with(begin), "{header}");
        assert!(header.ends_with(",cost_per_hour,events_count"), "{header}");
        assert_eq!(header.split(',').count(), 6 + METRICS.len());
    }

    #[test]
    fn a_row_tells_what_was_measured_and_nothing_else() {
        let text = text(write);
        assert_eq!(cell(&text, 0, "experiment"), "write strategies");
        assert_eq!(cell(&text, 0, "variant"), "strategy=through;ttl=5 s");
        assert_eq!(cell(&text, 0, "param_strategy"), "through");
        assert_eq!(cell(&text, 0, "param_ttl_ms"), "5000");
        assert_eq!(cell(&text, 1, "replication"), "1");
        assert_eq!(cell(&text, 0, "seed"), "42");
        assert_eq!(cell(&text, 0, "latency_p50_ms"), "5.000");
        assert_eq!(cell(&text, 0, "cost_per_hour"), "");
        assert_eq!(cell(&text, 0, "lost_writes_count"), "0");
    }

    #[test]
    fn a_negative_level_is_a_number_and_a_text_is_not() {
        let mut found = crate::output::fixture::Found::new();
        let level =
            |text: &str, number| Some(crate::experiment::Level { text: text.into(), number, unit: "" });
        found.plan.variants[0].levels[0] = level("-5", Some(-5.0));
        found.plan.variants[1].levels[0] = level("-5", None);
        let mut bytes = Vec::new();
        write(&found.report(), &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(cell(&text, 0, "param_strategy"), "-5");
        assert_eq!(cell(&text, 4, "param_strategy"), "'-5");
    }
}
