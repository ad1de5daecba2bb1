//! The folder of the results, and the one beside it where they are made ready.
//!
//! `<dir>.partial` is filled first. When everything is in it, `<dir>` moves to `<dir>.old`, `<dir>.partial` becomes
//! `<dir>`, and only then `<dir>.old` goes. At any moment either the old or the new results are there as a whole.

use super::csv::{TABLES, TABLES_OF_PHASES};
use super::error::OutputError;
use super::file::UNFINISHED;
use super::manifest::Manifest;
use std::collections::BTreeSet;
use std::fs::{self, TryLockError};
use std::path::{Path, PathBuf};

/// Name of the manifest.
pub(super) const MANIFEST: &str = "manifest.json";
/// Where finished runs wait.
pub(super) const RUNS: &str = "runs";
/// Held by the process that writes; the system lets go of it when the process ends, however it ends.
const LOCK: &str = ".lock";

/// The folders of one experiment.
#[derive(Debug)]
pub(super) struct Place {
    /// Where the results will be.
    pub(super) target: PathBuf,
    /// Where they are made ready.
    pub(super) partial: PathBuf,
    old: PathBuf,
    lock: Option<fs::File>,
}

impl Place {
    /// Takes possession of the folder where results are made ready.
    pub(super) fn take(dir: &Path) -> Result<Place, OutputError> {
        let target = follow(dir)?;
        let beside = |suffix: &str| {
            let mut name = target.file_name()?.to_os_string();
            name.push(suffix);
            Some(target.with_file_name(name))
        };
        let (Some(partial), Some(old)) = (beside(".partial"), beside(".old")) else {
            return Err(OutputError::NoName { path: dir.to_path_buf() });
        };
        check_target(&target)?;
        let runs = partial.join(RUNS);
        fs::create_dir_all(&runs).map_err(|error| in_the_way(&runs, error))?;
        let mut place = Place { target, partial, old, lock: None };
        place.lock()?;
        place.undo_half_a_swap()?;
        Ok(place)
    }

    fn lock(&mut self) -> Result<(), OutputError> {
        let path = self.partial.join(LOCK);
        let file = fs::File::create(&path).map_err(|error| OutputError::new(&path, error))?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => Err(OutputError::Busy { path: self.partial.clone() }),
            // Some file systems know no locks: then there is no protection, which is no reason not to work.
            Ok(()) | Err(TryLockError::Error(_)) => {
                self.lock = Some(file);
                Ok(())
            }
        }
    }

    /// A process that died between the two renames has left no results, only those before.
    fn undo_half_a_swap(&self) -> Result<(), OutputError> {
        if self.old.join(MANIFEST).is_file() && !self.target.exists() {
            fs::rename(&self.old, &self.target).map_err(|error| OutputError::new(&self.old, error))?;
        }
        Ok(())
    }

    /// Forgets what an interrupted experiment has left.
    pub(super) fn clear(&self) -> Result<(), OutputError> {
        self.remove_runs()?;
        let ours = our_files(&self.partial);
        self.remove(&self.partial, |name| ours.contains(name) || name.starts_with(UNFINISHED))?;
        let runs = self.partial.join(RUNS);
        fs::create_dir_all(&runs).map_err(|error| OutputError::new(&runs, error))
    }

    /// Removes files that a killed process was writing.
    pub(super) fn sweep(&self) -> Result<(), OutputError> {
        let is_unfinished = |name: &String| name.starts_with(UNFINISHED);
        self.remove(&self.partial, is_unfinished)?;
        self.remove(&self.partial.join(RUNS), is_unfinished)
    }

    /// Removes some files of a folder.
    fn remove(&self, folder: &Path, goes: impl Fn(&String) -> bool) -> Result<(), OutputError> {
        let failed = |path: &Path, error| OutputError::new(path, error);
        for entry in fs::read_dir(folder).map_err(|error| failed(folder, error))?.flatten() {
            if goes(&entry.file_name().to_string_lossy().into_owned()) {
                fs::remove_file(entry.path()).map_err(|error| failed(&entry.path(), error))?;
            }
        }
        Ok(())
    }

    fn remove_runs(&self) -> Result<(), OutputError> {
        let runs = self.partial.join(RUNS);
        fs::remove_dir_all(&runs).map_err(|error| OutputError::new(&runs, error))
    }

    /// Puts the new results where the old ones are.
    pub(super) fn swap(&mut self) -> Result<(), OutputError> {
        self.remove_runs()?;
        self.unlock();
        let failed = |path: &Path, error| OutputError::new(path, error);
        let had_old = self.target.exists();
        if had_old {
            // A rest of an earlier swap in which somebody had a file open.
            remove_old(&self.old, &self.target);
            fs::rename(&self.target, &self.old).map_err(|error| failed(&self.target, error))?;
        }
        if let Err(error) = fs::rename(&self.partial, &self.target) {
            if had_old {
                fs::rename(&self.old, &self.target).map_err(|error| failed(&self.old, error))?;
            }
            return Err(failed(&self.partial, error));
        }
        if had_old {
            remove_old(&self.old, &self.target);
        }
        Ok(())
    }

    fn unlock(&mut self) {
        if self.lock.take().is_some() {
            // If it cannot be removed it stays: an empty hidden file.
            let _ = fs::remove_file(self.partial.join(LOCK));
        }
    }

    /// Leaves the place as it is; without a finished run nothing is worth keeping.
    pub(super) fn leave(&mut self) {
        let Ok(mut runs) = fs::read_dir(self.partial.join(RUNS)) else {
            return;
        };
        if runs.next().is_none() {
            // Whatever cannot be removed harms nobody.
            let _ = self.clear();
            let _ = self.remove_runs();
            self.unlock();
            let _ = fs::remove_dir(&self.partial);
        }
        self.unlock();
    }
}

/// A link stays a link: what it leads to is swapped.
fn follow(dir: &Path) -> Result<PathBuf, OutputError> {
    let is_link = fs::symlink_metadata(dir).is_ok_and(|about| about.file_type().is_symlink());
    if is_link {
        fs::canonicalize(dir).map_err(|error| OutputError::new(dir, error))
    } else {
        Ok(dir.to_path_buf())
    }
}

/// Only results may be replaced by results: `-o ~` must not cost anybody their home.
fn check_target(target: &Path) -> Result<(), OutputError> {
    let path = || target.to_path_buf();
    if !target.exists() {
        return Ok(());
    }
    if !target.is_dir() {
        return Err(OutputError::NotAFolder { path: path() });
    }
    let mut entries = fs::read_dir(target).map_err(|error| OutputError::new(target, error))?;
    let ours = read_manifest(target).is_some();
    if ours || entries.next().is_none() { Ok(()) } else { Err(OutputError::Foreign { path: path() }) }
}

/// The manifest in a folder, if it is one of ours.
pub(super) fn read_manifest(folder: &Path) -> Option<Manifest> {
    let text = fs::read_to_string(folder.join(MANIFEST)).ok()?;
    serde_json::from_str(&text).ok()
}

/// Which part of a path is a file where a folder should be.
pub(super) fn in_the_way(path: &Path, error: std::io::Error) -> OutputError {
    match path.ancestors().find(|part| part.exists()) {
        Some(part) if !part.is_dir() => OutputError::NotAFolder { path: part.to_path_buf() },
        _ => OutputError::new(path, error),
    }
}

/// Names of the files that we put into a folder, now or in the version that wrote its manifest.
fn our_files(folder: &Path) -> BTreeSet<String> {
    let listed = read_manifest(folder).map_or(Vec::new(), |manifest| manifest.files);
    let tables = TABLES.iter().chain(TABLES_OF_PHASES).map(|(name, _)| name.to_string());
    listed.into_iter().map(|file| file.name).chain(tables).chain([MANIFEST.into()]).collect()
}

/// Removes old results. What the user has put beside them (notes, drawings) goes over to the new ones.
fn remove_old(old: &Path, new: &Path) {
    let ours = our_files(old);
    let Ok(entries) = fs::read_dir(old) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let moved_to = new.join(&name);
        // The new results are in place: what cannot be tidied up stays in `<dir>.old`.
        let _ = if ours.contains(name.to_string_lossy().as_ref()) {
            fs::remove_file(entry.path())
        } else if moved_to.exists() {
            Ok(())
        } else {
            fs::rename(entry.path(), moved_to)
        };
    }
    let _ = fs::remove_dir(old);
}
