//! Tells the formats apart and turns a line into a row of its parts.

use super::access_log;
use super::csv::{Cells, Layout};
use super::error::{TraceError, shown};
use super::source::{Advance, Source};
use crate::random::replay::TraceOp;
use std::borrow::Cow;

/// Why a line is no row.
pub(super) type Fault = Cow<'static, str>;

/// What the size in a line is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SizeOf {
    /// What the line says.
    Told,
    /// What the key stands for, which was sent as a whole.
    Whole,
    /// An error, sent in its place.
    Error,
    /// Nothing: it was not modified, or only the head was wanted.
    Nothing,
    /// A part of it, or the answer to a write.
    Other,
}

impl SizeOf {
    /// What the size beside a status is of (RFC 9110, 15): what was asked for is sent as a whole with 200, in answer to GET.
    pub(super) fn answer(method: &[u8], status: &[u8]) -> Self {
        match status[0] {
            b'4' | b'5' => SizeOf::Error,
            _ if method.eq_ignore_ascii_case(b"HEAD") || status == b"304" => SizeOf::Nothing,
            _ if method.eq_ignore_ascii_case(b"GET") && status == b"200" => SizeOf::Whole,
            _ => SizeOf::Other,
        }
    }
}

/// Whether it is a status of HTTP.
pub(super) fn is_status(text: &[u8]) -> bool {
    text.len() == 3 && text.iter().all(u8::is_ascii_digit)
}

/// What a line says; the key is not yet numbered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parts<'a> {
    /// Nanoseconds from the source's own origin; none if the line tells no time.
    pub time_ns: Option<i128>,
    pub key: &'a [u8],
    pub bytes: u32,
    /// What the size is of.
    pub size: SizeOf,
    pub client: u32,
    pub op: TraceOp,
}

/// The format of a file, with what its header said.
pub(super) enum Format {
    Csv { layout: Layout, cells: Cells, header_line: u64, header: String, doubt: Option<String> },
    AccessLog,
}

impl Format {
    /// Finds the format by the file's beginning and reads the header, if the format has one.
    pub(super) fn detect(source: &mut Source) -> Result<Self, TraceError> {
        let mut cells = Cells::default();
        let first = source.sample_lines().find(|line| !line.trim_ascii().is_empty());
        let has_key = first.is_some_and(|line| cells.split(line).is_ok() && Layout::of(&cells).is_some());
        if !has_key && source.sample_lines().any(|line| access_log::parse(line).is_ok()) {
            return Ok(Self::AccessLog);
        }
        if source.advance()? == Advance::End {
            return Err(TraceError::Empty { path: source.path().into() });
        }
        // A header whose quotes are wrong leaves the cells that could be read.
        let layout = cells.split(source.line()).ok().and_then(|()| Layout::of(&cells));
        let (header_line, header) = (source.number(), shown(source.line()));
        match layout {
            Some(layout) => {
                let doubt = layout.doubt(&cells);
                Ok(Self::Csv { layout, cells, header_line, header, doubt })
            }
            None => Err(TraceError::NoKeyColumn {
                path: source.path().into(),
                line: header_line,
                columns: column_list(&cells),
                text: header,
            }),
        }
    }

    /// Takes a line apart.
    pub(super) fn parse<'a>(&'a mut self, line: &'a [u8]) -> Result<Parts<'a>, Fault> {
        if line.contains(&0) {
            return Err("it holds a NUL byte, so the file is damaged or not text".into());
        }
        match self {
            Self::Csv { layout, cells, .. } => {
                cells.split(line)?;
                layout.parts(cells)
            }
            Self::AccessLog => access_log::parse(line),
        }
    }

    /// A shell command that sorts a file of this format by time.
    pub(super) fn sort_command(&self) -> String {
        match self {
            Self::Csv { layout, .. } => layout.sort_command(),
            Self::AccessLog => "sort -s -t' ' -k4.9,4.12n -k4.5,4.7M -k4.2,4.3n -k4.14,4.21 FILE".into(),
        }
    }
}

/// The first columns of a header, quoted, for a message.
fn column_list(cells: &Cells) -> String {
    const NAMED: usize = 12;
    let mut list: Vec<String> = cells.iter().take(NAMED).map(|cell| format!("`{}`", shown(cell))).collect();
    if cells.len() > NAMED {
        list.push(format!("and {} more", cells.len() - NAMED));
    }
    list.join(", ")
}
