//! Several records at once: clients try the next one when one does not answer.

use super::{Asker, Record};
use crate::catalog::Policy;
use crate::components::dns::address::Addresses;

pub const ENTRY: Policy = Policy {
    name: "multi_value",
    about: "up to eight healthy records at once; clients try one after the other (as many as the traffic makes `attempts`)",
    source: "Route 53: multivalue answer routing",
    wrong_when: "shares must be exact, or clients do not try again",
};

/// Route 53 answers with up to eight.
const AT_MOST: usize = 8;

/// Which eight begin anywhere, so that each is given out as often as any other.
pub fn choose(_records: &[Record], open: &[usize], asker: &Asker<'_>) -> Addresses {
    let start = (asker.draw * open.len() as f64) as usize;
    Addresses::several((0..open.len().min(AT_MOST)).map(|n| open[(start + n) % open.len()]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::dns::policy::records;
    use crate::components::network::geo::Geography;

    #[test]
    fn all_up_to_eight() {
        let map = Geography::default();
        let asker = |draw| Asker { place: 0, seen: None, map: &map, draw };
        let all: Vec<usize> = (0..12).collect();
        assert_eq!(choose(&records(&[1; 12]), &[0, 5], &asker(0.7)), Addresses::several([0, 5]));
        let eight = choose(&records(&[1; 12]), &all, &asker(0.5));
        assert_eq!(eight, Addresses::several([6, 7, 8, 9, 10, 11, 0, 1]));
    }
}
