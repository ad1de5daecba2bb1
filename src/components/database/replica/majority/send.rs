//! How a leader's log gets to its followers: in batches, several of them under way at a time.
//!
//! As in etcd's raft (`tracker.Progress`): a follower whose log is known to agree gets entries as they come, up to a number of batches
//! ahead of its answers, and what comes meanwhile goes with the next one; of one whose log may differ the leader first finds out,
//! batch by batch, where they agree.

use super::voter::Voter;
use crate::components::database::replica::wire::{APPEND, INSTALL, pack};
use crate::kernel::parcel::ParcelId;
use crate::kernel::{Ask, CallId, Ctx, Reply, Status, Time};
use std::collections::VecDeque;

/// Batches under way to one follower.
const WINDOW: usize = 64;
/// Entries in a batch.
const BATCH: u32 = 1024;

/// A batch under way.
#[derive(Clone, Copy, Debug)]
struct Sent {
    call: CallId,
    parcel: ParcelId,
    at: Time,
}

/// What a leader knows of a follower.
#[derive(Clone, Debug, Default)]
pub(super) struct Link {
    /// The next entry to send.
    next: u32,
    /// Entries that agree and are kept there.
    pub matched: u32,
    /// Entries that show there.
    pub applied: u32,
    /// Whether it is known where the logs agree.
    agrees: bool,
    /// Nothing is sent until the next sign of life is answered.
    paused: bool,
    /// It lacks rows.
    pub copying: bool,
    /// It has been told to fetch a copy, and has not answered yet.
    telling: bool,
    /// A machine with an empty disk stands there and was not told yet to fetch a copy.
    pub is_empty: bool,
    /// When the last question that it has answered was asked.
    pub answered: Option<Time>,
    sent: VecDeque<Sent>,
    free: Vec<ParcelId>,
    /// Where the rows of a copy travel.
    pub copies: Option<ParcelId>,
    /// Numbers the batches: one that comes after its parcel was used again is known by that.
    number: u32,
}

impl Link {
    /// A follower of which nothing is known but that it may have the first `end` entries.
    pub fn begin(&mut self, end: u32, answered: Option<Time>) {
        self.free.extend(self.sent.drain(..).map(|sent| sent.parcel));
        *self = Link {
            next: end + 1,
            answered,
            agrees: answered.is_some(),
            free: std::mem::take(&mut self.free),
            number: self.number,
            copies: self.copies,
            ..Link::default()
        };
    }

    /// What is under way is not waited for; the next batch finds out where the logs agree.
    pub fn forget(&mut self, cx: &mut Ctx<'_>) {
        for sent in self.sent.drain(..) {
            cx.abandon(sent.call);
            self.free.push(sent.parcel);
        }
        if std::mem::take(&mut self.agrees) {
            self.next = self.matched + 1;
        }
    }
}

impl Voter {
    pub(super) fn send_all(&mut self, cx: &mut Ctx<'_>) {
        for at in self.others() {
            self.send(at, cx);
        }
    }

    /// Sends what may be sent.
    pub(super) fn send(&mut self, at: usize, cx: &mut Ctx<'_>) {
        loop {
            let link = &self.lead.links[at];
            let window = if link.agrees { WINDOW } else { 1 };
            if link.paused || link.sent.len() >= window || link.next > self.log.end() {
                return;
            }
            if link.next <= self.log.base() {
                return self.install(at, cx);
            }
            self.send_batch(at, cx);
        }
    }

    fn send_batch(&mut self, at: usize, cx: &mut Ctx<'_>) {
        let link = &mut self.lead.links[at];
        let before = link.next - 1;
        let last = self.log.end().min(before + BATCH);
        link.number = link.number.wrapping_add(1);
        let (number, agrees) = (link.number, link.agrees);
        let parcel = link.free.pop().unwrap_or_else(|| cx.open_parcel());
        let contents = cx.parcel_mut(parcel);
        contents.clear();
        contents.push([u64::from(number), u64::from(agrees), 0]);
        for index in before + 1..=last {
            let entry = self.log.get(index).expect("it is behind the base");
            let word = (u64::from(entry.epoch) << 32) | u64::from(entry.version);
            contents.push([entry.key, word, u64::from(entry.previous)]);
        }
        let epoch = self.log.epoch_at(before).expect("it is not before the base");
        let append = Ask::new(self.plan.peers[at], APPEND, pack(self.term, epoch, u64::from(self.commit)));
        let call = cx.ask(Ask {
            version: before,
            note: parcel.0,
            token: number,
            bytes: self.desk.engine.row_bytes.saturating_mul(last - before),
            timeout: self.silence,
            ..append
        });
        let link = &mut self.lead.links[at];
        link.sent.push_back(Sent { call, parcel, at: cx.now() });
        if agrees {
            link.next = last + 1;
        }
    }

    /// A follower keeps a batch, or does not.
    pub(super) fn on_appended(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let Some(at) = self.link_of(reply) else { return };
        if reply.status == Status::Moved && reply.version > self.term {
            return self.follow_term(reply.version, None, cx);
        }
        if matches!(reply.status, Status::Ok | Status::Missing | Status::Rejected | Status::Denied) {
            self.note_answer(at, reply.asked);
        }
        let link = &mut self.lead.links[at];
        let Some(place) = link.sent.iter().position(|sent| sent.call == reply.call) else { return };
        let sent = link.sent.remove(place).expect("it has just been found");
        link.free.push(sent.parcel);
        match reply.status {
            Status::Ok => {
                (link.agrees, link.copying) = (true, false);
                link.matched = link.matched.max(reply.version);
                link.next = link.next.max(link.matched + 1);
                self.advance(cx);
                if self.leads {
                    self.send(at, cx);
                }
            }
            // Their logs agree at most up to there.
            Status::Missing => {
                link.forget(cx);
                link.next = reply.version + 1;
                self.send(at, cx);
            }
            Status::Denied => {
                link.forget(cx);
                self.install(at, cx);
            }
            _ => {
                link.forget(cx);
                link.paused = true;
            }
        }
    }

    /// A sign of life was answered: what was sent a heartbeat before it and is not answered is lost.
    pub(super) fn send_after_beat(&mut self, at: usize, beat: Time, cx: &mut Ctx<'_>) {
        let link = &mut self.lead.links[at];
        let old = beat.saturating_sub(self.plan.heartbeat);
        if link.sent.iter().any(|sent| sent.at < old) {
            link.forget(cx);
        }
        link.paused = false;
        // (Its empty log does not agree with what a sign of life tells, whether anything is written or not.)
        if link.is_empty { self.install(at, cx) } else { self.send(at, cx) }
    }

    /// The follower needs what is not in the log any more: it is told to fetch a copy of the rows.
    fn install(&mut self, at: usize, cx: &mut Ctx<'_>) {
        let index = self.follow.applied;
        let link = &mut self.lead.links[at];
        (link.paused, link.copying) = (true, true);
        if link.telling {
            return; // another one would throw away what the first has brought
        }
        let Some(epoch) = self.log.epoch_at(index) else { return };
        self.lead.links[at].telling = true;
        let install = Ask::new(self.plan.peers[at], INSTALL, pack(self.term, epoch, 0));
        cx.ask(Ask { version: index, timeout: self.silence, ..install });
    }

    /// It fetches, and goes on behind the entry at which the copy began.
    pub(super) fn on_installed(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let Some(at) = self.link_of(reply) else { return };
        self.lead.links[at].telling = false;
        match reply.status {
            Status::Ok => {
                let link = &mut self.lead.links[at];
                link.forget(cx);
                (link.next, link.agrees, link.is_empty) = (reply.version + 1, false, false);
            }
            Status::Moved if reply.version > self.term => self.follow_term(reply.version, None, cx),
            _ => {} // again, when its log does not agree
        }
    }
}
