//! Settings that count for nothing in all variants of an experiment. In one variant they may: a factor decides about the setting they need.

use crate::catalog::{Needed, Place, Problems};
use crate::model;

/// What has been seen of such settings, variant by variant.
#[derive(Default)]
pub struct Needs {
    own: Seen,
    joined: Seen,
    /// Settings of which a variant does not tell whether they count.
    unclear: Vec<Place>,
}

impl Needs {
    /// What a variant's world needs.
    pub fn see(&mut self, of: model::Needs) {
        self.own.see(of.own);
        self.joined.see(of.joined);
        self.unclear.extend(of.unclear);
    }

    /// The settings that are known to count in no variant.
    pub fn problems(self) -> Problems {
        let unclear = self.unclear;
        let clear = |seen: &Needed| !unclear.contains(&seen.place);
        let all = self.own.told().into_iter().chain(self.joined.told());
        all.filter(clear).filter_map(|seen| seen.missing).collect()
    }
}

#[derive(Default)]
struct Seen {
    needed: Vec<Needed>,
    /// A variant has told nothing.
    is_blind: bool,
}

impl Seen {
    fn see(&mut self, needed: Option<Vec<Needed>>) {
        self.is_blind |= needed.is_none();
        for one in needed.into_iter().flatten() {
            let same = |seen: &&mut Needed| {
                (seen.setting, seen.with, &seen.place) == (one.setting, one.with, &one.place)
            };
            match self.needed.iter_mut().find(same) {
                // It counts in one variant: that is enough.
                Some(seen) if one.missing.is_none() => seen.missing = None,
                Some(_) => {}
                None => self.needed.push(one),
            }
        }
    }

    fn told(self) -> Vec<Needed> {
        if self.is_blind { Vec::new() } else { self.needed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Problem;

    fn needed(line: usize, missing: bool) -> Needed {
        let place = Place { line, ..Place::default() };
        let missing = missing.then(|| Problem::at(&place, "counts only with more"));
        Needed { setting: "one", with: "more", place, missing }
    }

    fn own(needed: Vec<Needed>) -> model::Needs {
        model::Needs { own: Some(needed), unclear: Vec::new(), joined: Some(Vec::new()) }
    }

    fn lines(needs: Needs) -> Vec<usize> {
        needs.problems().into_iter().filter_map(|problem| Some(problem.place?.line)).collect()
    }

    #[test]
    fn what_counts_in_one_variant_is_no_mistake() {
        let mut needs = Needs::default();
        needs.see(own(vec![needed(1, true), needed(2, true), needed(3, false)]));
        needs.see(own(vec![needed(1, false), needed(2, true), needed(3, true)]));
        assert_eq!(lines(needs), [2]);
    }

    #[test]
    fn what_has_one_thing_may_lack_another() {
        let mut needs = Needs::default();
        needs.see(own(vec![needed(1, true), Needed { with: "something else", ..needed(1, false) }]));
        assert_eq!(needs.problems().len(), 1);
    }

    #[test]
    fn what_may_count_in_a_variant_that_is_not_right_is_not_told() {
        let mut needs = Needs::default();
        needs.see(own(vec![needed(1, true), needed(2, true)]));
        let unclear = vec![needed(2, true).place];
        needs.see(model::Needs { own: Some(Vec::new()), unclear, joined: None });
        assert_eq!(lines(needs), [1]);
        let mut needs = Needs::default();
        needs.see(own(vec![needed(1, true)]));
        needs.see(model::Needs::default());
        assert!(lines(needs).is_empty());
    }
}
