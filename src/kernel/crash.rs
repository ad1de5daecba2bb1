//! Nodes that die and come back.

use super::call::{Answer, CallId, Phase, Status};
use super::core::Core;
use super::event::{Event, NodeId};
use super::node::Health;
use super::time::{SECOND, Time};
use super::transit::Message;

impl Core {
    /// A question arrives where nobody takes it, unless somebody else stands in.
    #[cold]
    pub(super) fn arrive_at_dead(&mut self, id: CallId, callee: NodeId, health: Health) -> Option<NodeId> {
        if let Some(other) = self.stand_in(id) {
            return Some(other);
        }
        match health {
            Health::Hung => self.hold(callee, Event::Deliver(id, callee)),
            Health::Refusing => {
                if let Some(call) = self.calls.get_mut(id) {
                    call.phase.clear(Phase::MOVING);
                }
                self.send_reset(id, false);
            }
            _ => self.meet_silence(id, callee),
        }
        None
    }

    /// Nobody is there to take a question, or to refuse it.
    #[cold]
    fn meet_silence(&mut self, id: CallId, callee: NodeId) {
        self.stop_moving(id);
        let Some(call) = self.calls.get(id) else { return };
        let message = Message::of(call, (call.caller, callee), false, call.asked);
        if self.transit.keeps_trying(&message, &self.requests) {
            let calls = &self.calls;
            let is_wanted = |id: &CallId| calls.get(*id).is_some_and(|call| call.phase.has(Phase::WAITING));
            self.held[callee.index()].keep_trying(id, is_wanted);
        }
    }

    /// The node's process or machine dies: its open calls end, its own questions are nobody's any more.
    #[cold]
    pub(super) fn crash(&mut self, node: NodeId, health: Health) {
        let state = &mut self.nodes[node.index()];
        state.health = health;
        state.epoch = state.epoch.wrapping_add(1);
        self.held[node.index()].next_pause();
        let held = self.held[node.index()].take(self.now);
        let touched: Vec<CallId> = self.calls.iter().map(|(id, _)| id).collect();
        for id in touched {
            self.crash_call(id, node, health);
        }
        for (event, _) in held {
            self.schedule(self.now, event); // questions on the wire arrive at a dead node after all
        }
    }

    #[cold]
    fn crash_call(&mut self, id: CallId, node: NodeId, health: Health) {
        let Some(call) = self.calls.get_mut(id) else { return };
        let (caller, callee) = (call.caller, call.callee);
        if caller == node {
            self.abandon(id);
        }
        let Some(call) = self.calls.get_mut(id) else { return };
        if callee == node && call.phase.has(Phase::OPEN) {
            call.phase.clear(Phase::OPEN);
            self.ledger.reset += 1;
            if health == Health::Refusing {
                self.send_reset(id, true);
            } else {
                self.close_if_over(id);
            }
        }
    }

    #[cold]
    pub(super) fn recover(&mut self, node: NodeId) {
        if std::mem::replace(&mut self.nodes[node.index()].health, Health::Up) != Health::Hung {
            self.transit.restart(node, self.now);
            self.reset_connections(node);
        }
        self.schedule(self.now, Event::Release(node));
    }

    /// A machine that has been started again knows of no connection: whoever still sends over one of before is told so the next time he tries
    /// (RFC 9293, 3.5.1), and who is about to open one is let in. Who only waits hears nothing.
    #[cold]
    fn reset_connections(&mut self, node: NodeId) {
        for id in self.held[node.index()].take_unacknowledged() {
            let Some(call) = self.calls.get_mut(id).filter(|call| call.phase.has(Phase::WAITING)) else {
                continue;
            };
            let message = Message::of(call, (call.caller, node), false, self.now);
            let is_connected = call.phase.has(Phase::CONNECTED);
            if !is_connected && self.transit.opens(&message, call.asked, &self.requests) {
                call.phase.set(Phase::MOVING);
                let sent = call.asked;
                self.send_once_more(&message, Event::Deliver(id, node).into(), sent);
                continue;
            }
            call.carry(&Answer::of(Status::Reset));
            let (at, caller) = (next_attempt(call.asked, self.now), call.caller);
            self.schedule(at, Event::Answer(id, caller));
        }
    }
}

/// Pause before what is not acknowledged is sent again, and the longest one (Linux: TCP_RTO_MIN 200 ms, TCP_RTO_MAX 120 s); it doubles each time
/// (RFC 6298, 5.5).
const RESEND_FIRST: Time = SECOND / 5;
const RESEND_MAX: Time = 120 * SECOND;

/// When TCP sends again what was sent first at `first`, from `now` on.
fn next_attempt(first: Time, now: Time) -> Time {
    let (mut at, mut pause) = (first, RESEND_FIRST);
    while at < now {
        at += pause;
        pause = (2 * pause).min(RESEND_MAX);
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_two_minutes() {
        let tenth = SECOND / 10;
        let at = |now: Time| next_attempt(SECOND, SECOND + now * tenth) / tenth - 10;
        assert_eq!([0, 1, 2, 3, 7, 15, 31].map(at), [0, 2, 2, 6, 14, 30, 62]);
        let long = |now: Time| next_attempt(0, now * SECOND);
        assert_eq!(long(1_000) - long(900), RESEND_MAX);
    }
}
