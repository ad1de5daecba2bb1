//! A load balancer: passes each call to one of its servers and the answer back.

use super::egress::Metered;
use super::{ComponentKind, Layout, Site};
use crate::catalog::Settings;
use crate::kernel::{
    Answer, Ask, CallId, Component, Control, Ctx, NodeId, Readings, Reply, Status, Time, TimeoutClass, Timer,
};
use crate::parts::station::{Job, Station, StationPlan};
use crate::random::draw::Purpose;
use crate::random::variate::Variate;

mod careful;
mod checks;
mod entry;
mod keeping;
mod make;
mod mistakes;
mod passing;
pub mod policy;
mod server;
mod serving;
mod standby;
mod sticky;
mod target;
mod tiers;
mod waiting;
use passing::Passing;
use policy::{Backend, Choice, Recipe};
use standby::Pair;
use tiers::Tiers;

/// Passes calls on to servers.
///
/// A balancer without checks, retries, stickiness and limits is the plain one of this file; else it is `careful.rs`.
pub const KIND: ComponentKind =
    ComponentKind { entry: &entry::ENTRY, nodes: super::one, check: mistakes::check, build, grow: None };

const WORK: u16 = 0;
/// A server gets another weight.
const WEIGHT: u16 = Control::FIRST_OWN;

/// The command that gives a server, by its place, another weight.
pub fn set_weight(at: usize, weight: u32) -> Control {
    Control::new(WEIGHT, (at as u64) << 32 | u64::from(weight))
}

fn weight_of(control: Control) -> (usize, u32) {
    ((control.arg >> 32) as usize, control.arg as u32)
}

/// Largest weight that a balancer's policy understands; 1 (all or nothing) if it does not look at weights.
pub fn heaviest_weight(layout: &Layout, group: usize) -> i64 {
    policy::heaviest(layout.groups[group].settings.choice("policy")).max(1)
}

/// Number of the servers that a balancer begins with, those of its routes not counted.
pub fn server_count(layout: &Layout, group: usize) -> usize {
    let count = |group: usize| layout.groups[group].count as usize;
    layout.groups[group].settings.groups("to").into_iter().map(count).sum()
}

/// All groups behind a balancer.
pub fn all_groups(settings: &Settings) -> Vec<usize> {
    let mut groups = readers(settings);
    groups.extend(settings.groups("writes_to"));
    groups
}

/// Groups that answer reads behind a balancer.
pub fn readers(settings: &Settings) -> Vec<usize> {
    let routed = make::routes(settings).into_iter().map(|(.., group)| group);
    settings.groups("to").into_iter().chain(routed).collect()
}

struct LoadBalancer {
    policy: Choice,
    /// Whether the policy wants to know how long answers take.
    observes: bool,
    backends: Vec<Backend>,
    /// The groups whose members the servers are.
    groups: Vec<u16>,
    work: Option<(Variate, Station)>,
    purpose: u64,
    /// The same, for its own work.
    working: Purpose,
    timeout_length: Option<Time>,
    timeout: Option<TimeoutClass>,
    calls: u64,
    answered: u64,
    recipe: Recipe,
    /// Not beside `answered`: both would be counted as one, at greater length.
    errors: u64,
    tiers: Tiers,
}

/// A standby is an aide.
pub(super) fn aides(settings: &Settings) -> (&'static str, u64) {
    ("standby", u64::from(settings.flag("standby")))
}

fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    let Some(other) = site.group().aides().next() else { return vec![metered(site)] };
    let interval = site.settings().duration("advertise").expect("preset");
    let first = site.layout.first(site.index);
    let active = Pair::new(metered(site), true, other, interval);
    let standby = Pair::new(metered(site), false, first, interval);
    vec![Box::new(active), Box::new(standby)]
}

fn metered(site: &Site<'_>) -> Box<dyn Component> {
    Metered::around(site, balancer(site))
}

fn balancer(site: &Site<'_>) -> Box<dyn Component> {
    let settings = site.settings();
    let work = settings.variate("service").map(|time| (time, station(site)));
    if make::is_careful(settings) {
        let mut careful = make::careful(site);
        careful.work = work;
        return Box::new(careful);
    }
    let backends = make::backends(site, &settings.groups("to"), settings.list("weights"));
    let recipe = make::recipe(settings);
    let mut policy = Choice::of(&recipe, &backends);
    Box::new(LoadBalancer {
        observes: policy.policy().observes(),
        policy,
        backends,
        groups: settings.groups("to").into_iter().map(|group| group as u16).collect(),
        work,
        purpose: site.purpose("balance"),
        working: site.purpose("balance").into(),
        timeout_length: settings.duration("timeout"),
        timeout: None,
        calls: 0,
        answered: 0,
        errors: 0,
        recipe,
        tiers: Tiers::new(site, &settings.groups("to")),
    })
}

fn station(site: &Site<'_>) -> Station {
    let servers = site.settings().count("cores").expect("preset") as u32;
    Station::new(StationPlan { servers, queue: None, discipline: 0 }, WORK)
}

impl LoadBalancer {
    #[inline(always)]
    fn pass_on(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let chosen = match &mut self.policy {
            Choice::Turns(turns) => turns.turn(&self.backends),
            Choice::Other(_) => self.pick(id, cx),
        };
        let Some((chosen, backend)) = chosen.and_then(|at| Some((at, self.backends.get_mut(at)?))) else {
            return self.refuse(id, cx);
        };
        backend.in_flight += 1;
        self.calls += 1;
        let ask = Ask::on_behalf_of(id, cx.call(id), backend.node);
        cx.ask(Ask { note: chosen as u32, timeout: self.timeout, ..ask });
    }

    /// Asks a policy that may want to know more of the call.
    #[inline(never)]
    fn pick(&mut self, id: CallId, cx: &mut Ctx<'_>) -> Option<usize> {
        let call = cx.call(id);
        let (request, key) = (call.request, call.key);
        let mut asker = Passing { request, key, purpose: self.purpose, cx };
        self.policy.policy().pick(&self.backends, &mut asker)
    }

    /// All servers have left.
    #[cold]
    fn refuse(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        (self.calls, self.answered, self.errors) = (self.calls + 1, self.answered + 1, self.errors + 1);
        cx.reply(id, Answer::of(Status::Failed));
    }

    fn join(&mut self, control: Control) {
        let (group, node) = control.subject();
        if self.groups.contains(&group) {
            let weight = self.tiers.join(group, |at| self.backends[at].weight);
            self.backends.push(Backend::new(node, weight));
            self.policy.policy().refresh(&self.backends);
        }
    }

    fn weigh(&mut self, at: usize, weight: u32) {
        self.backends[at].weight = weight;
        self.backends[at].open = self.backends[at].usable && weight > 0;
    }

    /// A server has left: it gets nothing new.
    fn leave(&mut self, node: NodeId) {
        for backend in self.backends.iter_mut().filter(|backend| backend.node == node) {
            (backend.listed, backend.usable, backend.open) = (false, false, false);
        }
        self.policy.policy().refresh(&self.backends);
    }
}

impl Component for LoadBalancer {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.timeout = self.timeout_length.map(|length| cx.timeout_class(length));
    }

    #[inline(always)]
    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        match &mut self.work {
            None => self.pass_on(id, cx),
            Some((time, station)) => {
                let work = cx.work_ns(time, id, self.working);
                station.arrive(Job::new(id.to_bits(), work), cx);
            }
        }
    }

    #[inline(always)]
    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        let done = self.work.as_mut().and_then(|(_, station)| station.on_timer(timer, cx));
        if let Some(job) = done {
            self.pass_on(CallId::from_bits(job), cx);
        }
    }

    #[inline(always)]
    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        self.backends[reply.note as usize].in_flight -= 1;
        if self.observes {
            self.policy.policy().observe(reply.note as usize, cx.now() - reply.asked, cx.now());
        }
        let failed = !matches!(reply.status, Status::Ok | Status::Missing | Status::Denied);
        self.answered += 1;
        self.errors += u64::from(failed);
        // What the client sees of a dead or silent server is an error of the balancer (502, 504).
        let answer = match reply.status {
            Status::Reset | Status::TimedOut => Answer::of(Status::Failed),
            _ => reply.pass_on(),
        };
        cx.reply(reply.parent, answer);
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        if let Some((_, station)) = &mut self.work {
            station.on_control(control, cx);
        }
        match control.verb {
            Control::CRASH_PROCESS | Control::CRASH_HOST => {
                self.backends.iter_mut().for_each(|backend| backend.in_flight = 0);
                self.policy = Choice::of(&self.recipe, &self.backends);
            }
            Control::JOIN => self.join(control),
            Control::LEAVE => self.leave(control.subject().1),
            WEIGHT => {
                let (at, weight) = weight_of(control);
                self.weigh(at, weight);
                let (followers, weight) = self.tiers.follow(at, |at| self.backends[at].weight);
                followers.into_iter().for_each(|follower| self.weigh(follower, weight));
                self.policy.policy().refresh(&self.backends);
            }
            _ => {}
        }
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        if let Some((_, station)) = &self.work {
            station.measure(now, out);
        }
        out.count("calls", self.calls);
        out.count("answered", self.answered);
        out.count("errors", self.errors);
    }

    fn restart_maxima(&mut self, _now: Time) {
        if let Some((_, station)) = &mut self.work {
            station.restart_maxima();
        }
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(LoadBalancer {
            policy: self.policy.fork(),
            backends: self.backends.clone(),
            groups: self.groups.clone(),
            work: self.work.clone(),
            tiers: self.tiers.clone(),
            ..*self
        })
    }
}
