//! Each policy against a slow model that searches a list.

use proptest::prelude::*;
use scalelab::components::cache::eviction::{POLICIES, by_name};
use scalelab::components::cache::shelf::{Item, Shelf, ShelfCounts, ShelfPlan};
use scalelab::kernel::NEVER;

/// An item and all that any policy may want to know of it.
#[derive(Clone, Debug)]
struct Kept {
    item: Item,
    inserted: u64,
    used: u64,
    count: u64,
}

#[derive(Clone, Debug)]
struct Model {
    policy: &'static str,
    plan: ShelfPlan,
    kept: Vec<Kept>,
    /// Counts what happens, to order it.
    step: u64,
    counts: ShelfCounts,
}

impl Model {
    fn new(policy: &'static str, plan: ShelfPlan) -> Self {
        Model { policy, plan, kept: Vec::new(), step: 0, counts: ShelfCounts::default() }
    }

    fn position(&self, key: u64) -> Option<usize> {
        self.kept.iter().position(|kept| kept.item.key == key)
    }

    fn bytes(&self) -> u64 {
        self.kept.iter().map(|kept| u64::from(kept.item.bytes)).sum()
    }

    fn get(&mut self, key: u64, now: u64) -> Option<Item> {
        let at = self.position(key);
        match at {
            Some(at) if self.kept[at].item.expires > now => {
                self.counts.hits += 1;
                self.touch(at);
                Some(self.kept[at].item)
            }
            Some(at) => {
                self.counts.misses += 1;
                self.counts.expired += 1;
                self.kept.remove(at);
                None
            }
            None => {
                self.counts.misses += 1;
                None
            }
        }
    }

    fn touch(&mut self, at: usize) {
        self.step += 1;
        self.kept[at].used = self.step;
        self.kept[at].count += 1;
    }

    /// What does not fit at all leaves nothing; data that grows moves to a new place; anything else is a use.
    fn put(&mut self, item: Item, now: u64) {
        let at = self.position(item.key);
        if self.plan.bytes.is_some_and(|most| u64::from(item.bytes) > most) {
            self.counts.too_large += 1;
            at.map(|at| self.kept.remove(at));
            return;
        }
        match at {
            Some(at) if self.kept[at].item.expires <= now => {
                self.counts.expired += 1;
                self.counts.insertions += 1;
                self.kept.remove(at);
                self.insert(item, now);
            }
            Some(at) if item.bytes > self.kept[at].item.bytes => {
                self.kept.remove(at);
                self.insert(item, now);
            }
            Some(at) => {
                self.kept[at].item = item;
                self.touch(at);
            }
            None => {
                self.counts.insertions += 1;
                self.insert(item, now);
            }
        }
    }

    fn insert(&mut self, item: Item, now: u64) {
        let fits = |model: &Model| {
            let items = model.plan.items.is_none_or(|most| (model.kept.len() as u64) < most);
            items && model.plan.bytes.is_none_or(|most| model.bytes() + u64::from(item.bytes) <= most)
        };
        while !fits(self) {
            let order = |kept: &Kept| match self.policy {
                "lru" => (0, kept.used),
                "fifo" => (0, kept.inserted),
                "lfu" => (kept.count, kept.used),
                other => panic!("no model of {other}"),
            };
            let victim = (0..self.kept.len()).min_by_key(|at| order(&self.kept[*at])).expect("an item");
            let fresh = self.kept.remove(victim).item.expires > now;
            self.counts.evictions += u64::from(fresh);
            self.counts.evicted_expired += u64::from(!fresh);
        }
        self.step += 1;
        self.kept.push(Kept { item, inserted: self.step, used: self.step, count: 1 });
    }
}

#[derive(Clone, Debug)]
enum Act {
    Get(u64),
    Put { key: u64, bytes: u32, life: Option<u64> },
    Delete(u64),
    Wait(u64),
    Clear,
    Fork,
}

fn act() -> impl Strategy<Value = Act> {
    let key = 0..24u64;
    prop_oneof![
        8 => key.clone().prop_map(Act::Get),
        8 => (key.clone(), 0..40u32, proptest::option::of(1..60u64))
            .prop_map(|(key, bytes, life)| Act::Put { key, bytes, life }),
        2 => key.prop_map(Act::Delete),
        2 => (1..30u64).prop_map(Act::Wait),
        1 => prop_oneof![30 => Just(Act::Fork), 1 => Just(Act::Clear)],
    ]
}

fn plan() -> impl Strategy<Value = ShelfPlan> {
    let items = proptest::option::of(1..10u64);
    let bytes = proptest::option::of(1..120u64);
    (items, bytes, proptest::option::of(1..24u64)).prop_map(|(items, bytes, keys)| ShelfPlan {
        items,
        bytes,
        keys,
    })
}

fn follow(policy: &'static str, plan: ShelfPlan, acts: &[Act]) {
    let mut shelf: Box<dyn Shelf> = by_name(policy, &plan).expect("a policy");
    let mut model = Model::new(policy, plan);
    let mut now = 0;
    for act in acts {
        match *act {
            Act::Get(key) => assert_eq!(shelf.get(key, now), model.get(key, now)),
            Act::Put { key, bytes, life } => {
                let expires = life.map_or(NEVER, |life| now + life);
                let item = Item { key, version: now as u32, bytes, expires };
                shelf.put(item, now);
                model.put(item, now);
            }
            Act::Delete(key) => {
                let at = model.position(key);
                at.map(|at| model.kept.remove(at));
                assert_eq!(shelf.delete(key), at.is_some());
            }
            Act::Wait(span) => now += span,
            Act::Clear => {
                shelf.clear();
                model.kept.clear();
            }
            Act::Fork => {
                let copy = shelf.fork();
                shelf.clear();
                shelf = copy;
            }
        }
        assert_eq!((shelf.len(), shelf.bytes()), (model.kept.len() as u64, model.bytes()), "after {act:?}");
        assert_eq!(shelf.counts(), model.counts, "after {act:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn every_policy_follows_its_model(plan in plan(), acts in proptest::collection::vec(act(), 1..200)) {
        for policy in POLICIES {
            follow(policy.name, plan, &acts);
        }
    }
}
