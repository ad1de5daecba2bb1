//! What can be wrong with the settings of a cache.

use super::entry::row_bytes;
use super::{beside, expiry, only_copy, stampede};
use crate::catalog::{Problem, Problems, Settings, Value};
use crate::components::Site;

/// More beside one item is a mistake of units.
const OVERHEAD_AT_MOST: u64 = 1 << 20;

/// What is wrong with it in its world.
pub(super) fn check(site: &Site<'_>, problems: &mut Problems) {
    check_sizes(site, problems);
    check_preload(site, problems);
    only_copy::check(site, problems);
    beside::check(site, problems);
}

/// What is wrong with its settings, whatever it is for.
pub(super) fn check_alone(settings: &Settings, problems: &mut Problems) {
    expiry::check(settings, problems);
    check_stampede(settings, problems);
    check_later(settings, problems);
}

/// What is said twice, and what never comes to pass.
fn check_later(settings: &Settings, problems: &mut Problems) {
    let says_when = |step: &Value| matches!(step, Value::Step(_));
    let listed = matches!(settings.raw("write"), Some(Value::List(steps)) if steps.iter().any(says_when));
    if listed && settings.is_given("flush") {
        let message = "`flush` and later(.., \"store\") both say when data is stored";
        problems.push(settings.problem("flush", message).hint("leave one of them out"));
    }
    if settings.is_given("refresh_ahead") && settings.chosen("ttl_kind") == "sliding" {
        let message = "with `ttl_kind: \"sliding\"` a hit makes an item new again: what is hit often would never be loaded anew";
        problems.push(settings.problem("refresh_ahead", message).hint("leave one of them out"));
    }
}

/// Settings that mean something with one policy only, and policies that mean something with a TTL only.
fn check_stampede(settings: &Settings, problems: &mut Problems) {
    let policy = stampede::POLICIES[settings.choice("stampede")].name;
    for (setting, of) in [("lock", "lock"), ("poll", "lock"), ("stale", "lock"), ("beta", "early")] {
        if settings.is_given(setting) && policy != of {
            let message = format!(
                "`{setting}` says something about stampede \"{of}\", and this cache has \"{policy}\""
            );
            problems.push(settings.problem(setting, message).hint(format!("add `stampede: \"{of}\"`")));
        }
    }
    let needs_ttl = [("stampede", policy == "early"), ("stale", true), ("refresh_ahead", true)];
    for (setting, _) in needs_ttl.into_iter().filter(|(setting, needs)| *needs && settings.is_given(setting))
    {
        if !settings.is_given("ttl") {
            let message = format!("`{setting}` is about expiry, and nothing expires here");
            problems.push(settings.problem(setting, message).hint("give the cache a `ttl`"));
        }
    }
}

/// A bound in bytes counts nothing if nothing has a size.
fn check_sizes(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let overhead = settings.bytes("overhead").unwrap_or(0);
    let Some(capacity) = settings.bytes("capacity") else {
        if overhead > 0 {
            let problem = settings.problem("overhead", "`overhead` counts only with a `capacity` in bytes");
            problems.push(problem.hint("add `capacity: 1.gib`"));
        }
        return;
    };
    if overhead > OVERHEAD_AT_MOST {
        let message =
            format!("`overhead` is {overhead} bytes per item; at most {OVERHEAD_AT_MOST} are taken");
        problems.push(settings.problem("overhead", message).hint("Redis has about 80"));
    }
    let row = row_bytes(site);
    let row = row.or_else(|| only_copy::session_bytes(site));
    if let Some(row) = row.filter(|row| *row + overhead > capacity) {
        let beside = if overhead > 0 { format!(" and its {overhead} of overhead") } else { String::new() };
        let message = format!("`capacity` is {capacity} bytes, smaller than one row of {row}{beside}");
        problems.push(settings.problem("capacity", message).hint("nothing would ever be cached"));
    }
    if row.is_none() && !site.layout.sized_traffic() {
        let (message, hint) = match only_copy::keeps_sessions(site) {
            true => (
                "`capacity` is in bytes, but nothing tells the size of a session",
                "give the web tier `session_size: 2.kib`, or bound the number of sessions with `items:`",
            ),
            false => (
                "`capacity` is in bytes, but nothing tells the size of a row",
                "give the database `row: 1.kib`, or bound the number of items with `items:`",
            ),
        };
        problems.push(settings.problem("capacity", message).hint(hint));
    }
}

fn check_preload(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    if settings.count("preload") == Some(0) || site.layout.popular(site.index, 0).is_some() {
        return;
    }
    let problem: Problem = settings.problem("preload", "`preload` needs traffic with `keys:`");
    problems.push(problem.hint("a trace does not say beforehand which keys are wanted most"));
}
