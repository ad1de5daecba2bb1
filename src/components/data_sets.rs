//! Which components work with the same data. What has nothing to do with each other may have the same numbers: key 7 of one
//! service is not key 7 of another, and a write of one makes no read of the other stale.

use super::Layout;

/// Kinds through which no data goes: guests of one machine, and users of one resolver, are no closer to each other for that.
const APART: [&str; 2] = ["host", "resolver"];

/// The data set of each group, numbered in the order of their first groups. What has no data counts to the first.
pub fn data_sets(layout: &Layout) -> Vec<u16> {
    let groups = &layout.groups;
    let mut sets: Vec<usize> = (0..groups.len()).collect();
    let carries = |group: &usize| !APART.contains(&groups[*group].kind);
    for from in (0..groups.len()).filter(carries) {
        groups[from].settings.each_named(|to| {
            if carries(&to) {
                let (kept, gone) = (sets[from].min(sets[to]), sets[from].max(sets[to]));
                sets.iter_mut().filter(|set| **set == gone).for_each(|set| *set = kept);
            }
        });
    }
    let mut numbers: Vec<usize> = (0..groups.len()).filter(carries).map(|group| sets[group]).collect();
    numbers.sort_unstable();
    numbers.dedup();
    sets.iter().map(|set| numbers.binary_search(set).unwrap_or(0) as u16).collect()
}
