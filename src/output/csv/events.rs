//! events.csv: what happened in each run.

use super::Report;
use super::sheet::{Format, Sheet};
use std::io::{self, Write};

const HEADER: [&str; 6] = ["variant", "replication", "t_s", "component", "event", "detail"];

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<u64> {
    let mut sheet = Sheet::new(out, &HEADER)?;
    for result in report.results {
        for row in &result.events {
            sheet.text(report.variant(result.variant))?;
            sheet.count(Some(result.replication))?;
            sheet.number(Format::Shortest, Some(row.t_s))?;
            sheet.text(&row.component)?;
            sheet.text(&row.event)?;
            sheet.text(&row.detail)?;
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
    fn events_keep_their_words() {
        let text = text(write);
        let line = "strategy=through;ttl=5 s,0,60.5,store,crash,\"cache dies, cold\"";
        assert_eq!(text.lines().nth(1), Some(line));
    }
}
