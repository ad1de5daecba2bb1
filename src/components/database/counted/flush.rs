//! The log that goes to disk from time to time (log "interval"): a thread looks at it, sleeps, and looks again.

use super::machine::{Machine, SYNC};
use super::task::Event;
use crate::kernel::{Ctx, Time, Timer};

/// Number of no task: the periodic flush of the log.
pub(super) const FLUSH_OF_LOG: u32 = u32::MAX;

/// What there is to flush, and when somebody looks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flush {
    /// Something was logged since the last flush began.
    pub dirty: bool,
    /// A flush is under way.
    pub syncing: bool,
    /// A time at which it was looked for something to flush; after that once a period, whether there was anything or not. `None` = not
    /// drawn yet.
    looked: Option<Time>,
}

impl Flush {
    /// Time until somebody looks again.
    fn pause(&mut self, period: Time, cx: &Ctx<'_>) -> Time {
        let looked = *self.looked.get_or_insert_with(|| cx.phase(period, u64::from(SYNC)));
        period - (cx.now() + period - looked % period) % period
    }
}

impl Machine {
    /// Something was logged that goes to disk with the next flush.
    pub fn logged(&mut self, cx: &mut Ctx<'_>) {
        let Some(period) = self.parts.sync_every else { return };
        if !self.flush.dirty && !self.flush.syncing {
            let pause = self.flush.pause(period, cx);
            cx.timer_in(pause, Timer { tag: SYNC, data: 0 });
        }
        self.flush.dirty = true;
    }

    /// The periodic flush begins with what there is.
    pub(super) fn sync(&mut self, cx: &mut Ctx<'_>) {
        (self.flush.dirty, self.flush.syncing) = (false, true);
        self.events.push_back(Event::SyncBegins);
        self.parts.log.append(FLUSH_OF_LOG, cx);
    }

    /// It has come to its end: the next one is due a period later.
    pub(super) fn synced(&mut self, cx: &mut Ctx<'_>) {
        self.flush.syncing = false;
        self.events.push_back(Event::Synced);
        self.flush.looked = Some(cx.now());
        if let (true, Some(period)) = (self.flush.dirty, self.parts.sync_every) {
            cx.timer_in(period, Timer { tag: SYNC, data: 0 });
        }
    }
}
