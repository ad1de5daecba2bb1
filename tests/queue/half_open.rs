//! A broker whose machine is started again knows of no connection: who sends over one of before is reset, who only waits hears nothing until his
//! own time is over.

use crate::common::{World, evenly, seed, span, text};
use crate::kafka::topic;
use crate::world::{Settings, messages};
use scalelab::catalog::Value;
use scalelab::kernel::{Control, MILLISECOND, NodeId, SECOND, Simulation, Time};

/// A queue of one broker and one worker who is never idle, or has nothing to do until the broker is back.
struct Stage {
    broker: NodeId,
    simulation: Simulation,
    /// When the broker was back.
    back: Time,
}

const DIES: Time = 20 * SECOND + 50 * MILLISECOND;

impl Stage {
    /// The broker's machine (or process) dies at [`DIES`], and is back after so many seconds.
    fn new(queue: Settings, worker: Settings, busy: bool, crash: u16, away: f64) -> Stage {
        let mut world = World::default();
        let orders = world.add("queue", "orders", queue);
        let usual = vec![("of", orders.clone()), ("count", Value::Whole(1)), ("service", span(0.1))];
        world.add("consumers", "workers", [usual, worker].concat());
        let rate = if busy { 20.0 } else { 0.5 };
        let patience = vec![("timeout", span(0.5)), ("attempts", Value::Whole(100)), ("backoff", span(0.5))];
        let producers = vec![("to", orders.clone()), ("rate", evenly(rate)), ("backoff_max", span(0.5))];
        world.add("traffic", "producers", [producers, patience].concat());
        let (broker, mut simulation) = (world.node(&orders, 0), world.build(seed(), 0));
        simulation.measure_from_now();
        simulation.run_until(DIES);
        simulation.control(broker, Control::new(crash, 0));
        let back = DIES + (away * 1e9) as Time;
        simulation.run_until(back);
        simulation.control(broker, Control::new(Control::RECOVER, 0));
        Stage { broker, simulation, back }
    }

    /// Seconds from the moment at which the broker was back until a worker is given messages again.
    fn notices(&mut self) -> f64 {
        let delivered =
            |simulation: &Simulation| simulation.readings(self.broker, false).count_of("delivered");
        let before = delivered(&self.simulation);
        while delivered(&self.simulation) == before {
            self.simulation.run_until(self.simulation.now() + 10 * MILLISECOND);
            assert!(self.simulation.now() < self.back + 300 * SECOND, "never");
        }
        self.simulation.check_conservation().expect("nothing vanishes");
        (self.simulation.now() - self.back) as f64 / 1e9
    }
}

fn assert_within(what: &str, seconds: f64, from: f64, to: f64) {
    assert!((from..=to).contains(&seconds), "{what}: {seconds} s, not {from} to {to}");
}

fn rabbitmq() -> Settings {
    vec![("kind", text("rabbitmq"))]
}

fn redis() -> Settings {
    vec![("kind", text("redis_streams")), ("fsync", text("always"))]
}

/// The acknowledgement of what it has in hand is tried again by TCP: 0.2, 0.6, 1.4, 3, 6.2 s after it was first sent, and reset when the machine is
/// back. Then 5 s of rest (Java client).
#[test]
fn rabbitmq_a_busy_consumer_is_reset_when_it_acknowledges() {
    let prefetch = vec![("prefetch", Value::Whole(3))];
    for (away, latest) in [(0.04, 0.2), (2.0, 1.2), (5.0, 1.5)] {
        let mut stage = Stage::new(rabbitmq(), prefetch.clone(), true, Control::CRASH_HOST, away);
        assert_within("busy", stage.notices(), 5.0, 5.1 + latest);
    }
    let mut stage = Stage::new(rabbitmq(), prefetch, true, Control::CRASH_PROCESS, 6.0);
    assert_within("a reset at once, and attempts each 5 s", stage.notices(), 3.9, 4.1);
}

/// Half a heartbeat's time is 30 s: the next one meets the machine that is back.
#[test]
fn rabbitmq_an_idle_consumer_is_reset_at_its_next_heartbeat() {
    let mut stage = Stage::new(rabbitmq(), vec![("service", span(0.001))], false, Control::CRASH_HOST, 1.0);
    assert_within("idle", stage.notices(), 5.0, 37.0);
}

/// Heartbeats sent while the machine was silent belong to a connection that is over: they do not break the new one.
#[test]
fn rabbitmq_heartbeats_of_before_do_not_break_the_new_connection() {
    let queue = [rabbitmq(), vec![("heartbeat", span(4.0))]].concat();
    let mut stage = Stage::new(queue, vec![("prefetch", Value::Whole(1))], true, Control::CRASH_HOST, 3.5);
    stage.notices();
    let deliveries = |stage: &Stage| stage.simulation.readings(stage.broker, false).count_of("redelivered");
    let before = deliveries(&stage);
    stage.simulation.run_until(stage.back + 60 * SECOND);
    assert_eq!(deliveries(&stage), before);
    assert!(messages(&stage.simulation).duplicated_count <= 1);
}

/// A worker that is never idle has no poll under way: its acknowledgement is reset, and a second later it connects anew.
#[test]
fn redis_a_busy_worker_is_reset_when_it_acknowledges() {
    for batch in [1, 10] {
        let worker = vec![("batch", Value::Whole(batch))];
        for (away, latest) in [(0.04, 0.2), (2.0, 1.2), (4.0, 2.8)] {
            let mut stage = Stage::new(redis(), worker.clone(), true, Control::CRASH_HOST, away);
            assert_within("busy", stage.notices(), 1.0, 1.2 + latest);
        }
        // TCP tries 25.4 and 51 s after it first did: with the poll that follows the last message in hand.
        let mut stage = Stage::new(redis(), worker.clone(), true, Control::CRASH_HOST, 30.0);
        assert_within("long away", stage.notices(), 20.0, 24.0);
        let mut stage = Stage::new(redis(), worker, true, Control::CRASH_PROCESS, 3.5);
        assert_within("a reset at once, and attempts each second", stage.notices(), 0.0, 1.1);
    }
}

/// Who waits at a machine that is gone sends nothing, and hears nothing until his poll is over, 5 s late.
#[test]
fn redis_an_idle_worker_waits_until_its_poll_is_over() {
    let idle = |more: Settings| [vec![("service", span(0.001))], more].concat();
    let mut stage = Stage::new(redis(), idle(vec![("wait", span(10.0))]), false, Control::CRASH_HOST, 1.0);
    assert_within("wait of 10 s", stage.notices(), 11.0, 15.5);
    let mut stage = Stage::new(redis(), idle(vec![]), false, Control::CRASH_HOST, 1.0);
    assert_within("no wait: a minute", stage.notices(), 60.0, 66.0);
}

/// One connection to a broker: when one partition's question is reset, all others are asked again, too.
#[test]
fn kafka_a_busy_reader_is_reset_when_it_fetches() {
    let queue = || topic(1, 1, "all", vec![("flush", span(0.001))]);
    let worker = vec![("batch", Value::Whole(1)), ("threads", Value::Whole(1))];
    for (away, latest) in [(0.04, 0.6), (2.0, 1.6), (4.0, 2.6)] {
        let mut stage = Stage::new(queue(), worker.clone(), true, Control::CRASH_HOST, away);
        assert_within("busy", stage.notices(), 0.0, latest);
    }
    let mut stage = Stage::new(queue(), vec![("service", span(0.001))], false, Control::CRASH_HOST, 1.0);
    assert_within("idle: request.timeout.ms of 30 s", stage.notices(), 28.0, 31.5);
    let mut stage = Stage::new(queue(), worker, true, Control::CRASH_PROCESS, 3.5);
    assert_within("a reset at once, and attempts each 100 ms", stage.notices(), 0.0, 2.5);
}

/// Each poll of SQS is a request of its own, given up 5 s after its waiting time.
#[test]
fn sqs_a_poll_is_given_up_after_its_time() {
    let queue = || vec![("kind", text("sqs")), ("fifo", Value::Flag(true)), ("visibility", span(1.0))];
    let waits = |seconds: f64| vec![("wait", span(seconds)), ("batch", Value::Whole(10))];
    let mut stage = Stage::new(queue(), waits(20.0), true, Control::CRASH_HOST, 1.0);
    assert_within("busy", stage.notices(), 0.0, 26.5);
    let mut stage = Stage::new(queue(), waits(2.0), false, Control::CRASH_HOST, 1.0);
    assert_within("idle", stage.notices(), 0.0, 8.5);
    let mut stage = Stage::new(queue(), waits(20.0), true, Control::CRASH_PROCESS, 3.5);
    assert_within("attempts each second", stage.notices(), 0.0, 1.6);
}

/// A producer of Kafka without a time-out of its own hears of the reset, too, and so does not wait 30 s for what the machine had in hand.
#[test]
fn kafka_producers_are_reset_when_they_send() {
    let mut world = World::default();
    let orders = world.add("queue", "orders", topic(1, 1, "all", vec![]));
    world.add("consumers", "workers", vec![("of", orders.clone()), ("service", span(0.001))]);
    world.add("traffic", "producers", vec![("to", orders.clone()), ("rate", evenly(100.0))]);
    let (broker, mut simulation) = (world.node(&orders, 0), world.build(seed(), 0));
    simulation.measure_from_now();
    simulation.run_until(20 * SECOND);
    simulation.control(broker, Control::new(Control::CRASH_HOST, 0));
    simulation.run_until(22 * SECOND);
    simulation.control(broker, Control::new(Control::RECOVER, 0));
    simulation.run_until(25 * SECOND);
    assert!(simulation.requests().iter().count() <= 1, "all have their answer");
    let book = simulation.book().close(simulation.requests(), simulation.now())[1].clone();
    assert_eq!((book.failed, book.timed_out, book.rejected), (0, 0, 0));
}
