//! Settings that count for nothing in all variants of an experiment. In one variant they may: a factor decides about the setting they need.

use crate::catalog::{Needed, Problems};

/// What has been seen of such settings, variant by variant.
#[derive(Default)]
pub struct Needs {
    seen: Vec<Needed>,
}

impl Needs {
    /// What a variant's world needs.
    pub fn see(&mut self, needed: Vec<Needed>) {
        for one in needed {
            let same = |seen: &&mut Needed| {
                (seen.setting, seen.with, &seen.place) == (one.setting, one.with, &one.place)
            };
            match self.seen.iter_mut().find(same) {
                // It counts in one variant: that is enough.
                Some(seen) if one.missing.is_none() => seen.missing = None,
                Some(_) => {}
                None => self.seen.push(one),
            }
        }
    }

    /// The settings that count in no variant.
    pub fn problems(self) -> Problems {
        self.seen.into_iter().filter_map(|seen| seen.missing).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Place, Problem};

    fn needed(line: usize, missing: bool) -> Needed {
        let place = Place { line, ..Place::default() };
        let missing = missing.then(|| Problem::at(&place, "counts only with more"));
        Needed { setting: "one", with: "more", place, missing }
    }

    #[test]
    fn what_counts_in_one_variant_is_no_mistake() {
        let mut needs = Needs::default();
        needs.see(vec![needed(1, true), needed(2, true), needed(3, false)]);
        needs.see(vec![needed(1, false), needed(2, true), needed(3, true)]);
        let lines: Vec<usize> =
            needs.problems().into_iter().filter_map(|problem| Some(problem.place?.line)).collect();
        assert_eq!(lines, [2]);
    }

    #[test]
    fn what_has_one_thing_may_lack_another() {
        let mut needs = Needs::default();
        needs.see(vec![needed(1, true), Needed { with: "something else", ..needed(1, false) }]);
        assert_eq!(needs.problems().len(), 1);
    }
}
