//! Who knows whom: a graph whose degrees follow a power law, so that few know very many.
//!
//! A.-L. Barabási, R. Albert, "Emergence of scaling in random networks", Science 286, 1999: each newcomer makes friends with
//! `m` of those there, chosen in proportion to the friends they have. Degrees then fall as k^-3.

use super::heap::Lists;
use super::schema::{EDGE_BYTES, Schema};
use super::work::Area;
use crate::random::mix::combine;

/// The graph is part of the data, not of chance: the same in every run and variant.
const SEED: u64 = 0x00F2_1E4D;

/// The friends of every row, in rising order. Friendship is mutual, and nobody is their own friend.
pub fn lists(area: Area, schema: &Schema) -> Lists {
    let edges = edges(schema.rows, (schema.friends / 2).max(1));
    let mut begins = vec![0u32; schema.rows as usize + 1];
    for (a, b) in &edges {
        begins[*a as usize + 1] += 1;
        begins[*b as usize + 1] += 1;
    }
    for at in 1..begins.len() {
        begins[at] += begins[at - 1];
    }
    let mut free = begins.clone();
    let mut items = vec![0; 2 * edges.len()];
    for (a, b) in &edges {
        for (of, friend) in [(*a, *b), (*b, *a)] {
            items[free[of as usize] as usize] = friend;
            free[of as usize] += 1;
        }
    }
    for row in 0..schema.rows as usize {
        items[begins[row] as usize..begins[row + 1] as usize].sort_unstable();
    }
    Lists::new(area, EDGE_BYTES, schema.page_bytes, begins, items)
}

/// Each newcomer with `m` friends among those before; the first `m + 1` all know each other.
fn edges(rows: u64, m: u64) -> Vec<(u32, u32)> {
    let mut edges = Vec::with_capacity((rows * m) as usize);
    // Everybody as often as they have friends: a uniform pick from here is a pick by degree.
    let mut ends = Vec::with_capacity(2 * (rows * m) as usize);
    for new in 1..rows as u32 {
        let before = edges.len();
        let wanted = m.min(u64::from(new)) as usize;
        let mut tries = 0;
        while edges.len() - before < wanted {
            let friend = match u64::from(new) <= m {
                true => (edges.len() - before) as u32,
                false => ends[(combine(combine(SEED, u64::from(new)), tries) % ends.len() as u64) as usize],
            };
            tries += 1;
            if edges[before..].iter().all(|(_, other)| *other != friend) {
                edges.push((new, friend));
            }
        }
        for (a, b) in &edges[before..] {
            ends.extend([*a, *b]);
        }
    }
    edges
}

/// Whom to recommend: the friends of friends who are no friends yet, and the one with the most friends in common (the
/// lowest id of equals). `reached` holds each of them as often as they were reached, and is used up.
pub fn recommend(user: u32, friends: &[u32], reached: &mut Vec<u32>) -> Recommendation {
    reached.sort_unstable();
    let mut found = Recommendation::default();
    for run in reached.chunk_by(|a, b| a == b) {
        let (candidate, common) = (run[0], run.len() as u64);
        if candidate == user || friends.binary_search(&candidate).is_ok() {
            continue;
        }
        found.candidates += 1;
        found.common += common;
        if found.best.is_none_or(|(_, most)| common > most) {
            found.best = Some((candidate, common));
        }
    }
    reached.clear();
    found
}

/// Friends of friends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recommendation {
    /// How many they are.
    pub candidates: u64,
    /// Friends in common, summed over them.
    pub common: u64,
    /// The first choice, and how many friends they have in common.
    pub best: Option<(u32, u64)>,
}

#[cfg(test)]
mod tests {
    use super::super::schema::small;
    use super::*;

    #[test]
    fn friendship_is_mutual_and_with_others() {
        for rows in [1, 2, 3, 4, 5, 50, 500] {
            let friends = lists(Area(0), &small(rows));
            for row in 0..rows {
                let own = friends.peek(row);
                assert!(own.windows(2).all(|pair| pair[0] < pair[1]), "sorted, nobody twice");
                assert!(!own.contains(&(row as u32)));
                assert!(own.iter().all(|f| friends.peek(u64::from(*f)).contains(&(row as u32))));
            }
        }
    }

    #[test]
    fn degrees_have_the_mean_that_was_asked_for_and_a_heavy_tail() {
        let schema = small(20_000);
        let friends = lists(Area(0), &schema);
        let degrees: Vec<u64> = (0..schema.rows).map(|row| friends.peek(row).len() as u64).collect();
        let mean = degrees.iter().sum::<u64>() as f64 / schema.rows as f64;
        assert!((mean - schema.friends as f64).abs() < 0.01, "{mean}");
        // P(degree >= k) = m (m + 1) / (k (k + 1)) for this model (Bollobás et al. 2001), m = 3.
        for k in [6u64, 12, 24] {
            let share = degrees.iter().filter(|degree| **degree >= k).count() as f64 / schema.rows as f64;
            let expected = 3.0 * 4.0 / (k * (k + 1)) as f64;
            assert!((share / expected - 1.0).abs() < 0.1, "{k}: {share} for {expected}");
        }
    }

    #[test]
    fn friends_and_oneself_are_not_recommended() {
        let mut reached = vec![5, 1, 9, 9, 5, 7, 5, 2, 9];
        let found = recommend(5, &[1, 2], &mut reached);
        assert_eq!(found, Recommendation { candidates: 2, common: 4, best: Some((9, 3)) });
        assert!(reached.is_empty());
    }
}
