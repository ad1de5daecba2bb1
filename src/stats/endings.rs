//! Which share of requests is answered, if some have not ended when counting ends.

use super::Histogram;

/// How long requests took, by how they ended.
#[derive(Clone, Copy, Debug)]
pub struct Endings<'a> {
    /// Until they were answered as wanted, given up, or counting ended.
    pub waited: &'a Histogram,
    /// Those of them that were given up.
    pub given_up: &'a Histogram,
    /// Those of them that are open.
    pub open: &'a Histogram,
    /// Answered with an error or turned away; not among those that `waited`.
    pub refused: &'a Histogram,
}

impl Endings<'_> {
    /// The share of requests that are answered as wanted, 0 to 1; `None` if there are none.
    ///
    /// An open request has neither succeeded nor failed: to leave it out would reward who keeps people waiting. It counts as those ended, on
    /// average, that had waited as long (to 1/256) before they ended, and as not answered if there are none.
    pub fn answered_share(&self) -> Option<f64> {
        self.share_within(u64::MAX)
    }

    /// The same of those that are answered within `limit`, to 1/256 of it.
    pub fn share_within(&self, limit: u64) -> Option<f64> {
        let (mut answered, mut in_time, mut without, mut hoped, mut open) = (0, 0.0, 0, 0.0, 0);
        let buckets = self.waited.buckets().max(self.refused.buckets());
        // From the longest: what has been counted has waited longer than what comes.
        for at in (0..buckets).rev() {
            let [waited, given_up, still, refused] = [self.waited, self.given_up, self.open, self.refused]
                .map(|histogram| histogram.in_bucket(at));
            let own = waited - given_up - still;
            answered += own;
            in_time += own as f64 * Histogram::part_up_to(at, limit);
            without += given_up + refused;
            if still > 0 && answered > 0 {
                hoped += still as f64 * (in_time / (answered + without) as f64);
            }
            open += still;
        }
        let all = answered + without + open;
        (all > 0).then(|| (in_time + hoped) / all as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share([answered, given_up, refused, open]: [&[u64]; 4]) -> Option<f64> {
        let of = |lists: &[&[u64]]| {
            let mut histogram = Histogram::new();
            lists.iter().copied().flatten().for_each(|value| histogram.record(*value));
            histogram
        };
        let waited = of(&[answered, given_up, open]);
        let [given_up, refused, open] = [given_up, refused, open].map(|list| of(&[list]));
        Endings { waited: &waited, given_up: &given_up, open: &open, refused: &refused }.answered_share()
    }

    #[test]
    fn without_open_ones_it_is_a_plain_share() {
        assert_eq!(share([&[], &[], &[], &[]]), None);
        assert_eq!(share([&[5, 7, 9], &[100], &[], &[]]), Some(0.75));
        assert_eq!(share([&[5, 7, 9], &[], &[1], &[]]), Some(0.75));
        assert_eq!(share([&[], &[100], &[1], &[]]), Some(0.0));
    }

    /// Worked by hand.
    #[test]
    fn an_open_one_ends_as_those_did_that_had_waited_as_long() {
        assert_eq!(
            share([&[5, 7, 9], &[], &[], &[4, 9]]),
            Some(1.0),
            "all that waited as long were answered"
        );
        assert_eq!(share([&[5, 7, 9], &[], &[], &[10]]), Some(0.75), "nobody has waited as long");
        assert_eq!(share([&[], &[], &[], &[10]]), Some(0.0));
        // Of the two that had waited for 6, one was answered.
        assert_eq!(share([&[5, 7], &[100], &[], &[6]]), Some((2.0 + 0.5) / 4.0));
        // Of the four that had waited for 1, three were.
        assert_eq!(share([&[5, 7, 9], &[], &[1], &[1]]), Some((3.0 + 0.75) / 5.0));
        assert_eq!(share([&[5, 7, 9], &[], &[1], &[2]]), Some(4.0 / 5.0), "the refusal came sooner");
    }

    #[test]
    fn only_what_is_answered_in_time_counts() {
        let [answered, given_up, refused, open] = [[5, 7, 90, 300], [40; 4], [1; 4], [60; 4]].map(|values| {
            let mut histogram = Histogram::new();
            values.into_iter().for_each(|value| histogram.record(value));
            histogram
        });
        let mut waited = answered.clone();
        [&given_up, &open].into_iter().for_each(|more| waited.merge(more));
        let endings = Endings { waited: &waited, given_up: &given_up, open: &open, refused: &refused };
        // Of the two that had waited for 60 and ended, one did by 100, both by 300.
        assert_eq!(endings.share_within(7), Some(2.0 / 16.0));
        assert_eq!(endings.share_within(100), Some((3.0 + 4.0 * 0.5) / 16.0));
        assert_eq!(endings.share_within(300), Some(8.0 / 16.0));
        assert_eq!(endings.share_within(300), endings.answered_share());
    }

    /// Of two that are answered alike, the one whose clients try longer has more that are open: it is not the better for it.
    #[test]
    fn patience_is_no_merit() {
        let given_up = [1_000; 90];
        let brief = share([&[5; 10], &given_up, &[], &[]]).unwrap();
        let long = share([&[5; 10], &[], &[], &given_up]).unwrap();
        assert_eq!((brief, long), (0.1, 0.1));
    }
}
