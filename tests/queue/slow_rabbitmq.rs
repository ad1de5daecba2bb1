//! A RabbitMQ broker under any script, against sets of numbers: what is ready, and what each consumer has.

use crate::common::text;
use crate::hands::Bench;
use proptest::prelude::*;
use scalelab::catalog::Value;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
struct Consumer {
    prefetch: usize,
    held: BTreeSet<u64>,
}

/// Messages are numbered as they are published: a message's number is its position.
#[derive(Default)]
struct Model {
    durable: bool,
    ready: BTreeSet<u64>,
    consumers: BTreeMap<String, Consumer>,
    /// Those that are not lost.
    published: u64,
    lost: u64,
    acknowledged: u64,
}

impl Model {
    fn room(&self) -> usize {
        let room = |consumer: &Consumer| match consumer.prefetch {
            0 => usize::MAX / 8,
            prefetch => prefetch - consumer.held.len(),
        };
        self.consumers.values().map(room).sum()
    }

    /// What must be handed out now: the oldest that are ready, as many as there is room for. Who gets which is free; nobody gets too
    /// many, and everybody gets his in order.
    fn follow(&mut self, seen: &str) -> Result<(), TestCaseError> {
        let expected: BTreeSet<u64> = self.ready.iter().copied().take(self.room()).collect();
        let mut delivered = BTreeSet::new();
        for part in seen.split_whitespace() {
            let (who, messages) = part.split_once(':').expect("who:messages");
            let messages: Vec<u64> = messages.split(',').map(|n| n.parse().expect("a number")).collect();
            prop_assert!(messages.is_sorted(), "{}", seen);
            let consumer = self.consumers.get_mut(who).expect("one who is there");
            consumer.held.extend(&messages);
            prop_assert!(consumer.prefetch == 0 || consumer.held.len() <= consumer.prefetch, "{}", seen);
            delivered.extend(messages);
        }
        prop_assert_eq!(&delivered, &expected);
        self.ready.retain(|message| !delivered.contains(message));
        let held: usize = self.consumers.values().map(|consumer| consumer.held.len()).sum();
        prop_assert_eq!((self.ready.len() + held) as u64 + self.acknowledged, self.published);
        Ok(())
    }

    /// A step that makes sense now, in words; `None` if there is nothing to do it to.
    fn step(&mut self, what: u8, who: &str, number: usize) -> Option<Vec<String>> {
        let mut words = vec![who.to_string()];
        let held = self.consumers.get(who).filter(|consumer| !consumer.held.is_empty());
        let one = held.map(|consumer| *consumer.held.iter().nth(number % consumer.held.len()).expect("held"));
        match what {
            0..=2 => {
                let before = self.published + self.lost;
                let fresh: Vec<u64> = (before + 1..=before + number as u64 + 1).collect();
                self.published += fresh.len() as u64;
                self.ready.extend(&fresh);
                words = ["publish".to_string()].into_iter().chain(fresh.iter().map(u64::to_string)).collect();
                return Some(words);
            }
            3 if !self.consumers.contains_key(who) => {
                self.consumers.insert(who.into(), Consumer { prefetch: number, held: BTreeSet::new() });
                words = vec!["consume".into(), who.into(), number.to_string()];
            }
            4 | 5 => {
                self.consumers.get_mut(who)?.held.remove(&one?);
                self.acknowledged += 1;
                words = vec!["ack".into(), who.into(), one?.to_string()];
            }
            6 => {
                self.consumers.get_mut(who)?.held.remove(&one?);
                self.ready.insert(one?);
                words = vec!["nack".into(), who.into(), one?.to_string()];
            }
            // With something in hand: its calls break, and the broker knows at once.
            7 if held.is_some() => {
                let gone = self.consumers.remove(who)?;
                self.ready.extend(gone.held);
                words.insert(0, "die".into());
            }
            // All hands are empty, and what was in them waits again, unless it was in memory only.
            8 if number == 0 => {
                let held = std::mem::take(&mut self.consumers).into_values().flat_map(|gone| gone.held);
                self.ready.extend(held);
                if !self.durable {
                    self.published -= self.ready.len() as u64;
                    self.lost += self.ready.len() as u64;
                    self.ready.clear();
                }
                words = vec!["restart".into()];
            }
            _ => return None,
        }
        Some(words)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// One message at a time is published, so that each step hands out at most once.
    #[test]
    fn it_does_what_the_obvious_model_does(
        durable: bool,
        steps in proptest::collection::vec((0..9u8, 0..3usize, 0..5usize), 1..80),
    ) {
        let mut bench = Bench::new(vec![("kind", text("rabbitmq")), ("durable", Value::Flag(durable))], false);
        let mut model = Model { durable, ..Model::default() };
        for (what, who, number) in steps {
            let number = if what <= 2 { 0 } else { number };
            let Some(words) = model.step(what, ["a", "b", "c"][who], number) else { continue };
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            model.follow(&bench.step(&words))?;
        }
    }
}
