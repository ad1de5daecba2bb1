//! Shared storage: the log goes to six storage nodes, and a write is done when four have it. Replicas have no storage of their own: they
//! read the same pages and get the log only to renew what they have cached. Who takes over asks the storage what there is
//! (three answers are enough: 3 + 4 > 6), so that nothing acknowledged is lost.

use super::{Mode, Standing};
use crate::catalog::Policy;

pub(super) const ENTRY: Policy = Policy {
    name: "shared_storage",
    about: "six storage nodes keep the log, four make a write; replicas read the same pages, with milliseconds of cache lag",
    source: "Verbitski et al., Amazon Aurora, SIGMOD 2017",
    wrong_when: "the storage fleet is far away or not yours, or one node's disk is enough",
};

/// Copies of the storage.
pub const COPIES: usize = 6;
/// Copies that make a write.
const WRITE: usize = 4;
/// Answers that are enough to find every write.
pub const READ: usize = COPIES - WRITE + 1;

pub(super) const MODE: Mode =
    Mode { confirmed, answers_when_applied: false, clean: false, reads_need_lease: false, waits: true };

fn confirmed(_end: u32, others: &[Standing]) -> u32 {
    let mut stored: Vec<u32> =
        others.iter().filter(|other| other.stores).map(|other| other.received).collect();
    stored.sort_unstable_by(|a, b| b.cmp(a));
    stored.get(WRITE - 1).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_of_six_make_a_write() {
        let standing = |received, stores| Standing { received, stores, ..Standing::default() };
        let mut others: Vec<Standing> = [9, 2, 7, 5, 8, 0].map(|received| standing(received, true)).to_vec();
        others.push(standing(9, false));
        assert_eq!(confirmed(9, &others), 5, "9, 8, 7 and 5");
        assert_eq!(confirmed(9, &others[..3]), 0, "two dead copies too many");
    }
}
