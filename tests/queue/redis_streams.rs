//! The rules of Redis Streams, from its documentation and the reference (point 6).

use crate::common::{exponential, seed, span, text};
use crate::world::{Settings, TRAFFIC_ENDS, describe, messages};
use scalelab::catalog::Value;
use scalelab::kernel::SECOND;
use scalelab::model::Target;

fn stream(fsync: &str, more: Settings) -> Settings {
    [vec![("kind", text("redis_streams")), ("fsync", text(fsync))], more].concat()
}

fn workers(count: i64, more: Settings) -> Settings {
    let usual =
        vec![("count", Value::Whole(count)), ("service", exponential(0.02)), ("batch", Value::Whole(10))];
    [usual, more].concat()
}

/// Pending entries of a dead worker stay pending until somebody claims them.
#[test]
fn what_a_dead_worker_had_stays_pending_until_it_is_claimed() {
    for claims in [false, true] {
        let claim = if claims { vec![("claim_after", span(5.0))] } else { vec![] };
        let described = describe(80.0, stream("always", vec![]), workers(2, claim));
        let mut simulation = described.start(seed());
        simulation.run_until(TRAFFIC_ENDS / 2);
        described.order(&mut simulation, Target::Node(described.consumers, 0), "crash", Vec::new());
        described.order(&mut simulation, Target::Node(described.consumers, 0), "recover", Vec::new());
        simulation.run_until(30 * TRAFFIC_ENDS);
        let pending = described.gauge(&simulation, described.queue, "in_flight");
        let counts = messages(&simulation);
        assert_eq!(pending == 0, claims);
        assert_eq!((counts.lost_count, counts.backlog_count), (0, pending), "pending is not lost");
        assert_eq!(counts.processed_count + pending, counts.published_count);
    }
}

/// What a crash loses hangs on the file: a dead process loses what was only in memory, a dead host also the last second.
#[test]
fn the_file_says_what_a_crash_loses() {
    let lost = |fsync: &str, kind: &str| {
        // Nobody reads: all messages are in the stream.
        let settings = [workers(1, vec![]), vec![("claim_after", span(5.0))]].concat();
        let described = describe(100.0, stream(fsync, vec![]), settings);
        let mut simulation = described.start(seed());
        described.order(&mut simulation, Target::Group(described.consumers), "crash", Vec::new());
        simulation.run_until(7 * SECOND + SECOND / 2);
        let published = messages(&simulation).published_count;
        described.order(&mut simulation, Target::Group(described.queue), "crash", vec![text(kind)]);
        (messages(&simulation).lost_count, published)
    };
    assert_eq!([lost("everysec", "process").0, lost("always", "host").0, lost("no", "process").0], [0, 0, 0]);
    let (last, published) = lost("everysec", "host");
    assert!((20..100).contains(&last) && published > 600, "half a second of 100 per second: {last}");
    for all in [lost("no", "host"), lost("none", "process"), lost("none", "host")] {
        assert_eq!(all.0, all.1);
    }
}

/// MAXLEN takes the oldest, processed or not.
#[test]
fn a_short_stream_loses_what_consumers_are_too_slow_for() {
    let run = |length: i64| {
        let described =
            describe(100.0, stream("always", vec![("length", Value::Whole(length))]), workers(1, vec![]));
        let mut simulation = described.start(seed());
        simulation.run_until(10 * TRAFFIC_ENDS);
        assert!(described.gauge(&simulation, described.queue, "items") <= length as u64);
        messages(&simulation)
    };
    let counts = run(50);
    assert!(counts.lost_count > 200);
    assert_eq!(counts.lost_count + counts.processed_count, counts.published_count);
    assert_eq!(run(5000).lost_count, 0);
}

/// What MAXLEN takes while it is on its way to a consumer is processed there, and is not lost.
#[test]
fn what_is_trimmed_in_a_consumers_hands_counts_as_processed() {
    // Every tenth of a second, at the moment when the consumer is given a message, the next one pushes it out.
    let slow = vec![("count", Value::Whole(1)), ("service", span(0.1)), ("batch", Value::Whole(1))];
    let described = describe(20.0, stream("always", vec![("length", Value::Whole(20))]), slow);
    let mut simulation = described.start(seed());
    simulation.run_until(TRAFFIC_ENDS + 10 * SECOND);
    let counts = messages(&simulation);
    let worker = described.node(described.consumers, 0);
    assert_eq!(counts.processed_count, described.count(&simulation, worker, "answered"));
    assert_eq!(counts.lost_count + counts.processed_count, counts.published_count);
}
