//! Stations that calls pass one after the other.

use crate::common::estimate::{assert_agrees, exact};
use crate::common::run::run;
use crate::common::{World, exponential, poisson, span, texts};
use crate::{PRECISE, REPLICATIONS};
use scalelab::catalog::Value;

/// Three M/M/1 in a row (Jackson 1957): rates 0.8; 1, 1.25 and 1.6 served per second; "tandem3" of jackson.json.
#[test]
fn tandem() {
    let mut world = World::default();
    let service = |mean| exponential(mean);
    let last = world.add(
        "database",
        "last",
        vec![("read", service(1.0 / 1.6)), ("write", span(1.0)), ("connections", Value::Whole(1))],
    );
    let middle = world.add("web", "middle", vec![("service", service(1.0 / 1.25)), ("reads", last.clone())]);
    let first = world.add("load_balancer", "first", vec![("service", service(1.0)), ("to", middle.clone())]);
    world.add("traffic", "clients", vec![("to", first.clone()), ("rate", poisson(0.8))]);
    let stations = [&first, &middle, &last].map(|group| world.node(group, 0));
    let exact = [
        exact("end to end", 8.472222222, PRECISE),
        exact("at the first", 5.0, PRECISE),
        exact("at the second", 2.222222222, PRECISE),
        exact("at the third", 1.25, PRECISE),
        exact("utilisation of the first", 0.8, PRECISE),
        exact("utilisation of the second", 0.64, PRECISE),
        exact("utilisation of the third", 0.5, PRECISE),
        exact("queue of the first", 3.2, 0.1),
        exact("queue of the second", 1.137777778, 0.1),
        exact("queue of the third", 0.5, 0.1),
    ];
    assert_agrees("tandem", REPLICATIONS, &exact, |seed, replication| {
        let run = run(&world, seed, replication, 2e5);
        stations.iter().for_each(|station| run.assert_little(*station));
        let mut all = vec![run.latency_mean()];
        all.extend(stations.map(|station| run.sojourn_mean(station)));
        all.extend(stations.map(|station| run.utilisation(station)));
        all.extend(stations.map(|station| run.level(station, "queue")));
        all
    });
}

/// A web server visited twice by reads and once by writes, and a database with two connections between (Kelly 1975: with
/// exponential service alike for all visitors of a station, each station is as if alone). 0.5 requests per second, 40 %
/// of them writes: 0.8 visits per second to the server (mean 1 s), 0.3 to the database (mean 4 s, Erlang C of 1.2 / 2).
#[test]
fn network_with_feedback() {
    let mut world = World::default();
    let database = world.add(
        "database",
        "db",
        vec![("read", exponential(4.0)), ("write", span(1.0)), ("connections", Value::Whole(2))],
    );
    let plans = [("on_read", texts(&["cpu", "read", "cpu"])), ("on_write", texts(&["cpu"]))];
    let mut settings = vec![("service", exponential(1.0)), ("reads", database.clone())];
    settings.extend(plans);
    let web = world.add("web", "web", settings);
    world.add(
        "traffic",
        "clients",
        vec![("to", web.clone()), ("rate", poisson(0.5)), ("writes", Value::Share(0.4))],
    );
    let (web, database) = (world.node(&web, 0), world.node(&database, 0));
    // Erlang C: 2 rho^2 / (1 + rho) wait; W = S (1 + rho^2 / (1 - rho^2)) with two servers.
    let at_database = 4.0 / (1.0 - 0.36);
    let exact = [
        exact("at the server", 5.0, PRECISE),
        exact("at the database", at_database, PRECISE),
        exact("end to end", 1.6 * 5.0 + 0.6 * at_database, PRECISE),
        exact("utilisation of the server", 0.8, PRECISE),
        exact("utilisation of the database", 0.6, PRECISE),
    ];
    assert_agrees("feedback", REPLICATIONS, &exact, |seed, replication| {
        let run = run(&world, seed, replication, 2.5e5);
        run.assert_little(web);
        run.assert_little(database);
        let sojourns = [web, database].map(|station| run.sojourn_mean(station));
        let busy = [web, database].map(|station| run.utilisation(station));
        vec![sojourns[0], sojourns[1], run.latency_mean(), busy[0], busy[1]]
    });
}
