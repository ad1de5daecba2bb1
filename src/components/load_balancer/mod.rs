//! A load balancer: passes each call to one of its servers and the answer back.

use super::{ComponentKind, Site};
use crate::catalog::{Entry, Kind, Measure, Param, Preset, Problem, Problems};
use crate::components::site;
use crate::kernel::{
    Answer, Ask, Call, CallId, Component, Control, Ctx, NodeId, Readings, Reply, Status, Time, TimeoutClass,
    Timer,
};
use crate::parts::station::{Job, Station, StationPlan};
use crate::random::variate::Variate;

pub mod policy;
use policy::{Backend, Balance};

/// Passes calls on to servers.
pub const KIND: ComponentKind = ComponentKind { entry: &ENTRY, nodes: super::one, check, build, grow: None };

static ENTRY: Entry = Entry {
    name: "load_balancer",
    about: "passes each call to one of its servers",
    chapter: "4",
    params: &[
        Param {
            name: "to",
            kind: Kind::Groups(&["web", "cache", "database", "load_balancer"]),
            preset: Preset::Required,
            about: "the servers: a group or several",
        },
        Param {
            name: "policy",
            kind: Kind::Choice(policy::POLICIES),
            preset: Preset::Choice("round_robin"),
            about: "which server is next (round robin: the default of nginx and HAProxy)",
        },
        Param {
            name: "weights",
            kind: Kind::Weights,
            preset: Preset::Absent("all equal"),
            about: "shares of the servers, in their order; for policy \"weighted\"",
        },
        Param {
            name: "service",
            kind: Kind::Variate,
            preset: Preset::Absent("0: its own work is not modelled"),
            about: "own work per call",
        },
        Param {
            name: "cores",
            kind: Kind::Count(1, 1024),
            preset: Preset::Count(1),
            about: "calls it works on at a time, if `service` is given",
        },
        Param {
            name: "timeout",
            kind: Kind::Duration,
            preset: Preset::Absent("none: it waits for ever"),
            about: "how long it waits for a server (nginx: 60 s, proxy_read_timeout)",
        },
    ],
    actions: site::NODE_ACTIONS,
    measures: &[
        Measure { name: "calls_count", about: "calls passed on" },
        Measure { name: "errors_count", about: "calls answered with an error" },
    ],
};

const WORK: u16 = 0;

struct LoadBalancer {
    policy: Box<dyn Balance>,
    backends: Vec<Backend>,
    work: Option<(Variate, Station)>,
    purpose: u64,
    timeout_length: Option<Time>,
    timeout: Option<TimeoutClass>,
    calls: u64,
    errors: u64,
}

fn servers(site: &Site<'_>) -> Vec<NodeId> {
    let groups = site.settings().groups("to");
    groups.iter().flat_map(|group| site.layout.groups[*group].doors()).collect()
}

fn check(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let (weights, servers) = (settings.list("weights").len(), servers(site).len());
    let weighted = policy::POLICIES[settings.choice("policy")].name == "weighted";
    if weights > 0 && weights != servers {
        let message = format!("{weights} weights for {servers} servers");
        problems.push(settings.problem("weights", message).hint("one weight for each server"));
    }
    if weighted && weights == 0 {
        let place = settings.place("policy").unwrap_or(&site.group().place);
        let problem = Problem::at(place, "policy \"weighted\" needs the setting `weights`");
        problems.push(problem.hint("add `weights: [5, 3, 2]`"));
    }
    if weights > 0 && !weighted {
        let message = "`weights` count only for policy \"weighted\"";
        problems.push(settings.problem("weights", message).hint("add `policy: \"weighted\"`"));
    }
}

fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    use crate::catalog::Value;
    let settings = site.settings();
    let weights = settings.list("weights");
    let weight = |at: usize| match weights.get(at) {
        Some(Value::Whole(weight)) => *weight as u32,
        _ => 1,
    };
    let backend = |(at, node)| Backend { node, weight: weight(at), in_flight: 0 };
    let backends: Vec<Backend> = servers(site).into_iter().enumerate().map(backend).collect();
    let cores = settings.count("cores").expect("preset") as u32;
    let plan = StationPlan { servers: cores, queue: None, discipline: 0 };
    vec![Box::new(LoadBalancer {
        policy: policy::make(settings.choice("policy"), &backends),
        backends,
        work: settings.variate("service").map(|time| (time, Station::new(plan, WORK))),
        purpose: site.purpose("balance"),
        timeout_length: settings.duration("timeout"),
        timeout: None,
        calls: 0,
        errors: 0,
    })]
}

impl LoadBalancer {
    #[inline]
    fn pass_on(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let ask = Ask::on_behalf_of(id, cx.call(id), NodeId::NONE);
        let (request, key) = (ask.request, ask.key);
        let mut tries = 0;
        let chosen = self.policy.pick(&self.backends, &mut || {
            tries += 1;
            cx.draw(request, self.purpose.wrapping_add(tries), key)
        });
        let backend = &mut self.backends[chosen];
        backend.in_flight += 1;
        self.calls += 1;
        cx.ask(Ask { to: backend.node, note: chosen as u32, timeout: self.timeout, ..ask });
    }
}

impl Component for LoadBalancer {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.timeout = self.timeout_length.map(|length| cx.timeout_class(length));
    }

    #[inline]
    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        match &mut self.work {
            None => self.pass_on(id, cx),
            Some((time, station)) => {
                let &Call { request, key, .. } = cx.call(id);
                let work = cx.sample_ns(time, request, self.purpose, key);
                station.arrive(Job::new(id.to_bits(), work), cx);
            }
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        let done = self.work.as_mut().and_then(|(_, station)| station.on_timer(timer, cx));
        if let Some(job) = done {
            self.pass_on(CallId::from_bits(job), cx);
        }
    }

    #[inline]
    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        self.backends[reply.note as usize].in_flight -= 1;
        let failed = !matches!(reply.status, Status::Ok | Status::Missing);
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
        if matches!(control.verb, Control::CRASH_PROCESS | Control::CRASH_HOST) {
            self.backends.iter_mut().for_each(|backend| backend.in_flight = 0);
        }
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        if let Some((_, station)) = &self.work {
            station.measure(now, out);
        }
        out.count("calls", self.calls);
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
            work: self.work.clone(),
            ..*self
        })
    }
}
