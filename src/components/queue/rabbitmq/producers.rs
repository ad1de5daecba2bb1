//! What a broker does for producers: takes messages in, confirms them, makes room.

use super::super::entry::Overflow;
use super::super::message::{self, HELD_AT_MOST, Message};
use super::broker::{Broker, CONFIRM, Unconfirmed};
use crate::kernel::{Answer, Call, CallId, Ctx, NEVER, Status, Time, Timer};
use crate::parts::verbs::DEAD_LETTER;
use crate::random::variate::Variate;

impl Broker {
    pub(super) fn publish(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let full = self.length.is_some_and(|most| self.line.len() >= most);
        let over = self.line.len() + self.in_flight() >= HELD_AT_MOST;
        match self.overflow {
            Overflow::Reject if full => self.reject(call, cx),
            Overflow::Block if full && cx.call(call).verb != DEAD_LETTER => self.blocked.push_back(call),
            _ if over => self.reject(call, cx),
            _ => {
                self.take_in(call, cx);
                self.dispatch(cx);
            }
        }
    }

    pub(super) fn reject(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        self.rejected += 1;
        cx.reply(call, Answer::of(Status::Rejected));
    }

    pub(super) fn take_in(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let &Call { request, verb, .. } = cx.call(call);
        let inherited = verb == DEAD_LETTER;
        let message =
            if inherited { message::inherit(call, cx) } else { message::accept(self.queue, call, cx) };
        let now = cx.now();
        let mut sample = |variate: &Option<Variate>, purpose: u64| {
            variate.as_ref().map(|v| cx.sample_ns(v, request, self.purpose ^ purpose, message.key))
        };
        let expires = sample(&self.ttl, 1).map_or(NEVER, |ttl| now.saturating_add(ttl));
        let commit = if self.durable { sample(&self.commit, 2).unwrap_or(0) } else { 0 };
        let durable_at = if self.durable { now + commit } else { NEVER };
        self.line.publish(message, durable_at, expires);
        self.published += 1;
        if commit == 0 {
            self.confirm(Unconfirmed { call, id: message.id }, cx);
        } else {
            self.confirm_later(Unconfirmed { call, id: message.id }, commit, cx);
        }
        if self.ttl.is_some() && self.line.len() == 1 {
            // "A TTL of 0 causes messages to be expired upon reaching a queue unless they can be delivered to a consumer
            // immediately" (RabbitMQ's guide to TTL): what need not wait does not expire.
            self.hand_out_head(cx);
        }
        self.shorten(cx);
    }

    #[inline]
    pub(super) fn confirm(&mut self, Unconfirmed { call, id }: Unconfirmed, cx: &mut Ctx<'_>) {
        if cx.call(call).verb == DEAD_LETTER {
            return cx.reply(call, Answer::ok(0, 0)); // its producer had the word of the first queue, or never will
        }
        message::acknowledge(id, cx);
        let Some(producers) = &mut self.synchronous else { return cx.reply(call, Answer::ok(0, 0)) };
        if let Some(earlier) = producers.insert(id, call) {
            cx.reply(earlier, Answer::ok(0, 0)); // its producer has sent the message again, and waits for that
        }
    }

    pub(super) fn confirm_later(&mut self, waiting: Unconfirmed, after: Time, cx: &mut Ctx<'_>) {
        let index = self.free.pop().unwrap_or_else(|| {
            self.unconfirmed.push(waiting);
            self.unconfirmed.len() as u32 - 1
        });
        self.unconfirmed[index as usize] = waiting;
        cx.timer_in(after, Timer { tag: CONFIRM, data: u64::from(index) });
    }

    /// A line that is too long loses its head. Only ready messages count.
    pub(super) fn shorten(&mut self, cx: &mut Ctx<'_>) {
        let Some(most) = self.length.filter(|_| self.overflow == Overflow::DropHead) else { return };
        while self.line.len() > most {
            let head = self.line.pop().expect("longer than its bound");
            self.dropped += 1;
            self.set_aside(head.message, cx);
        }
    }

    /// A message that nobody will get: a dead letter, if those are kept, or gone.
    pub(super) fn set_aside(&mut self, message: Message, cx: &mut Ctx<'_>) {
        if self.keeps_letters {
            self.letters.send(message, cx.now(), cx);
        } else {
            message::release(message.id, cx);
        }
    }
}
