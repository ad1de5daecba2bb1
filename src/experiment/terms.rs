//! When nodes were there to work.

use crate::components::{Layout, stands_by};
use crate::kernel::{Membership, NodeId, Readings, Time, seconds};

/// When nodes came to their groups and left them. Those that it does not name were there from the start, and stay.
#[derive(Clone, Debug, Default)]
pub(super) struct Terms {
    terms: Vec<Term>,
    /// Machines that wait for a resharding.
    waiting: Vec<NodeId>,
}

#[derive(Clone, Debug)]
struct Term {
    node: NodeId,
    joined: Time,
    left: Option<Time>,
    /// What it told when it left.
    readings: Option<Readings>,
}

impl Terms {
    /// As the world begins.
    pub fn new(layout: &Layout) -> Self {
        let mut waiting = Vec::new();
        for group in &layout.groups {
            let nodes = (0..group.count).filter(|n| stands_by(group, *n));
            waiting.extend(nodes.filter_map(|n| group.node(n)));
        }
        Terms { terms: Vec::new(), waiting }
    }

    /// A node has come or gone.
    pub fn note(&mut self, change: &Membership) {
        let left = (!change.joined).then_some(change.time);
        match self.terms.iter_mut().find(|term| term.node == change.node) {
            Some(term) => (term.left, term.readings) = (left, change.readings.clone()),
            None => {
                let joined = if change.joined { change.time } else { 0 };
                let readings = change.readings.clone();
                self.terms.push(Term { node: change.node, joined, left, readings });
            }
        }
    }

    /// How long a node was a member, in seconds of a span.
    pub fn within(&self, node: NodeId, (from, to): (Time, Time)) -> f64 {
        let term = self.terms.iter().find(|term| term.node == node);
        let (joined, left) = term.map_or((0, None), |term| (term.joined, term.left));
        seconds(left.unwrap_or(to).min(to).saturating_sub(joined.max(from)))
    }

    /// The same; a machine that has waited for a resharding ever since was not there. `later` is what it tells at the end.
    pub fn working(&self, node: NodeId, span: (Time, Time), later: &Readings) -> f64 {
        let waits = self.waiting.contains(&node) && later.count_of("arrivals") == 0;
        if waits { 0.0 } else { self.within(node, span) }
    }

    /// What levels are read off at the end of a span: what the node told when it left, if it left within. (What it had in hand
    /// then is counted, but it was not there any more.)
    pub fn until_it_left<'r>(
        &'r self,
        node: NodeId,
        (from, to): (Time, Time),
        later: &'r Readings,
    ) -> &'r Readings {
        let is_it =
            |term: &&Term| term.node == node && term.left.is_some_and(|left| (from..to).contains(&left));
        self.terms.iter().find(is_it).and_then(|term| term.readings.as_ref()).unwrap_or(later)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::SECOND;

    #[test]
    fn a_node_is_there_from_joining_to_leaving() {
        let mut terms = Terms::default();
        let change = |node, second, joined| Membership {
            time: second * SECOND,
            group: 0,
            node: NodeId(node),
            joined,
            readings: None,
        };
        for (node, second, joined) in [(7, 20, true), (0, 15, false), (7, 50, false), (8, 25, true)] {
            terms.note(&change(node, second, joined));
        }
        let within = |node, from, to| terms.within(NodeId(node), (from * SECOND, to * SECOND));
        assert_eq!([0, 1, 7, 8].map(|node| within(node, 10, 30)), [5.0, 20.0, 10.0, 5.0]);
        assert_eq!([0, 1, 7, 8].map(|node| within(node, 40, 60)), [0.0, 20.0, 10.0, 20.0]);
    }
}
