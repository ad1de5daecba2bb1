//! What comes to a node while it hangs: it waits at the door, and the waiting is measured. And what TCP goes on sending while its machine is
//! silent.

use super::call::CallId;
use super::event::Event;
use super::readings::{IN_LINE, Integral, Reading, Readings};
use super::time::Time;

/// Events that wait for a node, and since when.
#[derive(Clone, Debug, Default)]
pub(super) struct Held {
    events: Vec<(Event, Time)>,
    /// Sent over connections of before, and not acknowledged.
    unacknowledged: Vec<CallId>,
    calls: Integral,
    /// The most that waited at a time, at the door and in the node's own line.
    longest: u64,
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

    /// TCP sends this again and again, as long as it is wanted.
    #[cold]
    pub fn keep_trying(&mut self, call: CallId, is_wanted: impl Fn(&CallId) -> bool) {
        if self.unacknowledged.len() == self.unacknowledged.capacity() {
            self.unacknowledged.retain(is_wanted);
            self.unacknowledged.reserve(self.unacknowledged.len() + 1);
        }
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

    /// Takes down how many wait, at the door and in the line of a node that tells this. While it stands still nobody leaves either: they are
    /// most when it goes on, dies, or is asked.
    pub fn look(&mut self, told: &Readings) {
        self.longest = self.longest(told);
    }

    fn longest(&self, told: &Readings) -> u64 {
        match (self.calls.level(), told.get(IN_LINE)) {
            (0, _) => self.longest,
            (at_the_door, Some(Reading::Gauge(in_line))) => self.longest.max(at_the_door + *in_line as u64),
            (at_the_door, _) => self.longest.max(at_the_door),
        }
    }

    /// Tells how many calls waited, if any did; behind what the node itself tells.
    pub fn measure(&self, now: Time, out: &mut Readings) {
        let longest = self.longest(out);
        if longest > 0 || self.calls.area(now) > 0.0 {
            out.area("held", self.calls.area(now));
            out.maximum("held_max", longest as f64);
        }
    }

    /// The largest number is counted anew.
    pub fn restart_maximum(&mut self) {
        self.longest = 0;
    }
}
