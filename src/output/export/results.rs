//! A folder of results, read again.

use super::ExportError;
use crate::output::OutputError;
use crate::output::manifest::Manifest;
use crate::output::place::read_manifest;
use std::io;
use std::path::{Path, PathBuf};

/// Results that a run has written.
pub(super) struct Results {
    folder: PathBuf,
    /// What was run.
    pub manifest: Manifest,
}

impl Results {
    pub fn open(folder: &Path) -> Result<Self, ExportError> {
        match read_manifest(folder) {
            Some(manifest) => Ok(Results { folder: folder.to_path_buf(), manifest }),
            None => Err(ExportError::NoResults { path: folder.to_path_buf() }),
        }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Goes through a CSV, row by row.
    pub fn rows(
        &self,
        file: &str,
        mut each: impl FnMut(&Row<'_>) -> Result<(), ExportError>,
    ) -> Result<(), ExportError> {
        let path = self.folder.join(file);
        let open = std::fs::File::open(&path).map_err(|error| OutputError::new(&path, error))?;
        let mut reader = csv::Reader::from_reader(io::BufReader::new(open));
        let header = reader.headers().map_err(|error| unreadable(&path, error))?.clone();
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).map_err(|error| unreadable(&path, error))? {
            each(&Row { path: &path, header: &header, record: &record })?;
        }
        Ok(())
    }
}

/// A row of a CSV.
pub(super) struct Row<'r> {
    path: &'r Path,
    header: &'r csv::StringRecord,
    record: &'r csv::StringRecord,
}

impl Row<'_> {
    /// The cell of a column.
    pub fn text(&self, column: &str) -> Result<&str, ExportError> {
        let at = self.header.iter().position(|name| name == column);
        at.and_then(|at| self.record.get(at)).ok_or_else(|| self.damaged(format!("no column {column}")))
    }

    /// The number in it; `None` if it is empty.
    pub fn number(&self, column: &str) -> Result<Option<f64>, ExportError> {
        let text = self.text(column)?;
        if text.is_empty() {
            return Ok(None);
        }
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        number.map(Some).ok_or_else(|| self.damaged(format!("`{text}` is no number ({column})")))
    }

    /// The time in it, in seconds.
    pub fn time(&self) -> Result<f64, ExportError> {
        self.number("t_s")?.ok_or_else(|| self.damaged("no time (t_s)".into()))
    }

    fn damaged(&self, what: String) -> ExportError {
        let line = self.record.position().map_or(0, csv::Position::line);
        ExportError::Damaged { path: self.path.to_path_buf(), line, what }
    }
}

fn unreadable(path: &Path, error: csv::Error) -> ExportError {
    let line = error.position().map_or(0, csv::Position::line);
    match error.into_kind() {
        csv::ErrorKind::Io(error) => OutputError::new(path, error).into(),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let what = format!("{len} cells under a header of {expected_len}");
            ExportError::Damaged { path: path.to_path_buf(), line, what }
        }
        _ => ExportError::Damaged { path: path.to_path_buf(), line, what: "not UTF-8".into() },
    }
}
