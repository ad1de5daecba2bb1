//! Kafka, slow and obvious: every copy of every partition a list, everybody who leads or is in sync a set, and nothing that takes
//! time. It is true whenever all has come to rest; what is in hand when somebody dies is spelt out by the stories that kill.

use std::collections::BTreeSet;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record {
    pub key: u64,
    /// The rest in which it was written: the older ones have long been flushed.
    written: u64,
    /// How many had led before whoever took it in.
    epoch: u64,
}

/// One broker's copy of a partition.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Copy {
    pub start: u64,
    pub records: Vec<Record>,
    /// Of each record, in which rest the segment was begun in which it stands: they are deleted together.
    begun: Vec<u64>,
}

/// A record begins a new segment if the last one was begun so many rests before.
const SEGMENT_AGE: u64 = 3;
/// What was written so many rests ago is beyond its retention when the next rest is over.
const RETENTION: u64 = 4;

impl Copy {
    pub fn end(&self) -> u64 {
        self.start + self.records.len() as u64
    }
    /// The record at an offset.
    fn at(&self, offset: u64) -> Option<Record> {
        self.records.get(offset.checked_sub(self.start)? as usize).copied()
    }
    /// What this copy is once its broker has followed a leader: the same records, but for those that it has itself deleted.
    pub fn follow(&self, leader: &Copy) -> Copy {
        let agreed = self.agreed(leader);
        let mut own = self.clone();
        own.truncate(agreed);
        if own.records.is_empty() || agreed <= leader.start {
            own = Copy { start: leader.start.max(self.start.min(agreed)), ..Copy::default() };
        }
        own.keep_last(own.end().saturating_sub(leader.start));
        for record in &leader.records[(own.end() - leader.start) as usize..] {
            own.push(*record);
        }
        own
    }
    fn push(&mut self, record: Record) {
        let last = self.begun.last().filter(|begun| record.written < **begun + SEGMENT_AGE);
        self.begun.push(*last.unwrap_or(&record.written));
        self.records.push(record);
    }
    fn truncate(&mut self, end: u64) {
        let left = end.saturating_sub(self.start) as usize;
        self.records.truncate(left);
        self.begun.truncate(left);
    }
    /// Deletes the oldest segments whose last record was written before; their keys.
    fn expire(&mut self, before: u64) -> Vec<u64> {
        let last_of =
            |begun: u64| self.begun.iter().rposition(|other| *other == begun).expect("one stands in it");
        let old = |begun: &u64| self.records[last_of(*begun)].written < before;
        let gone = self.begun.iter().take_while(|begun| old(begun)).count();
        self.keep_last((self.records.len() - gone) as u64)
    }
    /// Up to where it may have what a leader has. As long as its last record is not the leader's, it strikes out what the leader has nothing of
    /// in its epoch or an older one, and what is of newer epochs than what is left there (KIP-101, KIP-279).
    fn agreed(&self, leader: &Copy) -> u64 {
        let mut own = self.clone();
        while let Some(last) = own.records.last().filter(|_| own.end() > leader.start) {
            if leader.at(own.end() - 1).is_some_and(|record| record.key == last.key) {
                return own.end();
            }
            let known: Vec<&Record> =
                leader.records.iter().filter(|record| record.epoch <= last.epoch).collect();
            let end = leader.start + known.len() as u64;
            if end < own.start {
                return end;
            }
            let epoch = known.last().map_or(0, |record| record.epoch);
            own.records.truncate((end - own.start) as usize);
            own.records.retain(|record| !known.is_empty() && record.epoch <= epoch);
        }
        own.end().min(leader.end())
    }
    /// Deletes the oldest; their keys.
    fn keep_last(&mut self, most: u64) -> Vec<u64> {
        let gone = self.records.len().saturating_sub(most as usize);
        self.start += gone as u64;
        self.begun.drain(..gone);
        self.records.drain(..gone).map(|record| record.key).collect()
    }
}

#[derive(Clone, Debug)]
pub struct Partition {
    pub replicas: Vec<usize>,
    pub leader: Option<usize>,
    pub in_sync: BTreeSet<usize>,
    pub copies: Vec<Copy>,
    pub committed: u64,
    /// Leaders so far.
    epoch: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Published {
    Taken,
    /// It is in the leader's log, and its producer waits.
    Waits,
    Rejected,
    Moved(usize),
    Failed,
}

#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub acks: &'static str,
    pub min_in_sync: usize,
    pub unclean: bool,
    pub length: Option<u64>,
}

#[derive(Clone, Debug)]
pub struct Slow {
    settings: Settings,
    pub partitions: Vec<Partition>,
    pub up: Vec<bool>,
    /// Begun anew after a crash, and the controller does not know yet.
    fresh: Vec<bool>,
    /// What the controller takes them for.
    alive: Vec<bool>,
    /// Those that have passed.
    rests: u64,
    pub acknowledged: Vec<(usize, u64)>,
    /// A leader has deleted them or never had them: lost, even if somebody who has them leads later.
    deleted: BTreeSet<u64>,
    pub generation: u32,
    pub members: BTreeSet<u32>,
}

impl Slow {
    pub fn new(brokers: usize, partitions: usize, replicas: usize, settings: Settings) -> Self {
        let partition = |number: usize| {
            let replicas: Vec<usize> = (0..replicas).map(|n| (number + n) % brokers).collect();
            Partition {
                leader: Some(replicas[0]),
                in_sync: replicas.iter().copied().collect(),
                copies: vec![Copy::default(); brokers],
                replicas,
                committed: 0,
                epoch: 0,
            }
        };
        Slow {
            settings,
            partitions: (0..partitions).map(partition).collect(),
            up: vec![true; brokers],
            fresh: vec![false; brokers],
            alive: vec![true; brokers],
            rests: 0,
            acknowledged: Vec::new(),
            deleted: BTreeSet::new(),
            generation: 0,
            members: BTreeSet::new(),
        }
    }

    /// A message of a partition comes to a broker that is up. `copied`: whoever is in sync has it at once.
    pub fn publish(&mut self, partition: usize, broker: usize, key: u64, copied: bool) -> Published {
        let Settings { acks, min_in_sync, length, .. } = self.settings;
        let written = self.rests;
        let own = &mut self.partitions[partition];
        if own.leader != Some(broker) {
            let knows = own.replicas.contains(&broker);
            return own.leader.filter(|_| knows).map_or(Published::Failed, Published::Moved);
        }
        if acks == "all" && own.in_sync.len() < min_in_sync {
            return Published::Rejected;
        }
        let all = own.in_sync.clone();
        let holders = if copied { all.clone() } else { BTreeSet::from([broker]) };
        for holder in &holders {
            let copy = &mut own.copies[*holder];
            copy.push(Record { key, written, epoch: own.epoch });
            self.deleted.extend(copy.keep_last(length.unwrap_or(u64::MAX)));
        }
        if acks == "all" && holders != all {
            return Published::Waits;
        }
        self.acknowledged.push((partition, key));
        Published::Taken
    }

    /// A broker dies; with its host goes what was not flushed.
    pub fn crash(&mut self, broker: usize, host: bool) {
        (self.up[broker], self.fresh[broker]) = (false, true);
        for copy in self.partitions.iter_mut().map(|own| &mut own.copies[broker]).filter(|_| host) {
            copy.truncate(
                copy.start + copy.records.iter().filter(|record| record.written < self.rests).count() as u64,
            );
        }
    }

    /// The controller takes a broker for dead: in sync with nobody, unless it is the last that was, and leader of nothing.
    fn fence(&mut self, broker: usize) {
        self.alive[broker] = false;
        for number in 0..self.partitions.len() {
            let own = &mut self.partitions[number];
            if own.in_sync != BTreeSet::from([broker]) {
                own.in_sync.remove(&broker);
            }
            if own.leader == Some(broker) {
                own.leader = None;
                self.elect(number);
            }
        }
    }

    fn elect(&mut self, number: usize) {
        let own = &mut self.partitions[number];
        let alive = own.replicas.iter().copied().filter(|broker| self.alive[*broker]);
        let alive: Vec<usize> = alive.collect();
        own.leader = alive.iter().copied().find(|broker| own.in_sync.contains(broker));
        if own.leader.is_none() && self.settings.unclean && !alive.is_empty() {
            own.leader = Some(alive[0]);
            own.in_sync = BTreeSet::from([alive[0]]);
        }
        let Some(leader) = own.leader else { return };
        own.epoch += 1;
        let all = self.acknowledged.iter().filter(|(partition, _)| *partition == number).map(|(_, key)| *key);
        let has = |key: &u64| own.copies[leader].records.iter().any(|record| record.key == *key);
        self.deleted.extend(all.filter(|key| !has(key)));
    }

    /// So much time passes that everybody knows everything and has copied what there is.
    pub fn rest(&mut self) {
        for broker in 0..self.up.len() {
            if !self.up[broker] && self.alive[broker] {
                self.fence(broker);
            }
        }
        for broker in 0..self.up.len() {
            if self.up[broker] && (self.fresh[broker] || !self.alive[broker]) {
                self.fence(broker);
                (self.alive[broker], self.fresh[broker]) = (true, false);
                for number in 0..self.partitions.len() {
                    let own = &self.partitions[number];
                    if own.leader.is_none() && own.replicas.contains(&broker) {
                        self.elect(number);
                    }
                }
            }
        }
        for own in &mut self.partitions {
            let Some(leader) = own.leader else { continue };
            let before = (self.rests + 1).saturating_sub(RETENTION);
            self.deleted.extend(own.copies[leader].expire(before));
            for follower in own.replicas.iter().filter(|broker| self.up[**broker]) {
                own.copies[*follower] = own.copies[*follower].follow(&own.copies[leader]);
                own.in_sync.insert(*follower);
            }
        }
        self.rests += 1;
    }

    /// So much time passes that all that is written now is beyond its retention, and nobody in the group has been heard of.
    pub fn age(&mut self) {
        self.rests += RETENTION;
        self.generation += u32::from(!self.members.is_empty());
        self.members.clear();
        self.rest();
    }

    /// Acknowledged, and missing in the log of a leader since.
    pub fn lost(&self) -> usize {
        self.acknowledged.iter().filter(|(_, key)| self.deleted.contains(key)).count()
    }

    /// The partitions of the member at this place: dealt out in neighbours, the first ones one more if it does not divide evenly.
    pub fn share(&self, place: usize, members: usize) -> Vec<u32> {
        let owner = |partition: usize| {
            let (each, more) = (self.partitions.len() / members, self.partitions.len() % members);
            let with_more = more * (each + 1);
            if partition < with_more { partition / (each + 1) } else { more + (partition - with_more) / each }
        };
        (0..self.partitions.len())
            .filter(|partition| owner(*partition) == place)
            .map(|it| it as u32)
            .collect()
    }
}
