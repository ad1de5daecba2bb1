//! CSV traces: a header that names the columns, then one line per row.
//!
//! Line by line instead of with the crate `csv`: a forgotten quote costs one line, not the rest of the file in memory,
//! and every error has its line. A cell may be quoted (RFC 4180) but not hold a line end.

use super::client::client_number;
use super::format::{Fault, Parts, SizeOf, is_status};
use super::number::{nanoseconds, size_bytes};
use crate::random::replay::TraceOp;

/// The cells of one line, unquoted. Reused from line to line.
#[derive(Default)]
pub(super) struct Cells {
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Cells {
    /// Number of cells.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The cells in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|index| self.get(index))
    }

    /// One cell without surrounding blanks.
    pub(super) fn get(&self, index: usize) -> Option<&[u8]> {
        let end = *self.ends.get(index)?;
        let begin = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(self.text[begin..end].trim_ascii())
    }

    /// Takes a line apart at its commas.
    pub(super) fn split(&mut self, line: &[u8]) -> Result<(), Fault> {
        self.text.clear();
        self.ends.clear();
        let mut rest = line;
        loop {
            let after = match rest.strip_prefix(b"\"") {
                Some(quoted) => self.take_quoted(quoted)?,
                None => {
                    let end = rest.iter().position(|&byte| byte == b',').unwrap_or(rest.len());
                    self.text.extend_from_slice(&rest[..end]);
                    &rest[end..]
                }
            };
            self.ends.push(self.text.len());
            match after.split_first() {
                None => return Ok(()),
                Some((b',', next)) => rest = next,
                Some(_) => return Err("text follows a closing quote".into()),
            }
        }
    }

    /// Takes a cell after its opening quote; hands back what follows the closing one.
    fn take_quoted<'a>(&mut self, mut rest: &'a [u8]) -> Result<&'a [u8], Fault> {
        loop {
            let end = rest.iter().position(|&byte| byte == b'"').ok_or("a quote is not closed")?;
            self.text.extend_from_slice(&rest[..end]);
            rest = &rest[end + 1..];
            match rest.strip_prefix(b"\"") {
                Some(after) => {
                    self.text.push(b'"');
                    rest = after;
                }
                None => return Ok(rest),
            }
        }
    }
}

/// Where the known columns are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Layout {
    width: usize,
    key: usize,
    time: Option<usize>,
    size: Option<usize>,
    op: Option<usize>,
    status: Option<usize>,
    client: Option<usize>,
}

/// Nanoseconds from 1970 to a time that nobody has recorded: what is larger is in another unit.
const NO_SECONDS: u128 = 100_000_000_000 * 1_000_000_000;

impl Layout {
    /// Finds the columns by name, in any case; none without a column `key`. Of two columns of one name the first counts.
    pub(super) fn of(header: &Cells) -> Option<Self> {
        let find = |name: &str| header.iter().position(|cell| cell.eq_ignore_ascii_case(name.as_bytes()));
        Some(Self {
            width: header.len(),
            key: find("key")?,
            time: find("time"),
            size: find("size"),
            op: find("op"),
            status: find("status"),
            // An address says more than a number: it has a place on the map.
            client: find("client_ip").or_else(|| find("client")),
        })
    }

    /// Says so of a column that seems to be one of ours under another name, and is not looked at.
    pub(super) fn doubt(&self, header: &Cells) -> Option<String> {
        let lacks = |ours: &str| match ours {
            "time" => self.time.is_none(),
            "size" => self.size.is_none(),
            "op" => self.op.is_none(),
            _ => self.client.is_none(),
        };
        let named = |name: &str| header.iter().any(|cell| cell.eq_ignore_ascii_case(name.as_bytes()));
        let (name, ours) = OTHER_NAMES.iter().find(|(name, ours)| lacks(ours) && named(name))?;
        Some(format!("its column `{name}` is not looked at; name it `{ours}` if it is that"))
    }

    /// Reads the known cells of a row.
    pub(super) fn parts<'a>(&self, cells: &'a Cells) -> Result<Parts<'a>, Fault> {
        if cells.len() != self.width {
            return Err(format!("it has {} cells where the header has {}", cells.len(), self.width).into());
        }
        let cell = |column: Option<usize>| {
            column.and_then(|column| cells.get(column)).filter(|cell| !cell.is_empty())
        };
        let key = cell(Some(self.key)).ok_or("the key is empty")?;
        let time_ns = cell(self.time)
            .map(|text| nanoseconds(text).ok_or("the time is not a decimal number of seconds"))
            .transpose()?;
        if time_ns.is_some_and(|time| time.unsigned_abs() >= NO_SECONDS) {
            return Err("its time is beyond the year 5000 in seconds since 1970; are these milliseconds? Divide by 1000".into());
        }
        let size =
            cell(self.size).map(|text| size_bytes(text).ok_or("the size is not a whole number of bytes"));
        // (What caches call a status, HIT and MISS, says nothing of sizes.)
        let status = cell(self.status).filter(|status| is_status(status));
        let op = cell(self.op).map_or(Ok(TraceOp::Get), op_named)?;
        let method = cell(self.op).map_or(&b"GET"[..], method);
        Ok(Parts {
            // (Beside a write stands what it sends, whatever is answered.)
            size: status
                .filter(|_| op != TraceOp::Set)
                .map_or(SizeOf::Told, |status| SizeOf::answer(method, status)),
            time_ns,
            key,
            bytes: size.transpose()?.unwrap_or(0),
            client: cell(self.client).map_or(0, client_number),
            op,
        })
    }

    /// A shell command that sorts such a file and keeps its header.
    pub(super) fn sort_command(&self) -> String {
        let column = self.time.map_or(1, |column| column + 1);
        format!("(head -n 1 FILE; tail -n +2 FILE | sort -s -t, -k{column},{column}g)")
    }
}

/// What others call our columns.
const OTHER_NAMES: [(&str, &str); 18] = [
    ("user", "client"),
    ("user_id", "client"),
    ("uid", "client"),
    ("ip", "client_ip"),
    ("remote_addr", "client_ip"),
    ("timestamp", "time"),
    ("ts", "time"),
    ("date", "time"),
    ("datetime", "time"),
    ("bytes", "size"),
    ("length", "size"),
    ("object_size", "size"),
    ("value_size", "size"),
    ("method", "op"),
    ("operation", "op"),
    ("verb", "op"),
    ("cmd", "op"),
    ("command", "op"),
];

/// Names of operations, as caches, web servers, databases and traces of block devices write them.
const GETS: [&str; 12] =
    ["get", "head", "read", "gets", "mget", "gat", "select", "scan", "query", "fetch", "r", "rs"];
const SETS: [&str; 23] = [
    "set", "put", "post", "patch", "delete", "write", "add", "replace", "cas", "append", "prepend", "incr",
    "decr", "insert", "update", "remove", "del", "unlink", "upsert", "store", "setex", "w", "ws",
];
/// What neither reads nor writes; it asks like a read.
const OTHERS: [&str; 4] = ["options", "connect", "trace", "touch"];

/// The method of HTTP that an operation would be: reads are GET, whatever they are called.
fn method(op: &[u8]) -> &[u8] {
    let is_head = op.eq_ignore_ascii_case(b"head");
    if op_named(op) == Ok(TraceOp::Get) && !is_head { b"GET" } else { op }
}

/// The operation of a name.
fn op_named(name: &[u8]) -> Result<TraceOp, Fault> {
    let is_in = |names: &[&str]| names.iter().any(|other| name.eq_ignore_ascii_case(other.as_bytes()));
    match () {
        () if is_in(&GETS) => Ok(TraceOp::Get),
        () if is_in(&SETS) => Ok(TraceOp::Set),
        () if is_in(&OTHERS) => Ok(TraceOp::Other),
        () => Err(format!(
            "the operation `{}` is not known (reads: {}; writes: {})",
            String::from_utf8_lossy(name),
            GETS.join(", "),
            SETS.join(", ")
        )
        .into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cells(line: &str) -> Result<Cells, Fault> {
        let mut cells = Cells::default();
        cells.split(line.as_bytes()).map(|()| cells)
    }

    fn layout(header: &str) -> Layout {
        Layout::of(&cells(header).expect("a header")).expect("a key")
    }

    #[test]
    fn columns_are_found_by_name_in_any_order_and_case() {
        let header = layout("op,\"Key\", SIZE ,other,client,client_ip,time");
        let row = cells("SET,\"a,\"\"b\"\"\",12,x,7,1.2.3.4,0.5").expect("a row");
        let expected = Parts {
            size: SizeOf::Told,
            time_ns: Some(500_000_000),
            key: b"a,\"b\"",
            bytes: 12,
            client: 0x0102_0304,
            op: TraceOp::Set,
        };
        assert_eq!(header.parts(&row), Ok(expected));
    }

    #[test]
    fn a_status_says_what_a_size_is_of() {
        let header = layout("key,size,op,status");
        let of = |row: &str| header.parts(&cells(row).expect("a row")).expect("a line").size;
        for (row, size) in [
            ("5,100,get,200", SizeOf::Whole),
            ("5,100,read,200", SizeOf::Whole),
            ("5,100,,200", SizeOf::Whole),
            ("5,0,get,304", SizeOf::Nothing),
            ("5,100,HEAD,200", SizeOf::Nothing),
            ("5,100,put,200", SizeOf::Told),
            ("5,100,get,206", SizeOf::Other),
            ("5,100,options,200", SizeOf::Other),
            ("5,300,get,404", SizeOf::Error),
            ("5,100,get,", SizeOf::Told),
            ("5,100,get,HIT", SizeOf::Told),
        ] {
            assert_eq!(of(row), size, "{row}");
        }
    }

    #[test]
    fn milliseconds_are_no_seconds() {
        let of =
            |time: &str| layout("time,key").parts(&cells(&format!("{time},5")).expect("a row")).map(|_| ());
        assert_eq!(of("1714557600"), Ok(()));
        assert!(of("1714557600000").is_err_and(|fault| fault.contains("milliseconds")));
    }

    #[test]
    fn all_columns_but_the_key_may_be_missing_or_empty() {
        let expected =
            Parts { time_ns: None, key: b"5", bytes: 0, size: SizeOf::Told, client: 0, op: TraceOp::Get };
        assert_eq!(layout("key").parts(&cells("5").expect("a row")), Ok(expected));
        let expected =
            Parts { time_ns: None, key: b"5", bytes: 0, size: SizeOf::Told, client: 0, op: TraceOp::Get };
        assert_eq!(layout("time,key,size,op,client").parts(&cells(",5,,,").expect("a row")), Ok(expected));
        assert_eq!(Layout::of(&cells("time,keys").expect("a header")), None);
        let doubt = |header: &str| {
            let header = cells(header).expect("a header");
            Layout::of(&header).expect("a key").doubt(&header)
        };
        assert!(
            doubt("time,key,User").is_some_and(|text| text.contains("`user`") && text.contains("`client`"))
        );
        assert_eq!((doubt("time,key,client,user"), doubt("time,key,colour")), (None, None));
    }

    #[test]
    fn faults_say_what_is_wrong() {
        let header = layout("time,key,size");
        let fault = |line| cells(line).and_then(|cells| header.parts(&cells).map(|_| ())).expect_err(line);
        assert_eq!(fault("1,2"), "it has 2 cells where the header has 3");
        assert_eq!(fault("1,,3"), "the key is empty");
        assert_eq!(fault("x,2,3"), "the time is not a decimal number of seconds");
        assert_eq!(fault("1,2,-3"), "the size is not a whole number of bytes");
        assert_eq!(fault("1,\"2,3"), "a quote is not closed");
        assert_eq!(fault("1,\"2\"x,3"), "text follows a closing quote");
    }

    #[test]
    fn operations_are_known_by_their_usual_names() {
        for (name, op) in [
            ("GET", TraceOp::Get),
            ("head", TraceOp::Get),
            ("POST", TraceOp::Set),
            ("cas", TraceOp::Set),
            ("W", TraceOp::Set),
            ("OPTIONS", TraceOp::Other),
        ] {
            assert_eq!(op_named(name.as_bytes()), Ok(op), "{name}");
        }
        let unknown = op_named(b"put_object").expect_err("no read in silence");
        assert!(unknown.starts_with("the operation `put_object` is not known (reads: get,"), "{unknown}");
    }

    #[test]
    fn the_sort_command_names_the_time_column() {
        assert!(layout("key,time").sort_command().ends_with("-k2,2g)"));
    }

    proptest! {
        #[test]
        fn what_the_crate_csv_writes_is_read_alike(row in prop::collection::vec("[a-c,\" é]{0,6}", 1..6)) {
            let mut writer = csv::Writer::from_writer(Vec::new());
            writer.write_record(&row).expect("memory takes it");
            let line = String::from_utf8(writer.into_inner().expect("flushes")).expect("text");
            let cells = cells(line.trim_end_matches('\n')).expect("well formed");
            let read: Vec<&[u8]> = cells.iter().collect();
            let expected: Vec<&[u8]> = row.iter().map(|cell| cell.as_bytes().trim_ascii()).collect();
            prop_assert_eq!(read, expected);
        }

        #[test]
        fn any_bytes_are_answered(line: Vec<u8>) {
            let mut cells = Cells::default();
            if cells.split(&line).is_ok() {
                prop_assert_eq!(cells.iter().count(), cells.len());
            }
        }
    }
}
