//! Resharding while the database serves: rows move one by one to where a new map has them.
//!
//! 1. *Dual writes*: from now on a write of a row that moves goes to its old shard, then to its new one, then the client has its
//!    answer. 2. *Copy*: row by row, read at the old shard, written at the new one; an older version never replaces a newer one. A row
//!    that could not be moved (a shard was down) is moved again. A failover of any shard meanwhile begins the copy anew: what the
//!    new primary lacks cannot be known here. 3. *Cut-over* (`cut_over.rs`): writes of moving rows wait until none is under way;
//!    then the new map holds. What the old shards still have is erased (`erase.rs`).

use super::router::Router;
use super::sharding::Map;
use super::wire::{FETCH, MIRROR};
use crate::kernel::{Answer, Ask, CallId, Control, Ctx, MILLISECOND, Reply, SECOND, Status, Time, Timer};
use std::collections::{BTreeSet, VecDeque};

/// Control: so many shards (`arg`) from now on.
pub const RESHARD: u16 = Control::FIRST_OWN + 2;

/// Rows under way at a time, for each shard that they come from.
const WINDOW: f64 = 64.0;
/// Note of a question for a row that was read with another one.
const ALONG: u32 = 1;
/// Writes that may wait for the cut-over; one more is rejected.
const HELD_AT_MOST: usize = 100_000;
/// What is told of new homes without room.
const REFUSED: &str = "a shard has no room for rows that move to it: they are sent again until it has";
/// How often the throttle looks.
pub(super) const TICK: Time = 10 * MILLISECOND;

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// Rows are copied.
    Copy,
    /// All are. Writes that were under way then are not answered yet: one that fails leaves a gap.
    CatchUp,
    /// Writes of moving rows wait, since then.
    CutOver(Time),
}

/// A shard that rows come from. It reads one batch after another, each through one connection (MongoDB 7.0 manual, Sharded Cluster Balancer: a shard takes
/// part in at most one migration at a time, and a cursor brings many rows); what it has read is on its way meanwhile.
#[derive(Clone, Debug, Default)]
struct Source {
    /// Its rows below this one have been looked at.
    cursor: u64,
    /// It is reading a batch.
    reads: bool,
    /// The rows of that batch but for the first, which stands for it.
    along: Vec<u64>,
}

/// A resharding under way.
#[derive(Clone, Debug)]
pub(super) struct Reshard {
    pub(super) to: Map,
    pub(super) phase: Phase,
    pub(super) began: Time,
    /// Rows whose shard changes.
    pub(super) moving: u64,
    /// The shards that rows come from.
    sources: Vec<Source>,
    /// Rows that the router had moved when it began.
    pub(super) moved_before: u64,
    /// Rows under way.
    under_way: BTreeSet<u64>,
    /// Rows to be moved again, and those that come to it with the next tick.
    again: BTreeSet<u64>,
    failed: BTreeSet<u64>,
    /// Marks the writes sent since it began.
    pub(super) generation: u32,
    /// Writes that had been sent before it began and are not answered.
    pub(super) older: u64,
    /// Writes of moving rows that have been sent since and are not answered, by the bits of their calls.
    pub(super) open: BTreeSet<u64>,
    /// Those of them that were open when the copy was complete.
    pub(super) awaited: BTreeSet<u64>,
    /// Writes that wait for the cut-over.
    pub(super) held: VecDeque<CallId>,
    /// Writes that have waited for a cut-over, also for one that was put off.
    pub(super) waited: u64,
    /// Rows that the throttle still lets go.
    allowance: f64,
    /// Rows under way at a time, for each shard that they come from: fewer if new homes do not answer in time.
    window: f64,
    /// It began anew after a failover that may have lost something: rows may have come to their new homes that are not at the old any more.
    is_again: bool,
    /// It was told that new homes refuse rows.
    is_refused: bool,
}

impl Reshard {
    /// Whether every row that moves has been copied as it was when it was read.
    pub(super) fn is_copied(&self, keys: u64) -> bool {
        self.sources.iter().all(|source| source.cursor >= keys)
            && self.under_way.is_empty()
            && self.again.is_empty()
            && self.failed.is_empty()
    }

    /// The next row that a shard reads: of those that move, or one of those that moved in vain.
    fn next_of(&mut self, shard: usize, keys: u64, map: &Map) -> Option<u64> {
        let Reshard { sources, to, again, under_way, .. } = self;
        let source = &mut sources[shard];
        let moves = |key: &u64| map.shard(*key) == shard && to.shard(*key) != shard;
        let first = (source.cursor..keys).find(moves);
        source.cursor = first.map_or(keys, |key| key + 1);
        let in_vain =
            || again.iter().copied().find(|key| map.shard(*key) == shard && !under_way.contains(key));
        let key = first.or_else(in_vain)?;
        again.remove(&key);
        under_way.insert(key);
        self.allowance -= 1.0;
        Some(key)
    }

    /// A write is answered, which was sent since it began.
    fn close_write(&mut self, id: CallId) {
        self.open.remove(&id.to_bits());
        self.awaited.remove(&id.to_bits());
    }
}

impl Router {
    /// Another number of shards is wanted.
    pub(super) fn begin_reshard(&mut self, shards: u64, cx: &mut Ctx<'_>) {
        if self.reshard.is_some() {
            return cx.tell("reshard ignored", "one is under way already");
        }
        if shards == u64::from(self.map.shards()) {
            // The last wish counts: one that still waits is none any more.
            let waits = self.erase.as_mut().is_some_and(|erase| erase.wanted.take().is_some());
            let waits = if waits { "; the one that waits is called off" } else { "" };
            return cx.tell("reshard ignored", format!("there are {shards} shards already{waits}"));
        }
        if self.waits_for_erase(shards, cx) {
            return;
        }
        let to = self.map.with_shards(shards as u16);
        let moving = (0..self.keys).filter(|key| to.shard(*key) != self.map.shard(*key)).count() as u64;
        cx.tell(
            "reshard begins",
            format!(
                "{} to {shards} shards: {moving} of {} rows move; dual writes and copy",
                self.map.shards(),
                self.keys
            ),
        );
        self.reshards += 1;
        self.reshard = Some(Reshard {
            to,
            phase: Phase::Copy,
            began: cx.now(),
            moving,
            sources: vec![Source::default(); usize::from(self.map.shards())],
            moved_before: self.moved,
            under_way: BTreeSet::new(),
            again: BTreeSet::new(),
            failed: BTreeSet::new(),
            generation: self.reshards % 3 + 1,
            older: self.open_writes,
            open: BTreeSet::new(),
            awaited: BTreeSet::new(),
            held: VecDeque::new(),
            waited: 0,
            allowance: 0.0,
            window: WINDOW,
            is_again: false,
            is_refused: false,
        });
        self.tick(cx);
    }

    /// Lets rows go as fast as the throttle allows; also looks after what has become free meanwhile.
    pub(super) fn tick(&mut self, cx: &mut Ctx<'_>) {
        let (more, most) = match self.copy_rate {
            Some(rate) => (rate * TICK as f64 / SECOND as f64, rate.max(1.0)),
            None => (f64::INFINITY, f64::INFINITY),
        };
        let Some(reshard) = &mut self.reshard else {
            if let Some(pause) = self.erase_on(more, most, cx) {
                cx.timer_in(pause, Timer { tag: 0, data: 0 });
            }
            return;
        };
        reshard.allowance = (reshard.allowance + more).min(most);
        reshard.again.append(&mut reshard.failed);
        cx.timer_in(TICK, Timer { tag: 0, data: 0 });
        self.end_long_cut_over(cx);
        self.copy_rows(cx);
    }

    fn copy_rows(&mut self, cx: &mut Ctx<'_>) {
        for shard in 0..self.map.shards() as usize {
            if let Some((first, rows)) = self.next_batch(shard) {
                let source = &self.shards[shard];
                let fetch = Ask::new(source.members[source.primary].node, FETCH, first);
                cx.ask(Ask { version: rows, timeout: self.timeout, ..fetch });
            }
        }
        self.cut_over_if_complete(cx);
    }

    /// The next rows that a shard reads, if it reads none: the first of them, and how many.
    fn next_batch(&mut self, shard: usize) -> Option<(u64, u32)> {
        let reshard = self.reshard.as_mut().filter(|reshard| !reshard.sources[shard].reads)?;
        let most = (reshard.window * reshard.sources.len() as f64) as usize;
        let mut batch = Vec::new();
        while batch.len() < self.batch && reshard.under_way.len() < most && reshard.allowance >= 1.0 {
            let Some(key) = reshard.next_of(shard, self.keys, &self.map) else { break };
            batch.push(key);
        }
        let (first, along) = batch.split_first()?;
        let source = &mut reshard.sources[shard];
        (source.reads, source.along) = (true, along.to_vec());
        Some((*first, batch.len() as u32))
    }

    /// A batch has been read, or has not: what came along with its first row is there at once.
    fn take_along(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let shard = self.map.shard(reply.key);
        let Some(source) = self.reshard.as_mut().and_then(|reshard| reshard.sources.get_mut(shard)) else {
            return;
        };
        source.reads = false;
        for key in std::mem::take(&mut source.along) {
            if reply.status == Status::Ok {
                cx.ask(Ask { note: ALONG, timeout: self.timeout, ..Ask::new(reply.callee, FETCH, key) });
            } else {
                self.row_done(key, false, cx);
            }
        }
    }

    /// The old shard has read a row: the new one gets it, whether it was written since the run began or not. Where work is counted, no row may be there.
    pub(super) fn on_fetched(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        if reply.note != ALONG {
            self.take_along(reply, cx);
        }
        let Some(reshard) = &mut self.reshard else { return };
        if !reshard.under_way.contains(&reply.key) {
            return; // asked before the copy began anew
        }
        match reply.status {
            Status::Ok
                if reply.version > 0 || reshard.is_again || self.counted.is_none() || reply.bytes > 0 =>
            {
                let shard = &self.shards[reshard.to.shard(reply.key)];
                let row = Ask::new(shard.members[shard.primary].node, MIRROR, reply.key);
                cx.ask(Ask {
                    version: reply.version,
                    bytes: reply.bytes,
                    note: u32::MAX,
                    token: self.reshards,
                    timeout: self.timeout,
                    ..row
                });
            }
            status => return self.row_done(reply.key, status == Status::Ok, cx),
        }
        self.copy_rows(cx);
    }

    /// A new home has no room for a row, on its disk or in its line. It is sent again and again; whoever asked for shards that are too few hears why.
    pub(super) fn refused(&mut self, cx: &mut Ctx<'_>) {
        if let Some(reshard) = &mut self.reshard
            && !std::mem::replace(&mut reshard.is_refused, true)
        {
            cx.tell("reshard refused", REFUSED);
        }
    }

    /// A row has come to its new shard, or has not.
    pub(super) fn row_done(&mut self, key: u64, ok: bool, cx: &mut Ctx<'_>) {
        let Some(reshard) = &mut self.reshard else { return };
        if !reshard.under_way.remove(&key) {
            return;
        }
        self.moved += u64::from(ok);
        if !ok {
            reshard.failed.insert(key); // its shard may be down for a while
            return;
        }
        reshard.window = (reshard.window + 1.0 / reshard.window).min(WINDOW);
        self.copy_rows(cx);
    }

    /// A new home has not answered in time. What it was sent may stand in its line all the same, and what is sent again stands behind it: without
    /// less of it the line would never end (the window grows and shrinks as TCP's: Jacobson, SIGCOMM 1988).
    pub(super) fn slow_down(&mut self) {
        if let Some(reshard) = &mut self.reshard {
            reshard.window = (reshard.window / 2.0).max(1.0);
        }
    }

    /// Whether a row moves to a shard whose primary is known to be dead: writes do not wait for it, and the row is moved again.
    pub(super) fn moves_to_the_dead(&self, key: u64) -> bool {
        let is_dead = |shard: usize| {
            let shard = &self.shards[shard];
            !shard.members[shard.primary].up
        };
        self.new_home(key).is_some_and(is_dead)
    }

    /// A shard has another primary, or the router was dead: nobody here knows what is lacking where.
    pub(super) fn copy_anew(&mut self, why: &str, cx: &mut Ctx<'_>) {
        self.erase_anew();
        let Some(reshard) = &mut self.reshard else { return };
        reshard.sources.fill(Source::default());
        reshard.is_again |= !self.lasting;
        reshard.again.clear();
        reshard.failed.clear();
        reshard.under_way.clear();
        reshard.moved_before = self.moved;
        cx.tell("copy begins anew", why);
        self.put_off(why, cx);
    }

    /// The new home of a row that moves.
    pub(super) fn new_home(&self, key: u64) -> Option<usize> {
        let reshard = self.reshard.as_ref()?;
        let (old, new) = (self.map.shard(key), reshard.to.shard(key));
        (old != new).then_some(new)
    }

    /// A write is about to be sent: the resharding that counts it, 0 for none; nothing if it has to wait for the cut-over.
    pub(super) fn open_write(&mut self, id: CallId, key: u64, cx: &mut Ctx<'_>) -> Option<u32> {
        let moves = self.new_home(key).is_some();
        if let Some(reshard) = &mut self.reshard
            && moves
        {
            if matches!(reshard.phase, Phase::CutOver(_)) {
                if reshard.held.len() >= HELD_AT_MOST {
                    cx.reply(id, Answer::of(Status::Rejected));
                } else {
                    reshard.held.push_back(id);
                    reshard.waited += 1;
                }
                return None;
            }
            reshard.open.insert(id.to_bits());
        }
        self.open_writes += 1;
        Some(self.reshard.as_ref().map_or(0, |reshard| reshard.generation))
    }

    /// A write has been answered, whatever became of it. If it may have left the two homes of its row different, the row
    /// is moved again.
    pub(super) fn write_done(&mut self, id: CallId, key: u64, generation: u32, same: bool, cx: &mut Ctx<'_>) {
        self.open_writes = self.open_writes.saturating_sub(1);
        let moves = self.new_home(key).is_some();
        let Some(reshard) = &mut self.reshard else { return };
        match generation == reshard.generation {
            true => reshard.close_write(id),
            false => reshard.older = reshard.older.saturating_sub(1),
        }
        if moves && !same {
            reshard.again.insert(key);
            self.put_off("a write may not be at both homes of its row", cx);
        }
        self.cut_over_if_complete(cx);
    }

    /// The router comes back from a crash: what it knew of writes under way is gone, the old map holds, the copy begins anew.
    pub(super) fn resume_reshard(&mut self, cx: &mut Ctx<'_>) {
        if let Some(reshard) = &mut self.reshard {
            reshard.held.clear(); // their callers were told
            reshard.open.clear();
            reshard.older = 0;
        }
        self.copy_anew("the router was dead", cx);
        self.tick(cx);
    }
}
