//! What each session has written and read: the two session guarantees that a cache or a lagging replica breaks.
//!
//! Source: D. Terry, A. Demers, K. Petersen, M. Spreitzer, M. Theimer, B. Welch, "Session Guarantees for Weakly
//! Consistent Replicated Data", 1994 (read your writes, monotonic reads).
//!
//! For one session and key all distinct versions are remembered, newest first, and not only the newest one: a rollback
//! may take the newest away, and then the next one is what the session can rightly expect. The newest stands in the hash
//! table itself; the others, which few pairs have, in one shared list of links.

use super::runs::{self, Run};
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// Any constant: the table is never iterated, so the seed shows nowhere.
const SEED: u64 = 0x5ca1_ab1e;

/// A user who reads within this time has not looked at anything else: a page that shows what was saved.
const SHORTLY_NS: u64 = 1_000_000_000;

/// Marks a link below which at least one version was forgotten because the list was full.
const FORGOTTEN: u32 = 1 << 31;

/// One remembered version and the way to the next older one.
#[derive(Clone, Copy, Debug, Default)]
struct Link {
    /// 0 = none: the end of the chain.
    version: u32,
    /// Index into the list plus one, 0 = none; the top bit is [`FORGOTTEN`].
    older: u32,
    /// When the session learnt of it.
    at_ns: u64,
}

/// A read: what was the newest acknowledged version when it began, when that was, and when it ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub(super) floor: u32,
    pub(super) began_ns: u64,
    pub(super) ended_ns: u64,
}

impl Span {
    /// Whether the session had been told of its write before it began to read. Of two things at the same moment the floor knows the order.
    fn knows_write(&self, link: &Link) -> bool {
        link.at_ns < self.began_ns || (link.at_ns == self.began_ns && link.version <= self.floor)
    }

    /// Whether it had read this before. (What two reads bring back that are under way at the same time has no order.)
    fn knows_read(&self, link: &Link) -> bool {
        link.at_ns <= self.began_ns
    }
}

/// The chains of one session and key.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    acknowledged: Link,
    read: Link,
}

/// The verdict on one read, from its session's view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SessionCheck {
    pub(super) read_your_writes_violated: bool,
    pub(super) monotonic_reads_violated: bool,
    /// The session had been told of its write shortly before it read.
    pub(super) looks_at_once: bool,
    /// A violation may have been missed, or will be, because the memory is full.
    pub(super) untracked: bool,
}

/// The memory of all sessions, bounded: `entries_max` pairs of session and key, and as many older versions.
#[derive(Clone, Debug)]
pub(super) struct Sessions {
    seen: HashMap<u64, Seen, FixedState>,
    chains: Chains,
    entries_max: usize,
}

impl Sessions {
    pub(super) fn new(entries_max: usize) -> Self {
        let entries_max = entries_max.min(FORGOTTEN as usize - 2);
        Self {
            seen: HashMap::with_hasher(FixedState::with_seed(SEED)),
            chains: Chains { links: Vec::new(), links_max: entries_max },
            entries_max,
        }
    }

    /// The session was told now that its write is `version`. False if that could not be remembered.
    pub(super) fn acknowledge(&mut self, session: u32, key: u64, version: u32, now_ns: u64) -> bool {
        let is_full = self.seen.len() >= self.entries_max;
        let pair = pair_of(session, key);
        match self.seen.get_mut(&pair) {
            Some(seen) => self.chains.insert(&mut seen.acknowledged, version, now_ns),
            None if is_full => return false,
            None => {
                let acknowledged = Link { version, older: 0, at_ns: now_ns };
                self.seen.insert(pair, Seen { acknowledged, ..Seen::default() });
            }
        }
        true
    }

    /// The session has read `version`: checks it against what it saw before, then remembers it.
    pub(super) fn read(
        &mut self,
        session: u32,
        key: u64,
        span: Span,
        version: u32,
        lost: &[Run],
    ) -> SessionCheck {
        let is_full = self.seen.len() >= self.entries_max;
        let is_worth_keeping = version > 0 && !runs::contains(lost, version);
        let pair = pair_of(session, key);
        let Some(seen) = self.seen.get_mut(&pair) else {
            if is_worth_keeping && !is_full {
                let read = Link { version, older: 0, at_ns: span.ended_ns };
                self.seen.insert(pair, Seen { read, ..Seen::default() });
            }
            return SessionCheck { untracked: is_full, ..SessionCheck::default() };
        };
        let check = self.chains.check(seen, span, version, lost);
        if is_worth_keeping {
            self.chains.insert(&mut seen.read, version, span.ended_ns);
        }
        check
    }

    /// Bytes held, the hash table by its layout (a power of two of places, 7/8 usable, one control byte each).
    pub(super) fn memory_bytes(&self) -> u64 {
        let places = (self.seen.capacity() * 8).div_ceil(7);
        let table = places * (size_of::<(u64, Seen)>() + 1);
        (table + self.chains.links.capacity() * size_of::<Link>()) as u64
    }
}

/// Keys are below `KEYS_MAX`, so the pair fits one word.
#[inline]
fn pair_of(session: u32, key: u64) -> u64 {
    u64::from(session) << 32 | key
}

/// The older versions of all chains, each chain in descending order.
#[derive(Clone, Debug)]
struct Chains {
    links: Vec<Link>,
    links_max: usize,
}

impl Chains {
    #[inline]
    fn check(&self, seen: &Seen, span: Span, version: u32, lost: &[Run]) -> SessionCheck {
        // What the session learnt only after the read had begun breaks no promise.
        let (written, written_forgotten) =
            self.newest_surviving(seen.acknowledged, |link| span.knows_write(link), lost);
        let (read, read_forgotten) = self.newest_surviving(seen.read, |link| span.knows_read(link), lost);
        let read_your_writes_violated = written.version > version;
        let monotonic_reads_violated = read.version > version;
        let since_ns = span.began_ns.saturating_sub(written.at_ns);
        SessionCheck {
            read_your_writes_violated,
            monotonic_reads_violated,
            looks_at_once: written.version > 0 && since_ns <= SHORTLY_NS,
            untracked: (written_forgotten && !read_your_writes_violated)
                || (read_forgotten && !monotonic_reads_violated),
        }
    }

    /// The newest remembered version that survives and counts (version 0 if there is none), and whether a forgotten one may be newer.
    #[inline]
    fn newest_surviving(&self, newest: Link, counts: impl Fn(&Link) -> bool, lost: &[Run]) -> (Link, bool) {
        let mut link = newest;
        let mut forgotten = 0;
        while link.version > 0 && (!counts(&link) || runs::contains(lost, link.version)) {
            forgotten |= link.older & FORGOTTEN;
            link = self.next(link);
        }
        (link, forgotten != 0)
    }

    #[inline]
    fn next(&self, link: Link) -> Link {
        match link.older & !FORGOTTEN {
            0 => Link::default(),
            older => self.links[older as usize - 1],
        }
    }

    /// Appends a link and returns its index plus one; `None` if the list is full.
    fn push(&mut self, link: Link) -> Option<u32> {
        if self.links.len() >= self.links_max {
            return None;
        }
        self.links.push(link);
        Some(self.links.len() as u32)
    }

    #[inline]
    fn insert(&mut self, newest: &mut Link, version: u32, at_ns: u64) {
        if version == newest.version {
            return;
        }
        if version < newest.version {
            self.insert_below(newest, version, at_ns);
            return;
        }
        let older = match newest.version {
            0 => 0,
            _ => self.push(*newest).unwrap_or(newest.older | FORGOTTEN),
        };
        *newest = Link { version, older, at_ns };
    }

    /// Inserts a version older than the newest one, at its place.
    #[cold]
    fn insert_below(&mut self, newest: &mut Link, version: u32, at_ns: u64) {
        let mut above = *newest;
        let mut above_at = 0;
        loop {
            let next = self.next(above);
            if next.version == version {
                return;
            }
            if next.version < version {
                break;
            }
            above_at = above.older & !FORGOTTEN;
            above = next;
        }
        // The list never shrinks, so while there is room nothing has been forgotten anywhere.
        let older = match self.push(Link { version, older: above.older, at_ns }) {
            Some(at) => at,
            None => above.older | FORGOTTEN,
        };
        match above_at {
            0 => newest.older = older,
            at => self.links[at as usize - 1].older = older,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LATER: Span = Span { floor: 9, began_ns: 20, ended_ns: 30 };

    fn chain(chains: &Chains, newest: Link) -> Vec<u32> {
        let links = std::iter::successors(Some(newest), |link| Some(chains.next(*link)));
        links.map(|link| link.version).take_while(|version| *version > 0).collect()
    }

    #[test]
    fn a_chain_is_sorted_and_without_repetition_in_whatever_order_it_came() {
        let mut chains = Chains { links: Vec::new(), links_max: 100 };
        let mut newest = Link::default();
        for version in [4, 9, 9, 2, 7, 4, 1, 8, 7, 11, 3] {
            chains.insert(&mut newest, version, 0);
        }
        assert_eq!(chain(&chains, newest), [11, 9, 8, 7, 4, 3, 2, 1]);
    }

    #[test]
    fn what_was_forgotten_is_admitted_only_where_it_may_matter() {
        let mut chains = Chains { links: Vec::new(), links_max: 1 };
        let mut newest = Link::default();
        for version in [1, 2, 3] {
            chains.insert(&mut newest, version, 0);
        }
        assert_eq!(chain(&chains, newest), [3, 1]);
        let found = |lost: &[Run]| {
            let (link, forgotten) = chains.newest_surviving(newest, |_| true, lost);
            (link.version, forgotten)
        };
        assert_eq!(found(&[]), (3, false));
        let lost = [Run { first: 3, last: 3 }];
        assert_eq!(found(&lost), (1, true));
    }

    #[test]
    fn a_full_table_keeps_following_the_pairs_it_has() {
        let mut sessions = Sessions::new(1);
        assert!(sessions.acknowledge(1, 0, 5, 10));
        assert!(!sessions.acknowledge(2, 0, 6, 10));
        assert!(sessions.read(2, 0, LATER, 5, &[]).untracked);
        let check = sessions.read(1, 0, LATER, 4, &[]);
        assert!(check.read_your_writes_violated && !check.untracked);
    }
    #[test]
    fn a_check_that_may_have_missed_a_violation_says_so_for_writes_and_for_reads() {
        let mut chains = Chains { links: Vec::new(), links_max: 0 };
        let mut forgetful = Link::default();
        chains.insert(&mut forgetful, 4, 10);
        chains.insert(&mut forgetful, 5, 10);
        let complete = Link { version: 1, older: 0, at_ns: 10 };
        let lost = [Run { first: 5, last: 5 }];
        for (acknowledged, read) in [(forgetful, complete), (complete, forgetful)] {
            let seen = Seen { acknowledged, read };
            assert!(chains.check(&seen, LATER, 3, &lost).untracked);
            assert!(!chains.check(&seen, LATER, 3, &[]).untracked);
        }
    }

    proptest! {
        #[test]
        fn a_chain_finds_the_newest_surviving_version_or_admits_that_it_may_not(
            versions in prop::collection::vec(1_u32..24, 0..30),
            links_max in 0_usize..12,
            first in 1_u32..24,
            length in 0_u32..24,
        ) {
            let mut chains = Chains { links: Vec::new(), links_max };
            let mut newest = Link::default();
            versions.iter().for_each(|version| chains.insert(&mut newest, *version, 0));
            let lost = [Run { first, last: first + length }];
            for limit in 0..26 {
                let surviving = versions.iter().filter(|v| **v <= limit && !runs::contains(&lost, **v));
                let truth = surviving.copied().max().unwrap_or(0);
                let (found, forgotten) = chains.newest_surviving(newest, |link| link.version <= limit, &lost);
                let found = found.version;
                prop_assert!(found == truth || (found < truth && forgotten));
                prop_assert!(!forgotten || versions.len() > links_max);
            }
        }
    }
}
