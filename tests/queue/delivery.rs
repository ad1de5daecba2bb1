//! Kafka's producers without a patience of their own: they try again until the delivery time-out.

use crate::common::{World, evenly, exponential, keys, poisson, seed, span};
use crate::kafka::topic;
use crate::world::{Settings, messages};
use scalelab::catalog::Value;
use scalelab::components::Site;
use scalelab::components::queue::kafka::{Delivery, Leaders};
use scalelab::kernel::transit::Instant;
use scalelab::kernel::{
    Answer, Ask, CallId, Component, Control, Ctx, MILLISECOND, NodeId, Reply, SECOND, Simulation, Status,
    Time, Timer,
};
use scalelab::parts::verbs::PUBLISH;
use scalelab::random::keys::Keys;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// Producers without a time-out, their queue and its consumers.
struct Stage {
    world: World,
    orders: Value,
    simulation: Simulation,
}

impl Stage {
    fn new(rate: f64, queue: Settings, more: impl FnOnce(&mut World, &Value, &Value)) -> Self {
        let mut world = World::default();
        let orders = world.add("queue", "orders", queue);
        world.add("consumers", "workers", vec![("of", orders.clone()), ("service", span(0.001))]);
        let producers = vec![
            ("to", orders.clone()),
            ("rate", poisson(rate)),
            ("keys", keys(Keys::uniform(100).expect("keys"))),
        ];
        let producers = world.add("traffic", "producers", producers);
        more(&mut world, &orders, &producers);
        let mut simulation = world.build(seed(), 0);
        simulation.measure_from_now();
        Stage { world, orders, simulation }
    }

    fn control(&mut self, broker: u16, verb: u16) {
        let node = self.world.node(&self.orders, broker);
        self.simulation.control(node, Control::new(verb, 0));
    }

    /// Messages published in a span that begins now.
    fn published_within(&mut self, span: Time) -> u64 {
        let before = self
            .simulation
            .audit()
            .messages()
            .report(self.simulation.now())
            .map_or(0, |counts| counts.published_count);
        self.simulation.run_until(self.simulation.now() + span);
        self.simulation.check_conservation().expect("nothing vanishes");
        messages(&self.simulation).published_count - before
    }

    /// Succeeded, failed, timed out, open.
    fn outcomes(&self) -> (u64, u64, u64, u64) {
        let book = self.simulation.book().close(self.simulation.requests(), self.simulation.now())[1].clone();
        (book.succeeded, book.failed, book.timed_out, self.simulation.requests().iter().count() as u64)
    }
}

/// One of three leaders dies with its host, or stands still: a third of the messages waits for the time-out of the first request, and for
/// no longer. Without it none would ever be answered.
#[test]
fn producers_go_on_with_the_new_leader_after_their_request_time_out() {
    for fault in [Control::CRASH_HOST, Control::HANG] {
        for patience in [None, Some(20)] {
            let given = patience.map(|seconds| ("request_timeout", span(seconds as f64)));
            let queue = topic(3, 2, "all", given.into_iter().collect());
            let patience = patience.unwrap_or(30);
            let mut stage = Stage::new(100.0, queue, |_, _, _| {});
            assert!((420..580).contains(&stage.published_within(5 * SECOND)));
            stage.control(0, fault);
            // The followers are in sync until the controller has missed the broker (9 s).
            stage.published_within(10 * SECOND);
            let waiting = stage.published_within((patience - 11) * SECOND);
            let two_thirds = 100 * (patience - 11) * 2 / 3;
            assert!((two_thirds - 120..two_thirds + 120).contains(&waiting), "{waiting} of {two_thirds}");
            let then = stage.published_within(3 * SECOND);
            assert!(then > 200 + 25 * patience, "all that waited come through at once: {then}");
            stage.published_within(60 * SECOND);
            stage.control(0, Control::RECOVER);
            stage.published_within(60 * SECOND);
            let (succeeded, failed, timed_out, open) = stage.outcomes();
            assert!(succeeded > 10_000 && open < 5, "{succeeded} {open}");
            assert_eq!((failed, timed_out), (0, 0));
            let counts = messages(&stage.simulation);
            assert_eq!((counts.duplicated_count, counts.lost_count, counts.reordered_count), (0, 0, 0));
        }
    }
}

/// A process that dies resets its connections: nobody waits for a time-out, only for the election.
#[test]
fn a_reset_is_not_waited_for() {
    let mut stage = Stage::new(100.0, topic(3, 2, "all", vec![]), |_, _, _| {});
    stage.published_within(5 * SECOND);
    stage.control(0, Control::CRASH_PROCESS);
    stage.published_within(12 * SECOND);
    assert!((160..240).contains(&stage.published_within(2 * SECOND)), "broker session 9 s, pauses 1 s");
    assert_eq!(stage.outcomes().1, 0);
}

/// Nobody can lead: each message fails when its own time is over, and is counted as failed.
#[test]
fn after_the_delivery_time_out_they_fail() {
    let patience = vec![("request_timeout", span(5.0)), ("delivery_timeout", span(20.0))];
    let mut stage = Stage::new(50.0, topic(1, 1, "all", patience), |_, _, _| {});
    stage.simulation.run_until(5 * SECOND);
    let before = stage.outcomes().0;
    stage.control(0, Control::CRASH_HOST);
    stage.simulation.run_until(25 * SECOND);
    let (succeeded, failed, _, open) = stage.outcomes();
    assert_eq!((succeeded, failed), (before, 0));
    assert!((900..1100).contains(&open), "{open}");
    stage.simulation.run_until(45 * SECOND);
    let (succeeded, failed, timed_out, still_open) = stage.outcomes();
    assert_eq!((succeeded, timed_out, failed), (before, 0, open), "those of 20 s ago");
    stage.control(0, Control::RECOVER);
    stage.simulation.run_until(80 * SECOND);
    let (succeeded, failed, timed_out, open_at_last) = stage.outcomes();
    assert_eq!((timed_out, open_at_last), (0, 0));
    assert!(failed < open + still_open / 4, "those who still tried came through: {failed}, {succeeded}");
}

/// The longest that a message may take: half a day's default, and whoever waits for it in vain is told then, not before.
#[test]
fn the_usual_delivery_time_out_is_two_minutes() {
    let mut stage = Stage::new(10.0, topic(1, 1, "all", vec![]), |_, _, _| {});
    stage.control(0, Control::CRASH_HOST);
    stage.simulation.run_until(119 * SECOND);
    assert_eq!(stage.outcomes().1, 0);
    stage.simulation.run_until(130 * SECOND);
    let failed = stage.outcomes().1;
    assert!((60..140).contains(&failed), "{failed}");
}

/// What the leader has and the producer does not know of is sent again, and stands in the log once if the producer is idempotent, which it is
/// only if it waits for all; a lost answer is waited for.
#[test]
fn what_is_sent_again_is_doubled_without_acks_of_all() {
    for acks in ["all", "1"] {
        sent_again(acks);
    }
}

fn sent_again(acks: &str) {
    let queue = topic(1, 1, acks, vec![("request_timeout", span(0.5))]);
    let lossy = |world: &mut World, orders: &Value, producers: &Value| {
        world.link(producers, orders, vec![("latency", span(0.01)), ("loss", Value::Share(0.1))]);
    };
    let mut stage = Stage::new(20.0, queue, lossy);
    stage.simulation.run_until(120 * SECOND);
    let counts = messages(&stage.simulation);
    let producers = NodeId(stage.simulation.nodes() as u16 - 1);
    let again = stage.simulation.readings(producers, false).count_of("retries");
    assert!(again > 200, "{again}");
    assert_eq!(counts.duplicated_count > 50, acks == "1", "{acks}: {counts:?}");
    assert_eq!((counts.duplicated_count * u64::from(acks == "all"), counts.lost_count), (0, 0));
    let (succeeded, failed, timed_out, open) = stage.outcomes();
    assert_eq!((failed, timed_out), (0, 0));
    assert!(counts.processed_count >= succeeded && counts.processed_count <= succeeded + open);
}

/// A web server that publishes goes on when its caller has gone: what the broker took in before is still known by its number.
#[test]
fn a_server_whose_caller_has_gone_does_not_double_either() {
    let mut world = World::default();
    let orders = world.add("queue", "orders", topic(1, 1, "all", vec![("request_timeout", span(0.5))]));
    world.add("consumers", "workers", vec![("of", orders.clone()), ("service", exponential(0.001))]);
    let shop = world.add("web", "shop", vec![("publishes", orders.clone()), ("count", Value::Whole(1))]);
    let buyers = vec![
        ("to", shop.clone()),
        ("rate", evenly(20.0)),
        ("writes", Value::Share(1.0)),
        ("timeout", span(0.1)),
    ];
    world.add("traffic", "buyers", buyers);
    world.link(&shop, &orders, vec![("latency", span(0.01)), ("loss", Value::Share(0.2))]);
    let mut simulation = world.build(seed(), 0);
    simulation.measure_from_now();
    simulation.run_until(120 * SECOND);
    let counts = messages(&simulation);
    let issued = simulation.book().close(simulation.requests(), simulation.now())[1].total();
    assert!(issued > 2_000 && counts.processed_count > issued - 20, "{} of {issued}", counts.processed_count);
    assert_eq!((counts.duplicated_count, counts.lost_count), (0, 0));
    assert!(counts.processed_count <= issued);
    // The server dies with all that it was sending; what comes later goes through.
    simulation.control(world.node(&shop, 0), Control::new(Control::CRASH_PROCESS, 0));
    simulation.control(world.node(&shop, 0), Control::new(Control::RECOVER, 0));
    simulation.run_until(180 * SECOND);
    simulation.check_conservation().expect("nothing vanishes");
    assert!(messages(&simulation).processed_count > issued + 1_000);
}

/// A broker without a copy of the partition cannot say who leads it; it must not be asked for ever.
#[test]
fn a_broker_that_knows_of_no_leader_is_not_asked_for_ever() {
    for patience in
        [vec![], vec![("timeout", span(1.0)), ("attempts", Value::Whole(10)), ("backoff", span(0.5))]]
    {
        let mut world = World::default();
        let orders = world.add("queue", "orders", topic(4, 2, "all", vec![]));
        world.add("consumers", "workers", vec![("of", orders.clone()), ("service", span(0.001))]);
        let usual = vec![
            ("to", orders.clone()),
            ("rate", poisson(100.0)),
            ("keys", keys(Keys::uniform(100).expect("keys"))),
        ];
        world.add("traffic", "producers", [usual, patience].concat());
        let mut simulation = world.build(seed(), 0);
        simulation.measure_from_now();
        for (at, broker, verb) in [
            (5, 0, Control::CRASH_PROCESS),
            (30, 0, Control::RECOVER),
            (40, 1, Control::CRASH_PROCESS),
            (41, 2, Control::CRASH_PROCESS),
            (70, 2, Control::RECOVER),
        ] {
            simulation.run_until(at * SECOND);
            simulation.control(world.node(&orders, broker), Control::new(verb, 0));
        }
        simulation.run_until(100 * SECOND);
        let before = messages(&simulation).published_count;
        simulation.run_until(110 * SECOND);
        let published = messages(&simulation).published_count - before;
        assert!(published > 850, "{published}");
    }
}

/// News travel between brokers, and a leader that dies and is back at once may hear of its successor before the successor does: the two then name
/// each other. Who asks them in no time would never come to an end.
#[test]
fn brokers_that_name_each_other_are_not_asked_in_turn_for_ever() {
    for patience in
        [vec![], vec![("timeout", span(1.0)), ("attempts", Value::Whole(10)), ("backoff", span(0.1))]]
    {
        let mut world = World::default();
        let orders = world.add("queue", "orders", topic(3, 3, "all", vec![]));
        world.add("consumers", "workers", vec![("of", orders.clone()), ("service", span(0.001))]);
        let usual = vec![("to", orders.clone()), ("rate", poisson(2_000.0))];
        let usual = [usual, vec![("keys", keys(Keys::uniform(100).expect("keys")))], patience].concat();
        world.add("traffic", "producers", usual);
        world.link(&orders, &orders, vec![("latency", exponential(0.005))]);
        let mut simulation = world.build(seed(), 0);
        for bounce in 0..30 {
            simulation.run_until((2 + bounce) * SECOND);
            let broker = world.node(&orders, bounce as u16 % 3);
            simulation.control(broker, Control::new(Control::CRASH_PROCESS, 0));
            simulation.control(broker, Control::new(Control::RECOVER, 0));
            assert!(
                !simulation.step((3 + bounce) * SECOND - 1, 1_000_000),
                "it stands still at {}",
                simulation.now()
            );
        }
    }
}

/// A producer by itself, and what it was told had failed.
#[derive(Clone)]
struct Owner {
    delivery: Delivery,
    leaders: Leaders,
    failed: Arc<Mutex<Vec<u64>>>,
}

impl Component for Owner {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.delivery.start(cx);
    }
    fn on_call(&mut self, _call: CallId, _cx: &mut Ctx<'_>) {}
    fn on_reply(&mut self, mut reply: Reply, cx: &mut Ctx<'_>) {
        self.delivery.heard(&mut reply, &mut self.leaders, cx);
    }
    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        while let Some(reply) = self.delivery.on_timer(timer, &self.leaders, cx) {
            self.failed.lock().unwrap().push(reply.key);
        }
    }
    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        self.delivery.send(Ask::new(NodeId::NONE, PUBLISH, control.arg), &self.leaders, cx);
    }
    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}

/// A broker that answers as it was told to, and then takes everything in.
#[derive(Clone)]
struct Script {
    answers: VecDeque<Status>,
    taken: Arc<Mutex<Vec<(Time, u64)>>>,
}

impl Component for Script {
    fn on_call(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let status = self.answers.pop_front().unwrap_or(Status::Ok);
        if status == Status::Ok {
            self.taken.lock().unwrap().push((cx.now() / MILLISECOND, cx.call(call).key));
        }
        cx.reply(call, Answer::of(status));
    }
    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}

/// Those that failed wait 100 ms, then 200, ...; what is sent meanwhile waits behind them, one goes ahead, and all follow in their order.
#[test]
fn the_order_of_a_partition_holds_through_failures() {
    let mut world = World::default();
    let orders = world.add("queue", "orders", topic(1, 1, "all", vec![("delivery_timeout", span(60.0))]));
    world.add("consumers", "workers", vec![("of", orders.clone()), ("service", span(1.0))]);
    world.add("traffic", "producers", vec![("to", orders), ("rate", poisson(1.0))]);
    let checked = world.check();
    let site = Site { layout: &checked.layout, index: 0 };
    let answers = [[Status::Ok; 2].as_slice(), &[Status::Failed; 3], &[Status::Rejected; 2]].concat();
    let script = Script { answers: answers.into(), taken: Arc::default() };
    let leaders = Leaders::new(vec![NodeId(0)], 1);
    let owner = Owner { delivery: Delivery::new(&site, 1, 7), leaders, failed: Arc::default() };
    let mut simulation = Simulation::new(1, 0, 0, Box::new(Instant));
    simulation.add(Box::new(script.clone()));
    let producer = simulation.add(Box::new(owner.clone()));
    for (at, keys) in [(0, 1..6), (50, 6..8), (250, 8..9), (2_000, 9..11)] {
        simulation.run_until(at * MILLISECOND);
        keys.for_each(|key| simulation.control(producer, Control::new(Control::FIRST_OWN, key)));
    }
    simulation.run_until(SECOND * 100);
    let expected =
        [(0, 1), (0, 2), (700, 3), (700, 4), (700, 5), (700, 6), (700, 7), (700, 8), (2_000, 9), (2_000, 10)];
    assert_eq!(*script.taken.lock().unwrap(), expected);
    // Its machine dies: nothing comes through, and each fails a minute after it was sent.
    simulation.control(NodeId(0), Control::new(Control::CRASH_HOST, 0));
    for key in 11..14 {
        simulation.control(producer, Control::new(Control::FIRST_OWN, key));
        simulation.run_until(simulation.now() + SECOND);
    }
    simulation.run_until(159 * SECOND);
    assert!(owner.failed.lock().unwrap().is_empty());
    simulation.run_until(161 * SECOND + SECOND / 2);
    assert_eq!(*owner.failed.lock().unwrap(), [11, 12]);
    simulation.run_until(200 * SECOND);
    assert_eq!(*owner.failed.lock().unwrap(), [11, 12, 13]);
}
