//! What can be wrong with browser caches and visits to a website.

use super::super::{Site, ways, website};
use crate::catalog::Problems;

/// Keys in a browser's slots are below this: assets of a website lie above.
const KEYS: u64 = 1 << 31;

pub(super) fn check(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let caches = settings.is_given("browser_slots");
    for setting in ["max_age", "reloads"] {
        if settings.is_given(setting) && !caches {
            let problem =
                settings.problem(setting, format!("`{setting}` is about browsers that keep copies"));
            problems.push(problem.hint("add `browser_slots: 16`"));
        }
    }
    if caches && settings.count("users").is_none() {
        let problem = settings.problem("browser_slots", "a browser belongs to a user: give `users`");
        problems.push(problem.hint("write `users: 10_000` (with `rate` or `think`)"));
    }
    if caches && site.layout.keys().is_none_or(|keys| keys > KEYS) {
        let problem = settings.problem("browser_slots", format!("browsers can hold keys below {KEYS}"));
        problems.push(problem.hint("give `keys:` with fewer keys"));
    }
    if let Some(origin) = settings.group("to").and_then(|to| website::behind(site.layout, to)) {
        check_visits(site, origin, problems);
        check_only(site, origin, problems);
    }
}

/// A page and its assets come from one site: what else a visit may be sent to would not have them.
fn check_only(site: &Site<'_>, origin: usize, problems: &mut Problems) {
    let (settings, layout) = (site.settings(), site.layout);
    let to = settings.group("to").expect("required");
    if let Some(other) = ways::ends(layout, to).into_iter().find(|end| *end != origin) {
        let (name, other) = (&layout.groups[origin].name, &layout.groups[other].name);
        let message = format!(
            "\"{other}\" does not have the pages and assets of \"{name}\", and visits may come to either"
        );
        problems.push(settings.problem("to", message).hint(format!("let all ways lead to \"{name}\"")));
    }
}

fn check_visits(site: &Site<'_>, origin: usize, problems: &mut Problems) {
    let settings = site.settings();
    let group = &site.layout.groups[origin];
    let name = &group.name;
    if settings.is_given("max_age") {
        let problem =
            settings.problem("max_age", format!("\"{name}\" says itself how long copies are fresh"));
        problems.push(problem.hint("give the website `page_max_age` and `asset_max_age`"));
    }
    if settings.count("users").is_none() {
        let problem = settings.problem("to", format!("visits to \"{name}\" are of users: give `users`"));
        problems.push(problem.hint("write `users: 10_000` (with `rate` or `think`)"));
    }
    if settings.share("writes").is_some_and(|share| share > 0.0) {
        let problem =
            settings.problem("writes", format!("\"{name}\" takes no writes: it changes by publish()"));
        problems.push(problem.hint("leave `writes` out, and write at(1.minute, || site.publish())"));
    }
    let wanted = settings.keys("keys").map_or(1, |keys| keys.size);
    let pages = group.settings.count("pages").expect("required");
    if wanted > pages {
        let message = format!("`keys` are {wanted} pages, but \"{name}\" has {pages}");
        problems.push(settings.problem("keys", message).hint("keys of a website's visitors are its pages"));
    }
}
