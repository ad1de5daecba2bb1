//! What can be wrong with the settings of a load balancer.

use super::super::Site;
use super::sticky::STICKY;
use super::{all_groups, make, policy};
use crate::catalog::{Load, Problem, Problems, Value, number_of};
use crate::components::{Group, ways};
use crate::kernel::time_text;

pub(super) fn whole(value: &Value) -> Option<i64> {
    if let Value::Whole(number) = value { Some(*number) } else { None }
}

pub(super) fn check(site: &Site<'_>, problems: &mut Problems) {
    check_weights(site, problems);
    check_addresses(site, problems);
    check_cookies(site, problems);
    check_caches(site, problems);
    check_sessions(site, problems);
    check_health_checks(site, problems);
    check_care(site, problems);
    check_private(site, problems);
}

fn check_weights(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let weights: Vec<i64> = settings.list("weights").iter().filter_map(whole).collect();
    let (count, servers) = (weights.len(), make::servers(site, &settings.groups("to")).len());
    let choice = settings.choice("policy");
    let (name, heaviest) = (policy::POLICIES[choice].name, policy::heaviest(choice));
    if count == 0 {
        if name == "weighted" {
            let place = settings.place("policy").unwrap_or(&site.group().place);
            let problem = Problem::at(place, "policy \"weighted\" needs the setting `weights`");
            problems.push(problem.hint("add `weights: [5, 3, 2]`"));
        }
        return;
    }
    if count != servers {
        let message =
            format!("{} for {}", number_of(count as u64, "weight"), number_of(servers as u64, "server"));
        problems.push(settings.problem("weights", message).hint("one weight for each server"));
    }
    if heaviest == 0 {
        let message = format!("policy \"{name}\" does not look at `weights`");
        problems.push(settings.problem("weights", message).hint("add `policy: \"weighted\"`"));
    } else if let Some(weight) = weights.iter().find(|weight| **weight > heaviest) {
        let message = format!("policy \"{name}\" takes weights up to {heaviest}, not {weight}");
        problems.push(settings.problem("weights", message).hint("divide all by the same number"));
    }
}

/// Who looks at addresses needs clients that have some.
fn check_addresses(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let choice = settings.choice("policy");
    let name = if policy::looks_at_addresses(choice, settings.choice("hash")) {
        "policy"
    } else if settings.is_given("sticky") && STICKY[settings.choice("sticky")].name == "address" {
        "sticky"
    } else {
        return;
    };
    for group in clients(site).filter(|group| !has_addresses(group)) {
        let place = settings.place(name).unwrap_or(&site.group().place);
        let chosen = if name == "policy" { policy::POLICIES[choice].name } else { "address" };
        let clients = &group.name;
        let message =
            format!("{name} \"{chosen}\" looks at addresses, and the clients of \"{clients}\" have none");
        problems.push(Problem::at(place, message).hint("give the traffic `addresses: 10_000`"));
    }
}

/// Cookies are kept by browsers that come back.
fn check_cookies(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    if !gives_cookies(site.group()) {
        return;
    }
    for group in
        clients(site).filter(|group| !group.settings.is_given("users") && recorded_clients(group) == 0)
    {
        let message = format!(
            "sticky \"cookie\" needs clients that come back, and those of \"{}\" are strangers each time",
            group.name
        );
        problems.push(settings.problem("sticky", message).hint("give the traffic `users: 1_000`"));
    }
    check_other_cookies(site, problems);
}

/// A browser keeps one cookie here, as if all balancers gave it the same name: who sets another one takes the first away.
fn check_other_cookies(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let several = make::groups_apart(site);
    if several > 1 {
        let message = format!(
            "a browser keeps one cookie, which names one server; of {several} groups of servers each would take that of the others away"
        );
        let hint =
            "take `sticky: \"address\"`, which remembers one server of each, or a load_balancer for each";
        problems.push(settings.problem("sticky", message).hint(hint));
    }
    let layout = site.layout;
    let others = (0..layout.groups.len())
        .filter(|other| *other != site.index && gives_cookies(&layout.groups[*other]));
    for other in others.filter(|other| ways::lead(layout, *other, site.index)) {
        let message = format!(
            "a browser keeps one cookie: that of \"{}\", which sends here, and this one would take each other away",
            layout.groups[other].name
        );
        let hint = "take `sticky: \"address\"` for one of the two";
        problems.push(settings.problem("sticky", message).hint(hint));
    }
}

fn gives_cookies(group: &Group) -> bool {
    group.kind == "load_balancer"
        && group.settings.is_given("sticky")
        && STICKY[group.settings.choice("sticky")].name == "cookie"
}

/// Users log in where reads go: servers apart from those never know a session of theirs.
fn check_sessions(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let in_memory = |group: &usize| {
        let settings = &site.layout.groups[*group].settings;
        site.layout.groups[*group].kind == "web"
            && settings.is_given("sessions")
            && settings.chosen("sessions") == "memory"
    };
    let readers = settings.groups("to");
    let apart = settings.groups("writes_to").into_iter().filter(|group| !readers.contains(group));
    for group in apart.filter(in_memory) {
        let name = &site.layout.groups[group].name;
        let message = format!(
            "\"{name}\" keeps sessions in its own memory, and users log in where reads go: it knows nobody"
        );
        let hint = "keep them where all find them: `sessions: \"store\"` with a `session_store`, or `sessions: \"token\"`, in both groups";
        problems.push(settings.problem("writes_to", message).hint(hint));
    }
}

/// Nodes of a cache divide the keys among them, which a balancer knows only if it does so itself.
fn check_caches(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let by_key = policy::looks_at_keys(settings.choice("policy"), settings.choice("hash"));
    for setting in ["to", "writes_to"] {
        let caches = settings.groups(setting).into_iter().map(|group| &site.layout.groups[group]);
        for cache in caches.filter(|group| group.kind == "cache" && group.count > 1) {
            let (name, nodes) = (&cache.name, cache.count);
            let (message, hint) = match cache.settings.chosen("routing") {
                "cluster" => (
                    format!(
                        "\"{name}\" tells callers where keys are (`routing: \"cluster\"`): a load_balancer does not listen"
                    ),
                    "name the cache where it is asked, as in `reads: store` of a web tier",
                ),
                _ if by_key => continue,
                _ => (
                    format!(
                        "the {nodes} nodes of \"{name}\" divide the keys among them, and this policy sends any key to any node"
                    ),
                    "add `policy: \"consistent_hash\"`, or name the cache where it is asked, as in `reads: store` of a web tier",
                ),
            };
            problems.push(settings.problem(setting, message).hint(hint));
        }
    }
}

/// How many clients a recorded traffic names.
fn recorded_clients(traffic: &Group) -> u64 {
    match traffic.settings.load("rate") {
        Some(Load::Trace(trace)) => trace.rows.client_count(),
        _ => 0,
    }
}

/// Whether a traffic's clients have addresses: of their own, of the places they come from, or recorded ones.
fn has_addresses(traffic: &Group) -> bool {
    let settings = &traffic.settings;
    recorded_clients(traffic) > 0 || settings.is_given("addresses") || settings.is_given("from")
}

/// The traffics whose calls come to it, at once or by a name, a router, edges or another balancer.
fn clients<'a>(site: &Site<'a>) -> impl Iterator<Item = &'a Group> {
    let (index, layout) = (site.index, site.layout);
    let sends_here =
        move |traffic: &Group| traffic.settings.group("to").is_some_and(|to| ways::lead(layout, to, index));
    layout.groups.iter().filter(move |group| group.kind == "traffic" && sends_here(group))
}

/// Checks are calls that web servers understand, and must have the time to find something.
fn check_health_checks(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let Some(checks) = make::checks(site) else { return };
    let end = site.layout.end;
    if checks.interval.max(checks.timeout) >= end {
        let name = if checks.interval >= end { "check" } else { "check_timeout" };
        let (span, end) = (time_text(checks.interval.max(checks.timeout)), time_text(end));
        let message =
            format!("`{name}` of {span} is no shorter than the whole run ({end}): it would find nothing");
        problems.push(settings.problem(name, message).hint("write `check: 2.s`"));
    }
    let groups = all_groups(settings);
    if let Some(leaf) = groups.iter().find_map(|group| not_web(site, *group)) {
        let message = format!("`check` asks web servers, and \"{}\" is a {}", leaf.name, leaf.kind);
        problems.push(settings.problem("check", message).hint("leave out `check`, or use `max_fails`"));
    }
}

/// A group behind this one, through other balancers, that is no web tier.
fn not_web<'a>(site: &Site<'a>, group: usize) -> Option<&'a Group> {
    let group = &site.layout.groups[group];
    match group.kind {
        "web" | "website" => None,
        "load_balancer" => all_groups(&group.settings).iter().find_map(|next| not_web(site, *next)),
        _ => Some(group),
    }
}

/// Settings that mean nothing without another one.
fn check_care(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let needs = [
        ("check_timeout", "check", "check: 2.s"),
        ("rise", "check", "check: 2.s"),
        ("fall", "check", "check: 2.s"),
        ("fail_timeout", "max_fails", "max_fails: 1"),
        ("redispatch", "retries", "retries: 3"),
        ("retry_timeouts", "retries", "retries: 3"),
        ("queue", "connections", "connections: 100"),
        ("queue_timeout", "connections", "connections: 100"),
        ("retry_timeouts", "timeout", "timeout: 1.s"),
        ("advertise", "standby", "standby: true"),
        ("sticky_table", "sticky", "sticky: \"address\""),
    ];
    for (name, needed, hint) in needs {
        if settings.is_given(name) && !settings.is_given(needed) {
            let message = format!("`{name}` needs the setting `{needed}`");
            problems.push(settings.problem(name, message).hint(format!("add `{hint}`")));
        }
    }
    let by_cookie = settings.is_given("sticky") && STICKY[settings.choice("sticky")].name != "address";
    if settings.is_given("sticky_table") && by_cookie {
        let problem = settings.problem("sticky_table", "the browsers remember cookies, no table does");
        problems.push(problem.hint("leave out `sticky_table`, or write `sticky: \"address\"`"));
    }
    let choice = settings.choice("policy");
    if settings.is_given("slow_start") && !policy::takes_parts(choice) {
        let message = format!("policy \"{}\" cannot give a part of a weight", policy::POLICIES[choice].name);
        let hint =
            "`slow_start` goes with policy \"weighted\", \"haproxy_roundrobin\" or \"least_connections\"";
        problems.push(settings.problem("slow_start", message).hint(hint));
    }
    for (first, last, _) in make::routes(settings) {
        if first > last {
            let message = format!("a route from key {first} to {last} holds no key");
            problems.push(settings.problem("routes", message).hint("write [first key, last key, servers]"));
        }
    }
}

/// Nobody outside names a server that only the balancer can reach.
fn check_private(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    if !settings.flag("private_addresses") {
        return;
    }
    let servers = all_groups(settings);
    for outside in &site.layout.groups {
        let Some((server, setting)) = named(outside).into_iter().find(|(group, _)| servers.contains(group))
        else {
            continue;
        };
        let (server, own) = (&site.layout.groups[server].name, &site.group().name);
        let message = format!("\"{server}\" has private addresses: only \"{own}\" reaches it");
        let hint = match outside.kind {
            "traffic" => format!("send the traffic to \"{own}\""),
            _ => format!("name \"{own}\" instead"),
        };
        problems.push(outside.settings.problem(setting, message).hint(hint));
    }
}

/// The groups that a group on the internet names, and in which setting.
fn named(outside: &Group) -> Vec<(usize, &'static str)> {
    let settings = &outside.settings;
    let one = |name: &'static str| settings.group(name).map(|group| (group, name));
    match outside.kind {
        "traffic" => one("to").into_iter().collect(),
        "dns" | "geo_router" | "anycast" => {
            settings.groups("to").into_iter().map(|group| (group, "to")).collect()
        }
        "cdn" => [one("of"), one("secondary")].into_iter().flatten().collect(),
        _ => Vec::new(),
    }
}
