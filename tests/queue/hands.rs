//! A broker alone, and hands that do to it what a script says: the same scripts that `.ci/peers` carries out on the real ones.

use crate::common::{World, poisson, span};
use crate::world::Settings;
use scalelab::components::queue::polls::unpacked;
use scalelab::components::{Site, kind};
use scalelab::kernel::readings::Reading;
use scalelab::kernel::transit::Instant;
use scalelab::kernel::{
    Answer, Ask, CallId, Component, Control, Ctx, MILLISECOND, NodeId, ParcelId, Reply, Simulation, Status,
};
use scalelab::parts::verbs::{CANCEL, CLAIM, DELIVER, FETCH, PUBLISH, SETTLE, SUBSCRIBE};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What was seen since somebody last looked: who got which message, and which messages were refused.
#[derive(Default)]
struct Seen {
    delivered: BTreeMap<String, Vec<u64>>,
    refused: Vec<u64>,
}

/// A producer or consumer that does what it is told, and nothing by itself.
#[derive(Clone)]
struct Hand {
    name: String,
    broker: NodeId,
    seen: Arc<Mutex<Seen>>,
    /// By what its broker knows each message that it holds.
    held: BTreeMap<u64, u64>,
}

const OWN: u16 = Control::FIRST_OWN;
const TELL: [u16; 8] = [PUBLISH, SUBSCRIBE, CANCEL, FETCH, CLAIM, SETTLE, DELIVER, DELIVER + 1000];
/// A subscription whose messages count as acknowledged when they are sent.
const AUTOMATIC: u64 = 1 << 32;

impl Hand {
    fn got(&mut self, message: u64, receipt: u64) {
        self.held.insert(message, receipt);
        self.seen.lock().unwrap().delivered.entry(self.name.clone()).or_default().push(message);
    }

    fn ask(&self, verb: u16, key: u64, version: u32, cx: &mut Ctx<'_>) {
        cx.ask(Ask { version, ..Ask::new(self.broker, verb, key) });
    }
}

impl Component for Hand {
    fn on_call(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        if cx.call(call).verb == DELIVER {
            let message = cx.call(call).key;
            self.got(message, call.to_bits());
        }
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        match (reply.verb, reply.status) {
            (PUBLISH, Status::Rejected) => self.seen.lock().unwrap().refused.push(reply.key),
            (FETCH | CLAIM, Status::Ok) => {
                let items = cx.parcel(ParcelId(reply.version)).to_vec();
                for (message, receipt) in items.into_iter().map(unpacked) {
                    self.got(message.key, receipt);
                }
            }
            _ => {}
        }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        let (tell, key) = (control.verb.checked_sub(OWN), control.arg);
        let Some(verb) = tell.map(|index| TELL[index as usize]) else { return self.held.clear() };
        let low = key & 0xFFFF_FFFF;
        match verb {
            SUBSCRIBE => self.ask(SUBSCRIBE, low, u32::from(key & AUTOMATIC != 0), cx),
            CLAIM => self.ask(CLAIM, low, (key >> 32) as u32, cx),
            SETTLE => {
                if let Some(receipt) = self.held.remove(&key) {
                    self.ask(SETTLE, receipt, 0, cx);
                }
            }
            PUBLISH | CANCEL | FETCH => self.ask(verb, key, 0, cx),
            _ => {
                let Some(call) = self.held.remove(&key) else { return };
                let answer = if verb == DELIVER { Answer::ok(0, 0) } else { Answer::of(Status::Failed) };
                cx.reply(CallId::from_bits(call), answer);
            }
        }
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}

/// The broker and the hands around it.
pub struct Bench {
    simulation: Simulation,
    /// The queue under test: the last of the queues.
    broker: NodeId,
    hands: BTreeMap<String, NodeId>,
    seen: Arc<Mutex<Seen>>,
    /// Who has each message of a stream, by what was delivered, acknowledged and trimmed.
    owners: BTreeMap<u64, String>,
    added: u64,
}

impl Bench {
    /// A queue with these settings; `dead` adds a second one for its dead letters, and a hand that takes them at once.
    pub fn new(settings: Settings, dead: bool) -> Self {
        let mut world = World::default();
        let (mut settings, mut queues) = (settings, Vec::new());
        if dead {
            let letters = world.add("queue", "letters", vec![settings[0].clone()]);
            settings.push(("dead_letters_to", letters.clone()));
            queues.push(letters);
        }
        queues.push(world.add("queue", "orders", settings));
        // For the checks only: a queue wants consumers, and a world traffic. Neither is built.
        for (n, queue) in queues.iter().enumerate() {
            let usual = vec![("of", queue.clone()), ("service", span(1.0))];
            world.add("consumers", &format!("workers {n}"), usual);
        }
        let orders = queues.last().expect("a queue").clone();
        world.add("traffic", "producers", vec![("to", orders), ("rate", poisson(1.0))]);
        let checked = world.check();
        let mut simulation = Simulation::new(1, 0, 0, Box::new(Instant));
        let mut broker = NodeId(0);
        for index in 0..queues.len() {
            let site = Site { layout: &checked.layout, index };
            for node in (kind("queue").expect("a kind").build)(&site) {
                broker = simulation.add(node);
            }
        }
        let mut bench = Bench {
            simulation,
            broker,
            hands: BTreeMap::new(),
            seen: Arc::default(),
            owners: BTreeMap::new(),
            added: 0,
        };
        bench.simulation.measure_from_now();
        if dead {
            bench.hand("dead", NodeId(0));
            bench.tell("dead", SUBSCRIBE, AUTOMATIC);
        }
        bench
    }

    fn hand(&mut self, name: &str, broker: NodeId) {
        if !self.hands.contains_key(name) {
            let seen = self.seen.clone();
            let hand = Hand { name: name.into(), broker, seen, held: BTreeMap::new() };
            self.hands.insert(name.into(), self.simulation.add(Box::new(hand)));
        }
    }

    fn tell(&mut self, name: &str, verb: u16, arg: u64) {
        self.hand(name, self.broker);
        let index = TELL.iter().position(|known| *known == verb).expect("a verb") as u16;
        // After everything that is due: each step sees what the one before has done.
        self.pass(MILLISECOND);
        self.simulation.control(self.hands[name], Control::new(OWN + index, arg));
        self.pass(MILLISECOND);
    }

    fn pass(&mut self, span: u64) {
        let now = self.simulation.now();
        self.simulation.run_until(now + span);
    }

    fn gauge(&self, metric: &str) -> u64 {
        match self.simulation.readings(self.broker, false).get(metric) {
            Some(Reading::Gauge(value)) => *value as u64,
            other => panic!("{metric}: {other:?}"),
        }
    }

    /// Does a step and tells what was seen, in the words of the scripts.
    pub fn step(&mut self, words: &[&str]) -> String {
        let number = |at: usize| words[at].parse::<u64>().expect("a number");
        let mut said = String::new();
        match words[0] {
            "publish" | "add" => {
                for word in &words[1..] {
                    // What stands behind the @ is how long it lives; ours draws that.
                    let name = word.split('@').next().expect("a message").parse::<u64>().expect("a number");
                    self.added = name;
                    self.tell("producer", PUBLISH, name);
                }
            }
            "consume" if words[2] == "auto" => self.tell(words[1], SUBSCRIBE, AUTOMATIC),
            "consume" => self.tell(words[1], SUBSCRIBE, number(2)),
            "cancel" => self.tell(words[1], CANCEL, 0),
            "ack" if self.is_stream() => self.tell(words[1], SETTLE, number(2)),
            "ack" => self.tell(words[1], DELIVER, number(2)),
            "nack" => self.tell(words[1], DELIVER + 1000, number(2)),
            "read" => self.tell(words[1], FETCH, number(2)),
            "claim" => self.tell(words[1], CLAIM, number(2) << 32 | number(3)),
            "die" => {
                let node = self.hands[words[1]];
                self.simulation.control(node, Control::new(Control::CRASH_PROCESS, 0));
                self.pass(MILLISECOND);
                self.simulation.control(node, Control::new(Control::RECOVER, 0));
            }
            "restart" => {
                self.simulation.control(self.broker, Control::new(Control::CRASH_PROCESS, 0));
                self.pass(MILLISECOND);
                self.simulation.control(self.broker, Control::new(Control::RECOVER, 0));
            }
            "owners" => said = self.owners(),
            "sleep" => self.pass(number(1) * MILLISECOND),
            "count" => said = format!("ready {}", self.gauge("lag")),
            "pending" => said = format!("pending {}", self.gauge("in_flight")),
            "length" => said = format!("length {}", self.gauge("items")),
            other => panic!("nobody knows how to {other}"),
        }
        self.pass(100 * MILLISECOND);
        self.simulation.check_conservation().expect("nothing vanishes");
        self.note_owners(words);
        [said, self.look()].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// What this step has changed in whose the messages are. A claim drops what has been trimmed (XAUTOCLAIM since Redis 7).
    fn note_owners(&mut self, words: &[&str]) {
        if words[0] == "ack" {
            self.owners.remove(&words[2].parse().expect("a number"));
        }
        if words[0] == "claim" && self.is_stream() {
            let oldest = self.added + 1 - self.gauge("items").min(self.added);
            self.owners = self.owners.split_off(&oldest);
        }
        for (who, messages) in &self.seen.lock().unwrap().delivered {
            self.owners.extend(messages.iter().map(|message| (*message, who.clone())));
        }
    }

    /// `owners a:1,2 b:3`; the broker must have as many pending.
    fn owners(&self) -> String {
        assert_eq!(self.gauge("in_flight"), self.owners.len() as u64);
        let mut owned: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (message, who) in &self.owners {
            owned.entry(who).or_default().push(message.to_string());
        }
        let owned = owned.into_iter().map(|(who, messages)| format!(" {who}:{}", messages.join(",")));
        format!("owners{}", owned.collect::<String>())
    }

    fn is_stream(&self) -> bool {
        self.simulation.readings(self.broker, false).get("items").is_some()
    }

    /// `refused 3 a:1,2 b:4`.
    fn look(&mut self) -> String {
        let Seen { delivered, refused } = std::mem::take(&mut *self.seen.lock().unwrap());
        let listed = |messages: Vec<u64>| messages.iter().map(u64::to_string).collect::<Vec<_>>().join(",");
        let refused = (!refused.is_empty()).then(|| format!("refused {}", listed(refused)));
        let delivered = delivered.into_iter().map(|(who, messages)| format!("{who}:{}", listed(messages)));
        refused.into_iter().chain(delivered).collect::<Vec<_>>().join(" ")
    }
}
