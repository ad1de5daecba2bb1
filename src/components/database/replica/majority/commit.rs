//! Which entries are committed.

/// The entries up to which a leader of `term` calls its log committed, `commit` until now, when its members keep the first `kept` of
/// them: those that a majority keeps, if the last one is of the leader's own term (`term_of` tells the term of an entry). One of
/// an older term that a majority keeps may still be replaced by a later leader; with one of the own term behind it, it may not
/// (figure 8 and section 5.4.2 of the paper).
#[inline]
pub fn committed(kept: &mut [u32], commit: u32, term: u32, term_of: impl Fn(u32) -> Option<u32>) -> u32 {
    kept.sort_unstable_by(|a, b| b.cmp(a));
    let most = kept[kept.len() / 2];
    if most > commit && term_of(most) == Some(term) { most } else { commit }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Terms of entries 1, 2, 3, ...
    fn told(terms: &[u32]) -> impl Fn(u32) -> Option<u32> {
        move |index| terms.get(index.checked_sub(1)? as usize).copied()
    }

    /// Figure 8: (c) three of five keep entry 2, of term 2, and the leader of term 4 may not call it committed, since (d) one with an
    /// entry of term 3 could still be elected by those three; (e) with entry 3, of its own term, it may.
    #[test]
    fn an_older_term_is_committed_only_with_an_entry_of_the_own() {
        let log = [1, 2, 4];
        assert_eq!(committed(&mut [3, 2, 2, 1, 1], 1, 4, told(&log)), 1);
        assert_eq!(committed(&mut [3, 3, 3, 1, 1], 1, 4, told(&log)), 3);
    }

    proptest! {
        /// The rule as the paper states it ("Rules for Servers", figure 2): the largest N > commitIndex that a majority of matchIndex
        /// reaches and whose term is the current one.
        #[test]
        fn what_is_committed_follows_the_rule_of_the_paper(
            mut terms in prop::collection::vec(1..6u32, 0..12),
            kept in prop::collection::vec(0..13u32, 1..8),
            (later, commit) in (0..2u32, 0..13u32),
        ) {
            terms.sort_unstable();
            let end = terms.len() as u32;
            let term = terms.last().map_or(1, |last| last + later);
            let kept: Vec<u32> = kept.iter().map(|kept| kept % (end + 1)).collect();
            let commit = commit % (end + 1);
            let is_committed = |n: &u32| {
                let keepers = kept.iter().filter(|kept| *kept >= n).count();
                2 * keepers > kept.len() && terms[*n as usize - 1] == term
            };
            let expected = (commit + 1..=end).filter(is_committed).max().unwrap_or(commit);
            prop_assert_eq!(committed(&mut kept.clone(), commit, term, told(&terms)), expected);
        }
    }
}
