//! What a broker does as leader of a partition: it takes messages in, lets followers copy them and consumers read them.

use super::super::message::{self, HELD_AT_MOST, Message};
use super::super::polls::{Waiting, packed};
use super::super::publisher::partition_of;
use super::Acks;
use super::broker::Broker;
use super::log::{Entry, sending};
use super::partition::{Partition, Unacknowledged};
use super::segments::stamp;
use super::wire::{Fetch, Leadership, Place, tagged};
use crate::kernel::{Answer, Ask, Call, CallId, Ctx, MILLISECOND, Status, Time, Timer};
use crate::parts::verbs::ALTER_ISR;

/// replica.fetch.wait.max.ms (ReplicationConfigs: 500 ms).
const FOLLOWER_WAITS: Time = 500 * MILLISECOND;
/// Records in one answer to a follower, and to a consumer while they have no size (replica.fetch.max.bytes and max.partition.fetch.bytes are 1 MiB:
/// about a thousand records of 1 KiB).
pub const RECORDS_AT_MOST: usize = 1000;

impl Broker {
    pub(super) fn publish(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let partition = partition_of(cx.call(call).key, self.copies.len() as u64) as u16;
        if !self.leads(partition) {
            return self.redirect(call, partition, cx);
        }
        let (acks, min) = (self.acks, self.min_in_sync);
        let copy = self.copy(partition).expect("it leads it");
        let too_few = acks == Acks::All && copy.in_sync.count_ones() < min;
        if too_few || copy.log.end() - copy.log.start() >= HELD_AT_MOST as u64 {
            self.rejected += 1;
            return cx.reply(call, Answer::of(Status::Rejected));
        }
        if let Some((id, offset)) = self.written_before(partition, call, cx) {
            return self.promise(partition, Unacknowledged { call, id, offset }, cx);
        }
        let sending = sending(cx.call(call).parent);
        let message = message::accept(self.queue, call, cx);
        let offset = self.append(partition, message, sending, cx);
        self.promise(partition, Unacknowledged { call, id: message.id, offset }, cx);
    }

    /// A producer that tries again is recognised by the number of its message and its sending: enable.idempotence, which wants `acks` of all
    /// (KafkaProducer 3.9: it is the default, and off if `acks` says otherwise). What its application sends again is another sending, with a sequence
    /// number of its own, and is written again (KafkaProducer: "it is imperative to avoid application level re-sends since these cannot be de-duplicated").
    fn written_before(&mut self, partition: u16, call: CallId, cx: &mut Ctx<'_>) -> Option<(u32, u64)> {
        let id = Some(message::number(call, cx)).filter(|id| *id != 0 && self.acks == Acks::All)?;
        if !cx.audit().messages().was_accepted(id) {
            return None;
        }
        let since = cx.now().saturating_sub(self.recognises);
        let sending = sending(cx.call(call).parent);
        let copy = self.copy(partition)?;
        copy.log.find_since((id, sending), since).map(|offset| (id, offset))
    }

    fn append(&mut self, partition: u16, message: Message, sending: u16, cx: &mut Ctx<'_>) -> u64 {
        self.published += 1;
        let (at, length) = (cx.now(), self.length);
        let copy = self.copy(partition).expect("it leads it");
        let epoch = copy.epoch;
        let offset = copy.log.append(Entry { message, epoch, at, stamp: stamp(at), sending });
        let too_old =
            length.map(|most| (offset + 1).saturating_sub(most)).filter(|old| *old > copy.log.start());
        cx.audit().messages_mut().place(message.id, partition, offset, epoch, at);
        if let Some(first_kept) = too_old {
            self.trim(partition, first_kept, cx);
        }
        offset
    }

    /// The producer's answer, now or when enough brokers have the message.
    fn promise(&mut self, partition: u16, waiting: Unacknowledged, cx: &mut Ctx<'_>) {
        let waits = self.acks == Acks::All && self.replicates;
        let copy = self.copy(partition).expect("it leads it");
        if waits && waiting.offset >= copy.high_watermark {
            copy.unacknowledged.push_back(waiting);
        } else {
            message::acknowledge(waiting.id, cx);
            cx.reply(waiting.call, Answer::ok(0, 0));
        }
        self.advance(partition, cx);
        self.tell_followers(partition, cx);
    }

    /// More records may be on all brokers in sync: producers get their answers and consumers their records.
    pub(super) fn advance(&mut self, partition: u16, cx: &mut Ctx<'_>) {
        let own = self.own;
        let copy = self.copy(partition).expect("it leads it");
        if !copy.raise_high_watermark(own) {
            return;
        }
        while copy.unacknowledged.front().is_some_and(|waiting| waiting.offset < copy.high_watermark) {
            let waiting = copy.unacknowledged.pop_front().expect("just seen");
            message::acknowledge(waiting.id, cx);
            cx.reply(waiting.call, Answer::ok(0, 0));
        }
        self.serve_readers(partition, cx);
    }
}

// ---- followers

impl Broker {
    /// A follower has everything before its offset, and wants what comes then.
    pub(super) fn replicate(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let Place { partition, offset, .. } = Broker::place(call, cx);
        let &Call { caller, version: epoch, .. } = cx.call(call);
        if !self.leads(partition) {
            return cx.reply(call, Answer::of(Status::Failed));
        }
        let follower = Partition::broker_of(caller, self.first);
        let now = cx.now();
        let copy = self.copy(partition).expect("it leads it");
        if let Some((agreed, of_epoch)) = copy.log.disagrees(offset, epoch) {
            let answer = Answer { version: agreed as u32, bytes: of_epoch, ..Answer::of(Status::Missing) };
            return cx.reply(call, answer);
        }
        let known = &mut copy.followers[follower as usize];
        known.has(offset, copy.log.end(), now);
        known.asks = Some(call);
        self.welcome(partition, follower, cx);
        self.advance(partition, cx);
        self.tell_followers(partition, cx);
        let waits =
            self.copy(partition).is_some_and(|copy| copy.followers[follower as usize].asks == Some(call));
        if waits {
            let note = u32::from(follower) << 16 | u32::from(partition);
            self.followers_wait.wait(call, note, FOLLOWER_WAITS, cx);
        }
    }

    /// Followers that wait get what is new to them.
    fn tell_followers(&mut self, partition: u16, cx: &mut Ctx<'_>) {
        let copy = self.copies[partition as usize].as_mut().expect("it leads it");
        for index in 0..copy.followers.len() {
            if copy.followers[index].asks.is_some() && copy.followers[index].end < copy.log.end() {
                Broker::tell(copy, index, cx);
            }
        }
    }

    fn tell(copy: &mut Partition, index: usize, cx: &mut Ctx<'_>) {
        let follower = &mut copy.followers[index];
        let Some(call) = follower.asks.take() else { return };
        if !cx.is_awaited(call) {
            return cx.reply(call, Answer::of(Status::Failed)); // it has died meanwhile
        }
        let parcel = *follower.parcel.get_or_insert_with(|| cx.open_parcel());
        let contents = cx.parcel_mut(parcel);
        contents.clear();
        contents.push([copy.high_watermark, copy.log.start(), 0]);
        let records = copy.log.from(follower.end).take(RECORDS_AT_MOST);
        contents.extend(records.map(|entry| packed(entry.message, tagged(entry))));
        let bytes = contents[1..].iter().map(|item| item[2] >> 32).sum::<u64>() as u32;
        cx.reply(call, Answer::ok(parcel.0, bytes));
    }

    /// A follower has waited long enough; it learns at least how far the high watermark is.
    pub(super) fn tell_nothing_new(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        while let Some((call, note)) = self.followers_wait.next(timer, cx) {
            let (index, partition) = ((note >> 16) as usize, note as u16);
            let Some(copy) = self.copy(partition) else { continue };
            if copy.followers[index].asks == Some(call) {
                Broker::tell(copy, index, cx);
            }
        }
    }

    /// A follower that has caught up with what consumers may read is in sync again.
    fn welcome(&mut self, partition: u16, follower: u16, cx: &mut Ctx<'_>) {
        let copy = self.copy(partition).expect("it leads it");
        let out = copy.in_sync >> follower & 1 == 0;
        if out && copy.followers[follower as usize].end >= copy.high_watermark {
            let in_sync = copy.in_sync | 1 << follower;
            self.alter(partition, in_sync, cx);
        }
    }

    /// Followers that have not caught up for too long (replica.lag.time.max.ms) are no more in sync.
    pub(super) fn watch_followers(&mut self, partition: u16, cx: &mut Ctx<'_>) {
        let (own, now, lag_max) = (self.own, cx.now(), self.lag_max);
        let copy = self.copy(partition).expect("it leads it");
        let lags = |(index, follower): (usize, &super::partition::Follower)| {
            let up_to_date = follower.end == copy.log.end() && follower.asks.is_some();
            index as u16 != own && !up_to_date && now > follower.caught_up + lag_max
        };
        let all = copy.followers.iter().enumerate();
        let lagging: u32 = all.filter(|follower| lags(*follower)).map(|(index, _)| 1u32 << index).sum();
        if copy.in_sync & lagging != 0 {
            let in_sync = copy.in_sync & !lagging;
            self.alter(partition, in_sync, cx);
        }
    }

    fn alter(&mut self, partition: u16, in_sync: u32, cx: &mut Ctx<'_>) {
        let (own, controller, timeout) = (self.own, self.controller, self.patience);
        let copy = self.copy(partition).expect("it leads it");
        if std::mem::replace(&mut copy.altering, true) {
            return;
        }
        let wanted = Leadership { partition, leader: Some(own), in_sync };
        cx.ask(Ask { version: copy.epoch, timeout, ..Ask::new(controller, ALTER_ISR, wanted.to_key()) });
    }
}

// ---- consumers

/// max.partition.fetch.bytes (ConsumerConfig: 1 MiB).
const BYTES_AT_MOST: u64 = 1 << 20;

/// How many of these go into one answer: the first one in any case (KIP-74).
fn fit(sizes: impl Iterator<Item = u32>) -> usize {
    let mut bytes = 0;
    sizes
        .enumerate()
        .take_while(|(nth, size)| {
            bytes += u64::from(*size);
            *nth == 0 || bytes <= BYTES_AT_MOST
        })
        .count()
}

impl Broker {
    pub(super) fn fetch(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let Place { partition, offset, epoch } = Broker::place(call, cx);
        let &Call { caller: consumer, version, .. } = cx.call(call);
        if !self.leads(partition) {
            return self.redirect(call, partition, cx);
        }
        let Fetch { most, wait } = Fetch::from_version(version);
        let waiting = Waiting { call, consumer, most: most.into() };
        let copy = self.copy(partition).expect("it leads it");
        copy.fetched = offset;
        if let Some(agreed) = copy.log.parts_from(offset, epoch) {
            // It goes on there, whatever it does where nothing is known (KIP-320: clients detect truncation by leader epochs).
            let agreed = agreed as u32;
            return cx.reply(call, Answer { version: agreed, bytes: agreed, ..Answer::of(Status::Missing) });
        }
        if offset < copy.log.start() || offset > copy.log.end() {
            let (version, bytes) = (copy.log.start() as u32, copy.log.end() as u32);
            return cx.reply(call, Answer { version, bytes, ..Answer::of(Status::Missing) });
        }
        if offset >= copy.high_watermark && wait > 0 {
            copy.readers.wait_on(waiting);
            return self.readers_wait.wait(call, u32::from(partition), wait, cx);
        }
        self.hand_over(partition, &waiting, offset, cx);
    }

    fn hand_over(&mut self, partition: u16, to: &Waiting, offset: u64, cx: &mut Ctx<'_>) {
        let copy = self.copy(partition).expect("it leads it");
        let most = copy.high_watermark.saturating_sub(offset).min(to.most as u64) as usize;
        let readable = fit(copy.log.from(offset).take(most).map(|entry| entry.message.bytes));
        let records = copy.log.from(offset).take(readable).zip(offset..);
        let place = |epoch: u32, offset| Place { partition, epoch: epoch as u8, offset }.to_key();
        let items = records.map(|(entry, offset)| packed(entry.message, place(entry.epoch, offset)));
        copy.readers.answer(to, items, cx);
        self.delivered += readable as u64;
    }

    /// Consumers whose patience is over get nothing.
    pub(super) fn send_readers_away(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        while let Some((call, partition)) = self.readers_wait.next(timer, cx) {
            if let Some(copy) = self.copy(partition as u16) {
                copy.readers.give_up(call, cx);
            }
        }
    }

    fn serve_readers(&mut self, partition: u16, cx: &mut Ctx<'_>) {
        for _ in 0..self.copy(partition).expect("it leads it").readers.len() {
            let copy = self.copy(partition).expect("it leads it");
            let Some(waiting) = copy.readers.next(cx) else { return };
            let Place { offset, .. } = Broker::place(waiting.call, cx);
            if offset < copy.high_watermark {
                self.hand_over(partition, &waiting, offset, cx);
            } else {
                copy.readers.wait_on(waiting);
            }
        }
    }
}
