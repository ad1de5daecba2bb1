//! What may stand at the cursor. Independent of the editor: text in, names out.

use super::scan::{Binding, Frame, Inside, Link, Scan, is_word, scan};
use crate::catalog::{Entry, Kind, Param, Policy};
use crate::cli::{catalog, explain};
use crate::components::{kind, network};
use crate::experiment::{FIGURES, metric_names};
use crate::parts::plan::{STEPS, STRATEGIES};
use crate::scripting::{WORDS, trace_options, unit_names};

/// Something to write at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// What is written.
    pub text: String,
    /// One line about it; may be empty.
    pub about: String,
}

/// What a session knows.
#[derive(Clone, Debug, Default)]
pub struct Words {
    /// Variables and the names of their types.
    pub variables: Vec<(String, String)>,
    /// Functions.
    pub functions: Vec<String>,
}

/// Commands of the prompt.
pub(super) const COMMANDS: &[(&str, &str)] = &[
    (":help", "what the prompt can do"),
    (":list", "all there is to name, or one group of it: `:list metrics`"),
    (":explain", "a component, setting, policy or metric: `:explain cache.ttl`"),
    (":load", "evaluate a script in this session: `:load FILE`"),
    (":reset", "forget everything that was said"),
    (":quit", "leave; so does Ctrl-D"),
];

/// Words of the language that are worth completing.
const KEYWORDS: [&str; 14] = [
    "const", "continue", "else", "false", "for", "if", "import", "let", "loop", "print", "return", "switch",
    "true", "while",
];

/// What something is, as far as it decides which members it has.
#[derive(Clone, Copy, Debug)]
enum Thing {
    Component(&'static Entry),
    Experiment,
    Results,
    Result,
    Parameters,
    Number,
    Other,
}

/// What may stand at byte `pos` of `line`, and from which byte on it replaces what is there.
pub fn candidates(line: &str, pos: usize, words: &Words) -> (usize, Vec<Candidate>) {
    let before = line.get(..pos).unwrap_or(line);
    if before.starts_with(':') || ["explain ", "list "].iter().any(|command| before.starts_with(command)) {
        return commands(before);
    }
    let start = before
        .rfind(|c| !is_word(c))
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let seen = scan(&before[..start]);
    let (start, found) = match seen.inside {
        Inside::Text(start) => {
            let closing = if line[before.len()..].starts_with('"') { "" } else { "\"" };
            (
                start,
                inside_text(&seen)
                    .into_iter()
                    .map(|(name, about)| (format!("{name}{closing}"), about))
                    .collect(),
            )
        }
        Inside::Comment | Inside::LineComment | Inside::LongText => (start, Vec::new()),
        Inside::Code if seen.after_dot => (start, members(&seen, words)),
        Inside::Code => (start, in_code(&seen, &before[start..], words)),
    };
    (start, fitting(found, &before[start..]))
}

type Found = Vec<(String, String)>;

/// Those that begin with what is there, in order, each once.
fn fitting(found: Found, prefix: &str) -> Vec<Candidate> {
    let mut fitting: Vec<Candidate> = Vec::new();
    for (text, about) in found {
        if text.starts_with(prefix) && text != prefix && !fitting.iter().any(|known| known.text == text) {
            fitting.push(Candidate { text, about });
        }
    }
    fitting
}

fn plain<'a>(names: impl IntoIterator<Item = &'a str>) -> Found {
    names.into_iter().map(|name| (name.to_string(), String::new())).collect()
}

fn commands(before: &str) -> (usize, Vec<Candidate>) {
    let Some((command, rest)) = before.split_once(' ') else {
        let commands = COMMANDS.iter().map(|(name, about)| (name.to_string(), about.to_string()));
        return (0, fitting(commands.collect(), before));
    };
    let found = match command.trim_start_matches(':') {
        "explain" => explain::names(),
        "list" => plain(catalog::TITLES),
        _ => Vec::new(),
    };
    (before.len() - rest.len(), fitting(found, rest))
}

/// The settings of a call, if it is one that takes them.
fn settings(call: &str) -> &'static [Param] {
    match call {
        "link" | "network" | "regions" => network::ENTRY.params,
        _ => kind(call).map_or(&[], |kind| kind.entry.params),
    }
}

fn setting(frame: &Frame) -> Option<&'static Param> {
    let Frame::Map { call, key: Some(key), .. } = frame else { return None };
    settings(call).iter().find(|param| param.name == key)
}

fn policies(policies: &[Policy]) -> Found {
    policies.iter().map(|policy| (policy.name.to_string(), policy.about.to_string())).collect()
}

/// Names that stand in quotes.
fn inside_text(seen: &Scan) -> Found {
    match seen.frames.as_slice() {
        [.., Frame::Call(call)] if call == "best" => plain(metric_names()),
        [.., map @ Frame::Map { .. }] => match setting(map).map(|param| param.kind) {
            Some(Kind::Choice(choices)) => policies(choices),
            Some(Kind::Strategy(_)) => policies(STRATEGIES),
            _ => Vec::new(),
        },
        [.., map @ Frame::Map { .. }, Frame::List] => match setting(map).map(|param| param.kind) {
            Some(Kind::Strategy(_)) => plain(STEPS),
            Some(Kind::Steps(steps)) => plain(steps.iter().copied()),
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// What may stand behind a dot.
fn members(seen: &Scan, words: &Words) -> Found {
    match thing(seen, words, &seen.chain, 8) {
        Thing::Number => plain(unit_names()),
        Thing::Experiment => methods(|name| !RESULT_METHODS.contains(&name)),
        Thing::Results => {
            methods(|name| RESULT_METHODS.contains(&name)).into_iter().chain(plain(metric_names())).collect()
        }
        Thing::Result => {
            plain(["variant"]).into_iter().chain(factors(seen)).chain(plain(metric_names())).collect()
        }
        Thing::Parameters => factors(seen),
        Thing::Component(entry) => {
            let actions = entry
                .actions
                .iter()
                .map(|action| (called(action.name, action.usage), action.about.to_string()));
            let measures =
                entry.measures.iter().map(|measure| (measure.name.to_string(), measure.about.to_string()));
            actions
                .chain(measures)
                .chain(FIGURES.iter().map(|figure| (figure.name.to_string(), figure.about.to_string())))
                .collect()
        }
        Thing::Other if seen.chain == [Link::Other] => {
            // A text, a list, or a number in parentheses.
            plain(unit_names())
                .into_iter()
                .chain(words.functions.iter().map(|name| (format!("{name}("), String::new())))
                .collect()
        }
        Thing::Other => words.functions.iter().map(|name| (format!("{name}("), String::new())).collect(),
    }
}

/// Methods of results; all others are of experiments.
const RESULT_METHODS: [&str; 4] = ["where", "filter", "best", "variants"];

fn methods(wanted: impl Fn(&str) -> bool) -> Found {
    let written = |usage: &str| usage.starts_with('.') || usage.starts_with("all.");
    let found = WORDS.iter().filter(|(name, usage)| written(usage) && wanted(name));
    found.map(|(name, usage)| (called(name, usage), usage.to_string())).collect()
}

/// `run()` if it can be called with nothing, else `run(`.
fn called(name: &str, usage: &str) -> String {
    let empty = format!("{name}()");
    if usage.contains(&empty) { empty } else { format!("{name}(") }
}

fn factors(seen: &Scan) -> Found {
    seen.factors.iter().map(|name| (name.clone(), "a factor of this experiment".into())).collect()
}

/// What an expression is; `depth` bounds names that stand for names.
fn thing(seen: &Scan, words: &Words, chain: &[Link], depth: usize) -> Thing {
    let Some((first, rest)) = chain.split_first() else { return Thing::Other };
    let start = match first {
        Link::Number => Thing::Number,
        Link::Call(name) if name == "experiment" => Thing::Experiment,
        Link::Call(name) => kind(name).map_or(Thing::Other, |kind| Thing::Component(kind.entry)),
        Link::Word(name) => variable(seen, words, name, depth),
        Link::Index | Link::Other => Thing::Other,
    };
    rest.iter().fold(start, |thing, link| match (thing, link) {
        (Thing::Experiment, Link::Call(name)) if name == "run" => Thing::Results,
        (Thing::Experiment, Link::Call(_)) => Thing::Experiment,
        (Thing::Results, Link::Call(name)) if ["where", "filter"].contains(&name.as_str()) => Thing::Results,
        (Thing::Results, Link::Call(name)) if name == "best" => Thing::Result,
        (Thing::Component(entry), Link::Index) => Thing::Component(entry),
        _ => Thing::Other,
    })
}

/// What a name stands for: in this entry first, then in the session.
fn variable(seen: &Scan, words: &Words, name: &str, depth: usize) -> Thing {
    let bound = seen.bindings.iter().rev().find(|(known, _)| known == name);
    match bound.map(|(_, binding)| binding) {
        Some(Binding::Let(_)) if depth == 0 => return Thing::Other,
        Some(Binding::Let(chain)) => return thing(seen, words, chain, depth - 1),
        Some(Binding::Parameter(call)) => {
            return match call.as_str() {
                "world" => Thing::Parameters,
                "claim" => Thing::Results,
                "expect" | "expect_for" => Thing::Result,
                _ => Thing::Other,
            };
        }
        None => {}
    }
    let known = words.variables.iter().find(|(known, _)| known == name);
    match known.map(|(_, kind)| kind.as_str()) {
        Some("experiment") => Thing::Experiment,
        Some("results") => Thing::Results,
        Some("result") => Thing::Result,
        Some("i64" | "f64") => Thing::Number,
        _ => Thing::Other,
    }
}

/// Names of settings where one is due, else names of things.
fn in_code(seen: &Scan, prefix: &str, words: &Words) -> Found {
    if let Some(Frame::Map { call, key: None, keys }) = seen.frames.last() {
        let new = |name: &str| !keys.iter().any(|key| key == name);
        let written = |name: &str| format!("{name}: ");
        let named = |name: &&str| new(name);
        return match call.as_str() {
            "trace" => trace_options()
                .iter()
                .filter(|name| named(name))
                .map(|name| (written(name), String::new()))
                .collect(),
            "where" | "baseline" | "expect_for" => seen
                .factors
                .iter()
                .filter(|name| new(name))
                .map(|name| (written(name), String::new()))
                .collect(),
            _ => {
                let open = settings(call).iter().filter(|param| new(param.name));
                open.map(|param| (written(param.name), format!("{} ({})", param.about, param.preset)))
                    .collect()
            }
        };
    }
    let fitting = seen
        .frames
        .last()
        .and_then(setting)
        .map_or_else(Vec::new, |param| components(seen, words, param.kind));
    // Without a letter there is nothing to go by but the setting.
    if prefix.is_empty() {
        return fitting;
    }
    fitting.into_iter().chain(names(seen, words)).collect()
}

/// Components that a setting takes.
fn components(seen: &Scan, words: &Words, wanted: Kind) -> Found {
    let (Kind::Group(kinds) | Kind::Groups(kinds)) = wanted else {
        return if matches!(wanted, Kind::Flag) { plain(["true", "false"]) } else { Vec::new() };
    };
    let bound = seen.bindings.iter().filter_map(|(name, _)| match variable(seen, words, name, 8) {
        Thing::Component(entry) if kinds.contains(&entry.name) => {
            Some((name.clone(), entry.about.to_string()))
        }
        _ => None,
    });
    bound.collect()
}

/// Variables, functions, words of the language.
fn names(seen: &Scan, words: &Words) -> Found {
    let bound = seen.bindings.iter().map(|(name, _)| (name.clone(), String::new()));
    let variables = words.variables.iter().map(|(name, kind)| (name.clone(), format!("variable: {kind}")));
    let usages = WORDS.iter().filter(|(_, usage)| !usage.starts_with('.') && !usage.starts_with("all."));
    let ours = usages.map(|(name, usage)| (format!("{name}("), usage.to_string()));
    let others = words.functions.iter().map(|name| (format!("{name}("), String::new()));
    let methods: Vec<&str> = methods_of_words();
    let others = others.filter(|(name, _)| !methods.contains(&name.trim_end_matches('(')));
    bound.chain(variables).chain(ours).chain(plain(KEYWORDS)).chain(others).collect()
}

fn methods_of_words() -> Vec<&'static str> {
    WORDS
        .iter()
        .filter(|(_, usage)| usage.starts_with('.') || usage.starts_with("all."))
        .map(|(name, _)| *name)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Words {
        let variable = |name: &str, kind: &str| (name.to_string(), kind.to_string());
        Words {
            variables: vec![
                variable("found", "results"),
                variable("one", "result"),
                variable("limit", "duration"),
                variable("n", "i64"),
            ],
            functions: ["experiment", "exponential", "vary", "my_rule", "len"].map(String::from).to_vec(),
        }
    }

    /// Candidates at the `^`, or at the end.
    fn at(text: &str) -> Vec<String> {
        let pos = text.find('^').unwrap_or(text.len());
        let line = text.replacen('^', "", 1);
        candidates(&line, pos, &words()).1.into_iter().map(|candidate| candidate.text).collect()
    }

    #[test]
    fn names_of_the_session_and_the_entry() {
        assert_eq!(at("fou"), ["found"]);
        assert_eq!(at("1 + lim"), ["limit"]);
        assert_eq!(
            at("exp"),
            ["exponential(", "experiment("].map(String::from).iter().rev().cloned().collect::<Vec<_>>()
        );
        assert_eq!(at("my"), ["my_rule("]);
        assert_eq!(at("let store = 1; sto"), ["store"]);
        assert!(at("").is_empty());
        assert!(!at("var").contains(&"vary(".to_string()), "a method is no word of its own");
    }

    #[test]
    fn units_behind_numbers() {
        assert!(at("5.").contains(&"ms".to_string()));
        assert_eq!(at("5.min"), ["minute", "minutes"]);
        assert_eq!(at("1.5.perc"), ["percent"]);
        assert_eq!(at("n.perc"), ["percent"]);
        assert_eq!(at("(2 + 3).perc"), ["percent"]);
        assert!(at("0..").is_empty());
    }

    #[test]
    fn methods_of_experiments() {
        assert_eq!(at("experiment(\"x\").repl"), ["replications("]);
        assert_eq!(at("experiment(\"x\")\n    .vary(\"a\", [1])\n    .ru"), ["run()"]);
        assert_eq!(at("let e = experiment(\"x\"); e.dur"), ["duration("]);
        assert!(!at("experiment(\"x\").").contains(&"best(".to_string()));
    }

    #[test]
    fn actions_and_figures_of_components() {
        let text = "experiment(\"x\").world(|p| { let db = database(\"d\"); let c = cache(\"c\", #{ of: db }); at(1.s, || c.";
        assert!(at(text).contains(&"crash()".to_string()), "{:?}", at(text));
        assert!(at(text).contains(&"hit_ratio".to_string()));
        assert_eq!(at(&format!("{text}cra")), ["crash()"]);
        assert_eq!(at(&format!("{text}[0].cra").replace("c.[", "c[")), ["crash()"]);
    }

    #[test]
    fn settings_and_their_values() {
        assert!(at("cache(\"x\", #{ ").contains(&"ttl: ".to_string()));
        assert_eq!(at("cache(\"x\", #{ ttl: 5.s, ev"), ["eviction: "]);
        assert!(!at("cache(\"x\", #{ ttl: 5.s, ").contains(&"ttl: ".to_string()), "it is there already");
        assert_eq!(at("cache(\"x\", #{ eviction: \"l"), ["lru\"", "lfu\""]);
        assert_eq!(at("cache(\"x\", #{ eviction: \"lr^\" })"), ["lru"]);
        assert_eq!(at("cache(\"x\", #{ write: \"thr"), ["through\""]);
        assert_eq!(at("cache(\"x\", #{ write: [\"store\", \"a"), ["ack\""]);
        assert_eq!(at("let db = database(\"d\"); let w = web(\"w\"); cache(\"x\", #{ of: "), ["db"]);
        assert_eq!(at("network(#{ lat"), ["latency: "]);
        assert_eq!(at("trace(\"f\", #{ sp"), ["speed: "]);
        let (start, found) = candidates("cache(\"x\", #{ tt", 16, &words());
        assert_eq!((start, found[0].about.is_empty()), (14, false));
    }

    #[test]
    fn metrics_of_results() {
        assert_eq!(at("found.latency_p50"), Vec::<String>::new());
        assert!(at("found.").contains(&"best(".to_string()));
        assert!(at("one.latency_p9").contains(&"latency_p99".to_string()));
        assert!(at("found.best(\"lat").contains(&"latency_p50\"".to_string()));
        assert!(at("found.where(#{ a: 1 }).write_lat").contains(&"write_latency_p50".to_string()));
        assert!(at("experiment(\"x\").expect(\"t\", |r| r.sta").contains(&"stale".to_string()));
        assert!(at("experiment(\"x\").claim(\"t\", |all| all.be").contains(&"best(".to_string()));
    }

    #[test]
    fn factors_of_this_experiment() {
        assert_eq!(
            at("experiment(\"x\").vary(\"strategy\", [1]).vary(\"ttl\", [2]).world(|p| { p."),
            ["strategy", "ttl"]
        );
        assert_eq!(at("experiment(\"x\").vary(\"ttl\", [2]).baseline(#{ "), ["ttl: "]);
    }

    #[test]
    fn commands_and_their_topics() {
        assert_eq!(at(":he"), [":help"]);
        assert_eq!(at(":explain cache.ttl_k"), ["cache.ttl_kind"]);
        assert_eq!(at("explain cache.ttl_k"), ["cache.ttl_kind"]);
        assert_eq!(at(":explain redis_l"), ["redis_lru", "redis_lfu"]);
        assert_eq!(at(":explain whe"), ["when", "where"]);
        assert_eq!(at(":list met"), ["metrics"]);
        assert_eq!(at("list f"), ["functions"]);
    }

    #[test]
    fn nothing_in_comments_and_other_texts() {
        assert!(at("// exp").is_empty());
        assert!(at("`exp").is_empty());
        assert!(at("print(\"exp").is_empty());
    }

    #[test]
    fn any_cut_of_a_script_is_survived() {
        let text = "let é = experiment(\"ü\").vary(\"a\", [5.s]); `x ${é}` cache(\"c\", #{ eviction: \"lru\" }) } ) ] | 'q' #\"r\"# /* c */ . .. ?.";
        for pos in (0..=text.len()).filter(|pos| text.is_char_boundary(*pos)) {
            let (start, _) = candidates(text, pos, &words());
            assert!(start <= pos && text.is_char_boundary(start));
        }
    }
}
