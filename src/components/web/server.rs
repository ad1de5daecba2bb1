//! One server: a table of requests under way, each at some step of its plan.

use super::gate::Told;
use super::pause::Pauses;
use super::plans::{PLANS, WRITES, plan_of, plans, repeats};
use super::reach::{access, to_caller};
use super::scale::Scale;
use super::session::Sessions;
use super::task::Task;
use super::{DRAIN, Length, Step};
use crate::components::egress::Egress;
use crate::components::queue::publisher::Publisher;
use crate::components::{Site, host};
use crate::kernel::call::draw_key;
use crate::kernel::{
    Answer, CallId, Component, Control, Ctx, NodeId, Readings, Reply, RequestId, Status, Time, Timer, rarely,
};
use crate::parts::plan::{Access, Operation, POLL, drop_promises};
use crate::parts::pool::{Grant, Pool};
use crate::parts::processor::{self, Processor, Speed, Work};
use crate::parts::station::{self, Job, Station, StationPlan};
use crate::parts::verbs::{ASK, HEALTH};
use crate::random::draw::Purpose;
use crate::random::variate::Variate;

const CPU: u16 = 0;
const PUBLISHER: u16 = 2;

#[derive(Clone)]
pub(super) struct Server {
    /// The plans one behind the other, each with `None` at its end.
    pub(super) steps: Vec<Option<Step>>,
    /// How often each stands in its plan before.
    pub(super) repeats: Vec<u8>,
    /// Where the plans begin: of reads, of each question that others pass on (as reads, with the question instead), of writes.
    plans: [u32; PLANS],
    pub(super) login_step: u32,
    pub(super) check_step: u32,
    /// The machine it stands on, whose processors it uses instead of its own.
    host: Option<(NodeId, Speed)>,
    pub(super) reads: Option<Access>,
    pub(super) writes: Option<Access>,
    pub(super) publishes: Option<Box<Publisher>>,
    timeout: Length,
    pub(super) service: Option<Variate>,
    purpose: Purpose,
    /// Who comes first, for discipline "priority".
    first: usize,
    pub(super) processors: Station,
    pub(super) cores: u32,
    pub(super) scale: Option<Scale>,
    pub(super) workers: Pool,
    pub(super) tasks: Vec<Task>,
    pub(super) free: Vec<u32>,
    pub(super) sessions: Option<Sessions>,
    pub(super) pauses: Option<Pauses>,
    pub(super) draining: bool,
    /// Switched off by a test: a server that leaves drops what it has begun.
    leaves_at_once: bool,
    pub(super) told: Told,
    pub(super) egress: Option<Box<Egress>>,
    /// Whether its reads share loads.
    pub(super) shares_loads: bool,
    requests: u64,
    /// Reads answered without a body.
    pub(super) not_modified: u64,
    pub(super) answered: u64,
    errors: u64,
}

impl Server {
    pub fn new(site: &Site<'_>) -> Self {
        let settings = site.settings();
        let concurrency = settings.count("concurrency");
        let queue = settings.count("queue");
        let processors = StationPlan {
            servers: settings.count("cores").expect("preset") as u32,
            queue: if concurrency.is_none() { queue } else { None },
            discipline: settings.choice("discipline"),
        };
        let own = || Station::new(processors, CPU);
        let (station, host) = match host::processor_of(site, CPU, own) {
            Processor::Own(station) => (*station, None),
            Processor::On(machine, speed) => (own(), Some((machine, speed))),
        };
        let (steps, plans, [login_step, check_step]) = plans(site);
        let reads = settings.group("reads").map(|target| access(site, target));
        Server {
            repeats: repeats(&steps),
            steps,
            plans,
            login_step,
            check_step,
            host,
            shares_loads: reads.as_ref().is_some_and(|access| access.flights.is_some()),
            reads,
            writes: settings.group("writes").map(|target| access(site, target)),
            publishes: settings
                .group("publishes")
                .map(|target| Box::new(Publisher::new(site, target, PUBLISHER))),
            timeout: settings.duration("timeout"),
            service: settings.variate("service"),
            purpose: site.purpose("cpu").into(),
            first: settings.choice("first"),
            cores: processors.servers,
            scale: Scale::new(settings, host::cores(site), site.is_disabled("scalability_law")),
            processors: station,
            workers: Pool::new(concurrency, queue),
            tasks: Vec::new(),
            free: Vec::new(),
            sessions: Sessions::new(site),
            pauses: Pauses::new(site),
            draining: false,
            leaves_at_once: site.is_disabled("drain"),
            told: Told::of(site),
            egress: Egress::new(site),
            requests: 0,
            not_modified: 0,
            answered: 0,
            errors: 0,
        }
    }

    /// A free place in the table of tasks.
    #[inline(always)]
    pub(super) fn place(&mut self) -> u32 {
        match self.free.pop() {
            Some(index) => index,
            None => self.new_place(),
        }
    }

    #[cold]
    fn new_place(&mut self) -> u32 {
        let operation = Operation::new(CallId::NONE, RequestId::NONE, 0, 0, self.tasks.len() as u32);
        self.tasks.push(Task { call: CallId::NONE, bytes: 0, step: 0, answer: Answer::ok(0, 0), operation });
        self.tasks.len() as u32 - 1
    }

    /// A request begins with a step.
    #[inline(always)]
    pub(super) fn begin(&mut self, id: CallId, step: u32, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        self.requests += 1;
        let index = self.place();
        let task = &mut self.tasks[index as usize];
        task.call = id;
        task.bytes = call.bytes;
        task.step = step;
        task.answer = Answer::ok(0, 0);
        task.operation.serve(call);
        match self.workers.acquire(index, cx.now()) {
            Grant::Now => {
                // Each place has the step that nearly always comes there at hand: the processor then knows where it goes on.
                if let Some(Step::Cpu) = self.steps[step as usize]
                    && self.compute(index, cx)
                {
                    return;
                }
                rarely();
                self.advance(index, cx);
            }
            Grant::Later => {}
            Grant::Never => {
                (self.answered, self.errors) = (self.answered + 1, self.errors + 1);
                self.free.push(index);
                cx.reply(id, Answer::of(Status::Rejected));
            }
        }
    }

    /// Takes steps until one must be waited for.
    #[inline(never)]
    pub(super) fn advance(&mut self, index: u32, cx: &mut Ctx<'_>) {
        loop {
            let task = &self.tasks[index as usize];
            let waits = match self.steps[task.step as usize] {
                None => return self.finish(index, self.tasks[index as usize].answer, cx),
                Some(Step::Cpu | Step::Login) => self.compute_again(index, cx),
                Some(Step::Read) => self.read(index, cx),
                Some(Step::Write) => self.write(index, cx),
                Some(Step::Session) => self.session_step(index, false, cx),
                Some(Step::KeepSession) => self.session_step(index, true, cx),
                Some(Step::Check) => return self.answer_check(index, cx),
                Some(Step::Ask(verb)) => self.ask(index, verb, cx),
                Some(Step::Publish) => self.publish(index, cx),
                Some(Step::Page) => self.page(index, cx),
                Some(Step::Compare) => self.compare(index, cx),
            };
            if waits {
                return;
            }
            self.tasks[index as usize].step += 1;
        }
    }

    /// Number of the step under way within its plan.
    #[inline]
    fn step_of_plan(&self, task: &Task) -> u32 {
        if task.step < self.plans[1] {
            return task.step;
        }
        task.step - self.plans.iter().rev().find(|begin| **begin <= task.step).expect("the first begins at 0")
    }

    /// Own work. False if none is modelled.
    #[inline(always)]
    pub(super) fn compute(&mut self, index: u32, cx: &mut Ctx<'_>) -> bool {
        let task = &self.tasks[index as usize];
        let service = if task.step == self.login_step { self.login() } else { &self.service };
        let Some(service) = service else { return false };
        let step = u64::from(self.step_of_plan(task)) << 48;
        let Operation { request, key, asked, .. } = task.operation;
        let writes = task.step >= self.plans[WRITES];
        let mut work = cx.sample_ns(service, request, self.purpose, draw_key(key, asked) ^ step);
        if let Some(scale) = &mut self.scale {
            work = scale.begin(work);
        }
        if let Some((machine, speed)) = self.host {
            let work = Work { time: speed.stretch(work), writes };
            processor::ask(machine, index, work, (task.call, request), cx);
            return true;
        }
        let job = Job { priority: station::urgency(self.first, writes), ..Job::new(u64::from(index), work) };
        if !self.processors.arrive(job, cx) {
            self.scale.iter_mut().for_each(Scale::end);
            self.finish(index, Answer::of(Status::Rejected), cx);
        }
        true
    }

    #[inline(always)]
    fn read(&mut self, index: u32, cx: &mut Ctx<'_>) -> bool {
        let Some(access) = &mut self.reads else { return false };
        let task = &mut self.tasks[index as usize];
        task.operation.begin(task.call, 0, self.repeats[task.step as usize]);
        access.read(&mut task.operation, cx);
        true
    }

    /// The answer to a read that is over, and the step behind it, as nearly every answer says that comes to a server. `None`: something else,
    /// for [`Server::hear`].
    #[inline(always)]
    fn has_read(&mut self, reply: &Reply) -> Option<(Answer, Option<Step>)> {
        let task = self.tasks.get_mut(reply.note as usize)?;
        if self.steps[task.step as usize] != Some(Step::Read) {
            return None;
        }
        let answer = self.reads.as_ref()?.has_read(&mut task.operation, reply)?;
        let answer = task.with(answer);
        let next = self.steps[task.step as usize + 1];
        if next.is_some() {
            (task.answer, task.step) = (answer, task.step + 1);
        }
        Some((answer, next))
    }

    /// The task is over, well or not. [`Server::finish`] where its answer comes, as nearly always.
    #[inline(always)]
    pub(super) fn conclude_task(&mut self, index: u32, answer: Answer, cx: &mut Ctx<'_>) {
        self.answered += 1;
        self.errors += u64::from(answer.status != Status::Ok);
        self.leave(index, answer, cx);
    }

    /// The task is over: its caller has the answer, its worker takes the next one.
    #[inline(always)]
    pub(super) fn leave(&mut self, index: u32, answer: Answer, cx: &mut Ctx<'_>) {
        let call = self.tasks[index as usize].call;
        self.give(call, to_caller(answer), cx);
        self.free.push(index);
        if let Some(next) = self.workers.release(cx.now()) {
            self.advance(next, cx);
        }
    }
}

impl Component for Server {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.told.begin(cx.now());
        for access in [&mut self.reads, &mut self.writes].into_iter().flatten() {
            access.start(self.timeout, cx);
        }
        let class = self.timeout.map(|length| cx.timeout_class(length));
        self.publishes.iter_mut().for_each(|publisher| publisher.start(cx));
        self.sessions.iter_mut().for_each(|sessions| sessions.start(class));
        self.pauses.iter_mut().for_each(|pauses| pauses.start(cx));
    }

    #[inline(always)]
    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let verb = cx.call(id).verb;
        if (HEALTH..ASK).contains(&verb) {
            return self.take_special(id, cx);
        }
        self.begin(id, self.plans[plan_of(verb)], cx);
    }

    #[inline(always)]
    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        if timer.tag == POLL {
            let access = self.reads.as_mut().expect("only reads pause");
            return access.poll(&mut self.tasks[timer.data as usize].operation, cx);
        }
        if let Some(job) = self.processors.on_timer(timer, cx) {
            if let Some(scale) = &mut self.scale {
                scale.end();
            }
            let index = job as u32;
            let task = &mut self.tasks[index as usize];
            task.step += 1;
            match self.steps[task.step as usize] {
                Some(Step::Read) if self.reads.is_some() => _ = self.read(index, cx),
                _ => self.advance(index, cx),
            }
        } else {
            self.other_timer(timer, cx);
        }
    }

    #[inline(always)]
    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        let Some((answer, step)) = self.has_read(&reply) else { return self.hear(reply, cx) };
        match step {
            None => self.conclude_task(reply.note, answer, cx),
            Some(_) => self.advance(reply.note, cx),
        }
        if self.shares_loads {
            self.pass_on_landed(cx);
        }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        self.processors.on_control(control, cx);
        self.host.iter_mut().for_each(|(_, speed)| speed.on_control(control));
        for access in self.reads.iter_mut().chain(&mut self.writes) {
            access.on_control(&control, cx);
        }
        if control.verb == Control::RECOVER {
            self.pauses.iter_mut().for_each(|pauses| pauses.arm(cx));
        }
        if matches!(control.verb, Control::CRASH_PROCESS | Control::CRASH_HOST) {
            self.workers.clear(cx.now());
            drop_promises(self.tasks.drain(..).map(|task| task.operation), cx);
            self.free.clear();
            self.scale.iter_mut().for_each(Scale::clear);
            self.sessions.iter_mut().for_each(Sessions::forget);
            self.draining = false;
            self.publishes.iter_mut().for_each(|publisher| publisher.crash());
            self.pauses.iter_mut().for_each(Pauses::disarm);
        } else if control.verb == DRAIN {
            self.draining = control.arg == 1;
        } else if control.verb == Control::LEAVE && self.leaves_at_once && control.subject().1 == cx.node() {
            self.drop_all(cx);
        }
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        if self.host.is_none() && self.computes() {
            self.processors.measure(now, out);
        }
        self.workers.measure(now, out);
        out.count("requests", self.requests);
        out.count("answered", self.answered);
        out.count("errors", self.errors);
        self.measure_rarities(out);
    }

    fn restart_maxima(&mut self, _now: Time) {
        self.processors.restart_maxima();
        self.workers.restart_maxima();
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
