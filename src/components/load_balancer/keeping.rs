//! How a careful balancer keeps track of its servers: health checks, warming up, joining and leaving.

use super::careful::{CHECK, Careful, PROBE, WARM};
use super::checks::Change;
use super::server::Passive;
use super::target::Target;
use crate::kernel::{Answer, Ask, Call, CallId, Control, Ctx, NodeId, Reply, Status, Timer};
use crate::parts::verbs::{HEALTH, VERDICT};

impl Careful {
    pub(super) fn begin_checks(&mut self, cx: &mut Ctx<'_>) {
        let Some(checks) = self.checks else { return };
        let servers: usize = self.targets.iter().map(|target| target.backends.len()).sum();
        let (mut number, phase) = (0, cx.phase(checks.interval, 0));
        for (target, servers_of) in self.targets.iter().enumerate() {
            for at in 0..servers_of.backends.len() {
                let timer = Timer { tag: CHECK, data: u64::from(server_number(target, at)) };
                cx.timer_in(checks.first(number, servers, phase), timer);
                number += 1;
            }
        }
    }

    pub(super) fn check(&mut self, number: u32, cx: &mut Ctx<'_>) {
        let (target, at) = server_of(number);
        let target = &self.targets[target];
        if target.conditions[at].gone {
            return;
        }
        self.counts.checks += 1;
        let ask = Ask::new(target.backends[at].node, HEALTH, 0);
        cx.ask(Ask { note: PROBE | number, timeout: self.check_timeout, ..ask });
    }

    pub(super) fn hear_check(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let Some(checks) = self.checks else { return };
        let number = reply.note & !PROBE;
        cx.timer_in(checks.interval, Timer { tag: CHECK, data: u64::from(number) });
        let (target, at) = server_of(number);
        let change = checks.hear(&mut self.targets[target].conditions[at], reply.status);
        let Some(change) = change else { return };
        cx.tell(change.name(), format!("server {at} of target group {target}"));
        self.follow(change, target, at, cx);
    }

    fn follow(&mut self, change: Change, target: usize, at: usize, cx: &mut Ctx<'_>) {
        if change.opens() {
            self.warm_up(target, at, cx);
        }
        self.targets[target].settle(self.limits.slow_start, cx.now());
        self.serve_waiting(cx);
    }

    /// With slow start, a server that comes into service begins with little weight.
    pub(super) fn warm_up(&mut self, target: usize, at: usize, cx: &mut Ctx<'_>) {
        if let Some(slow) = self.limits.slow_start {
            self.targets[target].conditions[at].warming_since = Some(cx.now());
            cx.timer_in(slow.step(), Timer { tag: WARM, data: u64::from(server_number(target, at)) });
        }
    }

    pub(super) fn warm(&mut self, number: u32, cx: &mut Ctx<'_>) {
        let Some(slow) = self.limits.slow_start else { return };
        let (target, at) = server_of(number);
        let condition = &mut self.targets[target].conditions[at];
        if slow.is_over(condition, cx.now()) {
            condition.warming_since = None;
        } else if condition.warming_since.is_some() {
            cx.timer_in(slow.step(), Timer { tag: WARM, data: u64::from(number) });
        }
        self.targets[target].settle(self.limits.slow_start, cx.now());
    }

    /// Passive checks take an answer in.
    pub(super) fn count(
        &mut self,
        passive: Passive,
        (index, at): (usize, usize),
        broken: bool,
        cx: &mut Ctx<'_>,
    ) {
        let target = &mut self.targets[index];
        let rested = passive.heard(&mut target.conditions[at], broken, cx.now());
        let name = || format!("server {at} of target group {index}");
        let may_rest = target.backends.len() > 1; // a single server has nobody to rest on (nginx)
        if rested && may_rest {
            cx.tell("server_rested", name());
        } else if broken && may_rest && target.conditions[at].fails == passive.max_fails {
            cx.tell("server_rests", name());
        }
        if broken {
            target.lower(at, passive.max_fails, self.limits.slow_start);
        } else if rested && self.limits.slow_start.is_some() {
            self.warm_up(index, at, cx);
            self.targets[index].settle(self.limits.slow_start, cx.now());
        }
    }

    /// Somebody asks whether the balancer is well, or whether its checks have taken a server out (any of its places). A check is a request as
    /// others are: without a server that is in service it is answered with an error (503).
    #[cold]
    pub(super) fn answer_check(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let &Call { verb, key, .. } = cx.call(id);
        let is_down =
            |target: &Target| target.find(NodeId(key as u16)).is_some_and(|at| !target.conditions[at].up);
        let out = verb == VERDICT && self.targets.iter().any(is_down);
        let serves = self.targets[0].backends.iter().any(|backend| backend.usable);
        let status = match verb {
            HEALTH if !serves => Status::Failed,
            _ if out => Status::Missing,
            _ => Status::Ok,
        };
        cx.reply(id, Answer::of(status));
    }

    pub(super) fn join(&mut self, control: Control, cx: &mut Ctx<'_>) {
        let (group, node) = control.subject();
        for target in 0..self.targets.len() {
            if !self.targets[target].groups.contains(&group) {
                continue;
            }
            let at = self.targets[target].join(group, node);
            self.warm_up(target, at, cx);
            self.targets[target].settle(self.limits.slow_start, cx.now());
            if self.checks.is_some() {
                self.check(server_number(target, at), cx);
            }
        }
        self.serve_waiting(cx);
    }

    pub(super) fn leave(&mut self, node: NodeId, cx: &mut Ctx<'_>) {
        for target in &mut self.targets {
            if let Some(at) = target.find(node) {
                target.conditions[at].gone = true;
                target.settle(self.limits.slow_start, cx.now());
            }
        }
        self.serve_waiting(cx);
    }
}

fn server_number(target: usize, at: usize) -> u32 {
    (target as u32) << 16 | at as u32
}

fn server_of(number: u32) -> (usize, usize) {
    ((number >> 16) as usize, (number & 0xFFFF) as usize)
}
