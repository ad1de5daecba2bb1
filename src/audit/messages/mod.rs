//! The truth about messages: which acknowledged ones were processed, how often, in which order, and which are gone.
//!
//! A message gets its number from its producer before it is sent (or from its broker at its first acceptance); it travels with the
//! message, so that a copy is known as one, whichever arrives first and whoever still waits for it. Of each message is kept how many *holders* it has (the broker's log or line, the memory of a
//! consumer), and four facts: acknowledged (the producer has the broker's word for it), processed (its effect has taken
//! place), dead (set aside for good, where an operator finds it), counted as lost. A dead letter that goes to a second queue is
//! counted, and not dead: it waits there to be processed. One that is dead and that somebody completes (it was in his hands when
//! its time was over) is both, dead and processed.
//!
//! * **Lost**: acknowledged, never processed, not dead, and nobody holds it any more. Judged again at every change: a
//!   producer that sends it once more can undo a loss, and so does a consumer that a copy still reaches after the broker
//!   has dropped its own (a log is cut while messages are on their way).
//! * **Duplicate**: an effect that had taken place before. Each further one counts.
//! * **Reordered**: the first effect of a message comes after that of one accepted later, of the same key and queue.
//! * **Age**: from the first acceptance to the first effect.
//! * **Backlog**: messages accepted and neither processed nor dead nor gone. The *drain time* is the time from the largest
//!   backlog of the measured part until it is first back at its mean of the latter half of the warm-up (rounded up, at least 1).
//!
//! Memory: messages whose fate is sealed leave the window of records for two bits each (the latest ones that are gone stay); those that stay
//! behind when the window is full wait in a map, those that no broker has taken in yet in one bit.

mod backlog;
mod lately;
mod record;
mod report;
mod sent;

use backlog::Backlog;
use record::{ACKNOWLEDGED, Bits, COUNTED_LOST, DEAD, NOT_YET, PROCESSED, Record, Records};
pub use report::MessageReport;
use sent::Sent;

/// Order within one key of one queue.
#[derive(Clone, Copy, Debug, Default)]
pub struct KeyOrder {
    accepted: u32,
    processed: u32,
}

/// What is known of all messages.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    records: Records,
    sent: Sent,
    /// By queue, then by key.
    orders: Vec<Vec<KeyOrder>>,
    /// Messages accepted so far, by queue.
    accepted: Vec<u32>,
    /// Messages lost since the start, and of these those before counts began.
    lost: u64,
    lost_before: u64,
    /// Numbers of dead letters: most have been processed before, too late, and have no record any more.
    set_aside: Bits,
    counts: MessageReport,
    backlog: Backlog,
    any: bool,
}

/// Keys at or above this number share one order: it must fit in memory.
const KEYS_MAX: u64 = 1 << 27;

impl Messages {
    /// Counts begin anew: only what happens from now on counts.
    pub(super) fn count_from(&mut self, now: u64) {
        self.lost_before = self.lost;
        self.counts = MessageReport::default();
        self.backlog.measure_from(now);
    }

    /// The counts so far; `None` if there never was a message.
    pub fn report(&self, now: u64) -> Option<MessageReport> {
        if !self.any {
            return None;
        }
        let (lost_count, drain_ns) = (self.lost.saturating_sub(self.lost_before), self.backlog.drain(now));
        let (backlog_count, backlog_max_count) = (self.backlog.level(), Some(self.backlog.peak()));
        let mut report =
            MessageReport { lost_count, backlog_count, backlog_max_count, drain_ns, ..self.counts.clone() };
        for id in self.records.matching(Record::waits) {
            let since = self.records.get(id).map_or(now, |record| record.accepted_at);
            report.age.record(now - since);
        }
        Some(report)
    }

    /// What has been counted by now, those that wait left out: for the counts of a part of a run.
    pub fn counted(&self) -> Option<MessageReport> {
        let lost_count = self.lost.saturating_sub(self.lost_before);
        self.any.then(|| MessageReport { lost_count, ..self.counts.clone() })
    }

    /// Backlog x nanoseconds since the start.
    pub fn backlog_area(&self, now: u64) -> u128 {
        self.backlog.area(now)
    }

    /// What accepting a message of this key will look at: a list, and where in it. For who can have it fetched before.
    #[inline]
    pub fn looks_at(&self, queue: u16, key: u64) -> (&[KeyOrder], usize) {
        (self.orders.get(usize::from(queue)).map_or(&[], Vec::as_slice), key.min(KEYS_MAX) as usize)
    }

    /// A producer gives a message its number before a broker has it, so that it can be sent again when nothing else is left of it.
    pub fn number(&mut self, queue: u16, key: u64) -> u32 {
        self.records.push(Record { accepted_at: NOT_YET, key, queue, ..Record::default() })
    }

    /// The same for a message that is sent for a request, after so many others `before`: the number it has if it was sent already.
    pub fn number_for(&mut self, request: u64, before: u8, queue: u16, key: u64) -> u32 {
        let reason = (request, key, queue, before);
        self.sent.number(reason).unwrap_or_else(|| {
            let id = self.number(queue, key);
            self.sent.remember(reason, id);
            id
        })
    }

    /// Whether a broker has ever taken the message in.
    pub fn was_accepted(&self, id: u32) -> bool {
        let gone = || self.records.knows(id) && !self.records.is_unborn(id);
        self.records.get(id).map_or_else(gone, |record| record.accepted_at != NOT_YET)
    }

    /// A broker takes a message in and holds it. `known` is the number it carries from an earlier attempt, 0 if none.
    /// Returns its number.
    pub fn accept(&mut self, queue: u16, key: u64, known: u32, now: u64) -> u32 {
        self.any = true;
        if known != 0 && self.revive(known, queue, key, now) {
            return known;
        }
        let order = self.next_order(queue, key);
        let number = self.next_number(queue);
        let record = Record { accepted_at: now, key, order, number, queue, holders: 1, ..Record::default() };
        self.backlog.step(now, 1);
        self.records.push(record)
    }

    /// A message that has its number comes for the first time, or once more. False if it belongs to another queue or its past is unknown.
    fn revive(&mut self, id: u32, queue: u16, key: u64, now: u64) -> bool {
        self.records.give_birth(id, queue, key);
        let Some(&record) = self.records.get(id) else {
            // Its fate is sealed: an effect more would be a duplicate, which needs no record.
            return self.records.was_processed(id);
        };
        if record.queue != queue {
            return false;
        }
        let (first, gone) = (record.accepted_at == NOT_YET, record.holders == 0 && !record.has(PROCESSED));
        // What nobody had any more stands behind all that has come since.
        let order = if gone { self.next_order(queue, record.key) } else { record.order };
        let number = if first { self.next_number(queue) } else { record.number };
        self.change(id, now, |record| {
            (record.holders, record.order, record.number) = (record.holders + 1, order, number);
            record.accepted_at = if first { now } else { record.accepted_at };
        });
        true
    }

    /// Where the message stands in a partition's log, written there by the leader of this epoch. If it stands there twice the last place counts,
    /// and is one hold.
    pub fn place(&mut self, id: u32, partition: u16, offset: u64, epoch: u32, now: u64) {
        if self.records.get(id).is_some_and(|record| record.place > 0) {
            self.release(id, now);
        }
        if let Some(record) = self.records.get_mut(id) {
            (record.partition, record.place, record.epoch) = (partition, offset as u32 + 1, epoch as u8);
        }
    }

    /// The log holds what stood at an offset no more for its readers: they are past it, or it was deleted, or (if an epoch is given) what the
    /// leader of that epoch wrote is struck out. Nothing happens if the message has another place by now.
    pub fn leave_log(&mut self, id: u32, offset: u64, epoch: Option<u32>, now: u64) {
        let stands = |record: &Record| {
            record.place == offset as u32 + 1 && epoch.is_none_or(|epoch| record.epoch == epoch as u8)
        };
        if self.records.get(id).is_some_and(stands) {
            self.change(id, now, |record| {
                record.holders = record.holders.saturating_sub(1);
                record.place = 0;
            });
        }
    }

    /// A new leader of a partition: what it never had is held there no more. `had` says whether it had what the leader of an epoch (its
    /// low byte) wrote at an offset.
    pub fn cut(&mut self, queue: u16, partition: u16, had: impl Fn(u64, u8) -> bool, now: u64) {
        let stands = |record: &Record| {
            let here = (record.queue, record.partition) == (queue, partition) && record.place > 0;
            here && !had(u64::from(record.place) - 1, record.epoch)
        };
        self.leave_logs(stands, now);
    }

    /// Readers of a partition go on at an offset: the log holds what comes before it no more for them.
    pub fn pass_by(&mut self, queue: u16, partition: u16, offset: u64, now: u64) {
        let stands = |record: &Record| {
            let here = (record.queue, record.partition) == (queue, partition) && record.place > 0;
            here && u64::from(record.place) <= offset && !record.has(PROCESSED)
        };
        self.leave_logs(stands, now);
    }

    /// The logs that messages of a kind stand in hold them no more.
    fn leave_logs(&mut self, kind: impl Fn(&Record) -> bool, now: u64) {
        for id in self.records.matching(kind) {
            // With one before it another may go whose fate is sealed, and need no record.
            if let Some(place) = self.records.get(id).map(|record| record.place) {
                self.leave_log(id, u64::from(place) - 1, None, now);
            }
        }
    }

    /// The producer gets the broker's word for it.
    pub fn acknowledge(&mut self, id: u32, now: u64) {
        let Some(record) = self.records.get_mut(id) else { return };
        if !record.has(ACKNOWLEDGED) {
            self.counts.published_count += 1;
            self.change(id, now, |record| record.set(ACKNOWLEDGED));
        }
    }

    /// A producer takes the message with this number for published, whether a broker has it or not.
    pub fn vanish(&mut self, queue: u16, key: u64, id: u32, now: u64) {
        let id = self.accept(queue, key, id, now);
        self.acknowledge(id, now);
        self.release(id, now);
    }

    fn next_number(&mut self, queue: u16) -> u32 {
        if self.accepted.len() <= usize::from(queue) {
            self.accepted.resize(usize::from(queue) + 1, 0);
        }
        let accepted = &mut self.accepted[usize::from(queue)];
        *accepted += 1;
        *accepted
    }

    /// Somebody who processes it gets it, and holds it. What tells its draws from those of others: its number among the messages of its
    /// queue, and how often it was handed out before; where its fate is sealed and that is not known any more, its own number and the time.
    pub fn deliver(&mut self, id: u32, now: u64) -> (u32, u64) {
        let mut told = (id, now);
        self.change(id, now, |record| {
            record.holders += 1;
            told = (record.number, u64::from(record.deliveries));
            record.deliveries = record.deliveries.saturating_add(1);
        });
        told
    }

    /// Somebody more holds it.
    pub fn take(&mut self, id: u32, now: u64) {
        self.change(id, now, |record| record.holders += 1);
    }

    /// Somebody holds it no more.
    pub fn release(&mut self, id: u32, now: u64) {
        self.change(id, now, |record| record.holders = record.holders.saturating_sub(1));
    }

    /// It is a dead letter: counted once, whether it was processed or not, and still to be dealt with if not.
    pub fn set_aside(&mut self, id: u32) {
        if self.records.knows(id) && !self.set_aside.has(id) {
            self.set_aside.set(id);
            self.counts.dead_count += 1;
        }
    }

    /// It is set aside for good.
    pub fn bury(&mut self, id: u32, now: u64) {
        self.set_aside(id);
        self.change(id, now, |record| record.set(DEAD));
    }

    /// Whether its effect has taken place.
    pub fn is_processed(&self, id: u32) -> bool {
        self.records.get(id).map_or_else(|| self.records.was_processed(id), |record| record.has(PROCESSED))
    }

    /// Whether it is known as lost or dead or processed, or still held: false only for numbers never given.
    pub fn is_known(&self, id: u32) -> bool {
        self.records.knows(id)
    }

    /// Its effect takes place, whatever else has become of it: a dead letter that somebody completes is processed as well.
    pub fn process(&mut self, id: u32, now: u64) {
        if self.is_processed(id) {
            self.counts.duplicated_count += 1;
            return;
        }
        self.counts.processed_count += 1;
        let Some(&record) = self.records.get(id) else { return self.records.process_forgotten(id) };
        self.counts.age.record(now - record.accepted_at);
        let order = self.order(record.queue, record.key);
        let overtaken = record.order < order.processed;
        order.processed = order.processed.max(record.order);
        self.counts.reordered_count += u64::from(overtaken);
        self.change(id, now, |record| record.set(PROCESSED));
    }

    /// Changes a record and judges it again.
    #[inline]
    fn change(&mut self, id: u32, now: u64, change: impl FnOnce(&mut Record)) {
        let Some(record) = self.records.get_mut(id) else { return };
        let waited = record.waits();
        change(record);
        let (waits, lost) = (record.waits(), record.is_lost());
        if lost != record.has(COUNTED_LOST) {
            record.flip(COUNTED_LOST);
            self.lost = if lost { self.lost + 1 } else { self.lost - 1 };
        }
        if waits != waited {
            self.backlog.step(now, if waits { 1 } else { -1 });
        }
        self.records.retire();
    }

    fn next_order(&mut self, queue: u16, key: u64) -> u32 {
        let order = self.order(queue, key);
        order.accepted += 1;
        order.accepted
    }

    fn order(&mut self, queue: u16, key: u64) -> &mut KeyOrder {
        let (queue, key) = (queue as usize, key.min(KEYS_MAX) as usize);
        if queue >= self.orders.len() {
            self.orders.resize(queue + 1, Vec::new());
        }
        let keys = &mut self.orders[queue];
        if key >= keys.len() {
            keys.resize((key + 1).next_power_of_two(), KeyOrder::default());
        }
        &mut keys[key]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Histogram;

    fn truth() -> Messages {
        let mut messages = Messages::default();
        messages.count_from(0);
        messages
    }

    fn report(messages: &Messages) -> MessageReport {
        messages.report(1_000).expect("there were messages")
    }

    #[test]
    fn lost_is_acknowledged_without_effect_and_held_by_nobody() {
        let mut all = truth();
        let [acked, unacked, dead, done] = [0; 4].map(|_| all.accept(0, 1, 0, 5));
        for id in [acked, dead, done] {
            all.acknowledge(id, 6);
        }
        all.bury(dead, 7);
        all.process(done, 8);
        for id in [acked, unacked, dead, done] {
            all.release(id, 9);
        }
        let counts = report(&all);
        assert_eq!((counts.published_count, counts.lost_count, counts.dead_count), (3, 1, 1));
        assert_eq!((counts.processed_count, counts.backlog_count), (1, 0));
    }

    #[test]
    fn reports_of_two_data_sets_add_up() {
        let report = |n: u64, drain_ns| {
            let mut age = Histogram::new();
            age.record_n(n, n);
            MessageReport {
                published_count: n,
                processed_count: 2 * n,
                duplicated_count: 3 * n,
                reordered_count: 4 * n,
                lost_count: 5 * n,
                dead_count: 6 * n,
                age,
                backlog_count: 7 * n,
                backlog_max_count: Some(7 * n),
                drain_ns,
            }
        };
        let mut both = report(1, Some(9)).and(report(2, Some(4)));
        assert_eq!((both.age.count(), both.age.max()), (3, Some(2)));
        both.age = report(3, None).age;
        assert_eq!(both, report(3, Some(9)));
        assert_eq!(report(1, Some(9)).and(report(2, None)).drain_ns, None, "one heap is not gone yet");
    }

    /// When the first one is struck out its fate is sealed, as that of the second, which has been processed, was before.
    #[test]
    fn what_a_new_leader_never_had_is_struck_out_with_what_is_done_behind_it() {
        let mut all = truth();
        let [first, second] = [0, 1].map(|offset| {
            let id = all.accept(0, 1, 0, 5);
            all.place(id, 3, offset, 1, 5);
            all.acknowledge(id, 6);
            id
        });
        all.process(second, 7);
        all.cut(0, 3, |_, _| false, 8);
        let counts = report(&all);
        assert_eq!((counts.processed_count, counts.lost_count, counts.backlog_count), (1, 1, 0));
        assert!(!all.is_processed(first));
    }

    #[test]
    fn a_number_given_by_the_producer_counts_from_its_acceptance() {
        let mut all = truth();
        let id = all.number(0, 1);
        assert!(!all.was_accepted(id) && all.report(0).is_none());
        let other = all.accept(0, 1, 0, 3);
        assert_eq!(all.accept(0, 1, id, 5), id);
        assert!(all.was_accepted(id) && all.was_accepted(other));
        all.acknowledge(id, 6);
        all.process(other, 7);
        all.process(id, 25);
        let counts = report(&all);
        assert_eq!((counts.published_count, counts.processed_count, counts.reordered_count), (1, 2, 0));
        assert_eq!(counts.age.max(), Some(20));
    }

    #[test]
    fn a_number_given_by_the_producer_has_its_own_draws() {
        let mut all = truth();
        let sent = [0; 3].map(|_| all.number(0, 1));
        let order = [sent[2], sent[0], sent[2], sent[1]].map(|id| all.accept(0, 1, id, 5));
        let told = order.map(|id| all.deliver(id, 6));
        assert_eq!(told, [(1, 0), (2, 0), (1, 1), (3, 0)], "by the order of arrival, and how often");
    }

    #[test]
    fn a_number_that_nobody_has_taken_in_for_long_is_that_of_a_new_message() {
        let mut all = truth();
        let late = all.number(0, 7);
        for _ in 0..200_000 {
            let id = all.accept(0, 2, 0, 1);
            all.acknowledge(id, 1);
            all.process(id, 1);
        }
        assert!(!all.was_accepted(late) && all.is_known(late));
        assert_eq!([2, 3].map(|now| all.accept(0, 7, late, now)), [late; 2]);
        assert!(all.was_accepted(late));
        for now in 4..6 {
            all.acknowledge(late, now);
            all.process(late, now);
            all.release(late, now);
        }
        let counts = report(&all);
        assert_eq!((counts.processed_count, counts.duplicated_count), (200_001, 1));
        assert_eq!((counts.published_count, counts.backlog_count, counts.lost_count), (200_001, 0, 0));
    }

    #[test]
    fn a_dead_letter_that_somebody_completes_is_processed_as_well() {
        let mut all = truth();
        let [early, held, late] = [0; 3].map(|_| {
            let id = all.accept(0, 1, 0, 0);
            all.acknowledge(id, 0);
            all.deliver(id, 1);
            id
        });
        all.process(early, 2);
        for id in [early, held, late] {
            all.bury(id, 3);
            all.release(id, 3);
        }
        all.process(held, 4);
        all.release(late, 4); // by its worker: nobody has it but a parcel on its way to another one
        for _ in 0..200_000 {
            let id = all.accept(0, 2, 0, 5);
            all.acknowledge(id, 5);
            all.process(id, 5);
        }
        all.deliver(late, 8);
        (9..11).for_each(|now| all.process(late, now));
        let counts = report(&all);
        assert_eq!((counts.processed_count, counts.duplicated_count), (200_003, 1));
        assert_eq!((counts.dead_count, counts.lost_count, counts.backlog_count), (3, 0, 0));
        assert_eq!(counts.age.max(), Some(9));
    }

    #[test]
    fn a_producer_that_forgets_has_not_lost_what_arrives_after_all() {
        let mut all = truth();
        let [before, after] = [0; 2].map(|_| all.number(0, 1));
        all.accept(0, 1, before, 1);
        for id in [before, after] {
            all.vanish(0, 1, id, 2);
        }
        assert_eq!((report(&all).published_count, report(&all).lost_count), (2, 1));
        all.accept(0, 1, after, 3);
        assert_eq!((report(&all).lost_count, report(&all).backlog_count), (0, 2));
    }

    #[test]
    fn a_consumer_that_holds_it_keeps_it_from_being_lost() {
        let mut all = truth();
        let id = all.accept(0, 1, 0, 0);
        all.acknowledge(id, 0);
        all.take(id, 1);
        all.release(id, 2); // the broker forgets it
        assert_eq!(report(&all).lost_count, 0);
        all.release(id, 3); // the consumer dies
        assert_eq!(report(&all).lost_count, 1);
    }

    #[test]
    fn sending_again_undoes_a_loss_that_was_not_yet_sealed() {
        let mut all = truth();
        let id = all.accept(0, 1, 0, 0);
        all.release(id, 1);
        assert_eq!(all.accept(0, 1, id, 2), id, "the same message");
        all.acknowledge(id, 3);
        all.process(id, 4);
        assert_eq!((report(&all).lost_count, report(&all).processed_count), (0, 1));
    }

    #[test]
    fn effects_are_counted_once_and_then_as_duplicates() {
        let mut all = truth();
        let id = all.accept(0, 1, 0, 0);
        all.acknowledge(id, 0);
        (0..3).for_each(|now| all.process(id, now));
        let counts = report(&all);
        assert_eq!((counts.processed_count, counts.duplicated_count), (1, 2));
        assert!(all.is_processed(id) && all.is_known(id) && !all.is_known(id + 1));
    }

    #[test]
    fn order_is_that_of_a_key_in_a_queue() {
        let mut all = truth();
        let first: Vec<u32> = [1, 2, 1].iter().map(|key| all.accept(0, *key, 0, 0)).collect();
        let elsewhere = all.accept(1, 1, 0, 0);
        for id in [first[2], first[1], elsewhere] {
            all.process(id, 1);
        }
        assert_eq!(report(&all).reordered_count, 0, "nothing of the same key has come before");
        all.process(first[0], 2);
        assert_eq!(report(&all).reordered_count, 1);
    }

    #[test]
    fn a_cut_takes_what_stands_behind_it() {
        let mut all = truth();
        let ids: Vec<u32> = (0..4u64)
            .map(|offset| {
                let id = all.accept(0, 1, 0, 0);
                all.place(id, 7, 10 + offset, 1, 0);
                all.acknowledge(id, 0);
                id
            })
            .collect();
        for (queue, partition) in [(0, 8), (1, 7)] {
            let elsewhere = all.accept(queue, 1, 0, 0);
            all.place(elsewhere, partition, 13, 1, 0);
            all.acknowledge(elsewhere, 0);
        }
        all.process(ids[3], 1);
        let had_before_12 = |offset, epoch| offset < 12 && epoch == 1;
        all.cut(0, 7, had_before_12, 2);
        all.cut(0, 7, had_before_12, 3);
        assert_eq!(report(&all).lost_count, 1, "of the two behind it one was processed");
        let later = all.accept(0, 1, 0, 4);
        all.place(later, 7, 12, 2, 4);
        all.acknowledge(later, 4);
        all.cut(0, 7, |_, epoch| epoch == 2, 5);
        assert_eq!(report(&all).lost_count, 3, "others of another epoch stand in their places");
    }

    #[test]
    fn a_log_that_has_a_message_twice_holds_it_until_its_last_place_is_gone() {
        let mut all = truth();
        let id = all.number(0, 1);
        for (now, offset) in [(0, 5), (1, 9)] {
            all.accept(0, 1, id, now);
            all.place(id, 7, offset, 1, now);
            all.acknowledge(id, now);
        }
        all.leave_log(id, 5, None, 2);
        assert_eq!((report(&all).lost_count, report(&all).backlog_count), (0, 1));
        all.leave_log(id, 9, Some(2), 3);
        assert_eq!(report(&all).lost_count, 0, "another leader's");
        all.leave_log(id, 9, Some(1), 4);
        assert_eq!((report(&all).lost_count, report(&all).backlog_count), (1, 0));
    }

    #[test]
    fn what_happens_after_the_warm_up_counts_whenever_it_began() {
        let mut all = Messages::default();
        let [gone, lost, done, waits, dead] = [0; 5].map(|_| all.accept(0, 1, 0, 5));
        [gone, lost, done, waits, dead].iter().for_each(|id| all.acknowledge(*id, 6));
        all.release(gone, 7);
        all.count_from(10);
        let counts = report(&all);
        assert_eq!((counts.published_count, counts.lost_count, counts.processed_count), (0, 0, 0));
        all.release(lost, 12);
        all.process(done, 15);
        all.bury(dead, 16);
        let counts = all.report(505).unwrap();
        assert_eq!((counts.published_count, counts.lost_count), (0, 1));
        assert_eq!((counts.processed_count, counts.dead_count, counts.backlog_count), (1, 1, 1));
        assert_eq!((counts.age.count(), counts.age.max()), (2, Some(500)), "one waits, {waits}");
        all.deliver(gone, 20);
        assert_eq!(report(&all).lost_count, 0, "one came back");
    }

    #[test]
    fn what_stays_behind_is_remembered() {
        let mut all = truth();
        let kept = all.accept(0, 1, 0, 0);
        all.acknowledge(kept, 0);
        for _ in 0..200_000 {
            let id = all.accept(0, 2, 0, 1);
            all.acknowledge(id, 1);
            all.process(id, 1);
        }
        all.process(kept, 2);
        all.process(kept, 3);
        let counts = report(&all);
        assert_eq!((counts.processed_count, counts.duplicated_count), (200_001, 1));
    }
}
