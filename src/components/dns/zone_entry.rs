//! Settings of a zone, and what can be wrong with them.

use super::address::{RECORDS_AT_MOST, SEVERAL_AT_MOST};
use super::policy::POLICIES;
use super::stub::NAMES_AT_MOST;
use crate::catalog::{Action, Entry, Kind, Measure, Need, Param, Preset, Problem, Problems, Settings};
use crate::components::network::geo::countries;
use crate::components::{Group, Site, checkup, site};
use crate::kernel::{SECOND, Time};
use crate::profiles;

/// Time to live of the root's referral to a top-level domain: 2 days, as in the root zone.
pub(super) const TLD_NS_TTL_S: u32 = 172_800;

/// What may stand behind a record.
const ADDRESSES: Kind =
    Kind::Groups(&["load_balancer", "web", "cdn", "website", "cache", "database", "anycast"]);

pub(super) static ENTRY: Entry = Entry {
    name: "dns",
    about: "a zone: names, the addresses behind them, and its servers: [0] authoritative, [1] TLD, [2] root",
    chapter: "1.2, 1.3, 9.4",
    headings: &[],
    params: &[
        Param {
            name: "to",
            kind: ADDRESSES,
            preset: Preset::Absent("give `to` or `cname`"),
            about: "its addresses: every server that its records may ever name, at most 64",
        },
        Param {
            name: "points_to",
            kind: ADDRESSES,
            preset: Preset::Absent("all of them"),
            about: "which of its addresses its records name at first, if others wait for point_to()",
        },
        Param {
            name: "cname",
            kind: Kind::Group(&["dns"]),
            preset: Preset::Absent("none"),
            about: "its names are other names for those of this zone (a CDN's, a balancer's)",
        },
        Param {
            name: "profile",
            kind: Kind::Choice(profiles::NAMES),
            preset: Preset::Choice("route53"),
            about: "whose figures hold where nothing else is said",
        },
        Param {
            name: "policy",
            kind: Kind::Choice(POLICIES),
            preset: Preset::Choice("simple"),
            about: "which addresses it answers with",
        },
        Param {
            name: "weights",
            kind: Kind::Weights,
            preset: Preset::Absent("all equal"),
            about: "shares of the addresses, in their order; for policy \"weighted\"",
        },
        Param {
            name: "ttl",
            kind: Kind::DurationOrZero,
            preset: Preset::Duration(300 * SECOND),
            about: "time to live of its answers, whole seconds (40 % of names have 300 s or less, OpenDNS 2012; half of all queries 60 s or less, APNIC 2019); clients look the name up with each request, also while a connection is open, with which a browser would stay where it is",
        },
        Param {
            name: "ns_ttl",
            kind: Kind::DurationOrZero,
            preset: Preset::Duration(172_800 * SECOND),
            about: "time to live of the referral to its server (Route 53: 2 days)",
        },
        Param {
            name: "soa_ttl",
            kind: Kind::DurationOrZero,
            preset: Preset::Duration(900 * SECOND),
            about: "time to live of its SOA record (Route 53: 900 s); \"no such name\" holds for the shorter of this and `soa_minimum`",
        },
        Param {
            name: "soa_minimum",
            kind: Kind::DurationOrZero,
            preset: Preset::Duration(86_400 * SECOND),
            about: "minimum field of its SOA record (Route 53: 1 day; RFC 2308)",
        },
        Param {
            name: "names",
            kind: Kind::Count(1, NAMES_AT_MOST),
            preset: Preset::Count(1),
            about: "number of its names, all with the same addresses; the key of a request says which it asks for",
        },
        Param {
            name: "missing",
            kind: Kind::Share,
            preset: Preset::Share(0.0),
            about: "share of the names asked for that do not exist",
        },
        Param {
            name: "service",
            kind: Kind::Variate,
            preset: Preset::Absent("0"),
            about: "work of the authoritative server for an answer; answers do not wait for each other",
        },
        Param {
            name: "tld",
            kind: Kind::Variate,
            preset: Preset::Absent("0"),
            about: "time until the TLD's server answers, its way included (anycast: near everybody)",
        },
        Param {
            name: "root",
            kind: Kind::Variate,
            preset: Preset::Absent("0"),
            about: "time until the root's server answers, its way included (anycast: near everybody)",
        },
        Param {
            name: "check",
            kind: Kind::Duration,
            preset: Preset::Absent(
                "30 s for policy \"failover\", else no health checks (Route 53: 30 s or 10 s)",
            ),
            about: "time between two health checks of an address: a read of key 0, which caches and databases on its way count like any other; a cdn's edge answers by itself",
        },
        checkup::TIMEOUT,
        checkup::FALL,
        Param {
            name: "anycast",
            kind: Kind::Texts,
            preset: Preset::Absent("one server, at `region`"),
            about: "places of the servers that share the zone's address: a resolver reaches the nearest (Route 53's name servers; odd routes and failing places are not modelled here)",
        },
        Param {
            name: "geoip",
            kind: Kind::GeoIp,
            preset: Preset::Absent("the countries of IPv4 networks as registries say (nro.net, 2026-06)"),
            about: "where addresses are thought to be, for policy \"geolocation\", and for \"latency\" if resolvers tell the users' networks",
        },
        site::REGION,
        site::ZONE,
    ],
    needs: &[
        Need {
            settings: &["check_timeout", "fall"],
            with: "health checks",
            add: "`check: 10.s`",
            is_met: |settings| settings.is_given("check") || settings.chosen("policy") == "failover",
        },
        Need {
            settings: &["soa_ttl", "soa_minimum"],
            with: "names that do not exist",
            add: "`missing: 10.percent` and `names: 100`",
            is_met: |settings| settings.share("missing") > Some(0.0),
        },
    ],
    actions: &[
        site::CRASH,
        site::RECOVER,
        site::HANG,
        Action {
            name: "point_to",
            usage: "point_to(other), or point_to([a, b])",
            about: "its records name these of its addresses from now on",
        },
    ],
    measures: &[
        Measure { name: "queries_count", about: "questions that this server answered" },
        Measure { name: "checks_failed_count", about: "health checks that failed" },
    ],
};

pub(super) fn zone_ns_ttl(settings: &Settings) -> u32 {
    seconds(settings.duration("ns_ttl").expect("preset"))
}

pub(super) fn seconds(span: Time) -> u32 {
    (span / SECOND).min(u64::from(u32::MAX)) as u32
}

/// Time between health checks, if there are any.
pub(super) fn check_interval(settings: &Settings) -> Option<Time> {
    let usual = (POLICIES[settings.choice("policy")].name == "failover").then_some(30 * SECOND);
    settings.duration("check").or(usual)
}

/// What is wrong with its settings, whoever stands at its addresses.
pub(in crate::components) fn check_alone(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let name = &site.group().name;
    if settings.is_given("to") == settings.is_given("cname") {
        let message = format!("dns \"{name}\" needs either addresses (`to`) or another name (`cname`)");
        problems.push(Problem::at(&site.group().place, message).hint("add `to: balancer`"));
    }
    for setting in ["ttl", "ns_ttl", "soa_ttl", "soa_minimum"] {
        let span = settings.duration(setting).expect("preset");
        if !span.is_multiple_of(SECOND) {
            let problem = settings.problem(setting, format!("`{setting}` must be whole seconds"));
            problems
                .push(problem.hint("the protocol counts in seconds, as in 60.s; 0.s: it is not to be kept"));
        }
    }
    check_missing(settings, problems);
    if settings.is_given("anycast") && settings.is_given("region") {
        let problem =
            settings.problem("anycast", "the servers are at the places of `anycast`, not at `region`");
        problems.push(problem.hint("leave `region` out"));
    }
    if let Some(interval) = settings.duration("check").filter(|_| settings.is_given("check"))
        && POLICIES[settings.choice("policy")].name == "simple"
    {
        let problem = settings
            .problem("check", format!("policy \"simple\" asks nobody's health ({} s)", interval / SECOND));
        problems.push(problem.hint("take policy \"failover\" or \"multi_value\""));
    }
}

/// A name exists or does not: of one there is no share.
fn check_missing(settings: &Settings, problems: &mut Problems) {
    let (names, missing) =
        (settings.count("names").expect("preset"), settings.share("missing").expect("preset"));
    let rare = match missing * names as f64 {
        gone if missing > 0.0 && gone < 1.0 => "missing",
        gone if missing < 1.0 && names as f64 - gone < 1.0 => "left",
        _ => return,
    };
    let message = format!("of `names: {names}` less than one would be {rare}");
    let hint =
        "add `names: 100`; which of them exist is drawn, and the key of a request says which it asks for";
    problems.push(settings.problem("missing", message).hint(hint));
}

/// What is wrong with it in its world.
pub(super) fn check(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let policy = POLICIES[settings.choice("policy")].name;
    let records = super::records(site.layout, site.index).len();
    let most = if matches!(policy, "simple" | "multi_value") { SEVERAL_AT_MOST } else { RECORDS_AT_MOST };
    if records > most {
        let message = format!("{records} addresses are more than policy \"{policy}\" takes ({most})");
        problems.push(settings.problem("to", message).hint("put a load_balancer before them"));
    }
    let addresses = settings.groups("to");
    if let Some(stranger) = settings.groups("points_to").into_iter().find(|group| !addresses.contains(group))
    {
        let stranger = &site.layout.groups[stranger].name;
        let message = format!("`points_to` names \"{stranger}\", which is not among its addresses (`to`)");
        problems.push(settings.problem("points_to", message).hint("name it in `to` as well"));
    }
    let weights = settings.list("weights").len();
    if weights > 0 && (weights != records || policy != "weighted") {
        let message = format!("{weights} weights for {records} addresses and policy \"{policy}\"");
        problems.push(
            settings
                .problem("weights", message)
                .hint("one weight for each address, and `policy: \"weighted\"`"),
        );
    }
    checkup::check(site, check_interval(settings), problems);
    check_askers(site, policy, problems);
    if policy == "geolocation" {
        checkup::check_coordinates(site, "policy", &addresses, "policy \"geolocation\"", problems);
    } else if super::looks_at_subnets(site) {
        let who = "a resolver tells the users' networks (`client_subnet`): policy \"latency\"";
        checkup::check_coordinates(site, "policy", &addresses, who, problems);
    }
    let placed = |group: usize| !site.layout.groups[group].places().is_empty();
    if matches!(policy, "latency" | "geolocation") && !settings.groups("to").into_iter().all(placed) {
        let message = format!("policy \"{policy}\" needs to know where all addresses are");
        problems.push(settings.problem("policy", message).hint("give each of them a `region`"));
    }
    if matches!(policy, "latency" | "geolocation") {
        checkup::check_one_each(site, &format!("policy \"{policy}\""), problems);
    }
}

/// Whoever is looked up in a GeoIP file needs an address, and whoever is sent to the nearest must be somewhere.
fn check_askers(site: &Site<'_>, policy: &str, problems: &mut Problems) {
    let settings = site.settings();
    if policy != "geolocation" && settings.is_given("geoip") && !super::looks_at_subnets(site) {
        let problem = settings.problem("geoip", format!("policy \"{policy}\" looks at no addresses"));
        problems.push(problem.hint("write `policy: \"geolocation\"`, or leave `geoip` out"));
    }
    let known = |place: &String| !countries::networks_at(place).is_empty();
    let is_lost = |resolver: &Group| match policy {
        "geolocation" => resolver.places().is_empty() || !resolver.places().iter().all(known),
        "latency" => resolver.places().is_empty() && !resolver.settings.flag("client_subnet"),
        _ => false,
    };
    let resolvers = site.layout.groups.iter().filter(|group| group.kind == "resolver");
    for resolver in resolvers.filter(|group| is_lost(group)) {
        let name = &resolver.name;
        let what = match policy {
            "latency" => format!("goes by where resolvers are, and the resolver \"{name}\" is nowhere"),
            _ => format!("looks at addresses, and the resolver \"{name}\" has none"),
        };
        let message = format!("policy \"{policy}\" {what}");
        let hint = format!("give \"{name}\" a `region`: a country such as \"FR\", or a cloud's region");
        problems.push(settings.problem("policy", message).hint(hint));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profiles::Worth;

    #[test]
    fn presets_are_the_figures_of_the_profile() {
        let preset =
            |name: &str| ENTRY.params.iter().find(|param| param.name == name).map(|param| param.preset);
        for figure in profiles::named("route53").unwrap().figures {
            let expected = match figure.worth {
                Worth::Time(time) => Preset::Duration(time),
                Worth::Count(count) => Preset::Count(count as i64),
                Worth::Choice(name) => Preset::Choice(name),
                _ => continue,
            };
            // How often health is checked depends on the policy.
            if let Some(preset) = preset(figure.name).filter(|_| figure.name != "check") {
                assert_eq!(preset, expected, "{}", figure.name);
            }
        }
    }
}
