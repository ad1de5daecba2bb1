//! The whole of Kafka against a slow, obvious model of it: brokers that die, hang and come back, leaders, who is in sync, what
//! producers are told, what consumers may read, retention, and the group's generations and offsets.

mod model;

use crate::common::{World, poisson, span};
use crate::kafka::topic;
use model::{Published, Settings, Slow};
use proptest::prelude::*;
use scalelab::catalog::Value;
use scalelab::components::queue::kafka::{Fetch, Place, range};
use scalelab::components::queue::polls::unpacked;
use scalelab::components::queue::publisher::partition_of;
use scalelab::components::{Site, kind};
use scalelab::kernel::transit::Instant;
use scalelab::kernel::{Ask, Component, Control, Ctx, NodeId, ParcelId, Reply, SECOND, Simulation, Status};
use scalelab::parts::verbs::{COMMIT, FETCH, HEARTBEAT, JOIN, OFFSET, PUBLISH};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

/// Longer than any time-out of brokers and group (but retention and the member's session), and than the flush.
const REST: u64 = 90 * SECOND + 123_456_789;
/// For an answer. Like the rest no round number, so that nothing happens just when a follower has waited long enough.
const MOMENT: u64 = 1_000_003;
/// Longer than 60 rests.
const SESSION: u64 = 10_000 * SECOND;
/// Longer than four rests, in each of which the controller may be away for 20 s more, and shorter than five and a check.
const RETENTION: u64 = 444 * SECOND;
const RETENTION_CHECK: u64 = 2 * SECOND;
/// Longer than two such rests, and shorter than three.
const SEGMENT_AGE: u64 = 245 * SECOND;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Answered {
    status: Status,
    version: u32,
    bytes: u32,
    redirect: NodeId,
    /// Key and offset of each record.
    records: Vec<(u64, u64)>,
}

/// Asks what it is given to ask, and notes the answers under the numbers of the questions.
#[derive(Clone, Default)]
struct Hand {
    asks: Arc<Mutex<Vec<Ask>>>,
    answers: Arc<Mutex<BTreeMap<u32, Answered>>>,
}

impl Component for Hand {
    fn on_call(&mut self, _call: scalelab::kernel::CallId, _cx: &mut Ctx<'_>) {}
    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        let has_records = reply.verb == FETCH && reply.status == Status::Ok;
        let items = if has_records { cx.parcel(ParcelId(reply.version)).to_vec() } else { Vec::new() };
        let records = items.into_iter().map(unpacked);
        let records = records.map(|(message, receipt)| (message.key, Place::from_key(receipt).offset));
        let Reply { status, version, bytes, redirect, note, .. } = reply;
        let answered = Answered { status, version, bytes, redirect, records: records.collect() };
        self.answers.lock().unwrap().insert(note, answered);
    }
    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        if control.verb == Control::FIRST_OWN {
            let asks = std::mem::take(&mut *self.asks.lock().unwrap());
            for ask in asks {
                cx.ask(ask);
            }
        }
    }
    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}

struct Bench {
    simulation: Simulation,
    brokers: u16,
    hand: Hand,
    /// One node for each question, so that no two share a parcel.
    asked: u32,
    next_key: u64,
}

impl Bench {
    fn new(brokers: usize, partitions: usize, replicas: usize, settings: Settings) -> Self {
        let Settings { acks, min_in_sync, unclean, length } = settings;
        let mut more = vec![
            ("partitions", Value::Whole(partitions as i64)),
            ("min_in_sync", Value::Whole(min_in_sync as i64)),
            ("unclean", Value::Flag(unclean)),
            ("retention", Value::Duration(RETENTION)),
            ("retention_check", Value::Duration(RETENTION_CHECK)),
            ("segment_age", Value::Duration(SEGMENT_AGE)),
            ("session", Value::Duration(SESSION)),
            ("rebalance_timeout", Value::Duration(20 * SECOND)),
        ];
        more.extend(length.map(|most| ("length", Value::Whole(most as i64))));
        let mut queue = topic(brokers as i64, replicas as i64, acks, vec![]);
        queue.retain(|(name, _)| *name != "partitions");
        let mut world = World::default();
        let orders = world.add("queue", "orders", [queue, more].concat());
        // For the checks only: a queue wants consumers, and a world traffic. Neither is built.
        world.add("consumers", "workers", vec![("of", orders.clone()), ("service", span(1.0))]);
        world.add("traffic", "producers", vec![("to", orders), ("rate", poisson(1.0))]);
        let checked = world.check();
        let mut simulation = Simulation::new(1, 0, 0, Box::new(Instant));
        let site = Site { layout: &checked.layout, index: 0 };
        for node in (kind("queue").expect("a kind").build)(&site) {
            simulation.add(node);
        }
        let hand = Hand::default();
        simulation.add(Box::new(hand.clone()));
        simulation.measure_from_now();
        let mut bench = Bench { simulation, brokers: brokers as u16, hand, asked: 0, next_key: 0 };
        bench.pass(REST);
        bench
    }

    fn pass(&mut self, span: u64) {
        let now = self.simulation.now();
        self.simulation.run_until(now + span);
        self.simulation.check_conservation().expect("nothing vanishes");
    }

    fn order(&mut self, broker: usize, verb: u16) {
        self.simulation.control(NodeId(broker as u16), Control::new(verb, 0));
    }

    /// Asks at this very moment; the answer is found under the number returned.
    fn ask(&mut self, to: u16, verb: u16, key: u64, version: u32) -> u32 {
        self.asked += 1;
        let ask = Ask { version, note: self.asked, ..Ask::new(NodeId(to), verb, key) };
        self.hand.asks.lock().unwrap().push(ask);
        self.simulation.control(NodeId(self.brokers + 1), Control::new(Control::FIRST_OWN, 0));
        self.asked
    }

    fn answer(&self, question: u32) -> Option<Answered> {
        self.hand.answers.lock().unwrap().get(&question).cloned()
    }

    fn told(&mut self, to: u16, verb: u16, key: u64, version: u32) -> Answered {
        let question = self.ask(to, verb, key, version);
        self.pass(MOMENT);
        self.answer(question).expect("an answer at once")
    }

    /// A new key of a partition.
    fn key(&mut self, partition: usize, partitions: usize) -> u64 {
        self.next_key += 1;
        while partition_of(self.next_key, partitions as u64) != partition as u64 {
            self.next_key += 1;
        }
        self.next_key
    }
}

#[derive(Clone, Debug)]
enum Step {
    Publish {
        partition: usize,
        broker: usize,
        count: usize,
    },
    Read {
        partition: usize,
        broker: usize,
        offset: u64,
        most: u16,
    },
    Crash {
        broker: usize,
        host: bool,
    },
    Hang(usize),
    Recover(usize),
    /// Dies and is back at once.
    Bounce {
        broker: usize,
        host: bool,
    },
    /// The controller dies; a broker dies meanwhile, and is back before the controller is or not; the controller comes back.
    Uncontrolled {
        broker: usize,
        host: bool,
        returns: bool,
    },
    /// The followers stand still, the leader takes messages in and dies, the followers go on.
    Strand {
        partition: usize,
        count: usize,
        host: bool,
    },
    Age,
    Join(Vec<u32>),
    Leave {
        member: u32,
        others_rejoin: bool,
    },
    Commit {
        partition: usize,
        offset: u64,
        behind: u32,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let (partition, broker) = (0..3usize, 0..3usize);
    prop_oneof![
        6 => (partition.clone(), broker.clone(), 1..6usize)
            .prop_map(|(partition, broker, count)| Step::Publish { partition, broker, count }),
        4 => (partition.clone(), broker.clone(), 0..20u64, 0..9u16)
            .prop_map(|(partition, broker, offset, most)| Step::Read { partition, broker, offset, most }),
        3 => (broker.clone(), any::<bool>()).prop_map(|(broker, host)| Step::Crash { broker, host }),
        1 => broker.clone().prop_map(Step::Hang),
        5 => broker.clone().prop_map(Step::Recover),
        2 => (broker, any::<bool>()).prop_map(|(broker, host)| Step::Bounce { broker, host }),
        2 => (0..3usize, any::<bool>(), any::<bool>())
            .prop_map(|(broker, host, returns)| Step::Uncontrolled { broker, host, returns }),
        4 => (partition.clone(), 1..5usize, any::<bool>())
            .prop_map(|(partition, count, host)| Step::Strand { partition, count, host }),
        1 => Just(Step::Age),
        2 => proptest::collection::vec(1..5u32, 1..4).prop_map(Step::Join),
        1 => (1..5u32, any::<bool>()).prop_map(|(member, others_rejoin)| Step::Leave { member, others_rejoin }),
        2 => (partition, 0..50u64, 0..2u32)
            .prop_map(|(partition, offset, behind)| Step::Commit { partition, offset, behind }),
    ]
}

/// The real one and the model, side by side.
struct Pair {
    bench: Bench,
    slow: Slow,
}

impl Pair {
    fn rest(&mut self) {
        self.bench.pass(REST);
        self.slow.rest();
    }

    fn controller(&self) -> u16 {
        self.bench.brokers
    }

    fn crash(&mut self, broker: usize, host: bool) {
        self.bench.order(broker, if host { Control::CRASH_HOST } else { Control::CRASH_PROCESS });
        self.slow.crash(broker, host);
    }

    fn recover(&mut self, broker: usize) {
        self.bench.order(broker, Control::RECOVER);
        self.slow.up[broker] = true;
    }

    fn assert_published(&self, question: u32, expected: Published) -> Result<(), TestCaseError> {
        let answer = self.bench.answer(question);
        let got = answer.map_or(Published::Waits, |answer| match answer.status {
            Status::Ok => Published::Taken,
            Status::Rejected => Published::Rejected,
            Status::Moved => Published::Moved(usize::from(answer.redirect.0)),
            _ => Published::Failed,
        });
        prop_assert_eq!(got, expected);
        Ok(())
    }

    fn publish(&mut self, partition: usize, broker: usize, count: usize) -> Result<(), TestCaseError> {
        for _ in 0..count {
            let key = self.bench.key(partition, self.slow.partitions.len());
            let question = self.bench.ask(broker as u16, PUBLISH, key, 0);
            self.bench.pass(MOMENT);
            let expected = self.slow.publish(partition, broker, key, true);
            self.assert_published(question, expected)?;
        }
        Ok(())
    }

    /// What a broker says that is asked for records; those before `readable` may be read.
    fn read(
        &mut self,
        partition: usize,
        broker: usize,
        offset: u64,
        most: u16,
        readable: u64,
    ) -> Result<(), TestCaseError> {
        let key = Place::new(partition as u16, offset).to_key();
        let got = self.bench.told(broker as u16, FETCH, key, Fetch { most, wait: 0 }.to_version());
        let own = &self.slow.partitions[partition];
        if own.leader != Some(broker) {
            let knows = own.replicas.contains(&broker) && own.leader.is_some();
            prop_assert_eq!(got.status, if knows { Status::Moved } else { Status::Failed });
            return Ok(());
        }
        let copy = &own.copies[broker];
        if offset < copy.start || offset > copy.end() {
            let expected = (Status::Missing, copy.start as u32, copy.end() as u32);
            prop_assert_eq!((got.status, got.version, got.bytes), expected);
            return Ok(());
        }
        let all = copy.records.iter().map(|record| record.key).zip(copy.start..);
        let wanted = all.filter(|(_, place)| (offset..readable).contains(place)).take(most.into());
        prop_assert_eq!(got.records, wanted.collect::<Vec<_>>());
        Ok(())
    }

    /// What the cluster knows of itself outlives its controller.
    fn uncontrolled(&mut self, broker: usize, host: bool, returns: bool) {
        let controller = usize::from(self.controller());
        self.bench.order(controller, if host { Control::CRASH_HOST } else { Control::CRASH_PROCESS });
        self.bench.pass(MOMENT);
        if self.slow.up[broker] {
            self.crash(broker, host);
            self.bench.pass(20 * SECOND + MOMENT);
            if returns {
                self.recover(broker);
                self.bench.pass(MOMENT);
            }
        }
        self.bench.order(controller, Control::RECOVER);
        self.rest();
    }

    fn strand(&mut self, partition: usize, count: usize, host: bool) -> Result<(), TestCaseError> {
        let own = self.slow.partitions[partition].clone();
        let Some(leader) = own.leader else { return Ok(()) };
        let followers: Vec<usize> = own
            .replicas
            .iter()
            .copied()
            .filter(|broker| *broker != leader && self.slow.up[*broker])
            .collect();
        let readable = own.copies[leader].end();
        followers.iter().for_each(|broker| self.bench.order(*broker, Control::HANG));
        let mut questions = Vec::new();
        for nth in 0..count {
            let key = self.bench.key(partition, self.slow.partitions.len());
            questions.push(self.bench.ask(leader as u16, PUBLISH, key, 0));
            let expected = self.slow.publish(partition, leader, key, followers.is_empty());
            // The answer to the question that each follower had open holds the first one: it is on its way.
            if nth == 0 {
                let own = &mut self.slow.partitions[partition];
                for broker in &followers {
                    own.copies[*broker] = own.copies[*broker].follow(&own.copies[leader]);
                }
            }
            self.bench.pass(u64::from(nth > 0));
            if nth > 0 {
                self.assert_published(questions[nth], expected)?;
            }
        }
        let readable = if followers.is_empty() {
            self.slow.partitions[partition].copies[leader].end()
        } else {
            readable
        };
        let start = self.slow.partitions[partition].copies[leader].start;
        self.read(partition, leader, start, 99, readable)?;
        self.crash(leader, host);
        followers.iter().for_each(|broker| self.bench.order(*broker, Control::RECOVER));
        self.rest();
        Ok(())
    }

    fn join(&mut self, ids: &[u32]) -> Result<(), TestCaseError> {
        // The members of an empty group have a while to gather; else a sharing begins as soon as all that are members have joined.
        let mut gathers = self.slow.members.is_empty();
        let (mut waiting, mut expected) = (BTreeMap::new(), Vec::new());
        for id in ids.iter().collect::<BTreeSet<_>>() {
            let question = self.bench.ask(self.controller(), JOIN, u64::from(*id), 0);
            waiting.insert(*id, question);
            self.slow.members.insert(*id);
            if !gathers && self.slow.members.iter().all(|member| waiting.contains_key(member)) {
                expected.extend(self.shared(std::mem::take(&mut waiting)));
            }
        }
        self.rest();
        gathers &= !waiting.is_empty();
        if gathers || !waiting.is_empty() {
            self.slow.members = waiting.keys().copied().collect();
            expected.extend(self.shared(waiting));
        }
        for (question, generation, place, members) in expected {
            let got = self.bench.answer(question).expect("a share");
            let wanted = (Status::Ok, generation, place as u32 | (members as u32) << 16);
            prop_assert_eq!((got.status, got.version, got.bytes), wanted);
            let share = range(self.slow.partitions.len() as u32, place as u32, members as u32);
            prop_assert_eq!(share.collect::<Vec<_>>(), self.slow.share(place, members));
        }
        Ok(())
    }

    /// All that wait get their shares, in the order of their numbers.
    fn shared(&mut self, waiting: BTreeMap<u32, u32>) -> Vec<(u32, u32, usize, usize)> {
        self.slow.generation += 1;
        let (generation, members) = (self.slow.generation, waiting.len());
        waiting
            .into_values()
            .enumerate()
            .map(|(place, question)| (question, generation, place, members))
            .collect()
    }

    fn leave(&mut self, member: u32, others_rejoin: bool) -> Result<(), TestCaseError> {
        let question = self.bench.ask(self.controller(), JOIN, u64::from(member), 1);
        self.bench.pass(MOMENT);
        prop_assert_eq!(self.bench.answer(question).expect("an answer").status, Status::Ok);
        if !self.slow.members.remove(&member) {
            return Ok(());
        }
        for other in self.slow.members.clone() {
            prop_assert_eq!(self.standing(other), Status::Failed, "join again");
        }
        let others: Vec<u32> = self.slow.members.iter().copied().collect();
        if others_rejoin && !others.is_empty() {
            return self.join(&others);
        }
        self.rest();
        self.slow.generation += 1;
        self.slow.members.clear();
        Ok(())
    }

    fn standing(&mut self, member: u32) -> Status {
        let key = u64::from(member) << 32 | u64::from(self.slow.generation);
        self.bench.told(self.controller(), HEARTBEAT, key, 0).status
    }

    fn commit(&mut self, partition: usize, offset: u64, behind: u32) -> Result<(), TestCaseError> {
        let place = Place::new(partition as u16, offset).to_key();
        let generation = self.slow.generation.wrapping_sub(behind);
        let got = self.bench.told(self.controller(), COMMIT, place, generation);
        if behind == 0 {
            self.slow.partitions[partition].committed = offset;
        }
        prop_assert_eq!(got.status, if behind == 0 { Status::Ok } else { Status::Failed });
        let got = self.bench.told(self.controller(), OFFSET, u64::from(place as u16), 0);
        prop_assert_eq!(u64::from(got.version), self.slow.partitions[partition].committed);
        Ok(())
    }

    fn step(&mut self, step: Step) -> Result<(), TestCaseError> {
        let (brokers, partitions) = (self.slow.up.len(), self.slow.partitions.len());
        let is_up = |broker: &usize| self.slow.up[*broker];
        match step {
            Step::Publish { partition, broker, count } => {
                // Mostly to the leader; now and then to somebody else, who knows the leader or not.
                let partition = partition % partitions;
                let leader = self.slow.partitions[partition].leader.filter(|_| count > 1);
                let broker = leader.unwrap_or(broker % brokers);
                if self.slow.up[broker] {
                    self.publish(partition, broker, count)?
                }
            }
            Step::Read { partition, broker, offset, most } => {
                let (partition, broker) = (partition % partitions, broker % brokers);
                if is_up(&broker) {
                    self.read(partition, broker, offset, most, u64::MAX)?
                }
            }
            Step::Crash { broker, host } if is_up(&(broker % brokers)) => {
                self.crash(broker % brokers, host);
                self.rest();
            }
            Step::Hang(broker) if is_up(&(broker % brokers)) => {
                self.bench.order(broker % brokers, Control::HANG);
                self.slow.up[broker % brokers] = false;
                self.rest();
            }
            Step::Recover(broker) if !is_up(&(broker % brokers)) => {
                self.recover(broker % brokers);
                self.rest();
            }
            Step::Bounce { broker, host } if is_up(&(broker % brokers)) => {
                self.crash(broker % brokers, host);
                self.bench.pass(MOMENT);
                self.recover(broker % brokers);
                self.rest();
            }
            Step::Uncontrolled { broker, host, returns } => {
                self.uncontrolled(broker % brokers, host, returns);
            }
            Step::Strand { partition, count, host } => self.strand(partition % partitions, count, host)?,
            Step::Age => {
                self.bench.pass(2 * SESSION);
                self.slow.age();
            }
            Step::Join(ids) => self.join(&ids)?,
            Step::Leave { member, others_rejoin } => self.leave(member, others_rejoin)?,
            Step::Commit { partition, offset, behind } => {
                self.commit(partition % partitions, offset, behind)?
            }
            _ => {}
        }
        Ok(())
    }

    /// Everything that can be asked is asked.
    fn compare(&mut self) -> Result<(), TestCaseError> {
        for partition in 0..self.slow.partitions.len() {
            for broker in (0..self.slow.up.len()).filter(|broker| self.slow.up[*broker]).collect::<Vec<_>>() {
                let start = self.slow.partitions[partition].copies[broker].start;
                self.read(partition, broker, start, 999, u64::MAX)?;
            }
        }
        for member in 1..5 {
            let expected = if self.slow.members.contains(&member) { Status::Ok } else { Status::Missing };
            prop_assert_eq!(self.standing(member), expected, "member {}", member);
        }
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn kafka_does_what_the_slow_model_does(
        brokers in 1..4usize,
        partitions in 1..4usize,
        replicas in 1..4usize,
        acks in proptest::sample::select(&["0", "1", "all"][..]),
        min_in_sync in 1..3usize,
        unclean: bool,
        length in proptest::option::of(3..12u64),
        steps in proptest::collection::vec(step(), 1..40),
    ) {
        let replicas = replicas.min(brokers);
        let settings = Settings { acks, min_in_sync: min_in_sync.min(replicas), unclean, length };
        let bench = Bench::new(brokers, partitions, replicas, settings);
        let mut pair = Pair { bench, slow: Slow::new(brokers, partitions, replicas, settings) };
        for step in steps {
            pair.step(step)?;
            pair.compare()?;
        }
        for broker in (0..brokers).filter(|broker| !pair.slow.up[*broker]).collect::<Vec<_>>() {
            pair.recover(broker);
            pair.rest();
        }
        pair.compare()?;
        if !pair.slow.acknowledged.is_empty() {
            let counts = crate::world::messages(&pair.bench.simulation);
            prop_assert_eq!(counts.published_count as usize, pair.slow.acknowledged.len());
            prop_assert_eq!(counts.lost_count as usize, pair.slow.lost());
        }
    }
}

/// What a leader has taken in where the next one's log does not reach back to: its own was written there before, and is deleted.
#[test]
fn a_message_before_the_start_of_the_next_leaders_log_is_lost() {
    let settings = Settings { acks: "0", min_in_sync: 1, unclean: true, length: None };
    let mut pair = Pair { bench: Bench::new(2, 1, 2, settings), slow: Slow::new(2, 1, 2, settings) };
    let steps = [
        Step::Hang(1),
        Step::Publish { partition: 0, broker: 0, count: 1 },
        Step::Hang(0),
        Step::Recover(1),
        Step::Strand { partition: 0, count: 1, host: false },
        Step::Age,
        Step::Recover(0),
        Step::Recover(1),
    ];
    for step in steps {
        pair.step(step).unwrap();
        pair.compare().unwrap();
    }
    let counts = crate::world::messages(&pair.bench.simulation);
    assert_eq!((counts.published_count, counts.lost_count), (2, 2));
}
