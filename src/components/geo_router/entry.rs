//! Settings of a router of clients, and what can be wrong with them.

use crate::catalog::{Entry, Kind, Measure, Param, Policy, Preset, Problem, Problems};
use crate::components::network::geo::countries;
use crate::components::{Site, checkup, site};
use crate::kernel::SECOND;

/// What a router looks at.
pub(super) const BY: &[Policy] = &[
    Policy {
        name: "ip",
        about: "the site nearest to where a GeoIP file says that the client's address is; the first one if it does not know",
        source: "MaxMind DB file format 2.0",
        wrong_when: "clients come out elsewhere than they are (mobile gateways, tunnels, a company's translator), or the file is wrong",
    },
    Policy {
        name: "gps",
        about: "the site nearest to the position that the client sends; by address for clients that send none",
        source: "W3C Geolocation API",
        wrong_when: "few clients send their position, or their packets take a detour through a tunnel",
    },
];

/// Most sites: an answer holds the number of one.
const SITES_AT_MOST: usize = 64;

pub(super) static ENTRY: Entry = Entry {
    name: "geo_router",
    about: "tells clients which site to use, by their position or address: traffic(.., #{ to: router, gps: 30.percent })",
    chapter: "9.1, 9.2",
    headings: &[],
    params: &[
        Param {
            name: "to",
            kind: Kind::Groups(&["load_balancer", "web", "cdn", "website", "cache", "database"]),
            preset: Preset::Required,
            about: "the sites, each with a `region`, at most 64",
        },
        Param { name: "by", kind: Kind::Choice(BY), preset: Preset::Choice("ip"), about: "what it looks at" },
        Param {
            name: "geoip",
            kind: Kind::GeoIp,
            preset: Preset::Absent("the countries of IPv4 networks as registries say (nro.net, 2026-06)"),
            about: "where addresses are thought to be",
        },
        Param {
            name: "ttl",
            kind: Kind::Duration,
            preset: Preset::Duration(60 * SECOND),
            about: "how long clients keep an answer, whole seconds (assumed: as a record of failover at Route 53); traffic without `users` is all strangers, and each asks anew",
        },
        Param {
            name: "service",
            kind: Kind::Variate,
            preset: Preset::Absent("0"),
            about: "work for an answer; answers do not wait for each other",
        },
        Param {
            name: "check",
            kind: Kind::Duration,
            preset: Preset::Absent("no health checks"),
            about: "time between two health checks of a site: a read of key 0, which caches and databases on its way count like any other; a cdn's edge answers by itself",
        },
        checkup::TIMEOUT,
        checkup::FALL,
        site::REGION,
        site::ZONE,
    ],
    needs: &[],
    actions: site::NODE_ACTIONS,
    measures: &[
        Measure { name: "queries_count", about: "clients told where to go" },
        Measure { name: "by_position_count", about: "questions of clients that had sent their position" },
        Measure {
            name: "unknown_address_count",
            about: "questions of clients whose address the file did not know",
        },
        Measure { name: "checks_failed_count", about: "health checks that failed" },
    ],
};

pub(super) fn check(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    checkup::check_places(site, "a geo_router", problems);
    checkup::check_one_each(site, "a geo_router", problems);
    checkup::check_coordinates(site, "to", &located(site), "a geo_router", problems);
    checkup::check(site, settings.duration("check"), problems);
    if !settings.duration("ttl").expect("preset").is_multiple_of(SECOND) {
        let problem = settings.problem("ttl", "`ttl` must be whole seconds");
        problems.push(problem.hint("write 1.s at least"));
    }
    let sites = crate::components::dns::records(site.layout, site.index).len();
    if sites > SITES_AT_MOST {
        let message = format!("{sites} sites are more than a geo_router takes ({SITES_AT_MOST})");
        problems.push(settings.problem("to", message).hint("put a load_balancer before them"));
    }
    check_clients(site, problems);
}

/// Of whom it must know where they are: its sites, and clients that send their position.
fn located(site: &Site<'_>) -> Vec<usize> {
    let mut all = site.settings().groups("to");
    let sends = |group: &&usize| {
        let settings = &site.layout.groups[**group].settings;
        settings.group("to") == Some(site.index) && settings.share("gps").is_some_and(|share| share > 0.0)
    };
    let traffics: Vec<usize> =
        (0..site.layout.groups.len()).filter(|group| site.layout.groups[*group].kind == "traffic").collect();
    all.extend(traffics.iter().filter(sends));
    all
}

/// Clients must have addresses that a file can know (that they are somewhere, their traffic sees to).
fn check_clients(site: &Site<'_>, problems: &mut Problems) {
    let uses = |to: Option<usize>| to == Some(site.index);
    let traffics = site.layout.groups.iter().filter(|group| group.kind == "traffic");
    for traffic in traffics.filter(|group| uses(group.settings.group("to"))) {
        let places = traffic.places();
        let known = |place: &String| !countries::networks_at(place).is_empty();
        if !places.iter().all(known) {
            let message = format!(
                "\"{}\" looks at addresses, and clients of \"{}\" have none",
                site.group().name,
                traffic.name
            );
            let hint = "write `from: clients([\"FR\", \"KR\"])`, or give them a cloud's region";
            problems.push(Problem::at(&traffic.place, message).hint(hint));
        }
    }
}
