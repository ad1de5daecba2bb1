//! When a primary may tell a client that its write is done: one file for each answer.

mod asynchronous;
mod majority;
mod quorum;
mod remote_apply;
mod semi_synchronous;
pub mod shared_storage;
mod synchronous;

use crate::catalog::{Policy, Settings};
use crate::components::database::counted::entry::Plan;
use crate::kernel::Time;

/// The modes, in the order in which scripts see them.
pub const MODES: &[Policy] = &[
    asynchronous::ENTRY,
    semi_synchronous::ENTRY,
    synchronous::ENTRY,
    remote_apply::ENTRY,
    shared_storage::ENTRY,
    quorum::ENTRY,
    majority::ENTRY,
];

/// What a primary knows of a replica: by its answers only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Entries that it has received without a gap, and keeps on disk.
    pub received: u32,
    /// Entries that its readers see.
    pub applied: u32,
    /// Whether the coordinator counts it.
    pub counts: bool,
    /// Whether it is a storage node, not a replica.
    pub stores: bool,
}

/// How a mode works.
#[derive(Clone, Copy, Debug)]
pub struct Mode {
    /// Up to which entry clients may have their answers; the own log ends at `end`.
    pub confirmed: fn(end: u32, replicas: &[Standing]) -> u32,
    /// Whether a replica answers only when it has applied an entry.
    pub answers_when_applied: bool,
    /// Whether only replicas that had everything may take over: else nobody does, rather than lose something.
    pub clean: bool,
    /// Whether a write waits for somebody else: it keeps its connection until then.
    pub waits: bool,
    /// Whether a replica serves reads only while its primary waits for it.
    pub reads_need_lease: bool,
}

/// As the settings say, by index in [`MODES`]; else as the profile does, where there is somebody to replicate to.
pub fn of(settings: &Settings) -> usize {
    if settings.count("replicas").unwrap_or(0) == 0 {
        return settings.choice("replication");
    }
    let name = Plan::new(settings).choice("replication", MODES);
    MODES.iter().position(|policy| policy.name == name).expect("profiles name modes that there are")
}

/// Whether this one has no primary and no log.
pub fn is_leaderless(choice: usize) -> bool {
    MODES[choice].name == "quorum"
}

/// Whether the members of this one elect their leader themselves.
pub fn is_elected(choice: usize) -> bool {
    MODES[choice].name == "majority"
}

/// By index in [`MODES`]; of those whose primary a coordinator appoints.
pub fn mode(choice: usize) -> Mode {
    match MODES[choice].name {
        "semi_sync" => semi_synchronous::MODE,
        "sync" => synchronous::MODE,
        "remote_apply" => remote_apply::MODE,
        "shared_storage" => shared_storage::MODE,
        _ => asynchronous::MODE,
    }
}

/// How long a write of this one waits for a replica, before its primary goes on without.
pub fn gives_up_after(choice: usize, settings: &Settings) -> Option<Time> {
    let falls_back = MODES[choice].name == "semi_sync";
    falls_back.then(|| settings.duration("semi_sync_timeout").expect("preset"))
}

/// The smallest position among the replicas that count; nothing if none counts: then commits wait.
fn slowest(replicas: &[Standing], position: fn(&Standing) -> u32) -> u32 {
    replicas.iter().filter(|replica| replica.counts).map(position).min().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn when_a_write_is_confirmed() {
        let standing = |received, applied, counts| Standing { received, applied, counts, stores: false };
        let replicas = [standing(7, 5, true), standing(9, 4, true), standing(2, 1, false)];
        let confirmed = |name: &str, replicas: &[Standing]| {
            let choice = MODES.iter().position(|policy| policy.name == name).unwrap();
            (mode(choice).confirmed)(10, replicas)
        };
        assert_eq!(confirmed("async", &replicas), 10);
        assert_eq!(confirmed("semi_sync", &replicas), 9);
        assert_eq!(confirmed("sync", &replicas), 7);
        assert_eq!(confirmed("remote_apply", &replicas), 4);
        let dead = [standing(3, 3, false)];
        assert_eq!((confirmed("sync", &dead), confirmed("remote_apply", &dead)), (0, 0), "commits hang");
        assert_eq!(confirmed("semi_sync", &[]), 0);
    }
}
