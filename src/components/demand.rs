//! Who is asked for which keys by whom.

use super::{Group, Layout};
use crate::catalog::{KeysPlan, Load};
use std::collections::BTreeMap;

impl Layout {
    /// The traffic whose requests may come to a group, by itself or through whoever asks on its behalf.
    pub fn asked_by(&self, group: usize) -> impl Iterator<Item = &Group> {
        let mut asking = vec![group];
        let mut next = 0;
        while let Some(&asked) = asking.get(next) {
            next += 1;
            for other in 0..self.groups.len() {
                if !asking.contains(&other) && self.asks(other, asked) {
                    asking.push(other);
                }
            }
        }
        let all = self.groups.iter().enumerate();
        all.filter(move |(index, group)| group.kind == "traffic" && asking.contains(index))
            .map(|(_, group)| group)
    }

    /// Whether requests go on from the first group to the second. Messages go on from a queue to its consumers.
    fn asks(&self, from: usize, to: usize) -> bool {
        let [from_group, to_group] = [from, to].map(|index| &self.groups[index]);
        match (from_group.kind, to_group.kind) {
            ("invalidation_bus", _) => false, // it tells of keys, and asks for none
            ("queue", "consumers") => to_group.settings.group("of") == Some(from),
            _ => from_group.settings.names(to),
        }
    }

    /// Keys that a group is asked for lie below this number, if every traffic that may come to it says which keys it wants.
    pub fn keys_of(&self, group: usize) -> Option<u64> {
        self.asked_by(group).map(Layout::keys_of_traffic).collect::<Option<Vec<u64>>>()?.into_iter().max()
    }

    /// So many of the keys that a group is asked for most at the start, the most wanted first; `None` if no traffic names any. Where several
    /// do, each counts as much as it asks, as far as that is known, with the keys that it wants most itself.
    pub fn popular(&self, group: usize, count: u64) -> Option<Vec<u64>> {
        let wanted =
            |traffic: &'_ Group| Some((traffic.settings.keys("keys")?.clone(), self.rate_of(traffic)));
        let wanted: Vec<(KeysPlan, Option<f64>)> = self.asked_by(group).filter_map(wanted).collect();
        if let [(keys, _)] = wanted.as_slice() {
            return Some(most_wanted(keys, count, self.seeds).collect());
        }
        let is_known = wanted.iter().all(|(_, rate)| rate.is_some());
        let mut weights: BTreeMap<u64, f64> = BTreeMap::new();
        for (keys, rate) in &wanted {
            let rate = rate.filter(|_| is_known).unwrap_or(1.0);
            for (key, share) in most_wanted(keys, count, self.seeds).zip(keys.popularity.shares(count)) {
                *weights.entry(key).or_default() += rate * share;
            }
        }
        let mut keys: Vec<(u64, f64)> = weights.into_iter().collect();
        keys.sort_by(|a, b| b.1.total_cmp(&a.1));
        let most = keys.into_iter().take(count as usize).map(|(key, _)| key).collect();
        (!wanted.is_empty()).then_some(most)
    }

    /// Requests a second, on average over the run; `None` if that only shows while it runs.
    fn rate_of(&self, traffic: &Group) -> Option<f64> {
        match traffic.settings.load("rate") {
            Some(Load::Open(arrivals)) => Some(arrivals.mean_rate(self.end)),
            _ => None,
        }
    }
}

/// So many of the keys that one traffic wants most at the start.
fn most_wanted(keys: &KeysPlan, count: u64, seeds: (u64, u64)) -> impl Iterator<Item = u64> {
    let ids = super::client::keyspace(keys, seeds);
    (0..count.min(keys.size)).map(move |nth| ids.id(keys.popularity.most_wanted(nth)))
}
