//! The rules of RabbitMQ, as measured on RabbitMQ 3.10.8 (reference, point 6).

use crate::common::{exponential, seed, span, text};
use crate::world::{TRAFFIC_ENDS, describe, describe_with, messages};
use scalelab::catalog::Value;
use scalelab::kernel::{MILLISECOND, SECOND};
use scalelab::model::Target;

const RABBIT: fn() -> (&'static str, Value) = || ("kind", text("rabbitmq"));

/// After a crash what was prefetched is back at its old position: a single consumer sees every key in order.
#[test]
fn what_a_dead_consumer_had_is_back_in_its_old_position() {
    let described = describe(
        100.0,
        vec![RABBIT()],
        vec![("service", exponential(0.008)), ("prefetch", Value::Whole(50))],
    );
    let mut simulation = described.start(seed());
    let worker = Target::Group(described.consumers);
    for at in [3, 5, 8] {
        simulation.run_until(at * SECOND);
        described.order(&mut simulation, worker, "crash", Vec::new());
        simulation.run_until(at * SECOND + 900 * MILLISECOND);
        described.order(&mut simulation, worker, "recover", Vec::new());
    }
    simulation.run_until(3 * TRAFFIC_ENDS);
    let counts = messages(&simulation);
    let redelivered = described.count(&simulation, described.node(described.queue, 0), "redelivered");
    assert!(redelivered > 3, "{redelivered} came back");
    assert_eq!((counts.reordered_count, counts.lost_count), (0, 0));
    assert_eq!(counts.processed_count, counts.published_count);
}

#[test]
fn automatic_acknowledgement_loses_exactly_what_was_prefetched() {
    let described = describe(100.0, vec![RABBIT()], vec![("service", span(0.02)), ("ack", text("before"))]);
    let mut simulation = described.start(seed());
    simulation.run_until(5 * SECOND);
    let in_hand = described.gauge(&simulation, described.consumers, "in_hand");
    assert!(in_hand > 100, "{in_hand} are in the consumer's memory");
    described.order(&mut simulation, Target::Group(described.consumers), "crash", Vec::new());
    assert_eq!(messages(&simulation).lost_count, in_hand);
    described.order(&mut simulation, Target::Group(described.consumers), "recover", Vec::new());
    simulation.run_until(4 * TRAFFIC_ENDS);
    let counts = messages(&simulation);
    assert_eq!(counts.lost_count, in_hand, "and no others");
    assert_eq!(counts.processed_count + counts.lost_count, counts.published_count);
}

/// Without a limit the broker deals out like cards, whoever is slow; with a small one the fast consumer gets more.
#[test]
fn unlimited_prefetch_splits_evenly_between_fast_and_slow() {
    let shares = |prefetch: Option<i64>| {
        let limit: Vec<(&str, Value)> = prefetch.map(|n| ("prefetch", Value::Whole(n))).into_iter().collect();
        let fast = [vec![("service", span(0.001))], limit.clone()].concat();
        let described = describe_with(100.0, vec![RABBIT()], fast, |world, queue| {
            let slow = [vec![("of", queue.clone()), ("service", span(0.1))], limit].concat();
            world.add("consumers", "slow", slow);
        });
        let mut simulation = described.start(seed());
        simulation.run_until(TRAFFIC_ENDS);
        [1, 2].map(|group| described.count(&simulation, described.node(group, 0), "calls"))
    };
    let [fast, slow] = shares(None);
    assert!(fast > 400 && fast.abs_diff(slow) <= 1, "{fast} {slow}");
    let [fast, slow] = shares(Some(1));
    assert!(fast > 5 * slow, "{fast} {slow}");
}

/// A short-lived message behind a long-lived one is counted and held until that one is gone.
#[test]
fn messages_expire_at_the_head_only() {
    use scalelab::random::variate::Mixture;
    let hour = 3600.0;
    let mixed = Mixture::new(vec![
        (0.5, scalelab::random::variate::Variate::constant(SECOND)),
        (0.5, scalelab::random::variate::Variate::constant((hour * 1e9) as u64)),
    ])
    .expect("a mixture");
    let describe = |ttl: Value| describe(20.0, vec![RABBIT(), ("ttl", ttl)], vec![("service", span(0.001))]);
    let lag = |ttl: Value| {
        let described = describe(ttl);
        let mut simulation = described.start(seed());
        described.order(&mut simulation, Target::Group(described.consumers), "crash", Vec::new());
        simulation.run_until(30 * SECOND);
        let broker = described.node(described.queue, 0);
        let [expired, published] =
            ["expired", "calls"].map(|metric| described.count(&simulation, broker, metric));
        (described.gauge(&simulation, described.queue, "lag"), expired, published)
    };
    let (lag_mixed, expired, published) = lag(Value::Variate(mixed.into()));
    assert_eq!(lag_mixed + expired, published);
    assert!(expired < 10, "the first long-lived one holds up all behind it: {expired}");
    let (lag_same, expired, published) = lag(span(1.0));
    assert_eq!((lag_same, expired), (0, published));
}

/// A time to live of 0 is for those who would rather have nothing than wait: a free consumer gets all, a busy one what comes
/// when it is free.
#[test]
fn messages_that_may_not_wait_reach_a_free_consumer() {
    let processed = |service: f64| {
        let queue = vec![RABBIT(), ("ttl", Value::Duration(0))];
        let described =
            describe(20.0, queue, vec![("service", span(service)), ("prefetch", Value::Whole(1))]);
        let mut simulation = described.start(seed());
        simulation.run_until(30 * SECOND);
        let report = messages(&simulation);
        (report.published_count, report.processed_count, report.lost_count)
    };
    let (published, all, lost) = processed(0.001);
    assert!(published > 150 && all + lost == published && lost < 20, "{published} {all} {lost}");
    let (published, some, lost) = processed(0.1);
    assert!(some > 40 && some + lost == published && lost > 100, "{published} {some} {lost}");
}

#[test]
fn transient_messages_are_gone_after_a_restart_and_durable_ones_are_not() {
    for durable in [false, true] {
        let described = describe(
            50.0,
            vec![RABBIT(), ("durable", Value::Flag(durable))],
            vec![("service", span(0.1)), ("prefetch", Value::Whole(1))],
        );
        let mut simulation = described.start(seed());
        simulation.run_until(5 * SECOND);
        let before = messages(&simulation);
        described.order(&mut simulation, Target::Group(described.queue), "crash", Vec::new());
        simulation.run_until(5 * SECOND + MILLISECOND);
        described.order(&mut simulation, Target::Group(described.queue), "recover", Vec::new());
        let lag = described.gauge(&simulation, described.queue, "lag");
        if durable {
            assert_eq!(lag, before.backlog_count);
        } else {
            assert_eq!(lag, 0);
        }
        simulation.run_until(20 * TRAFFIC_ENDS);
        let counts = messages(&simulation);
        assert_eq!(counts.lost_count == 0, durable, "{counts:?}");
    }
}

/// A full queue: the oldest goes, the new one is refused, or its producer waits.
#[test]
fn a_full_queue_does_as_it_was_told() {
    let run = |overflow: &'static str| {
        let described = describe(
            100.0,
            vec![RABBIT(), ("length", Value::Whole(20)), ("overflow", text(overflow))],
            vec![("service", span(0.05)), ("prefetch", Value::Whole(1))],
        );
        let mut simulation = described.start(seed());
        simulation.run_until(TRAFFIC_ENDS / 2);
        assert!(described.gauge(&simulation, described.queue, "lag") <= 20);
        simulation.run_until(5 * TRAFFIC_ENDS);
        let book = simulation.book().close(simulation.requests(), simulation.now())[1].clone();
        (messages(&simulation), book)
    };
    let (counts, book) = run("drop_head");
    assert!(counts.lost_count > 300 && book.rejected == 0, "{counts:?}");
    let (counts, book) = run("reject");
    assert!(counts.lost_count == 0 && book.rejected > 300, "{counts:?}");
    let (counts, book) = run("block");
    assert!(counts.lost_count == 0 && book.rejected == 0 && book.timed_out > 300, "{counts:?}");
}

/// Poison comes back for ever without a limit, and is set aside with one.
#[test]
fn poison_is_set_aside_after_its_last_delivery() {
    let settings = vec![("service", span(0.001)), ("poison", Value::Share(0.1))];
    let described = describe(50.0, vec![RABBIT(), ("max_deliveries", Value::Whole(3))], settings);
    let mut simulation = described.start(seed());
    simulation.run_until(3 * TRAFFIC_ENDS);
    let counts = messages(&simulation);
    assert!(counts.dead_count > 20 && counts.lost_count == 0, "{counts:?}");
    assert_eq!(counts.dead_count + counts.processed_count, counts.published_count);
    let broker = described.node(described.queue, 0);
    assert_eq!(described.count(&simulation, broker, "redelivered"), 2 * counts.dead_count);
}

/// Its process dies while it has nothing to do: TCP says so, and what comes 10 s later waits for it to be back instead of going to nobody.
#[test]
fn a_consumer_that_dies_idle_gets_nothing_more() {
    for settings in ["ack: \"before\"", "ack: \"after\""] {
        crate::common::script::holds(&format!(
            r#"experiment("idle").replications(2).duration(70.s).world(|p| {{
                let q = queue("q", #{{ kind: "rabbitmq" }});
                let w = consumers("w", #{{ of: q, service: 50.ms, {settings} }});
                traffic("t", #{{ to: q, rate: constant(0.05.rps) }});
                at(10.s, "dies", || w[0].crash());
                at(50.s, "is back", || w[0].recover());
            }})
            .expect("none is lost", |r| r.messages_lost == 0)
            .expect("all are processed", |r| r.messages_processed == 3)
            .expect("the first one waits for 30 s", |r| r.message_age_p99 > 29.s);"#
        ));
    }
}
