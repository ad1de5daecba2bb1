//! Every file that scripts have read, by its contents: what makes an interrupted experiment the same one.

use crate::random::mix::combine;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Fingerprints by path, in an order that does not depend on who read first.
static READ: Mutex<BTreeMap<PathBuf, u64>> = Mutex::new(BTreeMap::new());

/// Notes a file that is being read.
pub(super) fn note(path: &Path) {
    if let Ok(fingerprint) = fingerprint(path) {
        READ.lock().expect("no panic while noting").insert(path.to_path_buf(), fingerprint);
    }
}

/// Texts of modules and how a user finds them, by the names they were imported by.
static MODULES: Mutex<BTreeMap<String, Module>> = Mutex::new(BTreeMap::new());

/// A module that a script has imported.
#[derive(Clone, Debug)]
pub(super) struct Module {
    /// Its file, from here if it lies below.
    pub path: String,
    /// What is written there.
    pub text: String,
}

/// Notes a module.
pub(super) fn note_module(name: &str, file: &Path, text: String) {
    let here = std::env::current_dir().and_then(|here| here.canonicalize()).unwrap_or_default();
    let path = file.strip_prefix(&here).unwrap_or(file).display().to_string();
    MODULES.lock().expect("no panic while noting").insert(name.into(), Module { path, text });
}

/// The module that was imported by this name.
pub(super) fn module(name: &str) -> Option<Module> {
    MODULES.lock().expect("no panic while noting").get(name).cloned()
}

/// Fingerprint of all files read so far: imports and traces.
pub fn inputs_fingerprint() -> u64 {
    let read = READ.lock().expect("no panic while noting");
    read.values().fold(0, |all, file| combine(all, *file))
}

fn fingerprint(path: &Path) -> io::Result<u64> {
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 16];
    let mut all = 0;
    loop {
        let length = file.read(&mut buffer)?;
        if length == 0 {
            return Ok(all);
        }
        for chunk in buffer[..length].chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            all = combine(all, u64::from_le_bytes(word));
        }
    }
}
