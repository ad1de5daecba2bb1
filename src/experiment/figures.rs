//! Figures of a component over time: rows of timeseries.csv, and what `every`, `when` and `at` may ask for.

/// A figure.
pub struct Told {
    /// Its name.
    pub name: &'static str,
    /// What it tells.
    pub about: &'static str,
}

const fn told(name: &'static str, about: &'static str) -> Told {
    Told { name, about }
}

/// All of them.
pub const FIGURES: &[Told] = &[
    told("utilization_ratio", "busy share of its processors"),
    told(
        "queue_len_mean",
        "jobs that waited for its processors, on average; of a component with several nodes, at all of them",
    ),
    told(
        "workers_utilization_ratio",
        "share of its workers or connections in use, where their number is limited",
    ),
    told("workers_queue_len_mean", "requests that waited for one of them, on average"),
    told("arrivals_per_s", "what came to it, as `arrivals_count` counts"),
    told(
        "jobs_per_s",
        "jobs that came to its processors, where its arrivals are requests or calls: one may be several jobs, or none",
    ),
    told("calls_per_s", "calls, questions or messages that came to it"),
    told("requests_per_s", "requests that came to it"),
    told("errors_per_s", "errors answered and arrivals turned away"),
    told("hit_ratio", "share of look-ups that found a fresh copy"),
    told(
        "old_address_ratio",
        "share of what it sent by a name that went to an address which had been changed",
    ),
    told("upstream_queries_per_s", "questions that a resolver or name server had to pass on"),
    told("items_count", "items, messages or records that it holds"),
    told("dirty_items_count", "items of a cache that are not in the database yet"),
    told("pages_read_per_s", "pages read from disk"),
    told("rows_read_per_s", "rows read"),
    told("index_steps_per_s", "steps down indexes"),
    told("buffer_hit_ratio", "share of pages touched that were in memory"),
    told("fsyncs_per_s", "writes of the log that were made sure of"),
    told("lock_waits_per_s", "statements that had to wait for a lock"),
    told("disk_utilization_ratio", "busy share of what its disk can do at a time"),
    told("log_utilization_ratio", "busy share of the device of its log"),
    told("lag_count", "messages that wait for consumers"),
    told("in_flight_count", "messages in the hands of consumers"),
    told("servers_in_service_count", "servers that a balancer sends to"),
    told("origin_bytes_per_s", "bytes that an edge fetched from its origin"),
    told("egress_bytes_per_s", "bytes sent to clients, where they have a price"),
    told("replica_lag_ms", "how far a replica is behind its primary, in time"),
    told("lag_entries", "how far a replica is behind its primary, in entries of the log"),
    told("copied_rows_per_s", "rows copied to a replica that begins anew"),
    told("moved_rows_per_s", "rows moved to another shard"),
    told("stale_ratio", "share of a traffic's reads that were stale"),
];

/// Whether a figure is meant by a name, which may leave out its unit.
pub fn is_named(figure: &str, name: &str) -> bool {
    const UNITS: [&str; 5] = ["_ratio", "_count", "_per_s", "_mean", "_ms"];
    figure == name || UNITS.iter().any(|unit| figure.strip_suffix(unit) == Some(name))
}
