//! Reads a trace file from its beginning to its end or limit.

use super::error::{TraceError, shown};
use super::format::{Fault, Format, Parts, SizeOf};
use super::keys::KeyNumbers;
use super::order::Order;
use super::source::{Advance, Source};
use super::store::{MEMORY_ROWS, StoreWriter};
use super::trace::{AS_ITS_KEY, ELSE_AN_ERROR, LARGEST, Trace, Weight};
use super::{OnError, TraceFileOptions};
use crate::random::replay::{TraceOp, TraceRow};
use foldhash::fast::FixedState;
use std::collections::HashSet;
use std::path::Path;
use std::sync::OnceLock;

const SECOND_NS: u64 = 1_000_000_000;

/// Reads a trace: CSV with a header (`key`, and any of `time`, `size`, `op`, `client` or `client_ip`; other columns are
/// ignored) or an access log (common, combined), plain or gzip.
///
/// Times become nanoseconds from the first row. The resolution is 1 s if all time stamps are whole seconds, else the
/// smallest decimal place used (0.1 s, ... 1 ms, ... 1 ns). Rows either all have a time or all have none. Keys are
/// renumbered densely in order of first appearance in the file. If bad lines are to be skipped, rows that are out of order are put in order, as long as
/// they are no more than 10,000 lines from their place. A size not told is 0 bytes, an operation not told a read. A log tells sizes of answers:
/// those of whole ones (GET, 200) are sizes of what their URL stands for, and hold for rows that were answered otherwise as well.
///
/// # Errors
/// [`TraceError`] if the file is missing, unreadable, a folder, empty, binary, damaged or of no known format; at the
/// first line that is malformed or goes back in time unless such lines are to be skipped; if no line is left; or
/// if rows beyond the first million do not fit on the disk.
pub fn open_trace(path: &Path, options: TraceFileOptions) -> Result<Trace, TraceError> {
    load(Source::open(path)?, options, StoreWriter::new(MEMORY_ROWS, tempfile::tempfile))
}

fn load(mut source: Source, options: TraceFileOptions, store: StoreWriter) -> Result<Trace, TraceError> {
    if options.limit == Some(0) {
        return Err(TraceError::ZeroLimit { path: source.path().into() });
    }
    let mut format = Format::detect(&mut source)?;
    let mut loader = Loader::new(options, store);
    while loader.wants_more() {
        let problem = match source.advance()? {
            Advance::End => break,
            Advance::Line => match format.parse(source.line()) {
                Ok(parts) => loader.accept(&parts).err(),
                Err(fault) => Some(Problem::Malformed(fault)),
            },
            Advance::TooLong => Some(Problem::Malformed("the line is longer than 1 MiB".into())),
        };
        if let Some(problem) = problem {
            loader.reject(problem, &source, &format)?;
        }
    }
    loader.finish(&source, format)
}

/// Why a line is not taken.
enum Problem {
    Malformed(Fault),
    Unsorted { back_ns: i128 },
    Spool(std::io::Error),
}

/// What is known after the lines read so far.
struct Loader {
    options: TraceFileOptions,
    store: StoreWriter,
    keys: KeyNumbers,
    /// Whether rows have times, once the first row has told.
    timed: Option<bool>,
    origin_ns: i128,
    last_ns: u64,
    resolution_ns: u64,
    writes: u64,
    /// What a log has told of each key so far.
    weights: Vec<Weight>,
    /// Counted, never iterated.
    clients: HashSet<u32, FixedState>,
    /// Rows that may still change places, if bad lines are left out.
    order: Order,
    skipped: u64,
    /// Those of them that were too far from their place.
    late: u64,
    /// Lines of a log whose answer had no body, and such as failed.
    without_body: u64,
    errors: u64,
    first_error: Option<TraceError>,
}

impl Loader {
    fn new(options: TraceFileOptions, store: StoreWriter) -> Self {
        Self {
            order: Order::default(),
            late: 0,
            options,
            store,
            keys: KeyNumbers::default(),
            timed: None,
            origin_ns: 0,
            last_ns: 0,
            resolution_ns: SECOND_NS,
            writes: 0,
            weights: Vec::new(),
            clients: HashSet::with_hasher(FixedState::with_seed(0)),
            skipped: 0,
            without_body: 0,
            errors: 0,
            first_error: None,
        }
    }

    fn wants_more(&self) -> bool {
        self.options.limit.is_none_or(|limit| self.store.len() + self.order.len() < limit)
    }

    /// Takes a row, or leaves everything as it was.
    fn accept(&mut self, parts: &Parts<'_>) -> Result<(), Problem> {
        let is_first = self.timed.is_none();
        let timed = *self.timed.get_or_insert(parts.time_ns.is_some());
        let malformed = |what: &str| Err(Problem::Malformed(what.to_string().into()));
        let time = match parts.time_ns {
            None if timed => return malformed("it has no time, unlike the rows before it"),
            Some(_) if !timed => return malformed("it has a time, unlike the rows before it"),
            time => time,
        };
        if let Some(time) = time.filter(|_| is_first) {
            self.origin_ns = time;
        }
        self.check(time)?;
        let key = self.keys.number(parts.key);
        let bytes = self.size(key, parts);
        let row = TraceRow { time_ns: 0, key, bytes, client: parts.client, op: parts.op };
        match time.filter(|_| self.sorts()) {
            None => self.keep(time, row),
            Some(time) => match self.order.push(time, row) {
                Some((time, row)) => self.keep(Some(time), row),
                None => Ok(()),
            },
        }
    }

    /// Whether rows that are a little out of order are put in order.
    fn sorts(&self) -> bool {
        self.options.on_error == OnError::Skip
    }

    /// That the time of a row is not before what has been kept, nor ages after it.
    fn check(&self, time: Option<i128>) -> Result<(), Problem> {
        let Some(time) = time else { return Ok(()) };
        // Both come from at most 37 digits, far from the bounds of i128.
        let back_ns = match self.sorts() {
            true => self.order.too_late(time).unwrap_or(0),
            false => self.origin_ns + i128::from(self.last_ns) - time,
        };
        if back_ns > 0 {
            return Err(Problem::Unsorted { back_ns });
        }
        if (time - self.origin_ns).unsigned_abs() > u128::from(u64::MAX) / 2 {
            return Err(Problem::Malformed("its time is more than 292 years from the first row's".into()));
        }
        Ok(())
    }

    /// The next row in order.
    fn keep(&mut self, time: Option<i128>, row: TraceRow) -> Result<(), Problem> {
        if let Some(time) = time.filter(|_| self.store.len() == 0) {
            self.origin_ns = time;
            self.refine_resolution((time.unsigned_abs() % u128::from(SECOND_NS)) as u64);
        }
        let time_ns = time.map_or(0, |time| u64::try_from(time - self.origin_ns).expect("checked"));
        self.refine_resolution(time_ns);
        self.store.push(TraceRow { time_ns, ..row }).map_err(Problem::Spool)?;
        self.last_ns = time_ns;
        self.writes += u64::from(row.op == TraceOp::Set);
        if row.client != 0 {
            self.clients.insert(row.client);
        }
        Ok(())
    }

    /// The size of what a row's key stands for. A log tells it if the answer was all of that; else it is what another row tells.
    fn size(&mut self, key: u64, parts: &Parts<'_>) -> u32 {
        self.without_body += u64::from(parts.size == SizeOf::Nothing);
        self.errors += u64::from(parts.size == SizeOf::Error);
        if parts.size == SizeOf::Told {
            return parts.bytes.min(LARGEST);
        }
        let index = key as usize;
        if index >= self.weights.len() {
            self.weights.resize((index + 1).next_power_of_two(), Weight::default());
        }
        let weight = &mut self.weights[index];
        match parts.size {
            SizeOf::Whole => weight.whole = parts.bytes,
            SizeOf::Error => weight.error = parts.bytes,
            SizeOf::Told | SizeOf::Nothing | SizeOf::Other => {}
        }
        match parts.size {
            SizeOf::Told | SizeOf::Whole => parts.bytes.min(LARGEST),
            _ if weight.whole > 0 => weight.whole,
            SizeOf::Error => ELSE_AN_ERROR,
            SizeOf::Nothing | SizeOf::Other => AS_ITS_KEY,
        }
    }

    /// The resolution is the largest power of ten up to a second that divides all stamps: those of the first row and
    /// all distances from it.
    fn refine_resolution(&mut self, stamp_ns: u64) {
        while !stamp_ns.is_multiple_of(self.resolution_ns) {
            self.resolution_ns /= 10;
        }
    }

    /// Refuses the file, or counts the line if bad lines are to be skipped.
    fn reject(&mut self, problem: Problem, source: &Source, format: &Format) -> Result<(), TraceError> {
        let fatal = matches!(problem, Problem::Spool(_)) || self.options.on_error == OnError::Fail;
        if fatal {
            return Err(explain(problem, source, format));
        }
        self.skipped += 1;
        self.late += u64::from(matches!(problem, Problem::Unsorted { .. }));
        if self.first_error.is_none() {
            self.first_error = Some(explain(problem, source, format));
        }
        Ok(())
    }

    fn finish(mut self, source: &Source, format: Format) -> Result<Trace, TraceError> {
        while let Some((time, row)) = self.order.pop() {
            self.keep(Some(time), row).map_err(|problem| explain(problem, source, &format))?;
        }
        if self.store.len() == 0 {
            return Err(self.nothing(source, format));
        }
        let doubt = match format {
            Format::Csv { ref doubt, .. } => doubt.clone(),
            Format::AccessLog => None,
        };
        let otherwise = self.otherwise();
        let store = self.store.finish().map_err(|cause| explain(Problem::Spool(cause), source, &format))?;
        Ok(Trace {
            doubt,
            otherwise,
            store,
            resolution_ns: self.resolution_ns,
            has_times: self.timed == Some(true),
            key_count: self.keys.count(),
            span_ns: self.last_ns,
            writes: self.writes,
            client_count: self.clients.len() as u64,
            weights: self.weights,
            skipped: self.skipped,
            late: self.late,
            displaced: self.order.displaced(),
            first_error: self.first_error,
            read_failure: OnceLock::new(),
        })
    }

    /// What comes otherwise than the log has it: everybody gets an answer here, and all of it.
    fn otherwise(&self) -> Option<String> {
        let rows = self.store.len() as f64;
        let told = [(self.errors, "4xx or 5xx"), (self.without_body, "HEAD or 304, which have no body")];
        let many = told.iter().map(|(count, what)| (100.0 * *count as f64 / rows, what));
        let many: Vec<String> = many
            .filter(|(share, _)| *share >= 1.0)
            .map(|(share, what)| format!("{share:.0} % are {what}"))
            .collect();
        (!many.is_empty()).then(|| {
            let what = many.join(", and ");
            format!("of its answers {what}; here every line is answered, and a read with all that its URL weighs: what is sent, and its price, come out higher than the log has them")
        })
    }

    /// Why there is no row at all.
    fn nothing(self, source: &Source, format: Format) -> TraceError {
        let path = source.path().into();
        match (self.first_error, format) {
            (Some(first), _) => TraceError::NothingUsable { skipped: self.skipped, first: Box::new(first) },
            (None, Format::Csv { header_line, header, .. }) => {
                TraceError::NoRows { path, line: header_line, text: header }
            }
            (None, Format::AccessLog) => TraceError::Empty { path },
        }
    }
}

fn explain(problem: Problem, source: &Source, format: &Format) -> TraceError {
    let (path, line, text) = (source.path().into(), source.number(), shown(source.line()));
    match problem {
        Problem::Malformed(reason) => TraceError::Malformed { path, line, reason, text },
        Problem::Unsorted { back_ns } => TraceError::Unsorted {
            path,
            line,
            back_s: back_ns as f64 / 1e9,
            text,
            sort: format.sort_command(),
        },
        Problem::Spool(cause) => TraceError::Spool { path, line, folder: std::env::temp_dir(), cause },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::replay::TraceRows;
    use proptest::prelude::*;
    use std::io::Write;

    const CSV: &str = "time,key,size,op\n0,/a,10,get\n0.5,/b,20,set\n0.5,/a,,get\n2,7,40,head\n";
    const LOG: &str = concat!(
        "1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] \"GET /a?x=1 HTTP/1.0\" 200 10\n",
        "h - - [10/Oct/2000:20:55:36 +0000] \"POST /b HTTP/1.1\" 200 20 \"-\" \"agent\"\n",
        "1.2.3.4 - - [10/Oct/2000:13:55:38 -0700] \"GET /a?x=1 HTTP/1.0\" 304 -\n",
    );
    const SKIP: TraceFileOptions = TraceFileOptions { on_error: OnError::Skip, limit: None };

    fn open(text: &[u8], options: TraceFileOptions) -> Result<Trace, TraceError> {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        file.write_all(text).expect("there is room");
        open_trace(file.path(), options)
    }

    fn rows(trace: &Trace) -> Vec<TraceRow> {
        let mut rows = Vec::new();
        trace.read(0, &mut rows, usize::MAX);
        rows
    }

    fn message(text: &str) -> String {
        open(text.as_bytes(), TraceFileOptions::default()).expect_err("refused").to_string()
    }

    /// Two errors, a HEAD and a 304 of twenty lines: what is sent here is more than was sent then.
    #[test]
    fn a_log_tells_what_comes_otherwise() {
        let line = |request: &str, status: u32| {
            format!("1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] \"{request} / HTTP/1.1\" {status} 100\n")
        };
        let log = |odd: String| -> Option<String> {
            let text = format!("{odd}{}", line("GET", 200).repeat(16));
            open(text.as_bytes(), TraceFileOptions::default()).unwrap().otherwise
        };
        let odd = [line("GET", 404), line("GET", 500), line("HEAD", 200), line("GET", 304)].concat();
        let said = log(odd).unwrap();
        assert!(said.contains("10 % are 4xx or 5xx, and 10 % are HEAD or 304"), "{said}");
        assert!(log(line("HEAD", 200)).unwrap().starts_with("of its answers 6 % are HEAD or 304"));
        assert_eq!(log(line("GET", 206).repeat(4)), None);
    }

    /// Sizes of what a URL stands for: not of nothing, of a head, of a part, of the answer to a form, or of an error, if it is known.
    #[test]
    fn a_log_tells_sizes_by_its_whole_answers() {
        let line = |request: &str, rest: &str| {
            format!("1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] \"{request} HTTP/1.0\" {rest}\n")
        };
        let log: String = [
            ("GET /a", "304 -"),
            ("GET /a", "200 500"),
            ("HEAD /a", "200 0"),
            ("GET /a", "206 7"),
            ("POST /a", "200 9"),
            ("GET /a", "500 77"),
            ("GET /a", "200 600"),
            ("GET /a", "304 -"),
            ("GET /none", "404 88"),
            ("GET /b", "304 -"),
            ("GET /c", "503 20"),
            ("GET /c", "304 -"),
            ("GET /c", "200 900"),
            ("GET /c", "404 30"),
        ]
        .map(|(request, rest)| line(request, rest))
        .concat();
        let trace = open(log.as_bytes(), TraceFileOptions::default()).expect("well formed");
        let sizes: Vec<u32> = rows(&trace).iter().map(|row| row.bytes).collect();
        assert_eq!(sizes, [600, 500, 500, 500, 500, 500, 600, 600, 88, 0, 900, 900, 900, 900]);
    }

    #[test]
    fn the_largest_size_is_no_mark() {
        let csv = format!("time,key,size,op\n0,1,{},get\n1,1,{},get\n2,2,7,get\n", u32::MAX, u32::MAX - 1);
        let trace = open(csv.as_bytes(), TraceFileOptions::default()).expect("well formed");
        let sizes: Vec<u32> = rows(&trace).iter().map(|row| row.bytes).collect();
        assert_eq!(sizes, [LARGEST, LARGEST, 7]);
    }

    #[test]
    fn a_csv_trace_is_read() {
        let trace = open(CSV.as_bytes(), TraceFileOptions::default()).expect("well formed");
        let row = |time_ns, key, bytes, op| TraceRow { time_ns, key, bytes, client: 0, op };
        let expected = [
            row(0, 0, 10, TraceOp::Get),
            row(500_000_000, 1, 20, TraceOp::Set),
            row(500_000_000, 0, 0, TraceOp::Get),
            row(2_000_000_000, 2, 40, TraceOp::Get),
        ];
        assert_eq!(rows(&trace), expected);
        assert_eq!((trace.len(), trace.key_count(), trace.span_ns()), (4, 3, 2_000_000_000));
        assert_eq!((trace.resolution_ns(), trace.write_share(), trace.skipped()), (100_000_000, 0.25, 0));
        assert!(trace.has_times() && trace.first_error().is_none() && trace.read_failure().is_none());
    }

    #[test]
    fn an_access_log_is_read_with_its_zones() {
        let trace = open(LOG.as_bytes(), TraceFileOptions::default()).expect("well formed");
        let seconds: Vec<u64> = rows(&trace).iter().map(|row| row.time_ns / SECOND_NS).collect();
        let keys: Vec<u64> = rows(&trace).iter().map(|row| row.key).collect();
        assert_eq!((seconds, keys), (vec![0, 0, 2], vec![0, 1, 0]));
        assert_eq!((trace.resolution_ns(), rows(&trace)[0].client), (SECOND_NS, 0x0102_0304));
        assert_eq!(rows(&trace)[1].op, TraceOp::Set);
    }

    #[test]
    fn gzip_is_known_by_its_content() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(CSV.as_bytes()).expect("memory takes it");
        let packed =
            open(&encoder.finish().expect("memory takes it"), TraceFileOptions::default()).expect("gzip");
        let plain = open(CSV.as_bytes(), TraceFileOptions::default()).expect("plain");
        assert_eq!(rows(&packed), rows(&plain));
    }

    #[test]
    fn the_resolution_is_the_smallest_decimal_place() {
        for (times, resolution_ns) in [
            ("0\n3\n3.000", SECOND_NS),
            ("0.5\n1.5", 100_000_000),
            ("1438387200.123\n1438387201.123", 1_000_000),
            ("0\n0.0004", 100_000),
            ("0\n0.000000001", 1),
        ] {
            let text: String = times.lines().fold("time,key\n".into(), |text, time| text + time + ",1\n");
            let trace = open(text.as_bytes(), TraceFileOptions::default()).expect("well formed");
            assert_eq!(trace.resolution_ns(), resolution_ns, "{times}");
            assert_eq!(rows(&trace)[0].time_ns, 0, "times count from the first row");
        }
    }

    #[test]
    fn a_trace_without_times_says_so() {
        for text in ["key\n5\n6\n", "time,key\n,5\n,6\n"] {
            let trace = open(text.as_bytes(), TraceFileOptions::default()).expect("well formed");
            assert!(!trace.has_times());
            assert_eq!((trace.span_ns(), rows(&trace)[1].time_ns), (0, 0));
        }
        assert!(message("time,key\n1,5\n,6\n").contains("line 3: it has no time, unlike the rows before it"));
        assert!(message("time,key\n,5\n1,6\n").contains("line 3: it has a time, unlike the rows before it"));
    }

    #[test]
    fn a_limit_ends_the_reading_before_later_errors() {
        let text = format!("{CSV}broken\n");
        let limited = TraceFileOptions { limit: Some(4), ..TraceFileOptions::default() };
        assert_eq!(open(text.as_bytes(), limited).expect("not read so far").len(), 4);
        let none = TraceFileOptions { limit: Some(0), ..TraceFileOptions::default() };
        assert!(matches!(open(CSV.as_bytes(), none), Err(TraceError::ZeroLimit { .. })));
    }

    #[test]
    fn messages_name_line_text_and_remedy() {
        for (text, expected) in [
            ("", "the trace file is empty"),
            (" \n\r\n", "the trace file is empty"),
            ("time,key\n", "line 1: no rows follow the header `time,key`"),
            ("time,keys\n1,2\n", "no column is named `key`; found `time`, `keys`, in `time,keys`"),
            ("hello\n", "line 1: no column is named `key`; found `hello`"),
            (
                "time,key\n1,2\nx,3\n",
                "line 3: the time is not a decimal number of seconds: `x,3`; correct the line",
            ),
            (
                "key,time\n1,5.5\n2,4\n",
                "line 3: the time goes back by 1.5 s: `2,4`; sort the file by time first ((head",
            ),
            ("key,time\n1,0\n2,99999999999\n", "more than 292 years"),
            ("key\n1\na\0b\n", "line 3: this is not text but binary data"),
        ] {
            let message = message(text);
            assert!(message.contains(expected), "{message}");
        }
        assert!(message(&format!("{LOG}{LOG}")).contains("line 4: the time goes back by 2 s"));
        assert!(
            message(&format!("{LOG}{CSV}"))
                .contains("line 4: it has no host before a blank: `time,key,size,op`")
        );
        let late_nul = format!("key\n{}a\0b\n", "1\n".repeat(40_000));
        assert!(message(&late_nul).contains("line 40002: it holds a NUL byte"));
    }

    #[test]
    fn skipped_lines_are_counted_and_the_first_is_kept() {
        let text = "time,key\nx,1\n5,a\n4,b\n5\n6,a\n";
        let trace = open(text.as_bytes(), SKIP).expect("three rows are good");
        assert_eq!((trace.len(), trace.skipped(), trace.key_count()), (3, 2, 2));
        assert_eq!(trace.displaced, Some((1, SECOND_NS)), "one is put in its place");
        let times: Vec<u64> = rows(&trace).iter().map(|row| row.time_ns / SECOND_NS).collect();
        assert_eq!(times, [0, 1, 2]);
        let first = trace.first_error().expect("two are bad");
        assert!(matches!(first, TraceError::Malformed { line: 2, .. }), "{first}");
        let error = open(b"time,key\nx,1\ny,2\n", SKIP).expect_err("no line is good");
        assert!(matches!(error, TraceError::NothingUsable { skipped: 2, .. }), "{error}");
        assert!(error.to_string().contains("line 2"), "{error}");
    }

    #[test]
    fn an_access_log_may_begin_with_a_bad_line() {
        let text = format!("garbage\n{LOG}");
        let trace = open(text.as_bytes(), SKIP).expect("three rows are good");
        assert_eq!((trace.len(), trace.skipped()), (3, 1));
        assert!(message(&text).contains("line 1: it has no host before a blank: `garbage`"));
    }

    #[test]
    fn rows_beyond_memory_are_spooled_and_a_full_disk_is_told() {
        let text: String =
            (0..3_000).fold("time,key\n".into(), |text, i| text + format!("{i},{}\n", i % 7).as_str());
        let load_with = |store| {
            let reader = Box::new(std::io::Cursor::new(text.clone().into_bytes()));
            load(Source::from_reader(Path::new("t.csv"), reader)?, SKIP, store)
        };
        let all = load_with(StoreWriter::new(MEMORY_ROWS, tempfile::tempfile)).expect("well formed");
        let spooled = load_with(StoreWriter::new(100, tempfile::tempfile)).expect("well formed");
        assert_eq!(rows(&all), rows(&spooled));
        if cfg!(target_os = "linux") {
            let full = || std::fs::File::options().write(true).open("/dev/full");
            let error = load_with(StoreWriter::new(100, full)).expect_err("no room");
            assert!(matches!(error, TraceError::Spool { line: 400.., .. }), "{error}");
        }
    }

    /// What every trace promises, however bad its file.
    fn keeps_its_promises(text: &[u8]) -> Result<(), TestCaseError> {
        for options in [TraceFileOptions::default(), SKIP, TraceFileOptions { limit: Some(2), ..SKIP }] {
            let reader = Box::new(std::io::Cursor::new(text.to_vec()));
            let store = StoreWriter::new(3, tempfile::tempfile);
            let loaded =
                Source::from_reader(Path::new("t"), reader).and_then(|source| load(source, options, store));
            let Ok(trace) = loaded else { continue };
            let rows = rows(&trace);
            prop_assert!(!rows.is_empty() && rows.len() as u64 == trace.len());
            prop_assert!(rows.is_sorted_by_key(|row| row.time_ns) && rows[0].time_ns == 0);
            prop_assert_eq!(rows[rows.len() - 1].time_ns, trace.span_ns());
            prop_assert!(rows.iter().all(|row| row.time_ns % trace.resolution_ns() == 0));
            let mut next = 0;
            for row in &rows {
                let in_order = options.on_error == OnError::Skip || row.key <= next;
                prop_assert!(in_order, "keys are dense in order of first appearance");
                next = next.max(row.key + 1);
            }
            prop_assert_eq!(next, trace.key_count());
            prop_assert_eq!(trace.skipped() > 0, trace.first_error().is_some());
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes: Vec<u8>, gzip: bool) {
            let text = if gzip { [&[0x1f, 0x8b, 8, 0][..], &bytes].concat() } else { bytes };
            keeps_its_promises(&text)?;
        }

        #[test]
        fn random_cells_never_panic(lines in prop::collection::vec("[0-9ex,.\"a -]{0,12}", 0..30)) {
            keeps_its_promises(format!("time,key,size\n{}", lines.join("\n")).as_bytes())?;
        }

        #[test]
        fn mutated_files_never_panic(
            log: bool, packed: bool, cut in 0.0f64..1.2,
            changes in prop::collection::vec((0.0f64..1.0, any::<u8>()), 0..6),
        ) {
            let mut text = if log { LOG } else { CSV }.as_bytes().to_vec();
            if packed {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(&text).expect("memory takes it");
                text = encoder.finish().expect("memory takes it");
            }
            for (place, byte) in changes {
                let at = (place * text.len() as f64) as usize;
                text[at] = byte;
            }
            text.truncate((cut * text.len() as f64) as usize);
            keeps_its_promises(&text)?;
        }
    }
}
