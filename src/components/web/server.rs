//! One server: a table of requests under way, each at some step of its plan.

use super::entry;
use super::{Length, Step};
use crate::catalog::Settings;
use crate::components::database::model::Question;
use crate::components::{Site, cache, host};
use crate::kernel::{
    Answer, CallId, Component, Control, Ctx, NodeId, Readings, Reply, RequestId, Status, Time, Timer,
};
use crate::parts::plan::{Access, CacheError, Operation, Progress, Route};
use crate::parts::pool::{Grant, Pool};
use crate::parts::processor::{self, Processor};
use crate::parts::station::{self, Job, Station, StationPlan};
use crate::parts::verbs::{COMPUTE, READ, WRITE};
use crate::random::variate::Variate;

const CPU: u16 = 0;
/// Plans: the five questions, the first of them plain reads, and writes.
const PLANS: usize = 6;
const WRITES: usize = PLANS - 1;

#[derive(Clone)]
pub(super) struct Server {
    /// The plans one behind the other, each with `None` at its end.
    steps: Vec<Option<Step>>,
    /// Where the plans begin: of reads, of each question that others pass on (as reads, with the question instead), of writes.
    plans: [u32; PLANS],
    /// The machine it stands on, whose processors it uses instead of its own.
    host: Option<NodeId>,
    reads: Option<Access>,
    writes: Option<Access>,
    timeout: Length,
    service: Option<Variate>,
    purpose: u64,
    /// Who comes first, for discipline "priority".
    first: usize,
    processors: Station,
    workers: Pool,
    tasks: Vec<Task>,
    free: Vec<u32>,
    requests: u64,
    answered: u64,
    errors: u64,
}

/// A request under way.
#[derive(Clone, Copy)]
struct Task {
    /// The call to answer; none once it has been answered.
    call: CallId,
    /// Size of what came with the call.
    bytes: u32,
    /// Index of the step under way.
    step: u32,
    /// Version and answerer of the last data step.
    answer: Answer,
    /// The data step under way; request and key are kept here only.
    operation: Operation,
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
        let (processors, host) = match host::processor_of(site, CPU, own) {
            Processor::Own(station) => (*station, None),
            Processor::On(machine) => (own(), Some(machine)),
        };
        let (steps, plans) = plans(settings);
        Server {
            steps,
            plans,
            host,
            reads: settings.group("reads").map(|target| access(site, target)),
            writes: settings.group("writes").map(|target| access(site, target)),
            timeout: settings.duration("timeout"),
            service: settings.variate("service"),
            purpose: site.purpose("cpu"),
            first: settings.choice("first"),
            processors,
            workers: Pool::new(concurrency, queue),
            tasks: Vec::new(),
            free: Vec::new(),
            requests: 0,
            answered: 0,
            errors: 0,
        }
    }

    /// A free place in the table of tasks.
    #[inline(always)]
    fn place(&mut self) -> u32 {
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

    /// Takes steps until one must be waited for.
    fn advance(&mut self, index: u32, cx: &mut Ctx<'_>) {
        loop {
            let task = &self.tasks[index as usize];
            let waits = match self.steps[task.step as usize] {
                None => return self.finish(index, self.tasks[index as usize].answer, cx),
                Some(Step::Cpu) => self.compute(index, cx),
                Some(Step::Read) => self.read(index, cx),
                Some(Step::Write) => self.write(index, cx),
                Some(Step::Ask(verb)) => self.ask(index, verb, cx),
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
    #[inline]
    fn compute(&mut self, index: u32, cx: &mut Ctx<'_>) -> bool {
        let Some(service) = &self.service else { return false };
        let task = &self.tasks[index as usize];
        let step = u64::from(self.step_of_plan(task)) << 48;
        let Operation { request, key, .. } = task.operation;
        let priority = station::urgency(self.first, task.step >= self.plans[WRITES]);
        let work = cx.sample_ns(service, request, self.purpose, key ^ step);
        if let Some(machine) = self.host {
            processor::ask(machine, index, work, (task.call, request), cx);
            return true;
        }
        let job = Job { priority, ..Job::new(u64::from(index), work) };
        if !self.processors.arrive(job, cx) {
            self.finish(index, Answer::of(Status::Rejected), cx);
        }
        true
    }

    #[inline]
    fn read(&mut self, index: u32, cx: &mut Ctx<'_>) -> bool {
        let Some(access) = &mut self.reads else { return false };
        let task = &mut self.tasks[index as usize];
        task.operation.begin(task.call, 0);
        access.read(&mut task.operation, cx);
        true
    }

    #[inline(never)]
    fn ask(&mut self, index: u32, verb: u16, cx: &mut Ctx<'_>) -> bool {
        let Some(access) = &mut self.reads else { return false };
        let task = &mut self.tasks[index as usize];
        task.operation.begin(task.call, 0);
        access.question(verb, &mut task.operation, cx);
        true
    }

    /// The machine has done the work of a step, or is gone.
    #[inline(never)]
    fn computed(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        if reply.status != Status::Ok {
            return self.finish(reply.note, reply.pass_on(), cx);
        }
        self.tasks[reply.note as usize].step += 1;
        self.advance(reply.note, cx);
    }

    #[inline(never)]
    fn write(&mut self, index: u32, cx: &mut Ctx<'_>) -> bool {
        let Some(access) = &mut self.writes else { return false };
        let task = &mut self.tasks[index as usize];
        task.operation.begin(task.call, task.bytes);
        let progress = access.write(&mut task.operation, cx);
        self.go_on(index, progress, cx);
        true
    }

    /// What follows from the progress of the task's operation.
    #[inline]
    fn go_on(&mut self, index: u32, progress: Progress, cx: &mut Ctx<'_>) {
        match progress {
            Progress::Waits => {}
            Progress::Acked(answer) => self.acknowledge(index, answer, cx),
            Progress::Done(answer) if answer.status != Status::Ok => self.finish(index, answer, cx),
            Progress::Done(answer) => {
                let task = &mut self.tasks[index as usize];
                task.answer = answer;
                task.step += 1;
                self.advance(index, cx);
            }
        }
    }

    /// The caller has its answer while the rest of the write runs on; if steps of the plan follow, it must wait
    /// for them.
    #[inline(never)]
    fn acknowledge(&mut self, index: u32, answer: Answer, cx: &mut Ctx<'_>) {
        let task = &mut self.tasks[index as usize];
        task.answer = answer;
        if self.steps[task.step as usize + 1].is_none() {
            cx.reply(std::mem::replace(&mut task.call, CallId::NONE), answer);
        }
        let writes = self.writes.as_mut().expect("only writes are acknowledged early");
        let progress = writes.resume(&mut task.operation, cx);
        self.go_on(index, progress, cx);
    }

    fn finish(&mut self, index: u32, answer: Answer, cx: &mut Ctx<'_>) {
        self.answered += 1;
        self.errors += u64::from(answer.status != Status::Ok);
        let call = self.tasks[index as usize].call;
        if !call.is_none() {
            cx.reply(call, to_caller(answer));
        }
        self.free.push(index);
        if let Some(next) = self.workers.release(cx.now()) {
            self.advance(next, cx);
        }
    }
}

/// The plans one behind the other, and where each begins.
fn plans(settings: &Settings) -> (Vec<Option<Step>>, [u32; PLANS]) {
    let reads = entry::steps(settings, "on_read");
    let mut steps = Vec::new();
    let begins = std::array::from_fn(|plan| {
        let begin = steps.len() as u32;
        let own = if plan == WRITES { entry::steps(settings, "on_write") } else { reads.clone() };
        let asks = |step| match step {
            Step::Read if (1..WRITES).contains(&plan) => Step::Ask(Question::of(plan).verb()),
            step => step,
        };
        steps.extend(own.into_iter().map(asks).map(Some).chain([None]));
        begin
    });
    (steps, begins)
}

/// The plan for a request that asks with this verb.
#[inline]
fn plan_of(verb: u16) -> usize {
    match verb {
        READ => 0,
        WRITE => WRITES,
        _ => Question::of_verb(verb).map_or(0, |question| question as usize),
    }
}

/// What a caller learns of trouble further down: an error, or that there was no room.
fn to_caller(answer: Answer) -> Answer {
    match answer.status {
        Status::Reset | Status::TimedOut | Status::Moved => Answer::of(Status::Failed),
        _ => answer,
    }
}

/// How the data of a target is reached: with a cache beside the store if the server runs the plan itself.
fn access(site: &Site<'_>, target: usize) -> Access {
    let beside = cache::store_beside(&site.layout.groups[target]);
    Access {
        cache: beside.map(|_| route(&site.of(target))),
        store: route(&site.of(beside.unwrap_or(target))),
        plan: entry::plan(site, target),
        on_cache_error: CacheError::of(site.settings().choice("on_cache_error")),
        timeout: None,
    }
}

/// Who of a group is asked about a key.
fn route(target: &Site<'_>) -> Route {
    match target.group().kind {
        "cache" => cache::route(target),
        _ => Route::One(target.layout.first(target.index)),
    }
}

impl Component for Server {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        let class = self.timeout.map(|length| cx.timeout_class(length));
        for access in [&mut self.reads, &mut self.writes].into_iter().flatten() {
            access.timeout = class;
        }
    }

    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        self.requests += 1;
        let index = self.place();
        let call = cx.call(id);
        let task = &mut self.tasks[index as usize];
        task.call = id;
        task.bytes = call.bytes;
        task.step = self.plans[plan_of(call.verb)];
        task.answer = Answer::ok(0, 0);
        task.operation.serve(call);
        match self.workers.acquire(index, cx.now()) {
            Grant::Now => self.advance(index, cx),
            Grant::Later => {}
            Grant::Never => {
                self.errors += 1;
                self.free.push(index);
                cx.reply(id, Answer::of(Status::Rejected));
            }
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        if let Some(job) = self.processors.on_timer(timer, cx) {
            self.tasks[job as usize].step += 1;
            self.advance(job as u32, cx);
        }
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        if reply.verb == COMPUTE {
            return self.computed(&reply, cx);
        }
        let task = &mut self.tasks[reply.note as usize];
        let reads = matches!(self.steps[task.step as usize], Some(Step::Read | Step::Ask(_)));
        let access = if reads { &mut self.reads } else { &mut self.writes };
        let access = access.as_mut().expect("a data step is under way");
        let progress = access.on_reply(&mut task.operation, &reply, cx);
        self.go_on(reply.note, progress, cx);
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        self.processors.on_control(control, cx);
        for access in self.reads.iter_mut().chain(&mut self.writes) {
            access.on_control(&control, cx);
        }
        if matches!(control.verb, Control::CRASH_PROCESS | Control::CRASH_HOST) {
            self.workers.clear(cx.now());
            self.tasks.clear();
            self.free.clear();
        }
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        if self.host.is_none() {
            self.processors.measure(now, out);
        }
        self.workers.measure(now, out);
        out.count("requests", self.requests);
        out.count("answered", self.answered);
        out.count("errors", self.errors);
    }

    fn restart_maxima(&mut self, _now: Time) {
        self.processors.restart_maxima();
        self.workers.restart_maxima();
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
