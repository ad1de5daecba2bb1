//! What a member does while it is the primary: commits, ships each entry at once, answers clients when its mode allows.

use super::desk::Statement;
use super::log::{BORN, ERASED, Entry, Stamp};
use super::member::Member;
use super::mode::Standing;
use super::waiting::Pending;
use super::wire::{BEAT, ERASE, HELLO, MIRROR, SHIP, SHIP_LATE, pack, unpack};
use crate::kernel::{Answer, Ask, CallId, Ctx, NodeId, Reply, Status, Time};
use crate::parts::verbs::FLUSH;
use std::collections::VecDeque;

/// What the primary knows of one replica.
#[derive(Clone, Debug, Default)]
pub(super) struct Link {
    pub standing: Standing,
    connected: bool,
    /// Since when: what was asked before concerned another connection.
    since: Time,
    /// It receives a copy: what it confirms does not count yet.
    copying: bool,
    /// Entries sent and not confirmed, in order.
    sent: VecDeque<(u32, CallId, Time)>,
    /// A question about where the logs agree is under way.
    asking: Option<CallId>,
}

/// State of a primary.
#[derive(Clone, Debug)]
pub struct Lead {
    pub(super) links: Vec<Link>,
    pub(super) pending: VecDeque<Pending>,
    /// Takes no more writes: a switch is planned.
    pub(super) closed: bool,
    /// A write has waited for too long: until a replica has caught up, the primary waits for nobody.
    pub(super) alone: bool,
    /// The first write that waits will be looked at.
    pub(super) looks: bool,
}

impl Lead {
    pub(super) fn new(members: usize, answering: usize) -> Self {
        let mut links = vec![Link::default(); members];
        links.iter_mut().skip(answering).for_each(|link| link.standing.stores = true);
        Lead { links, pending: VecDeque::new(), closed: false, alone: false, looks: false }
    }

    /// At the start all logs are empty and all members there.
    pub(super) fn begin_connected(&mut self, own: usize) {
        for (at, link) in self.links.iter_mut().enumerate() {
            link.connected = at != own;
            link.standing.counts = at != own;
        }
    }

    /// Nothing is known any more.
    pub(super) fn clear(&mut self) {
        let answering = self.links.iter().filter(|link| !link.standing.stores).count();
        *self = Lead::new(self.links.len(), answering);
    }

    pub(super) fn standings(&self) -> Vec<Standing> {
        self.links.iter().map(|link| link.standing).collect()
    }
}

impl Member {
    /// A write has been worked on: it takes its place in the log, and is ended when it is answered. False if it was answered at once.
    pub(super) fn commit(&mut self, statement: Statement, cx: &mut Ctx<'_>) -> bool {
        let id = statement.call;
        let call = cx.call(id);
        let (verb, key, version, resharding) = (call.verb, call.key, call.version, call.token);
        let outdated = self.rows.comes_too_late(verb, resharding).then_some(Status::Failed);
        if let Some(refusal) = outdated.or_else(|| self.refusal(key, cx)) {
            self.desk.undo(key, &self.rows);
            cx.reply(id, Answer::of(refusal));
            return false;
        }
        let (epoch, index) = (self.epoch, self.log.end() + 1);
        let Some(version) = self.version_of(id, index, cx) else {
            let answer = self.written(version, self.log.end()); // nothing new: a newer one is in the log
            cx.reply(id, answer);
            return false;
        };
        self.writes += 1;
        let written = Stamp::of(cx.now());
        self.append(Entry { key, version, previous: self.rows.get(key), epoch, written }, cx);
        if self.plan.peers.len() == 1 && !self.desk.syncs_later() {
            cx.audit().confirm_entries(self.plan.log, epoch, index); // on the only disk there is: nothing takes it back
        }
        let version = if version == BORN { 0 } else { version };
        let answer = self.written(version, index);
        self.lead.pending.push_back(Pending { index, statement, answer, since: cx.now() });
        self.release(cx);
        self.look_at_first(cx);
        true
    }

    /// The answer to a write. It tells the router where in the log it is if reads go by that; the epoch travels in `redirect`, which has the right
    /// size.
    fn written(&self, version: u32, index: u32) -> Answer {
        let answer = Answer::ok(version, 0);
        match self.plan.tells_position {
            true => Answer { bytes: index, redirect: NodeId(self.epoch as u16), ..answer },
            false => answer,
        }
    }

    /// Why a write that has been worked on comes to nothing.
    fn refusal(&self, key: u64, cx: &Ctx<'_>) -> Option<Status> {
        if !self.may_lead(cx.now()) || self.lead.closed {
            return Some(Status::Failed);
        }
        self.lacks_room(key).then_some(Status::Rejected)
    }

    /// The version that a write gives its row; nothing if the row is not older.
    fn version_of(&self, id: CallId, index: u32, cx: &mut Ctx<'_>) -> Option<u32> {
        let call = cx.call(id);
        let (verb, key, version, bytes) = (call.verb, call.key, call.version, call.bytes);
        let (log, epoch) = (self.plan.log, self.epoch);
        match verb {
            // It was given up for lost, or a newer one is here.
            FLUSH if !cx.audit().survives(key, version) || version <= self.rows.get(key) => None,
            FLUSH => {
                cx.audit().persist(key, version);
                cx.audit().append_entry(log, epoch, index, key, version);
                Some(version)
            }
            // The row's new home answers for it.
            ERASE if self.rows.get(key) == 0 && !self.desk.counts() => None,
            ERASE => {
                cx.audit().append_entry(log, epoch, index, key, 0);
                Some(ERASED)
            }
            MIRROR if version == 0 => {
                let entry = self.unwritten(key, bytes > 0, cx)?;
                cx.audit().copy_entry(log, epoch, index, key, self.rows.get(key));
                Some(entry)
            }
            // (A version that was lost in a failover of its home is no newer one.)
            MIRROR if version <= self.rows.get(key) && cx.audit().survives(key, self.rows.get(key)) => None,
            // The row's home answers for it: losing a copy loses no write, until the row is at home here.
            MIRROR => {
                cx.audit().copy_entry(log, epoch, index, key, self.rows.get(key));
                Some(version)
            }
            _ => Some(cx.audit().commit_entry(log, epoch, index, key)),
        }
    }

    /// What a row that nobody has written at its home (any more: its writes may have been lost in a failover there) is here: replicas must
    /// hear of it if it comes, or if a version goes that is lost. Nothing changes if it was written since.
    fn unwritten(&self, key: u64, is_there: bool, cx: &mut Ctx<'_>) -> Option<u32> {
        let (own, is_there) = (self.rows.get(key), is_there && self.desk.counts());
        if own > 0 && cx.audit().survives(key, own) {
            return None;
        }
        if is_there {
            return Some(BORN);
        }
        (own > 0).then_some(ERASED)
    }

    /// Whether a new row would be one more than the disk holds.
    fn lacks_room(&self, key: u64) -> bool {
        self.plan.capacity.is_some_and(|most| self.desk.lacks_room(key, most, &self.rows))
    }

    /// An entry of the own epoch is on disk here and on its way to all who are connected.
    pub(super) fn append(&mut self, entry: Entry, cx: &mut Ctx<'_>) {
        let index = self.log.push(entry, self.durable); // it shows at once
        if let Some(row) = entry.row() {
            self.rows.set(entry.key, row, cx.now());
        }
        if entry.version == ERASED {
            self.desk.correct(entry.key, false);
        }
        if self.desk.wrote(cx) {
            self.durable = index;
        }
        self.follow.applied = index;
        for at in 0..self.lead.links.len() {
            if self.lead.links[at].connected {
                self.ship(at, index, cx);
            }
        }
    }

    fn ship(&mut self, to: usize, index: u32, cx: &mut Ctx<'_>) {
        let Some(entry) = self.log.get(index) else { return };
        // Only an entry that is the newest when it is sent tells how fresh its receiver is.
        let verb = if index == self.log.end() { SHIP } else { SHIP_LATE };
        let call = cx.ask(Ask {
            bytes: self.desk.engine.row_bytes,
            version: entry.version,
            note: index,
            token: entry.written.0,
            ..Ask::new(self.plan.peers[to], verb, pack(self.epoch, entry.epoch, entry.key))
        });
        self.lead.links[to].sent.push_back((index, call, cx.now()));
    }

    /// A replica has an entry, or will not take it.
    pub(super) fn on_shipped(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let Some(at) = self.link_of(reply) else { return };
        match reply.status {
            Status::Ok => {
                let link = &mut self.lead.links[at];
                while link.sent.front().is_some_and(|(index, ..)| *index <= reply.note) {
                    link.sent.pop_front();
                }
                self.stand(at, reply.note, reply.version, cx);
            }
            Status::Moved => self.step_down(cx),
            _ => self.disconnect(at, cx),
        }
    }

    /// A replica has told its position.
    fn stand(&mut self, at: usize, received: u32, applied: u32, cx: &mut Ctx<'_>) {
        let link = &mut self.lead.links[at];
        if link.copying || !link.connected {
            return;
        }
        link.standing.received = link.standing.received.max(received);
        link.standing.applied = link.standing.applied.max(applied);
        let others = self.lead.links.iter().enumerate().filter(|(at, _)| *at != self.own);
        let everywhere = others.map(|(_, link)| link.standing.received).min().unwrap_or(0);
        // (Where the log goes to disk from time to time only, an entry that all have may still be lost by all.)
        if !self.desk.syncs_later() {
            cx.audit().confirm_entries(self.plan.log, self.epoch, everywhere);
        }
        self.release(cx);
    }

    /// The replica that answers, if the answer is to a question of this epoch.
    fn link_of(&self, reply: &Reply) -> Option<usize> {
        let at = self.plan.peers.iter().position(|peer| *peer == reply.callee)?;
        (self.leads && unpack(reply.key).0 == self.epoch).then_some(at)
    }

    fn disconnect(&mut self, at: usize, cx: &mut Ctx<'_>) {
        let link = &mut self.lead.links[at];
        link.connected = false;
        link.copying = false;
        for (_, call, _) in link.sent.drain(..) {
            cx.abandon(call);
        }
    }

    /// Another is primary now. Clients whose writes wait get an error: they cannot know what became of them.
    pub(super) fn step_down(&mut self, cx: &mut Ctx<'_>) {
        self.end_lead(cx.now());
        for at in 0..self.lead.links.len() {
            self.disconnect(at, cx);
        }
        for pending in std::mem::take(&mut self.lead.pending) {
            cx.reply(pending.statement.call, Answer::of(Status::Failed));
            self.desk.end(pending.statement, &self.rows, cx);
        }
        self.lead.clear();
    }

    /// Tells connected replicas how long the log is, and looks for the others.
    pub(super) fn beat_replicas(&mut self, cx: &mut Ctx<'_>) {
        let own = self.own;
        for at in (0..self.lead.links.len()).filter(|at| *at != own) {
            let (end, link) = (self.log.end(), &self.lead.links[at]);
            if link.connected {
                let counts = u32::from(link.standing.counts);
                let key = pack(self.epoch, 0, 0);
                let beat = Ask::new(self.plan.peers[at], BEAT, key);
                cx.ask(Ask { version: end, note: counts, timeout: self.silence, ..beat });
            } else if link.asking.is_none() {
                self.say_hello(at, end, false, cx);
            }
        }
    }

    /// Asks a replica whether its log agrees with ours up to `index`, or tells it that a copy begins there.
    fn say_hello(&mut self, at: usize, index: u32, copy: bool, cx: &mut Ctx<'_>) {
        let Some(epoch) = self.log.epoch_at(index) else { return };
        let key = pack(self.epoch, epoch, 0);
        let hello = Ask::new(self.plan.peers[at], HELLO, key);
        let call = cx.ask(Ask { version: index, note: u32::from(copy), timeout: self.silence, ..hello });
        self.lead.links[at].asking = Some(call);
    }

    /// Asks a replica that is not connected how far it is, now.
    pub(super) fn ask_anew(&mut self, at: usize, cx: &mut Ctx<'_>) {
        if self.lead.links[at].connected {
            return;
        }
        if let Some(call) = self.lead.links[at].asking.take() {
            cx.abandon(call);
        }
        self.say_hello(at, self.log.end(), false, cx);
    }

    /// A replica is back from a crash: what was asked of it before may have come to nobody, so it is asked again at once.
    pub(super) fn take_back(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let caller = cx.call(id).caller;
        if !self.leads {
            return cx
                .reply(id, Answer { redirect: self.plan.peers[self.primary], ..Answer::of(Status::Moved) });
        }
        cx.reply(id, Answer::of(Status::Ok));
        let Some(at) = self.plan.peers.iter().position(|peer| *peer == caller) else { return };
        self.disconnect(at, cx); // its end of the connection died with it, and perhaps entries that it had confirmed
        if let Some(call) = self.lead.links[at].asking.take() {
            cx.abandon(call);
        }
        self.say_hello(at, self.log.end(), false, cx);
    }

    pub(super) fn on_hello(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let Some(at) = self.link_of(reply) else { return };
        if self.lead.links[at].asking != Some(reply.call) {
            return;
        }
        self.lead.links[at].asking = None;
        let end = self.log.end();
        match reply.status {
            Status::Ok => self.connect(at, reply.version, reply.note == 1, cx),
            // Their logs agree at most up to the last entry here that is not of a newer epoch than the last one there.
            Status::Missing if reply.version >= self.log.base() && reply.version <= end => {
                let agree = self.log.last_of(u32::from(reply.redirect.0), reply.version);
                self.say_hello(at, agree.unwrap_or(end), agree.is_none(), cx);
            }
            Status::Missing | Status::Rejected => self.say_hello(at, end, true, cx),
            Status::Moved => self.step_down(cx),
            _ => {} // again with the next heartbeat
        }
    }

    fn connect(&mut self, at: usize, index: u32, copying: bool, cx: &mut Ctx<'_>) {
        if index < self.log.base() {
            return; // it took so long to answer that what comes next is not kept any more: again, later
        }
        let link = &mut self.lead.links[at];
        (link.connected, link.copying, link.since) = (true, copying, cx.now());
        if !copying {
            link.standing.received = index;
            link.standing.applied = link.standing.applied.min(index);
        }
        for next in index + 1..=self.log.end() {
            self.ship(at, next, cx);
        }
        if !copying {
            self.stand(at, index, 0, cx);
        }
    }

    /// A replica has answered a heartbeat: with its position, so that what got lost on the way is sent again.
    pub(super) fn on_beat(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let Some(at) = self.link_of(reply) else { return };
        let link = &self.lead.links[at];
        if reply.status != Status::Moved && (!link.connected || reply.asked < link.since) {
            return;
        }
        match reply.status {
            // Another machine stands there, and nobody has told it to fetch a copy.
            Status::Missing if !self.lead.links[at].copying => self.disconnect(at, cx),
            Status::Ok | Status::Missing => {
                self.lead.links[at].copying = reply.status == Status::Missing;
                // What it applied when nobody waited for the answer any more, it tells now: else who waits for that waits for the next write.
                let behind = Some(reply.redirect).filter(|behind| *behind != NodeId::NONE);
                let applied = behind.map_or(0, |behind| reply.version.saturating_sub(u32::from(behind.0)));
                self.stand(at, reply.version, applied, cx);
                self.send_again(at, reply.asked, cx);
            }
            Status::Moved => self.step_down(cx),
            _ => self.disconnect(at, cx),
        }
    }

    /// Entries sent a heartbeat before a beat that was answered, and not confirmed: their messages are lost.
    fn send_again(&mut self, at: usize, beat: Time, cx: &mut Ctx<'_>) {
        let old = beat.saturating_sub(self.plan.heartbeat);
        let received = self.lead.links[at].standing.received;
        let mut lost = Vec::new();
        self.lead.links[at].sent.retain(|(index, call, sent)| {
            let is_lost = *sent < old && *index > received;
            if is_lost {
                lost.push((*index, *call));
            }
            !is_lost
        });
        for (index, call) in lost {
            cx.abandon(call);
            self.ship(at, index, cx);
        }
    }
}
