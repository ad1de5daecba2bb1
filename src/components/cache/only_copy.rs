//! A cache without a store behind it: what it throws out is gone. Sessions may go: whoever has lost one logs in again, and is counted.

use super::eviction;
use crate::catalog::Problems;
use crate::components::Site;
use crate::components::site::Group;

/// Whether it holds sessions of web servers and nothing else.
pub(super) fn keeps_sessions(site: &Site<'_>) -> bool {
    let mut named = site.layout.groups.iter().filter(|group| group.settings.names(site.index)).peekable();
    named.peek().is_some() && named.all(|group| only_for_sessions(group, site.index))
}

fn only_for_sessions(group: &Group, cache: usize) -> bool {
    let settings = &group.settings;
    let for_data = ["reads", "writes"].into_iter().any(|name| settings.group(name) == Some(cache));
    settings.group("session_store") == Some(cache) && !for_data && !settings.groups("copies").contains(&cache)
}

/// Bytes of the largest sessions that are kept in it.
pub(super) fn session_bytes(site: &Site<'_>) -> Option<u64> {
    let keepers = site.layout.groups.iter().filter(|group| group.kind == "web");
    let keepers = keepers.filter(|group| group.settings.group("session_store") == Some(site.index));
    keepers.filter_map(|group| group.settings.bytes("session_size")).max()
}

/// Without a store there is nothing to load from or to write to, and what is thrown out is gone.
pub(super) fn check(site: &Site<'_>, problems: &mut Problems) {
    const NEED_STORE: [&str; 10] = [
        "write",
        "placement",
        "fills",
        "stampede",
        "refresh_ahead",
        "on_cache_error",
        "flush",
        "batch",
        "dirty",
        "preload",
    ];
    const LOSE_DATA: [&str; 4] = ["items", "capacity", "ttl", "nodes"];
    let settings = site.settings();
    if settings.group("of").is_some() {
        return;
    }
    for setting in NEED_STORE.into_iter().filter(|setting| settings.is_given(setting)) {
        let message = format!("`{setting}` says how a store is used, and this cache has none");
        problems.push(settings.problem(setting, message).hint("add `of:` a database, or leave it out"));
    }
    let keeps_all = eviction::POLICIES[settings.choice("eviction")].name == "none";
    let may_lose = keeps_sessions(site);
    let is_harmless = |setting: &str| match setting {
        "nodes" => false,
        "ttl" => may_lose,
        _ => keeps_all || may_lose,
    };
    for setting in LOSE_DATA.into_iter().filter(|s| settings.is_given(s) && !is_harmless(s)) {
        let message =
            format!("`{setting}` would throw data out, and this cache is the only copy (it has no `of:`)");
        let hint = match setting {
            "nodes" => "add `of:` a database, or leave it out",
            _ => {
                "add `of:` a database, or leave it out (only what is the `session_store` of web tiers and nothing else may lose data)"
            }
        };
        problems.push(settings.problem(setting, message).hint(hint));
    }
}
