//! Each policy against a slow model that searches lists; those that draw at random against what must hold whatever they draw.

#[path = "slow.rs"]
mod slow;

use proptest::prelude::*;
use scalelab::components::cache::eviction::{POLICIES, Plan, by_name};
use scalelab::components::cache::shelf::{Item, Put, Shelf, ShelfCounts, ShelfPlan, Sweep};
use scalelab::kernel::NEVER;
use scalelab::random::Stream;
use slow::Slow;

/// A shelf as its documentation says it: a list of items, bounds, an order of eviction.
#[derive(Clone, Debug)]
struct Model {
    plan: ShelfPlan,
    weigh: Plan,
    items: Vec<Item>,
    /// `None` for a policy that draws at random.
    order: Option<Slow>,
    evicts: bool,
    counts: ShelfCounts,
}

impl Model {
    fn new(policy: &str, plan: ShelfPlan) -> Self {
        let weigh = Plan::new(&plan);
        let order = Slow::of(policy, weigh.capacity, plan.items);
        let counts = ShelfCounts::default();
        Model { plan, weigh, items: Vec::new(), order, evicts: policy != "none", counts }
    }

    fn position(&self, key: u64) -> Option<usize> {
        self.items.iter().position(|item| item.key == key)
    }

    fn bytes(&self) -> u64 {
        self.items.iter().map(|item| self.size(item.bytes)).sum()
    }

    fn size(&self, bytes: u32) -> u64 {
        u64::from(bytes) + u64::from(self.plan.overhead)
    }

    fn fits(&self, items: u64, bytes: u64) -> bool {
        let few = self.plan.items.is_none_or(|most| self.items.len() as u64 + items <= most);
        few && self.plan.bytes.is_none_or(|most| self.bytes() + bytes <= most)
    }

    fn remove(&mut self, at: usize) {
        let item = self.items.remove(at);
        if let Some(order) = &mut self.order {
            order.remove(item.key);
        }
    }

    fn delete(&mut self, key: u64) -> bool {
        let at = self.position(key);
        at.map(|at| self.remove(at)).is_some()
    }

    fn hit(&mut self, key: u64) {
        if let Some(order) = &mut self.order {
            order.hit(key);
        }
    }

    fn get(&mut self, key: u64, now: u64) -> Option<Item> {
        let found = self.position(key);
        let fresh = found.filter(|at| self.items[*at].expires > now);
        match (found, fresh) {
            (_, Some(at)) => {
                self.counts.hits += 1;
                self.hit(key);
                return Some(self.items[at]);
            }
            (Some(at), None) => {
                self.counts.expired += 1;
                self.remove(at);
            }
            (None, None) => {}
        }
        self.counts.misses += 1;
        None
    }

    /// What does not fit at all leaves nothing; new data under a key that is there is a use, for which others make room.
    fn put(&mut self, item: Item, now: u64, shelf: &mut dyn Shelf) -> Put {
        if self.plan.bytes.is_some_and(|most| self.size(item.bytes) > most) {
            self.counts.too_large += 1;
            self.delete(item.key);
            return Put::TooLarge;
        }
        if let Some(at) = self.position(item.key).filter(|at| self.items[*at].expires <= now) {
            self.counts.expired += 1;
            self.remove(at);
        }
        let old = self.position(item.key).map(|at| self.items[at]);
        let more = self.size(item.bytes).saturating_sub(old.map_or(0, |old| self.size(old.bytes)));
        if !self.evicts && !self.fits(u64::from(old.is_none()), more) {
            self.counts.refused += 1;
            return Put::Refused;
        }
        match old {
            Some(old) if item.bytes <= old.bytes => self.overwrite(item),
            Some(old) => self.grow(old, item, now, shelf),
            None => {
                self.counts.insertions += 1;
                self.insert(item, now, shelf);
            }
        }
        Put::Kept
    }

    /// The drawn items are the shelf's own choice; what went was too old, and the rest is untouched.
    fn follow_sweep(&mut self, sweep: Sweep, most: u32, now: u64, shelf: &dyn Shelf) {
        let gone: Vec<Item> =
            self.items.iter().copied().filter(|item| shelf.peek(item.key).is_none()).collect();
        assert!(gone.iter().all(|item| item.expires <= now), "a fresh item was swept");
        assert_eq!(gone.len(), sweep.expired as usize);
        assert!(sweep.expired <= sweep.looked && sweep.looked <= most);
        gone.iter().for_each(|item| assert!(self.delete(item.key)));
        self.counts.swept += gone.len() as u64;
    }

    fn overwrite(&mut self, item: Item) {
        let at = self.position(item.key).expect("it is there");
        self.items[at] = item;
        if let Some(order) = &mut self.order {
            order.weigh(item.key, self.weigh.weight(item.bytes));
        }
        self.hit(item.key);
    }

    /// Its turn may come before there is room: then it leaves as others do, and comes in anew.
    fn grow(&mut self, old: Item, item: Item, now: u64, shelf: &mut dyn Shelf) {
        let at = self.position(item.key).expect("it is there");
        let Some(order) = &mut self.order else {
            self.items.remove(at);
            return self.insert(item, now, shelf);
        };
        let weights = [old, item].map(|item| self.weigh.weight(item.bytes));
        order.hit(item.key);
        order.grows(weights[1] - weights[0]);
        while !self.fits(0, u64::from(item.bytes - old.bytes)) {
            let key = self.order.as_mut().expect("an order").evict();
            if key == item.key {
                self.items.remove(self.position(key).expect("it is there"));
                return self.insert(item, now, shelf);
            }
            self.evicted(key, now);
        }
        let at = self.position(item.key).expect("it is still there");
        self.items[at] = item;
        self.order.as_mut().expect("an order").weigh(item.key, weights[1]);
    }

    fn insert(&mut self, item: Item, now: u64, shelf: &mut dyn Shelf) {
        let weight = self.weigh.weight(item.bytes);
        if let Some(order) = &mut self.order {
            order.expect(item.key, weight);
        }
        let bytes = self.size(item.bytes);
        if self.order.is_none() && !self.fits(1, bytes) {
            self.follow_draws(bytes, now, shelf);
        }
        while !self.fits(1, bytes) {
            let key = self.order.as_mut().expect("an order").evict();
            self.evicted(key, now);
        }
        if let Some(order) = &mut self.order {
            order.insert(item.key, weight);
        }
        self.items.push(item);
    }

    fn evicted(&mut self, key: u64, now: u64) {
        let at = self.position(key).expect("an item that is there");
        let fresh = self.items.remove(at).expires > now;
        self.counts.evictions += u64::from(fresh);
        self.counts.evicted_expired += u64::from(!fresh);
    }

    /// Whatever was drawn: there is room now, and there was none before the last went.
    fn follow_draws(&mut self, bytes: u64, now: u64, shelf: &mut dyn Shelf) {
        let gone: Vec<Item> =
            self.items.iter().copied().filter(|item| shelf.fork().get(item.key, 0).is_none()).collect();
        gone.iter().for_each(|item| self.evicted(item.key, now));
        assert!(self.fits(1, bytes), "no room was made");
        let needed = |last: &Item| !self.fits(2, bytes + self.size(last.bytes));
        assert!(gone.iter().any(needed), "more went than was needed");
    }
}

#[derive(Clone, Debug)]
enum Act {
    Get(u64),
    Put { key: u64, bytes: u32, life: Option<u64> },
    Delete(u64),
    Wait(u64),
    Sweep(u32),
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
        1 => (1..20u32).prop_map(Act::Sweep),
        1 => prop_oneof![30 => Just(Act::Fork), 1 => Just(Act::Clear)],
    ]
}

fn plan() -> impl Strategy<Value = ShelfPlan> {
    let items = proptest::option::of(1..10u64);
    let bytes = proptest::option::of(1..120u64);
    let keys = proptest::option::of(1..24u64);
    (items, bytes, keys, 0..4u32).prop_map(|(items, bytes, keys, overhead)| ShelfPlan {
        items,
        bytes,
        keys,
        overhead,
    })
}

fn follow(policy: &'static str, plan: ShelfPlan, acts: &[Act]) {
    let mut shelf: Box<dyn Shelf> = by_name(policy, &plan).expect("a policy");
    let mut model = Model::new(policy, plan);
    let (mut now, mut stream) = (0, Stream::named(1, 0, "sweep"));
    for act in acts {
        match *act {
            Act::Get(key) => assert_eq!(shelf.get(key, now), model.get(key, now)),
            Act::Put { key, bytes, life } => {
                let expires = life.map_or(NEVER, |life| now + life);
                let item = Item { key, version: now as u32, bytes, expires };
                let put = shelf.put(item, now);
                assert_eq!(put, model.put(item, now, &mut *shelf));
            }
            Act::Delete(key) => {
                assert_eq!(shelf.delete(key), model.delete(key));
            }
            Act::Wait(span) => now += span,
            Act::Sweep(most) => {
                let sweep = shelf.sweep(most, &mut stream, now);
                model.follow_sweep(sweep, most, now, &*shelf);
            }
            Act::Clear => {
                shelf.clear();
                model.items.clear();
                model.order = Slow::of(policy, model.weigh.capacity, plan.items);
            }
            Act::Fork => {
                let copy = shelf.fork();
                shelf.clear();
                shelf = copy;
            }
        }
        assert_eq!((shelf.len(), shelf.bytes()), (model.items.len() as u64, model.bytes()), "after {act:?}");
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
