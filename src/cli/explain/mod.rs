//! `scalelab explain NAME`: all that is known of a component, a setting, a policy, an action, a metric or a function.

mod profile;
mod table;

use super::catalog::{self, TITLES, entries, families};
use super::look::{STRONG, styled};
use crate::catalog::{Action, Entry, Kind, Measure, Param, Policy, Problem, did_you_mean, meant, one_of};
use crate::components::network;
use crate::experiment::{
    Better, COLUMNS, Column, FIGURES, METRICS, Metric, Told, find_column, find_metric, is_named, metric_names,
};
use crate::output::{GUIDES, Guide};
use crate::profiles;
use crate::scripting::{RULES, WORDS, units};
use serde_json::{Value, json};

/// Something that has a name. One name may stand for several: `fifo` evicts and queues.
enum Thing {
    Component(&'static Entry),
    Setting(&'static Entry, &'static Param),
    Policy(Vec<String>, &'static Policy),
    Action(Vec<&'static str>, &'static Action),
    Metric(&'static Metric),
    Column(&'static Column),
    Measure(Vec<&'static str>, &'static Measure),
    Figure(&'static Told),
    Function(&'static str, &'static str),
    Metrics(String, Vec<&'static Metric>),
    Unit(&'static str, &'static str, String),
    Units,
    Module(String, String),
    Table(&'static Guide),
    Cell(&'static str, &'static str, Vec<&'static str>),
}

/// Whose settings are those of links: given to every pair, or to those on the map.
const LINKS: [&str; 2] = ["network", "regions"];

fn settings() -> impl Iterator<Item = (&'static Entry, &'static Param)> + Clone {
    entries().flat_map(|entry| entry.params.iter().map(move |param| (entry, param)))
}

/// Everything of this name.
fn things(name: &str) -> Vec<Thing> {
    let mut found = Vec::new();
    found.extend(entries().filter(|entry| entry.name == name).map(Thing::Component));
    found.extend(LINKS.contains(&name).then_some(Thing::Component(&network::ENTRY)));
    let of_setting = |(entry, param): &(&Entry, &Param)| match name.split_once('.') {
        Some((component, setting)) => {
            let is_link = LINKS.contains(&component) && entry.name == network::ENTRY.name;
            (entry.name == component || is_link) && param.name == setting
        }
        None => param.name == name,
    };
    found.extend(settings().filter(of_setting).map(|(entry, param)| Thing::Setting(entry, param)));
    for family in families() {
        let policy = family.policies.iter().find(|policy| policy.name == name);
        found.extend(policy.map(|policy| Thing::Policy(family.settings, policy)));
    }
    found.extend(action(name));
    let metric = find_metric(name).ok().map(|metric| Thing::Metric(&METRICS[metric]));
    found.extend(metric.or_else(|| metrics(name)));
    found.extend(COLUMNS.iter().filter(|column| is_of(name, column)).map(Thing::Column));
    found.extend(measure(name).filter(|_| !COLUMNS.iter().any(|column| column.name == name)));
    found.extend(FIGURES.iter().filter(|figure| is_named(figure.name, name)).map(Thing::Figure));
    found.extend(
        units().into_iter().find(|unit| unit.0 == name).map(|(name, of, worth)| Thing::Unit(name, of, worth)),
    );
    found.extend(catalog::module(name).map(|about| Thing::Module(name.into(), about)));
    found.extend(["unit", "units"].contains(&name).then_some(Thing::Units));
    found.extend(
        WORDS.iter().filter(|(word, _)| *word == name).map(|(word, usage)| Thing::Function(word, usage)),
    );
    found.extend(GUIDES.iter().filter(|guide| guide.is_named(name)).map(Thing::Table));
    // What is a policy, a setting and a column as well (`variant`) is told of as all of them.
    let cells = table::cells(name).into_iter();
    found.extend(cells.map(|(column, about, files)| Thing::Cell(column, about, files)));
    found
}

/// Whether it is the name of a column of components.csv, or of the same over time.
fn is_of(name: &str, column: &Column) -> bool {
    let rate = column.name.strip_suffix("_count").zip(name.strip_suffix("_per_s"));
    find_column(name).is_ok_and(|at| COLUMNS[at].name == column.name)
        || rate.is_some_and(|(counted, of)| counted == of)
}

/// Metrics that have this word in their name.
fn metrics(word: &str) -> Option<Thing> {
    let has = |metric: &&Metric| metric.column.split('_').any(|part| part == word);
    let found: Vec<&Metric> = METRICS.iter().filter(has).collect();
    let is_unit = units().iter().any(|(unit, ..)| *unit == word);
    (!found.is_empty() && !is_unit).then(|| Thing::Metrics(word.into(), found))
}

fn action(name: &str) -> Option<Thing> {
    let has = |entry: &&Entry| entry.actions.iter().any(|action| action.name == name);
    let able: Vec<&Entry> = entries().filter(has).collect();
    let action = able.first()?.actions.iter().find(|action| action.name == name)?;
    Some(Thing::Action(able.iter().map(|entry| entry.name).collect(), action))
}

fn measure(name: &str) -> Option<Thing> {
    let has = |entry: &&Entry| entry.measures.iter().any(|measure| measure.name == name);
    let able: Vec<&Entry> = entries().filter(has).collect();
    let measure = able.first()?.measures.iter().find(|measure| measure.name == name)?;
    Some(Thing::Measure(able.iter().map(|entry| entry.name).collect(), measure))
}

/// Every name that can be explained, with a line about it where there is one; some stand in it twice.
pub fn names() -> Vec<(String, String)> {
    let with = |name: &str, about: &str| (name.to_string(), about.to_string());
    let bare = |name: &str| with(name, "");
    let policies = families().into_iter().flat_map(|family| family.policies);
    let actions = entries().flat_map(|entry| entry.actions);
    let short = entries()
        .map(|entry| with(entry.name, entry.about))
        .chain(policies.map(|policy| with(policy.name, policy.about)))
        .chain(actions.map(|action| with(action.name, action.about)))
        .chain(metric_names().map(bare))
        .chain(WORDS.iter().map(|(word, usage)| with(word, usage)))
        .chain(units().into_iter().map(|unit| bare(unit.0)))
        .chain(METRICS.iter().map(|metric| with(metric.column, metric.about)))
        .chain(COLUMNS.iter().map(|column| bare(column.name)))
        .chain(entries().flat_map(|entry| entry.measures.iter().map(|measure| bare(measure.name))))
        .chain(FIGURES.iter().map(|figure| bare(figure.name)))
        .chain(GUIDES.iter().map(|guide| with(guide.name, guide.about)))
        .chain(GUIDES.iter().flat_map(Guide::columns).map(|(column, about)| with(column, about)));
    let long = settings().map(|(entry, param)| with(&format!("{}.{}", entry.name, param.name), param.about));
    short.chain(long).collect()
}

fn unknown(name: &str) -> Problem {
    let names = names();
    let topic: Vec<String> = meant::topic(name).iter().map(|one| format!("`explain {one}`")).collect();
    let of_topic = (!topic.is_empty()).then(|| format!("see {}", one_of(&topic)));
    let hint = of_topic
        .or_else(|| did_you_mean(name, names.iter().map(|(name, _)| name.as_str())))
        .unwrap_or_else(|| "`scalelab list` shows all names".into());
    Problem::new(format!("nothing is called `{name}`")).hint(hint)
}

/// What is known of a name; of a kind of things, the list of them.
///
/// # Errors
///
/// An unknown name, with what was meant.
pub fn explain(name: &str) -> Result<String, Problem> {
    if TITLES.contains(&name) {
        return catalog::list(Some(name));
    }
    let texts: Vec<String> = things(name).iter().map(Thing::text).collect();
    if texts.is_empty() { Err(unknown(name)) } else { Ok(texts.join("\n")) }
}

/// The same for programs: a list, since one name may stand for several things.
///
/// # Errors
///
/// As [`explain`].
pub fn explain_json(name: &str) -> Result<Value, Problem> {
    if TITLES.contains(&name) {
        return catalog::list_json(Some(name));
    }
    let values: Vec<Value> = things(name).iter().map(Thing::json).collect();
    if values.is_empty() { Err(unknown(name)) } else { Ok(Value::Array(values)) }
}

impl Thing {
    fn text(&self) -> String {
        match self {
            Thing::Component(entry) => component_text(entry),
            Thing::Setting(entry, param) => setting_text(entry, param),
            Thing::Policy(settings, policy) => policy_text(settings, policy),
            Thing::Action(components, action) => {
                let facts = [("write", action.usage.to_string()), ("for", components.join(", "))];
                head(action.name, "an action", action.about) + rows(&facts).as_str()
            }
            Thing::Metric(metric) => {
                let facts =
                    [("column of", "summary.csv".into()), ("better", direction(metric.better).into())];
                head(metric.column, "a metric", metric.about) + rows(&facts).as_str()
            }
            Thing::Column(column) => {
                head(column.name, "a column of components.csv, one row for each node", column.about)
            }
            Thing::Measure(components, measure) => {
                let facts = [("row of", "measures.csv, for each node".into()), ("of", components.join(", "))];
                head(measure.name, "a measure", measure.about) + rows(&facts).as_str()
            }
            Thing::Figure(figure) => {
                let kind = "a figure over time: in timeseries.csv, and of a component in every, when and at";
                head(figure.name, kind, figure.about)
            }
            Thing::Function(name, usage) => {
                let rules = rules(name).map(|rule| format!("  - {rule}\n")).collect::<String>();
                head(name, "a function", &format!("write {usage}"))
                    + rules.as_str()
                    + names_of_regions(name).as_str()
            }
            Thing::Metrics(word, metrics) => {
                let facts: Vec<(&str, String)> = metrics.iter().map(|m| (m.column, m.about.into())).collect();
                head(word, "in metrics", "each is a column of summary.csv") + rows(&facts).as_str()
            }
            Thing::Unit(name, of, worth) => {
                let about = format!("{worth}; write 5.{name} or 2.5.{name}");
                head(name, &format!("a unit of {of}"), &about) + "  `explain units` shows them all\n"
            }
            Thing::Units => units_text(),
            Thing::Module(name, about) => head(name, "a module", about.trim_end()),
            Thing::Table(guide) => table::text(guide),
            Thing::Cell(name, about, files) => {
                head(name, &format!("a column of {}", files.join(", ")), about)
            }
        }
    }

    fn json(&self) -> Value {
        match self {
            Thing::Component(entry) => json!({
                "is": "component", "name": entry.name, "about": entry.about, "chapter": entry.chapter,
                "settings": entry.params.iter().map(|param| param_json(entry, param)).collect::<Value>(),
                "actions": entry.actions.iter().map(action_json).collect::<Value>(),
                "measures": entry.measures.iter()
                    .map(|m| json!({ "name": m.name, "about": m.about })).collect::<Value>(),
            }),
            Thing::Setting(entry, param) => {
                let mut value = param_json(entry, param);
                value["is"] = "setting".into();
                value["component"] = entry.name.into();
                value
            }
            Thing::Policy(settings, policy) => json!({
                "is": "policy", "name": policy.name, "about": policy.about, "settings": settings,
                "source": policy.source, "wrong_when": policy.wrong_when,
                "figures": profile::json(policy.name),
            }),
            Thing::Action(components, action) => {
                let mut value = action_json(action);
                value["is"] = "action".into();
                value["components"] = json!(components);
                value
            }
            Thing::Metric(metric) => json!({
                "is": "metric", "name": metric.column, "about": metric.about,
                "better": direction(metric.better),
            }),
            Thing::Measure(components, measure) => json!({
                "is": "measure", "name": measure.name, "about": measure.about, "of": components,
            }),
            Thing::Column(column) => json!({ "is": "column", "name": column.name, "about": column.about }),
            Thing::Figure(figure) => json!({ "is": "figure", "name": figure.name, "about": figure.about }),
            Thing::Function(name, usage) => json!({
                "is": "function", "name": name, "usage": usage, "rules": rules(name).collect::<Vec<_>>(),
            }),
            Thing::Metrics(word, metrics) => json!({
                "is": "metrics", "name": word, "metrics": metrics.iter().map(|m| m.column).collect::<Vec<_>>(),
            }),
            Thing::Unit(name, of, worth) => json!({ "is": "unit", "name": name, "of": of, "worth": worth }),
            Thing::Module(name, about) => json!({ "is": "module", "name": name, "about": about }),
            Thing::Table(guide) => table::json(guide),
            Thing::Cell(name, about, files) => {
                json!({ "is": "column", "name": name, "about": about, "files": files })
            }
            Thing::Units => {
                json!({ "is": "units", "units": units().iter().map(|unit| unit.0).collect::<Vec<_>>() })
            }
        }
    }
}

/// What a word means, sentence by sentence.
fn rules(name: &str) -> impl Iterator<Item = &'static str> {
    RULES.iter().filter(move |(word, _)| *word == name).flat_map(|(_, rules)| rules.iter().copied())
}

/// Names of the regions of the maps that come with the program, for `explain regions`.
fn names_of_regions(word: &str) -> String {
    use crate::components::network::geo::{Map, map::presets};
    let known = presets().filter(|_| word == "regions");
    let line = |preset: &str| {
        let map = Map::preset(preset).expect("it is one of them");
        format!("  \"{preset}\": {}\n", map.names().collect::<Vec<_>>().join(", "))
    };
    known.map(line).collect()
}

fn units_text() -> String {
    let text = head(
        "units",
        "of quantities",
        "written behind a number with a point: 5.ms, 200.rps, 256.mib, 20.percent",
    );
    let facts: Vec<(&str, String)> =
        units().into_iter().map(|(name, of, worth)| (name, format!("{of}: {worth}"))).collect();
    text + rows(&facts).as_str()
        + "  A bare number where a unit is needed is a mistake; quantities of one kind add up, numbers scale them: 5.ms * 2 + 1.s.\n\
           \x20 Whole numbers divide as whole numbers: (1 / 3).s is 0 s; write (1.0 / 3.0).s, or 1.s / 3.\n"
}

fn param_json(entry: &Entry, param: &Param) -> Value {
    json!({
        "name": param.name, "heading": entry.heading(param.name), "about": param.about, "wanted": param.kind.wanted(),
        "preset": param.preset.to_string(), "counts_only_with": entry.counts_with(param.name),
    })
}

fn action_json(action: &Action) -> Value {
    json!({ "name": action.name, "usage": action.usage, "about": action.about })
}

fn direction(better: Better) -> &'static str {
    match better {
        Better::Lower => "lower",
        Better::Higher => "higher",
        Better::Neither => "neither",
    }
}

fn head(name: &str, is: &str, about: &str) -> String {
    format!("{}, {is}: {about}\n", styled(STRONG, name))
}

/// Names and texts under each other.
fn rows(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    rows.iter().map(|(name, text)| format!("  {name:<width$}  {text}\n")).collect()
}

/// What a setting takes, what holds without it, and with what alone it counts.
fn facts(entry: &Entry, param: &Param) -> Vec<(&'static str, String)> {
    let mut facts = vec![("takes", param.kind.wanted()), ("preset", param.preset.to_string())];
    facts.extend(entry.counts_with(param.name).map(|with| ("counts", format!("only with {with}"))));
    facts
}

fn component_text(entry: &Entry) -> String {
    let mut text = head(entry.name, "a component", entry.about);
    text.push_str(&format!("  chapter: {}\n", entry.chapter));
    let setting = |param: &Param| {
        let about = format!("{}\n", param.about);
        let facts = rows(&facts(entry, param));
        let facts: String = facts.lines().map(|line| format!("      {}\n", line.trim_start())).collect();
        format!("    {}: {about}{facts}", styled(STRONG, param.name))
    };
    for heading in std::iter::once(None).chain(entry.headings.iter().map(|(heading, _)| Some(*heading))) {
        let own = entry.params.iter().filter(|param| entry.heading(param.name) == heading);
        let title = heading.map_or_else(|| "settings".into(), |heading| format!("settings: {heading}"));
        section(&mut text, &title, own.map(setting));
    }
    let action = |action: &Action| format!("    {}: {}\n", action.usage, action.about);
    section(&mut text, "actions", entry.actions.iter().map(action));
    let measure = |m: &Measure| format!("    {}: {}\n", m.name, m.about);
    section(&mut text, "measures", entry.measures.iter().map(measure));
    text
}

fn section(text: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: String = lines.collect();
    if !lines.is_empty() {
        text.push_str(&format!("  {title}\n{lines}"));
    }
}

fn setting_text(entry: &Entry, param: &Param) -> String {
    let name = format!("{}.{}", entry.name, param.name);
    let mut text = head(&name, "a setting", param.about) + rows(&facts(entry, param)).as_str();
    let policies = match param.kind {
        Kind::Choice(policies) => policies,
        Kind::Strategy(_) => crate::parts::plan::STRATEGIES,
        _ => &[],
    };
    let policy = |policy: &Policy| format!("    {}: {}\n", styled(STRONG, policy.name), policy.about);
    section(&mut text, "choices", policies.iter().map(policy));
    text
}

fn policy_text(settings: &[String], policy: &Policy) -> String {
    let mut facts = vec![
        ("chosen by", settings.join(", ")),
        ("source", policy.source.into()),
        ("wrong when", policy.wrong_when.into()),
    ];
    facts.retain(|(_, text)| !text.is_empty()); // a provider is no choice that can be wrong
    let own = head(policy.name, "a policy", policy.about) + rows(&facts).as_str();
    // A policy of the same name in another family (none so far) would have another `about`.
    let profile = profiles::named(policy.name).filter(|profile| profile.entry.about == policy.about);
    own + profile.map_or_else(String::new, profile::text).as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str) -> String {
        anstream::adapter::strip_str(&explain(name).unwrap()).to_string()
    }

    /// A subject without a name here is told what to look at, all of which there is.
    #[test]
    fn subjects_lead_to_what_can_be_explained() {
        for (topic, meant) in meant::topics() {
            assert!(explain(topic).is_err(), "{topic} is a name");
            assert!(meant.iter().all(|one| explain(one).is_ok()), "{topic}: {meant:?}");
        }
        let hint = explain("circuit breaker").unwrap_err().hint.unwrap();
        assert!(hint.starts_with("see `explain load_balancer.max_fails`"), "{hint}");
    }

    #[test]
    fn tables_and_their_columns_are_told() {
        for name in ["comparison.csv", "comparison"] {
            let text = told(name);
            assert!(text.starts_with("comparison.csv, a table of results"), "{text}");
            assert!(text.contains("  diff_rel_pct  "), "{text}");
        }
        assert!(told("summary.csv").ends_with("`scalelab list metrics`\n"));
        assert!(told("components.csv").contains("  busy share of its processors"));
        let verdict = told("verdict");
        assert!(
            verdict.starts_with("verdict, a column of comparison.csv, phases_comparison.csv: "),
            "{verdict}"
        );
        let value = told("value");
        assert!(value.contains("value, a column of timeseries.csv: the figure in this window"), "{value}");
        assert!(value.contains("value, a column of checks.csv: mean of what is compared"), "{value}");
        let metrics = explain("metrics").unwrap();
        assert_eq!(metrics, catalog::list(Some("metrics")).unwrap());
        let json = explain_json("phases.csv").unwrap();
        assert_eq!((&json[0]["is"], &json[0]["metrics"]), (&json!("table"), &json!(true)));
        assert_eq!(explain_json("metrics").unwrap(), catalog::list_json(Some("metrics")).unwrap());
    }

    #[test]
    fn many_settings_stand_under_headings() {
        for name in ["traffic", "web", "cache", "database", "load_balancer", "cdn"] {
            let text = told(name);
            let headings: Vec<&str> =
                text.lines().filter_map(|line| line.strip_prefix("  settings: ")).collect();
            assert!(headings.len() >= 5, "{name}: {headings:?}");
        }
        let text = told("load_balancer");
        let at = |what: &str| text.find(what).unwrap_or_else(|| panic!("no {what}"));
        assert!(at("    policy:") < at("settings: sessions"), "what has no heading comes first");
        assert!(at("settings: failure") < at("    rise:") && at("    rise:") < at("settings: limits"));
        let json = explain_json("load_balancer.rise").unwrap();
        assert_eq!(json[0]["heading"], "failure");
    }

    #[test]
    fn a_component_tells_its_settings_actions_and_measures() {
        let text = told("cache");
        assert!(text.starts_with("cache, a component: items in memory"), "{text}");
        for part in ["ttl: how long an item is fresh", "preset  \"lru\"", "slow(0.5): ", "hits_count: "] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(text.contains("cache, a function"), "one name, two things: {text}");
    }

    #[test]
    fn a_setting_tells_what_it_takes() {
        let text = told("cache.ttl");
        let expected = "\
cache.ttl, a setting: how long an item is fresh
  takes   a duration such as 30.s or 5.ms
  preset  none: items stay until they are evicted or removed
";
        assert_eq!(text, expected);
        assert!(told("network.bandwidth").starts_with("link.bandwidth, a setting"), "links are given there");
        assert!(told("load_balancer.policy").contains("\n    power_of_two: "));
        assert!(told("cache.write").contains("\n    back: "));
    }

    #[test]
    fn a_policy_says_when_it_is_wrong() {
        let text = told("random");
        assert!(text.contains("chosen by   load_balancer.policy\n"), "{text}");
        assert!(text.contains("wrong when  nearly always"), "{text}");
        assert_eq!(told("fifo").matches(", a policy: ").count(), 2, "it evicts and it queues");
    }

    #[test]
    fn a_profile_tells_every_figure_with_its_source() {
        let text = told("redis");
        assert!(text.contains("model       key_value\n"), "{text}");
        assert!(text.contains("    statement_time: 5.55 us (github.com/redis/docs@63f31f699"), "{text}");
        assert!(text.contains("    how it replicates: asynchronous"), "{text}");
        assert!(told("oracle").contains("buffer: 128 MiB (assumed; "), "what nobody says is called so");
    }

    #[test]
    fn metrics_have_both_names_and_actions_their_usage() {
        assert_eq!(told("latency_p99"), told("latency_p99_ms"));
        assert!(told("latency_p99").contains("better     lower"));
        assert!(told("crash").contains("write  crash() or crash(\"host\")"));
    }

    #[test]
    fn units_and_families_of_metrics_are_explained() {
        assert!(told("ms").starts_with("ms, a unit of time: 0.001 s; write 5.ms"), "{}", told("ms"));
        assert!(told("percent").contains("0.01 of the whole") && told("rps").contains("1 per second"));
        assert!(told("units").contains("(1 / 3).s is 0 s"), "{}", told("units"));
        assert!(told("cost").contains("cost_per_hour") && told("latency").contains("write_latency_p999_ms"));
        assert!(told("regions").contains("\"aws\": ") && told("regions").contains("eu-west-1"));
    }

    #[test]
    fn words_whose_example_says_too_little_say_their_rule() {
        assert!(told("when").contains("once each simulated second"), "{}", told("when"));
        assert!(told("where").contains("like") || told("where").contains("agrees with it"));
        for (word, rules) in RULES {
            assert!(WORDS.iter().any(|(known, _)| known == word) && !rules.is_empty(), "{word}");
        }
    }

    #[test]
    fn an_unknown_name_is_met_with_a_guess() {
        let hint = |name: &str| explain(name).unwrap_err().hint.unwrap();
        assert_eq!(hint("cahce"), "did you mean `cache`?");
        assert_eq!(hint("cache.tll"), "did you mean `cache.ttl`?");
        assert_eq!(hint("round_robbin"), "did you mean `round_robin`?");
        assert_eq!(hint("quux!"), "`scalelab list` shows all names");
    }

    #[test]
    fn whatever_is_listed_is_explained() {
        let all = catalog::list_json(None).unwrap();
        for line in all.as_object().unwrap().values().flat_map(|group| group.as_array().unwrap()) {
            let name = line["name"].as_str().unwrap().split('(').next().unwrap();
            let values = explain_json(name).unwrap();
            assert!(values.as_array().unwrap().iter().all(|value| value["is"].is_string()), "{name}");
            assert!(told(name).contains(name));
        }
    }
}
