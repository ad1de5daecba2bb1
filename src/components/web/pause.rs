//! Pauses: a server stands still from time to time, as for a garbage collection that stops the world.

use crate::components::Site;
use crate::kernel::{Ctx, Time, Timer};
use crate::random::stream::Stream;
use crate::random::variate::Variate;

/// Tag of the timer that begins a pause.
pub(super) const PAUSE: u16 = 1;

/// When a server pauses, and for how long; drawn from a stream of its own, whatever else happens.
#[derive(Clone)]
pub(super) struct Pauses {
    length: Variate,
    every: Variate,
    group: String,
    first: u16,
    stream: Stream,
    /// A timer is set.
    armed: bool,
    pub count: u64,
}

impl Pauses {
    pub fn new(site: &Site<'_>) -> Option<Self> {
        let settings = site.settings();
        let (length, every) = settings.variate("pause").zip(settings.variate("pause_every"))?;
        Some(Pauses {
            length,
            every,
            group: site.group().name.clone(),
            first: site.group().first,
            stream: Stream::named(0, 0, "opened when the server starts"),
            armed: false,
            count: 0,
        })
    }

    /// The server begins to work, in the middle of the time between two pauses: when a run begins has nothing to do with when a
    /// server last paused. (Times without memory need no such phase: what is left of one is as long as a new one.)
    pub fn start(&mut self, cx: &mut Ctx<'_>) {
        let number = cx.node().0 - self.first;
        self.stream = cx.stream(&format!("{}/{number}/gc", self.group));
        let length = self.draw(false);
        let wait =
            if matches!(self.every, Variate::Exponential { .. }) { length } else { cx.phase(length, 0) };
        self.arm_in(wait, cx);
    }

    fn draw(&mut self, length: bool) -> Time {
        let bits = self.stream.bits();
        let variate = if length { &self.length } else { &self.every };
        variate.sample_ns_of(bits)
    }

    /// Sets the timer of the next pause, if none is set.
    pub fn arm(&mut self, cx: &mut Ctx<'_>) {
        if !self.armed {
            let wait = self.draw(false);
            self.arm_in(wait, cx);
        }
    }

    fn arm_in(&mut self, wait: Time, cx: &mut Ctx<'_>) {
        self.armed = true;
        // Not in the same instant, or a server would pause for ever.
        cx.timer_in(wait.max(1), Timer { tag: PAUSE, data: 0 });
    }

    /// A crash: the timer is gone.
    pub fn disarm(&mut self) {
        self.armed = false;
    }

    /// The pause begins.
    pub fn begin(&mut self, cx: &mut Ctx<'_>) {
        self.armed = false;
        self.count += 1;
        let length = self.draw(true);
        cx.pause(length);
    }
}
