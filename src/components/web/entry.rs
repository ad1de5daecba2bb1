//! Settings of the web tier, and what can be wrong with them.

use super::super::database::counted;
use super::super::database::model::Question;
use super::super::{Site, host, site};
use super::Step;
use super::session::SESSIONS;
use crate::catalog::{Action, Entry, Kind, Measure, Param, Preset, Problem, Problems, Settings};
use crate::parts::plan::{CacheError, WritePlan};
use crate::parts::station;

const STEPS: &[&str] =
    &["cpu", "read", "write", "aggregate", "columns", "friends_of_friends", "join", "publish"];

const ACTIONS: &[Action] = &[
    site::CRASH,
    site::RECOVER,
    site::HANG,
    site::SLOW,
    site::ADD_NODE,
    site::REMOVE_NODE,
    Action {
        name: "drain",
        usage: "drain()",
        about: "health checks are told to send nobody new; clients that stick to it may still come",
    },
    Action { name: "undrain", usage: "undrain()", about: "takes new clients again" },
];

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
            name: "copies",
            kind: Kind::Groups(&["cache"]),
            preset: Preset::Absent("none"),
            about: "other caches of the same store (other regions): the steps \"cache\" and \"invalidate\" of a write are done there too, and waited for",
        },
        Param {
            name: "announces",
            kind: Kind::Group(&["invalidation_bus"]),
            preset: Preset::Absent("nowhere"),
            about: "a bus that is told of each write before its caller has the answer",
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
        host::ON,
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
            about: "steps of a reading request; aggregate, columns, friends_of_friends and join ask the database behind `reads` a question",
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
            name: "speed",
            kind: Kind::Number(0.01, 100.0),
            preset: Preset::Number(1.0),
            about: "speed of a processor: own work takes its time divided by this",
        },
        Param {
            name: "contention",
            kind: Kind::Share,
            preset: Preset::Share(0.0),
            about: "alpha of the Universal Scalability Law: share of own work that only one processor can do at a time",
        },
        Param {
            name: "coherency",
            kind: Kind::Share,
            preset: Preset::Share(0.0),
            about: "beta of the Universal Scalability Law: cost of keeping each pair of busy processors in step",
        },
        Param {
            name: "pause",
            kind: Kind::Variate,
            preset: Preset::Absent("servers do not pause"),
            about: "length of a pause in which a server stands still (garbage collection); needs `pause_every`",
        },
        Param {
            name: "pause_every",
            kind: Kind::Variate,
            preset: Preset::Absent("servers do not pause"),
            about: "time from the end of one pause to the next, drawn for each server on its own",
        },
        Param {
            name: "sessions",
            kind: Kind::Choice(SESSIONS),
            preset: Preset::Absent("users need no login"),
            about: "where sessions of users are kept; who has none must log in first",
        },
        Param {
            name: "session_store",
            kind: Kind::Group(&["cache", "database"]),
            preset: Preset::Absent("for `sessions: \"store\"`"),
            about: "the store that all servers share",
        },
        Param {
            name: "session_size",
            kind: Kind::Bytes,
            preset: Preset::Absent("sizes are not modelled"),
            about: "size of a session (a cart)",
        },
        Param {
            name: "session_memory",
            kind: Kind::Bytes,
            preset: Preset::Absent("no bound but the number of users"),
            about: "memory of a server for sessions; the one not used for longest goes",
        },
        Param {
            name: "login",
            kind: Kind::Variate,
            preset: Preset::Absent("as `service`"),
            about: "own work of a login (password hashes are slow on purpose)",
        },
        Param {
            name: "etag",
            kind: Kind::Flag,
            preset: Preset::Flag(true),
            about: "whether it sends no body (304) to a browser or edge that holds what it would send; its work is done all the same (Express and Rails do so unless told otherwise)",
        },
        Param {
            name: "timeout",
            kind: Kind::Duration,
            preset: Preset::Absent("none: it waits for ever"),
            about: "how long it waits for a cache or database",
        },
        site::PRICE,
        site::REGION,
        site::ZONE,
    ],
    actions: ACTIONS,
    measures: &[
        Measure { name: "requests_count", about: "requests taken" },
        Measure { name: "errors_count", about: "requests answered with an error" },
        Measure { name: "not_modified_count", about: "reads answered without a body (304)" },
        Measure { name: "pauses_count", about: "pauses so far" },
        Measure { name: "sessions_count", about: "sessions in memory" },
        Measure { name: "session_bytes", about: "their size" },
        Measure { name: "sessions_unknown_count", about: "requests that had to log in first" },
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
        "write" => Step::Write,
        "publish" => Step::Publish,
        question => Step::Ask(Question::named(question).expect("checked").verb()),
    };
    names.iter().map(step).collect()
}

/// The plans of reads, writes, logins and health checks; sessions are looked for first, and kept when they have changed.
pub(super) fn plans(settings: &Settings) -> [Vec<Step>; 4] {
    let [mut reads, mut writes] = ["on_read", "on_write"].map(|name| steps(settings, name));
    if settings.is_given("sessions") {
        reads.insert(0, Step::Session);
        writes.insert(0, Step::Session);
        writes.push(Step::KeepSession);
    }
    [reads, writes, vec![Step::Login, Step::KeepSession], vec![Step::Check]]
}

/// Steps that ask a question need a database that can answer it.
fn check_questions(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    for list in ["on_read", "on_write"] {
        let questions = settings.texts(list).into_iter().filter_map(|name| Question::named(&name));
        for question in questions {
            let Some(target) = settings.group("reads") else {
                let message =
                    format!("`{list}` has the step \"{}\" that needs the setting `reads`", question.name());
                problems.push(settings.problem(list, message).hint("add `reads:` a database"));
                continue;
            };
            let store = &site.layout.groups[counted::behind(site.layout, target)];
            if let Some((message, hint)) = counted::refusal(store, question) {
                problems.push(settings.problem(list, message).hint(hint));
            }
        }
    }
}

pub(super) fn check(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    check_questions(site, problems);
    if settings.is_given("on") && settings.is_given("cores") {
        let problem = settings.problem("cores", "`cores` are those of the host it stands `on`");
        problems.push(problem.hint("give them to the host"));
    }
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
    check_sessions(site, problems);
    check_pauses(site, problems);
    check_copies(site, problems);
    if ["reads", "writes", "publishes"].iter().all(|target| settings.group(target).is_none()) {
        // A server without data still answers: its own work is the whole request.
        if settings.variate("service").is_none() {
            let message = format!("web \"{}\" has nothing to do", site.group().name);
            let problem = Problem::at(&site.group().place, message);
            problems.push(problem.hint("give it `reads:` and `writes:`, or own work with `service:`"));
        }
    }
}

fn check_pauses(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    for (name, other) in [("pause", "pause_every"), ("pause_every", "pause")] {
        if settings.is_given(name) && !settings.is_given(other) {
            let message = format!("`{name}` needs the setting `{other}`");
            problems
                .push(settings.problem(name, message).hint(format!("add `{other}: exponential(100.ms)`")));
        }
    }
}

/// A write is told to other caches of one node each, of the same store, by whoever runs the plan himself.
fn check_copies(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let mut wrong = |setting: &str, message: String, hint: &str| {
        problems.push(settings.problem(setting, message).hint(hint));
    };
    for setting in ["copies", "announces"].into_iter().filter(|setting| settings.is_given(setting)) {
        if settings.group("writes").is_none() {
            wrong(setting, format!("`{setting}` is about writes, and there is no `writes`"), "add `writes:`");
        }
    }
    let Some(own) = settings.group("writes") else { return };
    let group = |index: usize| &site.layout.groups[index];
    let store = super::super::cache::store_beside(group(own));
    for copy in settings.groups("copies") {
        let name = &group(copy).name;
        if copy == own || store.is_none() || super::super::cache::store_beside(group(copy)) != store {
            let message = format!("\"{name}\" is no other cache beside the store that `writes` names");
            wrong("copies", message, "name caches `of` the same database, with `placement: \"aside\"`");
        } else if group(own).count > 1 || group(copy).count > 1 {
            let message = "`copies` is for caches of one node each".to_string();
            wrong("copies", message, "tell larger ones through an invalidation_bus");
        } else if super::super::cache::write_plan(&site.of(own)).flush_after.is_some() {
            let message = "write-back keeps a write in one cache: it cannot tell `copies`".to_string();
            wrong("copies", message, "take \"through\" or \"aside\"");
        }
    }
}

fn check_sessions(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    for name in ["session_store", "session_size", "session_memory", "login"] {
        if settings.is_given(name) && !settings.is_given("sessions") {
            let message = format!("`{name}` needs the setting `sessions`");
            problems.push(settings.problem(name, message).hint("add `sessions: \"memory\"`"));
        }
    }
    if !settings.is_given("sessions") {
        return;
    }
    let in_store = SESSIONS[settings.choice("sessions")].name == "store";
    if in_store != settings.is_given("session_store") {
        let (name, message, hint) = match in_store {
            true => ("sessions", "sessions in a store need one", "add `session_store:` a cache or database"),
            false => ("session_store", "these sessions are in no store", "write `sessions: \"store\"`"),
        };
        problems.push(settings.problem(name, message).hint(hint));
    }
    let store = settings.group("session_store").map(|group| &site.layout.groups[group]);
    if let Some(store) = store.filter(|store| store.count > 1) {
        let message = format!("sessions are kept in one node, and \"{}\" has {}", store.name, store.count);
        problems
            .push(settings.problem("session_store", message).hint("take a cache or database of one node"));
    }
    if settings.is_given("session_memory") && !settings.is_given("session_size") {
        let problem = settings.problem("session_memory", "`session_memory` needs the setting `session_size`");
        problems.push(problem.hint("add `session_size: 20.kib`"));
    }
    let traffic = |group: &&crate::components::Group| group.kind == "traffic";
    if !site.layout.groups.iter().filter(traffic).any(|group| group.settings.is_given("users")) {
        let problem = settings.problem("sessions", "sessions belong to users, and no traffic has any");
        problems.push(problem.hint("give the traffic `users: 1_000`"));
    }
}

/// The write plan that holds for a target: the cache's strategy, or simply the store; announced, if there is a bus.
pub(super) fn plan(site: &Site<'_>, target: usize) -> WritePlan {
    let plan = strategy(site, target);
    if site.settings().is_given("announces") { plan.announce() } else { plan }
}

fn strategy(site: &Site<'_>, target: usize) -> WritePlan {
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
