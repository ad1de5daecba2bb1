//! Partitions that parted nobody.

use crate::components::Layout;
use crate::kernel::Simulation;
use crate::kernel::transit::End;

/// How the warning begins that a partition stopped nothing.
pub(super) const IDLE_CUT: &str = "no message met the partition";

/// Says so of each partition that never stopped a message: its two ends do not talk, at least not while it lasted.
pub(super) fn idle_cuts(layout: &Layout, simulation: &Simulation) -> Vec<String> {
    let name = |end| match end {
        End::Group(group) => layout.groups[usize::from(group)].name.clone(),
        End::Node(node) => layout.name_of(node),
    };
    let idle = simulation.idle_cuts().into_iter().map(|(a, b)| (name(a), name(b)));
    idle.map(|(a, b)| format!("{IDLE_CUT} of {a} and {b}: while it lasted neither sent the other anything"))
        .collect()
}
