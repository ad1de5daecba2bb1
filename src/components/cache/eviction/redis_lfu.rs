//! LFU as Redis approximates it: a count of eight bits that grows with the logarithm of the uses and loses one for each idle
//! minute; of five drawn items the one with the lowest count goes, with a pool of the best candidates seen.
//!
//! Forgets old favourites, unlike exact LFU. The wrong choice when popularity changes within a minute, and when most items are wanted
//! less than once a minute: all counts are then zero and the choice is random.

use super::pool::Pool;
use super::redis_table::RedisTable;
use super::{Eviction, Plan, View, unnamed};
use crate::catalog::Policy;
use crate::kernel::SECOND;
use crate::random::Stream;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "redis_lfu",
    about: "the lowest of logarithmic, decaying counts among five drawn items and a pool of sixteen goes",
    source: "Redis 7, evict.c: maxmemory-policy allkeys-lfu, lfu-log-factor 10, lfu-decay-time 1",
    wrong_when: "popularity changes within a minute, or most items are wanted less than once a minute",
};

/// Count of a new item (`LFU_INIT_VAL`).
const NEW: u8 = 5;
/// `lfu-log-factor`.
const LOG_FACTOR: f64 = 10.0;
/// `lfu-decay-time`.
const DECAY: u64 = 60 * SECOND;

#[derive(Clone, Copy, Default)]
struct Use {
    minute: u32,
    count: u8,
}

/// How often each slot was used.
#[derive(Clone)]
pub struct RedisLfu {
    table: RedisTable,
    pool: Pool,
    stream: Stream,
    uses: Vec<Use>,
}

fn minute(view: View<'_>) -> u32 {
    (view.now / DECAY) as u32
}

impl Use {
    #[inline]
    fn decayed(self, minute: u32) -> u8 {
        self.count.saturating_sub((minute - self.minute).min(255) as u8)
    }

    /// One more use: counts with probability 1 / (10 x (count - 5) + 1).
    #[inline]
    fn again(self, minute: u32, stream: &mut Stream) -> Use {
        let count = self.decayed(minute);
        let odds = 1.0 / (f64::from(count.saturating_sub(NEW)) * LOG_FACTOR + 1.0);
        let grows = count < u8::MAX && stream.uniform() < odds;
        Use { minute, count: count + u8::from(grows) }
    }
}

impl Eviction for RedisLfu {
    fn new(plan: &Plan) -> Self {
        let uses = Vec::with_capacity(plan.expected);
        RedisLfu { table: RedisTable::default(), pool: Pool::default(), stream: unnamed(), uses }
    }
    fn draw_from(&mut self, stream: Stream) {
        self.stream = stream;
    }
    fn insert(&mut self, slot: u32, view: View<'_>) {
        if slot as usize >= self.uses.len() {
            self.uses.resize(slot as usize + 1, Use::default());
        }
        self.uses[slot as usize] = Use { minute: minute(view), count: NEW };
        self.table.insert(slot, view);
    }
    #[inline]
    fn hit(&mut self, slot: u32, view: View<'_>) {
        let used = &mut self.uses[slot as usize];
        *used = used.again(minute(view), &mut self.stream);
    }
    fn evict(&mut self, view: View<'_>) -> u32 {
        let now = minute(view);
        let idle = |slot: u32| u64::from(u8::MAX - self.uses[slot as usize].decayed(now));
        let slot = self.pool.choose(&self.table, &mut self.stream, view, idle);
        self.remove(slot, view);
        slot
    }
    fn remove(&mut self, slot: u32, view: View<'_>) {
        self.table.remove(slot, view);
    }
    fn clear(&mut self) {
        self.table.clear();
        self.pool.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From 5 to 5 + n takes 1 + 11 + 21 + .. = 5 n^2 - 4 n hits in the mean (one run in redis.conf: 10, 18 and 142).
    #[test]
    fn counts_grow_with_the_root_of_the_hits() {
        let mut stream = Stream::named(1, 0, "lfu");
        for (hits, about, within) in [(100, 9.9, 0.5), (1_000, 19.5, 0.7), (100_000, 146.8, 1.5)] {
            let runs = 50;
            let count = |stream: &mut Stream| {
                let start = Use { minute: 0, count: NEW };
                (0..hits).fold(start, |used, _| used.again(0, stream)).count
            };
            let mean = (0..runs).map(|_| f64::from(count(&mut stream))).sum::<f64>() / f64::from(runs);
            assert!((mean - about).abs() < within, "{hits} hits: {mean}");
        }
    }

    #[test]
    fn a_count_loses_one_for_each_idle_minute() {
        let used = Use { minute: 10, count: 7 };
        assert_eq!([10, 11, 16, 17, 9_999].map(|minute| used.decayed(minute)), [7, 6, 1, 0, 0]);
    }
}
