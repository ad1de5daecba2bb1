//! `:list` and `:explain`: what the commands of the same names print.
// Until cli::catalog is there, the catalog's entries in short. Then: `catalog::list(topic)` and `explain::explain(name)`.

use crate::catalog::{Problem, did_you_mean};
use crate::components::{KINDS, kind};
use crate::experiment::metric_names;

/// `:list`, or `:list TOPIC`.
pub(super) fn list(topic: Option<&str>) -> Result<String, Problem> {
    let kinds = || KINDS.iter().map(|kind| format!("{:<16} {}\n", kind.entry.name, kind.entry.about)).collect::<String>();
    match topic {
        None => Ok(kinds() + lines(metric_names()).as_str()),
        Some("components") => Ok(kinds()),
        Some("metrics") => Ok(lines(metric_names())),
        Some("actions") => Ok(lines(crate::model::ACTIONS.iter().copied())),
        Some(other) => {
            let hint = did_you_mean(other, ["components", "metrics", "actions"]);
            Err(Problem::new(format!("there is no list of `{other}`")).maybe_hint(hint))
        }
    }
}

fn lines<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("{name}\n")).collect()
}

/// `:explain NAME`, where NAME is a component or one of its settings, as in `cache.ttl`.
pub(super) fn explain(name: &str) -> Result<String, Problem> {
    let (component, setting) = name.split_once('.').map_or((name, None), |(component, setting)| (component, Some(setting)));
    let Some(found) = kind(component) else {
        let hint = did_you_mean(name, KINDS.iter().map(|kind| kind.entry.name));
        return Err(Problem::new(format!("there is nothing to explain about `{name}`")).maybe_hint(hint));
    };
    let params = found.entry.params.iter().filter(|param| setting.is_none_or(|setting| param.name == setting));
    let text: String = params
        .map(|param| format!("{}.{}: {}; {} (default: {})\n", component, param.name, param.about, param.kind.wanted(), param.preset))
        .collect();
    match setting {
        Some(setting) if text.is_empty() => {
            let hint = did_you_mean(setting, found.entry.params.iter().map(|param| param.name));
            Err(Problem::new(format!("a {component} has no setting `{setting}`")).maybe_hint(hint))
        }
        Some(_) => Ok(text),
        None => Ok(format!("{component}: {}\n{text}", found.entry.about)),
    }
}
