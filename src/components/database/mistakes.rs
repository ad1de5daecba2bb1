//! What can be wrong with the settings of a database.

use super::{counted, replica};
use crate::catalog::{Problem, Problems};
use crate::components::Site;

/// What is wrong with it in its world.
pub(super) fn check(site: &Site<'_>, problems: &mut Problems) {
    replica::check_keys(site, problems);
    if counted::is_counted(site.settings()) {
        counted::check(site, problems);
    }
}

/// What is wrong with its settings, whoever asks it.
pub(in crate::components) fn check_alone(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    replica::check(site, problems);
    if counted::is_counted(settings) {
        return;
    }
    counted::check_unused(site, problems);
    if super::published(settings).is_some() {
        return;
    }
    for name in ["read", "write"] {
        if !settings.is_given(name) {
            let message = format!("database \"{}\" needs the setting `{name}`", site.group().name);
            let hint = format!("add `{name}:` a duration such as 5.ms, or a profile");
            problems.push(Problem::at(&site.group().place, message).hint(hint));
        }
    }
}
