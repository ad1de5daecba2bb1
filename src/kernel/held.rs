//! What comes to a node while it hangs: it waits at the door, and the waiting is measured. And what TCP goes on sending while its machine is
//! silent.

use super::call::CallId;
use super::event::Event;
use super::readings::{Integral, Readings};
use super::time::Time;

/// Events that wait for a node, and since when.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    events: Vec<(Event, Time)>,
    /// Sent over connections of before, and not acknowledged.
    unacknowledged: Vec<CallId>,
    calls: Integral,
    /// Counts pauses, and whatever makes the present one no pause any more.
    pause: u32,
}

impl Held {
    /// One more.
    #[cold]
    pub fn push(&mut self, event: Event, now: Time) {
        if matches!(event, Event::Deliver(..)) {
            self.calls.set(now, self.calls.level() + 1);
        }
        self.events.push((event, now));
    }

    /// TCP sends this again and again.
    #[cold]
    pub fn keep_trying(&mut self, call: CallId) {
        self.unacknowledged.push(call);
    }

    /// What TCP is still sending; no longer.
    pub fn take_unacknowledged(&mut self) -> Vec<CallId> {
        std::mem::take(&mut self.unacknowledged)
    }

    /// Number of the pause that begins now; the one before counts no more.
    pub fn next_pause(&mut self) -> u32 {
        self.pause = self.pause.wrapping_add(1);
        self.pause
    }

    /// Whether a pause still holds.
    pub fn is_pause(&self, pause: u32) -> bool {
        self.pause == pause
    }

    /// All of them, in the order in which they came, with the times at which they did.
    pub fn take(&mut self, now: Time) -> Vec<(Event, Time)> {
        self.calls.set(now, 0);
        std::mem::take(&mut self.events)
    }

    /// Tells how many calls waited, if any did.
    pub fn measure(&self, now: Time, out: &mut Readings) {
        if self.calls.largest() > 0 || self.calls.area(now) > 0.0 {
            out.area("held", self.calls.area(now));
            out.maximum("held_max", self.calls.largest() as f64);
        }
    }

    /// The largest number is counted anew.
    pub fn restart_maximum(&mut self) {
        self.calls.restart_maximum();
    }
}
