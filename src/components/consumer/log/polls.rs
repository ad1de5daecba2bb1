//! Polls (KafkaConsumer.poll of the Java client 3.9): what has been fetched of all partitions is handed to the program `batch` messages at a time
//! (max.poll.records), one partition after the other; it works them all off, commits, and polls again.

use super::{Phase, Reader};
use crate::components::consumer::source::Incoming;
use crate::components::queue::kafka::Place;
use crate::kernel::{Ctx, Reply, Status};

impl Reader {
    pub(super) fn received(&mut self, index: usize, got: &mut Vec<Incoming>, cx: &mut Ctx<'_>) {
        // While the program works nothing more is asked for: it is in its polls that the client does so.
        match self.shares[index].fetched.is_empty() && self.is_idle() {
            true => self.ask(index, cx),
            false => self.poll_if_idle(got, cx),
        }
    }

    /// The program asks for more as soon as all that it has is done; before that it commits, or joins anew if it has to.
    pub(super) fn poll_if_idle(&mut self, got: &mut Vec<Incoming>, cx: &mut Ctx<'_>) {
        if self.phase != Phase::Member {
            return self.join_if_idle(cx);
        }
        if self.is_idle() {
            self.commit_moved(cx);
            self.poll(got, cx);
        }
    }

    fn commit_moved(&mut self, cx: &mut Ctx<'_>) {
        for index in 0..self.shares.len() {
            let moved = std::mem::take(&mut self.shares[index].moved);
            if moved && !self.ack_before {
                self.commit(self.shares[index].place(), cx);
            }
        }
    }

    fn poll(&mut self, got: &mut Vec<Incoming>, cx: &mut Ctx<'_>) {
        self.polled = cx.now();
        let (all, mut left, first) = (self.shares.len(), self.batch, self.turn);
        for index in (0..all).map(|nth| (first + nth) % all) {
            let share = &mut self.shares[index];
            let taken = share.fetched.len().min(left);
            if taken == 0 {
                continue;
            }
            share.batch.extend(share.fetched.drain(..taken));
            share.position = Place::from_key(share.batch[0].receipt).offset;
            (left, self.turn) = (left - taken, index);
            self.begin_work(index, got, cx);
            if left == 0 {
                break;
            }
        }
        self.fetch_on(cx);
    }

    /// Before the program works, more is asked for of what lies in no buffer, so that it is there at the next poll (KafkaConsumer.poll: "allow
    /// the next round of fetches before the previous has been processed").
    fn fetch_on(&mut self, cx: &mut Ctx<'_>) {
        for index in 0..self.shares.len() {
            if self.shares[index].wants_more() {
                self.ask(index, cx);
            }
        }
    }

    /// A share has messages to process: at once, or once it has said that it has them.
    fn begin_work(&mut self, index: usize, got: &mut Vec<Incoming>, cx: &mut Ctx<'_>) {
        if !self.ack_before {
            return self.feed(index, got, cx);
        }
        let share = &mut self.shares[index];
        share.committing = true;
        let last = Place::from_key(share.batch.back().expect("just taken").receipt);
        let place = Place { offset: last.offset + 1, ..last };
        self.commit(place, cx);
    }

    pub(super) fn committed(&mut self, reply: &Reply, got: &mut Vec<Incoming>, cx: &mut Ctx<'_>) {
        self.commits = self.commits.saturating_sub(1);
        let Place { partition, offset, .. } = Place::from_key(reply.key);
        if self.phase == Phase::Revoking && self.shares.is_empty() && self.commits == 0 {
            return self.join(cx);
        }
        let Some(index) = self.shares.iter().position(|share| share.partition == partition) else { return };
        let share = &mut self.shares[index];
        if !share.committing || offset != share.position + share.batch.len() as u64 {
            return;
        }
        if reply.status != Status::Ok {
            self.release_batch(index, cx);
            if self.phase == Phase::Member {
                self.again(index, false, cx);
            }
            return self.poll_if_idle(got, cx);
        }
        share.committing = false;
        let now = cx.now();
        for incoming in &share.batch {
            let (id, offset) = (incoming.message.id, Place::from_key(incoming.receipt).offset);
            let messages = cx.audit().messages_mut();
            messages.take(id, now);
            messages.leave_log(id, offset, None, now);
        }
        self.feed(index, got, cx);
    }
}
