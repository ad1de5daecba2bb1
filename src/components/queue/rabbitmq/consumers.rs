//! What a broker does for consumers: hands messages out in turn, takes back what they leave behind.

use super::super::message::{self, Message};
use super::broker::{Broker, EXPIRE, LISTEN};
use super::channel::Channel;
use super::line::Stored;
use crate::kernel::{Answer, Ask, Call, CallId, Ctx, NEVER, Reply, Status, Timer};
use crate::parts::verbs::{DELIVER, WATCH};
use std::collections::BTreeMap;

impl Broker {
    pub(super) fn in_flight(&self) -> usize {
        self.channels.iter().map(|channel| channel.unacked() as usize).sum()
    }

    /// Hands out what is ready; producers that waited for room come in as there is some.
    pub(super) fn dispatch(&mut self, cx: &mut Ctx<'_>) {
        loop {
            self.hand_out(cx);
            if self.blocked.is_empty() || self.length.is_some_and(|most| self.line.len() >= most) {
                return;
            }
            let producer = self.blocked.pop_front().expect("one waits");
            self.take_in(producer, cx);
        }
    }

    /// One message each in turn to those who want some.
    pub(super) fn hand_out(&mut self, cx: &mut Ctx<'_>) {
        self.expire(cx);
        while self.hand_out_head(cx) {
            self.expire(cx);
        }
    }

    /// The head to whose turn it is; whether there was both.
    pub(super) fn hand_out_head(&mut self, cx: &mut Ctx<'_>) -> bool {
        while let Some(&turn) = self.turns.front() {
            if self.channels[turn as usize].wants() {
                let Some(stored) = self.line.pop() else { return false };
                self.turns.rotate_left(1);
                self.deliver(turn, stored, cx);
                return true;
            }
            self.channels[turn as usize].in_turn = false;
            self.turns.pop_front();
        }
        false
    }

    #[inline]
    pub(super) fn deliver(&mut self, turn: u16, mut stored: Stored, cx: &mut Ctx<'_>) {
        let channel = &mut self.channels[turn as usize];
        stored.deliveries += 1;
        self.delivered += 1;
        self.redelivered += u64::from(stored.deliveries > 1);
        let Message { id, key, bytes } = stored.message;
        let note = channel.next_sequence();
        let (token, timeout) = (channel.connection, self.ack_timeout);
        let ask = Ask::new(channel.node, DELIVER, key);
        let call = cx.ask(Ask { version: id, bytes, note, token, timeout, ..ask });
        channel.send(stored, call);
    }

    /// Messages expire at the head only: one behind a longer-lived one stays in the line, and counts, until it gets there.
    pub(super) fn expire(&mut self, cx: &mut Ctx<'_>) {
        if self.ttl.is_none() {
            return;
        }
        while self.line.head_expires() <= cx.now() {
            let head = self.line.pop().expect("there is a head");
            self.expired += 1;
            self.set_aside(head.message, cx);
        }
        let due = self.line.head_expires();
        if due < self.expiry_at {
            self.expiry_at = due;
            cx.timer_at(due, Timer { tag: EXPIRE, data: due });
        }
    }

    pub(super) fn subscribe(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let &Call { caller: node, key: prefetch, version: auto_ack, token: connection, .. } = cx.call(call);
        let mut fresh = Channel::new((node, connection), prefetch as u32, auto_ack != 0, cx.now());
        let watch = Ask { note: connection, token: connection, connected: true, ..Ask::new(node, WATCH, 0) };
        fresh.watch = cx.ask(watch);
        match self.channels.iter().position(|channel| channel.node == node) {
            Some(index) => {
                self.close(index, cx);
                fresh.in_turn = self.channels[index].in_turn;
                self.channels[index] = fresh;
            }
            None => self.channels.push(fresh),
        }
        cx.reply(call, Answer::ok(0, 0));
        let index = self.channels.iter().position(|channel| channel.node == node).expect("just made");
        self.take_turn(index);
        self.dispatch(cx);
    }

    #[inline]
    pub(super) fn take_turn(&mut self, index: usize) {
        let channel = &mut self.channels[index];
        if !channel.in_turn && channel.wants() {
            channel.in_turn = true;
            self.turns.push_back(index as u16);
        }
    }

    pub(super) fn cancel(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let node = cx.call(call).caller;
        if let Some(channel) = self.channels.iter_mut().find(|channel| channel.node == node) {
            channel.cancelled = true;
        }
        cx.reply(call, Answer::ok(0, 0));
    }

    /// A connection is over: what was not acknowledged goes back. What was acknowledged by being sent is gone, unless the
    /// consumer has it.
    pub(super) fn close(&mut self, index: usize, cx: &mut Ctx<'_>) {
        let auto_ack = self.channels[index].auto_ack;
        cx.abandon(self.channels[index].watch);
        for unacked in self.channels[index].close() {
            cx.abandon(unacked.call);
            if auto_ack || !self.redelivers {
                message::release(unacked.stored.message.id, cx);
            } else {
                self.put_back(unacked.stored, cx);
            }
        }
    }

    pub(super) fn put_back(&mut self, stored: Stored, cx: &mut Ctx<'_>) {
        if stored.deliveries >= self.max_deliveries {
            return self.letters.send(stored.message, cx.now(), cx);
        }
        self.line.requeue(stored);
    }

    /// An answer to a delivery: acknowledged, refused, or the connection is gone.
    #[inline]
    pub(super) fn answered(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let Some(index) = self.channels.iter().position(|channel| channel.node == reply.callee) else {
            return;
        };
        let Some(stored) = self.channels[index].take(reply.note) else { return };
        match reply.status {
            Status::Ok => self.settle(stored.message.id, cx),
            _ if self.channels[index].auto_ack || !self.redelivers => message::release(stored.message.id, cx),
            _ => self.put_back(stored, cx),
        }
        if matches!(reply.status, Status::Reset | Status::TimedOut) {
            self.close(index, cx);
        }
        self.take_turn(index);
        self.dispatch(cx);
    }

    /// The process of a consumer is gone, and its connection with it, whether it had anything to do or not.
    pub(super) fn broken(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let of = |channel: &Channel| (channel.node, channel.connection) == (reply.callee, reply.note);
        if let Some(index) = self.channels.iter().position(|channel| channel.open && of(channel)) {
            self.close(index, cx);
            self.dispatch(cx);
        }
    }

    #[inline]
    pub(super) fn settle(&mut self, id: u32, cx: &mut Ctx<'_>) {
        message::release(id, cx);
        if let Some(producer) = self.synchronous.as_mut().and_then(|producers| producers.remove(&id)) {
            cx.reply(producer, Answer::ok(0, 0));
        }
    }

    /// Connections from which nothing has been heard for too long are closed.
    pub(super) fn listen(&mut self, cx: &mut Ctx<'_>) {
        let silent = |channel: &Channel| channel.open && cx.now() - channel.heard > self.heartbeat;
        let silent: Vec<usize> =
            (0..self.channels.len()).filter(|index| silent(&self.channels[*index])).collect();
        for index in silent {
            self.close(index, cx);
        }
        self.dispatch(cx);
        cx.timer_in(self.heartbeat / 2, Timer { tag: LISTEN, data: 0 });
    }

    /// A sign of life; over a connection that is not known it is answered with a reset.
    pub(super) fn heard(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let &Call { caller, token, .. } = cx.call(call);
        let known =
            |channel: &&mut Channel| (channel.node, channel.connection) == (caller, token) && channel.open;
        let status = self.channels.iter_mut().find(known).map_or(Status::Reset, |channel| {
            channel.heard = cx.now();
            Status::Ok
        });
        cx.reply(call, Answer::of(status));
    }

    /// What is on disk is there again, what was handed out is back in line; connections are gone.
    pub(super) fn crash(&mut self, cx: &mut Ctx<'_>) {
        for mut channel in std::mem::take(&mut self.channels) {
            let auto_ack = channel.auto_ack;
            for unacked in channel.close() {
                if auto_ack {
                    message::release(unacked.stored.message.id, cx);
                } else {
                    self.line.requeue(unacked.stored);
                }
            }
        }
        for stored in self.line.restart(cx.now()) {
            message::release(stored.message.id, cx);
        }
        self.turns.clear();
        self.blocked.clear();
        self.unconfirmed.clear();
        self.synchronous.iter_mut().for_each(BTreeMap::clear);
        self.free.clear();
        self.expiry_at = NEVER;
    }
}
