//! The cache of a resolver: records with their time to live, and the rules that bend it.

use super::address::Addresses;
use crate::kernel::{SECOND, Time};
use foldhash::fast::FixedState;
use std::collections::{HashMap, VecDeque};

/// A zone's name: the zone's number above, the name's below.
pub type Name = u64;

/// What is known of a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Data {
    /// Addresses; none of them if the name does not exist.
    Addresses(Addresses),
    /// Another name: that of this zone (its group) with the same number.
    Alias(u16),
}

impl Data {
    fn is_negative(self) -> bool {
        self == Data::Addresses(Addresses::NONE)
    }
}

/// How a resolver bends the time to live of what it is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
    /// No record is kept for less.
    pub shortest: Time,
    /// None is kept for longer.
    pub longest: Time,
    /// None that says a name does not exist is kept for longer.
    pub longest_negative: Time,
    /// Records are kept at least so long whatever they say: against the standard, and seen in the wild.
    pub overstay: Time,
    /// Asks again before a wanted record runs out.
    pub prefetch: bool,
    /// How long after its end a record may still be given out while a new one is fetched; 0 = never.
    pub serve_stale: Time,
    /// Most records.
    pub entries: usize,
}

impl Rules {
    /// How long a record is kept that says `ttl`.
    pub fn kept_for(&self, ttl: Time, negative: bool) -> Time {
        // That there is no such name is a record too: both limits hold (unbound clamps the SOA's time to live first).
        let longest = if negative { self.longest.min(self.longest_negative) } else { self.longest };
        // Overstaying is not bound by the limits of the well-behaved.
        ttl.max(self.shortest).min(longest).max(self.overstay)
    }
}

/// Time to live of a stale answer (RFC 8767, 4: 30 s; unbound: serve-expired-reply-ttl 30).
pub const STALE_TTL: Time = 30 * SECOND;

/// What a look into the cache finds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Found {
    /// A record that holds for so long yet, and whether it should be fetched again before it ends.
    Fresh(Data, Time, bool),
    /// A record that has ended but may be given out.
    Stale(Data),
    /// Nothing.
    Nothing,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    data: Data,
    until: Time,
    ttl: Time,
}

/// Records by name.
#[derive(Clone, Debug)]
pub struct RecordCache {
    rules: Rules,
    /// Looked up, never iterated.
    entries: HashMap<Name, Entry, FixedState>,
    /// Names in the order in which they came: the oldest makes room.
    order: VecDeque<Name>,
}

impl RecordCache {
    /// An empty cache.
    pub fn new(rules: Rules) -> Self {
        let entries = HashMap::with_hasher(FixedState::with_seed(0));
        RecordCache { rules, entries, order: VecDeque::new() }
    }

    /// How records are kept.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// What is known of a name at `now`.
    pub fn look(&self, name: Name, now: Time) -> Found {
        let Some(entry) = self.entries.get(&name) else { return Found::Nothing };
        if now < entry.until {
            let left = entry.until - now;
            // unbound: a hit within the last 10 % of the time to live fetches the record again.
            return Found::Fresh(entry.data, left, self.rules.prefetch && left <= entry.ttl / 10);
        }
        // RFC 8767 keeps stale answers only: that a name does not exist is asked again.
        let usable = now - entry.until < self.rules.serve_stale && !entry.data.is_negative();
        if usable { Found::Stale(entry.data) } else { Found::Nothing }
    }

    /// Whether something was ever known of a name, since the last crash.
    pub fn knew(&self, name: Name) -> bool {
        self.entries.contains_key(&name)
    }

    /// An authority says so at `now`. A record that is not to be kept replaces what was known by nothing.
    pub fn store(&mut self, name: Name, data: Data, ttl: Time, now: Time) {
        self.store_until(Time::MAX, name, data, ttl, now);
    }

    /// The same; it ends at `latest` at the latest.
    pub fn store_until(&mut self, latest: Time, name: Name, data: Data, ttl: Time, now: Time) {
        let ttl = self.rules.kept_for(ttl, data.is_negative());
        let entry = Entry { data, until: now.saturating_add(ttl).min(latest), ttl };
        match self.entries.get_mut(&name) {
            Some(known) => *known = entry, // one that holds for no time at all has ended at once
            None if ttl == 0 => {}
            None => {
                if self.entries.len() >= self.rules.entries
                    && let Some(oldest) = self.order.pop_front()
                {
                    self.entries.remove(&oldest);
                }
                self.entries.insert(name, entry);
                self.order.push_back(name);
            }
        }
    }

    /// Everything is forgotten.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.order.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RULES: Rules = Rules {
        shortest: 0,
        longest: 86_400 * SECOND,
        longest_negative: 3_600 * SECOND,
        overstay: 0,
        prefetch: false,
        serve_stale: 0,
        entries: 1_000,
    };

    fn one(record: usize) -> Data {
        Data::Addresses(Addresses::one(record))
    }

    #[test]
    fn the_rules_bend_the_time_to_live() {
        let strict =
            Rules { shortest: 5 * SECOND, longest: 100 * SECOND, longest_negative: 20 * SECOND, ..RULES };
        assert_eq!(strict.kept_for(SECOND, false), 5 * SECOND);
        assert_eq!(strict.kept_for(500 * SECOND, false), 100 * SECOND);
        assert_eq!(strict.kept_for(500 * SECOND, true), 20 * SECOND);
        let brief = Rules { longest: 10 * SECOND, ..strict };
        assert_eq!(brief.kept_for(500 * SECOND, true), 10 * SECOND, "no record is kept for longer");
        let overstaying = Rules { overstay: 3_600 * SECOND, ..strict };
        assert_eq!(overstaying.kept_for(SECOND, false), 3_600 * SECOND);
    }

    #[test]
    fn the_last_tenth_is_fetched_again_and_the_oldest_makes_room() {
        let mut cache = RecordCache::new(Rules { prefetch: true, entries: 2, ..RULES });
        cache.store(1, one(0), 100 * SECOND, 0);
        assert_eq!(cache.look(1, 89 * SECOND), Found::Fresh(one(0), 11 * SECOND, false));
        assert_eq!(cache.look(1, 90 * SECOND), Found::Fresh(one(0), 10 * SECOND, true));
        cache.store(2, one(0), 100 * SECOND, 0);
        cache.store(3, one(0), 100 * SECOND, 0);
        assert_eq!(cache.look(1, 1), Found::Nothing);
        assert!(matches!(cache.look(2, 1), Found::Fresh(..)));
    }

    #[test]
    fn only_what_exists_is_served_stale() {
        let mut cache = RecordCache::new(Rules { serve_stale: 50 * SECOND, ..RULES });
        cache.store(1, one(3), 10 * SECOND, 0);
        cache.store(2, Data::Addresses(Addresses::NONE), 10 * SECOND, 0);
        assert_eq!(cache.look(1, 10 * SECOND), Found::Stale(one(3)));
        assert_eq!(cache.look(1, 60 * SECOND), Found::Nothing);
        assert_eq!(cache.look(2, 10 * SECOND), Found::Nothing);
    }

    proptest! {
        /// Against the list of all that was ever told.
        #[test]
        fn answers_are_those_of_a_slow_obvious_resolver(
            told in proptest::collection::vec((0_u64..4, 0_usize..5, 0_u64..40, 0_u64..10, proptest::bool::ANY), 1..80),
            shortest in 0_u64..10, longest in 10_u64..40, negative in 5_u64..30, overstay in 0_u64..60, stale in 0_u64..20,
        ) {
            let rules = Rules {
                shortest: shortest * SECOND, longest: longest * SECOND, longest_negative: negative * SECOND,
                overstay: overstay * SECOND, prefetch: true, serve_stale: stale * SECOND, entries: 1_000,
            };
            let mut cache = RecordCache::new(rules);
            let mut log: Vec<(u64, Data, u64, u64)> = Vec::new();
            let mut now = 0;
            for (name, record, ttl, pause, missing) in told {
                now += pause;
                let data = if missing { Data::Addresses(Addresses::NONE) } else { one(record) };
                cache.store(name, data, ttl * SECOND, now * SECOND);
                // By hand: raised to the shortest, cut to the longest of its sort, raised again by who overstays.
                let mut kept = if ttl < shortest { shortest } else { ttl };
                let most = if missing && negative < longest { negative } else { longest };
                if kept > most { kept = most }
                if kept < overstay { kept = overstay }
                log.push((name, data, now, kept));
                for name in 0..4 {
                    for at in [now, now + 1, now + 7, now + 30] {
                        let last = log.iter().rev().find(|(known, ..)| *known == name);
                        let expected = match last {
                            Some(&(_, data, since, kept)) if at < since + kept => {
                                let left = since + kept - at;
                                Found::Fresh(data, left * SECOND, left * 10 <= kept)
                            }
                            Some(&(_, data, since, kept)) if at < since + kept + stale && !data.is_negative() && (kept > 0 || log.iter().any(|(n, _, _, k)| *n == name && *k > 0)) => Found::Stale(data),
                            _ => Found::Nothing,
                        };
                        prop_assert_eq!(cache.look(name, at * SECOND), expected);
                    }
                }
            }
        }
    }
}
