//! Settings that count only beside others: who gives one without the other waits for an effect that never comes.

use super::problem::{Place, Problem};
use super::settings::Settings;

/// Settings that count only with something else.
#[derive(Debug)]
pub struct Need {
    /// Their names.
    pub settings: &'static [&'static str],
    /// What they count with, as one says it: "`attempts` above 1".
    pub with: &'static str,
    /// What to add.
    pub add: &'static str,
    /// Whether it is there.
    pub is_met: fn(&Settings) -> bool,
}

/// A setting that was given and needs something, in one world. It may do without in another variant of an experiment.
#[derive(Clone, Debug)]
pub struct Needed {
    /// The setting.
    pub setting: &'static str,
    /// What it counts with: a setting may need several things.
    pub with: &'static str,
    /// Where it was given.
    pub place: Place,
    /// What to say if what it needs is there in no variant; `None`: it is there.
    pub missing: Option<Problem>,
}

impl Settings {
    /// The settings that were given and need something.
    pub fn needed(&self) -> Vec<Needed> {
        let mut all = Vec::new();
        for need in self.entry().needs {
            let given = need.settings.iter().filter_map(|name| Some((*name, self.place(name)?.clone())));
            all.extend(given.map(|(setting, place)| Needed {
                setting,
                with: need.with,
                missing: (!(need.is_met)(self)).then(|| missing(need, setting, &place)),
                place,
            }));
        }
        all
    }
}

fn missing(need: &Need, setting: &str, place: &Place) -> Problem {
    let problem = Problem::at(place, format!("`{setting}` counts only with {}", need.with));
    problem.hint(format!("add {}, or leave `{setting}` out", need.add))
}
