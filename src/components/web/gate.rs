//! What a server does besides its plans: it knows sessions, answers health checks, and tells how busy it is.

use super::Step;
use super::server::Server;
use super::session::Found;
use crate::components::{Group, Site};
use crate::kernel::{Answer, CallId, Control, Ctx, NodeId, Readings, Reply, Status, Time, rarely};
use crate::parts::pool::Grant;
use crate::parts::verbs::{HEALTH, LOAD, LOGIN, NO_FIGURE, rounded};
use crate::random::variate::Variate;

/// What has been told of the load so far: areas and counts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    at: u64,
    busy: f64,
    held: f64,
    waiting: f64,
    /// Somebody asks how long requests take.
    times: bool,
    /// Requests answered since it was asked last, and their times since they were sent here.
    answered: u64,
    spent: Time,
}

impl Told {
    pub(super) fn of(site: &Site<'_>) -> Self {
        let asks = |other: &Group| {
            let settings = &other.settings;
            let is_one = other.kind == "autoscaler" && settings.group("of") == Some(site.index);
            is_one && settings.is_given("latency")
        };
        Told { times: site.layout.groups.iter().any(asks), ..Told::default() }
    }

    /// A server that joins later has nothing to tell of the time before.
    pub(super) fn begin(&mut self, now: u64) {
        self.at = now;
    }
}

impl Server {
    /// A call that is no request for data.
    #[cold]
    #[inline(never)]
    pub(super) fn take_special(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        match cx.call(id).verb {
            HEALTH => {
                let index = self.place();
                let task = &mut self.tasks[index as usize];
                (task.call, task.step) = (id, self.check_step);
                match self.workers.acquire(index, cx.now()) {
                    Grant::Now => self.advance(index, cx),
                    Grant::Later => {}
                    Grant::Never => {
                        self.free.push(index);
                        cx.reply(id, Answer::of(Status::Rejected));
                    }
                }
            }
            LOGIN => self.begin(id, self.login_step, cx),
            LOAD => self.tell_load(id, cx),
            verb => debug_assert!(false, "a server takes no verb {verb}"),
        }
    }

    /// Answers a call, if it is one that has not been answered.
    #[inline(always)]
    pub(super) fn give(&mut self, call: CallId, answer: Answer, cx: &mut Ctx<'_>) {
        if let Some(egress) = &mut self.egress {
            rarely();
            egress.send(call, answer.bytes, cx);
        }
        if self.told.times {
            self.note_time(call, cx);
        }
        cx.reply(call, answer);
    }

    #[cold]
    pub(super) fn note_time(&mut self, call: CallId, cx: &Ctx<'_>) {
        if self.told.times && cx.is_open(call) {
            self.told.answered += 1;
            self.told.spent += cx.now() - cx.call(call).asked;
        }
    }

    /// Tells of egress, pauses, sessions and unchanged answers, if there are any.
    pub(super) fn measure_rarities(&self, out: &mut Readings) {
        if self.steps.contains(&Some(Step::Compare)) {
            out.count("not_modified", self.not_modified);
        }
        let unanswered: u64 = self.reads.iter().map(|reads| reads.unanswered).sum();
        if unanswered > 0 {
            out.count("look_ups_unanswered", unanswered);
        }
        if let Some(egress) = &self.egress {
            egress.measure(out);
        }
        if let Some(pauses) = &self.pauses {
            out.count("pauses", pauses.count);
        }
        if let Some(sessions) = &self.sessions {
            out.count("sessions_unknown", sessions.unknown);
            out.count("sessions_astray", sessions.astray);
            if let Some((count, bytes)) = sessions.held() {
                out.gauge("sessions", f64::from(count));
                out.gauge("session_bytes", bytes as f64);
            }
        }
    }

    /// All callers are told that it is over; what goes on is for nobody.
    #[cold]
    pub(super) fn drop_all(&mut self, cx: &mut Ctx<'_>) {
        for task in &mut self.tasks {
            let call = std::mem::replace(&mut task.call, CallId::NONE);
            cx.reply(call, Answer::of(Status::Failed));
        }
    }

    /// Everything stands still for a while.
    #[cold]
    pub(super) fn pause(&mut self, cx: &mut Ctx<'_>) {
        if let Some(pauses) = &mut self.pauses {
            self.processors.on_control(Control::new(Control::HANG, 0), cx);
            pauses.begin(cx);
        }
    }

    /// Whether it has work of its own: who has none has no processors that could be busy.
    pub(super) fn computes(&self) -> bool {
        self.service.is_some() || self.login().is_some()
    }

    /// Own work of a login.
    #[cold]
    pub(super) fn login(&self) -> &Option<Variate> {
        match &self.sessions {
            Some(sessions) if sessions.login.is_some() => &sessions.login,
            _ => &self.service,
        }
    }

    /// A health check has got a worker: that is all it wants to know.
    #[cold]
    pub(super) fn answer_check(&mut self, index: u32, cx: &mut Ctx<'_>) {
        let status = if self.draining { Status::Missing } else { Status::Ok };
        self.leave(index, Answer::of(status), cx);
    }

    /// The user must log in first.
    #[cold]
    fn deny(&mut self, index: u32, cx: &mut Ctx<'_>) {
        self.answered += 1;
        self.leave(index, Answer::of(Status::Denied), cx);
    }

    /// Looks for the session, or keeps it. True if it must be waited for, or all is over.
    pub(super) fn session_step(&mut self, index: u32, keeps: bool, cx: &mut Ctx<'_>) -> bool {
        let operation = &self.tasks[index as usize].operation;
        let (request, parent) = (operation.request, operation.parent);
        let Some(sessions) = &mut self.sessions else { return false };
        let Some(of) = cx.request(request) else {
            return false; // nobody waits any more
        };
        let ask = if keeps {
            sessions.keep(of)
        } else {
            match sessions.look(of) {
                Found::Yes => return false,
                Found::No => {
                    sessions.unknown += 1;
                    self.deny(index, cx);
                    return true;
                }
                Found::Elsewhere => Some(sessions.ask(of, false)),
            }
        };
        let Some(ask) = ask else { return false };
        cx.ask(crate::kernel::Ask { request, parent, note: index, ..ask });
        true
    }

    /// The store has answered about a session.
    #[cold]
    pub(super) fn hear_of_session(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let index = reply.note;
        let looked = self.steps[self.tasks[index as usize].step as usize] == Some(Step::Session);
        let known = reply.status == Status::Ok && reply.version > 0;
        match reply.status {
            Status::Ok | Status::Missing if looked && !known => {
                self.sessions.iter_mut().for_each(|sessions| sessions.unknown += 1);
                self.deny(index, cx);
            }
            Status::Ok | Status::Missing => {
                self.tasks[index as usize].step += 1;
                self.advance(index, cx);
            }
            _ => self.finish(index, Answer::of(Status::Failed), cx),
        }
    }

    /// How busy it was since it was last asked, in the measure that the key asks for (see [`LOAD`]).
    fn tell_load(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let mut readings = Readings::new(false);
        self.processors.measure(cx.now(), &mut readings);
        self.workers.measure(cx.now(), &mut readings);
        let (busy, held) = (readings.area_of("busy"), readings.area_of("pool_held"));
        let waiting = readings.area_of("queue") + readings.area_of("pool_queue");
        let now = Told { at: cx.now(), busy, held, waiting, answered: 0, spent: 0, times: self.told.times };
        let before = std::mem::replace(&mut self.told, now);
        let seconds = ((now.at - before.at) as f64 / 1e9).max(1e-9);
        let processors = (now.busy - before.busy) / seconds / f64::from(self.cores);
        let workers = match readings.get("pool_slots") {
            Some(crate::kernel::readings::Reading::Gauge(slots)) => {
                (now.held - before.held) / seconds / slots
            }
            _ => 0.0,
        };
        let waiting = now.waiting - before.waiting;
        let value = match cx.call(id).key {
            0 => processors.max(workers) * 1e6,
            1 => waiting / seconds * 1e3,
            _ if before.answered > 0 => before.spent as f64 / before.answered as f64 / 1e3,
            _ => f64::from(NO_FIGURE),
        };
        let answer = Answer::ok(value.min(f64::from(u32::MAX)) as u32, 0);
        cx.reply(id, Answer { redirect: NodeId(rounded(before.answered)), ..answer });
    }
}
