//! Processors: own ones, or those of the machine that a component stands on, shared with whoever else stands there.

use super::station::{Job, Station};
use super::verbs::{COMPUTE, READ};
use crate::kernel::{Ask, Call, CallId, Control, Ctx, NodeId, Readings, RequestId, Time, Timer};

/// The part of its normal speed at which a guest works: a slow one needs the machine for longer. Work that it has begun keeps its time.
#[derive(Clone, Copy, Debug)]
pub struct Speed(f64);

impl Default for Speed {
    fn default() -> Self {
        Speed(1.0)
    }
}

impl Speed {
    /// A change of speed.
    pub fn on_control(&mut self, control: Control) {
        if control.verb == Control::SPEED {
            self.0 = control.arg as f64 / 1e6;
        }
    }

    /// Time that `work` takes at this speed.
    #[inline]
    pub fn stretch(self, work: Time) -> Time {
        if self.0 == 1.0 { work } else { (work as f64 / self.0) as Time }
    }
}

/// Who does the computing.
#[derive(Clone, Debug)]
pub enum Processor {
    /// Its own processors.
    Own(Box<Station>),
    /// Those of this machine, at this part of the normal speed: the work is asked for with [`COMPUTE`], and done when the answer comes to
    /// `on_reply`.
    On(NodeId, Speed),
}

impl Processor {
    /// Takes a job in, on behalf of the call being served. Its own processors must have no bound on their line.
    pub fn take(&mut self, job: u32, work: Time, call: CallId, cx: &mut Ctx<'_>) {
        match self {
            Processor::Own(station) => {
                let taken = station.arrive(Job::new(u64::from(job), work), cx);
                debug_assert!(taken, "connections bound the line, not the processors");
            }
            Processor::On(machine, speed) => {
                let &Call { request, verb, .. } = cx.call(call);
                let work = Work { time: speed.stretch(work), writes: verb != READ };
                ask(*machine, job, work, (call, request), cx);
            }
        }
    }

    /// A timer of its own processors has gone off: the job that is done, if it still counts.
    pub fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) -> Option<u32> {
        match self {
            Processor::Own(station) => station.on_timer(timer, cx).map(|job| job as u32),
            Processor::On(..) => None,
        }
    }

    /// Crash, hang, speed: of its own processors. A machine is told by itself; a guest that is slow needs more of it.
    pub fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        match self {
            Processor::Own(station) => station.on_control(control, cx),
            Processor::On(_, speed) => speed.on_control(control),
        }
    }

    /// Tells what its own processors did.
    pub fn measure(&self, now: Time, out: &mut Readings) {
        if let Processor::Own(station) = self {
            station.measure(now, out);
        }
    }

    /// The longest queue is counted anew.
    pub fn restart_maxima(&mut self) {
        if let Processor::Own(station) = self {
            station.restart_maxima();
        }
    }
}

/// What a guest wants done.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// How long one processor needs for it.
    pub time: Time,
    /// Whether it is for a write.
    pub writes: bool,
}

/// Whether what a machine is asked to do is for a write.
pub fn is_for_a_write(call: &Call) -> bool {
    call.token != 0
}

/// Asks a machine to do work; the answer comes to `on_reply` with `job` as its note. It is asked while serving the call and
/// the request given.
pub fn ask(machine: NodeId, job: u32, work: Work, (parent, request): (CallId, RequestId), cx: &mut Ctx<'_>) {
    let token = u32::from(work.writes);
    cx.ask(Ask { note: job, parent, request, token, ..Ask::new(machine, COMPUTE, work.time) });
}
