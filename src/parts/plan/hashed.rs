//! A caller's own map of the servers: it hashes keys, learns of changes late, and may leave out servers that fail.

use crate::kernel::{Control, Ctx, NEVER, NodeId, Time};
use crate::parts::ring::{Ring, Server};
use crate::random::mix::combine;
use crate::random::variate::Variate;
use std::collections::VecDeque;

/// When a caller leaves out a server that does not answer, and for how long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ejection {
    /// After so many failures one behind the other.
    pub failures: u64,
    /// For so long.
    pub pause: Time,
}

/// A server as a caller sees it.
#[derive(Clone, Debug)]
struct Member {
    server: Server,
    failures: u64,
    /// Left out until then; 0 = not left out.
    back_at: Time,
}

/// A caller's own map of the servers of one group.
#[derive(Clone, Debug)]
pub struct Hashed {
    group: u16,
    name: String,
    /// Servers ever heard of: the next one has this number.
    known: u64,
    members: Vec<Member>,
    ring: Ring,
    ejection: Option<Ejection>,
    /// How long after a change the caller learns of it; `None` = at once.
    delay: Option<Variate>,
    purpose: u64,
    /// Changes that it will have learnt of by then, in this order.
    pending: VecDeque<(Time, Control)>,
    /// When the map changes next, if nothing happens.
    next_change: Time,
    /// Failures that are remembered, of all servers.
    failing: u64,
}

/// What a caller knows when it starts.
pub struct HashedPlan {
    /// Number of the group.
    pub group: u16,
    /// Its name: further servers are called `name/3`.
    pub name: String,
    /// Servers the group has ever had.
    pub known: u64,
    /// Its servers; their ids are the nodes'.
    pub servers: Vec<Server>,
    /// Policy of the ring, by index.
    pub sharding: usize,
    /// Whether servers that fail are left out.
    pub ejection: Option<Ejection>,
    /// How long after a change the caller learns of it.
    pub delay: Option<Variate>,
    /// Purpose of the draws of this delay.
    pub purpose: u64,
}

impl Hashed {
    /// A map of these servers.
    pub fn new(plan: HashedPlan) -> Self {
        let member = |server: &Server| Member { server: server.clone(), failures: 0, back_at: 0 };
        Hashed {
            group: plan.group,
            name: plan.name,
            known: plan.known,
            members: plan.servers.iter().map(member).collect(),
            ring: Ring::new(plan.sharding, plan.servers),
            ejection: plan.ejection,
            delay: plan.delay,
            purpose: plan.purpose,
            pending: VecDeque::new(),
            next_change: NEVER,
            failing: 0,
        }
    }

    /// The server of a key, as this caller sees it.
    #[inline]
    pub fn node(&mut self, key: u64, cx: &mut Ctx<'_>) -> NodeId {
        if self.next_change <= cx.now() {
            self.change(cx.now());
        }
        NodeId(self.ring.place(key).expect("the last server neither leaves nor is left out"))
    }

    /// A server came or went: the caller learns of it after the delay, and of one thing after the other.
    pub fn on_control(&mut self, control: &Control, cx: &mut Ctx<'_>) {
        let is_news = matches!(control.verb, Control::JOIN | Control::LEAVE);
        if !is_news || control.subject().0 != self.group {
            return;
        }
        // One process has one map: what it reads by and what it writes by changes at the same moment.
        let change = combine(combine(control.subject().1.index() as u64, u64::from(control.verb)), cx.now());
        let wait = self.delay.as_ref().map_or(0, |delay| cx.own_sample_ns(delay, self.purpose, change));
        let last = self.pending.back().map_or(0, |(time, _)| *time);
        self.pending.push_back((cx.now().saturating_add(wait).max(last), *control));
        self.set_next_change();
    }

    #[cold]
    fn change(&mut self, now: Time) {
        while let Some((_, control)) = self.pending.front().copied().filter(|(time, _)| *time <= now) {
            self.pending.pop_front();
            let (_, node) = control.subject();
            if control.verb == Control::JOIN { self.join(node) } else { self.leave(node) }
        }
        for at in 0..self.members.len() {
            if (1..=now).contains(&self.members[at].back_at) {
                self.members[at].back_at = 0;
                let before = self.members[..at].iter().filter(|member| member.back_at == 0).count();
                self.ring.insert(before, self.members[at].server.clone());
            }
        }
        self.set_next_change();
    }

    fn set_next_change(&mut self) {
        let news = self.pending.front().map(|(time, _)| *time);
        let returns = self.members.iter().map(|member| member.back_at).filter(|time| *time > 0);
        self.next_change = returns.chain(news).min().unwrap_or(NEVER);
    }

    fn join(&mut self, node: NodeId) {
        let server = Server::new(node.0, format!("{}/{}", self.name, self.known));
        self.known += 1;
        self.ring.add(server.clone());
        self.members.push(Member { server, failures: 0, back_at: 0 });
    }

    fn leave(&mut self, node: NodeId) {
        self.members.retain(|member| member.server.id != node.0);
        self.ring.remove(node.0);
        if self.ring.servers().is_empty() {
            // Whoever is left out comes back when nobody else is there.
            for member in &mut self.members {
                member.back_at = 0;
                self.ring.add(member.server.clone());
            }
        }
    }

    /// Whether a server that answers is worth noting: failures are remembered.
    #[inline]
    pub fn is_wary(&self) -> bool {
        self.failing > 0
    }

    /// A server has answered, or failed to.
    #[inline]
    pub fn answered(&mut self, node: NodeId, failed: bool, now: Time) {
        if self.ejection.is_some() && (failed || self.failing > 0) {
            self.note(node, failed, now);
        }
    }

    #[cold]
    fn note(&mut self, node: NodeId, failed: bool, now: Time) {
        let ejection = self.ejection.expect("asked before");
        let Some(member) = self.members.iter_mut().find(|member| member.server.id == node.0) else { return };
        if member.back_at > 0 {
            return; // an answer to a question from before
        }
        self.failing -= member.failures;
        member.failures = if failed { member.failures + 1 } else { 0 };
        if member.failures >= ejection.failures && self.ring.servers().len() > 1 {
            member.failures = 0;
            member.back_at = now.saturating_add(ejection.pause).max(1);
            self.ring.remove(node.0);
        }
        self.failing += self.members.iter().find(|m| m.server.id == node.0).map_or(0, |m| m.failures);
        self.set_next_change();
    }
}
