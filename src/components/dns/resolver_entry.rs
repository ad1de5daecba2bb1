//! Settings of resolvers, and what can be wrong with them.

use crate::catalog::{Entry, Kind, Measure, Param, Preset, Problems, Settings, percent};
use crate::components::dns::record_cache::Rules;
use crate::components::{Site, site};
use crate::kernel::{MILLISECOND, SECOND, Time};

pub(super) static ENTRY: Entry = Entry {
    name: "resolver",
    about: "resolvers of an internet provider, shared by its users: traffic(.., #{ to: zone, resolver: isp })",
    chapter: "1.1, 1.2",
    headings: &[],
    params: &[
        Param {
            name: "count",
            kind: Kind::Count(1, 10_000),
            preset: Preset::Count(1),
            about: "number of resolvers; users are spread over the nearest ones",
        },
        Param {
            name: "min_ttl",
            kind: Kind::DurationOrZero,
            preset: Preset::Absent("0 (unbound: cache-min-ttl)"),
            about: "no record is kept for less",
        },
        Param {
            name: "max_ttl",
            kind: Kind::Duration,
            preset: Preset::Duration(86_400 * SECOND),
            about: "no record is kept for longer (unbound: cache-max-ttl 1 day)",
        },
        Param {
            name: "max_negative_ttl",
            kind: Kind::Duration,
            preset: Preset::Duration(3_600 * SECOND),
            about: "that a name does not exist is kept no longer (unbound: cache-max-negative-ttl 1 h)",
        },
        Param {
            name: "overstayers",
            kind: Kind::Share,
            preset: Preset::Share(0.0),
            about: "share of the resolvers that keep records too long: for `overstay` at least",
        },
        Param {
            name: "overstay",
            kind: Kind::Duration,
            preset: Preset::Absent("needed with `overstayers`"),
            about: "how long those keep a record whatever its time to live",
        },
        Param {
            name: "prefetch",
            kind: Kind::Flag,
            preset: Preset::Flag(false),
            about: "a hit in the last 10 % of the time to live fetches the record again (unbound: prefetch)",
        },
        Param {
            name: "serve_stale",
            kind: Kind::Duration,
            preset: Preset::Absent("never"),
            about: "how long past its end a record is given out, for 30 s each time, while a new one is fetched (RFC 8767; unbound: serve-expired-ttl 1 day)",
        },
        Param {
            name: "cold",
            kind: Kind::Flag,
            preset: Preset::Flag(false),
            about: "whether it begins with an empty cache; else it has worked since some time before the run: it knows the servers of top-level domain and zone, and the first record that it fetches ends at a moment drawn within its time to live, as one fetched earlier would (it is fetched from the zone all the same)",
        },
        Param {
            name: "client_subnet",
            kind: Kind::Flag,
            preset: Preset::Flag(false),
            about: "whether zones are told the user's network, a /16 here, and their answers are kept for each apart (EDNS Client Subnet, RFC 7871); for policies \"geolocation\" and \"latency\": what other zones answer holds for everybody",
        },
        Param {
            name: "timeout",
            kind: Kind::Duration,
            preset: Preset::Duration(376 * MILLISECOND),
            about: "how long it waits for a server (unbound: 376 ms for one it does not know yet)",
        },
        Param {
            name: "attempts",
            kind: Kind::Count(1, 20),
            preset: Preset::Count(5),
            about: "questions to a server that does not answer (unbound: outbound-msg-retry 5)",
        },
        Param {
            name: "servfail_ttl",
            kind: Kind::DurationOrZero,
            preset: Preset::Duration(5 * SECOND),
            about: "how long it answers that a look-up has failed, without asking anew (unbound: 5 s; RFC 9520: at least 1 s, at most 5 min; 0.s: not at all)",
        },
        Param {
            name: "entries",
            kind: Kind::Count(1, 100_000_000),
            preset: Preset::Count(1_000_000),
            about: "most records each holds; the oldest makes room",
        },
        site::REGION,
        site::ZONE,
    ],
    needs: &[],
    actions: &[site::CRASH, site::RECOVER, site::HANG],
    measures: &[
        Measure { name: "resolver_lookups_count", about: "questions of users" },
        Measure { name: "resolver_hits_count", about: "questions answered from its cache, fresh" },
        Measure { name: "stale_answers_count", about: "questions answered with a record that had ended" },
        Measure { name: "upstream_queries_count", about: "questions to servers of root, TLD and zones" },
        Measure { name: "prefetches_count", about: "records fetched again before their end" },
        Measure { name: "lookup_failures_count", about: "questions answered with SERVFAIL" },
    ],
};

/// How the n-th resolver of a group bends times to live.
pub(super) fn rules(settings: &Settings, n: u64, count: u64) -> Rules {
    let span = |name: &str| settings.duration(name).unwrap_or(0);
    let share = settings.share("overstayers").expect("preset");
    let overstays = (n as f64) + 0.5 < share * count as f64;
    Rules {
        shortest: span("min_ttl"),
        longest: span("max_ttl"),
        longest_negative: span("max_negative_ttl"),
        overstay: if overstays { span("overstay") } else { 0 },
        prefetch: settings.flag("prefetch"),
        serve_stale: span("serve_stale"),
        entries: settings.count("entries").expect("preset") as usize,
    }
}

/// What is wrong with its settings.
pub(in crate::components) fn check_alone(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let share = settings.share("overstayers").expect("preset");
    if (share > 0.0) != settings.is_given("overstay") {
        let setting = if share > 0.0 { "overstayers" } else { "overstay" };
        let problem = settings.problem(setting, "`overstayers` and `overstay` need each other");
        problems.push(problem.hint("write `overstayers: 5.percent, overstay: 1.hour`"));
    }
    let count = site.group().count;
    if share > 0.0 && share * (count as f64) < 0.5 {
        let message = format!("{} of {count} resolvers is none", share_text(share));
        problems.push(settings.problem("overstayers", message).hint("raise `count`"));
    }
    let limits: [(&str, Time); 2] =
        ["min_ttl", "max_ttl"].map(|name| (name, settings.duration(name).unwrap_or(0)));
    if limits[0].1 > limits[1].1 {
        problems.push(settings.problem("min_ttl", "`min_ttl` is longer than `max_ttl`"));
    }
}

fn share_text(share: f64) -> String {
    format!("{} %", percent(share))
}
