//! Nodes that stand still for a while by themselves, and nodes that take another's place.

use super::call::{CallId, Phase};
use super::component::Control;
use super::core::Core;
use super::event::{Event, NodeId};
use super::node::Health;
use super::simulation::Simulation;
use super::time::Time;

impl Core {
    /// A node stands still for `span` (a garbage collection): as if it hung, and then recovers by itself.
    pub(super) fn pause(&mut self, node: NodeId, span: Time) {
        self.set_health(node, Health::Hung);
        let pause = self.held[node.index()].next_pause();
        self.schedule(self.now.saturating_add(span), Event::Wake(node, pause));
    }

    /// `stand_in` takes calls to `owner` while the owner is down: it has taken over its address.
    pub(super) fn set_stand_in(&mut self, owner: NodeId, stand_in: NodeId) {
        if self.stand_ins.len() <= owner.index() {
            self.stand_ins.resize(owner.index() + 1, NodeId::NONE);
        }
        self.stand_ins[owner.index()] = stand_in;
        if stand_in != NodeId::NONE
            && matches!(self.nodes[owner.index()].health, Health::Refusing | Health::Silent)
        {
            self.know_nobody(owner);
        }
    }

    /// Who answers in a node's place while it is down.
    pub(super) fn who_stands_in(&self, owner: NodeId) -> Option<NodeId> {
        let other = *self.stand_ins.get(owner.index())?;
        Some(other).filter(|other| *other != NodeId::NONE && self.nodes[other.index()].health == Health::Up)
    }

    /// A call comes to a node that is down: whoever stands in for it takes it.
    #[cold]
    pub(super) fn stand_in(&mut self, id: CallId) -> Option<NodeId> {
        let other = self.who_stands_in(self.calls.get(id)?.callee)?;
        let call = self.calls.get_mut(id)?;
        call.callee = other;
        call.phase.clear(Phase::MOVING);
        call.phase.set(Phase::OPEN);
        self.ledger.opened += 1;
        Some(other)
    }
}

impl Simulation {
    /// A pause is over, unless somebody has made a real hang or a crash of it.
    #[cold]
    pub(super) fn wake(&mut self, node: NodeId, pause: u32) {
        if self.health(node) == Health::Hung && self.is_pause(node, pause) {
            self.control(node, Control::new(Control::RECOVER, 0));
        }
    }

    /// What has waited at a node's door comes in, in its order; while it does, [`Ctx::waited`] says for how long each has waited there.
    #[cold]
    pub(super) fn release(&mut self, node: NodeId) {
        let now = self.core.now;
        for (event, since) in self.core.held[node.index()].take(now) {
            self.core.waited = now - since;
            self.dispatch(event.into());
        }
        self.core.waited = 0;
    }
}
