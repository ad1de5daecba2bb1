//! Settings of a load balancer, and what can be wrong with them.

use super::super::{Site, site};
use super::policy::{self, Backend};
use crate::catalog::{Entry, Kind, Load, Measure, Param, Preset, Problem, Problems, Value};
use crate::components::site::Group;
use crate::kernel::{NodeId, SECOND};

pub(super) static ENTRY: Entry = Entry {
    name: "load_balancer",
    about: "passes each call to one of its servers",
    chapter: "4",
    params: &[
        Param {
            name: "to",
            kind: Kind::Groups(&["web", "cache", "database", "load_balancer"]),
            preset: Preset::Required,
            about: "the servers: a group or several",
        },
        Param {
            name: "policy",
            kind: Kind::Choice(policy::POLICIES),
            preset: Preset::Choice("round_robin"),
            about: "which server is next (round robin: the default of nginx and HAProxy)",
        },
        Param {
            name: "weights",
            kind: Kind::Weights,
            preset: Preset::Absent("all equal"),
            about: "shares of the servers, in their order; for policies that look at weights",
        },
        Param {
            name: "decay",
            kind: Kind::Duration,
            preset: Preset::Duration(10 * SECOND),
            about: "how fast policy \"least_latency\" forgets old latencies (10 s: Finagle, PeakEwma)",
        },
        Param {
            name: "service",
            kind: Kind::Variate,
            preset: Preset::Absent("0: its own work is not modelled"),
            about: "own work per call",
        },
        Param {
            name: "cores",
            kind: Kind::Count(1, 1024),
            preset: Preset::Count(1),
            about: "calls it works on at a time, if `service` is given",
        },
        Param {
            name: "timeout",
            kind: Kind::Duration,
            preset: Preset::Absent("none: it waits for ever"),
            about: "how long it waits for a server (nginx: 60 s, proxy_read_timeout)",
        },
    ],
    actions: site::NODE_ACTIONS,
    measures: &[
        Measure { name: "calls_count", about: "calls passed on" },
        Measure { name: "errors_count", about: "calls answered with an error" },
    ],
};

fn servers(site: &Site<'_>) -> Vec<NodeId> {
    let groups = site.settings().groups("to");
    groups.iter().flat_map(|group| site.layout.groups[*group].nodes()).collect()
}

/// The servers with their weights.
pub(super) fn backends(site: &Site<'_>) -> Vec<Backend> {
    let weights = site.settings().list("weights");
    let weight = |at: usize| weights.get(at).and_then(whole).unwrap_or(1) as u32;
    servers(site).into_iter().enumerate().map(|(at, node)| Backend::new(node, weight(at))).collect()
}

fn whole(value: &Value) -> Option<i64> {
    if let Value::Whole(number) = value { Some(*number) } else { None }
}

pub(super) fn check(site: &Site<'_>, problems: &mut Problems) {
    check_weights(site, problems);
    check_addresses(site, problems);
}

fn check_weights(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let weights: Vec<i64> = settings.list("weights").iter().filter_map(whole).collect();
    let (count, servers) = (weights.len(), servers(site).len());
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
        let message = format!("{count} weights for {servers} servers");
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

/// A policy that looks at addresses needs clients that have some.
fn check_addresses(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let choice = settings.choice("policy");
    if !policy::looks_at_addresses(choice) {
        return;
    }
    for group in clients(site) {
        let recorded = matches!(group.settings.load("rate"), Some(Load::Trace(_)));
        if !recorded && !group.settings.is_given("addresses") {
            let place = settings.place("policy").unwrap_or(&site.group().place);
            let (policy, clients) = (policy::POLICIES[choice].name, &group.name);
            let message =
                format!("policy \"{policy}\" looks at addresses, and the clients of \"{clients}\" have none");
            problems.push(Problem::at(place, message).hint("give the traffic `addresses: 10_000`"));
        }
    }
}

/// The traffics that come straight to it.
fn clients<'a>(site: &Site<'a>) -> impl Iterator<Item = &'a Group> {
    let index = site.index;
    let comes_here =
        move |group: &&Group| group.kind == "traffic" && group.settings.group("to") == Some(index);
    site.layout.groups.iter().filter(comes_here)
}
