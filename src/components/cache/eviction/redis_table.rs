//! The hash table of Redis, as far as its sampled policies see it: which items they are offered.
//!
//! Redis does not draw items one by one. `dictGetSomeKeys` (`dict.c` of Redis 7.0) starts at a random bucket and takes what it
//! meets on its way through the next ones, and a new item stands first in its bucket. Where all candidates are as good as each
//! other, the newest items of crowded buckets therefore go first. Unlike in Redis, a table that grows or shrinks moves at once.

use super::View;
use crate::random::Stream;
use crate::random::mix::mix64;

/// Smallest number of buckets (`DICT_HT_INITIAL_SIZE`).
const FEWEST: usize = 4;
/// A table less full than this, in percent, is made smaller (`HASHTABLE_MIN_FILL`).
const MIN_FILL_PERCENT: usize = 10;
/// Looks at most at so many buckets for each item wanted.
const STEPS: usize = 10;
/// After so many empty buckets in a row (and more than items wanted) it starts elsewhere.
const EMPTY_IN_A_ROW: usize = 5;
/// No slot.
const END: u32 = u32::MAX;

/// Slots by the hashes of their keys, chained.
#[derive(Clone, Debug, Default)]
pub struct RedisTable {
    /// First slot of each bucket; as many as a power of two.
    buckets: Vec<u32>,
    /// The slot behind each slot in its bucket.
    next: Vec<u32>,
    used: usize,
}

impl RedisTable {
    #[inline]
    fn bucket(&self, key: u64) -> usize {
        mix64(key) as usize & (self.buckets.len() - 1)
    }

    /// The item with this key has come into `slot`.
    #[inline]
    pub fn insert(&mut self, slot: u32, view: View<'_>) {
        if self.used >= self.buckets.len() {
            self.resize((self.used + 1).next_power_of_two().max(FEWEST), view);
        }
        if slot as usize >= self.next.len() {
            self.next.resize((slot as usize + 1).next_power_of_two(), END);
        }
        self.put_first(slot, view);
        self.used += 1;
    }

    #[inline]
    fn put_first(&mut self, slot: u32, view: View<'_>) {
        let bucket = self.bucket(view.key(slot));
        self.next[slot as usize] = std::mem::replace(&mut self.buckets[bucket], slot);
    }

    fn resize(&mut self, buckets: usize, view: View<'_>) {
        let old = std::mem::replace(&mut self.buckets, vec![END; buckets]);
        for mut slot in old {
            while slot != END {
                let behind = self.next[slot as usize];
                self.put_first(slot, view);
                slot = behind;
            }
        }
    }

    /// The item in `slot` goes.
    #[inline]
    pub fn remove(&mut self, slot: u32, view: View<'_>) {
        let bucket = self.bucket(view.key(slot));
        let behind = self.next[slot as usize];
        let mut at = self.buckets[bucket];
        if at == slot {
            self.buckets[bucket] = behind;
        } else {
            while self.next[at as usize] != slot {
                at = self.next[at as usize];
            }
            self.next[at as usize] = behind;
        }
        self.used -= 1;
        if self.buckets.len() > FEWEST && self.used * 100 < self.buckets.len() * MIN_FILL_PERCENT {
            self.resize(self.used.next_power_of_two().max(FEWEST), view);
        }
    }

    /// The slot of the item with this key.
    #[inline]
    pub fn find(&self, key: u64, view: View<'_>) -> Option<u32> {
        let mut slot = self.buckets[self.bucket(key)];
        while slot != END && view.key(slot) != key {
            slot = self.next[slot as usize];
        }
        (slot != END).then_some(slot)
    }

    /// Offers about `wanted` neighbours, seldom fewer, to `offer`.
    #[inline]
    pub fn sample(&self, wanted: usize, stream: &mut Stream, mut offer: impl FnMut(u32)) {
        let (wanted, mask) = (wanted.min(self.used), self.buckets.len() - 1);
        let (mut bucket, mut empty, mut taken) = (stream.below(self.buckets.len() as u64) as usize, 0, 0);
        for _ in 0..wanted * STEPS {
            let mut slot = self.buckets[bucket];
            empty = if slot == END { empty + 1 } else { 0 };
            if empty >= EMPTY_IN_A_ROW && empty > wanted {
                bucket = stream.below(self.buckets.len() as u64) as usize;
                empty = 0;
            }
            while slot != END {
                offer(slot);
                taken += 1;
                if taken == wanted {
                    return;
                }
                slot = self.next[slot as usize];
            }
            bucket = (bucket + 1) & mask;
        }
    }

    /// All items are gone.
    pub fn clear(&mut self) {
        self.buckets.clear();
        self.used = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::super::Plan;
    use super::*;
    use crate::components::cache::rack::Rack;
    use crate::components::cache::shelf::{Item, ShelfPlan};
    use crate::kernel::NEVER;

    struct Filled {
        rack: Rack,
        plan: Plan,
        table: RedisTable,
    }

    impl Filled {
        fn with(keys: u64) -> Filled {
            let plan = Plan::new(&ShelfPlan { items: Some(keys), bytes: None, keys: None, overhead: 0 });
            let mut filled = Filled { rack: Rack::new(0), plan, table: RedisTable::default() };
            (0..keys).for_each(|key| filled.insert(key));
            filled
        }
        fn insert(&mut self, key: u64) {
            let slot = self.rack.put(Item { key, version: 0, bytes: 1, expires: NEVER });
            self.table.insert(slot, View { rack: &self.rack, plan: &self.plan, now: 0 });
        }
        fn remove(&mut self, key: u64) {
            let view = View { rack: &self.rack, plan: &self.plan, now: 0 };
            let slot = self.table.find(key, view).expect("it is there");
            self.table.remove(slot, view);
            self.rack.vacate(slot);
        }
        fn has(&self, key: u64) -> bool {
            self.table.find(key, View { rack: &self.rack, plan: &self.plan, now: 0 }).is_some()
        }
        fn drawn(&self, wanted: usize, times: usize) -> Vec<u32> {
            let (mut stream, mut drawn) = (Stream::named(1, 0, "table"), vec![0; self.rack.slots()]);
            (0..times).for_each(|_| self.table.sample(wanted, &mut stream, |slot| drawn[slot as usize] += 1));
            drawn
        }
    }

    #[test]
    fn finds_what_is_there_however_it_grows_and_shrinks() {
        let mut filled = Filled::with(1_000);
        assert_eq!(filled.table.buckets.len(), 1_024);
        filled.insert(1_000);
        (0..990).for_each(|key| filled.remove(key));
        assert_eq!(filled.table.buckets.len(), 16, "smaller as soon as less than a tenth is used");
        (0..1_001).for_each(|key| assert_eq!(filled.has(key), key >= 990, "{key}"));
    }

    #[test]
    fn five_drawn_ones_are_five_and_everybody_has_a_chance() {
        let drawn = Filled::with(1_000).drawn(5, 20_000);
        assert_eq!(drawn.iter().sum::<u32>(), 100_000);
        assert!(drawn.iter().all(|times| *times > 0));
        assert_eq!(Filled::with(3).drawn(5, 100), [100; 3], "never more than there are");
    }

    #[test]
    fn the_newest_of_a_bucket_hides_the_others() {
        let mut filled = Filled::with(1_000);
        filled.insert(1_000);
        assert!(filled.table.buckets.contains(&1_000), "a new one stands first");
        let drawn = filled.drawn(1, 100_000);
        for first in filled.table.buckets.iter().filter(|first| **first != END) {
            let behind = filled.table.next[*first as usize];
            assert!(drawn[*first as usize] > 0);
            assert!(behind == END || drawn[behind as usize] == 0);
        }
    }
}
