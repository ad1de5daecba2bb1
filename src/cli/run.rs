//! `scalelab run`.

use super::args::RunArgs;
use super::host::RunHost;
use super::rule::Rule;
use super::{FAILED, INTERRUPTED, USAGE, interrupts, trouble};
use crate::catalog::Problem;
use crate::scripting::{Session, Sources, stop_scripts};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::Ordering;

/// Runs a script; the exit code.
pub fn run(args: RunArgs) -> u8 {
    let rules: Result<Vec<Rule>, String> = args.check.iter().map(|rule| Rule::parse(rule)).collect();
    let rules = match rules {
        Ok(rules) => rules,
        Err(why) => {
            trouble::problem(&why);
            return USAGE;
        }
    };
    if let Some(code) = unknown_mechanism(&args.disable) {
        return code;
    }
    let Some(text) = read_or_complain(&args.script) else { return FAILED };
    interrupts::catch();
    let script = args.script.clone();
    let host = Rc::new(RunHost::new(args, rules, &text));
    let mut session = Session::new(&folder(&script), true, host.clone());
    let result = session.run_file(&script.display().to_string(), &text);
    if stop_scripts().load(Ordering::Relaxed) {
        host.say_interrupted();
        return INTERRUPTED;
    }
    if let Err(problems) = result {
        trouble::problems(&problems, session.sources());
        return FAILED;
    }
    host.exit_code()
}

fn unknown_mechanism(names: &[String]) -> Option<u8> {
    let known = crate::components::MECHANISMS;
    let unknown = names.iter().find(|name| !known.contains(&name.as_str()))?;
    let hint = crate::catalog::did_you_mean(unknown, known.iter().copied()).unwrap_or_default();
    trouble::problem(&format!("there is no mechanism `{unknown}`; {hint}"));
    Some(USAGE)
}

/// The folder of a script: where its imports and traces are found.
pub fn folder(script: &Path) -> PathBuf {
    match script.parent() {
        Some(parent) if parent != Path::new("") => parent.into(),
        _ => PathBuf::from("."),
    }
}

/// A script is UTF-8 text of at most this size.
const SCRIPT_BYTES_AT_MOST: u64 = 4 << 20;

/// Reads a script, or says why it cannot be read.
pub fn read_or_complain(path: &Path) -> Option<String> {
    read(path).map_err(|problem| trouble::problems(&[problem], &Sources::default())).ok()
}

/// Reads a script.
pub fn read(path: &Path) -> Result<String, Problem> {
    let name = path.display();
    let size = std::fs::metadata(path).map_err(|error| {
        let problem = Problem::new(format!("cannot read the script {name}: {error}"));
        match error.kind() {
            std::io::ErrorKind::NotFound => problem.hint("`scalelab new NAME` writes a script to start from"),
            _ => problem,
        }
    })?;
    if size.is_dir() {
        return Err(Problem::new(format!("{name} is a folder")).hint("name a script in it"));
    }
    if size.len() > SCRIPT_BYTES_AT_MOST {
        return Err(
            Problem::new(format!("{name} is too large for a script")).hint("data belongs into a trace")
        );
    }
    let bytes = std::fs::read(path)
        .map_err(|error| Problem::new(format!("cannot read the script {name}: {error}")))?;
    // A byte order mark, which some editors set, says nothing about UTF-8 (Unicode 16, 23.8).
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).map(<[u8]>::to_vec).unwrap_or(bytes);
    String::from_utf8(bytes).map_err(|_| {
        Problem::new(format!("{name} is not a script: it is not UTF-8 text"))
            .hint("save it as UTF-8; data belongs into a trace")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_script() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.rhai");
        std::fs::write(&path, "\u{feff}let a = 1;").expect("written");
        assert_eq!(read(&path).ok().as_deref(), Some("let a = 1;"));
    }
}
