//! Partitions that parted nobody, and links that nothing went over.

use crate::components::Layout;
use crate::kernel::Simulation;
use crate::kernel::transit::End;
use crate::model::LinkSpec;

/// How the warning begins that a partition stopped nothing.
pub(super) const IDLE_CUT: &str = "no message met the partition";

/// Says so of each partition that never stopped a message: its two ends do not talk, at least not while it lasted.
pub(super) fn idle_cuts(layout: &Layout, simulation: &Simulation) -> Vec<String> {
    let name = |end| match end {
        End::Group(group) => layout.groups[usize::from(group)].name.clone(),
        End::Node(node) => layout.name_of(node),
        End::Place(place) => layout.map.name(place).unwrap_or_default().to_string(),
    };
    let idle = simulation.idle_cuts().into_iter().map(|(a, b)| (name(a), name(b)));
    idle.map(|(a, b)| format!("{IDLE_CUT} of {a} and {b}: while it lasted neither sent the other anything"))
        .collect()
}

/// How the warning begins that a link was of no use.
pub(super) const IDLE_LINK: &str = "nothing went over the link";

/// Says so of each link of the script that nothing went over: its two ends do not talk.
pub(super) fn idle_links(links: &[LinkSpec], layout: &Layout, simulation: &Simulation) -> Vec<String> {
    let name = |group: usize| layout.groups[group].name.as_str();
    let idle = links.iter().filter(|link| !simulation.has_carried(link.a as u16, link.b as u16));
    idle.map(|link| {
        let (a, b, line) = (name(link.a), name(link.b), link.place.line);
        format!("{IDLE_LINK} of {a} and {b} in line {line}: they do not talk with each other; a link joins those who do")
    })
    .collect()
}
