//! An autoscaler: asks the servers of a web tier how busy they are, and adds or removes some of them.
//!
//! Target tracking as in Amazon EC2 Auto Scaling: so many servers that the measure, if the load spread evenly, would be at its target. It
//! adds at once and removes carefully: when the measure is well below the target, and nothing has changed for a while. A server
//! that is removed gets nothing new and finishes what it has begun.
//!
//! A dead server is replaced: it is taken away while another one boots (EC2 Auto Scaling, "Health checks for instances in an Auto Scaling
//! group"). Until then it is a member that does no work: the measure is that of the others, and as many as do not answer come on top.

use super::egress::DOLLAR;
use super::{ComponentKind, Site};
use crate::kernel::{
    Ask, CallId, Component, Control, Ctx, Integral, NodeId, Readings, Reply, Status, Time, TimeoutClass,
    Timer,
};
use crate::parts::verbs::{LOAD, NO_FIGURE, VERDICT, unrounded};
use std::collections::VecDeque;

mod entry;
mod replacing;
use entry::{LATENCY, TARGETS};
use replacing::Replacing;

/// Adds and removes servers.
pub const KIND: ComponentKind =
    ComponentKind { entry: &entry::ENTRY, nodes: super::one, check: entry::check, build, grow: None };

const ASK: u16 = 0;
const DECIDE: u16 = 1;
const BOOTED: u16 = 2;
/// Servers are removed when the measure is below this part of its target (AWS: the low alarm stands at 90 %).
const LOW: f64 = 0.9;

/// What is to be kept near which value.
#[derive(Clone, Copy, Debug)]
struct Goal {
    /// Index in [`TARGETS`], and the key of the question.
    measure: usize,
    /// In the unit of the servers' answers.
    target: f64,
}

/// What a full round has found: who is asked later is another matter, also if nothing is decided before.
#[derive(Clone, Debug, Default)]
struct Round {
    mean: f64,
    /// How many servers it is of, and who has given no answer.
    answers: u64,
    missing: Vec<NodeId>,
}

#[derive(Clone)]
struct Autoscaler {
    group: u16,
    members: Vec<NodeId>,
    goal: Goal,
    period: Time,
    delay: Time,
    boot: Time,
    cooldown: Time,
    min: u64,
    max: u64,
    disabled: bool,
    timeout: Option<TimeoutClass>,
    /// Answers of this round: how many, the sum of their figures, and what these count: each server as one, of latencies each request.
    answers: u64,
    sum: f64,
    weight: f64,
    open: u64,
    /// Who has given none in this round.
    missing: Vec<NodeId>,
    /// Rounds of which nothing has been decided yet.
    rounds: VecDeque<Round>,
    replacing: Replacing,
    /// Servers on their way, until they are members.
    booting: Integral,
    /// Those of them that have booted and join now; whom a script adds is none of them.
    joining: u64,
    /// What a server costs per hour, in US dollars, from the moment it is ordered: Amazon EC2 bills an instance while it is "running", and
    /// what it does until it can serve comes after that.
    price: Option<f64>,
    changed: Time,
    added: u64,
    removed: u64,
}

fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    let settings = site.settings();
    let group = settings.group("of").expect("required");
    let duration = |name| settings.duration(name).unwrap_or(0);
    vec![Box::new(Autoscaler {
        group: group as u16,
        members: site.layout.groups[group].members().collect(),
        goal: goal(site),
        period: duration("period"),
        delay: duration("delay"),
        boot: duration("boot"),
        cooldown: duration("cooldown"),
        min: settings.count("min").expect("preset"),
        max: settings.count("max").expect("required"),
        disabled: site.is_disabled("autoscaling"),
        timeout: None,
        answers: 0,
        sum: 0.0,
        weight: 0.0,
        open: 0,
        missing: Vec::new(),
        rounds: VecDeque::new(),
        replacing: Replacing::new(site, group),
        booting: Integral::default(),
        joining: 0,
        price: site.layout.groups[group].settings.known_number("price_per_hour"),
        changed: 0,
        added: 0,
        removed: 0,
    })]
}

fn goal(site: &Site<'_>) -> Goal {
    let settings = site.settings();
    let measure = TARGETS.iter().position(|name| settings.is_given(name)).expect("checked");
    let target = match measure {
        0 => settings.share("utilization").expect("given") * 1e6,
        1 => settings.number("queue").expect("given") * 1e3,
        _ => settings.duration("latency").expect("given") as f64 / 1e3,
    };
    Goal { measure, target }
}

impl Autoscaler {
    fn servers(&self) -> u64 {
        self.members.len() as u64
    }

    /// Asks all members; who does not answer within half a period is left out. Balancers are asked what they think of them.
    fn ask(&mut self, cx: &mut Ctx<'_>) {
        cx.timer_in(self.period, Timer { tag: ASK, data: 0 });
        (self.answers, self.sum, self.weight, self.open) = (0, 0.0, 0.0, self.servers());
        self.missing.clear();
        for &member in &self.members {
            let (note, timeout) = (member.0.into(), self.timeout);
            cx.ask(Ask { note, timeout, ..Ask::new(member, LOAD, self.goal.measure as u64) });
            for &judge in self.replacing.judges_of(member, cx.now()) {
                cx.ask(Ask { note, timeout, ..Ask::new(judge, VERDICT, member.0.into()) });
            }
        }
    }

    /// How many servers would have brought the measure to its target, with those that do not work.
    fn desired(&self, round: &Round) -> u64 {
        let servers = (round.answers as f64 * round.mean / self.goal.target).ceil();
        let missing = round.missing.iter().filter(|node| self.members.contains(node)).count();
        (servers as u64 + missing as u64).clamp(self.min, self.max)
    }

    fn boot(&mut self, cx: &mut Ctx<'_>) {
        self.booting.set(cx.now(), self.booting.level() + 1);
        cx.timer_in(self.boot, Timer { tag: BOOTED, data: 0 });
    }

    /// A dead server is taken away, and another one boots in its place. It is forgotten at once, whoever else says that it is dead.
    #[cold]
    fn replace(&mut self, node: NodeId, reason: &str, cx: &mut Ctx<'_>) {
        let Some(at) = self.members.iter().position(|member| *member == node) else { return };
        self.members.remove(at);
        self.replacing.count += 1;
        cx.tell("replacement", reason);
        cx.retire(node);
        self.boot(cx);
    }

    /// A server has told its load, or has not.
    fn hear(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        self.open -= 1;
        if reply.status == Status::Ok {
            let counted = if self.goal.measure == LATENCY { unrounded(reply.redirect.0) as f64 } else { 1.0 };
            let weight = if reply.version == NO_FIGURE { 0.0 } else { counted };
            self.answers += 1;
            self.weight += weight;
            self.sum += weight * f64::from(reply.version);
        } else {
            self.missing.push(NodeId(reply.note as u16));
        }
        // If nothing was answered by anybody, be it that nobody asked or that all wait, there is no figure, and nothing is decided (Application Auto
        // Scaling User Guide, "Target tracking scaling policies", read 2026-11: without data an alarm has INSUFFICIENT_DATA, and there is no scaling
        // until new data points come).
        if self.open == 0 && self.weight > 0.0 {
            let (answers, missing) = (self.answers, std::mem::take(&mut self.missing));
            let mean = self.sum / self.weight;
            self.rounds.push_back(Round { mean, answers, missing });
            cx.timer_in(self.delay, Timer { tag: DECIDE, data: 0 });
        }
    }

    fn decide(&mut self, cx: &mut Ctx<'_>) {
        let round = self.rounds.pop_front().expect("one is decided on for each that is over");
        let (now, mean, desired) = (cx.now(), round.mean, self.desired(&round));
        let (servers, coming) = (self.servers(), self.servers() + self.booting.level());
        let reason = || {
            let part = 100.0 * mean / self.goal.target;
            format!(
                "{coming} to {desired} servers: {} at {part:.0} % of its target",
                TARGETS[self.goal.measure]
            )
        };
        // (Some may have left since the measure was taken: what was below its target then calls for nobody.)
        if desired > coming && (mean > self.goal.target || coming < self.min) {
            cx.tell("scale_out", reason());
            self.changed = now;
            (coming..desired).for_each(|_| self.boot(cx));
        } else if desired < servers
            && self.booting.level() == 0
            && mean < LOW * self.goal.target
            && now >= self.changed + self.cooldown
        {
            cx.tell("scale_in", reason());
            self.changed = now;
            // The newest go first.
            for &member in &self.members[desired as usize..] {
                cx.retire(member);
            }
        }
    }
}

impl Component for Autoscaler {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.timeout = Some(cx.timeout_class((self.period / 2).max(1)));
        if !self.disabled {
            // Not before a whole period can be told of; when a period ends has nothing to do with when the run begins.
            cx.timer_in(self.period.saturating_add(cx.phase(self.period, 0)), Timer { tag: ASK, data: 0 });
        }
    }

    fn on_call(&mut self, _call: CallId, _cx: &mut Ctx<'_>) {
        debug_assert!(false, "nobody calls an autoscaler");
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer.tag {
            ASK => self.ask(cx),
            DECIDE => self.decide(cx),
            _ => {
                self.joining += 1;
                cx.grow(self.group);
            }
        }
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        if let Some(reason) = self.replacing.reason(&reply) {
            self.replace(NodeId(reply.note as u16), reason, cx);
        }
        if reply.verb == LOAD {
            self.hear(&reply, cx);
        }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        let (group, node) = control.subject();
        match control.verb {
            // What it had measured and whom it waited for is forgotten with its machine.
            Control::RECOVER if control.arg == 1 => {
                self.rounds.clear();
                self.booting.set(cx.now(), 0);
                self.joining = 0;
                self.on_start(cx);
            }
            Control::JOIN if group == self.group => {
                self.added += 1;
                let ordered = self.joining.min(1);
                self.joining -= ordered;
                self.booting.set(cx.now(), self.booting.level().saturating_sub(ordered));
                self.changed = cx.now();
                self.members.push(node);
                self.replacing.joined(node, cx.now());
            }
            Control::LEAVE if group == self.group => {
                self.removed += 1;
                if self.members.contains(&node) {
                    self.changed = cx.now();
                }
                self.members.retain(|member| *member != node);
            }
            _ => {}
        }
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        if let Some(price) = self.price {
            let hours = self.booting.area(now) / 3600.0;
            out.count("cost", (hours * price * DOLLAR as f64).round() as u64);
        }
        out.count("added", self.added);
        out.count("removed", self.removed);
        out.count("replaced", self.replacing.count);
        out.gauge("servers_in_service", self.servers() as f64);
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(servers: u16, min: u64, max: u64) -> Autoscaler {
        Autoscaler {
            group: 0,
            members: (0..servers).map(NodeId).collect(),
            goal: Goal { measure: 0, target: 0.5e6 },
            period: 1,
            delay: 0,
            boot: 0,
            cooldown: 0,
            min,
            max,
            disabled: false,
            timeout: None,
            answers: 0,
            sum: 0.0,
            weight: 0.0,
            open: 0,
            missing: Vec::new(),
            rounds: VecDeque::new(),
            replacing: Replacing::default(),
            booting: Integral::default(),
            joining: 0,
            price: None,
            changed: 0,
            added: 0,
            removed: 0,
        }
    }

    #[test]
    fn so_many_servers_that_the_measure_meets_its_target() {
        let desired = |min: u64, max: u64, answers: u64, missing: &[u16], mean: f64| {
            let missing = missing.iter().map(|node| NodeId(*node)).collect();
            of(4, min, max).desired(&Round { mean, answers, missing })
        };
        assert_eq!(desired(1, 20, 4, &[], 0.5e6), 4);
        assert_eq!(desired(1, 20, 4, &[], 0.51e6), 5);
        assert_eq!(desired(1, 20, 4, &[], 1e6), 8);
        assert_eq!(desired(1, 20, 4, &[], 0.1e6), 1);
        assert_eq!(desired(2, 6, 4, &[], 0.1e6), 2);
        assert_eq!(desired(2, 6, 4, &[], 1e6), 6);
        assert_eq!(
            desired(1, 20, 2, &[0, 3], 1e6),
            6,
            "two that work and are twice as busy as they should be, and two that do not"
        );
        assert_eq!(desired(1, 20, 4, &[7], 0.5e6), 4, "who is no member any more does not count");
    }
}
