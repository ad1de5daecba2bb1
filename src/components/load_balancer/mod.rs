//! A load balancer: passes each call to one of its servers and the answer back.

use super::{ComponentKind, Site};
use crate::kernel::{
    Answer, Ask, Call, CallId, Component, Control, Ctx, NodeId, Readings, Reply, RequestId, Status, Time,
    TimeoutClass, Timer,
};
use crate::parts::station::{Job, Station, StationPlan};
use crate::random::variate::Variate;

mod entry;
pub mod policy;
use policy::{Asker, Backend, Balance, Tuning};

/// Passes calls on to servers.
pub const KIND: ComponentKind =
    ComponentKind { entry: &entry::ENTRY, nodes: super::one, check: entry::check, build, grow: None };

const WORK: u16 = 0;

struct LoadBalancer {
    policy: Box<dyn Balance>,
    /// Whether the policy wants to know how long answers take.
    observes: bool,
    backends: Vec<Backend>,
    work: Option<(Variate, Station)>,
    purpose: u64,
    timeout_length: Option<Time>,
    timeout: Option<TimeoutClass>,
    calls: u64,
    errors: u64,
}

fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    let settings = site.settings();
    let backends = entry::backends(site);
    let tuning = Tuning { decay: settings.duration("decay").expect("preset") };
    let policy = policy::make(settings.choice("policy"), &backends, &tuning);
    let cores = settings.count("cores").expect("preset") as u32;
    let plan = StationPlan { servers: cores, queue: None, discipline: 0 };
    vec![Box::new(LoadBalancer {
        observes: policy.observes(),
        policy,
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
        let mut asker = Passing { request: ask.request, key: ask.key, purpose: self.purpose, cx };
        let chosen = self.policy.pick(&self.backends, &mut asker).expect("all servers are open");
        let backend = &mut self.backends[chosen];
        backend.in_flight += 1;
        self.calls += 1;
        cx.ask(Ask { to: backend.node, note: chosen as u32, timeout: self.timeout, ..ask });
    }
}

/// The call that is being passed on, as a policy may see it.
struct Passing<'a, 'b> {
    request: RequestId,
    key: u64,
    purpose: u64,
    cx: &'a mut Ctx<'b>,
}

impl Asker for Passing<'_, '_> {
    #[inline]
    fn uniform(&mut self) -> f64 {
        self.purpose = self.purpose.wrapping_add(1);
        self.cx.draw(self.request, self.purpose, self.key)
    }

    fn address(&self) -> u32 {
        self.cx.request(self.request).map_or(0, |request| request.address)
    }

    fn now(&self) -> Time {
        self.cx.now()
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
        if self.observes {
            self.policy.observe(reply.note as usize, cx.now() - reply.asked, cx.now());
        }
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
