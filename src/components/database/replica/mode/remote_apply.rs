//! Remote apply: the client waits until every replica that counts shows the write to its readers. No read of a replica is
//! stale; to keep that promise a replica serves reads only while it holds a lease and its primary waits for it.

use super::{Mode, slowest};
use crate::catalog::Policy;

pub(super) const ENTRY: Policy = Policy {
    name: "remote_apply",
    about: "the client waits until all living replicas show the write: no stale read on any of them",
    source: "PostgreSQL 15 manual, ch. 27.2.8 (synchronous_commit = remote_apply)",
    wrong_when: "replicas apply slowly, or writes must go on at once when a replica falls silent",
};

pub(super) const MODE: Mode = Mode {
    confirmed: |_, replicas| slowest(replicas, |replica| replica.applied),
    answers_when_applied: true,
    clean: true,
    reads_need_lease: true,
    waits: true,
};
