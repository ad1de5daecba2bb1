//! Settings of a site, and what can be wrong with them.

use super::plan::ASSETS_AT_MOST;
use super::versioning::VERSIONINGS;
use crate::catalog::{Action, Entry, Kind, Load, Measure, Param, Preset, Problem, Problems};
use crate::components::data_sets::data_sets;
use crate::components::{Site, egress, site};

pub(super) static ENTRY: Entry = Entry {
    name: "website",
    about: "HTML pages that name versions of their assets, published build by build: an origin",
    chapter: "7.3, 7.4",
    headings: &[],
    params: &[
        Param {
            name: "pages",
            kind: Kind::Count(1, 10_000_000),
            preset: Preset::Required,
            about: "its pages: the keys that traffic wants; each build makes all of them anew",
        },
        Param {
            name: "assets",
            kind: Kind::Count(1, ASSETS_AT_MOST),
            preset: Preset::Required,
            about: "its scripts, styles and pictures",
        },
        Param {
            name: "per_page",
            kind: Kind::Count(1, 200),
            preset: Preset::Required,
            about: "assets that each page needs; a visit asks for them once it has the page. Which ones is drawn for each replication: consecutive numbers from one on (assumed; neighbours of one another share assets)",
        },
        Param {
            name: "changes",
            kind: Kind::Share,
            preset: Preset::Required,
            about: "share of the assets that each build changes, on average: drawn for each asset and build",
        },
        Param {
            name: "versioning",
            kind: Kind::Choice(VERSIONINGS),
            preset: Preset::Choice("none"),
            about: "how pages name the version of an asset",
        },
        Param {
            name: "forgets",
            kind: Kind::Share,
            preset: Preset::Share(0.0),
            about: "for \"manual\": share of the changed assets whose ?v= nobody raises",
        },
        Param {
            name: "keeps",
            kind: Kind::Count(0, 1_000_000),
            preset: Preset::Absent("all"),
            about: "for \"build\" and \"hash\": earlier builds whose assets are still there; 0: they are deleted at once",
        },
        Param {
            name: "page_max_age",
            kind: Kind::DurationOrZero,
            preset: Preset::Absent("browsers ask about a page each time (no-cache)"),
            about: "Cache-Control of pages: max-age",
        },
        Param {
            name: "page_s_maxage",
            kind: Kind::DurationOrZero,
            preset: Preset::Absent("that of `page_max_age`; without it, the CDN's `ttl`"),
            about: "Cache-Control of pages for edges: s-maxage",
        },
        Param {
            name: "asset_max_age",
            kind: Kind::DurationOrZero,
            preset: Preset::Absent("browsers ask about an asset each time; edges: the CDN's `ttl`"),
            about: "Cache-Control of assets: max-age",
        },
        Param {
            name: "immutable",
            kind: Kind::Flag,
            preset: Preset::Flag(false),
            about: "Cache-Control of assets: immutable, so that reloads do not ask about fresh ones (RFC 8246)",
        },
        Param {
            name: "page_size",
            kind: Kind::Message,
            preset: Preset::Absent("0: sizes are not modelled"),
            about: "size of a page",
        },
        Param {
            name: "asset_size",
            kind: Kind::Message,
            preset: Preset::Absent("0: sizes are not modelled"),
            about: "size of an asset",
        },
        Param {
            name: "machines",
            kind: Kind::Count(1, 1_000),
            preset: Preset::Count(1),
            about: "machines that serve it, for publish(2.minutes): the next build comes to one after the other, and each question reaches one of them at random",
        },
        Param {
            name: "service",
            kind: Kind::Variate,
            preset: Preset::Absent("0: it answers at once"),
            about: "time to serve a file",
        },
        Param {
            name: "cores",
            kind: Kind::Count(1, 4096),
            preset: Preset::Count(1),
            about: "files that it serves at a time",
        },
        site::PRICE,
        egress::PRICE,
        site::REGION,
        site::ZONE,
    ],
    needs: super::needs::NEEDS,
    actions: &[
        site::CRASH,
        site::RECOVER,
        site::HANG,
        site::SLOW,
        Action {
            name: "publish",
            usage: "publish() or publish(2.minutes)",
            about: "the next build is there: all pages, and the share `changes` of the assets; with a time: a rolling deploy, after which all machines have it",
        },
    ],
    measures: &[
        Measure { name: "requests_count", about: "questions that reached it" },
        Measure { name: "site_missing_count", about: "those for a file that is gone (404)" },
        Measure { name: "site_not_modified_count", about: "those answered without a body (304)" },
        Measure { name: "publishes_count", about: "builds that came to be on all machines" },
        Measure { name: "egress_bytes", about: "bytes sent to clients; told if they have an `egress_price`" },
    ],
};

pub(super) fn check(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let way = VERSIONINGS[settings.choice("versioning")].name;
    if settings.is_given("forgets") && way != "manual" {
        let problem = settings.problem("forgets", format!("nobody can forget with versioning \"{way}\""));
        problems.push(problem.hint("`forgets` is for versioning \"manual\""));
    }
    if settings.is_given("keeps") && !matches!(way, "build" | "hash") {
        let message =
            format!("with versioning \"{way}\" there is one file for all versions, nothing to keep");
        problems.push(settings.problem("keeps", message).hint("`keeps` is for \"build\" and \"hash\""));
    }
    if settings.flag("immutable") && !settings.is_given("asset_max_age") {
        let problem =
            settings.problem("immutable", "`immutable` is about fresh assets: give `asset_max_age`");
        problems.push(problem.hint("write `asset_max_age: 365.days`"));
    }
    if let (Some(assets), Some(needed)) = (settings.count("assets"), settings.count("per_page"))
        && needed > assets
    {
        let message = format!("a page cannot need {needed} of {assets} assets");
        problems.push(settings.problem("per_page", message).hint("give more `assets`"));
    }
    check_numbers(site, problems);
}

/// Pages have the numbers from 0 up, and so have the rows of a database and the pages of another site. In one data set they would be the
/// same: what is written to one would be a version of the other. A balancer with `routes` tells them apart by their numbers.
fn check_numbers(site: &Site<'_>, problems: &mut Problems) {
    let (layout, sets) = (site.layout, data_sets(site.layout));
    let together = || layout.groups.iter().enumerate().filter(|(index, _)| sets[*index] == sets[site.index]);
    if together().any(|(_, group)| group.kind == "load_balancer" && group.settings.is_given("routes")) {
        return;
    }
    let is_written = together().filter(|(_, group)| group.kind == "traffic").any(|(_, traffic)| {
        let replays = matches!(traffic.settings.load("rate"), Some(Load::Trace(_)));
        replays || traffic.settings.share("writes").is_some_and(|share| share > 0.0)
    });
    let other = together().find(|(index, group)| match group.kind {
        "website" => *index < site.index,
        "database" => is_written,
        _ => false,
    });
    if let Some((_, other)) = other {
        let what = if other.kind == "website" { "pages" } else { "rows" };
        let (own, other) = (&site.group().name, &other.name);
        let message = format!(
            "pages of \"{own}\" and {what} of \"{other}\" have the same numbers: one would count as a version of the other"
        );
        let hint = "describe them as two worlds, or let a load_balancer tell them apart by `routes`";
        problems.push(Problem::at(&site.group().place, message).hint(hint));
    }
}
