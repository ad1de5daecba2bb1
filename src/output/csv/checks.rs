//! checks.csv: one row for each check and variant.

use super::Report;
use super::sheet::{Format, Sheet};
use std::io::{self, Write};

const HEADER: [&str; 6] = ["check", "variant", "value", "limit", "passed", "detail"];

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<u64> {
    let mut sheet = Sheet::new(out, &HEADER)?;
    for row in report.checks {
        sheet.text(&row.check)?;
        sheet.text(&row.variant)?;
        sheet.number(Format::Decimals(6), row.value)?;
        sheet.number(Format::Decimals(6), row.limit)?;
        // Undecided is neither: the cell stays empty, as with everything that is not known.
        sheet.count(row.passed.map(u64::from))?;
        sheet.text(&row.detail)?;
        sheet.end_row()?;
    }
    sheet.finish()
}

#[cfg(test)]
mod tests {
    use super::super::text;
    use super::*;

    #[test]
    fn passed_is_one_zero_or_empty() {
        let text = text(write);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "check,variant,value,limit,passed,detail",
                "median under 20 ms,strategy=through;ttl=5 s,5.150000,20.000000,1,\"latency_p50_ms is 5.15 [4.945, 5.355]\"",
                "loses nothing,strategy=back;ttl=60 s,212.500000,0.000000,0,lost_writes_count is 0 in 0 of 4 replications",
                "back is fastest,,1.150000,,,two variants cannot be told apart",
            ]
        );
    }
}
