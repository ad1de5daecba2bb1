//! Designs that spread what comes to them, and what comes is not spread; stores that a tier takes for one.

use crate::catalog::Load;
use crate::components::Layout;
use crate::components::site::Group;

/// Says so if all requests want one key, and what that does depends on keys: several shards, partitions or nodes share them, a copy holds some of
/// them, or replicas are behind with those that were written.
pub(super) fn unspread(layout: &Layout) -> Option<String> {
    let traffics = || layout.groups.iter().filter(|group| group.kind == "traffic");
    let wants_one = |group: &Group| {
        let tells_keys = matches!(group.settings.load("rate"), Some(Load::Trace(_)));
        !group.settings.is_given("keys") && !tells_keys
    };
    let writes = traffics().any(|group| group.settings.share("writes").is_some_and(|share| share > 0.0));
    let shared = layout.groups.iter().find_map(|group| Some((group, shares(group)?)));
    let shared = shared.map(|(group, what)| format!("one {what} of {} does all the work", group.name));
    let copied = || {
        let index = (0..layout.groups.len()).find(|index| copies(*index, layout, writes))?;
        let group = &layout.groups[index];
        Some(match group.kind {
            "database" => format!("each write makes all replicas of {} stale", group.name),
            _ => format!("{} has it from the first request on", group.name),
        })
    };
    let what = shared.or_else(copied)?;
    (traffics().count() > 0 && traffics().all(wants_one)).then(|| {
        format!(
            "all requests want one key: {what}; give the traffic `keys:`, such as zipf(100_000, 0.99) or uniform_keys(1_000)"
        )
    })
}

/// Whether a component has copies of what is wanted, and it matters of how much: of one key's it has all or nothing. (Who visits a website wants
/// its pages, and sessions, which nobody asks a cache for as for data, have keys of their own.)
fn copies(index: usize, layout: &Layout, writes: bool) -> bool {
    let group = &layout.groups[index];
    let has = |kind: &str| layout.groups.iter().any(|group| group.kind == kind);
    let asks = |other: &Group| ["reads", "to"].iter().any(|name| other.settings.group(name) == Some(index));
    match group.kind {
        "cache" => layout.groups.iter().any(asks),
        "cdn" => !has("website"),
        "database" => writes && group.settings.count("replicas").is_some_and(|count| count > 0),
        _ => false,
    }
}

/// What of a component shares the keys, if there are several.
fn shares(group: &Group) -> Option<&'static str> {
    let several = |name: &str| group.settings.count(name).is_some_and(|count| count > 1);
    match group.kind {
        "database" if several("shards") => Some("shard"),
        "queue" if several("partitions") => Some("partition"),
        "cache" if several("nodes") => Some("node"),
        _ => None,
    }
}

/// Says so of each web tier that reads one database and writes another: what it writes never comes to where it reads.
pub(super) fn parted(layout: &Layout) -> impl Iterator<Item = String> {
    let store = |index: usize| {
        let of = |index: usize| {
            layout.groups[index].settings.group("of").filter(|_| layout.groups[index].kind == "cache")
        };
        std::iter::successors(Some(index), |index| of(*index)).last().unwrap_or(index)
    };
    let webs = layout.groups.iter().filter(|group| group.kind == "web");
    webs.filter_map(move |web| {
        let [reads, writes] = ["reads", "writes"].map(|name| web.settings.group(name).map(store));
        let (reads, writes) = (reads?, writes?);
        let name = |index: usize| layout.groups[index].name.as_str();
        (reads != writes).then(|| {
            format!(
                "{0} reads {1} and writes {2}: what is written never comes to {1}, so that reads of it count as stale; two tiers with traffic of their own have \
                 nothing to do with each other",
                web.name,
                name(reads),
                name(writes)
            )
        })
    })
}

/// Says so of each cache that is written to, and that nobody reads.
pub(super) fn only_written(layout: &Layout) -> impl Iterator<Item = String> {
    let caches = layout.groups.iter().enumerate().filter(|(_, group)| group.kind == "cache");
    caches.filter_map(|(index, cache)| {
        let names_it = |group: &&Group| group.settings.names(index);
        let only_writes = |group: &Group| {
            group.settings.group("writes") == Some(index) && group.settings.group("reads") != Some(index)
        };
        let mut named = layout.groups.iter().filter(names_it).peekable();
        let first = named.peek()?.name.clone();
        named.all(only_writes).then(|| {
            format!(
                "nobody reads from {0}: {first} writes to it and reads elsewhere; give it `reads: {0}` as well",
                cache.name
            )
        })
    })
}
