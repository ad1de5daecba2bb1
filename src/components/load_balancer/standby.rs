//! A standby balancer that takes the address of the active one when it falls silent.
//!
//! The active one advertises itself; when the standby has heard nothing for the dead interval - three advertisements and a skew, 3.6 s with
//! the usual second and priority 100 - it takes over, and stands back when it hears the active one again (VRRP, RFC 5798, with preemption). What
//! the active one remembered is not there; what browsers remember is.

use crate::kernel::{
    Answer, Ask, CallId, Component, Control, Ctx, NodeId, Readings, Reply, Time, TimeoutClass, Timer,
};
use crate::parts::verbs::ADVERTISE;

const TELL: u16 = 15;
const LISTEN: u16 = 14;
/// Note of advertisements; the balancer inside uses others.
const ADVERTISEMENT: u32 = u32::MAX;
/// Of 256: the priority that a standby is usually given.
const PRIORITY: u64 = 100;

/// One of the two: a balancer and what it knows of the other.
pub(super) struct Pair {
    inner: Box<dyn Component>,
    partner: NodeId,
    is_active: bool,
    interval: Time,
    timeout: Option<TimeoutClass>,
    heard: Time,
    stands_in: bool,
    takeovers: u64,
}

impl Pair {
    /// The balancer `inner` as the active one or the standby of a pair.
    pub fn new(inner: Box<dyn Component>, is_active: bool, partner: NodeId, interval: Time) -> Self {
        Pair { inner, partner, is_active, interval, timeout: None, heard: 0, stands_in: false, takeovers: 0 }
    }

    /// Without an advertisement for so long the active one is taken for dead.
    fn dead_interval(&self) -> Time {
        3 * self.interval + self.interval * (256 - PRIORITY) / 256
    }

    fn begin(&mut self, cx: &mut Ctx<'_>) {
        if self.is_active {
            self.tell(cx);
            cx.timer_in(cx.phase(self.interval, 0), Timer { tag: TELL, data: 0 });
        } else {
            self.heard = cx.now();
            cx.timer_in(self.dead_interval(), Timer { tag: LISTEN, data: 0 });
        }
    }

    fn tell(&self, cx: &mut Ctx<'_>) {
        let ask = Ask::new(self.partner, ADVERTISE, 0);
        cx.ask(Ask { note: ADVERTISEMENT, timeout: self.timeout, ..ask });
    }

    fn advertise(&mut self, cx: &mut Ctx<'_>) {
        self.tell(cx);
        cx.timer_in(self.interval, Timer { tag: TELL, data: 0 });
    }

    fn listen(&mut self, cx: &mut Ctx<'_>) {
        let due = self.heard + self.dead_interval();
        if cx.now() < due {
            return cx.timer_at(due, Timer { tag: LISTEN, data: 0 });
        }
        if !self.stands_in {
            self.stands_in = true;
            self.takeovers += 1;
            cx.stand_in_for(self.partner);
            cx.tell("takes_over", "the active balancer has fallen silent");
        }
        cx.timer_in(self.interval, Timer { tag: LISTEN, data: 0 });
    }

    fn hear(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        self.heard = cx.now();
        if std::mem::replace(&mut self.stands_in, false) {
            cx.stand_back(self.partner);
            cx.tell("stands_back", "the active balancer is back");
        }
        cx.reply(call, Answer::ok(0, 0));
    }
}

impl Component for Pair {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.timeout = Some(cx.timeout_class(self.interval));
        self.inner.on_start(cx);
        self.begin(cx);
    }

    fn on_call(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        match cx.call(call).verb {
            ADVERTISE => self.hear(call, cx),
            _ => self.inner.on_call(call, cx),
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer.tag {
            TELL => self.advertise(cx),
            LISTEN => self.listen(cx),
            _ => self.inner.on_timer(timer, cx),
        }
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        if reply.note != ADVERTISEMENT {
            self.inner.on_reply(reply, cx);
        }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        self.inner.on_control(control, cx);
        match control.verb {
            // The address goes with the machine that has it.
            Control::CRASH_PROCESS | Control::CRASH_HOST if self.stands_in => {
                self.stands_in = false;
                cx.stand_back(self.partner);
            }
            Control::RECOVER if control.arg == 1 => self.begin(cx),
            _ => {}
        }
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        self.inner.measure(now, out);
        if !self.is_active {
            out.count("takeovers", self.takeovers);
        }
    }

    fn restart_maxima(&mut self, now: Time) {
        self.inner.restart_maxima(now);
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(Pair { inner: self.inner.fork(), ..*self })
    }
}
