//! What counted work on several nodes cannot do, and what it has no use for.

use super::entry::Plan;
use super::log;
use crate::catalog::Problems;
use crate::components::Site;
use crate::components::database::replica::{Shape, mode};

/// Times that are counted instead.
const DECLARED: &[&str] = &["apply", "copy_row"];
/// What orders the statements of a station.
const ORDER: &[&str] = &["discipline", "first"];
/// Queries that stand for work which is not counted. What it would take to count it: in every model that has secondary indexes, one by the
/// attribute of `query_by` over the rows of each shard (with `Question` and `truth`), and for `denormalised` a second table of copies at
/// each shard, built for the rows whose attribute lies there, which scans and joins do not see and a resharding moves.
const UNCOUNTED: &[&str] = &["queries", "query_by", "denormalised"];

/// Mistakes that concern several nodes.
pub fn check(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    for name in DECLARED.iter().filter(|name| settings.is_given(name)) {
        let message = format!("`{name}` declares a time, but with a data model time is counted");
        problems.push(settings.problem(name, message).hint("leave it out, or `model` and `rows`"));
    }
    for name in ORDER.iter().filter(|name| settings.is_given(name)) {
        let message = format!(
            "`{name}` orders statements whose times are declared; counted work is done in the order in which it comes"
        );
        problems.push(
            settings
                .problem(name, message)
                .hint("leave it out; a database `on` a host is worked for as the host's `discipline` says"),
        );
    }
    for name in UNCOUNTED.iter().filter(|name| settings.is_given(name)) {
        let message = format!(
            "`{name}` counts only where times are declared: no data model has an index by `query_by`"
        );
        let hint = "with a data model, `asks: \"join\"` asks all shards for the members of a group; else give `read` and `write`";
        problems.push(settings.problem(name, message).hint(hint));
    }
    let shape = Shape::of(settings);
    if shape.is_single() {
        return;
    }
    if settings.is_given("on") {
        let problem = settings.problem("on", "several nodes do not stand on one machine");
        problems.push(problem.hint("leave `on` out: each node has `cores` of its own"));
    }
    let later = Plan::new(settings).choice("log", log::LOGS) == "interval";
    if later && (shape.elected || shape.storage > 0) {
        let mode = mode::MODES[mode::of(settings)].name;
        let message =
            format!("replication \"{mode}\" counts on what is on disk, and log \"interval\" is not");
        let name = if settings.is_given("replication") { "replication" } else { "replicas" };
        problems.push(settings.problem(name, message).hint("add `log: \"commit\"`"));
    }
}
