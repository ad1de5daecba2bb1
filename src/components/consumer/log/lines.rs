//! A reader's connections to the brokers.

use super::Reader;
use crate::kernel::{CallId, Ctx, NodeId};

impl Reader {
    pub(super) fn place_of(&self, broker: NodeId) -> usize {
        self.brokers.iter().position(|other| *other == broker).unwrap_or(0)
    }

    /// Another broker may know who leads.
    pub(super) fn look_elsewhere(&mut self, index: usize, cx: &mut Ctx<'_>) {
        let after = self.place_of(self.shares[index].leader) + 1;
        self.shares[index].leader = self.brokers[after % self.brokers.len()];
        self.again(index, false, cx);
    }

    /// A broker does not answer or knows of no connection: all that was asked of it has failed (NetworkClient closes the connection).
    pub(super) fn close(&mut self, broker: NodeId, cx: &mut Ctx<'_>) {
        let place = self.place_of(broker);
        self.lines[place].renew();
        for index in 0..self.shares.len() {
            let share = &mut self.shares[index];
            if share.leader == broker && !share.fetch.is_none() {
                cx.abandon(std::mem::replace(&mut share.fetch, CallId::NONE));
                self.look_elsewhere(index, cx);
            }
        }
    }
}
