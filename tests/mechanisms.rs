//! Every experiment notices when the mechanism that it is about is switched off.

use assert_cmd::Command;
use scalelab::components::MECHANISMS;
use std::time::Duration;

/// One line for each experiment and mechanism: with `--disable`, its checks fail.
const TABLE: &[(&str, &str)] = &[
    ("first_look", "cache"),
    ("first_look", "invalidation"),
    ("first_look", "write_back"),
    ("06_ttl_sweep", "expiry"),
    ("06_eviction", "eviction"),
    ("06_cache_sizing", "cache"),
    ("03_scale_up_or_out", "scalability_law"),
    ("04_balancing_policies", "weights"),
    ("04_health_checks", "health_checks"),
    ("04_health_checks", "redispatch"),
    ("04_join_leave_autoscale", "autoscaling"),
    ("04_join_leave_autoscale", "drain"),
    ("08_deploys", "session_memory"),
    ("08_sticky_or_stateless", "sticky"),
    ("08_sticky_or_stateless", "session_memory"),
    ("02_database_apart", "shared_processors"),
    ("02_data_models", "secondary_index"),
    ("02_data_models", "embedding"),
    ("02_data_models", "column_families"),
    ("02_data_models", "adjacency"),
    ("02_data_models", "hashing"),
    ("02_data_models_on_disk", "embedding"),
    ("06_cache_resharding", "consistent_hashing"),
    ("06_cache_resharding", "migration"),
    ("01_first_byte", "connections"),
    ("01_first_byte", "distance"),
    ("01_dns_lookup", "dns_cache"),
    ("01_dns_ttl_drain", "dns_cache"),
    ("09_region_failover", "site_health_checks"),
    ("09_region_failover", "anycast"),
    ("09_geo_routing", "geoip"),
    ("09_two_data_centres", "anycast"),
    ("09_two_data_centres", "failover"),
    ("09_split_brain", "failover"),
    ("07_cdn_distance", "cdn"),
    ("07_cdn_invalidate_or_version", "purge"),
    ("07_cdn_invalidate_or_version", "asset_versions"),
    ("07_revalidation", "revalidation"),
    ("07_origin_failover", "origin_failover"),
    ("07_origin_failover", "negative_caching"),
    ("07_roll_out", "negative_caching"),
    ("07_roll_out", "roll_out"),
    ("06_three_caches", "browser_cache"),
    ("06_three_caches", "cdn"),
    ("10_queue_outage", "queue"),
    ("10_queue_outage", "redelivery"),
    ("10_queue_semantics", "redelivery"),
    ("10_queue_semantics", "idempotence"),
    ("10_queue_semantics", "replication"),
    ("10_kafka_producers", "producer_retries"),
    ("05_read_replicas", "replica_reads"),
    ("05_replication_modes", "replica_acks"),
    ("05_mysql_replicas", "replica_log"),
    ("05_mysql_replicas", "replica_reads"),
    ("05_replica_dies", "copy_cost"),
    ("05_read_your_writes", "session_position"),
    ("11_single_database_fails", "failover"),
    ("11_shard_key", "shard_key"),
    ("11_celebrity", "hot_key_cure"),
    ("11_resharding", "reshard"),
    ("11_joins", "denormalised"),
    ("05_quorum", "quorum_repair"),
    ("05_majority", "failover"),
    ("11_hot_counter", "hot_key_cure"),
    ("06_write_strategies", "fills"),
    ("06_write_strategies", "invalidation"),
    ("06_write_strategies", "write_back"),
    ("06_regional_caches", "invalidation"),
    ("06_regional_caches", "expiry"),
    ("06_regional_caches", "invalidation_bus"),
    ("06_stampede", "stampede"),
    ("06_stampede", "refresh_ahead"),
    ("06_what_to_cache", "cache"),
    ("12_zero_to_millions", "cdn"),
    ("12_zero_to_millions", "queue"),
    ("12_zero_to_millions", "shared_processors"),
];

fn run_without(experiment: &str, mechanism: &str) -> (assert_cmd::assert::Assert, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let run = Command::cargo_bin("scalelab")
        .unwrap()
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .timeout(Duration::from_secs(300))
        .args([
            "run",
            &format!("experiments/{experiment}.rhai"),
            "--quick",
            "-q",
            "--disable",
            mechanism,
            "-o",
        ])
        .arg(folder.path().join("out"))
        .assert();
    (run, folder)
}

#[test]
fn an_experiment_without_its_mechanism_fails_its_checks() {
    for (experiment, mechanism) in TABLE {
        let (run, folder) = run_without(experiment, mechanism);
        let code = run.get_output().status.code();
        assert_eq!(code, Some(99), "{experiment} without {mechanism}");
        let checks = folder.path().join("out/checks.csv");
        assert!(checks.exists(), "failed checks are results too ({experiment} without {mechanism})");
    }
}

#[test]
fn every_mechanism_is_missed_by_some_experiment() {
    for mechanism in MECHANISMS {
        assert!(TABLE.iter().any(|(_, missed)| missed == mechanism), "nobody misses {mechanism}");
    }
}

#[test]
fn an_unknown_mechanism_is_a_wrong_use() {
    run_without("first_look", "cachee").0.code(2);
}
