//! Between whom nothing passes. What is said of groups and places holds for whoever is in them when a message is sent, and what is said
//! last is what is.

use crate::kernel::NodeId;
use crate::kernel::transit::End;

/// That nothing passes between two ends, or that everything does again.
#[derive(Clone, Copy, Debug)]
struct Rule {
    ends: (End, End),
    cut: bool,
}

/// What stops a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Cut {
    /// One of its ends is cut off as a node: it reaches nobody over there, nor what stands for them.
    Node,
    /// Groups or places are cut off from each other: what stands beside its caller is no part of the way.
    Many,
}

/// All that was said of cuts and is not outdated, in order; and whether those between groups have ever stopped a message. (Of single nodes
/// some need not talk: a member is cut off from each of the others.)
#[derive(Clone, Default, Debug)]
pub(super) struct Cuts {
    rules: Vec<Rule>,
    /// Between whom there has been a cut, and whether a message met it.
    met: Vec<((End, End), bool)>,
}

/// A node, its group, and its place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Member {
    pub node: NodeId,
    pub group: u16,
    /// 0 = nowhere in particular: no place's cut concerns it.
    pub place: u16,
}

fn holds(end: End, member: Member) -> bool {
    match end {
        End::Node(own) => own == member.node,
        End::Group(own) => own == member.group,
        End::Place(own) => own == member.place,
    }
}

fn both_ways(ends: (End, End), is: impl Fn(End, End) -> bool) -> bool {
    is(ends.0, ends.1) || is(ends.1, ends.0)
}

impl Cuts {
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Something is said; `member` tells of a node where it belongs. What was said before of some of the same is outdated.
    pub fn say(&mut self, ends: (End, End), cut: bool, member: impl Fn(NodeId) -> Member) {
        let within = |small: End, large: End| match small {
            End::Node(node) => holds(large, member(node)),
            End::Group(_) | End::Place(_) => small == large,
        };
        let is_outdated = |rule: &Rule| both_ways(rule.ends, |a, b| within(a, ends.0) && within(b, ends.1));
        self.rules.retain(|rule| !is_outdated(rule));
        self.rules.push(Rule { ends, cut });
        if self.rules.iter().all(|rule| !rule.cut) {
            self.rules.clear();
        }
        let of_many = [ends.0, ends.1].iter().any(|end| !matches!(end, End::Node(_)));
        if cut && of_many && self.met.iter().all(|(other, _)| *other != ends) {
            self.met.push((ends, false));
        }
    }

    /// Between whom a cut has never stopped anything.
    pub fn idle(&self) -> Vec<(End, End)> {
        self.met.iter().filter(|(_, met)| !met).map(|(ends, _)| *ends).collect()
    }

    /// What stops a message between these two. A node is never cut off from itself.
    #[cold]
    #[inline(never)]
    pub fn between(&mut self, from: Member, to: Member) -> Option<Cut> {
        let rule = *self.rule(from, to)?;
        self.met.iter_mut().filter(|(ends, _)| *ends == rule.ends).for_each(|(_, met)| *met = true);
        let of_node = [rule.ends.0, rule.ends.1].iter().any(|end| matches!(end, End::Node(_)));
        Some(if of_node { Cut::Node } else { Cut::Many })
    }

    /// Whether a message between these two would be stopped.
    pub fn are_apart(&self, from: Member, to: Member) -> bool {
        self.rule(from, to).is_some()
    }

    fn rule(&self, from: Member, to: Member) -> Option<&Rule> {
        let concerns = |rule: &&Rule| both_ways(rule.ends, |a, b| holds(a, from) && holds(b, to));
        self.rules.iter().rev().find(concerns).filter(|rule| rule.cut && from.node != to.node)
    }

    /// Whether anything is said of a node.
    pub fn concern(&self, member: Member) -> bool {
        self.rules.iter().any(|rule| holds(rule.ends.0, member) || holds(rule.ends.1, member))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NODES: u16 = 6;

    /// Three groups of two, whose nodes are at places 1 to 3, or nowhere.
    fn belongs(node: NodeId) -> Member {
        Member { node, group: node.0 / 2, place: node.0 % 4 }
    }

    fn member(node: u16) -> Member {
        belongs(NodeId(node))
    }

    fn end() -> impl Strategy<Value = End> {
        prop_oneof![
            (0..NODES).prop_map(|n| End::Node(NodeId(n))),
            (0..NODES / 2).prop_map(End::Group),
            (1..4u16).prop_map(End::Place)
        ]
    }

    proptest! {
        /// Against a table of all pairs, in which each sentence is carried out at once.
        #[test]
        fn what_is_said_last_is_what_is(said in proptest::collection::vec((end(), end(), any::<bool>()), 0..12)) {
            let mut cuts = Cuts::default();
            let mut table = [[false; NODES as usize]; NODES as usize];
            for (a, b, cut) in said {
                cuts.say((a, b), cut, belongs);
                for x in 0..NODES {
                    for y in 0..NODES {
                        if holds(a, member(x)) && holds(b, member(y)) && x != y {
                            table[x as usize][y as usize] = cut;
                            table[y as usize][x as usize] = cut;
                        }
                    }
                }
                for x in 0..NODES {
                    for y in 0..NODES {
                        let found = cuts.between(member(x), member(y)).is_some();
                        prop_assert_eq!(found, table[x as usize][y as usize], "{} {}", x, y);
                        prop_assert_eq!(found, cuts.are_apart(member(x), member(y)));
                        prop_assert!(!found || cuts.concern(member(x)));
                    }
                }
            }
            prop_assert!(cuts.rules.len() <= 78, "one rule for each pair of ends at most");
        }
    }

    #[test]
    fn who_joins_a_group_is_cut_off_with_it() {
        let mut cuts = Cuts::default();
        cuts.say((End::Node(NodeId(0)), End::Group(1)), true, belongs);
        let joins = |node| Member { node: NodeId(node), group: 1, place: 0 };
        assert_eq!(cuts.between(joins(40), member(0)), Some(Cut::Node));
        assert_eq!(cuts.between(joins(40), member(1)), None);
        cuts.say((End::Group(1), End::Group(0)), true, belongs);
        let other = Member { group: 0, ..joins(41) };
        assert_eq!(cuts.between(joins(40), other), Some(Cut::Many));
    }

    #[test]
    fn places_are_cut_off_with_all_who_are_there() {
        let at = |node, place| Member { node: NodeId(node), group: 0, place };
        let mut cuts = Cuts::default();
        cuts.say((End::Place(1), End::Place(2)), true, belongs);
        assert_eq!(cuts.between(at(1, 1), at(2, 2)), Some(Cut::Many));
        assert_eq!(cuts.between(at(2, 2), at(40, 1)), Some(Cut::Many));
        let others = [(1, 1), (1, 3), (1, 0), (0, 0)];
        assert!(others.iter().all(|(a, b)| cuts.between(at(1, *a), at(2, *b)).is_none()));
        cuts.say((End::Node(NodeId(1)), End::Place(2)), false, belongs);
        assert!(!cuts.are_apart(at(1, 1), at(2, 2)) && cuts.are_apart(at(3, 1), at(2, 2)));
    }

    #[test]
    fn a_cut_that_has_stopped_nothing_is_known() {
        let mut cuts = Cuts::default();
        let [first, second] = [(End::Group(0), End::Group(1)), (End::Node(NodeId(0)), End::Group(2))];
        cuts.say(first, true, belongs);
        cuts.say(second, true, belongs);
        cuts.say((End::Node(NodeId(2)), End::Node(NodeId(3))), true, belongs);
        assert_eq!(cuts.between(member(1), member(4)), None);
        assert_eq!(cuts.idle(), [first, second]);
        assert_eq!(cuts.between(member(4), member(0)), Some(Cut::Node));
        assert_eq!(cuts.idle(), [first]);
        cuts.say(second, false, belongs);
        cuts.say(second, true, belongs);
        assert_eq!(cuts.idle(), [first], "once is enough");
        cuts.say(first, false, belongs);
        assert_eq!(cuts.idle(), [first], "it is over, and was for nothing");
    }
}
