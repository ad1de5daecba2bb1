//! Takes in runs as they finish, and makes results of them when all are there.

use super::csv::{Report, TABLES, TABLES_OF_PHASES};
use super::error::OutputError;
use super::file;
use super::manifest::{self, Manifest};
use super::place::{MANIFEST, Place, RUNS, read_manifest};
use crate::experiment::{METRICS, Plan, RunResult, Sink};
use std::io;
use std::path::{Path, PathBuf};

/// What the manifest tells beside the plan and the findings.
#[derive(Clone, Debug, Default)]
pub struct Extra {
    /// The script as the user named it.
    pub script: String,
    /// The command line, word by word.
    pub command: Vec<String>,
    /// How long the user waited, in seconds.
    pub wall_s: f64,
}

/// What was written where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The folder.
    pub dir: PathBuf,
    /// Names of the files in it and their rows; the manifest is the last and has none.
    pub files: Vec<(String, Option<u64>)>,
}

/// The results of one experiment while they come in.
///
/// Dropped without [`finish`](Staging::finish) or [`leave`](Staging::leave), the finished runs stay for `--resume`.
#[derive(Debug)]
pub struct Staging {
    place: Place,
    manifest: Manifest,
    resumes: bool,
}

impl Staging {
    /// Opens `<dir>.partial`. With `resume` the runs of an interrupted experiment count, if it was the same one.
    pub fn open(dir: &Path, plan: &Plan, script_hash: u64, resume: bool) -> Result<Self, OutputError> {
        let place = Place::take(dir)?;
        if let Some(other) = read_manifest(dir).filter(|manifest| manifest.experiment != plan.name) {
            return Err(OutputError::Other { path: dir.to_path_buf(), experiment: other.experiment });
        }
        let staging = Staging { place, manifest: Manifest::new(plan, script_hash), resumes: resume };
        let path = staging.place.partial.join(MANIFEST);
        if resume && path.exists() {
            staging.check_earlier(&path)?;
            staging.place.sweep()?;
        } else {
            staging.place.clear()?;
            staging.write_manifest(&staging.manifest)?;
        }
        Ok(staging)
    }

    fn check_earlier(&self, path: &Path) -> Result<(), OutputError> {
        let Some(earlier) = read_manifest(&self.place.partial) else {
            return Err(OutputError::Damaged { path: path.to_path_buf() });
        };
        match self.manifest.differences(&earlier) {
            what if what.is_empty() => Ok(()),
            what => Err(OutputError::Different { path: self.place.partial.clone(), what }),
        }
    }

    /// Where runs wait and, after an interruption, the results so far are.
    pub fn partial(&self) -> &Path {
        &self.place.partial
    }

    /// All runs are there: writes the results and puts them in place of earlier ones, which stay as they are if
    /// anything fails.
    pub fn finish(mut self, report: &Report<'_>, extra: &Extra) -> Result<Written, OutputError> {
        let files = self.write_results(report, true, extra)?;
        self.place.swap()?;
        Ok(Written { dir: self.place.target.clone(), files })
    }

    /// The experiment was interrupted: writes what the finished runs say into `<dir>.partial`, where they stay for
    /// `--resume`. Earlier results are not touched.
    pub fn leave(self, report: &Report<'_>, extra: &Extra) -> Result<Written, OutputError> {
        let files = self.write_results(report, false, extra)?;
        Ok(Written { dir: self.place.partial.clone(), files })
    }

    fn write_results(
        &self,
        report: &Report<'_>,
        complete: bool,
        extra: &Extra,
    ) -> Result<Vec<(String, Option<u64>)>, OutputError> {
        let mut files = Vec::new();
        let of_phases = if report.plan.phases.is_empty() { &[] } else { TABLES_OF_PHASES };
        for (name, rows) in TABLES.iter().chain(of_phases) {
            let path = self.place.partial.join(name);
            let rows = file::write(&path, |out| rows(report, out))?;
            files.push(manifest::File { name: name.to_string(), rows });
        }
        let mut written: Vec<_> = files.iter().map(|f| (f.name.clone(), Some(f.rows))).collect();
        let mut manifest = self.manifest.clone();
        manifest.fill(report, files, complete);
        manifest.script.path.clone_from(&extra.script);
        manifest.command.clone_from(&extra.command);
        manifest.wall.elapsed_s = Some(extra.wall_s);
        self.write_manifest(&manifest)?;
        written.push((MANIFEST.into(), None));
        Ok(written)
    }

    fn write_manifest(&self, manifest: &Manifest) -> Result<(), OutputError> {
        file::write(&self.place.partial.join(MANIFEST), |out| {
            serde_json::to_writer_pretty(&mut *out, manifest).map_err(io::Error::from)?;
            out.write_all(b"\n")
        })
    }

    /// `runs/<variant>-<replication>.json`; the variant by number, since its label may hold any character.
    fn run_path(&self, variant: usize, replication: u64) -> PathBuf {
        self.place.partial.join(RUNS).join(format!("{variant}-{replication}.json"))
    }
}

impl Drop for Staging {
    fn drop(&mut self) {
        self.place.leave();
    }
}

impl Sink for Staging {
    fn earlier(&self, variant: usize, replication: u64) -> Option<RunResult> {
        if !self.resumes {
            return None;
        }
        // What cannot be read is run again.
        let bytes = std::fs::read(self.run_path(variant, replication)).ok()?;
        let result: RunResult = serde_json::from_slice(&bytes).ok()?;
        let fits = (result.variant, result.replication) == (variant, replication)
            && result.metrics.len() == METRICS.len()
            && result.series.is_whole();
        fits.then_some(result)
    }

    fn keep(&self, result: &RunResult) -> Result<(), String> {
        let path = self.run_path(result.variant, result.replication);
        let kept = file::write(&path, |out| {
            serde_json::to_writer(&mut *out, result).map_err(io::Error::from)?;
            out.write_all(b"\n")
        });
        kept.map_err(|error| error.to_string())
    }
}

#[cfg(test)]
#[path = "staging_test.rs"]
mod tests;
