//! phases.csv and phases_comparison.csv: what summary.csv and comparison.csv tell of all that was measured, of each phase. Without phases there are
//! no such files.

use super::sheet::{Format, Sheet};
use super::{Report, comparison, summary};
use crate::experiment::compare_phase;
use crate::kernel::seconds;
use std::io::{self, Write};

/// One row for each phase of each run.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<u64> {
    let columns = ["phase", "phase_from_s", "phase_to_s"];
    let mut sheet = Sheet::new(out, &summary::header(report.plan, &columns))?;
    for result in report.results {
        for (phase, told) in report.plan.phases.iter().zip(&result.phases) {
            summary::begin(&mut sheet, report, result)?;
            sheet.text(&phase.name)?;
            sheet.number(Format::Shortest, Some(seconds(phase.from)))?;
            sheet.number(Format::Shortest, Some(seconds(phase.to)))?;
            summary::finish(&mut sheet, &told.metrics)?;
        }
    }
    sheet.finish()
}

/// One row for each metric and variant in each phase, compared with the baseline.
pub(super) fn write_comparison(report: &Report<'_>, out: &mut dyn Write) -> io::Result<u64> {
    let mut sheet = Sheet::new(out, &[&["phase"], &comparison::HEADER[..]].concat())?;
    let plan = report.plan;
    for (at, phase) in plan.phases.iter().enumerate() {
        for row in compare_phase(plan, report.results, at) {
            sheet.text(&phase.name)?;
            comparison::put(&mut sheet, report, &row)?;
        }
    }
    sheet.finish()
}
