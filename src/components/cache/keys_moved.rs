//! What a node loses when its group changes and somebody else hashes: the items that belong to other nodes from then on.

use super::super::Site;
use super::group;
use super::shelf::Shelf;
use crate::kernel::{Control, Ctx};
use crate::parts::ring::{Ring, Server};
use std::sync::Arc;

/// A node's own idea of who has which key. It follows every change at once; callers may be late.
#[derive(Clone)]
pub(super) struct KeysMoved {
    group: u16,
    name: String,
    /// Nodes that the group ever had.
    known: u64,
    /// The nodes that are there from the start share one until something changes.
    ring: Arc<Ring>,
    /// Items there when the group changed, and those of them that belong to others since.
    pub held: u64,
    pub moved: u64,
}

impl KeysMoved {
    /// What the nodes of a group know when they are made; nothing in a cluster, whose slots say so.
    pub fn of(site: &Site<'_>) -> Option<Self> {
        (!group::is_cluster(site.settings())).then(|| KeysMoved {
            group: site.index as u16,
            name: site.group().name.clone(),
            known: site.group().nodes().count() as u64,
            ring: Arc::new(group::ring(site)),
            held: 0,
            moved: 0,
        })
    }

    /// The group has changed. Counts what that costs this node.
    pub fn on_control(&mut self, control: &Control, shelf: &dyn Shelf, cx: &mut Ctx<'_>) {
        let (group, node) = control.subject();
        if group != self.group || !matches!(control.verb, Control::JOIN | Control::LEAVE) {
            return;
        }
        let before = self.ring.clone();
        let ring = Arc::make_mut(&mut self.ring);
        if control.verb == Control::JOIN {
            ring.add(Server::new(node.0, format!("{}/{}", self.name, self.known)));
            self.known += 1;
        } else {
            ring.remove(node.0);
        }
        self.count(&before, shelf, cx);
    }

    fn count(&mut self, before: &Ring, shelf: &dyn Shelf, cx: &mut Ctx<'_>) {
        let me = Some(cx.node().0);
        let (mut held, mut moved) = (0, 0);
        shelf.each(&mut |item| {
            if before.place(item.key) == me {
                held += 1;
                moved += u64::from(self.ring.place(item.key) != me);
            }
        });
        self.held += held;
        self.moved += moved;
        if held > 0 {
            cx.tell("keys moved", format!("{moved} of {held} items belong to other nodes from now on"));
        }
    }
}
