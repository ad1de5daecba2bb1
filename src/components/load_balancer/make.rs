//! Makes a balancer out of its settings.

use super::super::Site;
use super::careful::{Again, Careful};
use super::checks::Checks;
use super::policy::{self, Backend, Recipe, Tuning};
use super::server::{Condition, Passive, SlowStart};
use super::sticky::Sticky;
use super::target::{Limits, Rule, Target};
use super::tiers::Tiers;
use super::waiting::Waiting;
use crate::catalog::{Settings, Value};
use crate::kernel::NodeId;

/// Settings that make a balancer a careful one.
const CARE: &[&str] =
    &["sticky", "check", "max_fails", "retries", "connections", "slow_start", "writes_to", "routes"];

/// The members of these groups.
pub(super) fn servers(site: &Site<'_>, groups: &[usize]) -> Vec<NodeId> {
    groups.iter().flat_map(|group| site.layout.groups[*group].doors()).collect()
}

/// The servers of these groups with their weights.
pub(super) fn backends(site: &Site<'_>, groups: &[usize], weights: &[Value]) -> Vec<Backend> {
    let weights = if site.is_disabled("weights") { &[] } else { weights };
    let weight = |at: usize| weights.get(at).and_then(super::mistakes::whole).unwrap_or(1) as u32;
    let servers = servers(site, groups).into_iter().enumerate();
    servers.map(|(at, node)| Backend::new(node, weight(at))).collect()
}

/// How its policy is made.
pub(super) fn recipe(settings: &Settings) -> Recipe {
    let tuning = Tuning {
        decay: settings.duration("decay").expect("preset"),
        hash_by: settings.choice("hash"),
        parts: slow_start(settings).map_or(1, |slow| slow.parts()),
    };
    Recipe { choice: settings.choice("policy"), tuning }
}

/// Whether a balancer needs more than to pass calls on.
pub(super) fn is_careful(settings: &Settings) -> bool {
    CARE.iter().any(|name| settings.is_given(name))
}

/// A careful balancer; its own work is the caller's to add.
pub(super) fn careful(site: &Site<'_>) -> Careful {
    let settings = site.settings();
    let limits = limits(site);
    let again = Again {
        retries: if site.is_disabled("redispatch") {
            0
        } else {
            settings.count("retries").expect("preset") as u8
        },
        redispatch: settings.flag("redispatch"),
        timeouts: settings.flag("retry_timeouts"),
    };
    let targets = targets(site, &limits);
    let waiting = Waiting::new(
        settings.count("queue"),
        settings.duration("queue_timeout"),
        settings.is_given("connections"),
    );
    let mut careful = Careful::new(targets, limits, again, waiting);
    careful.checks = checks(site).filter(|_| !site.is_disabled("health_checks"));
    let most = settings.count("sticky_table").expect("preset") as usize;
    let sticky = settings.is_given("sticky") && !site.is_disabled("sticky");
    careful.sticky = sticky.then(|| Sticky::new(settings.choice("sticky"), most));
    careful.purpose = site.purpose("balance");
    careful.timeout_length = settings.duration("timeout");
    careful
}

fn limits(site: &Site<'_>) -> Limits {
    let settings = site.settings();
    let passive = settings.count("max_fails").map(|max_fails| Passive {
        max_fails: max_fails as u32,
        fail_timeout: settings.duration("fail_timeout").expect("preset"),
    });
    Limits {
        connections: settings.count("connections").map_or(u32::MAX, |most| most as u32),
        passive: passive.filter(|_| !site.is_disabled("health_checks")),
        slow_start: slow_start(settings),
    }
}

fn slow_start(settings: &Settings) -> Option<SlowStart> {
    let haproxy = policy::counts_in_sixteenths(settings.choice("policy"));
    settings.duration("slow_start").map(|length| SlowStart { length, haproxy })
}

pub(super) fn checks(site: &Site<'_>) -> Option<Checks> {
    let settings = site.settings();
    let interval = settings.duration("check")?;
    Some(Checks {
        interval,
        timeout: settings.duration("check_timeout").unwrap_or(interval),
        rise: settings.count("rise").expect("preset") as u32,
        fall: settings.count("fall").expect("preset") as u32,
    })
}

/// The target groups: that for the rest first, then those of the rules.
fn targets(site: &Site<'_>, limits: &Limits) -> Vec<Target> {
    let settings = site.settings();
    let mut targets =
        vec![target(site, Rule::REST, &settings.groups("to"), settings.list("weights"), limits)];
    for (first, last, group) in routes(settings) {
        let rule = Rule { first, last, writes_only: false };
        targets.push(target(site, rule, &[group], &[], limits));
    }
    let writers = settings.groups("writes_to");
    if !writers.is_empty() {
        let rule = Rule { writes_only: true, ..Rule::REST };
        targets.push(target(site, rule, &writers, &[], limits));
    }
    targets
}

/// How many groups of servers, apart from each other, its targets are.
pub(super) fn groups_apart(site: &Site<'_>) -> usize {
    let settings = site.settings();
    let mut targets = vec![settings.groups("to"), settings.groups("writes_to")];
    targets.extend(routes(settings).into_iter().map(|(_, _, group)| vec![group]));
    targets.retain(|groups| !groups.is_empty());
    targets.sort_unstable();
    targets.dedup();
    targets.len()
}

/// The routes: first key, last key, group.
pub(super) fn routes(settings: &Settings) -> Vec<(u64, u64, usize)> {
    let route = |value: &Value| match value {
        Value::List(parts) => match parts.as_slice() {
            [Value::Whole(first), Value::Whole(last), Value::Group(group)] => {
                Some((*first as u64, *last as u64, *group))
            }
            _ => None,
        },
        _ => None,
    };
    settings.list("routes").iter().filter_map(route).collect()
}

fn target(site: &Site<'_>, rule: Rule, groups: &[usize], weights: &[Value], limits: &Limits) -> Target {
    let mut backends = backends(site, groups, weights);
    let conditions = backends.iter().map(|backend| Condition::new(backend.weight)).collect();
    let parts = limits.slow_start.map_or(1, |slow| slow.parts());
    backends.iter_mut().for_each(|backend| backend.weight = backend.weight.saturating_mul(parts));
    let recipe = recipe(site.settings());
    let mut target = Target {
        rule,
        groups: groups.iter().map(|group| *group as u16).collect(),
        policy: recipe.make(&backends),
        recipe,
        tiers: Tiers::new(site, groups),
        backends,
        conditions,
    };
    target.settle(limits.slow_start, 0);
    target
}
