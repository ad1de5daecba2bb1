//! Settings of an autoscaler, and what can be wrong with them.

use super::super::{Site, load_balancer, site};
use crate::catalog::{Entry, Kind, Measure, Param, Policy, Preset, Problem, Problems, number_of};
use crate::kernel::{SECOND, time_text};

/// Which servers are replaced.
pub(super) const REPLACE: &[Policy] = &[
    Policy {
        name: "never",
        about: "none: dead servers stay in the group, and others are added only if the load asks for them",
        source: "Amazon EC2 Auto Scaling with the process ReplaceUnhealthy suspended",
        wrong_when: "nobody else brings dead servers back",
    },
    Policy {
        name: "silent",
        about: "one that gives no sign of life when it is asked: its machine is gone or stands still; one that refuses is a machine that works",
        source: "Amazon EC2 Auto Scaling: EC2 status checks, every minute; the only checks unless told otherwise",
        wrong_when: "processes die and machines do not: nothing is replaced",
    },
    Policy {
        name: "unhealthy",
        about: "also one that the health checks of a load_balancer have taken out",
        source: "Amazon EC2 Auto Scaling with health check type ELB: one balancer that says so is enough",
        wrong_when: "all servers fail their checks for a reason behind them, or for a moment: all are thrown away",
    },
];

pub(super) static ENTRY: Entry = Entry {
    name: "autoscaler",
    about: "keeps a measure of a web tier near its target by adding and removing servers",
    chapter: "4.6",
    headings: &[],
    params: &[
        Param {
            name: "of",
            kind: Kind::Group(&["web"]),
            preset: Preset::Required,
            about: "the web tier that grows and shrinks",
        },
        Param {
            name: "utilization",
            kind: Kind::Share,
            preset: Preset::Absent("give one of `utilization`, `queue`, `latency`"),
            about: "target: busy share of the processors (or workers, if they are busier)",
        },
        Param {
            name: "queue",
            kind: Kind::Number(0.001, 1e6),
            preset: Preset::Absent("give one of `utilization`, `queue`, `latency`"),
            about: "target: mean number of requests that wait at a server",
        },
        Param {
            name: "latency",
            kind: Kind::Duration,
            preset: Preset::Absent("give one of `utilization`, `queue`, `latency`"),
            about: "target: mean time of the requests that the servers answered in a period, from when each was sent to its server (an ALB's TargetResponseTime); while nobody is answered nothing is decided",
        },
        Param {
            name: "period",
            kind: Kind::Duration,
            preset: Preset::Duration(60 * SECOND),
            about: "how often servers are asked (60 s: detailed monitoring of Amazon EC2)",
        },
        Param {
            name: "delay",
            kind: Kind::DurationOrZero,
            preset: Preset::Absent("0: decided as soon as measured"),
            about: "time until a measurement can be acted on",
        },
        Param {
            name: "boot",
            kind: Kind::DurationOrZero,
            preset: Preset::Absent("0: a new server is there at once"),
            about: "time from the decision until a new server joins; it is paid from the decision on, in the row of the autoscaler until it joins",
        },
        Param {
            name: "cooldown",
            kind: Kind::DurationOrZero,
            preset: Preset::Duration(300 * SECOND),
            about: "pause after any change before servers are removed (300 s: Amazon EC2 Auto Scaling, default cooldown)",
        },
        Param {
            name: "replace",
            kind: Kind::Choice(REPLACE),
            preset: Preset::Choice("silent"),
            about: "which servers are taken away, while another one boots, whatever the `cooldown`: those that have not answered within half a `period` after they were asked",
        },
        Param {
            name: "grace",
            kind: Kind::DurationOrZero,
            preset: Preset::Absent("0, as EC2 Auto Scaling's API has it (its console offers 300 s)"),
            about: "time from its joining on in which a new server is not replaced for failed health checks; needs `replace: \"unhealthy\"`",
        },
        Param {
            name: "min",
            kind: Kind::Count(1, 10_000),
            preset: Preset::Count(1),
            about: "fewest servers",
        },
        Param { name: "max", kind: Kind::Count(1, 10_000), preset: Preset::Required, about: "most servers" },
        site::REGION,
        site::ZONE,
    ],
    needs: &[],
    actions: &[],
    measures: &[
        Measure { name: "added_count", about: "servers added" },
        Measure {
            name: "removed_count",
            about: "servers removed, after what they had begun; replaced ones too",
        },
        Measure {
            name: "replaced_count",
            about: "dead servers taken away; those that came for them count as added",
        },
        Measure { name: "servers_in_service_count", about: "members of the web tier" },
    ],
};

/// The targets, of which one is given.
pub(super) const TARGETS: [&str; 3] = ["utilization", "queue", "latency"];
/// Which of them is of requests, and not of servers (Elastic Load Balancing: TargetResponseTime).
pub(super) const LATENCY: usize = 2;

pub(super) fn check(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let given: Vec<&str> = TARGETS.into_iter().filter(|name| settings.is_given(name)).collect();
    if given.len() != 1 {
        let message = match given.as_slice() {
            [] => format!("autoscaler \"{}\" has no target", site.group().name),
            several => format!("autoscaler \"{}\" has {} targets", site.group().name, several.len()),
        };
        let hint = "give one of `utilization: 60.percent`, `queue: 5`, `latency: 200.ms`";
        problems.push(Problem::at(&site.group().place, message).hint(hint));
    }
    if settings.share("utilization") == Some(0.0) {
        problems.push(settings.problem("utilization", "a target of 0 can never be reached"));
    }
    if settings.share("utilization") == Some(1.0) {
        let message = "servers are never busier than 100 %: with this target none would ever be added";
        problems.push(settings.problem("utilization", message).hint("take 60.percent, say"));
    }
    let count = |name| settings.count(name).unwrap_or(1);
    let servers = settings.group("of").map_or(1, |group| site.layout.groups[group].count);
    if count("min") > count("max") {
        let message = format!("`min` of {} is above `max` of {}", count("min"), count("max"));
        problems.push(settings.problem("min", message));
    } else if servers < count("min") || servers > count("max") {
        let message =
            format!("the web tier begins with {}, outside `min` and `max`", number_of(servers, "server"));
        problems.push(settings.problem("max", message).hint("change `count:` of the web tier"));
    }
    check_servers(site, problems);
    let results = [
        ("period", "nothing would be decided", "write `period: 10.s`"),
        ("boot", "no server would ever join", "make the run longer, or the boot shorter"),
    ];
    for (setting, result, hint) in results {
        let Some(span) = settings.duration(setting).filter(|span| *span >= site.layout.end) else { continue };
        let (span, end) = (time_text(span), time_text(site.layout.end));
        let message = format!("a `{setting}` of {span} is no shorter than the whole run ({end}): {result}");
        let place = settings.place(setting).unwrap_or(&site.group().place);
        problems.push(Problem::at(place, message).hint(hint));
    }
}

/// The balancers whose health checks know the servers of a tier.
pub(super) fn judges(site: &Site<'_>, tier: usize) -> Vec<usize> {
    let checks = |index: &usize| {
        let group = &site.layout.groups[*index];
        let is_checked = group.kind == "load_balancer" && group.settings.is_given("check");
        is_checked && load_balancer::all_groups(&group.settings).contains(&tier)
    };
    (0..site.layout.groups.len()).filter(checks).collect()
}

/// More servers must mean more processors, and whoever is asked for a verdict must have one.
fn check_servers(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let Some(of) = settings.group("of") else { return };
    let tier = &site.layout.groups[of];
    if let Some(host) = tier.settings.group("on") {
        let host = &site.layout.groups[host].name;
        let message = format!(
            "the servers of \"{}\" all stand on \"{host}\": more of them bring no processors",
            tier.name
        );
        problems.push(
            settings.problem("of", message).hint("leave out the `on:` of the web tier, or the autoscaler"),
        );
    }
    let mut before = site.layout.groups[..site.index].iter().filter(|other| other.kind == "autoscaler");
    if let Some(other) = before.find(|other| other.settings.group("of") == Some(of)) {
        let message = format!(
            "\"{}\" scales \"{}\" already: the two would work against each other",
            other.name, tier.name
        );
        problems.push(settings.problem("of", message).hint("one autoscaler for each web tier"));
    }
    let by_checks = REPLACE[settings.choice("replace")].name == "unhealthy";
    if by_checks && judges(site, of).is_empty() {
        let message = format!("no load_balancer checks the servers of \"{}\"", tier.name);
        problems.push(
            settings.problem("replace", message).hint("add `check: 2.s` to one that passes calls to them"),
        );
    }
    if settings.is_given("grace") && !by_checks {
        let problem = settings
            .problem("grace", "`grace` is about failed health checks, and nobody is replaced for them");
        problems.push(problem.hint("add `replace: \"unhealthy\"`"));
    }
}
