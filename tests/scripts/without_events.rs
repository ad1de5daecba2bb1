//! What an experiment says of a crash, a cut or a deploy must not hold where nothing happens: a copy of it, without the statements that make
//! something happen, has a check that fails; so has a copy without one of them. No experiment is excepted, no statement either.

use super::{run, scripts};
use std::ops::Range;
use std::path::Path;

/// What makes something happen, besides the functions of the module of deploys.
const EVENTS: [&str; 3] = ["at", "every", "when"];
const DEPLOYS: &str = "deploys::";

/// Where the comment or the string that begins here ends.
fn end_of_aside(text: &str, begin: usize) -> Option<usize> {
    let rest = &text[begin..];
    if rest.starts_with("//") {
        return Some(begin + rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(begin + rest.find("*/").map_or(rest.len(), |end| end + 2));
    }
    let quote = rest.chars().next().filter(|first| ['"', '`'].contains(first))?;
    let mut escaped = false;
    let closes = |(_, found): &(usize, char)| {
        let closes = *found == quote && !escaped;
        escaped = *found == '\\' && !escaped;
        closes
    };
    let end = rest.char_indices().skip(1).find(closes).map_or(rest.len(), |(end, _)| end + 1);
    Some(begin + end)
}

/// Where the call ends whose bracket opens here.
fn end_of_call(text: &str, open: usize) -> usize {
    let (mut place, mut depth) = (open, 0);
    while place < text.len() {
        if let Some(end) = end_of_aside(text, place) {
            place = end;
            continue;
        }
        let found = text[place..].chars().next().unwrap();
        place += found.len_utf8();
        match found {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return place;
        }
    }
    panic!("a bracket is left open: {}", &text[open..])
}

/// The calls that make something happen: functions of that name, no methods.
fn events(text: &str) -> Vec<Range<usize>> {
    let (mut found, mut place) = (Vec::new(), 0);
    while place < text.len() {
        if let Some(end) = end_of_aside(text, place) {
            place = end;
            continue;
        }
        let in_word = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
        let rest = &text[place..];
        let length = rest.find(|letter| !in_word(letter)).unwrap_or(rest.len());
        let word = &rest[..length];
        let happens = EVENTS.contains(&word) || word.starts_with(DEPLOYS);
        if happens && rest[length..].starts_with('(') && !text[..place].ends_with('.') {
            let end = end_of_call(text, place + length);
            found.push(place..end);
            place = end;
        } else {
            place += length.max(rest.chars().next().unwrap().len_utf8());
        }
    }
    found
}

/// A script without these of its calls. Each was a statement, or what a block or an arm comes to: `()` can stand there as well.
fn without(text: &str, calls: &[Range<usize>]) -> String {
    let mut left = text.to_string();
    for call in calls.iter().rev() {
        left.replace_range(call.clone(), "()");
    }
    left
}

/// Whether a quick run of this script ends with a check that fails outright (one that is left undecided does not count: few runs leave some), or
/// in the middle, because what is done needs what was to happen before.
fn is_missed(text: &str) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("experiments/data");
    let text = text.replace("trace(\"data/", &format!("trace(\"{}/", data.display()));
    let script = folder.path().join("copy.rhai");
    std::fs::write(&script, &text).unwrap();
    let target = folder.path().join("out");
    let ended = run(&script, &["--quick"], &target);
    let output = ended.get_output();
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(1) && said.contains(" in the run of ") {
        return true;
    }
    assert!(matches!(output.status.code(), Some(0 | 99)), "{said}\n{text}");
    let mut rows = csv::Reader::from_path(target.join("checks.csv")).unwrap();
    let passed = rows.headers().unwrap().iter().position(|name| name == "passed").unwrap();
    rows.records().any(|row| &row.unwrap()[passed] == "0")
}

/// Name and text of the experiments in which something happens, and what makes it happen.
fn eventful() -> Vec<(String, String, Vec<Range<usize>>)> {
    let read = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        let calls = events(&text);
        (path.file_name().unwrap().display().to_string(), text, calls)
    };
    let found: Vec<_> =
        scripts("experiments").into_iter().map(read).filter(|(_, _, calls)| !calls.is_empty()).collect();
    assert!(found.len() > 20, "only {} experiments have events", found.len());
    found
}

/// That none fails outright where all happens is what the test of quick runs looks at.
#[test]
fn what_an_experiment_says_of_events_fails_without_them() {
    for (name, text, calls) in eventful() {
        assert!(is_missed(&without(&text, &calls)), "{name}: all that it claims holds if nothing happens");
    }
}

#[test]
fn and_without_one_of_them() {
    for (name, text, calls) in eventful().iter().filter(|(_, _, calls)| calls.len() > 1) {
        for call in calls {
            let left = without(text, std::slice::from_ref(call));
            assert!(is_missed(&left), "{name}: all that it claims holds without {}", &text[call.clone()]);
        }
    }
}

const CRASH: &str = r#"experiment("x").replications(3).warmup(1.s).duration(10.s).world(|p| {
    let shop = web("shop", #{ service: 1.ms });
    traffic("users", #{ to: shop, rate: 100.rps });
    at(5.s, "it dies (for good", || { shop.crash(); }); // at(6.s, ..) would be too late
})"#;

/// The test above finds what it looks for: a claim that hardly speaks of its crash passes without it, another one does not.
#[test]
fn a_claim_that_holds_without_its_crash_is_found() {
    let calls = events(CRASH);
    assert_eq!(calls.len(), 1);
    let calm = without(CRASH, &calls);
    assert!(calm.contains("\n    (); // at(6.s"), "{calm}");
    let vague = r#".expect("some are served in spite of it", |r| r.availability > 10.percent);"#;
    assert!(!is_missed(&format!("{CRASH}{vague}")) && !is_missed(&format!("{calm}{vague}")));
    let sharp = r#".expect("from then on nobody is served", |r| r.availability < 60.percent);"#;
    assert!(!is_missed(&format!("{CRASH}{sharp}")) && is_missed(&format!("{calm}{sharp}")));
}

#[test]
fn calls_are_found_by_their_brackets() {
    let left = |text: &str| without(text, &events(text));
    assert_eq!(left("at(1.s, \"a) \\\" (\", || { f(); })\n;"), "()\n;");
    assert_eq!(left("if late { when(|| a.b[0] > `)`, || c.at(1)); }"), "if late { (); }");
    assert_eq!(left("\"x\" => { deploys::stop(a, 1.s); every(2.s, || g()) },"), "\"x\" => { (); () },");
    for other in [
        "x.at(1);",
        "// at(1);\n",
        "\"at(1)\"",
        "`every(1)`",
        "that(1); at_once(2); let at = 3;",
        "/* at(1) */",
    ] {
        assert_eq!(left(other), other);
    }
}
