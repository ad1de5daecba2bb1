//! The pool of candidates of Redis' sampled policies.
//!
//! `evict.c` of Redis 7: at each eviction five keys are drawn; those idle for longer than what the pool of sixteen
//! holds enter it, and the best of the pool goes. Good candidates of earlier draws are so kept.

use super::bag::Bag;
use crate::random::Stream;

/// Keys drawn at each eviction (`maxmemory-samples`).
const SAMPLES: usize = 5;
/// Candidates kept (`EVPOOL_SIZE`).
const SIZE: usize = 16;

/// Candidates by idleness, the idlest last.
#[derive(Clone, Debug, Default)]
pub struct Pool(Vec<(u64, u32)>);

impl Pool {
    /// The slot to evict: draws candidates and takes the idlest. `idle` says how idle a slot is now; what is
    /// in the pool keeps the idleness it came with, as in Redis.
    #[inline]
    pub fn choose(&mut self, bag: &Bag, stream: &mut Stream, idle: impl Fn(u32) -> u64) -> u32 {
        for _ in 0..SAMPLES {
            let slot = bag.draw(stream);
            self.offer(idle(slot), slot);
        }
        self.0.last().expect("a sample enters a pool that is not full").1
    }

    fn offer(&mut self, idle: u64, slot: u32) {
        let below = self.0.iter().take_while(|(other, _)| *other < idle).count();
        if self.0.len() < SIZE {
            self.0.insert(below, (idle, slot));
        } else if below > 0 {
            self.0.remove(0);
            self.0.insert(below - 1, (idle, slot));
        }
    }

    /// The item in a slot is gone.
    #[inline]
    pub fn forget(&mut self, slot: u32) {
        self.0.retain(|(_, other)| *other != slot);
    }

    /// All items are gone.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_pool_keeps_the_idlest() {
        let mut pool = Pool::default();
        (0..20).for_each(|idle| pool.offer(idle, idle as u32));
        assert_eq!(pool.0.first(), Some(&(4, 4)));
        assert_eq!(pool.0.last(), Some(&(19, 19)));
        pool.offer(3, 3);
        assert_eq!(pool.0.len(), SIZE);
        assert!(!pool.0.contains(&(3, 3)), "less idle than all of a full pool");
        pool.forget(19);
        assert_eq!(pool.0.last(), Some(&(18, 18)));
    }
}
