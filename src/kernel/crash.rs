//! Nodes that die and come back.

use super::call::{Answer, CallId, Phase, Status};
use super::core::Core;
use super::event::{Event, NodeId};
use super::node::Health;
use super::transit::Message;

impl Core {
    /// A question arrives where nobody takes it, unless somebody else stands in.
    #[cold]
    pub(super) fn arrive_at_dead(&mut self, id: CallId, callee: NodeId, health: Health) -> Option<NodeId> {
        self.calls.get(id)?;
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
        if self.transit.keeps_trying(&message, &mut self.requests) {
            let calls = &self.calls;
            let is_wanted = |id: &CallId| calls.get(*id).is_some_and(|call| call.phase.has(Phase::WAITING));
            self.held[callee.index()].keep_trying(id, is_wanted);
        }
    }

    /// The node's process or machine dies: its open calls end, its own questions are nobody's any more.
    #[cold]
    pub(super) fn crash(&mut self, node: NodeId, health: Health) {
        self.die(node, health);
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
        let was_hung = self.nodes[node.index()].health == Health::Hung;
        self.set_health(node, Health::Up);
        if !was_hung {
            self.know_nobody(node);
        }
        self.schedule(self.now, Event::Release(node));
    }

    /// Whoever answers at a node's address now has been started anew, or stands in for it, and knows of no connection. Who still sends over one of
    /// before is told so the next time he tries (RFC 9293, 3.5.1), who is about to open one is let in, and who only waits hears nothing.
    #[cold]
    pub(super) fn know_nobody(&mut self, node: NodeId) {
        self.transit.restart(node, self.now);
        for id in self.held[node.index()].take_unacknowledged() {
            let Some(call) = self.calls.get_mut(id).filter(|call| call.phase.has(Phase::WAITING)) else {
                continue;
            };
            let message = Message::of(call, (call.caller, node), false, self.now);
            let sent = call.asked;
            let opens =
                !call.phase.has(Phase::CONNECTED) && self.transit.opens(&message, sent, &self.requests);
            if !opens && self.transit.again(&message, sent, false, &mut self.requests).is_none() {
                call.carry(&Answer::of(Status::Reset)); // it was given up meanwhile
                self.schedule(self.now, Event::Answer(id, message.from));
                continue;
            }
            call.phase.set(Phase::MOVING);
            let event = if opens { Event::Deliver(id, node) } else { Event::Stray(id, node) };
            self.send_once_more(&message, event.into(), sent);
        }
    }

    /// What was sent over a connection of before arrives.
    #[cold]
    pub(super) fn arrive_astray(&mut self, id: CallId, node: NodeId) {
        let is_there = |health| matches!(health, Health::Up | Health::Refusing);
        let health = self.nodes[node.index()].health;
        if is_there(health) || self.who_stands_in(node).is_some() {
            self.stop_moving(id);
            self.send_reset(id, false);
        } else if health == Health::Hung {
            self.hold(node, Event::Stray(id, node));
        } else {
            self.meet_silence(id, node);
        }
    }
}
