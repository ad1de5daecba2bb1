//! Steps that few plans have: questions of a data model, messages to a broker, work on a shared machine.

use super::Step;
use super::pause::PAUSE;
use super::scale::Scale;
use super::server::Server;
use super::task::Task;
use crate::components::queue::publisher::Heard;
use crate::components::revalidation::if_none_match;
use crate::kernel::{Answer, Ask, CallId, Ctx, NodeId, Reply, Status, Timer};
use crate::parts::plan::{NOBODY, Operation, Progress};
use crate::parts::verbs::{COMPUTE, PUBLISH};

impl Server {
    /// Own work, elsewhere than in the first step of a plan.
    #[inline(never)]
    pub(super) fn compute_again(&mut self, index: u32, cx: &mut Ctx<'_>) -> bool {
        self.compute(index, cx)
    }

    /// The task is over, elsewhere than where an answer has come.
    #[inline(never)]
    pub(super) fn finish(&mut self, index: u32, answer: Answer, cx: &mut Ctx<'_>) {
        self.conclude_task(index, answer, cx);
    }

    #[inline(never)]
    pub(super) fn write(&mut self, index: u32, cx: &mut Ctx<'_>) -> bool {
        let Some(access) = &mut self.writes else { return false };
        let task = &mut self.tasks[index as usize];
        task.operation.begin(task.call, task.bytes, self.repeats[task.step as usize]);
        let progress = access.write(&mut task.operation, cx);
        self.go_on(index, progress, cx);
        true
    }

    /// What follows from the progress of the task's operation.
    #[inline(never)]
    pub(super) fn go_on(&mut self, index: u32, progress: Progress, cx: &mut Ctx<'_>) {
        match progress {
            Progress::Waits => {}
            Progress::Acked(answer) => self.acknowledge(index, answer, cx),
            Progress::Done(answer) if answer.status != Status::Ok => self.finish(index, answer, cx),
            Progress::Done(answer) => {
                let task = &mut self.tasks[index as usize];
                let answer = task.note(answer);
                task.step += 1;
                match self.steps[task.step as usize] {
                    None => self.finish(index, answer, cx),
                    _ => self.advance(index, cx),
                }
            }
        }
    }

    /// Any answer but that of a read that is over.
    #[inline(never)]
    pub(super) fn hear(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        if reply.verb == COMPUTE {
            return self.computed(&reply, cx);
        }
        if reply.verb == PUBLISH {
            return self.published(reply, cx);
        }
        if reply.note == NOBODY {
            return;
        }
        let task = &mut self.tasks[reply.note as usize];
        let access = match self.steps[task.step as usize] {
            Some(Step::Read | Step::Ask(_)) => &mut self.reads,
            Some(Step::Write) => &mut self.writes,
            _ => return self.hear_of_session(&reply, cx),
        };
        let access = access.as_mut().expect("a data step is under way");
        let progress = access.on_reply(&mut task.operation, &reply, cx);
        self.go_on(reply.note, progress, cx);
        if self.shares_loads {
            self.pass_on_landed(cx);
        }
    }

    #[inline(never)]
    pub(super) fn ask(&mut self, index: u32, verb: u16, cx: &mut Ctx<'_>) -> bool {
        let Some(access) = &mut self.reads else { return false };
        let task = &mut self.tasks[index as usize];
        task.operation.begin(task.call, 0, self.repeats[task.step as usize]);
        access.question(verb, &mut task.operation, cx);
        true
    }

    /// The caller has its answer while the rest of the write runs on; if steps of the plan follow, it must wait
    /// for them.
    #[inline(never)]
    pub(super) fn acknowledge(&mut self, index: u32, answer: Answer, cx: &mut Ctx<'_>) {
        let task = &mut self.tasks[index as usize];
        task.note(answer);
        if self.steps[task.step as usize + 1].is_none() {
            let (call, answer) = (std::mem::replace(&mut task.call, CallId::NONE), task.answer);
            self.note_time(call, cx);
            cx.reply(call, answer);
        }
        let task = &mut self.tasks[index as usize];
        let writes = self.writes.as_mut().expect("only writes are acknowledged early");
        let progress = writes.resume(&mut task.operation, cx);
        self.go_on(index, progress, cx);
    }

    /// The machine has done the work of a step, or is gone.
    #[inline(never)]
    pub(super) fn computed(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        self.scale.iter_mut().for_each(Scale::end);
        if reply.status != Status::Ok {
            return self.finish(reply.note, reply.pass_on(), cx);
        }
        self.tasks[reply.note as usize].step += 1;
        self.advance(reply.note, cx);
    }

    /// Gives a message to the broker; its acknowledgement ends the step.
    #[inline(never)]
    pub(super) fn publish(&mut self, index: u32, cx: &mut Ctx<'_>) -> bool {
        let (message, before) = (self.message(index), self.repeats[self.tasks[index as usize].step as usize]);
        let Some(publisher) = &mut self.publishes else { return false };
        publisher.send(message, before, cx);
        true
    }

    /// The body where its size is told and no row of that size was read. False: nothing is waited for.
    #[inline(never)]
    pub(super) fn page(&mut self, index: u32, cx: &Ctx<'_>) -> bool {
        let task = &mut self.tasks[index as usize];
        let told = cx.request(task.operation.request).map_or(0, |request| request.bytes);
        task.answer.bytes = if told > 0 { told } else { task.answer.bytes };
        false
    }

    /// All work is done; what the caller holds already is not sent again.
    #[inline(never)]
    pub(super) fn compare(&mut self, index: u32, cx: &Ctx<'_>) -> bool {
        let task = &mut self.tasks[index as usize];
        if cx.is_open(task.call) && cx.call(task.call).version == if_none_match(task.answer.version) {
            task.answer.bytes = 0;
            self.not_modified += 1;
        }
        false
    }

    fn message(&self, index: u32) -> Ask {
        let &Task { call: parent, bytes, operation: Operation { request, key, asked: again, .. }, .. } =
            &self.tasks[index as usize];
        Ask { request, parent, bytes, again, note: index, ..Ask::new(NodeId::NONE, PUBLISH, key) }
    }

    #[inline(never)]
    pub(super) fn published(&mut self, mut reply: Reply, cx: &mut Ctx<'_>) {
        let publisher = self.publishes.as_mut().expect("it was asked");
        match publisher.heard(&mut reply, cx) {
            Heard::Over => self.conclude(&reply, cx),
            Heard::UnderWay => {}
            Heard::Elsewhere(to) => {
                let message = self.message(reply.note);
                self.publishes.iter().for_each(|publisher| publisher.send_to(to, message, cx));
            }
        }
    }

    /// A message is through, or has failed.
    fn conclude(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        // What an earlier step wrote is still what the caller is told of.
        let written = self.tasks[reply.note as usize].answer;
        let answer = if reply.status == Status::Ok { written } else { reply.pass_on() };
        self.go_on(reply.note, Progress::Done(answer), cx);
    }

    /// A timer that is nobody else's: of a pause, or of the producer.
    #[cold]
    pub(super) fn other_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        if timer.tag == PAUSE {
            return self.pause(cx);
        }
        while let Some(reply) = self.publishes.as_mut().and_then(|publisher| publisher.on_timer(timer, cx)) {
            self.conclude(&reply, cx);
        }
    }
}
