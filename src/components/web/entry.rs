//! Settings of the web tier, and what can be wrong with them.

use super::super::{Site, site};
use super::Step;
use crate::catalog::{Entry, Kind, Measure, Param, Preset, Problem, Problems, Settings};
use crate::parts::plan::{CacheError, WritePlan};
use crate::parts::station;

const STEPS: &[&str] = &["cpu", "read", "write", "publish"];

pub(super) static ENTRY: Entry = Entry {
    name: "web",
    about: "servers that run a plan of steps for each request: own work, reads, writes",
    chapter: "3, 8",
    params: &[
        Param {
            name: "count",
            kind: Kind::Count(1, 10_000),
            preset: Preset::Count(1),
            about: "number of servers",
        },
        Param {
            name: "reads",
            kind: Kind::Group(&["cache", "database"]),
            preset: Preset::Absent("no step \"read\""),
            about: "where it reads: a cache (with the store behind it) or a database",
        },
        Param {
            name: "writes",
            kind: Kind::Group(&["cache", "database"]),
            preset: Preset::Absent("no step \"write\""),
            about: "where it writes: a cache (its write strategy is followed) or a database",
        },
        Param {
            name: "publishes",
            kind: Kind::Group(&["queue"]),
            preset: Preset::Absent("no step \"publish\""),
            about: "the queue it gives messages to; alone it makes [\"cpu\", \"publish\"] the usual steps of a write",
        },
        Param {
            name: "service",
            kind: Kind::Variate,
            preset: Preset::Absent("0: its own work is not modelled"),
            about: "own work of each step \"cpu\"",
        },
        Param {
            name: "cores",
            kind: Kind::Count(1, 4096),
            preset: Preset::Count(1),
            about: "processors of a server, if `service` is given",
        },
        Param {
            name: "discipline",
            kind: Kind::Choice(station::DISCIPLINES),
            preset: Preset::Choice("fifo"),
            about: "how the processors share the work",
        },
        station::FIRST_PARAM,
        Param {
            name: "concurrency",
            kind: Kind::Count(1, 1_000_000),
            preset: Preset::Absent("no limit"),
            about: "requests a server works on at a time (workers): a slot is held while it waits for data",
        },
        Param {
            name: "queue",
            kind: Kind::Count(0, i64::MAX),
            preset: Preset::Absent("no bound"),
            about: "most requests that wait for a worker (or a processor); one more is rejected",
        },
        Param {
            name: "on_read",
            kind: Kind::Steps(STEPS),
            preset: Preset::Absent("[\"cpu\", \"read\"]"),
            about: "steps of a reading request",
        },
        Param {
            name: "on_write",
            kind: Kind::Steps(STEPS),
            preset: Preset::Absent("[\"cpu\", \"write\"]"),
            about: "steps of a writing request",
        },
        Param {
            name: "on_cache_error",
            kind: Kind::Choice(CacheError::ENTRIES),
            preset: Preset::Choice("store"),
            about: "what it does when the cache does not answer",
        },
        Param {
            name: "timeout",
            kind: Kind::Duration,
            preset: Preset::Absent("none: it waits for ever"),
            about: "how long it waits for a cache or database",
        },
    ],
    actions: site::NODE_ACTIONS,
    measures: &[
        Measure { name: "requests_count", about: "requests taken" },
        Measure { name: "errors_count", about: "requests answered with an error" },
    ],
};

pub(super) fn nodes(settings: &Settings) -> u64 {
    settings.count("count").expect("preset")
}

/// The steps of a list, or the usual ones.
pub(super) fn steps(settings: &Settings, name: &str) -> Vec<Step> {
    let publishes = settings.group("publishes").is_some() && settings.group("writes").is_none();
    let usual = match name {
        "on_read" => ["cpu", "read"],
        _ if publishes => ["cpu", "publish"],
        _ => ["cpu", "write"],
    };
    let given = settings.texts(name);
    let names = if given.is_empty() { usual.map(String::from).to_vec() } else { given };
    let step = |name: &String| match name.as_str() {
        "cpu" => Step::Cpu,
        "read" => Step::Read,
        "publish" => Step::Publish,
        _ => Step::Write,
    };
    names.iter().map(step).collect()
}

pub(super) fn check(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let targets = [("reads", Step::Read), ("writes", Step::Write), ("publishes", Step::Publish)];
    let pairs = targets.iter().flat_map(|target| ["on_read", "on_write"].map(|name| (name, *target)));
    for (steps_name, (target, wanted)) in pairs {
        let given = settings.is_given(steps_name);
        if given && steps(settings, steps_name).contains(&wanted) && settings.group(target).is_none() {
            let message = format!("`{steps_name}` has a step that needs the setting `{target}`");
            problems.push(settings.problem(steps_name, message).hint(format!(
                "add `{target}:` {}",
                if target == "publishes" { "a queue" } else { "a database or cache" }
            )));
        }
    }
    if ["reads", "writes", "publishes"].iter().all(|target| settings.group(target).is_none()) {
        // A server without data still answers: its own work is the whole request.
        if settings.variate("service").is_none() {
            let message = format!("web \"{}\" has nothing to do", site.group().name);
            let problem = Problem::at(&site.group().place, message);
            problems.push(problem.hint("give it `reads:` and `writes:`, or own work with `service:`"));
        }
    }
}

/// The write plan that holds for a target: the cache's strategy, or simply the store.
pub(super) fn plan(site: &Site<'_>, target: usize) -> WritePlan {
    let group = &site.layout.groups[target];
    let store_only = || WritePlan {
        steps: vec![crate::parts::plan::Step::Store, crate::parts::plan::Step::Ack],
        flush_after: None,
    };
    // A cache in front of its store runs its strategy itself: to its callers it is the store.
    if super::super::cache::store_beside(group).is_none() {
        return store_only();
    }
    super::super::cache::write_plan(&site.of(target))
}
