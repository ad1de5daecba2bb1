//! The rules of Kafka, from its documentation.

use crate::common::{World, evenly, exponential, keys, poisson, seed, span, text};
use crate::world::{Described, Settings, TRAFFIC_ENDS, describe, messages};
use scalelab::catalog::{Load, Value};
use scalelab::kernel::readings::Reading;
use scalelab::kernel::{Control, MILLISECOND, NodeId, SECOND, Simulation};
use scalelab::model::Target;
use scalelab::random::arrivals::Arrivals;
use scalelab::random::keys::Keys;

pub fn topic(brokers: i64, replicas: i64, acks: &str, more: Settings) -> Settings {
    let usual = vec![
        ("kind", text("kafka")),
        ("brokers", Value::Whole(brokers)),
        ("replicas", Value::Whole(replicas)),
        ("partitions", Value::Whole(6)),
        ("acks", text(acks)),
    ];
    [usual, more].concat()
}

fn readers(count: i64, more: Settings) -> Settings {
    [vec![("count", Value::Whole(count)), ("service", exponential(0.005))], more].concat()
}

fn run(described: &Described, until: u64, mut each_second: impl FnMut(u64, &mut Simulation)) -> Simulation {
    let mut simulation = described.start(seed());
    for second in 0..until {
        simulation.run_until(second * SECOND);
        each_second(second, &mut simulation);
    }
    simulation
}

#[test]
fn a_group_shares_the_partitions_and_keeps_each_in_order() {
    for count in [1, 3, 6, 8] {
        let described = describe(100.0, topic(3, 2, "all", vec![]), readers(count, vec![]));
        let simulation = run(&described, 60, |_, _| {});
        let counts = messages(&simulation);
        assert_eq!(counts.processed_count, counts.published_count);
        assert_eq!((counts.duplicated_count, counts.reordered_count, counts.lost_count), (0, 0, 0));
        let works =
            |n| described.count(&simulation, described.node(described.consumers, n as u16), "calls") > 0;
        let working = (0..count).filter(|n| works(*n)).count();
        assert!(working <= count.min(6) as usize, "more members than partitions: some have nothing to do");
    }
}

/// A leader that dies takes with it what only it has: everything since its followers last asked.
#[test]
fn one_acknowledgement_loses_what_only_the_leader_had_and_all_do_not() {
    let lost = |acks: &str| {
        let mut world = World::default();
        let orders = world.add("queue", "orders", topic(3, 3, acks, vec![]));
        world.add("consumers", "workers", vec![("of", orders.clone()), ("service", span(0.001))]);
        let limited = vec![
            ("to", orders.clone()),
            ("rate", poisson(500.0)),
            ("keys", keys(Keys::uniform(100).expect("keys"))),
            ("timeout", span(1.0)),
            ("attempts", Value::Whole(30)),
            ("backoff", span(0.5)),
            ("backoff_max", span(1.0)),
        ];
        world.add("traffic", "producers", limited);
        let mut simulation = world.build(seed(), 0);
        simulation.measure_from_now();
        // The followers of broker 0 stand still, and soon after it dies: what it took in meanwhile is nowhere else.
        simulation.run_until(5 * SECOND);
        for follower in [1, 2] {
            simulation.control(world.node(&orders, follower), Control::new(Control::HANG, 0));
        }
        simulation.run_until(7 * SECOND);
        simulation.control(world.node(&orders, 0), Control::new(Control::CRASH_PROCESS, 0));
        for follower in [1, 2] {
            simulation.control(world.node(&orders, follower), Control::new(Control::RECOVER, 0));
        }
        simulation.run_until(40 * SECOND);
        simulation.control(world.node(&orders, 0), Control::new(Control::RECOVER, 0));
        simulation.run_until(60 * SECOND);
        let elections = simulation.readings(world.node(&orders, 3), false).count_of("elections");
        assert!(elections >= 2, "broker 0 led partitions 0 and 3");
        messages(&simulation)
    };
    let one = lost("1");
    assert!(one.lost_count > 100, "{}", one.lost_count);
    let all = lost("all");
    assert_eq!(all.lost_count, 0);
    assert!(all.processed_count > 5000);
    let none = lost("0");
    assert!(
        none.lost_count > one.lost_count,
        "the producer does not even notice that nobody leads: {}",
        none.lost_count
    );
}

/// A single broker that dies with its host loses what the operating system had not written.
#[test]
fn a_dead_host_loses_what_was_not_flushed() {
    let lost = |kind: &str| {
        let described = describe(100.0, topic(1, 1, "1", vec![("flush", span(2.0))]), readers(1, vec![]));
        let mut simulation = described.start(seed());
        described.order(&mut simulation, Target::Group(described.consumers), "crash", Vec::new());
        simulation.run_until(8 * SECOND);
        described.order(&mut simulation, Target::Node(described.queue, 0), "crash", vec![text(kind)]);
        simulation.run_until(9 * SECOND);
        described.order(&mut simulation, Target::Node(described.queue, 0), "recover", Vec::new());
        simulation.run_until(20 * SECOND);
        messages(&simulation).lost_count
    };
    assert_eq!(lost("process"), 0);
    let last = lost("host");
    assert!((120..280).contains(&last), "two seconds of a hundred a second: {last}");
}

/// While a dead member is not given up, nobody reads its partitions; then all share out anew.
#[test]
fn a_dead_member_stalls_its_partitions_for_a_session() {
    let described = describe(50.0, topic(1, 1, "all", vec![("session", span(20.0))]), readers(3, vec![]));
    let mut at = Vec::new();
    let simulation = run(&described, 60, |second, simulation| {
        if second == 8 {
            described.order(simulation, Target::Node(described.consumers, 0), "crash", Vec::new());
        }
        if second > 8 {
            at.push(messages(simulation).backlog_count);
        }
    });
    assert!(at[15] > 10, "a third of two seconds of traffic waits for the dead member: {at:?}");
    let counts = messages(&simulation);
    assert_eq!((counts.backlog_count, counts.lost_count), (0, 0));
    assert_eq!(counts.processed_count, counts.published_count);
    let controller = described.node(described.queue, 1);
    assert_eq!(described.count(&simulation, controller, "rebalances"), 2);
}

/// Who finishes what it has acknowledged before it gives up its share goes on giving signs of life: it is waited for, however long that lasts against a session.
#[test]
fn who_works_while_the_group_shares_anew_is_not_silent() {
    let queue = topic(1, 1, "all", vec![("session", span(4.0))]);
    let works = vec![
        ("count", Value::Whole(3)),
        ("service", span(0.06)),
        ("batch", Value::Whole(500)),
        ("ack", text("before")),
    ];
    let described = describe(80.0, queue, works);
    let simulation = run(&described, 80, |second, simulation| {
        if second == 8 {
            let member = Target::Node(described.consumers, 0);
            described.order(simulation, member, "crash", Vec::new());
            described.order(simulation, member, "recover", Vec::new());
        }
    });
    let counts = messages(&simulation);
    assert_eq!((counts.backlog_count, counts.duplicated_count, counts.reordered_count), (0, 0, 0));
    let controller = described.node(described.queue, 1);
    assert_eq!(described.count(&simulation, controller, "rebalances"), 2);
}

/// What a dead member had processed and not committed is processed again; committed before the work, it is lost.
#[test]
fn a_dead_member_repeats_or_loses_what_it_had_in_hand() {
    let run = |ack: &'static str| {
        let settings = vec![("ack", text(ack)), ("service", span(0.01))];
        let described = describe(80.0, topic(1, 1, "all", vec![]), settings);
        let mut simulation = described.start(seed());
        simulation.run_until(TRAFFIC_ENDS - SECOND / 2);
        described.order(&mut simulation, Target::Group(described.consumers), "crash", Vec::new());
        described.order(&mut simulation, Target::Group(described.consumers), "recover", Vec::new());
        simulation.run_until(30 * TRAFFIC_ENDS);
        let counts = messages(&simulation);
        assert_eq!(counts.backlog_count, 0);
        assert_eq!(counts.processed_count + counts.lost_count, counts.published_count);
        (counts.duplicated_count, counts.lost_count)
    };
    let (duplicated, lost) = run("after");
    assert!(lost == 0 && duplicated > 0, "{duplicated} {lost}");
    let (duplicated, lost) = run("before");
    assert!(lost > 0 && duplicated == 0, "{duplicated} {lost}");
}

/// Whoever commits is alive: a session of 10 s begins with the last commit before a crash, at most a tenth of a second earlier, wherever the last
/// heartbeat was (one in 3 s).
#[test]
fn a_commit_is_a_sign_of_life() {
    let run = |seconds: f64, left: &str| {
        crate::common::script::holds(&format!(
            r#"experiment("commits").replications(5).duration({seconds} * 1.s).world(|p| {{
                let q = queue("q", #{{ kind: "kafka", brokers: 1, partitions: 1, session: 10.s }});
                let c = consumers("c", #{{ of: q, service: constant(5.ms), batch: 5 }});
                traffic("t", #{{ to: q, rate: constant(100.rps) }});
                at(10.5.s, "dies", || c.crash("host")); at(11.s, "back", || c.recover());
            }}).expect("left", |r| r.queue_backlog_end {left});"#
        ));
    };
    run(20.4, "> 980");
    run(40.0, "< 100");
}

#[test]
fn records_older_than_their_retention_are_deleted_read_or_not() {
    for (reset, ends_with_rest) in [("earliest", true), ("latest", false)] {
        let slow = vec![("service", span(0.1)), ("reset", text(reset))];
        let settings = [vec![("count", Value::Whole(1))], slow].concat();
        let retention =
            vec![("retention", span(5.0)), ("segment_age", span(0.5)), ("retention_check", span(0.5))];
        let described = describe(400.0, topic(1, 1, "all", retention), settings);
        let simulation = run(&described, 400, |_, _| {});
        let counts = messages(&simulation);
        assert!(counts.lost_count > 300, "{reset}: {}", counts.lost_count);
        assert_eq!(counts.backlog_count, 0, "{ends_with_rest}");
    }
}

/// Ten messages a second of 1 kB until [`TRAFFIC_ENDS`], kept for two seconds, and one reader.
fn kept_for_two_seconds(segments: Settings) -> (World, Value, Value) {
    let mut world = World::default();
    let kept = vec![
        ("partitions", Value::Whole(1)),
        ("retention", span(2.0)),
        ("retention_check", span(0.1)),
        ("kind", text("kafka")),
        ("session", span(4.0)),
        ("rebalance_delay", span(0.01)),
    ];
    let orders = world.add("queue", "orders", [kept, segments].concat());
    let workers = world.add("consumers", "workers", vec![("of", orders.clone()), ("service", span(0.001))]);
    let rate = Arrivals::steps(vec![(0, 10.0), (TRAFFIC_ENDS, 0.0)]).expect("a load");
    let rate = Value::Load(Load::Open(rate));
    let producers = vec![("to", orders.clone()), ("rate", rate), ("size", Value::Bytes(1000))];
    world.add("traffic", "producers", producers);
    (world, orders, workers)
}

/// A log is deleted by segments, the whole of which must be old. The usual one of a week is still open: it goes when nothing has come for as long
/// as messages are kept.
#[test]
fn a_log_is_deleted_by_segments() {
    // The share of what was published that is still there.
    let left = |segments: Settings, at_ms: &[u64]| {
        let (world, orders, workers) = kept_for_two_seconds(segments);
        let mut simulation = world.build(seed(), 0);
        simulation.control(world.node(&workers, 0), Control::new(Control::CRASH_PROCESS, 0));
        let broker = world.node(&orders, 0);
        let share = |at: &u64| {
            simulation.run_until(at * MILLISECOND);
            let readings = simulation.readings(broker, false);
            match readings.get("items") {
                Some(Reading::Gauge(items)) => items / readings.count_of("calls") as f64,
                _ => panic!("a broker tells"),
            }
        };
        at_ms.iter().map(share).collect::<Vec<_>>()
    };
    assert_eq!(left(vec![], &[6_900, 11_500, 12_400]), [1.0, 1.0, 0.0]);
    let [early, first_gone, late, all_gone] =
        left(vec![("segment_age", span(5.0))], &[6_800, 7_800, 11_500, 13_500])[..]
    else {
        panic!("four times")
    };
    assert_eq!((early, all_gone), (1.0, 0.0), "segments of five seconds");
    assert!(first_gone < 0.6 && (0.3..0.7).contains(&late), "{first_gone} {late}");
    // Of 20 messages of 1 kB, which are about two seconds.
    let by_size = left(vec![("segment", Value::Bytes(20_000))], &[1_900, 6_000, 9_000]);
    assert!(by_size[0] == 1.0 && by_size[1] < 0.9 && by_size[2] < 0.7, "{by_size:?}");
}

/// A reader that was away for four seconds finds what two seconds of retention have left it: what shares a segment with something younger.
#[test]
fn a_slow_reader_finds_messages_for_longer_than_their_retention_by_up_to_a_segment() {
    let lost = |segment_age: f64| {
        let (world, _, workers) = kept_for_two_seconds(vec![("segment_age", span(segment_age))]);
        let mut simulation = world.build(seed(), 0);
        simulation.measure_from_now();
        let worker = world.node(&workers, 0);
        for (at, verb) in [(4_500, Control::CRASH_PROCESS), (8_500, Control::RECOVER)] {
            simulation.run_until(at * MILLISECOND);
            simulation.control(worker, Control::new(verb, 0));
        }
        simulation.run_until(60 * SECOND);
        messages(&simulation).lost_count
    };
    assert_eq!(lost(7.0), 0);
    assert!(lost(0.1) > 8, "{}", lost(0.1));
}

/// With too few brokers in sync a message is rejected rather than promised.
#[test]
fn too_few_in_sync_reject() {
    let queue = topic(3, 3, "all", vec![("min_in_sync", Value::Whole(2))]);
    let described = describe(100.0, queue, readers(1, vec![]));
    let mut simulation = described.start(seed());
    for broker in [1, 2] {
        described.order(&mut simulation, Target::Node(described.queue, broker), "crash", Vec::new());
    }
    simulation.run_until(60 * SECOND);
    let book = simulation.book().close(simulation.requests(), simulation.now())[1].clone();
    assert!(book.failed + book.rejected + book.timed_out > 100 && messages(&simulation).lost_count == 0);
    let broker = described.node(described.queue, 0);
    assert!(described.count(&simulation, broker, "errors") > 50);
}

/// A producer that tries again after a lost answer is recognised: the message is in the log once.
#[test]
fn a_producer_that_tries_again_is_recognised() {
    let mut world = World::default();
    let orders = world.add("queue", "orders", topic(1, 1, "all", vec![]));
    world.add("consumers", "workers", vec![("of", orders.clone()), ("service", span(0.001))]);
    let settings = vec![
        ("to", orders.clone()),
        ("rate", evenly(50.0)),
        ("timeout", span(0.2)),
        ("attempts", Value::Whole(4)),
    ];
    let producers = world.add("traffic", "producers", settings);
    world.link(&producers, &orders, vec![("latency", span(0.01)), ("loss", Value::Share(0.1))]);
    let mut simulation = world.build(seed(), 0);
    simulation.run_until(30 * SECOND);
    let counts = messages(&simulation);
    assert_eq!((counts.duplicated_count, counts.lost_count), (0, 0));
    let taken = simulation.readings(NodeId(world.node(&orders, 0).0), false).count_of("calls");
    assert!(taken <= counts.processed_count + counts.backlog_count);
}

/// Followers that are never more than a round trip behind stay in sync, though there is always something that they have not: one of them leads when the leader
/// dies.
#[test]
fn followers_that_keep_up_with_a_stream_that_never_pauses_stay_in_sync() {
    let mut world = World::default();
    let more = vec![("partitions", Value::Whole(1)), ("replica_lag", span(3.0))];
    let orders = world.add("queue", "orders", topic(3, 3, "all", more));
    world.add("consumers", "workers", vec![("of", orders.clone()), ("service", span(0.0001))]);
    world.add("traffic", "producers", vec![("to", orders.clone()), ("rate", evenly(1_000.0))]);
    world.link(&orders, &orders, vec![("latency", span(0.005))]);
    let broker = |n| NodeId(world.node(&orders, n).0);
    let mut simulation = world.build(seed(), 0);
    simulation.run_until(15 * SECOND);
    let leads = |simulation: &Simulation, n| match simulation.readings(broker(n), false).get("partitions_led")
    {
        Some(Reading::Gauge(partitions)) => *partitions > 0.0,
        _ => panic!("a broker tells what it leads"),
    };
    assert!(leads(&simulation, 0));
    simulation.control(broker(0), Control { verb: Control::CRASH_HOST, arg: 0 });
    simulation.run_until(40 * SECOND);
    assert!(leads(&simulation, 1) || leads(&simulation, 2));
}

/// Until its readers have found it, a new leader knows how far they are by what they committed (every 5 s): they are not at the beginning of its log.
#[test]
fn a_new_leader_knows_how_far_its_readers_are() {
    let mut world = World::default();
    let orders = world.add("queue", "orders", topic(3, 3, "all", vec![("partitions", Value::Whole(1))]));
    world.add("consumers", "workers", vec![("of", orders.clone()), ("service", span(0.0001))]);
    world.add("traffic", "producers", vec![("to", orders.clone()), ("rate", evenly(100.0))]);
    let brokers: Vec<NodeId> = (0..3).map(|n| NodeId(world.node(&orders, n).0)).collect();
    let mut simulation = world.build(seed(), 0);
    simulation.run_until(300 * SECOND);
    simulation.control(brokers[0], Control { verb: Control::CRASH_HOST, arg: 0 });
    let mut most = 0.0_f64;
    for second in 300..400 {
        simulation.run_until(second * SECOND);
        for broker in &brokers[1..] {
            if let Some(Reading::Gauge(lag)) = simulation.readings(*broker, false).get("lag") {
                most = most.max(*lag);
            }
        }
    }
    // 5 s since the last commit, and some 50 s until producers and readers are both there; 30,000 lay in the log.
    assert!(most < 6_000.0, "{most}");
}

/// The only broker loses what was not flushed, and has as many new records before its reader comes again: the reader goes on where the logs part, and misses none.
#[test]
fn a_reader_goes_on_where_a_log_was_cut_though_it_has_grown_again() {
    let mut world = World::default();
    let more = vec![("partitions", Value::Whole(1)), ("flush", span(1.0))];
    let orders = world.add("queue", "orders", topic(1, 1, "1", more));
    world.add("consumers", "workers", vec![("of", orders.clone()), ("service", span(0.001))]);
    world.add("traffic", "producers", vec![("to", orders.clone()), ("rate", evenly(50.0))]);
    let broker = NodeId(world.node(&orders, 0).0);
    let mut simulation = world.build(seed(), 0);
    simulation.measure_from_now();
    for (second, verb) in [(20, Control::CRASH_HOST), (22, Control::RECOVER), (100, Control::RECOVER)] {
        simulation.run_until(second * SECOND);
        simulation.control(broker, Control { verb, arg: 0 });
    }
    let counts = messages(&simulation);
    assert!(counts.backlog_count < 5, "{counts:?}");
    assert!(counts.processed_count + 5 > counts.published_count, "{counts:?}");
}

/// One message at a time over a way of 10 ms: what one fetch has brought is polled one after the other, and the next fetch is under way while it is
/// worked on. With a fetch for each poll there would be 50 a second.
#[test]
fn a_poll_takes_from_what_was_fetched() {
    let mut world = World::default();
    let orders = world.add("queue", "orders", topic(1, 1, "all", vec![]));
    let settings = vec![("of", orders.clone()), ("count", Value::Whole(1)), ("service", span(0.01))];
    let workers = world.add("consumers", "workers", [settings, vec![("batch", Value::Whole(1))]].concat());
    world.add("traffic", "producers", vec![("to", orders.clone()), ("rate", evenly(80.0))]);
    world.link(&workers, &orders, vec![("latency", span(0.01))]);
    let mut simulation = world.build(seed(), 0);
    simulation.run_until(20 * SECOND);
    let counts = messages(&simulation);
    assert!(counts.published_count > 1_500, "{}", counts.published_count);
    assert!(counts.backlog_count < 40, "{}", counts.backlog_count);
}
