//! `scalelab list`: everything a script can name, one line each.

use super::look::{STRONG, styled};
use crate::catalog::{Entry, Kind, Policy, Problem, did_you_mean};
use crate::components::client::clients_entry::CLIENTS;
use crate::components::{KINDS, network};
use crate::experiment::METRICS;
use crate::output::GUIDES;
use crate::parts::plan::STRATEGIES;
use crate::scripting::WORDS;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A name and one line about it.
struct Line {
    name: String,
    about: String,
}

/// A part of the list.
struct Group {
    title: &'static str,
    lines: Vec<Line>,
}

/// What there are lists of.
pub const TITLES: [&str; 7] =
    ["components", "policies", "actions", "metrics", "tables", "functions", "modules"];

/// Where modules are looked for beside the script's own folder.
const MODULES: &str = "scripts";

fn group(title: &'static str) -> Group {
    let lines = match title {
        "components" => entries().map(|entry| line(entry.name, entry.about)).collect(),
        "policies" => families().into_iter().flat_map(family_lines).collect(),
        "actions" => actions(),
        "modules" => modules(Path::new(MODULES)),
        "metrics" => METRICS.iter().map(|metric| line(metric.column, metric.about)).collect(),
        "tables" => GUIDES.iter().map(|guide| line(guide.name, guide.about)).collect(),
        _ => WORDS.iter().map(|(name, usage)| line(name, usage)).collect(),
    };
    Group { title, lines }
}

/// The modules of a folder, each with the first line of what it says of itself.
fn modules(folder: &Path) -> Vec<Line> {
    let first = |(name, about): (String, String)| line(&name, about.lines().next().unwrap_or_default());
    comments(folder).into_iter().map(first).collect()
}

/// What a module in scripts/ says of itself.
pub(super) fn module(name: &str) -> Option<String> {
    comments(Path::new(MODULES)).into_iter().find(|(module, _)| module == name).map(|(_, about)| about)
}

/// The modules of a folder, each with the comment that it begins with.
fn comments(folder: &Path) -> Vec<(String, String)> {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|end| end == "rhai")).collect();
    files.sort();
    let of_file = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let lines = text.lines().map_while(|line| line.strip_prefix("//"));
        let about = lines.map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect();
        Some((path.file_stem()?.to_string_lossy().into_owned(), about))
    };
    files.iter().filter_map(of_file).collect()
}

fn line(name: &str, about: &str) -> Line {
    Line { name: name.into(), about: about.into() }
}

/// A setting that takes a policy by name.
pub(super) struct Family {
    /// `load_balancer.policy`, and all other settings with the same choice.
    pub(super) settings: Vec<String>,
    /// What there is to choose from.
    pub(super) policies: &'static [Policy],
}

/// All that has settings: components, links between them, and clients.
pub(super) fn entries() -> impl Iterator<Item = &'static Entry> + Clone {
    KINDS.iter().map(|kind| kind.entry).chain([&network::ENTRY, &CLIENTS])
}

/// All families of policies; the same family in two components is one.
pub(super) fn families() -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    for entry in entries() {
        for param in entry.params {
            let policies = match param.kind {
                Kind::Choice(policies) => policies,
                Kind::Strategy(_) => STRATEGIES,
                _ => continue,
            };
            let setting = format!("{}.{}", entry.name, param.name);
            let names = |policies: &[Policy]| policies.iter().map(|p| p.name).collect::<Vec<_>>();
            match families.iter_mut().find(|family| names(family.policies) == names(policies)) {
                Some(family) => family.settings.push(setting),
                None => families.push(Family { settings: vec![setting], policies }),
            }
        }
    }
    families
}

fn family_lines(family: Family) -> Vec<Line> {
    let settings = family.settings.join(", ");
    let of_policy = |policy: &Policy| line(policy.name, &format!("{} ({settings})", policy.about));
    family.policies.iter().map(of_policy).collect()
}

fn actions() -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for action in KINDS.iter().flat_map(|kind| kind.entry.actions) {
        if lines.iter().all(|line| line.name != action.usage) {
            lines.push(line(action.usage, action.about));
        }
    }
    lines
}

fn groups(topic: Option<&str>) -> Result<Vec<Group>, Problem> {
    let Some(topic) = topic else {
        return Ok(TITLES.map(group).into());
    };
    match TITLES.iter().find(|title| **title == topic) {
        Some(title) => Ok(vec![group(title)]),
        None => {
            let problem = Problem::new(format!("there is no list of `{topic}`"));
            Err(problem.maybe_hint(did_you_mean(topic, TITLES)))
        }
    }
}

/// The list of a topic (components, policies, actions, metrics, tables, functions, modules), or of all.
///
/// # Errors
///
/// An unknown topic, with what was meant.
pub fn list(topic: Option<&str>) -> Result<String, Problem> {
    let mut text = String::new();
    for group in groups(topic)? {
        let width = group.lines.iter().map(|line| line.name.chars().count()).max().unwrap_or(0);
        text.push_str(&format!("{}\n", styled(STRONG, group.title)));
        if group.lines.is_empty() {
            text.push_str(&format!(
                "  none: the folder that this is started in has no file {MODULES}/*.rhai\n"
            ));
        }
        for line in group.lines {
            text.push_str(&format!("  {:<width$}  {}\n", line.name, line.about));
        }
        text.push('\n');
    }
    if topic.is_none() {
        text.push_str("`scalelab explain NAME` tells more, also about a setting: explain cache.ttl\n");
    }
    Ok(text)
}

/// The same for programs: a list of name and about for each topic.
///
/// # Errors
///
/// As [`list`].
pub fn list_json(topic: Option<&str>) -> Result<Value, Problem> {
    let of_line = |line: Line| json!({ "name": line.name, "about": line.about });
    let of_group =
        |group: Group| (group.title.to_string(), group.lines.into_iter().map(of_line).collect::<Value>());
    Ok(groups(topic)?.into_iter().map(of_group).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_has_its_line() {
        let text = list(None).unwrap();
        let has = |name: &str| text.lines().any(|line| line.trim_start().starts_with(&format!("{name} ")));
        for kind in KINDS {
            assert!(has(kind.entry.name), "{}", kind.entry.name);
        }
        for name in [
            "link",
            "tls13",
            "round_robin",
            "lru",
            "through",
            "slow(0.5)",
            "latency_p99_ms",
            "cache_hit_ratio",
        ] {
            assert!(has(name), "{name}: {text}");
        }
    }

    #[test]
    fn a_family_of_two_components_is_listed_once() {
        let text = list(Some("policies")).unwrap();
        assert_eq!(text.matches("processor_sharing").count(), 1, "{text}");
        assert!(text.contains("(web.discipline, database.discipline, host.discipline)"), "{text}");
    }

    #[test]
    fn one_topic_alone_and_a_wrong_one() {
        let metrics = list(Some("metrics")).unwrap();
        assert_eq!(metrics.lines().count(), METRICS.len() + 2);
        let problem = list(Some("metric")).unwrap_err();
        assert_eq!(problem.hint.unwrap(), "did you mean `metrics`?");
    }

    #[test]
    fn modules_say_what_they_are() {
        let lines = modules(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scripts")));
        let told: Vec<String> = lines.iter().map(|line| format!("{}: {}", line.name, line.about)).collect();
        assert!(told.iter().any(|line| line.starts_with("workloads: Workloads A to F")), "{told:?}");
        assert!(modules(Path::new("no such folder")).is_empty());
    }

    #[test]
    fn programs_read_the_same() {
        let all = list_json(None).unwrap();
        assert_eq!(all["metrics"].as_array().unwrap().len(), METRICS.len());
        assert_eq!(all["components"][0]["name"], KINDS[0].entry.name);
    }
}
