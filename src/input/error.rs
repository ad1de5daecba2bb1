//! What can be wrong with a trace file: each error says where, shows the text, and says what to do.

use std::borrow::Cow;
use std::io;
use std::path::PathBuf;

/// Characters of an offending line that a message shows.
const SHOWN_CHARACTERS: usize = 80;

/// Why a trace cannot be opened. Lines count from 1; texts are cut at 80 characters.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// There is no file of that name.
    #[error("{}: there is no such trace file; check the path (a relative one begins at the current folder)", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The path names a folder.
    #[error("{}: this is a folder; name a trace file in it", path.display())]
    Directory {
        /// The folder.
        path: PathBuf,
    },
    /// The file cannot be opened or read.
    #[error("{}, line {line}: cannot be read ({cause}); check its permissions and the disk", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The line that was to be read.
        line: u64,
        /// What the system said.
        cause: io::Error,
    },
    /// Nothing is in the file, or blank lines only.
    #[error("{}: the trace file is empty; it needs a header line with a `key` column and rows, or access log lines", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// There is a header and nothing after it.
    #[error("{}, line {line}: no rows follow the header `{text}`; check that the file was written to its end", path.display())]
    NoRows {
        /// The file.
        path: PathBuf,
        /// The header's line.
        line: u64,
        /// The header.
        text: String,
    },
    /// Neither a CSV trace nor an access log.
    #[error(
        "{}, line {line}: no column is named `key`; found {columns}, in `{text}`. A CSV trace needs a header with `key` \
         (and may have time, size, op, client); an access log must be in the common or combined format",
        path.display()
    )]
    NoKeyColumn {
        /// The file.
        path: PathBuf,
        /// The header's line.
        line: u64,
        /// The columns found, quoted and separated by commas.
        columns: String,
        /// The header.
        text: String,
    },
    /// The file is not text.
    #[error("{}, line {line}: this is not text but {what}: `{text}`; {advice}", path.display())]
    Binary {
        /// The file.
        path: PathBuf,
        /// The line of the first NUL byte.
        line: u64,
        /// The text of that line.
        text: String,
        /// What it seems to be.
        what: &'static str,
        /// What to do.
        advice: &'static str,
    },
    /// A line is not a row.
    #[error("{}, line {line}: {reason}: `{text}`; correct the line, or leave such lines out with on_error: \"skip\"", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
        /// What is wrong with it.
        reason: Cow<'static, str>,
        /// The line's text.
        text: String,
    },
    /// A line's time is earlier than that of a line before it.
    #[error(
        "{}, line {line}: the time goes back by {back_s} s: `{text}`; sort the file by time first ({sort}), or have \
         lines sorted that are at most 10,000 lines from their place, and the others left out, with on_error: \"skip\"",
        path.display()
    )]
    Unsorted {
        /// The file.
        path: PathBuf,
        /// The line.
        line: u64,
        /// By how many seconds it goes back.
        back_s: f64,
        /// The line's text.
        text: String,
        /// A command that sorts this format.
        sort: String,
    },
    /// The gzip data are truncated or corrupt.
    #[error("{}, line {line}: the gzip data are damaged or cut off here ({cause}); test with gzip -t and fetch the file again", path.display())]
    DamagedGzip {
        /// The file.
        path: PathBuf,
        /// The line that was to be read.
        line: u64,
        /// What the decoder said.
        cause: io::Error,
    },
    /// Rows could not be written to the temporary file.
    #[error(
        "{}, line {line}: cannot write rows to a temporary file ({cause}); rows beyond the first million need 25 bytes each \
         in {}: make room, set TMPDIR to another folder, or use `limit`",
        path.display(), folder.display()
    )]
    Spool {
        /// The file that was read.
        path: PathBuf,
        /// How far it was read.
        line: u64,
        /// The folder of temporary files.
        folder: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// Every line was skipped.
    #[error(
        "none of the {skipped} lines can be used, so there is nothing to replay; the first error: {first}"
    )]
    NothingUsable {
        /// How many lines were skipped.
        skipped: u64,
        /// What was wrong with the first of them.
        first: Box<TraceError>,
    },
    /// A limit of 0 rows was asked for.
    #[error("{}: limit 0 leaves no rows; give at least 1", path.display())]
    ZeroLimit {
        /// The file.
        path: PathBuf,
    },
}

/// A line as a message shows it: cut, and without characters that would disturb a terminal.
pub(super) fn shown(line: &[u8]) -> String {
    // A character has at most four bytes: no need to look at all of a long line.
    let head = &line[..line.len().min(4 * SHOWN_CHARACTERS + 4)];
    let text = String::from_utf8_lossy(head);
    let harmless = |c: char| {
        if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }
    };
    let mut shown: String = text.chars().take(SHOWN_CHARACTERS).map(harmless).collect();
    if text.chars().nth(SHOWN_CHARACTERS).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_at_80_characters_not_bytes() {
        assert_eq!(shown("ä".repeat(80).as_bytes()), "ä".repeat(80));
        assert_eq!(shown("ä".repeat(81).as_bytes()), "ä".repeat(80) + "…");
        assert_eq!(shown("x".repeat(1_000).as_bytes()), "x".repeat(80) + "…");
    }

    #[test]
    fn control_characters_and_broken_utf8_are_shown_harmlessly() {
        assert_eq!(shown(b"a\x1b[31m\xff"), "a\u{fffd}[31m\u{fffd}");
    }
}
