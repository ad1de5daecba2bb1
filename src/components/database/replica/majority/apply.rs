//! How committed entries come to show in the rows: one after the other, in the order of the log.

use super::voter::Voter;
use super::{NOTHING, kind};
use crate::components::database::replica::desk::Apply;
use crate::components::database::replica::log::ERASED;
use crate::kernel::{Answer, Ctx};

/// A committed entry that does not show yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Received {
    done: bool,
}

impl Voter {
    /// More entries are committed: what a client's statement has done at this leader shows at once; the rest is applied.
    pub(super) fn apply_committed(&mut self, cx: &mut Ctx<'_>) {
        let known = self.follow.applied + self.follow.queue.len() as u32;
        for index in known + 1..=self.commit {
            let done = self.leads && index >= self.lead.first;
            self.follow.queue.push_back(Received { done });
            if !done {
                let entry = self.log.get(index).expect("what does not show yet is kept");
                let how = match entry.previous {
                    _ if entry.key == NOTHING => Apply::Nothing,
                    kind::ERASE => Apply::Remove,
                    _ => Apply::Write,
                };
                self.desk.apply(index, entry.key, how, &self.rows, cx);
            }
        }
        self.show(cx);
    }

    pub(super) fn on_applied(&mut self, index: u32, cx: &mut Ctx<'_>) {
        let place = index.checked_sub(self.follow.applied + 1);
        if let Some(received) = place.and_then(|place| self.follow.queue.get_mut(place as usize)) {
            received.done = true;
        }
        self.show(cx);
    }

    fn show(&mut self, cx: &mut Ctx<'_>) {
        let before = self.follow.applied;
        while self.follow.queue.front().is_some_and(|first| first.done) {
            self.follow.queue.pop_front();
            self.follow.applied += 1;
            self.show_entry(self.follow.applied, cx);
        }
        if self.follow.applied > before {
            self.log.trim(self.plan.kept, self.follow.applied);
            self.note_freshness();
            self.wake_readers(cx);
        }
    }

    /// One entry shows. A client that waits for it, here, has its answer.
    fn show_entry(&mut self, index: u32, cx: &mut Ctx<'_>) {
        let entry = *self.log.get(index).expect("what does not show yet is kept");
        let log = u32::from(self.plan.peers[0].0);
        let version =
            cx.audit().settle_entry(log, entry.epoch, index, entry.key, |audit| match entry.previous {
                _ if entry.key == NOTHING => 0,
                kind::WRITE => audit.commit(entry.key),
                kind::FLUSH => {
                    audit.persist(entry.key, entry.version);
                    entry.version
                }
                _ => entry.version,
            });
        let erases = entry.key != NOTHING && entry.previous == kind::ERASE;
        if erases {
            self.rows.set(entry.key, 0, cx.now());
            self.desk.correct(entry.key, false);
            if let Some(copying) = &mut self.copying {
                copying.erased.insert(entry.key);
            }
        } else if entry.key != NOTHING && version > self.rows.get(entry.key) {
            self.rows.set(entry.key, version, cx.now());
        }
        if let Some((waits, statement)) = self.lead.pending.front().copied()
            && waits == index
        {
            self.lead.pending.pop_front();
            let position = if self.plan.tells_position { index } else { 0 };
            cx.reply(statement.call, Answer::ok(if erases { ERASED } else { version }, position));
            self.desk.end(statement, &self.rows, cx);
        }
    }

    pub(super) fn note_freshness(&mut self) {
        if self.follow.applied >= self.follow.heard.0 {
            self.follow.fresh_at = self.follow.fresh_at.max(self.follow.heard.1);
        }
    }

    fn wake_readers(&mut self, cx: &mut Ctx<'_>) {
        if self.follow.waiting.is_empty() {
            return;
        }
        let applied = self.follow.applied;
        let (ready, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.follow.waiting).into_iter().partition(|(index, _)| *index <= applied);
        self.follow.waiting = waiting;
        for (_, read) in ready {
            self.begin(read, cx);
        }
    }
}
