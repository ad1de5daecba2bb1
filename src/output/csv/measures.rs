//! measures.csv: what each node has counted beside the columns of components.csv, long form.

use super::Report;
use super::sheet::{Format, Sheet};
use std::io::{self, Write};

const HEADER: [&str; 6] = ["variant", "replication", "component", "kind", "measure", "value"];

pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<u64> {
    let mut sheet = Sheet::new(out, &HEADER)?;
    for result in report.results {
        for row in &result.components {
            for measured in &row.measures {
                sheet.text(report.variant(result.variant))?;
                sheet.count(Some(result.replication))?;
                sheet.text(&row.component)?;
                sheet.text(&row.kind)?;
                sheet.text(&measured.measure)?;
                sheet.number(Format::Shortest, Some(measured.value))?;
                sheet.end_row()?;
            }
        }
    }
    sheet.finish()
}

#[cfg(test)]
mod tests {
    use super::super::text;
    use super::*;

    #[test]
    fn a_row_for_each_measure_of_each_node() {
        let text = text(write);
        let lines: Vec<&str> = text.lines().skip(1).take(2).collect();
        let variant = "strategy=through;ttl=5 s,0,'=evil,cache";
        assert_eq!(lines, [format!("{variant},evictions_count,7"), format!("{variant},dirty_items,2.5")]);
    }
}
