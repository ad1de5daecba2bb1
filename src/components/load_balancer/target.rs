//! A target group: servers under one policy, and the calls that are meant for them.

use super::policy::{Asker, Backend, Balance, Recipe};
use super::server::{Condition, Passive, SlowStart, settle};
use super::tiers::Tiers;
use crate::kernel::{NodeId, Time};

/// Which calls go to a target group: keys from first to last, reads or writes or both.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub first: u64,
    pub last: u64,
    pub writes_only: bool,
}

impl Rule {
    /// Whatever no other rule takes.
    pub const REST: Rule = Rule { first: 0, last: u64::MAX, writes_only: false };

    pub fn takes(&self, key: u64, writes: bool) -> bool {
        (self.first..=self.last).contains(&key) && (writes || !self.writes_only)
    }
}

/// Servers under one policy.
pub(super) struct Target {
    pub rule: Rule,
    /// The groups whose members they are.
    pub groups: Vec<u16>,
    pub policy: Box<dyn Balance>,
    pub recipe: Recipe,
    pub tiers: Tiers,
    pub backends: Vec<Backend>,
    pub conditions: Vec<Condition>,
}

/// How many servers a target group may ask at most, and when they count as able to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Most calls under way at a server.
    pub connections: u32,
    pub passive: Option<Passive>,
    pub slow_start: Option<SlowStart>,
}

/// What came of the search for a server.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Choice {
    Server(usize),
    /// All that could serve have as many calls as they may; or this one has, which the call is bound to.
    Full(Option<u16>),
    /// All that are in service have failed this very call.
    AllTried,
    /// There is nobody.
    Nobody,
}

impl Target {
    pub fn find(&self, node: NodeId) -> Option<usize> {
        self.backends.iter().position(|backend| backend.node == node)
    }

    /// Chooses a server for a call, the wished one if it can serve. `tried` have failed it already.
    pub fn choose(
        &mut self,
        wish: Option<usize>,
        tried: &[u16],
        limits: &Limits,
        asker: &mut dyn Asker,
    ) -> Choice {
        let now = asker.now();
        let (mut full, mut has_tried) = (false, false);
        // A single server has nobody to rest on (nginx).
        let passive = limits.passive.filter(|_| self.backends.len() > 1);
        for (at, (backend, condition)) in self.backends.iter_mut().zip(&self.conditions).enumerate() {
            let rests = passive.is_some_and(|passive| passive.rests(condition, now));
            let able = backend.usable && !rests && backend.weight > 0;
            let is_tried = tried.contains(&(at as u16));
            let crowded = backend.in_flight >= limits.connections;
            has_tried |= able && is_tried;
            full |= able && !is_tried && crowded;
            backend.open = able && !is_tried && (!crowded || self.recipe.keeps_clients());
        }
        let wish = wish.filter(|at| self.may_stick(*at, tried, limits, now));
        match wish.or_else(|| self.policy.pick(&self.backends, asker)) {
            // Whoever is bound to a server waits for it (HAProxy 2.6, `pendconn_add`: the queue of the server).
            Some(at) if self.backends[at].in_flight >= limits.connections => Choice::Full(Some(at as u16)),
            Some(at) => Choice::Server(at),
            None if full => Choice::Full(None),
            None if has_tried => Choice::AllTried,
            None => Choice::Nobody,
        }
    }

    /// The servers that take new clients now.
    pub fn in_service(&self, limits: &Limits, now: Time) -> impl Iterator<Item = NodeId> {
        let passive = limits.passive.filter(|_| self.backends.len() > 1);
        let rests = move |condition| passive.is_some_and(|passive| passive.rests(condition, now));
        let servers = self.backends.iter().zip(&self.conditions);
        servers
            .filter(move |(backend, condition)| backend.usable && !rests(condition))
            .map(|(backend, _)| backend.node)
    }

    /// Clients that stick to a server may come while it drains or has no weight.
    fn may_stick(&self, at: usize, tried: &[u16], limits: &Limits, now: Time) -> bool {
        let condition = &self.conditions[at];
        let rests = limits.passive.is_some_and(|passive| passive.rests(condition, now));
        condition.serves() && !rests && !tried.contains(&(at as u16))
    }

    /// A call to a server has failed, and passive checks count it: a part of its weight is lost for a while. A single server has nobody to
    /// lose it to (nginx).
    #[cold]
    pub fn lower(&mut self, at: usize, max_fails: u32, slow_start: Option<SlowStart>) {
        if self.backends.len() > 1 {
            let parts = slow_start.map_or(1, |slow| slow.parts());
            let by = (self.conditions[at].weight / max_fails).saturating_mul(parts);
            self.policy.lower(at, by, self.backends[at].weight);
        }
    }

    /// After a change of beliefs, weights or members: the policy learns what has changed.
    pub fn settle(&mut self, slow_start: Option<SlowStart>, now: Time) {
        let mut changed = false;
        for (backend, condition) in self.backends.iter_mut().zip(&self.conditions) {
            let weight = slow_start.map_or(condition.weight, |slow| slow.weight(condition, now));
            changed |= settle(backend, condition, weight);
        }
        if changed {
            self.policy.refresh(&self.backends);
        }
    }

    /// A crash: of its servers it knows what it was told when it was configured, and which have left.
    pub fn forget(&mut self, slow_start: Option<SlowStart>, now: Time) {
        self.backends.iter_mut().for_each(|backend| backend.in_flight = 0);
        for condition in &mut self.conditions {
            *condition = Condition { gone: condition.gone, ..Condition::new(condition.weight) };
        }
        self.settle(slow_start, now);
        self.policy = self.recipe.make(&self.backends);
    }

    /// Another server of a tier.
    pub fn join(&mut self, tier: u16, node: NodeId) -> usize {
        let weight = self.tiers.join(tier, |at| self.conditions[at].weight);
        self.conditions.push(Condition::new(weight));
        // Not usable yet, so that `settle` sees a change.
        self.backends.push(Backend { usable: false, ..Backend::new(node, 0) });
        self.backends.len() - 1
    }

    /// A server weighs so much from now on, and those that follow it as their tier says.
    pub fn weigh(&mut self, at: usize, weight: u32) {
        self.conditions[at].weight = weight;
        let (followers, weight) = self.tiers.follow(at, |at| self.conditions[at].weight);
        for follower in followers {
            self.conditions[follower].weight = weight;
        }
    }

    pub fn fork(&self) -> Self {
        Target {
            rule: self.rule,
            groups: self.groups.clone(),
            policy: self.policy.fork(),
            recipe: self.recipe,
            tiers: self.tiers.clone(),
            backends: self.backends.clone(),
            conditions: self.conditions.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_take_keys_and_classes() {
        let images = Rule { first: 100, last: 199, writes_only: false };
        assert!(images.takes(100, false) && images.takes(199, true));
        assert!(!images.takes(99, false) && !images.takes(200, false));
        let writes = Rule { writes_only: true, ..Rule::REST };
        assert!(writes.takes(5, true) && !writes.takes(5, false));
    }
}
