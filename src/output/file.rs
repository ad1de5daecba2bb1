//! Files that are there whole or not at all: written under another name, then renamed.

use super::error::OutputError;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use tempfile::{Builder, NamedTempFile};

/// How the names of unfinished files begin; a killed process may leave such files behind.
pub(super) const UNFINISHED: &str = ".unfinished-";

/// Writes a file by rename, so that nobody ever sees a part of it.
pub(super) fn write<T>(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<T>,
) -> Result<T, OutputError> {
    let failed = |error| OutputError::new(path, error);
    let (file, value) = unfinished(path, fill).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(value)
}

/// Writes a file of the user's own that must not exist yet, with its folders.
pub fn create_new(path: &Path, text: &str) -> Result<(), OutputError> {
    let failed = |error| OutputError::new(path, error);
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| OutputError::new(folder, error))?;
    }
    let (file, ()) = unfinished(path, |out| out.write_all(text.as_bytes())).map_err(failed)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            Err(OutputError::Exists { path: path.to_path_buf() })
        }
        Err(error) => Err(failed(error.error)),
    }
}

fn unfinished<T>(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<T>,
) -> io::Result<(NamedTempFile, T)> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = Builder::new();
    builder.prefix(UNFINISHED);
    #[cfg(unix)]
    builder.permissions(readable_by_all());
    let file = builder.tempfile_in(folder)?;
    let mut out = BufWriter::with_capacity(1 << 16, &file);
    let value = fill(&mut out)?;
    out.flush()?;
    drop(out);
    Ok((file, value))
}

/// Temporary files belong to their owner alone, results to whoever may look (less what the umask takes away).
#[cfg(unix)]
fn readable_by_all() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt;
    std::fs::Permissions::from_mode(0o644)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_failed_write_leaves_the_earlier_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("summary.csv");
        write(&path, |out| out.write_all(b"earlier")).unwrap();
        let failed = write(&path, |out| {
            out.write_all(&[b'x'; 200_000])?;
            Err::<(), _>(io::ErrorKind::StorageFull.into())
        });
        assert!(matches!(failed, Err(OutputError::Full { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "earlier");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_users_file_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/down.rhai");
        create_new(&path, "mine").unwrap();
        assert!(matches!(create_new(&path, "yours"), Err(OutputError::Exists { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }

    #[test]
    fn a_file_in_place_of_a_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("taken");
        fs::write(&file, "").unwrap();
        let failed = write(&file.join("x.csv"), |_| Ok(())).unwrap_err();
        assert!(matches!(failed, OutputError::NotAFolder { .. }), "{failed}");
    }

    #[cfg(unix)]
    #[test]
    fn colleagues_can_read_the_results() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (path, plain) = (folder.path().join("a.csv"), folder.path().join("plain"));
        write(&path, |_| Ok(())).unwrap();
        fs::File::create(&plain).unwrap();
        let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        // A plain file asks for 0666: with any umask, ours has the same bits less the writers among others.
        assert_eq!(mode(&path), mode(&plain) & 0o644);
    }
}
