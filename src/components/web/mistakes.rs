//! What can be wrong with the settings of a web tier.

use super::Step;
use super::entry::steps;
use super::session::{SESSIONS, tokens};
use crate::catalog::{Load, Problem, Problems};
use crate::components::database::{counted, model::Question};
use crate::components::{Group, Site, host, ways};

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
    check_questions(site, problems);
    host::check_guest(site, problems);
    check_writers(site, problems);
    check_sessions(site, problems);
    check_copies(site, problems);
}

/// What is wrong with its settings, whatever it asks.
pub(in crate::components) fn check_alone(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    if settings.is_given("on") && settings.is_given("queue") && !settings.is_given("concurrency") {
        let message =
            "`queue` bounds who waits for a worker: who waits for a processor of a host waits there";
        problems.push(settings.problem("queue", message).hint("add `concurrency: 50`, or leave it out"));
    }
    let targets = [("reads", Step::Read), ("writes", Step::Write), ("publishes", Step::Publish)];
    let pairs = targets.iter().flat_map(|target| ["on_read", "on_write"].map(|name| (name, *target)));
    for (steps_name, (target, wanted)) in pairs {
        let given = settings.is_given(steps_name);
        if given && steps(settings, steps_name).contains(&wanted) && !settings.is_given(target) {
            let message = format!("`{steps_name}` has a step that needs the setting `{target}`");
            problems.push(settings.problem(steps_name, message).hint(format!(
                "add `{target}:` {}",
                if target == "publishes" { "a queue" } else { "a database or cache" }
            )));
        }
    }
    check_pauses(site, problems);
    if !["reads", "writes", "publishes"].iter().any(|target| settings.is_given(target)) {
        // A server without data still answers: its own work is the whole request.
        if !settings.is_given("service") {
            let message = format!("web \"{}\" has nothing to do", site.group().name);
            let problem = Problem::at(&site.group().place, message);
            problems.push(problem.hint("give it `reads:` and `writes:`, or own work with `service:`"));
        }
    }
}

/// Whether a traffic was told to write; what a trace has recorded is not looked at.
fn writes(traffic: &Group) -> bool {
    if traffic.kind != "traffic" {
        return false;
    }
    let share = match traffic.settings.load("rate") {
        Some(Load::Trace(trace)) => trace.writes,
        _ => traffic.settings.share("writes"),
    };
    share.is_some_and(|share| share > 0.0)
}

/// Without `writes` a write would be own work only, and succeed at once: who gives `reads` has forgotten it.
fn check_writers(site: &Site<'_>, problems: &mut Problems) {
    let (settings, layout) = (site.settings(), site.layout);
    let Some(read) = settings.group("reads") else { return };
    let others = ["writes", "publishes", "on_write"];
    if others.iter().any(|name| settings.is_given(name)) {
        return;
    }
    let comes = |traffic: &&Group| {
        let to = traffic.settings.group("to");
        writes(traffic) && to.is_some_and(|to| ways::lead_writes(layout, to, site.index))
    };
    let Some(traffic) = layout.groups.iter().find(comes) else { return };
    let (own, store) = (&site.group().name, &layout.groups[read].name);
    let message = format!(
        "traffic \"{}\" (line {}) writes, and web \"{own}\" has `reads` but no `writes`: its writes would reach no store and still succeed",
        traffic.name, traffic.place.line
    );
    let hint = format!(
        "add `writes:` with what it reads (\"{store}\"); or `on_write: [\"cpu\"]` if writes are its own work only"
    );
    problems.push(settings.problem("reads", message).hint(hint));
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
    let store = crate::components::cache::store_beside(group(own));
    for copy in settings.groups("copies") {
        let name = &group(copy).name;
        if copy == own || store.is_none() || crate::components::cache::store_beside(group(copy)) != store {
            let message = format!("\"{name}\" is no other cache beside the store that `writes` names");
            wrong("copies", message, "name caches `of` the same database, with `placement: \"aside\"`");
        } else if group(own).count > 1 || group(copy).count > 1 {
            let message = "`copies` is for caches of one node each".to_string();
            wrong("copies", message, "tell larger ones through an invalidation_bus");
        } else if crate::components::cache::write_plan(&site.of(own)).flush_after.is_some() {
            let message = "write-back keeps a write in one cache: it cannot tell `copies`".to_string();
            wrong("copies", message, "take \"through\" or \"aside\"");
        }
    }
}

/// Bytes of a header line that servers take: 8 KiB (nginx, `large_client_header_buffers`; Apache, `LimitRequestFieldSize`: 8,190).
const LARGEST_TOKEN: u32 = 8_192;

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
    if let Some(store) = store.filter(|store| store.kind == "cache" && store.settings.is_given("of")) {
        let message = format!(
            "sessions in \"{}\" would be in the cache alone, never in the store behind it: lost with it all the same",
            store.name
        );
        let hint = "take a cache of its own, without `of:` (the only copy), or the database itself";
        problems.push(settings.problem("session_store", message).hint(hint));
    }
    if let Some(size) = tokens(settings).filter(|size| *size > LARGEST_TOKEN) {
        let message = format!("a token of {size} bytes is longer than any header that servers take");
        let hint = "nginx and Apache refuse header lines above 8 KiB, browsers cookies above 4,096 bytes; keep what is larger in a store";
        problems.push(settings.problem("session_size", message).hint(hint));
    }
    if settings.is_given("session_memory") && !settings.is_given("session_size") {
        let problem = settings.problem("session_memory", "`session_memory` needs the setting `session_size`");
        problems.push(problem.hint("add `session_size: 20.kib`"));
    }
    if let (Some(size), Some(memory)) = (settings.bytes("session_size"), settings.bytes("session_memory"))
        && size > memory
    {
        let message =
            "a session (`session_size`) is larger than the memory for all of them (`session_memory`)";
        problems.push(
            settings.problem("session_memory", message).hint("users x size x 1.2 to 1.5 is the rule for it"),
        );
    }
    let traffic = |group: &&Group| group.kind == "traffic";
    if !site.layout.groups.iter().filter(traffic).any(|group| group.settings.is_given("users")) {
        let problem = settings.problem("sessions", "sessions belong to users, and no traffic has any");
        problems.push(problem.hint("give the traffic `users: 1_000`"));
    }
}
