//! timeseries.csv: one row for each figure of each window, long form.

use super::Report;
use super::sheet::{Format, Sheet};
use crate::experiment::RunResult;
use crate::kernel::time::{Time, from_seconds, seconds};
use std::io::{self, Write};

const HEADER: [&str; 7] = ["variant", "replication", "t_s", "window_s", "component", "metric", "value"];

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<u64> {
    let mut sheet = Sheet::new(out, &HEADER)?;
    for result in report.results {
        rows(&mut sheet, report.variant(result.variant), result)?;
    }
    sheet.finish()
}

/// A window begins where the one before it ended: the last one of a run may be shorter.
fn rows(sheet: &mut Sheet<'_>, variant: &str, result: &RunResult) -> io::Result<()> {
    let (mut begin, mut end): (Time, Time) = (0, 0);
    for row in &result.series {
        let time = from_seconds(row.t_s);
        if time != end {
            (begin, end) = (end, time);
        }
        sheet.text(variant)?;
        sheet.count(Some(result.replication))?;
        sheet.number(Format::Shortest, Some(row.t_s))?;
        sheet.number(Format::Shortest, Some(seconds(end.saturating_sub(begin))))?;
        sheet.text(&row.component)?;
        sheet.text(&row.metric)?;
        sheet.number(Format::of(&row.metric), Some(row.value))?;
        sheet.end_row()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::text;
    use super::*;

    #[test]
    fn windows_end_where_the_next_begins() {
        let text = text(write);
        let lines: Vec<&str> = text.lines().take(5).collect();
        assert_eq!(
            lines,
            [
                "variant,replication,t_s,window_s,component,metric,value",
                "strategy=through;ttl=5 s,0,0.5,0.5,all,throughput_per_s,2000.125",
                "strategy=through;ttl=5 s,0,0.5,0.5,shop/0,utilization_ratio,0.250000",
                "strategy=through;ttl=5 s,0,0.7,0.2,all,throughput_per_s,1999.000",
                "strategy=through;ttl=5 s,1,0.5,0.5,all,throughput_per_s,2000.125",
            ]
        );
    }
}
