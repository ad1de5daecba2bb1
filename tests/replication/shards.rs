//! Resharding loses and doubles no row, whatever is written and whoever dies meanwhile.

use crate::common::{World, exponential, index, keys, poisson, span, text};
use crate::world::{self, Setup};
use proptest::prelude::*;
use scalelab::catalog::{Place, Value};
use scalelab::kernel::readings::Reading;
use scalelab::kernel::time::{MILLISECOND, SECOND};
use scalelab::kernel::{Control, NodeId, Simulation, Time};
use scalelab::model::{Checked, Command, Moment, Target, build, resolve};
use scalelab::random::keys::Keys;

const KEYS: u64 = 400;

fn rows(simulation: &Simulation, node: u16) -> u64 {
    gauge(simulation, node, "rows")
}

fn gauge(simulation: &Simulation, node: u16, metric: &str) -> u64 {
    match simulation.readings(NodeId(node), false).get(metric) {
        Some(Reading::Gauge(rows)) => *rows as u64,
        other => panic!("{metric} of node {node}: {other:?}"),
    }
}

struct Stage {
    checked: Checked,
    simulation: Simulation,
}

impl Stage {
    fn new(sharding: &'static str, from: i64, most: i64, writes: f64, seed: u64) -> Self {
        let work = vec![("read", span(0.001)), ("write", span(0.002)), ("apply", span(0.001))];
        Stage::with(work, "point", (sharding, from, most), writes, seed)
    }

    /// The same with counted work.
    fn counted(model: &'static str, asks: &str, shape: (&'static str, i64, i64), seed: u64) -> Self {
        let work = vec![
            ("model", text(model)),
            ("rows", Value::Whole(KEYS as i64 * 3 / 4)),
            ("fsync_time", span(0.0005)),
            ("scan", Value::Whole(20)),
        ];
        Stage::with(work, asks, shape, 0.5, seed)
    }

    fn with(
        work: Vec<(&'static str, Value)>,
        asks: &str,
        (sharding, from, most): (&'static str, i64, i64),
        writes: f64,
        seed: u64,
    ) -> Self {
        let mut world = World::default();
        let more = vec![
            ("replicas", Value::Whole(1)),
            ("replication", text("sync")),
            ("shards", Value::Whole(from)),
            ("shards_max", Value::Whole(most)),
            ("sharding", text(sharding)),
            ("copy_rate", Value::Rate(200.0)),
            ("heartbeat", span(0.2)),
            ("down_after", span(1.0)),
        ];
        let database = world.add("database", "db", work.into_iter().chain(more).collect());
        assert_eq!(index(&database), 0);
        world.link(&database, &database, vec![("latency", span(0.003))]);
        let settings = vec![
            ("to", database),
            ("rate", poisson(300.0)),
            ("users", Value::Whole(20)),
            ("writes", Value::Share(writes)),
            ("asks", text(asks)),
            ("keys", keys(Keys::uniform(KEYS).unwrap())),
            ("timeout", span(3.0)),
        ];
        world.add("traffic", "users", settings);
        let checked = world.check();
        let simulation = build(&checked, seed, 0);
        Stage { checked, simulation }
    }

    fn reshard(&mut self, shards: i64) {
        let arguments = vec![Value::Whole(shards)];
        let command = Command {
            target: Target::Group(0),
            action: "reshard".into(),
            arguments,
            place: Place::default(),
        };
        for order in resolve(&self.checked.layout, &command, Moment::Run).expect("a valid command") {
            order.carry_out(&mut self.simulation);
        }
    }

    fn run(&mut self, until: Time) {
        self.simulation.run_until(until);
        self.simulation.check_conservation().expect("nothing vanishes");
    }

    fn told(&self, event: &str) -> usize {
        self.simulation.journal().entries().iter().filter(|entry| entry.event == event).count()
    }

    /// Rows of each member; the two of a shard one after the other. (Router and coordinator come first.)
    fn rows(&self, shards: u16) -> Vec<(u64, u64)> {
        let rows = |node| rows(&self.simulation, node);
        (0..shards).map(|shard| (rows(2 + 2 * shard), rows(3 + 2 * shard))).collect()
    }

    /// Rows in the structures of each member, likewise.
    fn stored(&self, shards: u16) -> Vec<(u64, u64)> {
        let rows = |node| gauge(&self.simulation, node, "stored_rows");
        (0..shards).map(|shard| (rows(2 + 2 * shard), rows(3 + 2 * shard))).collect()
    }

    fn control(&mut self, node: u16, verb: u16) {
        self.simulation.control(NodeId(node), Control::new(verb, 0));
    }
}

#[test]
fn the_same_layout_and_a_second_resharding_are_refused_and_told() {
    let mut stage = Stage::new("hash", 2, 4, 0.5, 1);
    stage.run(SECOND);
    stage.reshard(2);
    assert_eq!((stage.told("reshard ignored"), stage.told("reshard begins")), (1, 0));
    stage.reshard(4);
    stage.reshard(3);
    assert_eq!((stage.told("reshard ignored"), stage.told("reshard begins")), (2, 1));
    while stage.told("reshard ends") == 0 {
        stage.run(stage.simulation.now() + SECOND / 10);
        assert!(stage.simulation.now() < 8 * SECOND);
    }
    stage.reshard(2);
    assert_eq!(stage.told("reshard waits"), 1, "what has moved is still at its old shards");
    stage.run(24 * SECOND);
    assert_eq!(stage.told("reshard ends"), 2, "and back again");
    stage.run(32 * SECOND);
    assert_eq!(stage.told("old rows erased"), 2);
    assert_eq!(stage.rows(4)[2..], [(0, 0), (0, 0)]);
    let report = stage.simulation.audit().report();
    assert_eq!((report.lost_writes_count, report.stale_reads_count), (0, 0));
    assert!(report.reads_count > 1000);
}

/// Where work is counted, rows that nobody has written yet move like the others, into the structures of their new shards, and
/// questions over all shards are answered before, while and after.
#[test]
fn counted_rows_move_whether_they_were_written_or_not() {
    for (model, asks) in [
        ("relational", "join"),
        ("document", "columns"),
        ("graph", "aggregate"),
        ("wide_column", "columns"),
        ("key_value", "point"),
    ] {
        for (from, to) in [(2, 4), (3, 1)] {
            let mut stage = Stage::counted(model, asks, ("hash", from, 4), 1);
            let total = |stage: &Stage| stage.stored(4).iter().map(|(first, _)| first).sum::<u64>();
            assert_eq!(total(&stage), KEYS * 3 / 4, "{model}");
            stage.run(SECOND / 10);
            stage.reshard(to);
            stage.run(30 * SECOND);
            assert_eq!((stage.told("reshard ends"), stage.told("old rows erased")), (1, 1), "{model}");
            let stored = stage.stored(4);
            assert_eq!(total(&stage), KEYS, "{model}: {stored:?}");
            assert!(stored.iter().all(|(first, second)| first == second), "{model}: {stored:?}");
            assert!(
                stored.iter().enumerate().all(|(at, rows)| (rows.0 > 0) == (at < to as usize)),
                "{model}: {stored:?}"
            );
            let report = stage.simulation.audit().report();
            assert_eq!((report.lost_writes_count, report.stale_reads_count), (0, 0), "{model}");
            assert!(report.reads_count > 1_000, "{model}");
        }
    }
}

/// A question to all shards that is under way when the new map begins to hold is answered by the home that its row had when it was asked: the
/// new one may have answered before the row came.
#[test]
fn questions_to_all_shards_are_not_stale_when_the_map_changes() {
    let scattered = (0..10).map(|seed| {
        let more = vec![
            ("shards", Value::Whole(6)),
            ("queries", Value::Share(0.5)),
            ("read", exponential(0.005)),
            ("write", exponential(0.003)),
        ];
        let setup = Setup {
            replication: "sync",
            reads: "primary",
            delay: 0.0,
            rate: 1_500.0,
            more,
            ..Setup::default()
        };
        let world::Stage { checked, simulation, .. } = setup.stage(seed);
        let mut stage = Stage { checked, simulation };
        stage.run(2 * SECOND);
        stage.reshard(1);
        stage.run(4 * SECOND);
        assert_eq!(stage.told("reshard ends"), 1);
        let report = stage.simulation.audit().report();
        assert_eq!((report.stale_reads_count, report.lost_writes_count), (0, 0), "seed {seed}");
        stage.simulation.readings(NodeId(0), false).count_of("scattered_reads")
    });
    assert!(scattered.sum::<u64>() > 1_000);
}

/// Rows whose new shard is down are tried again with each tick, ten milliseconds later, and not each time that another one comes through.
#[test]
fn rows_are_not_tried_all_the_time() {
    let more = vec![("shards", Value::Whole(6))];
    let setup = Setup { replication: "async", keys: 60, rate: 200.0, more, ..Setup::default() };
    let world::Stage { checked, simulation, .. } = setup.stage(1);
    let mut stage = Stage { checked, simulation };
    stage.run(SECOND);
    (5..8).for_each(|node| stage.control(node, Control::CRASH_PROCESS)); // of the second shard
    stage.reshard(5);
    let asked = |stage: &Stage| stage.simulation.ledger().asked;
    let before = asked(&stage);
    stage.run(11 * SECOND);
    assert_eq!((stage.told("reshard begins"), stage.told("reshard ends")), (1, 0));
    let tries = asked(&stage) - before;
    let most = 10 * (100 * 2 * 60 + 200 * 10); // each tick each row is read and sent; and ten questions for each request
    assert!(tries < most, "{tries} of {most}");
    (5..8).for_each(|node| stage.control(node, Control::RECOVER));
    stage.run(14 * SECOND);
    assert_eq!(stage.told("reshard ends"), 1);
}

/// Rows that nobody ever writes come to all members of their new shards, not only to the one that takes them.
#[test]
fn rows_that_nobody_writes_come_to_all_members() {
    for (replication, aides) in [("async", 2), ("majority", 1)] {
        let more = vec![("shards_max", Value::Whole(3)), ("copy_rate", Value::Rate(200.0))];
        let model = Some(("relational", KEYS as i64));
        let setup =
            Setup { replication, reads: "primary", writes: 0.0, keys: KEYS, model, more, ..Setup::default() };
        let world::Stage { checked, simulation, .. } = setup.stage(1);
        let mut stage = Stage { checked, simulation };
        stage.run(SECOND);
        stage.reshard(3);
        stage.run(30 * SECOND);
        assert_eq!(stage.told("old rows erased"), 1, "{replication}");
        let stored: Vec<u64> =
            (aides..aides + 9).map(|n| gauge(&stage.simulation, n, "stored_rows")).collect();
        assert_eq!(stored.iter().sum::<u64>(), 3 * KEYS, "{replication}: {stored:?}");
        assert!(
            stored.chunks(3).all(|of| of[0] > 0 && of[0] == of[1] && of[0] == of[2]),
            "{replication}: {stored:?}"
        );
    }
}

/// A join asks all shards, a scan by ranges one or two, an aggregate one.
#[test]
fn a_question_asks_the_shards_that_it_concerns() {
    let asked = |asks: &str, sharding| {
        let mut stage = Stage::counted("relational", asks, (sharding, 4, 4), 1);
        stage.run(5 * SECOND);
        let told = stage.simulation.readings(NodeId(0), false);
        told.count_of("scattered_reads") as f64 / told.count_of("routed_reads") as f64
    };
    assert_eq!((asked("join", "hash"), asked("aggregate", "hash"), asked("point", "hash")), (1.0, 0.0, 0.0));
    assert_eq!(asked("columns", "hash"), 1.0);
    let few = asked("columns", "range");
    assert!(few > 0.1 && few < 0.6, "those near a border, and those beyond the rows of the start: {few}");
}

/// Hot rows with copies in all shards, or in parts: every shard has them from the start, or gets them when they are written; nothing is
/// stale, and each shard answers its share.
#[test]
fn hot_rows_are_cured_where_work_is_counted() {
    for (cure, rows) in [("copied", KEYS + 2 * 5), ("split", KEYS + 2 * 5)] {
        let more = vec![("shards", Value::Whole(3)), (cure, Value::Whole(5))];
        let model = Some(("relational", KEYS as i64));
        let setup = Setup {
            replication: "sync",
            reads: "primary",
            keys: 5,
            rate: 300.0,
            model,
            more,
            ..Setup::default()
        };
        let mut stage = setup.stage(1);
        stage.run(10 * SECOND);
        let stored = |n: u16| gauge(&stage.simulation, 2 + 3 * n, "stored_rows");
        assert_eq!((0..3).map(stored).sum::<u64>(), rows, "{cure}");
        let asked = |n: u16| {
            let told = stage.simulation.readings(NodeId(2 + 3 * n), false);
            told.count_of(if cure == "copied" { "reads" } else { "writes" })
        };
        assert!((0..3).all(|n| asked(n) > 350), "{cure}: {:?}", [0, 1, 2].map(asked));
        let report = stage.simulation.audit().report();
        assert_eq!((report.lost_writes_count, report.stale_reads_count), (0, 0), "{cure}");
    }
}

/// An elected leader erases what has moved as well, on all its members, and says how many rows that were.
#[test]
fn a_majority_erases_what_has_moved() {
    let mut world = World::default();
    let settings = vec![
        ("read", span(0.001)),
        ("write", span(0.001)),
        ("replicas", Value::Whole(2)),
        ("replication", text("majority")),
        ("shards", Value::Whole(2)),
        ("shards_max", Value::Whole(3)),
    ];
    let database = world.add("database", "db", settings);
    let settings = vec![
        ("to", database),
        ("rate", poisson(500.0)),
        ("writes", Value::Share(0.8)),
        ("keys", keys(Keys::uniform(KEYS).unwrap())),
    ];
    world.add("traffic", "users", settings);
    let checked = world.check();
    let simulation = build(&checked, 1, 0);
    let mut stage = Stage { checked, simulation };
    stage.run(10 * SECOND);
    stage.reshard(3);
    stage.run(40 * SECOND);
    let entries = stage.simulation.journal().entries();
    let erased = entries.iter().find(|entry| entry.event == "old rows erased").expect("it ends");
    assert!(!erased.detail.starts_with("0 "), "{}", erased.detail);
    let rows: Vec<u64> = (1..10).map(|node| rows(&stage.simulation, node)).collect();
    let one_of_each: u64 = rows.iter().step_by(3).sum();
    assert!(one_of_each <= KEYS && one_of_each > KEYS * 9 / 10, "{rows:?}");
}

/// Counters in parts: a sum has every write that was done before it began, whoever died meanwhile; a single part has not.
#[test]
fn the_sum_of_the_parts_is_what_was_written() {
    for (reads, replication, replicas) in [("sum", "async", 0), ("pick", "async", 0), ("sum", "majority", 2)]
    {
        let mut world = World::default();
        let settings = vec![
            ("read", span(0.001)),
            ("write", span(0.002)),
            ("shards", Value::Whole(5)),
            ("replicas", Value::Whole(replicas)),
            ("replication", text(if replicas > 0 { replication } else { "async" })),
            ("split", Value::Whole(3)),
            ("split_over", Value::Whole(4)),
            ("split_reads", text(reads)),
            ("heartbeat", span(0.2)),
            ("down_after", span(1.0)),
        ];
        let settings: Vec<_> =
            settings.into_iter().filter(|(name, _)| *name != "replication" || replicas > 0).collect();
        let database = world.add("database", "db", settings);
        let settings = vec![
            ("to", database),
            ("rate", poisson(400.0)),
            ("writes", Value::Share(0.5)),
            ("keys", keys(Keys::zipf(10, 1.0).unwrap())),
            ("timeout", span(3.0)),
        ];
        world.add("traffic", "users", settings);
        let mut simulation = world.build(1, 0);
        simulation.run_until(4 * SECOND);
        let member = NodeId(3); // of the first shard or of the second
        simulation.control(member, Control::new(Control::CRASH_PROCESS, 0));
        simulation.run_until(6 * SECOND);
        simulation.control(member, Control::new(Control::RECOVER, 0));
        simulation.run_until(15 * SECOND);
        simulation.check_conservation().expect("nothing vanishes");
        let report = simulation.audit().report();
        assert!(report.reads_count > 1000 && report.writes_acknowledged_count > 1000, "{reads}: {report:?}");
        assert_eq!(report.lost_writes_count, 0, "{reads}, {replication}");
        assert_eq!(report.stale_reads_count == 0, reads == "sum", "{reads}, {replication}: {report:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    /// Members and router die while counted rows move: at the end each lies on one shard, on both of its members.
    #[test]
    fn no_counted_row_is_lost_or_doubled(
        model in proptest::sample::select(&["relational", "document", "graph", "wide_column", "key_value"][..]),
        (from, to) in (1..4i64, 1..6i64),
        crashes in proptest::collection::vec((1_000..6_000u64, 0..12u16, 200..3_000u64, any::<bool>()), 0..4),
        seed in 0..1000u64,
    ) {
        let mut stage = Stage::counted(model, "point", ("consistent", from, 5), seed);
        let mut faults: Vec<(u64, u16, u16)> = Vec::new();
        for (at, node, length, host) in crashes {
            let node = if node == 1 { 0 } else { node };
            faults.push((at, node, if host { Control::CRASH_HOST } else { Control::CRASH_PROCESS }));
            faults.push((at + length, node, Control::RECOVER));
        }
        faults.sort_unstable();
        stage.run(SECOND);
        stage.reshard(to);
        for (at, node, verb) in faults {
            stage.run(at * MILLISECOND);
            stage.control(node, verb);
        }
        stage.run(60 * SECOND);
        let report = stage.simulation.audit().report();
        prop_assert_eq!((report.lost_writes_count, report.stale_reads_count), (0, 0));
        prop_assert_eq!(stage.told("old rows erased"), usize::from(from != to));
        let stored = stage.stored(5);
        let here: u64 = stored.iter().map(|(first, _)| first).sum();
        prop_assert_eq!(here, KEYS, "{:?}", stored);
        prop_assert!(stored.iter().all(|(first, second)| first == second), "{:?}", stored);
    }

    /// Reads go to primaries: a row that got lost on the way, or an older copy of it, would be a stale read.
    #[test]
    fn no_row_is_lost_or_doubled(
        sharding in proptest::sample::select(&["hash", "range", "directory", "consistent"][..]),
        (from, to) in (1..4i64, 1..6i64),
        writes in 0.2..0.9f64,
        crashes in proptest::collection::vec((1_000..6_000u64, 0..12u16, 200..3_000u64), 0..4),
        seed in 0..1000u64,
    ) {
        let mut stage = Stage::new(sharding, from, 5, writes, seed);
        let mut faults: Vec<(u64, u16, u16)> = Vec::new();
        for (at, node, length) in crashes {
            // Routers and members die; the coordinator (node 1) is left alone.
            let node = if node == 1 { 0 } else { node };
            faults.push((at, node, Control::CRASH_PROCESS));
            faults.push((at + length, node, Control::RECOVER));
        }
        faults.sort_unstable();
        stage.run(SECOND);
        stage.reshard(to);
        for (at, node, verb) in faults {
            stage.run(at * MILLISECOND);
            stage.control(node, verb);
        }
        stage.run(60 * SECOND);
        let report = stage.simulation.audit().report();
        prop_assert_eq!((report.lost_writes_count, report.stale_reads_count), (0, 0));
        prop_assert_eq!(stage.told("reshard ends"), usize::from(from != to));
        prop_assert!(report.reads_count > 100);
        // Each written row is at one shard, on both of its members (but for writes under way).
        prop_assert_eq!(stage.told("old rows erased"), usize::from(from != to));
        let rows = stage.rows(5);
        let here: u64 = rows.iter().map(|(first, _)| first).sum();
        prop_assert!(here <= KEYS && here > KEYS * 9 / 10, "{:?}", rows);
        prop_assert!(rows.iter().all(|(first, second)| first.abs_diff(*second) <= 2), "{:?}", rows);
        prop_assert!(rows.iter().skip(to as usize).all(|rows| *rows == (0, 0)), "{:?}", rows);
    }
}

/// The metric says what the event said, and not before the cut-over.
#[test]
fn rows_that_lie_elsewhere_after_a_resharding_count_as_moved_keys() {
    let mut stage = Stage::new("hash", 4, 5, 0.5, 1);
    let counted = |stage: &Stage, metric: &str| stage.simulation.readings(NodeId(0), false).count_of(metric);
    stage.run(SECOND);
    stage.reshard(5);
    stage.run(SECOND + SECOND / 10);
    assert_eq!((counted(&stage, "keys_moved"), counted(&stage, "keys_held")), (0, 0), "under way");
    stage.run(8 * SECOND);
    let (moved, held) = (counted(&stage, "keys_moved"), counted(&stage, "keys_held"));
    assert_eq!((stage.told("reshard ends"), held), (1, KEYS));
    let said = format!("{moved} of {KEYS} rows move");
    let entries = stage.simulation.journal().entries();
    let told = entries.iter().filter(|entry| entry.event == "reshard begins" && entry.detail.contains(&said));
    assert!(told.count() == 1 && moved > KEYS / 2, "{said}");
}

/// Each cut-over tells of its own rows, and the skew of a database that had other numbers of shards before compares each time with its own mean:
/// over all of them the busiest shard has at least the mean, and with even keys not much more.
#[test]
fn after_several_reshardings_each_has_its_own_rows_and_its_own_mean() {
    let mut stage = Stage::new("hash", 4, 5, 0.5, 1);
    let mut moved = Vec::new();
    for (at, shards) in [(4, 5), (20, 3)] {
        stage.run(at * SECOND);
        let before = stage.simulation.readings(NodeId(0), false).count_of("moved_rows");
        stage.reshard(shards);
        stage.run((at + 16) * SECOND);
        moved.push(stage.simulation.readings(NodeId(0), false).count_of("moved_rows") - before);
    }
    let entries = stage.simulation.journal().entries();
    let told = entries.iter().filter(|entry| entry.event == "cut-over begins");
    let told: Vec<u64> = told.map(|entry| entry.detail.split(' ').next().unwrap().parse().unwrap()).collect();
    assert_eq!(told, moved);
    match stage.simulation.readings(NodeId(0), false).get("shard_skew") {
        Some(Reading::Maximum(skew)) => assert!((1.0..1.25).contains(skew), "{skew}"),
        other => panic!("{other:?}"),
    }
}

/// Three shards of one member each become one; so long do a write and the users' patience take, in seconds.
fn three_to_one(write: f64, rate: f64, rows: u64, copy_rate: f64, seed: u64) -> Stage {
    let mut world = World::default();
    let settings = vec![
        ("read", span(0.001)),
        ("write", span(write)),
        ("copy_row", span(0.002)),
        ("shards", Value::Whole(3)),
        ("copy_rate", Value::Rate(copy_rate)),
    ];
    let database = world.add("database", "db", settings);
    let settings = vec![
        ("to", database),
        ("rate", poisson(rate)),
        ("writes", Value::Share(0.4)),
        ("keys", keys(Keys::uniform(rows).unwrap())),
        ("timeout", span(2.0)),
    ];
    world.add("traffic", "users", settings);
    let checked = world.check();
    let simulation = build(&checked, seed, 0);
    Stage { checked, simulation }
}

impl Stage {
    fn failed(&self) -> u64 {
        let classes = self.simulation.book().close(self.simulation.requests(), 0);
        classes.iter().map(|class| class.failed + class.timed_out).sum()
    }

    fn detail(&self, event: &str) -> String {
        let entries = self.simulation.journal().entries();
        entries.iter().rfind(|entry| entry.event == event).expect(event).detail.clone()
    }
}

/// The host of an old shard is silent for two seconds. Dual writes that got lost are known to be lost after half a minute: until then
/// nobody waits for a cut-over, and everybody has answers as soon as the host is back.
#[test]
fn no_cut_over_begins_while_lost_writes_are_open() {
    let mut stage = three_to_one(0.002, 200.0, 2_000, 300.0, 1);
    stage.run(5 * SECOND);
    stage.reshard(1);
    stage.run(7 * SECOND);
    stage.control(4, Control::CRASH_HOST);
    stage.run(9 * SECOND);
    stage.control(4, Control::RECOVER);
    stage.run(12 * SECOND);
    let failed = stage.failed();
    assert!(failed > 20, "{failed}: the host was silent");
    stage.run(60 * SECOND);
    assert_eq!(stage.failed(), failed, "after that nobody waits in vain");
    assert_eq!(stage.told("reshard ends"), 1);
    assert!(stage.told("cut-over begins") <= 2, "{}", stage.told("cut-over begins"));
    let report = stage.simulation.audit().report();
    assert_eq!((report.lost_writes_count, report.stale_reads_count), (0, 0));
}

/// The host of the new shard falls silent just when writes wait for the last ones: they wait five seconds, then it is tried
/// again when all is known. The event at the end counts all that have waited.
#[test]
fn a_cut_over_is_bounded() {
    let caught = (0..40).find_map(|seed| {
        let mut stage = three_to_one(0.02, 60.0, 200, 10.0, seed);
        stage.run(SECOND);
        stage.reshard(1);
        while stage.told("cut-over begins") == 0 {
            let next = stage.simulation.now() + MILLISECOND;
            stage.run(next);
            assert!(next < 60 * SECOND);
        }
        (stage.told("reshard ends") == 0).then_some(stage)
    });
    let mut stage = caught.expect("some cut-over finds writes under way");
    let began = stage.simulation.now();
    stage.control(2, Control::CRASH_HOST);
    stage.run(began + 4 * SECOND);
    assert_eq!(stage.told("cut-over put off"), 0);
    stage.run(began + 6 * SECOND);
    assert_eq!((stage.told("cut-over put off"), stage.told("reshard ends")), (1, 0));
    let waited: u64 = stage.detail("cut-over put off").split(' ').rev().nth(3).unwrap().parse().unwrap();
    assert!(waited > 20, "{waited}");
    stage.run(began + 10 * SECOND);
    stage.control(2, Control::RECOVER);
    stage.run(began + 90 * SECOND);
    assert_eq!(stage.told("reshard ends"), 1);
    let all: u64 = stage.detail("reshard ends").split(' ').next().unwrap().parse().unwrap();
    assert!(all >= waited, "{all} of them {waited} at first");
    let report = stage.simulation.audit().report();
    assert_eq!((report.lost_writes_count, report.stale_reads_count), (0, 0));
}

/// An order to a router that is dead waits for it.
#[test]
fn a_resharding_ordered_while_the_router_is_dead_begins_when_it_is_back() {
    let mut stage = Stage::new("hash", 2, 4, 0.5, 1);
    stage.run(SECOND);
    stage.control(0, Control::CRASH_PROCESS);
    stage.reshard(4);
    stage.run(2 * SECOND);
    assert_eq!(stage.told("reshard begins"), 0);
    stage.control(0, Control::RECOVER);
    stage.run(20 * SECOND);
    assert_eq!((stage.told("reshard begins"), stage.told("reshard ends")), (1, 1));
}

/// Writes of a split row go to the living shards while one has no leader: what those have acknowledged stays, whatever the dead one had
/// begun and not answered.
#[test]
fn a_split_row_loses_nothing_that_other_shards_have() {
    crate::common::script::holds(
        r#"experiment("split").replications(3).duration(40.s).world(|p| {
            let db = database("db", #{ read: 1.ms, write: 1.ms, shards: 4, replicas: 1, replication: "sync", split: 1,
                down_after: 3.s, heartbeat: 500.ms });
            link(db, db, #{ latency: 5.ms });
            traffic("u", #{ to: db, rate: poisson(1_000.rps), writes: 100.percent, keys: uniform_keys(1), timeout: 1.s });
            at(20.s, "dies", || db.shard(0).primary().crash("host"));
        }).expect("none", |r| r.lost_writes == 0).expect("most are written", |r| r.availability > 0.8);"#,
    );
}
