//! What a broker does as follower: it copies what the leader has, and strikes out what the leader never had.

use super::super::polls::unpacked;
use super::broker::{Broker, REPLICATE_AGAIN};
use super::log::Entry;
use super::wire::{Leadership, Place, untagged};
use crate::kernel::{Answer, Ask, Ctx, NodeId, ParcelId, Reply, SECOND, Status, Time, Timer};
use crate::parts::verbs::REPLICATE;

/// replica.fetch.backoff.ms (ReplicationConfigs: 1 s).
const BACKOFF: Time = SECOND;

impl Broker {
    /// The controller says who leads a partition.
    pub(super) fn be_told(&mut self, news: Leadership, epoch: u32, committed: u64, cx: &mut Ctx<'_>) {
        let (own, queue, now) = (self.own, self.queue, cx.now());
        let Some(copy) = self.copy(news.partition) else { return };
        if epoch < copy.epoch {
            return;
        }
        let led = copy.leader == Some(own) && copy.epoch == epoch;
        copy.in_sync = news.in_sync;
        if led && news.leader == Some(own) {
            return self.advance(news.partition, cx); // somebody left or joined those in sync
        }
        self.step_down(news.partition, cx);
        let copy = self.copy(news.partition).expect("just seen");
        (copy.epoch, copy.leader) = (epoch, news.leader);
        if news.leader == Some(own) {
            copy.begin_to_lead(now);
            copy.fetched = committed;
            // From now on this log is the log: what only others have never was.
            let log = &copy.log;
            let had = |offset, epoch| log.has(offset, epoch);
            cx.audit().messages_mut().cut(queue, news.partition, had, now);
            self.advance(news.partition, cx);
        } else if news.leader.is_some() {
            self.follow(news.partition, cx);
        }
    }

    /// Whoever waits for this broker as leader of the partition is sent away.
    fn step_down(&mut self, partition: u16, cx: &mut Ctx<'_>) {
        let copy = self.copy(partition).expect("a copy");
        let producers: Vec<_> = copy.unacknowledged.drain(..).map(|waiting| waiting.call).collect();
        let asks: Vec<_> = copy.followers.iter_mut().filter_map(|follower| follower.asks.take()).collect();
        let mut gone = producers;
        gone.extend(asks);
        while let Some(waiting) = self.copy(partition).expect("a copy").readers.next(cx) {
            gone.push(waiting.call);
        }
        for call in gone {
            cx.reply(call, Answer::of(Status::Failed));
        }
    }

    /// Asks the leader for what comes next.
    pub(super) fn follow(&mut self, partition: u16, cx: &mut Ctx<'_>) {
        let (own, first, timeout) = (self.own, self.first, self.patience);
        let Some(copy) = self.copy(partition) else { return };
        let Some(leader) = copy.leader.filter(|leader| *leader != own) else { return };
        if std::mem::replace(&mut copy.fetching, true) {
            return;
        }
        let place = Place::new(partition, copy.log.end());
        let (version, note) = (copy.log.last_epoch(), copy.epoch);
        let to = NodeId(first.0 + leader);
        cx.ask(Ask { version, note, timeout, ..Ask::new(to, REPLICATE, place.to_key()) });
    }

    /// The leader's answer.
    pub(super) fn replicated(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let Place { partition, offset, .. } = Place::from_key(reply.key);
        let Some(copy) = self.copy(partition) else { return };
        copy.fetching = false;
        if copy.epoch != reply.note || copy.log.end() != offset {
            return self.follow(partition, cx); // it has another leader by now
        }
        match reply.status {
            Status::Ok => self.copy_records(partition, ParcelId(reply.version), cx),
            Status::Missing => self.agree(partition, u64::from(reply.version), reply.bytes, cx),
            _ => {
                return cx.timer_in(BACKOFF, Timer { tag: REPLICATE_AGAIN, data: u64::from(partition) });
            }
        }
        self.follow(partition, cx);
    }

    fn copy_records(&mut self, partition: u16, parcel: ParcelId, cx: &mut Ctx<'_>) {
        let at = cx.now();
        let copy = self.copies[partition as usize].as_mut().expect("a copy");
        let [header, records @ ..] = cx.parcel(parcel) else { return };
        if header[1] > copy.log.start() {
            copy.log.trim(header[1]);
        }
        for item in records {
            let (message, tag) = unpacked(*item);
            let (epoch, sending, stamp) = untagged(tag);
            copy.log.append(Entry { message, epoch, at, stamp, sending });
        }
        copy.high_watermark = header[0].min(copy.log.end()).max(copy.high_watermark);
    }

    /// The logs can agree up to an offset and no further than the end of an epoch, or this one is so old that it begins anew there.
    fn agree(&mut self, partition: u16, offset: u64, of_epoch: u32, cx: &mut Ctx<'_>) {
        let now = cx.now();
        let copy = self.copies[partition as usize].as_mut().expect("a copy");
        if offset > copy.log.end() {
            copy.log.restart(offset);
            copy.high_watermark = offset;
            return;
        }
        let offset = offset.min(copy.log.end_of_epoch(of_epoch));
        let (first, struck) = (offset.max(copy.log.start()), copy.log.truncate(offset));
        if copy.log.end() > offset {
            copy.log.restart(offset); // it had deleted what the leader still has
        }
        copy.high_watermark = copy.high_watermark.min(copy.log.end());
        self.truncated += struck.len() as u64;
        for (entry, offset) in struck.into_iter().zip(first..) {
            cx.audit().messages_mut().leave_log(entry.message.id, offset, Some(entry.epoch), now);
        }
    }
}
