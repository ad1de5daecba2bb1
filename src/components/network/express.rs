//! What nearly every message asks of the network, answered from a table: does it only take time, and over which link?

use super::cuts::Cuts;
use super::link::Link;
use crate::kernel::NodeId;

/// For each pair of groups (from, to): over what a message goes, if nothing but time can happen to it. Drawn up anew when a link or a cut
/// changes.
#[derive(Clone, Debug)]
pub(super) struct Express {
    groups: usize,
    /// [`ASK`], [`NO_LINK`], or the index of a link plus [`FIRST`].
    ways: Vec<u32>,
}

/// More than a delay: the network is asked in full.
const ASK: u32 = 0;
/// No link lies between them: they talk in no time.
const NO_LINK: u32 = 1;
const FIRST: u32 = 2;

/// How a message goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// The network is to be asked in full.
    Ask,
    /// In no time.
    NoTime,
    /// Over this link, which only takes time.
    Link(usize),
}

impl Express {
    pub fn without_links(groups: usize) -> Self {
        Express::draw_up(&vec![0; groups * groups], &[], &vec![NodeId::NONE; groups], &Cuts::default())
    }

    /// From the links between groups (index plus one, 0 = none). A group that stands beside its callers, and the nodes of one group among
    /// themselves, are for the network to look at; so is everybody while anything is cut.
    pub fn draw_up(between: &[u32], links: &[Link], beside: &[NodeId], cuts: &Cuts) -> Self {
        let groups = beside.len();
        let is_asked = |from: usize, to: usize| {
            let has_driver = [from, to].into_iter().any(|group| beside[group] != NodeId::NONE);
            from == to || has_driver || !cuts.is_empty()
        };
        let way = |(pair, link): (usize, &u32)| match link.checked_sub(1) {
            _ if is_asked(pair / groups, pair % groups) => ASK,
            None => NO_LINK,
            Some(index) if links[index as usize].is_plain() => index + FIRST,
            Some(_) => ASK,
        };
        Express { groups, ways: between.iter().enumerate().map(way).collect() }
    }

    #[inline(always)]
    pub fn way(&self, from: u16, to: u16) -> Way {
        match self.ways[usize::from(from) * self.groups + usize::from(to)] {
            ASK => Way::Ask,
            NO_LINK => Way::NoTime,
            link => Way::Link((link - FIRST) as usize),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::LinkPlan;
    use super::*;
    use crate::kernel::transit::End;
    use crate::random::variate::Variate;

    fn links(slow: f64) -> Vec<Link> {
        let plain = LinkPlan::instant(Variate::constant(5));
        let lossy = LinkPlan { loss: 0.5, ..plain.clone() };
        let mut links: Vec<Link> = [plain, lossy].into_iter().map(|plan| Link::new(plan, "a", "b")).collect();
        links[0].slow(slow);
        links
    }

    /// Groups 0 to 2: a plain link between 0 and 1, one that loses between 0 and 2, none between 1 and 2; one within group 1.
    const BETWEEN: [u32; 9] = [0, 1, 2, 1, 1, 0, 2, 0, 0];

    fn drawn(slow: f64, beside: [NodeId; 3], cuts: &Cuts) -> Express {
        Express::draw_up(&BETWEEN, &links(slow), &beside, cuts)
    }

    #[test]
    fn only_time_is_for_the_table() {
        let express = drawn(1.0, [NodeId::NONE; 3], &Cuts::default());
        let ways = |from: u16| [0, 1, 2].map(|to| express.way(from, to));
        assert_eq!(ways(0), [Way::Ask, Way::Link(0), Way::Ask], "what loses is more than time");
        assert_eq!(ways(1), [Way::Link(0), Way::Ask, Way::NoTime]);
        assert_eq!(ways(2), [Way::Ask, Way::NoTime, Way::Ask], "a group may have a front");
    }

    #[test]
    fn what_is_slowed_cut_or_beside_its_callers_is_for_the_network() {
        let none = [NodeId::NONE; 3];
        assert_eq!(drawn(2.0, none, &Cuts::default()).way(0, 1), Way::Ask);
        let driver = drawn(1.0, [NodeId::NONE, NodeId(4), NodeId::NONE], &Cuts::default());
        assert_eq!([driver.way(0, 1), driver.way(2, 1), driver.way(0, 2)], [Way::Ask; 3]);
        let mut cuts = Cuts::default();
        cuts.say((End::Group(0), End::Group(1)), true, |_| unreachable!("no node is named"));
        assert_eq!(drawn(1.0, none, &cuts).way(1, 2), Way::Ask);
    }
}
