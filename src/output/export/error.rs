//! What can go wrong with an export, in words that say what to do.

use crate::output::OutputError;
use std::path::PathBuf;

/// Results could not be exported.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// No folder of results.
    #[error("{path}: no results of scalelab are here (no manifest.json); `scalelab run` writes them")]
    NoResults {
        /// The folder.
        path: PathBuf,
    },
    /// A row that scalelab did not write so.
    #[error("{path}, line {line}: {what}; run the experiment again, or put the file back as it was")]
    Damaged {
        /// The CSV.
        path: PathBuf,
        /// Its line.
        line: u64,
        /// What is wrong.
        what: String,
    },
    /// Prometheus drops the second of two samples in a millisecond without a word.
    #[error(
        "windows shorter than a millisecond: Prometheus would drop samples without a word; run it again with .window(1.ms) or more"
    )]
    TooFine,
    /// Later than can be written.
    #[error("an export that begins at {0} would go beyond the year 9999; choose an earlier --epoch")]
    TooLate(String),
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] OutputError),
}
