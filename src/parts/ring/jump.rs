//! Jump: a random walk from bucket to bucket, whose last stop is the key's.
//!
//! Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm", 2014. No memory, perfectly even; but buckets
//! are numbers: only the last one can go without moving keys between the others. If another server goes, those behind
//! it move up, and many of their keys move with them. The key's text is hashed by FNV-1a first.

use super::hash::fnv1a;
use super::{Placement, Server};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "jump",
    about: "a walk of hashed jumps over numbered servers: no memory, even shares",
    source: "Lamping and Veach, 2014 (Google)",
    wrong_when: "another server than the last can go: the others' keys move too",
};

pub(super) fn make() -> Box<dyn Placement> {
    Box::new(Jump { ids: Vec::new() })
}

/// The bucket of a key among `buckets`, at least 1.
pub fn bucket(mut key: u64, buckets: u32) -> u32 {
    let (mut stop, mut next) = (0i64, 0i64);
    while next < i64::from(buckets) {
        stop = next;
        key = key.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(1);
        next = ((stop + 1) as f64 * ((1u64 << 31) as f64 / ((key >> 33) + 1) as f64)) as i64;
    }
    stop as u32
}

#[derive(Clone)]
struct Jump {
    ids: Vec<u16>,
}

impl Placement for Jump {
    fn arrange(&mut self, servers: &[Server]) {
        self.ids = servers.iter().map(|server| server.id).collect();
    }

    fn place(&self, key: &[u8]) -> u16 {
        self.ids[bucket(fnv1a(key), self.ids.len() as u32) as usize]
    }

    fn fork(&self) -> Box<dyn Placement> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::laws;
    use super::*;

    #[test]
    fn as_the_paper() {
        for row in laws::rows("jump_vectors.csv") {
            let number = |at: usize| row[at].parse::<u64>().unwrap();
            assert_eq!(u64::from(bucket(number(0), number(1) as u32)), number(2), "{row:?}");
        }
    }

    #[test]
    fn with_fnv1a() {
        laws::equals_reference("jump", "jump_fnv1a64_3");
        laws::balance("jump", &[1; 3], &[3368, 3313, 3319]);
        laws::balance("jump", &[1; 4], &[2526, 2498, 2504, 2472]);
        laws::balance("jump", &[1; 10], &[992, 1012, 1004, 966, 986, 982, 1040, 1056, 981, 981]);
        laws::moved("jump", 3, 4, (0.2472, 0));
        laws::moved("jump", 4, 5, (0.1986, 0));
        laws::moved("jump", 5, 4, (0.1986, 0));
        laws::moved("jump", 3, 5, (0.3967, 0));
        laws::moved("jump", 10, 9, (0.0981, 0));
    }
}
