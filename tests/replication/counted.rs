//! Replicated databases whose work is counted: the same laws, on real structures, logs and buffer pools of each member.

use crate::common::run::observe;
use crate::common::{World, keys, poisson, span, text};
use crate::laws::{Fault, MEMBERS, check_leaders, check_rest, faults, mend, strike};
use crate::world::{Setup, Stage};
use proptest::prelude::*;
use scalelab::catalog::Value;
use scalelab::kernel::readings::Reading;
use scalelab::kernel::time::{MILLISECOND, SECOND, from_seconds};
use scalelab::kernel::{Control, NodeId, Simulation};
use scalelab::model::Role;
use scalelab::random::keys::Keys;

const QUESTIONS: [&str; 4] = ["point", "aggregate", "columns", "join"];

/// Rows that come to exist, models, questions.
fn setup(replication: &'static str) -> impl Strategy<Value = Setup> {
    let model = prop_oneof![
        (Just("relational"), 0..4usize),
        (Just("document"), 0..4usize),
        (Just("graph"), 0..4usize),
        (Just("wide_column"), 0..3usize),
        (Just("key_value"), 0..1usize),
    ];
    (0.0..0.03, 0.0002..0.004, 2..60u64, 0.1..0.9, model, 1..60i64).prop_map(
        move |(delay, fsync, keys, writes, (model, asks), rows)| Setup {
            replication,
            delay,
            times: (0.0, fsync, 0.0),
            keys,
            writes,
            rate: 100.0,
            model: Some((model, rows)),
            asks: QUESTIONS[asks],
            ..Setup::default()
        },
    )
}

/// Half of the crashes take the host with them.
fn strike_hard(stage: &mut Stage, fault: &Fault) {
    if fault.what == 1 {
        return stage.act(Role::Replica(fault.member), "crash", vec![text("host")]);
    }
    strike(stage, fault);
}

fn run(setup: &Setup, faults: &[Fault], seed: u64) -> Stage {
    let mut stage = setup.stage(seed);
    for fault in faults {
        stage.run(fault.at);
        strike_hard(&mut stage, fault);
        check_leaders(&stage);
    }
    for tenth in 90..300 {
        if tenth == 120 {
            mend(&mut stage);
        }
        stage.run(tenth * SECOND / 10);
        check_leaders(&stage);
    }
    stage
}

/// The members' structures hold the same number of rows, and nobody who reads anywhere sees an old one.
fn check_copies(stage: &mut Stage, until: u64) {
    let told = |stage: &Stage, metric| -> Vec<f64> {
        (0..MEMBERS).map(|n| stage.gauge(n, metric).expect("work is counted")).collect()
    };
    let stored = told(stage, "stored_rows");
    stage.run(until * SECOND);
    let later = told(stage, "stored_rows");
    // Rows are written while we look: those that all have lie between.
    let (least, most) =
        (stored.iter().copied().fold(f64::MAX, f64::min), later.iter().copied().fold(0.0, f64::max));
    assert!(later.iter().all(|rows| (least..=most).contains(rows)), "{stored:?} {later:?}");
    assert!(later.windows(2).all(|pair| (pair[0] - pair[1]).abs() < 3.0), "{later:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn counted_commits_survive_whatever_happens(
        setup in prop_oneof![setup("sync"), setup("remote_apply"), setup("shared_storage"), setup("majority")],
        faults in faults(), seed in 0..1000u64
    ) {
        let mut stage = run(&setup, &faults, seed);
        let report = stage.simulation.audit().report();
        prop_assert_eq!(report.lost_writes_count, 0);
        if setup.replication == "remote_apply" {
            prop_assert_eq!(report.stale_reads_count, 0);
        }
        check_rest(&stage);
        check_copies(&mut stage, 40);
    }

    #[test]
    fn counted_asynchronous_copies_agree_again(setup in setup("async"), faults in faults(), seed in 0..1000u64) {
        let mut stage = run(&setup, &faults, seed);
        check_rest(&stage);
        check_copies(&mut stage, 40);
    }

    /// A log that goes to disk each second: hosts may lose what they had confirmed, and the members agree again all the same. That is also if it is
    /// meant to hold fewer entries than a second brings.
    #[test]
    fn a_log_that_is_flushed_later_is_cut_off_and_mended(
        setup in prop_oneof![setup("async"), setup("sync")], short: bool, faults in faults(), seed in 0..1000u64
    ) {
        let setup = Setup { more: vec![("log", text("interval"))], ..setup };
        let setup = if short { Setup { log_entries: 100, writes: 1.0, rate: 300.0, ..setup } } else { setup };
        let mut stage = run(&setup, &faults, seed);
        check_rest(&stage);
        check_copies(&mut stage, 40);
    }

    /// A replaced member fetches all rows, written or not, and then has what the others have.
    #[test]
    fn a_rebuilt_copy_has_all_rows(setup in prop_oneof![setup("async"), setup("sync"), setup("majority")], member in 1..3u64, seed in 0..1000u64) {
        let mut stage = setup.stage(seed);
        stage.run(3 * SECOND);
        let reads = stage.simulation.readings(stage.member(0), false).count_of("rows_read");
        stage.act(Role::Replica(member), "replace", Vec::new());
        stage.run(20 * SECOND);
        prop_assert!(stage.simulation.readings(stage.member(0), false).count_of("rows_read") > reads);
        prop_assert!(stage.simulation.readings(stage.member(member as u16), false).count_of("copied_rows") as i64 >= setup.model.unwrap().1);
        check_rest(&stage);
        check_copies(&mut stage, 25);
    }

    #[test]
    fn a_fork_goes_the_same_way(setup in prop_oneof![setup("async"), setup("majority"), setup("shared_storage")], seed in 0..1000u64) {
        let mut stage = setup.stage(seed);
        stage.run(2 * SECOND);
        let mut fork = stage.simulation.fork();
        stage.run(4 * SECOND);
        fork.run_until(4 * SECOND);
        prop_assert_eq!(stage.simulation.digest(), fork.digest());
    }
}

/// A host that was away for less than `down_after` is missed by nobody; it has lost what its disk did not have yet, though it had
/// confirmed it, and gets that again: it opens a new connection, whether its word of being back arrives or not.
#[test]
fn a_host_that_nobody_missed_gets_what_it_lost() {
    for (gap, is_heard) in [(0, true), (100, true), (500, true), (0, false)] {
        let more = vec![("log", text("interval"))];
        let mut stage = Setup { more, writes: 0.1, rate: 100.0, ..one("async", 0.005) }.stage(0);
        stage.run(5 * SECOND);
        let replica = Role::Replica(2);
        stage.act(replica, "crash", vec![text("host")]);
        let lost = stage.gauge(0, "log_end").unwrap() - stage.gauge(2, "log_end").unwrap();
        assert!(lost > 0.0, "a second's entries are not on disk");
        stage.run(5 * SECOND + gap * MILLISECOND);
        if !is_heard {
            stage.between(replica, Role::Primary, "partition");
        }
        stage.act(replica, "recover", Vec::new());
        stage.run(5 * SECOND + (gap + 20) * MILLISECOND);
        stage.between(replica, Role::Primary, "heal");
        stage.run(10 * SECOND);
        check_rest(&stage);
    }
}

fn one(replication: &'static str, delay: f64) -> Setup {
    Setup {
        replication,
        delay,
        model: Some(("relational", 1_000)),
        times: (0.0, 0.002, 0.0),
        ..Setup::default()
    }
}

/// The counts of each member are those of the obvious evaluation: two levels of index and a page for each row, whoever reads,
/// writes or applies it. (1,000 rows of 1,000 bytes, one to a page of 1 KiB; 64 entries in a page of the index.)
#[test]
fn every_member_counts_its_own_work() {
    let mut stage = Setup { keys: 1_000, ..one("sync", 0.005) }.stage(1);
    stage.run(10 * SECOND);
    let log = stage.gauge(0, "log_end").unwrap() as u64;
    assert!(log > 500);
    for n in 0..MEMBERS {
        let told = stage.simulation.readings(stage.member(n), false);
        let statements = told.count_of("reads") + log;
        let rows = told.count_of("rows_read");
        assert!(rows.abs_diff(statements) < 10, "member {n}: {rows} rows for {statements}");
        let pages = told.count_of("pages_read");
        assert!(pages.abs_diff(3 * rows) <= 10, "member {n}: {pages} pages for {rows} rows");
        assert_eq!(told.count_of("buffer_hits") + told.count_of("buffer_misses"), pages);
    }
}

/// What a client waits for: the primary's own log; there and back, and the other's log; or that log and what is applied.
#[test]
fn a_replica_answers_when_its_log_is_durable() {
    let typical = |replication: &'static str| {
        let setup = Setup { rate: 20.0, writes: 1.0, reads: "primary", ..one(replication, 0.005) };
        observe(&mut setup.stage(1).simulation, 20.0).latency(0.5)
    };
    let alone = typical("async");
    for replication in ["semi_sync", "sync", "majority"] {
        let more = typical(replication) - alone;
        assert!((more - 0.012).abs() < 0.0005, "{replication}: there, fsync, back: {more}");
    }
    let more = typical("shared_storage") - alone;
    assert!((more - 0.010).abs() < 0.0005, "their fsync instead of its own: {more}");
}

/// A crash empties the member's buffer pool: the same questions read their pages again. Nobody else's is touched.
#[test]
fn a_crash_empties_the_buffer_of_one_member() {
    let more = vec![("buffer", Value::Bytes(8 << 20))];
    let mut stage = Setup { writes: 0.0, keys: 200, more, ..one("async", 0.001) }.stage(1);
    let misses =
        |stage: &Stage, n| stage.simulation.readings(stage.member(n), false).count_of("buffer_misses");
    stage.run(10 * SECOND);
    let warm = [misses(&stage, 1), misses(&stage, 2)];
    stage.run(15 * SECOND);
    assert!(misses(&stage, 1) - warm[0] < 20, "warm");
    let warm = [misses(&stage, 1), misses(&stage, 2)];
    stage.act(Role::Replica(1), "crash", Vec::new());
    stage.run(16 * SECOND);
    stage.act(Role::Replica(1), "recover", Vec::new());
    stage.run(26 * SECOND);
    assert!(misses(&stage, 1) - warm[0] > 150, "each row and the index again");
    assert!(misses(&stage, 2) - warm[1] < 20);
}

/// Without failures a host that crashes between two flushes of its log has lost what came since, and its primary ships it again.
#[test]
fn what_a_replica_had_not_flushed_is_shipped_again() {
    let mut stage =
        Setup { writes: 1.0, more: vec![("log", text("interval"))], ..one("async", 0.005) }.stage(1);
    stage.run(5 * SECOND + 900 * MILLISECOND);
    let before = stage.gauge(1, "log_end").unwrap();
    stage.act(Role::Replica(1), "crash", vec![text("host")]);
    let after = stage.gauge(1, "log_end").unwrap();
    assert!(before - after > 20.0 && before - after < 400.0, "{before} {after}");
    stage.run(6 * SECOND + from_seconds(0.1));
    stage.act(Role::Replica(1), "recover", Vec::new());
    stage.run(12 * SECOND);
    check_rest(&stage);
    assert_eq!(stage.simulation.audit().report().lost_writes_count, 0);
    assert!(
        matches!(stage.simulation.readings(stage.member(1), false).get("fsyncs"), Some(Reading::Count(n)) if *n > 3)
    );
}

/// Rows whose first write came to nothing go again, whether it was refused, cut off the log or lost in a crash: at rest nothing is
/// stored but the one row of the start and what has a version.
#[test]
fn a_row_that_came_with_a_failed_write_goes_again() {
    for replication in ["async", "sync", "majority"] {
        let setup = Setup {
            writes: 1.0,
            rate: 400.0,
            keys: 1_000_000,
            model: Some(("relational", 1)),
            times: (0.0, 0.05, 0.0),
            reads: "primary",
            ..one(replication, 0.1)
        };
        let mut stage = setup.stage(1);
        let more =
            |stage: &Stage, n| stage.gauge(n, "stored_rows").unwrap() - stage.gauge(n, "rows").unwrap() - 1.0;
        stage.run(3 * SECOND);
        assert!(more(&stage, 0) > 5.0, "{replication}: their writes wait for the log");
        stage.act(Role::Replica(1), "promote", Vec::new());
        stage.run(6 * SECOND);
        assert_eq!(stage.primaries(MEMBERS)[0].0, 1, "{replication}");
        stage.act(Role::Replica(1), "crash", vec![text("host")]);
        stage.run(12 * SECOND);
        stage.act(Role::Replica(1), "recover", Vec::new());
        stage.run(20 * SECOND);
        stage.act(Role::Router, "crash", Vec::new()); // nothing more comes, but those in line are still served
        stage.run(60 * SECOND);
        let more: Vec<f64> = (0..MEMBERS).map(|n| more(&stage, n)).collect();
        assert_eq!(more, [0.0; 3], "{replication}");
    }
}

/// A database with these settings, read and written for some seconds; what is done to it meanwhile is done at 5 s.
fn run_database(settings: Vec<(&str, Value)>, meanwhile: impl Fn(&mut Simulation)) -> Simulation {
    let mut world = World::default();
    let database = world.add("database", "db", settings);
    let settings = vec![
        ("to", database),
        ("rate", poisson(400.0)),
        ("users", Value::Whole(20)),
        ("writes", Value::Share(0.4)),
        ("keys", keys(Keys::uniform(200).unwrap())),
        ("timeout", span(3.0)),
    ];
    world.add("traffic", "users", settings);
    let mut simulation = world.build(1, 0);
    simulation.run_until(5 * SECOND);
    meanwhile(&mut simulation);
    simulation.run_until(15 * SECOND);
    simulation.check_conservation().expect("nothing vanishes");
    simulation
}

/// A profile with replicas is the real system's way of having them: its nodes, and what its readers see.
#[test]
fn a_profile_replicates_as_the_real_system_does() {
    let run = |profile: &str| {
        let whole = Value::Whole;
        let settings = vec![("profile", text(profile)), ("rows", whole(200)), ("replicas", whole(2))];
        let simulation = run_database(settings, |_| {});
        let report = simulation.audit().report();
        assert!(
            report.writes_acknowledged_count > 1_000 && report.lost_writes_count == 0,
            "{profile}: {report:?}"
        );
        (simulation.nodes(), report.stale_reads_count)
    };
    let (mysql, stale) = run("mysql");
    assert_eq!(stale, 0, "reads go to the primary");
    for (profile, nodes) in
        [("postgresql", 0), ("redis", 0), ("oracle", 0), ("mongodb", -1), ("couchdb", -1), ("aurora", 6)]
    {
        assert_eq!(
            run(profile),
            ((mysql as i64 + nodes) as _, 0),
            "{profile}: coordinator, storage nodes; nothing stale"
        );
    }
    for profile in ["cassandra", "dynamodb"] {
        let (nodes, _) = run(profile);
        assert_eq!(nodes as i64, mysql as i64 - 1, "{profile}: nobody appoints a primary");
    }
}

/// R + W > N is worth what the logs are worth: a copy whose host dies between two flushes has forgotten what it had confirmed.
#[test]
fn quorums_overlap_on_what_is_durable() {
    let stale = |log: &str| {
        let settings = vec![
            ("model", text("wide_column")),
            ("rows", Value::Whole(200)),
            ("replicas", Value::Whole(2)),
            ("replication", text("quorum")),
            ("log", text(log)),
            ("fsync_time", span(0.0005)),
        ];
        let settings = settings.into_iter().chain((log == "interval").then(|| ("sync_every", span(10.0))));
        let simulation = run_database(settings.collect(), |simulation| {
            for copy in 1..=2 {
                simulation.control(NodeId(copy), Control::new(Control::CRASH_HOST, 0));
                simulation.control(NodeId(copy), Control::new(Control::RECOVER, 0));
            }
        });
        simulation.audit().report().stale_reads_count
    };
    assert_eq!(stale("commit"), 0);
    assert!(stale("interval") > 0);
}
