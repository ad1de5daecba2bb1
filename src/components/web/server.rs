//! One server: a table of requests under way, each at some step of its plan.

use super::entry;
use super::{Length, Step};
use crate::components::queue::publisher::Publisher;
use crate::components::{Site, cache};
use crate::kernel::{
    Answer, Ask, CallId, Component, Control, Ctx, NodeId, Readings, Reply, RequestId, Status, Time,
    TimeoutClass, Timer,
};
use crate::parts::plan::{Access, CacheError, Operation, Progress, Route};
use crate::parts::pool::{Grant, Pool};
use crate::parts::station::{self, Job, Station, StationPlan};
use crate::parts::verbs::{PUBLISH, WRITE};
use crate::random::variate::Variate;

const CPU: u16 = 0;

#[derive(Clone)]
pub(super) struct Server {
    /// The plans one behind the other, each with `None` at its end.
    steps: Vec<Option<Step>>,
    /// Where the plans begin: of reads, of writes.
    plans: [u32; 2],
    reads: Option<Access>,
    writes: Option<Access>,
    publishes: Option<Box<Publisher>>,
    /// Time-out class of what is published.
    patience: Option<TimeoutClass>,
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
        let plans = ["on_read", "on_write"].map(|name| entry::steps(settings, name));
        let second = plans[0].len() as u32 + 1;
        let steps = plans.into_iter().flat_map(|plan| plan.into_iter().map(Some).chain([None])).collect();
        Server {
            steps,
            plans: [0, second],
            reads: settings.group("reads").map(|target| access(site, target)),
            writes: settings.group("writes").map(|target| access(site, target)),
            publishes: settings.group("publishes").map(|target| Box::new(Publisher::new(site, target))),
            patience: None,
            timeout: settings.duration("timeout"),
            service: settings.variate("service"),
            purpose: site.purpose("cpu"),
            first: settings.choice("first"),
            processors: Station::new(processors, CPU),
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
                Some(Step::Publish) => self.publish(index, cx),
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
        if task.step < self.plans[1] { task.step } else { task.step - self.plans[1] }
    }

    /// Own work. False if none is modelled.
    #[inline]
    fn compute(&mut self, index: u32, cx: &mut Ctx<'_>) -> bool {
        let Some(service) = &self.service else { return false };
        let task = &self.tasks[index as usize];
        let step = u64::from(self.step_of_plan(task)) << 48;
        let Operation { request, key, .. } = task.operation;
        let priority = station::urgency(self.first, task.step >= self.plans[1]);
        let work = cx.sample_ns(service, request, self.purpose, key ^ step);
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
    fn write(&mut self, index: u32, cx: &mut Ctx<'_>) -> bool {
        let Some(access) = &mut self.writes else { return false };
        let task = &mut self.tasks[index as usize];
        task.operation.begin(task.call, task.bytes);
        let progress = access.write(&mut task.operation, cx);
        self.go_on(index, progress, cx);
        true
    }

    /// Gives a message to the broker; its acknowledgement ends the step.
    #[inline(never)]
    fn publish(&mut self, index: u32, cx: &mut Ctx<'_>) -> bool {
        let Some(publisher) = &self.publishes else { return false };
        let to = publisher.broker(self.tasks[index as usize].operation.key);
        self.send(index, to, cx);
        true
    }

    fn send(&self, index: u32, to: NodeId, cx: &mut Ctx<'_>) {
        let &Task { call: parent, bytes, operation: Operation { request, key, .. }, .. } =
            &self.tasks[index as usize];
        let timeout = self.patience;
        cx.ask(Ask { request, parent, bytes, timeout, note: index, ..Ask::new(to, PUBLISH, key) });
    }

    #[inline(never)]
    fn published(&mut self, mut reply: Reply, cx: &mut Ctx<'_>) {
        let publisher = self.publishes.as_mut().expect("it was asked");
        if let Some(to) = publisher.learn(&mut reply, cx) {
            return self.send(reply.note, to, cx);
        }
        self.go_on(reply.note, Progress::Done(reply.pass_on()), cx);
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
        self.patience = class;
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
        task.step = self.plans[usize::from(call.verb == WRITE)];
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
        if reply.verb == PUBLISH {
            return self.published(reply, cx);
        }
        let task = &mut self.tasks[reply.note as usize];
        let reads = self.steps[task.step as usize] == Some(Step::Read);
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
        self.processors.measure(now, out);
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
