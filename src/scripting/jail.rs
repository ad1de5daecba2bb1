//! Imports stay inside: the script's own folder and scripts/.

use rhai::module_resolvers::FileModuleResolver;
use rhai::{Engine, EvalAltResult, Module, ModuleResolver, Position, Shared};
use std::path::{Path, PathBuf};

/// Loads modules from some folders and nowhere else. (Rhai's own resolver follows `..`, absolute paths and links.)
pub(super) struct Jail {
    roots: Vec<(PathBuf, FileModuleResolver)>,
}

impl Jail {
    /// A jail of these folders; those that do not exist are left out.
    pub fn new(roots: &[PathBuf]) -> Self {
        let root = |root: &PathBuf| {
            let root = root.canonicalize().ok()?;
            Some((root.clone(), FileModuleResolver::new_with_path(root)))
        };
        Jail { roots: roots.iter().filter_map(root).collect() }
    }
}

impl ModuleResolver for Jail {
    fn resolve(
        &self,
        engine: &Engine,
        source: Option<&str>,
        path: &str,
        position: Position,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        let wanted = Path::new(path);
        let escapes = wanted.is_absolute() || wanted.components().any(|part| part.as_os_str() == "..");
        for (root, resolver) in &self.roots {
            let file = root.join(format!("{path}.rhai"));
            let inside = file.canonicalize().is_ok_and(|real| real.starts_with(root));
            if !escapes && inside {
                // Reported by its path, so that its lines can be shown.
                return resolver.resolve(engine, source, path, position);
            }
        }
        Err(EvalAltResult::ErrorModuleNotFound(path.into(), position).into())
    }
}
