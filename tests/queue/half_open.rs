//! A broker whose machine is started again knows of no connection: who sends over one of before is reset, who only waits hears nothing until his
//! own time is over.

use crate::common::{World, evenly, keys, seed, span, text};
use crate::kafka::topic;
use crate::world::{Settings, messages};
use scalelab::catalog::Value;
use scalelab::components::{Site, kind};
use scalelab::kernel::readings::Reading;
use scalelab::kernel::transit::Instant;
use scalelab::kernel::{
    Ask, CallId, Component, Control, Ctx, MILLISECOND, NodeId, Reply, SECOND, Simulation, Status, Time,
};
use scalelab::parts::verbs::{DELIVER, HEARTBEAT, PUBLISH, SUBSCRIBE};
use scalelab::random::keys::Keys;
use std::sync::{Arc, Mutex};

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
    // What it has fetched is done first: it asks for more when its buffer is empty, not for each batch.
    for away in [0.04, 2.0, 4.0] {
        let mut stage = Stage::new(queue(), worker.clone(), true, Control::CRASH_HOST, away);
        assert_within("busy", stage.notices(), 0.0, 6.0);
    }
    let mut stage = Stage::new(queue(), vec![("service", span(0.001))], false, Control::CRASH_HOST, 1.0);
    assert_within("idle: request.timeout.ms of 30 s", stage.notices(), 28.0, 31.5);
    let mut stage = Stage::new(queue(), worker, true, Control::CRASH_PROCESS, 3.5);
    assert_within("a reset at once, and attempts each 100 ms", stage.notices(), 0.0, 6.0);
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

// ---- the coordinator of a group

/// One broker with six partitions, its controller, two workers and 20 messages a second.
struct Coordinated {
    controller: NodeId,
    workers: NodeId,
    simulation: Simulation,
}

impl Coordinated {
    fn new(queue: Settings) -> Coordinated {
        Coordinated::apart(0.0, queue)
    }

    /// The workers are so many seconds away.
    fn apart(way: f64, queue: Settings) -> Coordinated {
        let mut world = World::default();
        let orders = world.add("queue", "orders", topic(1, 1, "all", queue));
        let workers = vec![("of", orders.clone()), ("count", Value::Whole(2)), ("service", span(0.01))];
        let workers = world.add("consumers", "workers", workers);
        let producers = vec![
            ("to", orders.clone()),
            ("rate", evenly(20.0)),
            ("keys", keys(Keys::uniform(100).expect("keys"))),
        ];
        world.add("traffic", "producers", producers);
        world.link(&workers, &orders, vec![("latency", span(way))]);
        let mut simulation = world.build(seed(), 0);
        simulation.measure_from_now();
        Coordinated { controller: world.node(&orders, 1), workers: world.node(&workers, 0), simulation }
    }

    fn at(&mut self, seconds: f64, node: NodeId, verb: u16) {
        self.simulation.run_until((seconds * 1e9) as Time);
        self.simulation.control(node, Control::new(verb, 0));
    }

    fn second(&self) -> NodeId {
        NodeId(self.workers.0 + 1)
    }

    fn processed(&self, worker: NodeId) -> u64 {
        self.simulation.readings(worker, false).count_of("answered")
    }

    /// Messages processed by a worker in a span of time.
    fn within(&mut self, worker: NodeId, from: f64, to: f64) -> u64 {
        self.simulation.run_until((from * 1e9) as Time);
        let before = self.processed(worker);
        self.simulation.run_until((to * 1e9) as Time);
        self.simulation.check_conservation().expect("nothing vanishes");
        self.processed(worker) - before
    }
}

/// Who wants to join while the coordinator's machine is silent tries to connect, and hears soon that it is back. It waited for as long as a sharing
/// may take: five minutes and a half.
#[test]
fn kafka_a_reader_that_joins_a_silent_coordinator_is_a_member_soon_after_it_is_back() {
    for away in [2.0, 5.0, 25.0] {
        let mut stage = Coordinated::new(vec![]);
        // Given up after its session, long before.
        let second = stage.second();
        stage.at(10.0, second, Control::CRASH_PROCESS);
        let controller = stage.controller;
        stage.at(100.0, controller, Control::CRASH_HOST);
        stage.at(100.5, second, Control::RECOVER);
        stage.at(100.0 + away, controller, Control::RECOVER);
        // The pauses of TCP double; then the other member hears at its next sign of life, each 3 s.
        let latest = 100.0 + 2.0 * away + 8.0;
        assert!(stage.within(second, latest, latest + 20.0) > 100, "away for {away} s");
    }
}

/// The coordinator's process dies at some moment of the sharing, also while readers ask where to begin: all partitions are read in the end.
#[test]
fn kafka_readers_that_ask_again_where_to_begin_go_on() {
    for step in 0..40 {
        let mut stage = Coordinated::apart(0.1, vec![]);
        let (controller, workers, second) = (stage.controller, stage.workers, stage.second());
        stage.at(3.0 + 0.025 * f64::from(step), controller, Control::CRASH_PROCESS);
        stage.at(6.0, controller, Control::RECOVER);
        let first = stage.within(workers, 100.0, 130.0);
        let both = stage.processed(workers) + stage.processed(second);
        assert!(first > 200 && both > 2_500, "{step}: {first} of the first, {both} of both");
    }
}

/// With the question in its hands nobody hears of the coordinator's death: readers give up when the longest time of a sharing is over, and 5 s. A
/// process that dies resets them at once.
#[test]
fn kafka_readers_that_wait_for_their_shares_hear_of_a_dead_process_and_not_of_a_dead_machine() {
    let first_messages = |crash: u16| {
        let mut stage = Coordinated::new(vec![("rebalance_timeout", span(40.0))]);
        let (controller, workers) = (stage.controller, stage.workers);
        stage.at(1.0, controller, crash);
        stage.at(2.0, controller, Control::RECOVER);
        let mut second = 2;
        while stage.processed(workers) == 0 && second < 500 {
            second += 1;
            stage.simulation.run_until(second * SECOND);
        }
        second as f64
    };
    assert_within("a dead process", first_messages(Control::CRASH_PROCESS), 5.0, 8.0);
    assert_within("a dead machine", first_messages(Control::CRASH_HOST), 48.0, 51.0);
}

/// Who has its share goes on with it while the coordinator is away and afterwards, whoever waited for a share then.
#[test]
fn kafka_members_keep_their_shares_when_the_coordinator_begins_anew() {
    let mut stage = Coordinated::new(vec![]);
    let (controller, workers, second) = (stage.controller, stage.workers, stage.second());
    stage.at(10.0, second, Control::CRASH_PROCESS);
    stage.simulation.run_until(100 * SECOND);
    // It joins, and the coordinator dies before the other member can have heard of it.
    stage.at(100.0, second, Control::RECOVER);
    stage.at(100.001, controller, Control::CRASH_HOST);
    stage.at(102.0, controller, Control::RECOVER);
    let all = stage.within(workers, 102.0, 132.0);
    assert!(all > 550, "the only member has all partitions: {all}");
    assert!(stage.within(second, 450.0, 480.0) > 200, "the other one has given up, and joined anew");
}

// ---- what comes of a connection that is over

/// A sign of life that was sent long ago is answered with a reset when the machine is back, and TCP tries again: that tells nothing of the connection
/// that has been opened meanwhile. The machine is away for so long that the pauses of TCP are longer than a new connection takes.
#[test]
fn rabbitmq_the_reset_of_an_old_heartbeat_does_not_break_the_new_connection() {
    // A sign each 30 s, work that takes 20 s: in one of these the sign and an acknowledgement both meet the silence.
    let again = |dies: Time| {
        let mut world = World::default();
        let orders = world.add("queue", "orders", rabbitmq());
        let worker = vec![("of", orders.clone()), ("service", span(20.0)), ("prefetch", Value::Whole(1))];
        world.add("consumers", "workers", worker);
        world.add(
            "traffic",
            "producers",
            vec![("to", orders.clone()), ("rate", evenly(0.2)), ("timeout", span(1.0))],
        );
        let (broker, mut simulation) = (world.node(&orders, 0), world.build(seed(), 0));
        simulation.run_until(dies);
        simulation.control(broker, Control::new(Control::CRASH_HOST, 0));
        simulation.run_until(dies + 27 * SECOND);
        simulation.control(broker, Control::new(Control::RECOVER, 0));
        simulation.run_until(dies + 200 * SECOND);
        simulation.readings(broker, false).count_of("redelivered")
    };
    for dies in 0..20 {
        let redelivered = again(100 * SECOND + dies * 1_500 * MILLISECOND);
        assert!(redelivered <= 1, "what was in hand at {dies}, and nothing else: {redelivered}");
    }
}

/// Says what it is told to say over the connection it is told, and notes the answers.
#[derive(Clone, Default)]
struct Mouth {
    deliveries: Arc<Mutex<Vec<CallId>>>,
    heard: Arc<Mutex<Vec<Status>>>,
}

impl Component for Mouth {
    fn on_call(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        if cx.call(call).verb == DELIVER {
            self.deliveries.lock().unwrap().push(call);
        }
    }
    fn on_reply(&mut self, reply: Reply, _cx: &mut Ctx<'_>) {
        if reply.verb == HEARTBEAT {
            self.heard.lock().unwrap().push(reply.status);
        }
    }
    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        let (verb, token) = (control.arg as u16, (control.arg >> 32) as u32);
        cx.ask(Ask { token, ..Ask::new(NodeId(0), verb, 1) });
    }
    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}

/// Signs of life over an earlier connection keep it from nothing: they are reset, and the present one is closed when nothing is heard over it.
#[test]
fn rabbitmq_an_old_heartbeat_does_not_keep_the_new_connection_alive() {
    let mut world = World::default();
    let orders = world.add("queue", "orders", rabbitmq());
    world.add("consumers", "workers", vec![("of", orders.clone()), ("service", span(1.0))]);
    world.add("traffic", "producers", vec![("to", orders), ("rate", evenly(1.0))]);
    let checked = world.check();
    let mut simulation = Simulation::new(1, 0, 0, Box::new(Instant));
    for node in (kind("queue").expect("a kind").build)(&Site { layout: &checked.layout, index: 0 }) {
        simulation.add(node);
    }
    let mouth = Mouth::default();
    let consumer = simulation.add(Box::new(mouth.clone()));
    let say = |simulation: &mut Simulation, verb: u16, token: u64| {
        simulation.control(consumer, Control::new(Control::FIRST_OWN, token << 32 | u64::from(verb)));
        simulation.run_until(simulation.now() + SECOND);
    };
    let in_flight = |simulation: &Simulation| match simulation.readings(NodeId(0), false).get("in_flight") {
        Some(Reading::Gauge(count)) => *count,
        _ => panic!("brokers tell"),
    };
    say(&mut simulation, PUBLISH, 0);
    for connection in [1, 2] {
        say(&mut simulation, SUBSCRIBE, connection);
        say(&mut simulation, HEARTBEAT, connection);
    }
    assert_eq!((mouth.deliveries.lock().unwrap().len(), in_flight(&simulation)), (2, 1.0));
    for _ in 0..100 {
        say(&mut simulation, HEARTBEAT, 1);
    }
    let heard = std::mem::take(&mut *mouth.heard.lock().unwrap());
    assert_eq!(heard[..2], [Status::Ok; 2]);
    assert!(heard[2..].iter().all(|status| *status == Status::Reset), "{heard:?}");
    assert_eq!(in_flight(&simulation), 0.0, "what it had went back into the line");
}
