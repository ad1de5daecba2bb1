//! Imports stay inside: the script's own folder and scripts/.

use super::desk::desk;
use super::inputs;
use rhai::module_resolvers::FileModuleResolver;
use rhai::{Engine, EvalAltResult, Module, ModuleResolver, Position, Shared};
use std::cell::RefCell;
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

/// How a module was asked for.
type Asked<'a> = (&'a Engine, Option<&'a str>, Position);

impl Jail {
    /// Loads a module, unless it is being loaded already: then it imports itself, perhaps through others.
    fn load(
        &self,
        resolver: &FileModuleResolver,
        file: &Path,
        path: &str,
        (engine, source, position): Asked<'_>,
    ) -> Result<Shared<Module>, Box<EvalAltResult>> {
        let again = LOADING.with(|loading| loading.borrow().iter().any(|other| other == file));
        if again {
            let message = format!("the module \"{path}\" imports itself");
            return Err(EvalAltResult::ErrorRuntime(message.into(), position).into());
        }
        inputs::note(file);
        note_text(engine, file, path);
        LOADING.with(|loading| loading.borrow_mut().push(file.to_path_buf()));
        let module = resolver.resolve(engine, source, path, position);
        LOADING.with(|loading| loading.borrow_mut().pop());
        module
    }
}

/// Keeps the text of a module, to show what is wrong there, and where.
fn note_text(engine: &Engine, file: &Path, name: &str) {
    let Ok(text) = std::fs::read_to_string(file) else { return };
    if let Ok(ast) = engine.compile(&text) {
        desk(|desk| desk.keys.note(name, &ast));
    }
    inputs::note_module(name, file, text);
}

thread_local! {
    /// The modules being loaded, outermost first.
    static LOADING: RefCell<Vec<PathBuf>> = const { RefCell::new(Vec::new()) };
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
                return self.load(resolver, &file, path, (engine, source, position));
            }
        }
        Err(EvalAltResult::ErrorModuleNotFound(path.into(), position).into())
    }
}
