//! What several nodes answer together, each with its portion of the rows: the obvious evaluation of the whole.

use super::schema::small;
use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

const QUESTIONS: [Question; 4] = [Question::Point, Question::Aggregate, Question::Columns, Question::Join];
const KEYS: u64 = 90;

/// Something that happens to a row.
#[derive(Clone, Copy, Debug)]
enum Step {
    Write(u64),
    /// It goes to another node.
    Move(u64, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (any::<bool>(), 0..KEYS, 0..8usize);
    let step = step.prop_map(|(writes, key, to)| if writes { Step::Write(key) } else { Step::Move(key, to) });
    prop::collection::vec(step, 0..60)
}

/// Rows on several nodes, and on a single one.
struct World {
    schema: Schema,
    nodes: Vec<Box<dyn Model>>,
    whole: Box<dyn Model>,
    homes: Vec<usize>,
    there: BTreeSet<u64>,
}

impl World {
    fn new(model: usize, schema: Schema, nodes: usize) -> Self {
        let build =
            |portion: Portion<'_>| build(model, &schema, portion, needs(&QUESTIONS), Switches::default());
        let homes: Vec<usize> = (0..KEYS).map(|key| (key * 7 + 3) as usize % nodes).collect();
        let node = |node| {
            let has = |id: u64| homes[id as usize] == node;
            build(Portion::of(&has))
        };
        World {
            schema,
            nodes: (0..nodes).map(node).collect(),
            whole: build(Portion::ALL),
            there: (0..schema.rows).collect(),
            homes,
        }
    }

    fn carry_out(&mut self, step: Step) {
        match step {
            Step::Write(key) => {
                self.nodes[self.homes[key as usize]].write(key, &mut Work::default());
                self.whole.write(key, &mut Work::default());
                self.there.insert(key);
            }
            Step::Move(key, to) if self.there.contains(&key) => {
                let to = to % self.nodes.len();
                let from = std::mem::replace(&mut self.homes[key as usize], to);
                if from != to {
                    self.nodes[to].write(key, &mut Work::default());
                    self.nodes[from].remove(key);
                }
            }
            Step::Move(..) => {}
        }
    }

    /// What the nodes answer together: each for its rows.
    fn together(&self, question: Question, key: u64) -> (u64, u64) {
        let found = self.nodes.iter().map(|node| node.ask(question, key, &|_| 0, &mut Work::default()));
        found.fold((0, 0), |sum, found| (sum.0 + found.rows, sum.1 + found.sum))
    }

    fn alone(&self, question: Question, key: u64) -> (u64, u64) {
        let found = self.whole.ask(question, key, &|_| 0, &mut Work::default());
        (found.rows, found.sum)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Whatever was written and moved, rows lie on one node each, and the nodes' answers make the answer of one. (The rows of a
    /// scan are cut to the number wanted where answers meet: here nothing is cut.)
    #[test]
    fn several_nodes_answer_as_one_does(rows in 1..70u64, nodes in 1..6usize, steps in steps(), keys in prop::collection::vec(0..KEYS, 1..8)) {
        let schema = Schema { scan: KEYS, ..small(rows) };
        for (model, policy) in MODELS.iter().enumerate() {
            let mut world = World::new(model, schema, nodes);
            steps.iter().for_each(|step| world.carry_out(*step));
            let stored: Vec<u64> = world.nodes.iter().map(|node| node.stored()).collect();
            let homes = |node| world.there.iter().filter(|key| world.homes[**key as usize] == node).count() as u64;
            prop_assert_eq!(stored, (0..nodes).map(homes).collect::<Vec<_>>(), "{}", policy.name);
            for question in QUESTIONS.into_iter().filter(|question| answers(model, *question)) {
                for key in &keys {
                    let (together, alone) = (world.together(question, *key), world.alone(question, *key));
                    prop_assert_eq!(together, alone, "{} {:?} {}", policy.name, question, key);
                }
            }
            prop_assert_eq!(world.schema.rows, rows);
        }
    }

    /// A node with a portion counts what a node counts that was built for these rows alone: places are given in the order of ids.
    #[test]
    fn a_row_costs_what_it_costs_among_so_many_rows(rows in 2..70u64, key in 0..35u64) {
        let half = |id: u64| id % 2 == 1;
        let (schema, smaller) = (small(rows), small(rows / 2));
        prop_assume!(key < smaller.rows);
        for model in 0..MODELS.len().min(3) {
            let portion = build(model, &schema, Portion::of(&half), needs(&[]), Switches::default());
            let alone = build(model, &smaller, Portion::ALL, needs(&[]), Switches::default());
            let (mut a, mut b) = (Work::default(), Work::default());
            portion.ask(Question::Point, 2 * key + 1, &|_| 0, &mut a);
            alone.ask(Question::Point, key, &|_| 0, &mut b);
            prop_assert_eq!((a.rows, a.bytes, a.pages()), (b.rows, b.bytes, b.pages()));
        }
    }
}
