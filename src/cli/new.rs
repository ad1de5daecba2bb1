//! `scalelab new NAME`: a script to begin with.

use crate::output::{OutputError, create_new};
use std::path::{Path, PathBuf};

const STARTER: &str = include_str!("starter.rhai");

/// Writes a commented starter script and tells where it is. `name` may hold folders and may end in `.rhai`.
///
/// # Errors
///
/// A file of that name exists (it stays as it is), or the folder cannot be written.
pub fn create(name: &str) -> Result<PathBuf, OutputError> {
    let path = path_of(name);
    create_new(&path, &script(&path))?;
    Ok(path)
}

/// A path as a shell takes it for one word.
pub(super) fn quoted(path: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+,:@%\\".contains(c);
    if !path.is_empty() && path.chars().all(is_plain) {
        path.into()
    } else {
        format!("'{}'", path.replace('\'', "'\\''"))
    }
}

fn path_of(name: &str) -> PathBuf {
    if name.ends_with(".rhai") { PathBuf::from(name) } else { PathBuf::from(format!("{name}.rhai")) }
}

/// The starter, with the experiment called after the file.
fn script(path: &Path) -> String {
    let stem = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().replace('_', " "));
    // Both stand in comments, the name also in a text: nothing that would end either.
    let unsafe_in_text = |c: char| c.is_control() || matches!(c, '"' | '\\');
    let safe = |text: &str| text.chars().map(|c| if unsafe_in_text(c) { '-' } else { c }).collect::<String>();
    let name = if stem.trim().is_empty() { "new experiment".into() } else { safe(&stem) };
    STARTER.replace("{{name}}", &name).replace("{{file}}", &safe(&quoted(&path.to_string_lossy())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_is_made_once() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("scripts/shop_sale");
        let path = create(name.to_str().unwrap()).unwrap();
        assert_eq!(path.file_name().unwrap(), "shop_sale.rhai");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("experiment(\"shop sale\")"), "{text}");
        assert!(text.contains(&format!("scalelab run {}\n", path.display())), "{text}");
        assert!(!text.contains("{{"));
        std::fs::write(&path, "edited").unwrap();
        assert!(matches!(create(path.to_str().unwrap()), Err(OutputError::Exists { .. })));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "edited");
    }

    #[test]
    fn what_is_to_be_typed_is_one_word_for_a_shell() {
        assert_eq!(quoted("scripts/a.rhai"), "scripts/a.rhai");
        assert_eq!(quoted("a b.rhai"), "'a b.rhai'");
        assert_eq!(quoted("it's.rhai"), r"'it'\''s.rhai'");
    }

    #[test]
    fn odd_names_do_not_break_the_script() {
        let text = script(Path::new("a\"b\\c\nd.rhai"));
        assert!(text.contains("experiment(\"a-b-c-d\")"), "{text}");
        assert!(script(Path::new("..")).contains("experiment(\"new experiment\")"));
    }

    #[test]
    fn the_starter_is_a_script_in_the_eyes_of_rhai() {
        let mut engine = rhai::Engine::new();
        engine.set_max_expr_depths(64, 64);
        engine.compile(script(Path::new("x.rhai"))).unwrap();
    }
}
