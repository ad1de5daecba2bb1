//! Which member of a shard answers a read: one file for each answer.

mod any;
mod lag_bounded;
pub mod nearest;
mod primary;
mod read_your_writes;

use crate::catalog::{Policy, Settings};
use crate::components::database::counted::entry::Plan;
use crate::kernel::NodeId;

/// The policies, in the order in which scripts see them.
pub const READS: &[Policy] =
    &[primary::ENTRY, any::ENTRY, nearest::ENTRY, read_your_writes::ENTRY, lag_bounded::ENTRY];

/// As the settings say, by index in [`READS`]; else as the profile does, where there are replicas.
pub fn of(settings: &Settings) -> usize {
    if settings.count("replicas").unwrap_or(0) == 0 {
        return settings.choice("reads");
    }
    let name = Plan::new(settings).choice("reads", READS);
    READS.iter().position(|policy| policy.name == name).expect("profiles name policies that there are")
}

/// What the router knows of a member.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// Its node.
    pub node: NodeId,
    /// Whether it is up and has its rows, as last heard.
    pub up: bool,
}

/// How a policy works.
#[derive(Clone, Copy, Debug)]
pub struct Reads {
    /// Chooses a member that is up; `turn` counts the reads.
    pub pick: fn(members: &[Seen], primary: usize, turn: usize) -> usize,
    /// Whether a session's reads carry the position of its last write, for which the replica waits.
    pub carries_position: bool,
    /// Whether replicas that are too far behind send readers to the primary.
    pub bounds_lag: bool,
    /// Whether the router measures how far members are, and goes by that; `pick` says who stands in until it knows.
    pub measures: bool,
}

/// By index in [`READS`].
pub fn reads(choice: usize) -> Reads {
    match READS[choice].name {
        "any" => any::READS,
        "nearest" => nearest::READS,
        "read_your_writes" => read_your_writes::READS,
        "lag_bounded" => lag_bounded::READS,
        _ => primary::READS,
    }
}

/// The replicas in turn; the primary if none is up.
fn in_turn(members: &[Seen], primary: usize, turn: usize) -> usize {
    let is_fit = |at: &usize| *at != primary && members[*at].up;
    let count = (0..members.len()).filter(is_fit).count();
    match count {
        0 => primary,
        count => (0..members.len()).filter(is_fit).nth(turn % count).unwrap_or(primary),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(up: bool) -> Seen {
        Seen { node: NodeId(0), up }
    }

    #[test]
    fn who_answers() {
        let members = [true, true, false, true].map(seen);
        let picked = |name: &str, turn| {
            let choice = READS.iter().position(|policy| policy.name == name).unwrap();
            (reads(choice).pick)(&members, 0, turn)
        };
        assert_eq!([0, 1, 2].map(|turn| picked("any", turn)), [1, 3, 1], "dead replicas are passed over");
        assert_eq!(picked("primary", 5), 0);
        assert_eq!(picked("nearest", 5), 0, "the primary, until round trips are known");
        assert_eq!(in_turn(&[true, false].map(seen), 0, 7), 0, "the primary stands in");
    }
}
