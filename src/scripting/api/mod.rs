//! The words of the language: one file for each part of the surface.

mod best;
mod chain;
mod checks;
mod comparisons;
mod experiment;
mod kept;
mod levels;
mod load;
mod phase;
mod place;
mod rehearsed;
mod results;
mod rules;
mod timeline;
mod world;

pub(super) use best::{AnyLevel, written};
pub(super) use checks::{judge, probe};
pub(super) use experiment::{Ending, ExperimentHandle, Params, params, plan};
pub(super) use levels::same;
pub(super) use load::TRACE_OPTIONS;
pub(super) use phase::somewhere;
pub use rules::RULES;

use super::units::Span;
use rhai::{Dynamic, Engine};

/// Teaches an engine all words.
pub(super) fn register(engine: &mut Engine) {
    experiment::register(engine);
    world::register(engine);
    load::register(engine);
    place::register(engine);
    timeline::register(engine);
    results::register(engine);
}

/// The words of the language and how they are written: for `list`, `explain`, and hints when one got the wrong arguments.
pub const WORDS: &[(&str, &str)] = &[
    ("experiment", "experiment(\"name\")"),
    ("about", ".about(\"what it shows\")"),
    ("vary", ".vary(\"ttl\", [5.s, 60.s])"),
    ("variant", ".variant(\"small\", #{ size: 10 })"),
    ("baseline", ".baseline(#{ strategy: \"around\" })"),
    ("replications", ".replications(5)"),
    ("warmup", ".warmup(10.s)"),
    ("duration", ".duration(2.minutes)"),
    ("window", ".window(1.s)"),
    ("slo", ".slo(300.ms)"),
    ("phase", ".phase(\"outage\", 10.minutes, 18.minutes)"),
    ("seed", ".seed(1)"),
    ("world", ".world(|p| { .. })"),
    ("expect", ".expect(\"median under 20 ms\", |r| r.latency_p50 < 20.ms)"),
    ("expect_for", ".expect_for(#{ strategy: \"through\" }, \"loses nothing\", |r| r.lost_writes == 0)"),
    ("claim", ".claim(\"back is fastest\", |all| all.best(\"write_latency_p50\").strategy == \"back\")"),
    ("run", ".run()"),
    ("cache", "cache(\"name\", #{ of: db, .. })"),
    (
        "database",
        "database(\"name\", #{ read: 3.ms, write: 8.ms }) or #{ model: \"relational\", rows: 10_000 }",
    ),
    ("host", "host(\"name\", #{ cores: 4 })"),
    ("queue", "queue(\"name\", #{ kind: \"rabbitmq\" })"),
    ("consumers", "consumers(\"name\", #{ of: queue, count: 4, service: 5.ms })"),
    ("web", "web(\"name\", #{ reads: store, .. })"),
    ("load_balancer", "load_balancer(\"name\", #{ to: servers })"),
    ("autoscaler", "autoscaler(\"name\", #{ of: servers, utilization: 60.percent, max: 10 })"),
    ("dns", "dns(\"shop.example\", #{ to: front, ttl: 60.s })"),
    ("resolver", "resolver(\"isp\", #{ count: 20 })"),
    ("cdn", "cdn(\"edges\", #{ of: site, region: [\"us-east-1\", \"eu-west-1\"] })"),
    ("invalidate", "invalidate(7) or invalidate(\"all\")"),
    ("point_to", "point_to(other)"),
    ("traffic", "traffic(\"name\", #{ to: front, rate: 200.rps })"),
    ("link", "link(a, b, #{ latency: 1.ms })"),
    ("network", "network(#{ latency: 1.ms })"),
    ("regions", "regions(\"aws\", #{ connect: \"tls13\" }), or \"azure\", or the path of a CSV"),
    ("geo_router", "geo_router(\"front\", #{ to: [frankfurt, ireland], by: \"gps\" })"),
    ("anycast", "anycast(\"address\", #{ to: [frankfurt, ireland], odd_routes: 10.percent })"),
    ("withdraw", "withdraw(frankfurt), as in address.withdraw(frankfurt)"),
    ("announce", "announce(frankfurt), as in address.announce(frankfurt)"),
    ("geoip", "geoip(\"city.mmdb\"): a file in MaxMind's format"),
    ("clients", "clients([[\"FR\", 3], [\"KR\", 1]], #{ mobile: 40.percent })"),
    ("at", "at(1.minute, \"label\", || store.crash())"),
    ("every", "every(5.s, || ..)"),
    ("when", "when(|| cache.hit_ratio < 0.5, || ..)"),
    ("note", "note(\"text\")"),
    (
        "trace",
        "trace(\"file.csv.gz\", #{ speed: 10, writes: 10.percent, limit: 50_000, loop: true, bootstrap: false, \
         on_error: \"skip\" }), or, if it tells no times, trace(\"keys.csv\", #{ rate: 200.rps })",
    ),
    ("zipf", "zipf(50_000, 0.99): number of keys, exponent"),
    ("uniform_keys", "uniform_keys(1_000)"),
    ("hotspot", "hotspot(10_000, 20.percent, 80.percent): keys, share of keys, share of requests"),
    (
        "latest",
        "latest(10_000, 0.99): number of keys, exponent; each write inserts the newest key, in place of the oldest",
    ),
    (
        "working_set",
        "working_set(10_000, 200, 2.minutes): keys, how many are wanted at a time, how long each is",
    ),
    ("sequential", "sequential(1_000): keys in turn, over and over"),
    ("unscrambled", "zipf(1_000, 0.99).unscrambled(): key 0 is the most wanted, then key 1"),
    ("poisson", "poisson(200.rps)"),
    ("constant", "constant(200.rps) for arrivals, constant(5.ms) for times"),
    ("ramp", "ramp([[0.s, 100.rps], [1.minute, 500.rps]])"),
    ("steps", "steps([[0.s, 100.rps], [1.minute, 500.rps]])"),
    ("spike", "spike(100.rps, 1_000.rps, 30.s, 10.s): usual rate, peak, begin, length"),
    (
        "diurnal",
        "diurnal(200.rps, 10.minutes): mean rate and length of a day, from midnight on (shape: NASA's web server, 1995)",
    ),
    ("bursty", "bursty([[50.rps, 10.s], [500.rps, 1.s]]): rate and mean stay of each state"),
    ("exponential", "exponential(5.ms)"),
    ("uniform", "uniform(1.ms, 9.ms); of keys: uniform_keys(1_000)"),
    ("erlang", "erlang(3, 5.ms): stages, mean"),
    ("lognormal", "lognormal(5.ms, 0.5): median, sigma"),
    ("lognormal_p99", "lognormal_p99(5.ms, 40.ms): mean, 99th percentile"),
    ("weibull", "weibull(5.ms, 0.7): scale, shape"),
    ("pareto", "pareto(1.ms, 2.5): scale, shape"),
    ("hyperexponential", "hyperexponential([[0.9, 2.ms], [0.1, 50.ms]]): probability, mean"),
    ("empirical", "empirical([[0.0, 1.ms], [0.5, 3.ms], [1.0, 80.ms]]): quantile, value"),
    ("mixture", "mixture([[0.95, exponential(2.ms)], [0.05, 80.ms]]): weight, distribution"),
    ("later", "later(1.s, \"store\")"),
    ("crash", "crash() or crash(\"host\")"),
    ("slow", "slow(0.5): part of the normal speed"),
    ("primary", "primary(), as in db.primary() or db.shard(3).primary()"),
    (
        "replica",
        "replica(1), as in db.replica(1) or db.shard(3).replica(1): the first one; replica(0) is the one that began as primary",
    ),
    ("shard", "shard(3), as in db.shard(3)"),
    ("router", "router(), as in db.router()"),
    ("coordinator", "coordinator(), as in db.coordinator()"),
    ("promote", "promote(), as in db.replica(1).promote()"),
    ("replace", "replace(), as in db.replica(1).replace()"),
    ("reshard", "reshard(8), as in db.reshard(8)"),
    (
        "partition",
        "partition(web, db) of two components or parts of them, partition(region(\"a\"), region(\"b\")), db.primary().partition()",
    ),
    ("heal", "heal(a, b), with what partition was given"),
    ("slow_link", "slow_link(a, b, 10)"),
    (
        "region",
        "region(\"eu-central-1\").crash(), or partition(region(\"eu-central-1\"), region(\"us-east-1\"))",
    ),
    ("proxy", "store.proxy().crash(), or store.proxy(1) for the second one"),
    ("coordinator", "store.coordinator().crash()"),
    ("best", "all.best(\"latency_p99\")"),
    ("filter", "all.filter(|r| r.latency_p99 < 200.ms).best(\"cost_per_hour\")"),
    ("of", "r.of(\"eu shoppers\").stale_ratio"),
    ("variants", "all.variants(): a list of results, one for each variant, as r in expect"),
    ("where", "all.where(#{ strategy: \"back\" })"),
];

/// Whether a value is a comparison of measured figures.
pub(super) fn is_check(value: &Dynamic) -> bool {
    value.is::<results::Check>()
}

/// How to write a word, as a hint.
pub(super) fn usage(name: &str) -> Option<String> {
    let found = WORDS.iter().find(|(word, _)| *word == name);
    found.map(|(_, usage)| format!("write {usage}"))
}

/// A value as a person reads it.
pub(super) fn text_of(value: &Dynamic) -> String {
    if let Some(span) = value.clone().try_cast::<Span>() {
        return span.text(); // a setting takes no negative one
    }
    results::text(value).unwrap_or_else(|| match super::convert::value(value) {
        crate::catalog::Value::Other(_)
        | crate::catalog::Value::Group(_)
        | crate::catalog::Value::Selection(_) => value.to_string(),
        crate::catalog::Value::Text(text) => text,
        _ => super::convert::level(value).text,
    })
}
