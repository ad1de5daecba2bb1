//! Style as a test: arrows between rooms, sizes, unregistered files, words that belong nowhere.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What each room may use, besides itself. One package has no crate walls: these are they.
const ARROWS: &[(&str, &[&str])] = &[
    ("stats", &[]),
    ("random", &[]),
    ("audit", &["stats"]),
    ("kernel", &["stats", "random", "audit"]),
    ("catalog", &["random", "kernel"]),
    ("profiles", &["kernel", "catalog"]),
    ("parts", &["stats", "random", "kernel", "catalog"]),
    ("components", &["stats", "random", "audit", "kernel", "catalog", "profiles", "parts"]),
    ("model", &["random", "kernel", "catalog", "components"]),
    ("experiment", &["stats", "random", "audit", "kernel", "catalog", "components", "model"]),
    ("input", &["random"]),
    ("output", &["random", "kernel", "experiment"]),
    ("scripting", &["random", "audit", "kernel", "catalog", "components", "model", "experiment", "input"]),
    (
        "cli",
        &[
            "random",
            "kernel",
            "catalog",
            "components",
            "profiles",
            "parts",
            "model",
            "experiment",
            "scripting",
            "output",
            "repl",
        ],
    ),
    (
        "repl",
        &["kernel", "catalog", "components", "parts", "model", "experiment", "scripting", "output", "cli"],
    ),
];

/// Longest file and longest function, in lines without tests.
const FILE_AT_MOST: usize = 400;
const FUNCTION_AT_MOST: usize = 60;

/// Words that only some rooms may use: threads, clocks, terminals, Rhai, `unsafe`.
const WORDS: &[(&str, &[&str])] = &[
    ("Instant::now", &["cli", "repl"]),
    ("SystemTime", &["cli", "repl"]),
    ("println!", &["cli", "repl"]),
    ("process::exit", &["cli", "repl"]),
    ("std::thread", &["cli", "repl", "experiment"]),
    ("rayon::", &["experiment"]),
    ("rhai::", &["scripting", "repl"]),
    ("todo!(", &[]),
    ("unimplemented!(", &[]),
    ("dbg!(", &[]),
    ("thread_rng", &[]),
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// All files: path below src, text without the tests at the bottom and without comments.
fn files() -> BTreeMap<String, String> {
    let mut found = Vec::new();
    rust_files(&source(), &mut found);
    let name = |path: &Path| path.strip_prefix(source()).unwrap().to_str().unwrap().replace('\\', "/");
    let is_test = |path: &PathBuf| is_test_module(path);
    found.iter().filter(|path| !is_test(path)).map(|path| (name(path), code(path))).collect()
}

/// Whole files that are only compiled for tests: declared under `#[cfg(test)]` in their parent.
fn is_test_module(path: &Path) -> bool {
    let stem = path.file_stem().unwrap().to_str().unwrap();
    if stem.ends_with("_test") {
        return true;
    }
    let parent = path.parent().unwrap();
    let beside = parent.with_extension("rs");
    let declared = [parent.join("mod.rs"), parent.join("lib.rs"), beside];
    declared.iter().filter_map(|file| std::fs::read_to_string(file).ok()).any(|text| {
        let forms = [format!("mod {stem};"), format!("pub mod {stem};"), format!("pub(crate) mod {stem};")];
        forms.iter().any(|form| text.contains(&format!("#[cfg(test)]\n{form}")))
    })
}

fn code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    text.split("#[cfg(test)]\nmod tests").next().unwrap().to_string()
}

fn without_comments(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap()).collect::<Vec<_>>().join("\n")
}

fn room(name: &str) -> &str {
    name.split(['/', '.']).next().unwrap()
}

#[test]
fn rooms_use_only_what_is_below_them() {
    let mut wrong = Vec::new();
    for (name, text) in files() {
        let own = room(&name);
        if matches!(own, "lib" | "main") {
            continue;
        }
        let (_, allowed) = ARROWS.iter().find(|(room, _)| *room == own).expect("every room is listed");
        for used in without_comments(&text).split("crate::").skip(1) {
            let used: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if used != own
                && !allowed.contains(&used.as_str())
                && ARROWS.iter().any(|(room, _)| *room == used)
            {
                wrong.push(format!("{name} uses {used}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_and_functions_are_short() {
    let mut wrong = Vec::new();
    for (name, text) in files() {
        let lines = text.lines().count();
        if lines > FILE_AT_MOST {
            wrong.push(format!("{name} has {lines} lines"));
        }
        for (function, length) in functions(&text) {
            if length > FUNCTION_AT_MOST {
                wrong.push(format!("{name}: {function} has {length} lines"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Names and lengths of functions, by indentation: rustfmt closes a function where it began.
fn functions(text: &str) -> Vec<(String, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let indent = line.len() - line.trim_start().len();
        let declares = ["fn ", "pub fn ", "pub(super) fn ", "pub(crate) fn ", "const fn ", "pub const fn "];
        if !declares.iter().any(|start| line.trim_start().starts_with(start)) {
            continue;
        }
        let close = format!("{}}}", " ".repeat(indent));
        let ends = |line: &&str| {
            **line == close || (line.ends_with(';') && line.len() - line.trim_start().len() == indent)
        };
        let end = lines[at..].iter().position(ends).unwrap_or(0);
        let name = line.split("fn ").nth(1).unwrap().split(['(', '<']).next().unwrap();
        found.push((name.to_string(), end + 1));
    }
    found
}

/// A file that no `mod` line names is dead; a policy that no table names is unregistered.
#[test]
fn every_file_is_declared() {
    let all = files();
    for name in all.keys() {
        let path = Path::new(name);
        let stem = path.file_stem().unwrap().to_str().unwrap();
        if matches!(stem, "lib" | "main" | "mod") {
            continue;
        }
        let folder = path.parent().unwrap().to_str().unwrap();
        let parents = if folder.is_empty() {
            vec!["lib.rs".to_string()]
        } else {
            vec![format!("{folder}/mod.rs"), format!("{folder}.rs")]
        };
        let declared = parents
            .iter()
            .filter_map(|parent| all.get(parent))
            .any(|text| text.lines().any(|line| line.trim_end().ends_with(&format!("mod {stem};"))));
        assert!(declared, "{name} is not declared in its folder");
    }
}

#[test]
fn every_policy_is_registered() {
    for (name, text) in files() {
        if !text.contains("pub const ENTRY: Policy") {
            continue;
        }
        let path = Path::new(&name);
        let stem = path.file_stem().unwrap().to_str().unwrap();
        let table = source().join(path.parent().unwrap()).join("mod.rs");
        let table = std::fs::read_to_string(table).unwrap();
        assert!(table.contains(&format!("{stem}::ENTRY")), "{name} is in no table");
    }
}

#[test]
fn words_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for (name, text) in files() {
        let text = without_comments(&text);
        for (word, rooms) in WORDS {
            if text.contains(word) && !rooms.contains(&room(&name)) {
                wrong.push(format!("{name}: {word}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What a catalog says is complete: ASCII names, no name twice, a line about everything.
/// The compiler refuses unsafe code where nobody allows it; this finds who does.
#[test]
fn unsafe_code_has_one_place() {
    let with: Vec<String> = files()
        .into_iter()
        .filter(|(_, text)| without_comments(text).contains("unsafe_code"))
        .map(|(path, _)| path)
        .collect();
    assert_eq!(with, ["kernel/prefetch.rs"], "say in it what was measured");
}

#[test]
fn the_catalog_is_complete() {
    for kind in scalelab::components::KINDS {
        let entry = kind.entry;
        assert!(!entry.about.is_empty() && !entry.chapter.is_empty(), "{}", entry.name);
        let mut headed: Vec<&str> =
            entry.headings.iter().flat_map(|(_, settings)| settings.iter().copied()).collect();
        let known = |name: &&str| entry.params.iter().any(|param| param.name == *name);
        assert!(headed.iter().all(known), "{}: a heading names no setting", entry.name);
        headed.sort_unstable();
        assert!(
            headed.windows(2).all(|pair| pair[0] != pair[1]),
            "{}: a setting has two headings",
            entry.name
        );
        // What can be reached over the network can stand somewhere: all but what is everywhere, or on another machine.
        let stands = entry.params.iter().any(|param| param.name == "region");
        assert!(stands || ["host", "anycast"].contains(&entry.name), "{} can stand nowhere", entry.name);
        for (at, param) in entry.params.iter().enumerate() {
            assert!(!param.about.is_empty(), "{}.{}", entry.name, param.name);
            assert!(param.name.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{}", param.name);
            let twice = entry.params[..at].iter().any(|other| other.name == param.name);
            assert!(!twice, "{}.{} twice", entry.name, param.name);
        }
    }
}
