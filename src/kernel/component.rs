//! What a component is to the kernel.

use super::call::{Call, CallId, Reply};
use super::core::Core;
use super::ctx::Ctx;
use super::event::{NodeId, Timer};
use super::readings::Readings;
use super::request::Request;
use super::time::Time;

/// Behaviour placed in a simulation as a node. State is plain data: no `Rc`, `RefCell` or open file, so
/// that [`Component::fork`] gives an independent copy for another future.
pub trait Component: Send {
    /// The simulation begins: open random streams, set the first timers.
    fn on_start(&mut self, _cx: &mut Ctx<'_>) {}

    /// Somebody asks something of us. Answer with `Ctx::reply`, now or later.
    fn on_call(&mut self, call: CallId, cx: &mut Ctx<'_>);

    /// A call to us, or the answer to one of ours (`returning`), comes soon: memory of ours that will then be looked at may be fetched (see
    /// [`super::prefetch`]). Nothing may depend on it: events are foretold when it pays, some never, some of calls that are given up. Whether
    /// a call to us is to be foretold once more, in [`Component::foresee_further`].
    fn foresee(&self, _call: &Call, _returning: bool, _request: Option<&Request>) -> bool {
        false
    }

    /// A little later, before the call comes: what was asked for in [`Component::foresee`] is there, and where it leads can be asked for.
    fn foresee_further(&self, _call: &Call) {}

    /// Something we asked for came back, or will not come any more (see `Reply::status`).
    fn on_reply(&mut self, _reply: Reply, _cx: &mut Ctx<'_>) {}

    /// A timer we set has gone off.
    fn on_timer(&mut self, _timer: Timer, _cx: &mut Ctx<'_>) {}

    /// [`Component::on_call`] as the loop calls it. These three are not for components to write anew: each is made in one piece with what the
    /// component does, so that a call is looked for once, a reply is read where it lies and the context is in registers.
    fn call_comes(&mut self, call: CallId, node: NodeId, core: &mut Core) {
        if core.arrive(call, node) {
            self.on_call(call, &mut Ctx::new(core, node));
        }
    }

    /// [`Component::on_reply`] as the loop calls it.
    fn answer_comes(&mut self, call: CallId, node: NodeId, core: &mut Core) {
        if let Some(reply) = core.take_answer(call, node) {
            self.on_reply(reply, &mut Ctx::new(core, node));
        }
    }

    /// [`Component::on_timer`] as the loop calls it.
    fn timer_comes(&mut self, timer: Timer, node: NodeId, core: &mut Core) {
        self.on_timer(timer, &mut Ctx::new(core, node));
    }

    /// Something is done to us: crash, recover, purge, add a node, ...
    fn on_control(&mut self, _control: Control, _cx: &mut Ctx<'_>) {}

    /// Tells what was measured since the start; `now` closes time integrals.
    fn measure(&self, _now: Time, _out: &mut Readings) {}

    /// The warm-up ends: largest values begin anew. Counters go on, the reader takes differences.
    fn restart_maxima(&mut self, _now: Time) {}

    /// An independent copy, for another future.
    fn fork(&self) -> Box<dyn Component>;
}

/// A command to one node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Control {
    /// What to do: one of the constants here (carried out by the kernel, then told to the component) or the
    /// component's own, from [`Control::FIRST_OWN`] up.
    pub verb: u16,
    /// Its argument; for tables of plain data, an index.
    pub arg: u64,
}

impl Control {
    /// The process dies: connections are reset, new ones refused; what was in memory is lost.
    pub const CRASH_PROCESS: u16 = 0;
    /// The machine dies: silence until the callers' time-outs; what was in memory is lost.
    pub const CRASH_HOST: u16 = 1;
    /// The process stops for a while (SIGSTOP, a long pause) and keeps everything.
    pub const HANG: u16 = 2;
    /// Back again: empty after a crash (the component finds `arg` = 1), as it was after a hang (0).
    pub const RECOVER: u16 = 3;
    /// Works at `arg` millionths of its normal speed.
    pub const SPEED: u16 = 4;
    /// A group has another member: `arg` says which (see [`Control::subject`]).
    pub const JOIN: u16 = 5;
    /// A group has lost a member, who may be the node that is told.
    pub const LEAVE: u16 = 6;
    /// First verb that components may define for themselves.
    pub const FIRST_OWN: u16 = 16;

    /// A command with an argument.
    pub fn new(verb: u16, arg: u64) -> Self {
        Control { verb, arg }
    }

    /// News of a group's member.
    pub fn member(verb: u16, group: u16, node: NodeId) -> Self {
        Control { verb, arg: (u64::from(group) << 16) | u64::from(node.0) }
    }

    /// Which group and which node [`Control::JOIN`] and [`Control::LEAVE`] are about.
    pub fn subject(&self) -> (u16, NodeId) {
        ((self.arg >> 16) as u16, NodeId(self.arg as u16))
    }
}
