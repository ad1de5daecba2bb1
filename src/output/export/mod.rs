//! Results for the tools that watch real services: a Prometheus with a Grafana dashboard, and logs.
//!
//! A simulation has no date. Its time begins at an instant that the user names, or at a fixed one in the past, so that the same
//! results give the same bytes.

mod dashboard;
mod error;
mod instant;
mod logs;
mod openmetrics;
mod prometheus;
mod results;

pub use error::ExportError;
pub use instant::Instant;

use super::OutputError;
use super::place::in_the_way;
use results::Results;
use std::path::{Path, PathBuf};

/// What can be made of a folder of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Figures over time and events for a Prometheus, with a dashboard for Grafana.
    Prometheus,
    /// Events as lines of a log.
    Logs,
}

/// What was written.
#[derive(Debug, PartialEq, Eq)]
pub struct Exported {
    /// The folder.
    pub dir: PathBuf,
    /// Its files, each with what is in it.
    pub files: Vec<(&'static str, String)>,
}

/// Makes files for other tools from a folder of results; what the simulation calls 0 s is `epoch`.
///
/// # Errors
///
/// There are no results in the folder, they are damaged, or the target cannot be written. The results are not touched.
pub fn export(
    kind: Kind,
    results: &Path,
    dir: Option<&Path>,
    epoch: Instant,
) -> Result<Exported, ExportError> {
    let results = Results::open(results)?;
    let dir = match dir {
        Some(dir) => dir.to_path_buf(),
        None => beside(results.folder(), kind)?,
    };
    std::fs::create_dir_all(&dir).map_err(|error| in_the_way(&dir, error))?;
    let files = match kind {
        Kind::Prometheus => prometheus::write(&results, &dir, epoch)?,
        Kind::Logs => logs::write(&results, &dir, epoch)?,
    };
    Ok(Exported { dir, files })
}

/// The folder beside the results that is called after them: new results replace theirs as a whole.
fn beside(folder: &Path, kind: Kind) -> Result<PathBuf, ExportError> {
    let folder = match folder.file_name() {
        Some(_) => folder.to_path_buf(),
        None => folder.canonicalize().map_err(|error| OutputError::new(folder, error))?, // `.` and its like
    };
    let ending = match kind {
        Kind::Prometheus => ".prometheus",
        Kind::Logs => ".logs",
    };
    match folder.file_name() {
        Some(name) => {
            let mut name = name.to_os_string();
            name.push(ending);
            Ok(folder.with_file_name(name))
        }
        None => Err(OutputError::NoName { path: folder }.into()),
    }
}
