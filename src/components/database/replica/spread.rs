//! Statements that concern several shards: queries that all shards must answer, and rows of which every shard has a copy.

use super::note::generation;
use super::router::{Router, Shard};
use super::sharding::KeyPart;
use super::split::Split;
use super::wire::{FETCH, MIRROR, is_part, part_of};
use crate::kernel::{Answer, Ask, CallId, Ctx, NodeId, Reply, RequestId, SECOND, Status, Timer};
use crate::random::mix::mix64;
use std::ops::Range;

/// Marks the note of a question about a denormalised copy.
pub(super) const COPY_LATER: u32 = u32::MAX - 1;
/// The timer that a copy is owed a version.
pub(super) const COPY_AGAIN: u16 = 1;

/// What the settings say about such statements.
#[derive(Clone, Debug, Default)]
pub struct Spread {
    /// Share of reads that ask for all rows with the same value of some attribute.
    pub queries: f64,
    /// Whether that attribute is the shard key, so that one shard has them all.
    pub one_shard: bool,
    /// For queries by another attribute: each row has a copy where that attribute lies, so that one shard has them all. Copies
    /// are written after the client has its answer.
    pub denormalised: Option<KeyPart>,
    pub purpose: u64,
    /// Rows that every shard has a copy of: the most popular ones.
    pub copied: Vec<u64>,
    /// Rows that lie in parts.
    pub split: Split,
}

/// Several answers that make one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Join {
    parent: CallId,
    answer: Answer,
    left: u32,
    /// The shard that had the row when it was asked: another one may have it by now, and have answered before.
    home: usize,
    /// The newest answer counts; else that of the row's home.
    newest: bool,
    /// Each answer holds rows of its own; together they are at most so many bytes.
    most_bytes: Option<u32>,
    /// The resharding during which the write was sent (see [`super::reshard`]).
    generation: u32,
    /// How often a part may still be asked of another member.
    tries: u32,
}

impl Router {
    /// Whether a read is a query that no single shard can answer; counts queries.
    pub(super) fn must_scatter(&mut self, request: RequestId, key: u64, cx: &mut Ctx<'_>) -> bool {
        if self.spread.queries <= 0.0 {
            return false;
        }
        let is_query = cx.draw(request, self.spread.purpose, key) < self.spread.queries;
        is_query && !self.spread.one_shard && self.map.shards() > 1
    }

    /// Where the denormalised copy of a row lies.
    pub(super) fn copy_home(&self, key: u64) -> Option<usize> {
        let part = self.spread.denormalised?;
        Some((mix64(part.of(key)) % u64::from(self.map.shards())) as usize)
    }

    /// A write is done: the row's copy learns of it, and nobody waits for that. A copy that cannot be reached is
    /// written again.
    pub(super) fn renew_copy(&mut self, key: u64, version: u32, cx: &mut Ctx<'_>) {
        let Some(shard) = self.copy_home(key).filter(|shard| *shard != self.map.shard(key)) else { return };
        let state = &self.shards[shard];
        let ask = Ask::new(state.members[state.primary].node, MIRROR, key);
        cx.ask(Ask { version, note: COPY_LATER, timeout: self.timeout, ..ask });
    }

    /// A copy has its new version; if it has not, the row is read again a little later.
    pub(super) fn on_copied(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        if reply.status != Status::Ok {
            return cx.timer_in(SECOND, Timer { tag: COPY_AGAIN, data: reply.key });
        }
        self.mirrored += 1;
        if let Some(shard) = self.copy_home(reply.key) {
            self.count_call(shard);
        }
    }

    /// A row whose copy missed a version is read, to be copied as it is now.
    pub(super) fn copy_again(&mut self, key: u64, cx: &mut Ctx<'_>) {
        let home = &self.shards[self.map.shard(key)];
        let fetch = Ask::new(home.members[home.primary].node, FETCH, key);
        cx.ask(Ask { note: COPY_LATER, version: 1, timeout: self.timeout, ..fetch });
    }

    fn open_join(&mut self, id: CallId, answer: Answer, left: u32, home: usize, generation: u32) -> u32 {
        let join =
            Join { parent: id, answer, left, home, newest: false, most_bytes: None, generation, tries: 0 };
        match self.free_joins.pop() {
            Some(at) => {
                self.joins[at as usize] = join;
                at
            }
            None => {
                self.joins.push(join);
                self.joins.len() as u32 - 1
            }
        }
    }

    /// Asks all shards; the answer is complete when the last one has come.
    pub(super) fn scatter(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let shards = (0..usize::from(self.map.shards())).collect();
        let _ = self.gather(id, shards, false, cx);
    }

    /// Asks these shards for the rows that each of them has.
    pub(super) fn gather_rows(&mut self, id: CallId, shards: Vec<usize>, most_bytes: u32, cx: &mut Ctx<'_>) {
        let join = self.gather(id, shards, false, cx);
        self.joins[join as usize].most_bytes = Some(most_bytes);
    }

    /// Asks these shards at a time; either the newest answer counts, or that of the row's home. (Of a row in parts, its home has but one.)
    pub(super) fn gather(&mut self, id: CallId, shards: Vec<usize>, newest: bool, cx: &mut Ctx<'_>) -> u32 {
        self.scattered += u64::from(shards.len() > 1);
        let home = self.map.shard(cx.call(id).key);
        let join = self.open_join(id, Answer::of(Status::Ok), shards.len() as u32, home, 0);
        self.joins[join as usize].newest = newest || self.is_split(cx.call(id).key);
        self.joins[join as usize].tries =
            shards.iter().map(|shard| self.shards[*shard].members.len() as u32).sum();
        for shard in shards {
            let (member, version) = self.reader(shard, id, cx);
            let ask = Ask::on_behalf_of(id, cx.call(id), self.shards[shard].members[member].node);
            self.note_sent(ask.to);
            self.ask_member(shard, Ask { verb: part_of(ask.verb), version, note: join, ..ask }, cx);
            self.count_call(shard);
        }
        join
    }

    /// A member has not answered a part: it is too far behind, or refuses. Perhaps another one of its shard does (see `try_another`).
    #[cold]
    fn part_elsewhere(&mut self, reply: &Reply, cx: &mut Ctx<'_>) -> bool {
        let of =
            |node| self.shards.iter().position(|shard| shard.members.iter().any(|seen| seen.node == node));
        let Some(shard) = of(reply.callee) else { return false };
        let members = &mut self.shards[shard].members;
        let member = members.iter().position(|seen| seen.node == reply.callee).expect("just seen");
        let (next, version) = match reply.status {
            Status::Moved => (members.iter().position(|seen| seen.node == reply.redirect), None),
            _ => {
                members[member].up = false;
                let (next, version) = self.reader(shard, reply.parent, cx);
                (Some(next), Some(version))
            }
        };
        let Some(next) = next.filter(|next| *next != member) else { return false };
        let tries = &mut self.joins[reply.note as usize].tries;
        if *tries == 0 {
            return false;
        }
        *tries -= 1;
        self.passed_on += 1;
        let id = reply.parent;
        let wanted = || self.wanted(reply.request, shard, cx);
        let version = version.unwrap_or_else(|| if self.reads.carries_position { wanted() } else { 0 });
        let ask = Ask::on_behalf_of(id, cx.call(id), self.shards[shard].members[next].node);
        self.note_sent(ask.to);
        self.ask_member(shard, Ask { verb: reply.verb, version, note: reply.note, ..ask }, cx);
        true
    }

    /// Whether every shard has a copy of this row.
    pub(super) fn is_copied(&self, key: u64) -> bool {
        !self.spread.copied.is_empty() && self.map.shards() > 1 && self.spread.copied.contains(&key)
    }

    /// The shard that answers a read of a row that all have.
    pub(super) fn any_shard(&mut self, request: RequestId, cx: &Ctx<'_>) -> usize {
        let number = cx.request(request).map_or(0, |request| request.number);
        (mix64(number) % u64::from(self.map.shards())) as usize
    }

    /// Shards beside its home that must have a new version of a row before the client has its answer.
    pub(super) fn other_homes(&self, key: u64) -> Option<Range<usize>> {
        if let Some(new) = self.new_home(key) {
            return Some(new..new + 1);
        }
        self.is_copied(key).then(|| 0..usize::from(self.map.shards()))
    }

    /// The home shard has a new version of a row: others get it as well.
    pub(super) fn mirror(&mut self, reply: &Reply, answer: Answer, others: Range<usize>, cx: &mut Ctx<'_>) {
        let home = self.map.shard(reply.key);
        let others: Vec<usize> = others.filter(|shard| *shard != home).collect();
        let join = self.open_join(reply.parent, answer, others.len() as u32, home, generation(reply.note));
        self.joins[join as usize].tries =
            others.iter().map(|shard| self.shards[*shard].members.len() as u32).sum();
        for shard in others {
            let state = &self.shards[shard];
            self.send_mirror(shard, state.members[state.primary].node, &Reply { note: join, ..*reply }, cx);
            self.count_call(shard);
        }
    }

    /// Sends a version to a member of another home of its row, for whose write its caller waits.
    fn send_mirror(&mut self, shard: usize, to: NodeId, of: &Reply, cx: &mut Ctx<'_>) {
        let Reply { version, note, parent, request, .. } = *of;
        let ask = Ask::new(to, MIRROR, of.key);
        self.ask_member(shard, Ask { version, note, token: self.reshards, parent, request, ..ask }, cx);
    }

    /// A member that leads no more, as its caller does not know, has not taken a version: whom it names may.
    #[cold]
    fn mirror_elsewhere(&mut self, reply: &Reply, cx: &mut Ctx<'_>) -> bool {
        let is_there = |shard: &Shard| {
            [reply.callee, reply.redirect]
                .iter()
                .all(|node| shard.members.iter().any(|seen| seen.node == *node))
        };
        let Some(shard) = self.shards.iter().position(is_there) else { return false };
        let present = self.reshard.as_ref().map_or(0, |reshard| reshard.generation);
        let join = &mut self.joins[reply.note as usize];
        if reply.redirect == reply.callee || join.tries == 0 || join.generation != present {
            return false;
        }
        join.tries -= 1;
        let version = join.answer.version;
        self.passed_on += 1;
        self.send_mirror(shard, reply.redirect, &Reply { version, ..*reply }, cx);
        true
    }

    /// One of the answers has come.
    pub(super) fn on_part(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let home = is_part(reply.verb) && self.has(reply, self.joins[reply.note as usize].home);
        let moves = reply.verb == MIRROR && self.new_home(reply.key).is_some();
        if is_part(reply.verb) {
            self.note_answered(reply, cx);
            if matches!(reply.status, Status::Moved | Status::Reset) && self.part_elsewhere(reply, cx) {
                return;
            }
        }
        if reply.verb == MIRROR && reply.status == Status::Moved && self.mirror_elsewhere(reply, cx) {
            return;
        }
        if reply.verb == MIRROR && reply.status == Status::Ok {
            self.mirrored += 1;
            self.remember_copy(reply, cx);
        }
        let join = &mut self.joins[reply.note as usize];
        if moves {
            // The row's old home has it: the client may know, and the row is moved again if this copy failed.
        } else if reply.status != Status::Ok {
            join.answer =
                Answer::of(if reply.status == Status::Rejected { Status::Rejected } else { Status::Failed });
        } else if let (Some(most), Status::Ok) = (join.most_bytes, join.answer.status) {
            let version = if home { reply.version } else { join.answer.version };
            let bytes = join.answer.bytes.saturating_add(reply.bytes).min(most);
            join.answer = Answer { version, bytes, ..join.answer };
        } else if join.answer.status == Status::Ok
            && (if join.newest { reply.version >= join.answer.version } else { home })
        {
            join.answer = reply.pass_on();
        }
        join.left -= 1;
        if join.left == 0 {
            let Join { parent, answer, generation, .. } = *join;
            self.free_joins.push(reply.note);
            self.errors += u64::from(answer.status != Status::Ok);
            cx.reply(parent, answer);
            if reply.verb == MIRROR {
                self.write_done(parent, reply.key, generation, reply.status == Status::Ok, cx);
            }
        }
    }

    /// Whether an answer comes from a member of this shard.
    fn has(&self, reply: &Reply, shard: usize) -> bool {
        self.shards[shard].members.iter().any(|seen| seen.node == reply.callee)
    }
}
