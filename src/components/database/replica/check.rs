//! Mistakes in the settings of a database of several nodes.

use super::{PING_EVERY_AT_LEAST, Shape, keys, measures, mode, reads, times};
use crate::catalog::{Problem, Problems};
use crate::components::Site;

/// Mistakes that concern several settings.
pub fn check(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let reads = reads::READS[settings.choice("reads")].name;
    if reads == "lag_bounded" && settings.duration("max_lag").is_none() {
        let place = settings.place("reads").unwrap_or(&site.group().place);
        let problem = Problem::at(place, "reads \"lag_bounded\" needs the setting `max_lag`");
        problems.push(problem.hint("add `max_lag: 1.s`"));
    }
    check_semi_sync(site, problems);
    check_nearest(site, problems);
    check_shards(site, problems);
    check_split(site, problems);
    check_quorum(site, problems);
    let (heartbeat, down_after) = times(site);
    if down_after < 2 * heartbeat {
        let place =
            settings.place("down_after").or(settings.place("heartbeat")).unwrap_or(&site.group().place);
        let problem = Problem::at(place, "`down_after` must be at least two heartbeats");
        problems.push(problem.hint("a single late answer must not look like a death"));
    }
}

/// Shards share the keys of those who ask, and what is treated apart are the popular ones.
pub fn check_keys(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    if Shape::of(settings).shards > 1 && keys(site).is_none() {
        let problem = Problem::at(&site.group().place, "shards need to know how many keys there are");
        problems.push(problem.hint("give each traffic `keys:`"));
    }
    for name in ["dedicated", "copied", "split"] {
        if settings.count(name).unwrap_or(0) > 0 && site.layout.popular(site.index, 0).is_none() {
            let message = format!("`{name}` needs traffic that says which keys are popular");
            problems
                .push(settings.problem(name, message).hint("give the traffic `keys: zipf(10_000, 0.99)`"));
        }
    }
}

/// Only one mode of replication stops waiting.
fn check_semi_sync(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let waits =
        settings.count("replicas").unwrap_or(0) > 0 && mode::MODES[mode::of(settings)].name == "semi_sync";
    if settings.is_given("semi_sync_timeout") && !waits {
        let message = "`semi_sync_timeout` counts only for replication \"semi_sync\"";
        let problem = settings.problem("semi_sync_timeout", message);
        problems.push(problem.hint("add `replicas: 1, replication: \"semi_sync\"`"));
    }
}

fn check_nearest(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let measures = measures(settings);
    for name in ["local_threshold", "ping_every"] {
        if settings.is_given(name) && !measures {
            let message = format!("`{name}` counts only for reads \"nearest\"");
            problems.push(settings.problem(name, message).hint("add `reads: \"nearest\"`"));
        }
    }
    if measures && settings.duration("ping_every").is_some_and(|every| every < PING_EVERY_AT_LEAST) {
        let problem = settings.problem("ping_every", "`ping_every` must be at least 500 ms");
        problems.push(problem.hint("MongoDB's drivers refuse less (minHeartbeatFrequencyMS)"));
    }
}

fn check_quorum(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let leaderless = Shape::of(settings).leaderless;
    let copies = settings.count("replicas").unwrap_or(0) + 1;
    for name in ["r", "w"] {
        match settings.count(name) {
            Some(_) if !leaderless => {
                let message = format!("`{name}` counts only for replication \"quorum\"");
                problems.push(settings.problem(name, message).hint("add `replication: \"quorum\"`"));
            }
            Some(wanted) if wanted > copies => {
                let message = format!("`{name}: {wanted}` of {copies} copies can never answer");
                problems.push(
                    settings.problem(name, message).hint("there is the first copy and `replicas` others"),
                );
            }
            _ => {}
        }
    }
    for name in ["speculative_retry", "speculative_percentile"] {
        if settings.is_given(name) && !leaderless {
            let message = format!("`{name}` counts only for replication \"quorum\"");
            problems.push(settings.problem(name, message).hint("add `replication: \"quorum\"`"));
        }
    }
    if settings.is_given("speculative_retry") && settings.is_given("speculative_percentile") {
        let message = "`speculative_retry` and `speculative_percentile` say the same in two ways";
        problems.push(settings.problem("speculative_percentile", message).hint("leave one out"));
    }
    for name in ["reads", "copied", "queries", "denormalised", "capacity", "split"] {
        if leaderless && settings.is_given(name) {
            let message = format!("`{name}` does not go with replication \"quorum\"");
            problems.push(settings.problem(name, message).hint("`r` says how many copies make a read"));
        }
    }
}

fn check_shards(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let shards = settings.count("shards").unwrap_or(1);
    let several = Shape::of(settings).shards > 1;
    const SHARDED: &[&str] =
        &["query_by", "denormalised", "dedicated", "copied", "split", "split_over", "split_reads"];
    for name in SHARDED {
        if !several && settings.is_given(name) {
            let message = format!("`{name}` needs several shards");
            problems.push(settings.problem(name, message).hint("add `shards: 4`"));
        }
    }
    if settings.flag("denormalised") && settings.count("shards_max").is_some_and(|most| most > shards) {
        let problem =
            settings.problem("denormalised", "copies by another attribute do not move with a resharding");
        problems.push(problem.hint("leave out `shards_max` or `denormalised`"));
    }
    if settings.count("copied").unwrap_or(0) > 0
        && settings.count("shards_max").is_some_and(|most| most > shards)
    {
        let problem = settings
            .problem("copied", "copies of rows in every shard do not come to the shards of a resharding");
        problems.push(problem.hint("leave out `shards_max` or `copied`"));
    }
    if settings.count("shards_max").is_some_and(|most| most < shards) {
        let problem = settings.problem("shards_max", "`shards_max` is less than `shards`");
        problems.push(problem.hint("it counts all shards, those of the beginning included"));
    }
}

/// Splitting the version of a row over several logs is sound only if none of them ever takes a write back.
fn check_split(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let shards = settings.count("shards").unwrap_or(1);
    if settings.count("split_over").is_some_and(|parts| parts > shards) {
        let problem = settings.problem("split_over", format!("more parts than the {shards} shards"));
        problems.push(problem.hint("each part lies in a shard of its own"));
    }
    if settings.count("split").unwrap_or(0) == 0 {
        return;
    }
    if settings.count("shards_max").is_some_and(|most| most > shards) {
        let problem = settings.problem("split", "parts of rows do not move with a resharding");
        problems.push(problem.hint("leave out `shards_max` or `split`"));
    }
    for name in ["copied", "denormalised"] {
        if settings.is_given(name) {
            let problem = settings.problem("split", format!("`{name}` and `split` do not go together"));
            problems
                .push(problem.hint("the one is for rows that are read, the other for rows that are written"));
        }
    }
    let mode = mode::MODES[mode::of(settings)].name;
    if settings.count("replicas").unwrap_or(0) > 0
        && !matches!(mode, "sync" | "remote_apply" | "shared_storage" | "majority")
    {
        let message = format!("rows are not split where members keep in step as \"{mode}\" does it");
        let problem = settings.problem("split", message);
        problems.push(problem.hint(
            "take replication \"majority\", \"sync\", \"remote_apply\" or \"shared_storage\", or no replicas",
        ));
    }
}
