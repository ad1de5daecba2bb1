//! Settings of an anycast address, and what can be wrong with them.

use super::profile::{self, PROFILES};
use crate::catalog::{Action, Entry, Kind, Measure, Param, Preset, Problem, Problems, Settings};
use crate::components::{Site, checkup};
use crate::kernel::Time;

/// Most sites: a command names them by bits.
const SITES_AT_MOST: usize = 64;

pub(super) static ENTRY: Entry = Entry {
    name: "anycast",
    about: "one address that several sites announce; networks bring clients to the nearest, mostly, and to another when it fails",
    chapter: "9.3, 9.4",
    headings: &[],
    params: &[
        Param {
            name: "to",
            kind: Kind::Groups(&["load_balancer", "web", "cdn", "website", "cache", "database"]),
            preset: Preset::Required,
            about: "the sites: every node that announces the address, each with a `region`, at most 64",
        },
        Param {
            name: "profile",
            kind: Kind::Choice(PROFILES),
            preset: Preset::Choice("bgp"),
            about: "who announces, and how a failure is noticed",
        },
        Param {
            name: "odd_routes",
            kind: Kind::Share,
            preset: Preset::Absent(
                "bgp: 20 % (Calder et al., IMC 2015: 20 % of clients); global_accelerator: 0",
            ),
            about: "share of networks (/24) whose way leads to another site than the nearest; which one is drawn (assumed: any, all alike)",
        },
        Param {
            name: "convergence",
            kind: Kind::Variate,
            preset: Preset::Absent(
                "bgp: exponential, 80 % within 10 s (ANRW 2024; the shape is assumed); global_accelerator: 0",
            ),
            about: "until a network's way has changed after a site was withdrawn or announced; its packets still go to the old site",
        },
        Param {
            name: "check",
            kind: Kind::Duration,
            preset: Preset::Absent("bgp: 5 s (ExaBGP); global_accelerator: 30 s (or 10 s)"),
            about: "time between two health checks of a site: a read of key 0, which caches and databases on its way count like any other; a cdn's edge answers by itself",
        },
        checkup::TIMEOUT,
        checkup::FALL,
    ],
    needs: &[],
    actions: &[
        Action {
            name: "withdraw",
            usage: "withdraw(site)",
            about: "the site does not announce the address any more, though it works",
        },
        Action {
            name: "announce",
            usage: "announce(site)",
            about: "the site announces the address again, after `withdraw`",
        },
    ],
    measures: &[
        Measure { name: "route_changes_count", about: "times that a site was withdrawn or announced" },
        Measure { name: "checks_failed_count", about: "health checks that failed" },
    ],
};

pub(super) fn check_interval(settings: &Settings) -> Time {
    settings.duration("check").unwrap_or(profile::figures(settings.choice("profile")).check)
}

pub(super) fn check(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    checkup::check_places(site, "an anycast address", problems);
    checkup::check_one_each(site, "an anycast address", problems);
    checkup::check(site, Some(check_interval(settings)), problems);
    let sites = super::sites(site.layout, site.index).len();
    if sites < 2 {
        let name = &site.group().name;
        let problem = Problem::at(&site.group().place, format!("only {sites} site announces \"{name}\""));
        problems.push(problem.hint("write `to: [frankfurt, ireland]`"));
    }
    if sites > SITES_AT_MOST {
        let message = format!("{sites} sites are more than one address takes ({SITES_AT_MOST})");
        problems.push(settings.problem("to", message));
    }
}
