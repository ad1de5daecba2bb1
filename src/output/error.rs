//! What can go wrong with files, in words that say what to do.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Results could not be written. Every message names the path and a way out.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    /// No space left, or the quota is used up.
    #[error(
        "{path}: the disk is full; free some space or write elsewhere with -o DIR (earlier results are untouched)"
    )]
    Full {
        /// What could not be written.
        path: PathBuf,
    },
    /// Not allowed, or the file system is read-only.
    #[error("{path}: no permission to write here; choose another folder with -o DIR")]
    Denied {
        /// What could not be written.
        path: PathBuf,
    },
    /// A file stands where a folder is needed.
    #[error(
        "{path}: a folder is needed here, but this is a file; move it or choose another folder with -o DIR"
    )]
    NotAFolder {
        /// The file.
        path: PathBuf,
    },
    /// A path without a name of its own, such as `/`, `.` or `..`.
    #[error(
        "{path}: results are swapped in as a whole folder, which needs a name of its own, such as -o {path}/results"
    )]
    NoName {
        /// The path.
        path: PathBuf,
    },
    /// A folder with something in it that is not a result of scalelab.
    #[error("{path}: this folder holds other files and no results of scalelab; choose a new one with -o DIR")]
    Foreign {
        /// The folder.
        path: PathBuf,
    },
    /// The folder holds the results of another experiment.
    #[error(
        "{path}: these are the results of another experiment, \"{experiment}\"; choose a new folder with -o DIR, or remove it"
    )]
    Other {
        /// The folder.
        path: PathBuf,
        /// Whose results it holds.
        experiment: String,
    },
    /// Another process writes there.
    #[error("{path}: another scalelab is writing here; wait for it or choose another folder with -o DIR")]
    Busy {
        /// The folder in which runs are staged.
        path: PathBuf,
    },
    /// The interrupted experiment was another one.
    #[error("{path}: cannot go on from here, what differs: {}; run without --resume to begin anew", what.join(", "))]
    Different {
        /// The folder in which runs are staged.
        path: PathBuf,
        /// What has changed since.
        what: Vec<String>,
    },
    /// The interrupted experiment's manifest cannot be read.
    #[error(
        "{path}: cannot be read, so it is unknown whether these runs belong to this experiment; run without --resume to begin anew"
    )]
    Damaged {
        /// The manifest.
        path: PathBuf,
    },
    /// A file that must not be overwritten.
    #[error("{path}: exists already and is not overwritten; choose another name")]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// Anything else that the system reports.
    #[error("{path}: {source}; if that cannot be mended, choose another folder with -o DIR")]
    Io {
        /// What could not be read or written.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl OutputError {
    /// What the system says about a path, in our words.
    pub fn new(path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
                OutputError::Full { path }
            }
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => OutputError::Denied { path },
            ErrorKind::NotADirectory => OutputError::NotAFolder { path },
            _ => OutputError::Io { path, source },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_message_names_the_path_and_a_way_out() {
        for kind in [
            ErrorKind::StorageFull,
            ErrorKind::QuotaExceeded,
            ErrorKind::PermissionDenied,
            ErrorKind::ReadOnlyFilesystem,
            ErrorKind::NotADirectory,
            ErrorKind::Other,
        ] {
            let text = OutputError::new(Path::new("some/where"), kind.into()).to_string();
            assert!(text.starts_with("some/where: ") && text.contains("-o DIR"), "{text}");
        }
    }

    #[test]
    fn a_full_disk_and_a_read_only_one_differ() {
        let of = |kind: ErrorKind| OutputError::new(Path::new("x"), kind.into()).to_string();
        assert!(of(ErrorKind::StorageFull).contains("full"));
        assert!(of(ErrorKind::ReadOnlyFilesystem).contains("permission"));
    }
}
