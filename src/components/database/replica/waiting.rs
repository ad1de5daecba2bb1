//! Writes that wait for replicas: when they are answered, and when a primary stops waiting.

use super::desk::Statement;
use super::member::{GIVE_UP, Member};
use crate::kernel::{Answer, Ctx, Time, Timer};

/// A write that waits for replicas, and keeps its connection and its row until it is answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pending {
    pub index: u32,
    pub statement: Statement,
    pub answer: Answer,
    pub since: Time,
}

impl Member {
    /// The first write that waits is looked at when it has waited for as long as it may.
    pub(super) fn look_at_first(&mut self, cx: &mut Ctx<'_>) {
        if let (Some(most), Some(first), false) =
            (self.plan.gives_up_after, self.lead.pending.front(), self.lead.looks)
        {
            self.lead.looks = true;
            // (A heartbeat later, if it has waited for long enough already, and the lease has run out.)
            let due = first.since.saturating_add(most);
            let at = if due > cx.now() { due } else { cx.now().saturating_add(self.plan.heartbeat) };
            cx.timer_at(at, Timer { tag: GIVE_UP, data: 0 });
        }
    }

    /// If it still waits, the primary stops waiting for anybody.
    pub(super) fn stop_waiting(&mut self, cx: &mut Ctx<'_>) {
        self.lead.looks = false;
        let (now, most) = (cx.now(), self.plan.gives_up_after.unwrap_or(Time::MAX));
        let waits = self.lead.pending.front().is_some_and(|first| now >= first.since.saturating_add(most));
        if waits && self.may_lead(now) {
            self.lead.alone = true;
            let count = self.lead.pending.len();
            cx.tell(
                "semi_sync off",
                format!("{count} writes wait for a replica in vain: it goes on asynchronously"),
            );
            self.release(cx);
        }
        if self.leads {
            self.look_at_first(cx);
        }
    }

    /// Answers the writes that the mode calls done.
    pub(super) fn release(&mut self, cx: &mut Ctx<'_>) {
        if !self.may_lead(cx.now()) {
            return;
        }
        let mut others = self.lead.standings();
        others.remove(self.own);
        let end = self.log.end();
        let confirmed = (self.plan.mode.confirmed)(end, &others);
        if self.lead.alone && confirmed >= end {
            self.lead.alone = false;
            cx.tell("semi_sync on", format!("a replica has entry {end}, the last one"));
        }
        let confirmed = if self.lead.alone { end } else { confirmed };
        while let Some(pending) = self.lead.pending.front().copied()
            && pending.index <= confirmed
        {
            self.lead.pending.pop_front();
            cx.reply(pending.statement.call, pending.answer);
            self.desk.end(pending.statement, &self.rows, cx);
        }
    }
}
