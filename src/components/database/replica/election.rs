//! Who takes over: the member that has most of the log that still counts.

/// Where a member stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    /// Which member.
    pub at: usize,
    /// The epoch of its last entry.
    pub epoch: u32,
    /// Length of its log.
    pub end: u32,
}

/// An election under way.
#[derive(Clone, Debug)]
pub(super) struct Election {
    /// The epoch to come.
    pub epoch: u32,
    /// Whom a script wants.
    wanted: Option<usize>,
    /// Answers still to come.
    pub open: usize,
    pub found: Vec<Found>,
    /// Who is chosen, the entry its epoch begins behind, and the members that count: told once its log is complete.
    pub chosen: Option<(usize, u32, u32)>,
    /// Who was chosen.
    pub promoted: Option<usize>,
}

impl Election {
    pub fn new(epoch: u32, wanted: Option<usize>, open: usize) -> Self {
        Election { epoch, wanted, open, found: Vec::new(), chosen: None, promoted: None }
    }

    /// What a member has of the history that counts.
    fn valid(found: &Found, starts: &[(u32, u32)]) -> u32 {
        let later = starts.iter().filter(|(epoch, _)| *epoch > found.epoch);
        later.map(|(_, start)| *start).fold(found.end, u32::min)
    }

    /// Shared storage: the member with the longest log of all, storage included, if enough storage nodes have answered to
    /// know that; and what the member `at` has.
    pub fn source(
        &self,
        starts: &[(u32, u32)],
        answering: usize,
        enough: usize,
        at: usize,
    ) -> Option<(usize, u32, u32)> {
        let stored = self.found.iter().filter(|found| found.at >= answering);
        if stored.count() < enough {
            return None;
        }
        let all = self.found.iter().map(|found| (Self::valid(found, starts), found.at));
        let own = self.found.iter().find(|found| found.at == at).map(|found| Self::valid(found, starts))?;
        // Storage comes last in number: among equals the member itself needs nothing.
        let (end, source) = all.max_by_key(|(end, other)| (*end, *other == at, *other))?;
        Some((source, end, own))
    }

    /// The member that takes over, and the entry behind which its epoch begins. `starts` are the epochs so far: what a member
    /// has of an epoch beyond the beginning of the next one does not count.
    pub fn best(
        &self,
        starts: &[(u32, u32)],
        primary: usize,
        may: impl Fn(&Found) -> bool,
    ) -> Option<(usize, u32)> {
        let candidates: Vec<(usize, u32)> =
            self.found.iter().filter(|f| may(f)).map(|f| (f.at, Self::valid(f, starts))).collect();
        let wanted = candidates.iter().find(|(at, _)| Some(*at) == self.wanted);
        // Among equals the old primary, then the one with the smallest number.
        let rank = |(at, end): &(usize, u32)| (*end, *at == primary, usize::MAX - *at);
        wanted.or(candidates.iter().max_by_key(|candidate| rank(candidate))).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(found: &[(usize, u32, u32)], wanted: Option<usize>) -> Option<(usize, u32)> {
        let mut election = Election::new(3, wanted, 0);
        election.found =
            found.iter().map(|(at, epoch, end)| Found { at: *at, epoch: *epoch, end: *end }).collect();
        election.best(&[(1, 0), (2, 7)], 0, |found| found.at != 9)
    }

    #[test]
    fn the_longest_log_wins_and_a_deposed_tail_does_not_count() {
        assert_eq!(best(&[(1, 2, 8), (2, 2, 9)], None), Some((2, 9)));
        assert_eq!(
            best(&[(1, 2, 8), (2, 1, 30)], None),
            Some((1, 8)),
            "entries behind 7 are of a dead branch"
        );
        assert_eq!(best(&[(2, 2, 9), (1, 2, 9), (0, 2, 9)], None), Some((0, 9)));
        assert_eq!(best(&[(1, 2, 8), (2, 2, 9)], Some(1)), Some((1, 8)));
        assert_eq!(best(&[(9, 2, 8)], None), None, "it lacks something");
    }
}
