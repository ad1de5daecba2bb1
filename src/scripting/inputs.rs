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
