//! Dead letters as a second queue: they wait there, are consumed there, and are lost there.

use crate::common::{exponential, seed, span, text};
use crate::world::{Described, Settings, TRAFFIC_ENDS, describe_from, faults, messages, suffer};
use proptest::prelude::*;
use scalelab::catalog::Value;
use scalelab::kernel::{SECOND, Time};

/// Workers who cannot process a fifth of the messages, and somebody who can (or not) behind the second queue.
fn describe(kind: &'static str, letters: Settings, repair: bool) -> Described {
    let usual = |more: Settings| {
        let hosts = if kind == "sqs" { vec![("hosts", Value::Whole(3))] } else { vec![] };
        [vec![("kind", text(kind))], hosts, more].concat()
    };
    let polls = if kind == "sqs" { vec![("wait", span(20.0)), ("batch", Value::Whole(10))] } else { vec![] };
    let workers = vec![("service", exponential(0.005)), ("poison", Value::Share(0.2))];
    let visibility = if kind == "sqs" { vec![("visibility", span(0.5))] } else { vec![] };
    let orders = usual([vec![("max_deliveries", Value::Whole(3))], visibility].concat());
    describe_from(60.0, [workers, polls.clone()].concat(), |world| {
        let letters = world.add("queue", "letters", usual(letters));
        if repair {
            let repair = [vec![("of", letters.clone()), ("service", exponential(0.02))], polls].concat();
            world.add("consumers", "repair", repair);
        }
        world.add("queue", "orders", [orders, vec![("dead_letters_to", letters)]].concat())
    })
}

#[test]
fn what_the_workers_give_up_is_processed_behind_the_second_queue() {
    for kind in ["rabbitmq", "sqs"] {
        let described = describe(kind, vec![], true);
        let mut simulation = described.start(seed());
        simulation.run_until(4 * TRAFFIC_ENDS);
        let counts = messages(&simulation);
        assert!(counts.dead_count > 50, "{kind}: {counts:?}");
        assert_eq!((counts.processed_count, counts.lost_count), (counts.published_count, 0), "{kind}");
        assert_eq!(counts.backlog_count, 0);
        let queue = described.node(described.queue, 0);
        assert_eq!(described.count(&simulation, queue, "dead"), counts.dead_count);
        let repaired = described.count(&simulation, described.node(1, 0), "calls");
        assert_eq!(repaired, counts.dead_count, "{kind}: each letter once");
    }
}

/// AWS: in a standard queue a dead letter is as old as it is, in a FIFO queue its age begins anew.
#[test]
fn how_long_a_dead_letter_is_kept_hangs_on_the_kind_of_queue() {
    let lost = |fifo: bool, until: Time| {
        let sqs = |more: Settings| {
            let own = if fifo { ("fifo", Value::Flag(true)) } else { ("hosts", Value::Whole(3)) };
            [vec![("kind", text("sqs")), own], more].concat()
        };
        let workers = vec![
            ("service", exponential(0.005)),
            ("poison", Value::Share(0.2)),
            ("wait", span(20.0)),
            ("batch", Value::Whole(10)),
        ];
        // Three time-outs of ten seconds, then a letter; what is left of a minute is spent in the second queue.
        let described = describe_from(2.0, workers, |world| {
            let letters = world.add("queue", "letters", sqs(vec![("retention", span(60.0))]));
            let patience = vec![("max_deliveries", Value::Whole(3)), ("visibility", span(10.0))];
            world.add("queue", "orders", sqs([patience, vec![("dead_letters_to", letters)]].concat()))
        });
        let mut simulation = described.start(seed());
        simulation.run_until(until);
        let counts = messages(&simulation);
        assert!(counts.dead_count > 0);
        (counts.lost_count, counts.dead_count)
    };
    let (gone, dead) = lost(false, TRAFFIC_ENDS + 61 * SECOND);
    assert_eq!(gone, dead, "a minute after they were sent");
    assert_eq!(lost(false, 59 * SECOND).0, 0, "and not before");
    assert_eq!(lost(true, TRAFFIC_ENDS + 61 * SECOND).0, 0, "these came half a minute later");
    let (gone, dead) = lost(true, 60 * TRAFFIC_ENDS);
    assert_eq!(gone, dead);
}

/// Without anybody behind it the second queue holds them, and a bound throws them away: then they are lost.
#[test]
fn a_second_queue_that_nobody_reads_holds_what_it_can() {
    let described = describe("rabbitmq", vec![("length", Value::Whole(10))], false);
    let mut simulation = described.start(seed());
    simulation.run_until(4 * TRAFFIC_ENDS);
    let counts = messages(&simulation);
    assert_eq!(described.gauge(&simulation, 0, "lag"), 10);
    assert_eq!((counts.backlog_count, counts.lost_count), (10, counts.dead_count - 10));
    assert_eq!(counts.processed_count + counts.dead_count, counts.published_count);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever crashes, a message is processed by the workers or behind the second queue.
    #[test]
    fn nothing_is_lost_between_the_two(faults in faults(true), seed in 0..1000u64, sqs in any::<bool>()) {
        let described = describe(if sqs { "sqs" } else { "rabbitmq" }, vec![], true);
        let mut simulation = described.start(seed);
        suffer(&described, &faults, &mut simulation, 600 * SECOND);
        let counts = messages(&simulation);
        prop_assert_eq!((counts.lost_count, counts.backlog_count), (0, 0));
        prop_assert!(counts.processed_count >= counts.published_count);
    }
}

/// A message that is processed, but acknowledged too late, comes back until it is a dead letter: it counts as one.
#[test]
fn dead_letters_that_were_processed_before_count() {
    let sqs = |more: Settings| [vec![("kind", text("sqs")), ("hosts", Value::Whole(1))], more].concat();
    let workers = vec![("count", Value::Whole(100)), ("service", span(1.3)), ("wait", span(20.0))];
    let described = describe_from(3.0, workers, |world| {
        let letters = world.add("queue", "letters", sqs(vec![("retention", span(3600.0))]));
        let patience = vec![("max_deliveries", Value::Whole(3)), ("visibility", span(1.0))];
        world.add("queue", "orders", sqs([patience, vec![("dead_letters_to", letters)]].concat()))
    });
    let mut simulation = described.start(seed());
    simulation.run_until(4 * TRAFFIC_ENDS);
    let counts = messages(&simulation);
    let queue = described.node(described.queue, 0);
    assert_eq!(counts.dead_count, described.count(&simulation, queue, "dead"));
    assert!(counts.dead_count > 20 && counts.processed_count == counts.published_count, "{counts:?}");
}

/// Work that takes longer than the message may be hidden: it is a dead letter when it is done, and done it is.
#[test]
fn what_is_completed_after_it_was_given_up_counts_as_processed_once() {
    for second in [false, true] {
        let sqs = |more: Settings| {
            let usual = vec![("kind", text("sqs")), ("hosts", Value::Whole(3)), ("visibility", span(0.2))];
            [usual, more].concat()
        };
        let works = |service: f64| vec![("service", span(service)), ("wait", span(20.0))];
        let workers = [works(0.5), vec![("count", Value::Whole(8))]].concat();
        let described = describe_from(5.0, workers, |world| {
            let mut orders = vec![("max_deliveries", Value::Whole(1))];
            if second {
                let letters = world.add("queue", "letters", sqs(vec![]));
                world.add("consumers", "repair", [vec![("of", letters.clone())], works(0.001)].concat());
                orders.push(("dead_letters_to", letters));
            }
            world.add("queue", "orders", sqs(orders))
        });
        let mut simulation = described.start(seed());
        simulation.run_until(3 * TRAFFIC_ENDS);
        let counts = messages(&simulation);
        assert!(counts.published_count > 30, "{counts:?}");
        let all = counts.published_count;
        assert_eq!((counts.dead_count, counts.processed_count, counts.lost_count), (all, all, 0), "{second}");
        assert_eq!(counts.duplicated_count, if second { all } else { 0 }, "once here and once there");
        assert_eq!(counts.backlog_count, 0);
    }
}
