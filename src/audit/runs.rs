//! Sets of versions as runs of neighbours.
//!
//! Nearly all versions of a key are acknowledged and survive, so the exact set is a handful of runs however long the
//! history grows: a run more for every write that is never answered and for every rollback, nothing else.
//! A set is a slice of runs, ascending, disjoint and never adjacent (neighbouring runs are one run).

/// The versions `first..=last`. Version 0 is the initial value and never in a run; `last == 0` is the empty run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) first: u32,
    pub(super) last: u32,
}

impl Run {
    /// How many versions of this run lie in `first..=last`.
    fn count_between(self, first: u32, last: u32) -> u64 {
        let (first, last) = (first.max(self.first), last.min(self.last));
        if first > last { 0 } else { u64::from(last - first) + 1 }
    }
}

/// Index of the first run that does not end below `version`.
fn position(runs: &[Run], version: u32) -> usize {
    // Questions are nearly always about the newest versions.
    match runs.last() {
        Some(newest) if newest.last >= version => runs.partition_point(|run| run.last < version),
        _ => runs.len(),
    }
}

/// The run that holds `version`, if one does.
#[inline]
pub(super) fn covering(runs: &[Run], version: u32) -> Option<Run> {
    if runs.is_empty() {
        return None;
    }
    let run = *runs.get(position(runs, version))?;
    (run.first <= version).then_some(run)
}

/// Whether `version` is in the set.
#[inline]
pub(super) fn contains(runs: &[Run], version: u32) -> bool {
    covering(runs, version).is_some()
}

/// How many versions of the set lie in `first..=last`.
pub(super) fn count_between(runs: &[Run], first: u32, last: u32) -> u64 {
    let from = position(runs, first);
    let inside = runs[from..].iter().take_while(|run| run.first <= last);
    inside.map(|run| run.count_between(first, last)).sum()
}

/// The newest version of the set that is not above `version`; 0 if there is none.
pub(super) fn newest_at_or_below(runs: &[Run], version: u32) -> u32 {
    let at = position(runs, version);
    match runs.get(at) {
        Some(run) if run.first <= version => version,
        _ => at.checked_sub(1).map_or(0, |below| runs[below].last),
    }
}

/// Adds `version`; false if it was there already.
pub(super) fn insert(runs: &mut Vec<Run>, version: u32) -> bool {
    let at = position(runs, version);
    let above = runs.get(at).copied();
    if above.is_some_and(|run| run.first <= version) {
        return false;
    }
    let joins_below = at > 0 && runs[at - 1].last + 1 == version;
    let joins_above = above.is_some_and(|run| run.first == version + 1);
    match (joins_below, joins_above) {
        (true, true) => runs[at - 1].last = runs.remove(at).last,
        (true, false) => runs[at - 1].last = version,
        (false, true) => runs[at].first = version,
        (false, false) => runs.insert(at, Run { first: version, last: version }),
    }
    true
}

/// Adds `first..=last`, where nothing in the set is above `last`.
pub(super) fn insert_suffix(runs: &mut Vec<Run>, first: u32, last: u32) {
    let mut first = first;
    while let Some(run) = runs.last().filter(|run| run.last + 1 >= first) {
        first = first.min(run.first);
        runs.pop();
    }
    runs.push(Run { first, last });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn is_canonical(runs: &[Run]) -> bool {
        runs.iter().all(|run| 1 <= run.first && run.first <= run.last)
            && runs.windows(2).all(|pair| pair[0].last + 1 < pair[1].first)
    }

    proptest! {
        #[test]
        fn runs_answer_like_a_plain_set(versions in prop::collection::vec(1_u32..40, 0..60), suffix in 1_u32..45) {
            let mut runs = Vec::new();
            let mut plain = BTreeSet::new();
            for version in versions {
                prop_assert_eq!(insert(&mut runs, version), plain.insert(version));
                prop_assert!(is_canonical(&runs));
            }
            for round in 0..2 {
                for version in 0..50 {
                    prop_assert_eq!(contains(&runs, version), plain.contains(&version));
                    let newest = plain.range(..=version).next_back().copied().unwrap_or(0);
                    prop_assert_eq!(newest_at_or_below(&runs, version), newest);
                    for last in version..50 {
                        let expected = plain.range(version..=last).count() as u64;
                        prop_assert_eq!(count_between(&runs, version, last), expected);
                    }
                }
                if round == 0 {
                    insert_suffix(&mut runs, suffix, 45);
                    plain.extend(suffix..=45);
                    prop_assert!(is_canonical(&runs));
                }
            }
        }
    }
}
