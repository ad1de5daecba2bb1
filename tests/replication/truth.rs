//! What the audit says survives is what the data holds: no row that the audit calls lost comes back, none is gone that it does not know of.

use crate::common::{World, keys, span, text};
use proptest::prelude::*;
use scalelab::catalog::{Load, Place, Value};
use scalelab::kernel::readings::Reading;
use scalelab::kernel::time::{MILLISECOND, SECOND};
use scalelab::kernel::{Control, NodeId, Simulation};
use scalelab::model::{Command, Moment, Target, build, resolve};
use scalelab::random::arrivals::Arrivals;
use scalelab::random::keys::Keys;

const KEYS: u64 = 3000;
const WRITES_END: u64 = 8;
const READS_BEGIN: u64 = 30;

/// A crash: when, of which node, for how long (in ms), and whether its host dies.
type Crash = (u64, u16, u64, bool);

/// A resharding under writes of rows that are hardly ever written twice, and crashes; then everything comes to rest.
fn run(
    replication: &'static str,
    counted: bool,
    (from, to): (i64, i64),
    delay: f64,
    crashes: &[Crash],
    seed: u64,
) -> Simulation {
    let mut world = World::default();
    let mut settings = match counted {
        false => vec![("read", span(0.001)), ("write", span(0.001)), ("apply", span(0.001))],
        true => vec![("model", text("key_value")), ("rows", Value::Whole(10)), ("fsync_time", span(0.0005))],
    };
    settings.extend(vec![
        ("replicas", Value::Whole(1)),
        ("replication", text(replication)),
        ("shards", Value::Whole(from)),
        ("shards_max", Value::Whole(3)),
        ("sharding", text("directory")),
        ("copy_rate", Value::Rate(800.0)),
        ("heartbeat", span(0.2)),
        ("down_after", span(1.0)),
    ]);
    let database = world.add("database", "db", settings);
    world.link(&database, &database, vec![("latency", span(delay))]);
    let arrivals = Arrivals::steps(vec![(0, 200.0), (WRITES_END * SECOND, 0.0)]).expect("rates");
    let settings = vec![
        ("to", database.clone()),
        ("rate", Value::Load(Load::Open(arrivals))),
        ("writes", Value::Share(1.0)),
        ("keys", keys(Keys::uniform(KEYS).unwrap())),
        ("timeout", span(3.0)),
    ];
    world.add("traffic", "users", settings);
    // Later all rows are read: one that is gone without the audit's knowing would be a stale read.
    let arrivals = Arrivals::steps(vec![(0, 0.0), (READS_BEGIN * SECOND, 600.0)]).expect("rates");
    let settings = vec![
        ("to", database),
        ("rate", Value::Load(Load::Open(arrivals))),
        ("writes", Value::Share(0.0)),
        ("keys", keys(Keys::uniform(KEYS).unwrap())),
    ];
    world.add("traffic", "readers", settings);
    let checked = world.check();
    let mut simulation = build(&checked, seed, 0);
    simulation.run_until(2 * SECOND);
    let (action, arguments) = ("reshard".into(), vec![Value::Whole(to)]);
    let command = Command { target: Target::Group(0), action, arguments, place: Place::default() };
    for order in resolve(&checked.layout, &command, Moment::Run).expect("a valid command") {
        order.carry_out(&mut simulation);
    }
    let mut faults: Vec<(u64, u16, u16)> = Vec::new();
    for (at, node, length, host) in crashes {
        let verb = if *host { Control::CRASH_HOST } else { Control::CRASH_PROCESS };
        faults.extend([(*at, *node, verb), (at + length, *node, Control::RECOVER)]);
    }
    faults.sort_unstable();
    for (at, node, verb) in faults {
        simulation.run_until(at * MILLISECOND);
        simulation.control(NodeId(node), Control::new(verb, 0));
    }
    simulation.run_until(45 * SECOND);
    simulation.check_conservation().expect("nothing vanishes");
    simulation
}

fn gauge(simulation: &Simulation, node: u16, metric: &str) -> Option<u64> {
    match simulation.readings(NodeId(node), false).get(metric) {
        Some(Reading::Gauge(value)) => Some(*value as u64),
        _ => None,
    }
}

/// Written rows of the primary of each shard.
fn rows(simulation: &Simulation) -> Vec<u64> {
    let leads = |node: &u16| gauge(simulation, *node, "primary").is_some();
    let primary = |shard: u16| (2 + 2 * shard..4 + 2 * shard).find(leads).expect("somebody leads");
    (0..3).map(|shard| gauge(simulation, primary(shard), "rows").expect("a member")).collect()
}

fn surviving(simulation: &Simulation) -> u64 {
    (0..KEYS).filter(|key| simulation.audit().surviving_head(*key) > 0).count() as u64
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_resharding_moves_what_survives_and_nothing_else(
        replication in proptest::sample::select(&["async", "semi_sync", "sync"][..]),
        counted in any::<bool>(),
        shape in prop_oneof![Just((2i64, 3i64)), Just((3, 2)), Just((1, 3)), Just((3, 1))],
        delay in 0.0..0.2f64,
        crashes in proptest::collection::vec((1_500..7_000u64, 2..8u16, 1_500..3_000u64, any::<bool>()), 1..4),
        seed in 0..1000u64,
    ) {
        let simulation = run(replication, counted, shape, delay, &crashes, seed);
        let last = |event: &str| {
            simulation.journal().entries().iter().filter(|entry| entry.event == event).map(|entry| entry.time).max()
        };
        prop_assert!(last("old rows erased").is_some());
        let report = simulation.audit().report();
        prop_assert_eq!(report.stale_reads_count, 0, "lost {}", report.lost_writes_count);
        prop_assert!(report.reads_count > 8_000);
        // (A replica that was away while old rows were erased, and leads later, has some of them still: nobody asks it for them.)
        if last("promoted") < last("old rows erased") {
            let rows = rows(&simulation);
            prop_assert_eq!(rows.iter().sum::<u64>(), surviving(&simulation), "{:?} lost {}", rows, report.lost_writes_count);
        }
    }
}
