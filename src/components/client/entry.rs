//! Settings of traffic, and what can be wrong with them.

use super::super::Site;
use crate::catalog::{Entry, Kind, Load, Measure, Param, Preset, Problem, Problems};

pub(super) static ENTRY: Entry = Entry {
    name: "traffic",
    about: "clients that send requests, whatever the answers (rate) or one at a time (users)",
    chapter: "1",
    params: &[
        Param {
            name: "to",
            kind: Kind::Group(&["load_balancer", "web", "cache", "database"]),
            preset: Preset::Required,
            about: "where requests go: a single node; put a load_balancer before several",
        },
        Param {
            name: "rate",
            kind: Kind::Load,
            preset: Preset::Absent("give `rate` or `users`"),
            about: "open load: 200.rps (Poisson), or constant, ramp, steps, bursty, a function of time, a trace",
        },
        Param {
            name: "users",
            kind: Kind::Count(1, 10_000_000),
            preset: Preset::Absent("with `rate`: requests belong to nobody in particular"),
            about: "alone: closed load, each user waits for the answer; with `rate`: users that requests are spread over",
        },
        Param {
            name: "think",
            kind: Kind::Variate,
            preset: Preset::Absent("0"),
            about: "closed load: pause of a user between an answer and the next request",
        },
        Param {
            name: "keys",
            kind: Kind::Keys,
            preset: Preset::Absent("one key; a trace brings its own"),
            about: "which keys are wanted, and how often each",
        },
        Param {
            name: "writes",
            kind: Kind::Share,
            preset: Preset::Share(0.0),
            about: "share of requests that write (for a trace, give it to trace(..))",
        },
        Param {
            name: "timeout",
            kind: Kind::Duration,
            preset: Preset::Absent("none: users wait for ever"),
            about: "how long a user waits for one attempt",
        },
        Param {
            name: "attempts",
            kind: Kind::Count(1, 100),
            preset: Preset::Count(1),
            about: "attempts at a request in all",
        },
        Param {
            name: "backoff",
            kind: Kind::Duration,
            preset: Preset::Absent("0: at once"),
            about: "pause before the first retry; doubles each time",
        },
        Param {
            name: "backoff_max",
            kind: Kind::Duration,
            preset: Preset::Absent("no bound"),
            about: "longest pause before a retry",
        },
        Param {
            name: "jitter",
            kind: Kind::Flag,
            preset: Preset::Flag(true),
            about: "whether the pause is drawn between 0 and its full length (full jitter, Brooker 2015)",
        },
        Param {
            name: "retry_budget",
            kind: Kind::Share,
            preset: Preset::Absent("no budget"),
            about: "retries allowed per ordinary request, on average",
        },
        Param {
            name: "size",
            kind: Kind::Bytes,
            preset: Preset::Absent("0: sizes are not modelled"),
            about: "size of what a writing request sends (a trace brings its own)",
        },
    ],
    actions: &[],
    measures: &[
        Measure { name: "requests_count", about: "requests issued" },
        Measure { name: "retries_count", about: "further attempts" },
    ],
};

pub(super) fn check(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let place = &site.group().place;
    let name = &site.group().name;
    if settings.load("rate").is_none() && settings.count("users").is_none() && !settings.is_given("rate") {
        let problem = Problem::at(place, format!("traffic \"{name}\" has neither `rate` nor `users`"));
        problems.push(problem.hint("add `rate: 200.rps` (open) or `users: 100` (closed)"));
    }
    if settings.is_given("think") && settings.is_given("rate") {
        let problem = settings.problem("think", "`think` is for closed load, and `rate` makes it open");
        problems.push(problem.hint("leave out `rate` or `think`"));
    }
    if let Some(Load::Trace(trace)) = settings.load("rate") {
        for setting in ["keys", "writes", "size"] {
            if settings.is_given(setting) {
                let message = format!("`{setting}` comes from the trace {:?}", trace.path);
                let hint = if setting == "writes" {
                    "write trace(path, #{ writes: 10.percent })"
                } else {
                    "leave it out"
                };
                problems.push(settings.problem(setting, message).hint(hint));
            }
        }
        if !trace.rows.has_times() {
            let problem = settings.problem("rate", format!("the trace {:?} has no times", trace.path));
            problems.push(problem.hint("only its keys could be used; take another trace for traffic"));
        }
    }
    check_target(site, problems);
}

/// Traffic goes to one node that understands requests.
fn check_target(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let Some(target) = settings.group("to") else { return };
    let group = &site.layout.groups[target];
    if group.doors().count() > 1 {
        let message = format!("`to` names the {} servers of \"{}\"", group.count, group.name);
        let hint = "put a load_balancer before them";
        problems.push(settings.problem("to", message).hint(hint));
    }
    if super::super::cache::store_beside(group).is_some() {
        let message =
            format!("the cache \"{}\" stands beside its store: only a web tier can use both", group.name);
        let hint = "send the traffic to a web tier, or give the cache `placement: \"inline\"`";
        problems.push(settings.problem("to", message).hint(hint));
    }
}
