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
    /// That a setting, if it was given, counts only with something that other components have or have not.
    pub fn needs(
        &self,
        setting: &'static str,
        with: &'static str,
        add: &str,
        is_met: bool,
    ) -> Option<Needed> {
        let place = self.place(setting)?.clone();
        let missing = (!is_met).then(|| missing(with, add, setting, &place));
        Some(Needed { setting, with, place, missing })
    }

    /// The settings that were given and need something.
    pub fn needed(&self) -> Vec<Needed> {
        let mut all = Vec::new();
        for need in self.entry().needs {
            let is_met = (need.is_met)(self);
            let of = |setting: &&'static str| self.needs(setting, need.with, need.add, is_met);
            all.extend(need.settings.iter().filter_map(of));
        }
        all
    }
}

fn missing(with: &str, add: &str, setting: &str, place: &Place) -> Problem {
    let problem = Problem::at(place, format!("`{setting}` counts only with {with}"));
    problem.hint(format!("add {add}, or leave `{setting}` out"))
}
