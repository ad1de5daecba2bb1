//! Words that people bring along from other tools, and what they are called here.

use super::suggest::did_you_mean;

type Words = &'static [(&'static str, &'static [&'static str])];

/// Settings: of the words beside each, the first that a component has.
const SETTINGS: Words = &[
    ("time_to_live", &["ttl"]),
    ("negative_ttl", &["missing_ttl"]),
    ("target", &["utilization", "to", "of"]),
    ("interval", &["period", "check", "heartbeat"]),
    ("replication_factor", &["replicas"]),
    ("dlq", &["dead_letters_to", "dead_letters"]),
    ("dead_letter_queue", &["dead_letters_to", "dead_letters"]),
    ("partitions", &["shards"]),
    ("shards", &["nodes", "partitions"]),
    ("jitter", &["ttl_jitter"]),
    ("warm", &["preload"]),
    ("retry", &["retries", "attempts"]),
    ("lag", &["max_lag"]),
    ("rtt", &["latency"]),
    ("tls", &["connect"]),
    ("size", &["row", "capacity", "items"]),
    ("sizes", &["row", "capacity", "items"]),
    ("memory", &["buffer", "capacity", "session_memory"]),
    ("max_size", &["capacity", "items", "length"]),
    ("max_items", &["items"]),
    ("max_memory", &["capacity"]),
    ("servers", &["count", "nodes", "brokers", "to"]),
    ("instances", &["count", "nodes", "brokers"]),
    ("machines", &["count", "nodes", "brokers"]),
    ("count", &["machines", "nodes", "replicas", "brokers"]),
    ("replicas", &["count", "nodes", "machines"]),
    ("nodes", &["count", "replicas", "brokers"]),
    ("threads", &["concurrency", "connections"]),
    ("workers", &["concurrency", "count"]),
    ("max_connections", &["connections", "concurrency"]),
    ("cpu", &["cores", "utilization", "service"]),
    ("target_cpu", &["utilization"]),
    ("cpu_target", &["utilization"]),
    ("cpu_utilization", &["utilization"]),
    ("read_replicas", &["replicas"]),
    ("maxmemory", &["capacity"]),
    ("max_conns", &["connections"]),
    ("maxconn", &["connections"]),
    ("cpus", &["cores"]),
    ("vcpus", &["cores"]),
    ("db", &["reads", "of"]),
    ("database", &["reads", "of"]),
    ("store", &["reads", "of"]),
    ("cache", &["reads", "of"]),
    ("backend", &["to", "reads", "of"]),
    ("backends", &["to"]),
    ("upstream", &["to", "of"]),
    ("upstreams", &["to"]),
    ("targets", &["to"]),
    ("origin", &["of"]),
    ("source", &["of"]),
    ("queue", &["of", "publishes"]),
    ("algorithm", &["policy", "eviction"]),
    ("balancing", &["policy"]),
    ("strategy", &["write", "policy"]),
    ("policy", &["eviction", "write"]),
    ("expires", &["ttl"]),
    ("expire", &["ttl"]),
    ("max_age", &["ttl"]),
    ("visibility_timeout", &["visibility"]),
    ("max_receive_count", &["max_deliveries"]),
    ("qps", &["rate"]),
    ("rps", &["rate"]),
    ("requests", &["rate"]),
    ("clients", &["users", "from"]),
    ("write_ratio", &["writes"]),
    ("retries", &["attempts"]),
    ("max_retries", &["attempts", "retries"]),
    ("circuit_breaker", &["max_fails", "retry_budget"]),
    ("health_check", &["check"]),
    ("healthcheck", &["check"]),
    ("regions", &["region"]),
    ("replica_regions", &["region"]),
    ("az", &["zone"]),
    ("price", &["price_per_hour", "egress_price"]),
    ("cost", &["price_per_hour"]),
    ("latency", &["service", "read"]),
    ("service_time", &["service"]),
    ("service", &["read"]),
    ("prefetch_count", &["prefetch"]),
    ("bandwidth", &["egress_price"]),
    ("mode", &["replication"]),
    ("primary", &["region"]),
    ("health_checks", &["check"]),
    ("swr", &["stale_while_revalidate"]),
    ("to", &["writes", "reads", "of"]),
    ("of", &["to"]),
    ("scale_in", &["cooldown"]),
    ("scale_out", &["cooldown"]),
    ("reads", &["writes"]),
    ("read_ratio", &["writes"]),
    ("concurrency", &["users", "connections"]),
    ("depends_on", &["reads", "to", "of"]),
    ("uses", &["reads", "to", "of"]),
    ("trace", &["rate"]),
    ("log", &["rate"]),
];

/// Values of settings with a choice.
const CHOICES: Words = &[
    ("leastconn", &["least_connections"]),
    ("least_conn", &["least_connections"]),
    ("least_requests", &["least_connections"]),
    ("p2c", &["power_of_two"]),
    ("rr", &["round_robin"]),
    ("wrr", &["weighted"]),
    ("consistent", &["consistent_hash", "ring"]),
    ("hash", &["consistent_hash", "ip_hash"]),
    ("write_through", &["through"]),
    ("write-through", &["through"]),
    ("write_back", &["back"]),
    ("write-back", &["back"]),
    ("write_behind", &["back"]),
    ("write-behind", &["back"]),
    ("write_around", &["around"]),
    ("write-around", &["around"]),
    ("cache_aside", &["aside"]),
    ("cache-aside", &["aside"]),
    ("raft", &["majority"]),
    ("paxos", &["majority"]),
    ("synchronous", &["sync"]),
    ("asynchronous", &["async"]),
    ("allkeys-lru", &["redis_lru"]),
    ("allkeys-lfu", &["redis_lfu"]),
    ("volatile-lru", &["redis_lru"]),
    ("volatile-lfu", &["redis_lfu"]),
    ("allkeys-random", &["random"]),
    ("noeviction", &["none"]),
    ("tinylfu", &["w_tinylfu"]),
    ("jwt", &["token"]),
    ("redis", &["store", "redis_streams"]),
];

/// Actions on components.
const ACTIONS: Words = &[
    ("kill", &["crash"]),
    ("stop", &["crash"]),
    ("die", &["crash"]),
    ("down", &["crash"]),
    ("fail", &["crash"]),
    ("terminate", &["crash"]),
    ("shutdown", &["crash"]),
    ("start", &["recover"]),
    ("restart", &["recover"]),
    ("up", &["recover"]),
    ("revive", &["recover"]),
    ("restore", &["recover"]),
    ("freeze", &["hang"]),
    ("stall", &["hang"]),
    ("add", &["add_node"]),
    ("add_server", &["add_node"]),
    ("add_replica", &["add_node"]),
    ("add_shard", &["reshard"]),
    ("scale", &["add_node"]),
    ("scale_up", &["add_node"]),
    ("scale_out", &["add_node"]),
    ("scale_down", &["remove_node"]),
    ("scale_in", &["remove_node"]),
    ("remove", &["remove_node"]),
    ("failover", &["promote"]),
    ("purge", &["invalidate"]),
    ("flush", &["invalidate"]),
    ("clear", &["invalidate"]),
    ("deploy", &["publish", "drain"]),
];

/// Metrics.
const METRICS: Words = &[
    ("hit_ratio", &["cache_hit_ratio"]),
    ("hit_rate", &["cache_hit_ratio"]),
    ("cache_hit_rate", &["cache_hit_ratio"]),
    ("hits", &["cache_hit_ratio"]),
    ("misses", &["cache_misses"]),
    // (`requests_failed` leaves out who was turned away and who gave up.)
    ("errors", &["availability"]),
    ("errors_count", &["availability"]),
    ("failures", &["availability"]),
    ("failed", &["requests_failed"]),
    ("timeouts", &["requests_timed_out"]),
    ("uptime", &["availability"]),
    ("available", &["availability"]),
    ("requests", &["requests_total"]),
    ("requests_count", &["requests_total"]),
    ("rps", &["throughput_per_s"]),
    ("qps", &["throughput_per_s"]),
    ("served", &["throughput_per_s"]),
    ("latency", &["latency_p50"]),
    ("p50", &["latency_p50"]),
    ("p95", &["latency_p95"]),
    ("p99", &["latency_p99"]),
    ("p50_latency", &["latency_p50"]),
    ("p95_latency", &["latency_p95"]),
    ("p99_latency", &["latency_p99"]),
    ("median", &["latency_p50"]),
    ("mean_latency", &["latency_mean"]),
    ("lost_messages", &["messages_lost"]),
    ("duplicates", &["messages_duplicated"]),
    ("duplicated_messages", &["messages_duplicated"]),
    ("backlog", &["queue_backlog_end"]),
    ("queue_length", &["queue_backlog_end"]),
    ("cost", &["cost_per_hour"]),
    ("price", &["cost_per_hour"]),
    ("bandwidth", &["egress_bytes"]),
    ("lost_sessions", &["sessions_lost"]),
    ("origin_requests", &["origin_fetches"]),
    ("origin_load", &["origin_fetches"]),
    ("read_latency", &["read_latency_p50"]),
    ("write_latency", &["write_latency_p50"]),
];

/// Regions: what the city or country is called, and the codes of AWS and Azure (their lists of regions, read 2026-11).
const PLACES: Words = &[
    ("virginia", &["us-east-1", "eastus"]),
    ("ohio", &["us-east-2", "eastus2"]),
    ("california", &["us-west-1", "westus"]),
    ("oregon", &["us-west-2", "westus2"]),
    ("montreal", &["ca-central-1", "canadaeast"]),
    ("toronto", &["ca-central-1", "canadacentral"]),
    ("calgary", &["ca-west-1"]),
    ("mexico", &["mx-central-1", "mexicocentral"]),
    ("sao paulo", &["sa-east-1", "brazilsouth"]),
    ("brazil", &["sa-east-1", "brazilsouth"]),
    ("frankfurt", &["eu-central-1", "germanywestcentral"]),
    ("germany", &["eu-central-1", "germanywestcentral"]),
    ("zurich", &["eu-central-2", "switzerlandnorth"]),
    ("ireland", &["eu-west-1", "northeurope"]),
    ("dublin", &["eu-west-1", "northeurope"]),
    ("london", &["eu-west-2", "uksouth"]),
    ("paris", &["eu-west-3", "francecentral"]),
    ("amsterdam", &["westeurope"]),
    ("stockholm", &["eu-north-1", "swedencentral"]),
    ("milan", &["eu-south-1", "italynorth"]),
    ("madrid", &["eu-south-2", "spaincentral"]),
    ("spain", &["eu-south-2", "spaincentral"]),
    ("tel aviv", &["il-central-1", "israelcentral"]),
    ("dubai", &["me-central-1", "uaenorth"]),
    ("bahrain", &["me-south-1"]),
    ("cape town", &["af-south-1", "southafricawest"]),
    ("johannesburg", &["southafricanorth"]),
    ("mumbai", &["ap-south-1", "westindia"]),
    ("hyderabad", &["ap-south-2", "southindia"]),
    ("singapore", &["ap-southeast-1", "southeastasia"]),
    ("jakarta", &["ap-southeast-3", "indonesiacentral"]),
    ("sydney", &["ap-southeast-2", "australiaeast"]),
    ("melbourne", &["ap-southeast-4", "australiasoutheast"]),
    ("hong kong", &["ap-east-1", "eastasia"]),
    ("seoul", &["ap-northeast-2", "koreacentral"]),
    ("tokyo", &["ap-northeast-1", "japaneast"]),
    ("osaka", &["ap-northeast-3", "japanwest"]),
];

/// Subjects that have no name of their own here: what to have explained.
const TOPICS: Words = &[
    ("circuit_breaker", &["load_balancer.max_fails", "traffic.retry_budget", "web.on_cache_error"]),
    ("breaker", &["load_balancer.max_fails", "traffic.retry_budget", "web.on_cache_error"]),
    ("canary", &["drain", "weights", "load_balancer.weights"]),
    ("rolling_deploy", &["drain", "undrain"]),
    ("deploy", &["drain", "publish"]),
    ("active_passive", &["dns.policy", "load_balancer.standby"]),
    ("active_active", &["geo_router", "anycast"]),
    ("health_check", &["load_balancer.check", "dns.check", "geo_router.check"]),
    ("rate_limit", &["web.queue", "load_balancer.queue"]),
    ("load_shedding", &["web.queue", "load_balancer.queue"]),
    ("backpressure", &["web.queue", "queue.overflow"]),
    ("price", &["price_per_hour", "egress_price", "cost_per_hour"]),
    ("retry", &["traffic.attempts", "traffic.backoff", "load_balancer.retries"]),
    ("consistency", &["database.reads", "database.replication", "read_your_writes_violations"]),
    ("thundering_herd", &["cache.stampede"]),
    ("hot_key", &["zipf", "hotspot", "cache.sharding"]),
    ("aws", &["regions"]),
    ("azure", &["regions"]),
    ("confidence", &["replications"]),
];

/// Figures that functions of a script see of components.
const FIGURES: Words = &[
    ("cpu", &["utilization_ratio"]),
    ("load", &["utilization_ratio"]),
    ("busy", &["utilization_ratio"]),
    ("queue", &["queue_len_mean"]),
    ("queue_length", &["queue_len_mean"]),
    ("backlog", &["lag_count"]),
    ("lag", &["lag_count"]),
    ("rps", &["requests_per_s"]),
    ("qps", &["requests_per_s"]),
    ("errors", &["errors_per_s"]),
];

/// Figures that belong to one component.
const OF_COMPONENTS: &[&str] =
    &["utilization", "utilisation", "cpu", "load", "queue_len", "queue_length", "wait_p99", "arrivals"];

fn look<'a>(
    words: Words,
    word: &str,
    candidates: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<&'static str> {
    let lower = word.to_lowercase();
    let (_, meant) = words.iter().find(|(other, _)| *other == lower)?;
    meant.iter().copied().find(|one| candidates.clone().into_iter().any(|candidate| candidate == *one))
}

/// The setting that is meant, of those that a component has.
pub(super) fn setting<'a>(
    word: &str,
    names: impl IntoIterator<Item = &'a str> + Clone,
) -> Option<&'static str> {
    look(SETTINGS, word, names)
}

/// What to write instead of a value, of those that there are.
pub fn choice<'a>(word: &str, names: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    hint(CHOICES, word, names)
}

/// What to write instead of an action, of those that there are.
pub fn action<'a>(word: &str, names: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    hint(ACTIONS, word, names)
}

/// Our word for an action of another tool.
pub fn our_action<'a>(word: &str, names: impl IntoIterator<Item = &'a str> + Clone) -> Option<&'static str> {
    look(ACTIONS, word, names)
}

/// Ours for the word of another tool, else one spelt nearly so, or all.
fn hint<'a>(words: Words, word: &str, names: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    let ours = look(words, word, names.clone()).map(|found| format!("did you mean `{found}`?"));
    ours.or_else(|| did_you_mean(word, names))
}

/// The metric that is meant.
pub fn metric<'a>(word: &str, names: impl IntoIterator<Item = &'a str> + Clone) -> Option<&'static str> {
    look(METRICS, word, names)
}

/// What to have explained of a subject that has no name of its own; nothing if it is none of these.
pub fn topic(word: &str) -> &'static [&'static str] {
    let lower = word.to_lowercase().replace([' ', '-'], "_");
    TOPICS.iter().find(|(other, _)| *other == lower).map_or(&[], |(_, meant)| meant)
}

/// Words of a topic, for tests.
pub fn topics() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    TOPICS.iter().copied()
}

/// The figure of a component that is meant.
pub fn figure<'a>(word: &str, names: impl IntoIterator<Item = &'a str> + Clone) -> Option<&'static str> {
    look(FIGURES, word, names)
}

/// The region that is meant, of those of a map.
pub fn place<'a>(word: &str, names: impl IntoIterator<Item = &'a str> + Clone) -> Option<&'static str> {
    look(PLACES, &word.replace(['-', '_'], " "), names)
}

/// Whether a component has such a figure, and an experiment as a whole has not.
pub fn is_of_components(word: &str) -> bool {
    OF_COMPONENTS.contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::KINDS;
    use crate::components::network::ENTRY;
    use crate::experiment::find_metric;

    /// Each word is found once, and leads somewhere: to a setting, policy or action that there is.
    #[test]
    fn every_word_leads_somewhere() {
        let params = || KINDS.iter().map(|kind| kind.entry).chain([&ENTRY]).flat_map(|entry| entry.params);
        let is_setting = |name: &str| params().any(|param| param.name == name);
        for (word, meant) in SETTINGS {
            assert!(meant.iter().all(|one| is_setting(one)), "{word}: {meant:?}");
        }
        for (word, meant) in ACTIONS {
            assert!(meant.iter().all(|one| crate::model::ACTIONS.contains(one)), "{word}: {meant:?}");
        }
        for (word, meant) in METRICS {
            assert!(meant.iter().all(|one| find_metric(one).is_ok()), "{word}: {meant:?}");
            assert!(find_metric(word).is_err(), "{word} is a metric");
        }
        for words in [SETTINGS, CHOICES, ACTIONS, METRICS, PLACES] {
            assert!(
                words
                    .iter()
                    .enumerate()
                    .all(|(at, (word, _))| words[..at].iter().all(|(other, _)| other != word))
            );
        }
    }

    #[test]
    fn the_first_that_there_is_is_meant() {
        assert_eq!(setting("size", ["items", "capacity"]), Some("capacity"));
        assert_eq!(setting("size", ["items"]), Some("items"));
        assert_eq!(setting("size", ["ttl"]), None);
        assert_eq!(place("Frankfurt", ["eu-central-1"]), Some("eu-central-1"));
        assert_eq!(place("hong-kong", ["eastasia"]), Some("eastasia"));
    }
}
