//! timeseries.csv: one row for each figure of each window, long form.

use super::Report;
use super::sheet::{Format, Sheet, cells, put};
use crate::experiment::{RunResult, Window};
use crate::kernel::time::{Time, seconds};
use std::io::{self, Write};

const HEADER: [&str; 7] = ["variant", "replication", "t_s", "window_s", "component", "metric", "value"];

/// Texts that each worker makes before they are written: more would be more even.
const BATCH: usize = 4;
/// Figures whose texts are held at a time: some 80 bytes each. (A run alone may have more.)
const FIGURES_AT_ONCE: usize = 2_000_000;

/// By far the largest of the tables: each worker makes the text of a run.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<u64> {
    Sheet::new(&mut *out, &HEADER)?.finish()?;
    let mut rows = 0;
    let most = report.results.iter().map(|result| result.series.figures()).max().unwrap_or(0);
    let together = (FIGURES_AT_ONCE / most.max(1)).clamp(1, BATCH * report.workers.count());
    for results in report.results.chunks(together) {
        let texts = report.workers.each(results, |result| text(report.variant(result.variant), result));
        for text in texts {
            out.write_all(&text?)?;
        }
        rows += results.iter().map(|result| result.series.figures()).sum::<usize>() as u64;
    }
    Ok(rows)
}

/// What the rows of a line have in common.
struct Ending {
    cells: Vec<u8>,
    format: Format,
}

/// The rows of a run. Those of a window begin alike, and those of a line end alike but for the number.
fn text(variant: &str, result: &RunResult) -> io::Result<Vec<u8>> {
    let mut endings = Vec::with_capacity(result.series.lines().len());
    for line in result.series.lines() {
        let cells = cells(|sheet| {
            sheet.text(&line.component)?;
            sheet.text(&line.metric)
        });
        endings.push(Ending { cells: cells?, format: Format::of(&line.metric) });
    }
    let (mut began, mut text) = (0, Vec::new());
    for window in result.series.windows() {
        let beginning = beginning(variant, result.replication, (began, window.end))?;
        put_rows(&mut text, &beginning, &endings, window)?;
        began = window.end;
    }
    Ok(text)
}

/// A window begins where the one before it ended: the last one of a run may be shorter.
fn beginning(variant: &str, replication: u64, (began, end): (Time, Time)) -> io::Result<Vec<u8>> {
    cells(|sheet| {
        sheet.text(variant)?;
        sheet.count(Some(replication))?;
        sheet.number(Format::Shortest, Some(seconds(end)))?;
        sheet.number(Format::Shortest, Some(seconds(end - began)))
    })
}

fn put_rows(text: &mut Vec<u8>, beginning: &[u8], endings: &[Ending], window: &Window) -> io::Result<()> {
    for (line, value) in &window.figures {
        let ending = &endings[*line as usize];
        text.extend_from_slice(beginning);
        text.extend_from_slice(&ending.cells);
        put(text, ending.format, *value)?;
        text.push(b'\n');
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::text as table;
    use super::*;

    #[test]
    fn windows_end_where_the_next_begins() {
        let text = table(write);
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
