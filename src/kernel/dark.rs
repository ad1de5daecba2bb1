//! Places where all is down: nobody starts there until they are back.

use super::component::Control;
use super::event::NodeId;
use super::simulation::Simulation;

/// Numbers of places (those of the map; 0 is nowhere), in no order: there are few.
#[derive(Clone, Debug, Default)]
pub(super) struct Dark(Vec<u16>);

impl Simulation {
    /// From now on nobody starts in a place, or (`false`) everybody can again. Who stands there is told apart from this.
    pub fn darken(&mut self, place: u16, is_dark: bool) {
        self.dark.0.retain(|other| *other != place);
        if is_dark {
            self.dark.0.push(place);
        }
    }

    /// Whether a node stands where nobody starts.
    pub(super) fn is_in_the_dark(&self, node: NodeId) -> bool {
        !self.dark.0.is_empty() && self.dark.0.contains(&self.nursery.place(node))
    }

    /// A node that has just been made where nobody starts is down until its place is back.
    pub(super) fn stay_down(&mut self, node: NodeId) {
        if self.is_in_the_dark(node) {
            self.control(node, Control::new(Control::CRASH_HOST, 0));
            let now = self.core.now;
            self.core.journal.add(now, node, "down", "it stands in a region that is down".into());
        }
    }
}
