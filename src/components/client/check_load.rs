//! Mistakes in when requests come.

use super::super::Site;
use crate::catalog::{Load, Problem, Problems, Settings, TraceLoad};
use crate::kernel::time_text;

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
        check_trace(settings, trace, problems);
    }
    check_end(site, problems);
}

fn check_trace(settings: &Settings, trace: &TraceLoad, problems: &mut Problems) {
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
    let clients = trace.rows.client_count();
    if let Some(users) = settings.count("users").filter(|users| *users < clients) {
        let message =
            format!("`users` is {users}, but the trace names {clients} clients, each of whom is a user");
        problems.push(settings.problem("users", message).hint(format!("write `users: {clients}`")));
    }
    if !trace.rows.has_times() && trace.arrivals.is_none() {
        let problem = settings.problem("rate", format!("the trace {:?} has no times", trace.path));
        problems.push(problem.hint("say how fast its rows come: trace(path, #{ rate: 200.rps })"));
    }
}

/// A rate that the run never comes to was meant to be seen.
fn check_end(site: &Site<'_>, problems: &mut Problems) {
    let (settings, end) = (site.settings(), site.layout.end);
    let arrivals = match settings.load("rate") {
        Some(Load::Open(arrivals)) => Some(arrivals),
        Some(Load::Trace(trace)) => trace.arrivals.as_ref(),
        None => None,
    };
    if let Some(at) = arrivals.and_then(|arrivals| arrivals.unreached(end)) {
        let (at, end) = (time_text(at), time_text(end));
        let problem =
            settings.problem("rate", format!("a rate that begins at {at} comes after the end at {end}"));
        problems.push(problem.hint("t = 0 is the start of the warm-up; the end is warmup + duration"));
    }
}
