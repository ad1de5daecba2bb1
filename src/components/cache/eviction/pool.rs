//! The pool of candidates of Redis' sampled policies.
//!
//! `evict.c` of Redis 7: at each eviction five keys are drawn; those idle for longer than what the pool of sixteen
//! holds enter it, and the best of the pool goes. Good candidates of earlier draws are so kept.

use super::View;
use super::redis_table::RedisTable;
use crate::random::Stream;

/// Keys drawn at each eviction (`maxmemory-samples`).
const SAMPLES: usize = 5;
/// Candidates kept (`EVPOOL_SIZE`).
const SIZE: usize = 16;

/// Candidates by idleness, the idlest last. As in Redis they are keys, perhaps twice or gone since, and keep the idleness they came with.
#[derive(Clone, Debug, Default)]
pub struct Pool(Vec<(u64, u64)>);

impl Pool {
    /// The slot to evict: draws candidates and takes the idlest. `idle` says how idle a slot is now.
    #[inline]
    pub fn choose(
        &mut self,
        table: &RedisTable,
        stream: &mut Stream,
        view: View<'_>,
        idle: impl Fn(u32) -> u64,
    ) -> u32 {
        loop {
            table.sample(SAMPLES, stream, |slot| self.offer(idle(slot), view.key(slot)));
            while let Some((_, key)) = self.0.pop() {
                if let Some(slot) = table.find(key, view) {
                    return slot;
                }
            }
        }
    }

    fn offer(&mut self, idle: u64, key: u64) {
        let below = self.0.iter().take_while(|(other, _)| *other < idle).count();
        if self.0.len() < SIZE {
            self.0.insert(below, (idle, key));
        } else if below > 0 {
            self.0.remove(0);
            self.0.insert(below - 1, (idle, key));
        }
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
        (0..20).for_each(|idle| pool.offer(idle, idle));
        assert_eq!(pool.0.first(), Some(&(4, 4)));
        assert_eq!(pool.0.last(), Some(&(19, 19)));
        pool.offer(3, 3);
        assert_eq!(pool.0.len(), SIZE);
        assert!(!pool.0.contains(&(3, 3)), "less idle than all of a full pool");
    }

    #[test]
    fn of_those_as_idle_the_one_that_came_first_goes_first() {
        let mut pool = Pool::default();
        (0..3).for_each(|key| pool.offer(7, key));
        assert_eq!(pool.0.last(), Some(&(7, 0)));
    }
}
