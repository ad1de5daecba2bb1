//! Reads recorded traffic from files: CSV traces and access logs, plain or gzip, told apart by content, not by name.
//!
//! ```text
//! source (gzip, sample, lines) -> format (csv, access_log) -> loader (order, limits, errors) -> store -> Trace
//! ```
//!
//! Memory: up to 1,000,000 rows (32 MB) are kept; rows beyond go to an unnamed temporary file, 25 bytes each, and are
//! read back in chunks. While a file is read every distinct key is remembered so that it can be renumbered: about
//! 20 to 40 bytes for a key that is a number, the text's length and about 60 bytes for any other; freed at the end.

mod access_log;
mod client;
mod csv;
mod error;
mod format;
mod keys;
mod loader;
mod number;
mod order;
mod source;
mod store;
mod trace;

pub use error::TraceError;
pub use loader::open_trace;
pub use trace::Trace;

/// A whole text file of at most so many bytes.
///
/// # Errors
///
/// What is wrong with it, with its path.
pub fn read_text(path: &std::path::Path, most: u64) -> Result<String, String> {
    let bytes = read_bytes(path, most)?;
    String::from_utf8(bytes).map_err(|_| format!("cannot read {}: it is no text (UTF-8)", path.display()))
}

/// A whole file of at most so many bytes.
///
/// # Errors
///
/// What is wrong with it, with its path.
pub fn read_bytes(path: &std::path::Path, most: u64) -> Result<Vec<u8>, String> {
    let shown = path.display();
    let about = std::fs::metadata(path).map_err(|error| format!("cannot read {shown}: {error}"))?;
    match about.len() {
        _ if !about.is_file() => Err(format!("cannot read {shown}: it is no ordinary file")),
        length if length > most => Err(format!("{shown} has {length} bytes, more than {most}")),
        _ => std::fs::read(path).map_err(|error| format!("cannot read {shown}: {error}")),
    }
}

/// What to do about a line of a trace that cannot be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// Refuse the file at its first bad line.
    #[default]
    Fail,
    /// Leave bad lines out and count them, and put lines in order that are a little out of it; only a file without any good line is refused.
    Skip,
}

/// How a trace file is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TraceFileOptions {
    /// What to do about malformed lines and lines whose time goes back.
    pub on_error: OnError,
    /// Stop after so many good rows (what follows is not even read); none = all.
    pub limit: Option<u64>,
}
