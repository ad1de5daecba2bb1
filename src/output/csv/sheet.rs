//! A CSV as spreadsheets and data frames both like it: comma, dot, LF, RFC 4180, one fixed header.

use std::io::{self, Write};

/// How a number is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Format {
    /// Without decimals.
    Whole,
    /// With so many.
    Decimals(usize),
    /// With three, and with more where fewer than three digits would be left: seldom is not never.
    Rate,
    /// As short as the number can be told from its neighbours: times are whole nanoseconds.
    Shortest,
}

impl Format {
    /// The format of a column, by the unit in its name.
    pub(super) fn of(column: &str) -> Format {
        match column.rsplit('_').next() {
            _ if column.ends_with("_per_s") => Format::Rate,
            Some("count" | "bytes") => Format::Whole,
            Some("ms" | "pct") => Format::Decimals(3),
            Some("s") => Format::Shortest,
            _ => Format::Decimals(6),
        }
    }

    /// The same for means and deviations: those of whole numbers are not whole.
    pub(super) fn of_mean(column: &str) -> Format {
        match Format::of(column) {
            Format::Whole => Format::Decimals(3),
            Format::Shortest => Format::Decimals(6),
            decimals => decimals,
        }
    }
}

/// Most decimals of a rate; a smaller one is what rounding has left of zero.
const RATE_DECIMALS: usize = 12;

/// Decimals that show three digits of a rate.
fn decimals_of_rate(value: f64) -> usize {
    let mut scaled = value.abs() * 1_000.0;
    for decimals in 3..=RATE_DECIMALS {
        if scaled >= 100.0 {
            return decimals;
        }
        scaled *= 10.0;
    }
    3
}

/// A CSV that is being written.
pub(super) struct Sheet<'w> {
    writer: csv::Writer<&'w mut dyn Write>,
    cell: Vec<u8>,
    rows: u64,
}

impl<'w> Sheet<'w> {
    /// Begins with the header.
    pub(super) fn new<S: AsRef<str>>(out: &'w mut dyn Write, header: &[S]) -> io::Result<Self> {
        let mut sheet = Sheet::without_header(out);
        for column in header {
            sheet.text(column.as_ref())?;
        }
        sheet.writer.write_record(None::<&[u8]>).map_err(plain)?;
        Ok(sheet)
    }

    fn without_header(out: &'w mut dyn Write) -> Self {
        let mut builder = csv::WriterBuilder::new();
        let writer = builder.terminator(csv::Terminator::Any(b'\n')).from_writer(out);
        Sheet { writer, cell: Vec::new(), rows: 0 }
    }

    /// A cell with a text. What a spreadsheet would take for a formula gets a leading `'` (CWE-1236).
    pub(super) fn text(&mut self, text: &str) -> io::Result<()> {
        if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
            self.cell.clear();
            self.cell.push(b'\'');
            self.cell.extend_from_slice(text.as_bytes());
            self.writer.write_field(&self.cell).map_err(plain)
        } else {
            self.writer.write_field(text).map_err(plain)
        }
    }

    /// A cell with a number; empty if it was not measured.
    pub(super) fn number(&mut self, format: Format, value: Option<f64>) -> io::Result<()> {
        self.cell.clear();
        if let Some(value) = value {
            put(&mut self.cell, format, value)?;
        }
        self.writer.write_field(&self.cell).map_err(plain)
    }

    /// A cell with a whole number.
    pub(super) fn count(&mut self, value: Option<u64>) -> io::Result<()> {
        self.cell.clear();
        if let Some(value) = value {
            write!(self.cell, "{value}")?;
        }
        self.writer.write_field(&self.cell).map_err(plain)
    }

    /// Ends a row.
    pub(super) fn end_row(&mut self) -> io::Result<()> {
        self.rows += 1;
        // An error here is a row with more or fewer cells than the header.
        self.writer.write_record(None::<&[u8]>).map_err(plain)
    }

    /// Ends the CSV. Tells the number of rows under the header.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        self.writer.flush()?;
        Ok(self.rows)
    }
}

/// A number as it stands in a cell: nothing if it is none, and no sign before a zero.
pub(super) fn put(cell: &mut Vec<u8>, format: Format, value: f64) -> io::Result<()> {
    if !value.is_finite() {
        return Ok(());
    }
    let decimals = match format {
        Format::Shortest => return write!(cell, "{}", value + 0.0),
        Format::Whole => 0,
        Format::Decimals(decimals) => decimals,
        Format::Rate => decimals_of_rate(value),
    };
    if value.fract() == 0.0 && value.abs() < WHOLE_BELOW {
        return put_whole(cell, value as i64, decimals);
    }
    let begin = cell.len();
    write!(cell, "{value:.decimals$}")?;
    let is_zero = cell[begin..].iter().all(|c| matches!(c, b'-' | b'0' | b'.'));
    if is_zero && cell[begin] == b'-' {
        cell.remove(begin);
    }
    Ok(())
}

/// Whole numbers below this are written as such. (2^53: beyond, neighbours are further apart.)
const WHOLE_BELOW: f64 = 9_007_199_254_740_992.0;

/// Most figures of a window are whole, and decimals of whole numbers are what the standard library takes longest for: it finds
/// out by long arithmetic that nothing is left.
fn put_whole(cell: &mut Vec<u8>, value: i64, decimals: usize) -> io::Result<()> {
    write!(cell, "{value}")?;
    if decimals > 0 {
        cell.push(b'.');
        cell.resize(cell.len() + decimals, b'0');
    }
    Ok(())
}

/// Cells with which many rows begin or go on, as they stand in the file: each with the comma behind it.
pub(super) fn cells(fill: impl FnOnce(&mut Sheet<'_>) -> io::Result<()>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut sheet = Sheet::without_header(&mut bytes);
    fill(&mut sheet)?;
    sheet.end_row()?;
    sheet.finish()?;
    if let Some(end) = bytes.last_mut() {
        *end = b',';
    }
    Ok(bytes)
}

/// What the system said, without the wrapping that hides of what kind it is.
fn plain(error: csv::Error) -> io::Error {
    if !error.is_io_error() {
        return error.into();
    }
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::OutputError;
    use std::path::Path;

    fn written(fill: impl FnOnce(&mut Sheet<'_>)) -> String {
        let mut bytes = Vec::new();
        let mut sheet = Sheet::new(&mut bytes, &["only", "other"]).unwrap();
        fill(&mut sheet);
        sheet.finish().unwrap();
        String::from_utf8(bytes).unwrap().strip_prefix("only,other\n").unwrap().to_string()
    }

    fn number(format: Format, value: f64) -> String {
        let row = written(|sheet| {
            sheet.number(format, Some(value)).unwrap();
            sheet.count(None).unwrap();
            sheet.end_row().unwrap();
        });
        row.strip_suffix(",\n").unwrap().to_string()
    }

    #[test]
    fn the_unit_in_the_name_decides_the_decimals() {
        assert_eq!(number(Format::of("latency_p99_ms"), 1.23456), "1.235");
        assert_eq!(number(Format::of("hit_ratio"), 1.0 / 3.0), "0.333333");
        assert_eq!(number(Format::of("events_count"), 12_345_678.0), "12345678");
        assert_eq!(number(Format::of("throughput_per_s"), 1999.98765), "1999.988");
        assert_eq!(number(Format::of("throughput_per_s"), 0.000_096_46), "0.0000965");
        assert_eq!(number(Format::of("throughput_per_s"), -0.05), "-0.0500");
        assert_eq!(number(Format::of("throughput_per_s"), 1e-14), "0.000");
        assert_eq!(number(Format::of("t_s"), 1.25), "1.25");
        assert_eq!(number(Format::of("sim_duration_s"), 120.0), "120");
        assert_eq!(number(Format::of_mean("events_count"), 2.5), "2.500");
    }

    #[test]
    fn not_measured_and_not_a_number_are_empty() {
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert_eq!(number(Format::Decimals(3), value), "");
        }
    }

    #[test]
    fn zero_has_no_sign() {
        assert_eq!(number(Format::Decimals(3), -0.0001), "0.000");
        assert_eq!(number(Format::Whole, -0.0), "0");
        assert_eq!(number(Format::Decimals(3), -0.001), "-0.001");
    }

    #[test]
    fn whole_numbers_look_like_others() {
        for value in [0.0, -0.0, 1.0, -7.0, 220.0, 1e15, 2_f64.powi(53) - 1.0, 2_f64.powi(53), 1e300] {
            for decimals in [0, 3, 6] {
                let plain = format!("{value:.decimals$}");
                let expected = if value == 0.0 { plain.trim_start_matches('-') } else { &plain };
                assert_eq!(number(Format::Decimals(decimals), value), expected);
            }
        }
        assert_eq!(number(Format::Shortest, -0.0), "0");
    }

    #[test]
    fn formulas_are_disarmed_and_numbers_are_not() {
        let row = written(|sheet| {
            for (text, value) in [("=1+2", -5.0), ("@x", 5.0), ("a=b", 0.5), ("\tx", 1e9)] {
                sheet.text(text).unwrap();
                sheet.number(Format::Decimals(1), Some(value)).unwrap();
                sheet.end_row().unwrap();
            }
        });
        assert_eq!(row, "'=1+2,-5.0\n'@x,5.0\na=b,0.5\n'\tx,1000000000.0\n");
    }

    #[test]
    fn commas_quotes_and_line_ends_are_quoted() {
        let row = written(|sheet| {
            sheet.text("a,b").unwrap();
            sheet.text("say \"x\"\nthen").unwrap();
            sheet.end_row().unwrap();
        });
        assert_eq!(row, "\"a,b\",\"say \"\"x\"\"\nthen\"\n");
    }

    #[test]
    fn a_row_of_another_length_is_refused() {
        let mut bytes = Vec::new();
        let mut sheet = Sheet::new(&mut bytes, &["only", "other"]).unwrap();
        sheet.text("one").unwrap();
        assert!(sheet.end_row().is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_reported_as_such() {
        let mut full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let at_the_end = Sheet::new(&mut full, &["a"]).and_then(Sheet::finish).unwrap_err();
        let mut sheet = Sheet::new(&mut full, &["a"]).unwrap();
        let mut row = || sheet.text(&"long ".repeat(100)).and_then(|()| sheet.end_row());
        let midway = (0..1_000).find_map(|_| row().err()).expect("more than any buffer takes");
        for error in [at_the_end, midway] {
            let error = OutputError::new(Path::new("summary.csv"), error);
            assert!(matches!(error, OutputError::Full { .. }), "{error}");
        }
    }
}
