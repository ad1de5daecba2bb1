//! Synchronous: the client waits until every replica that counts has the write on disk; if none counts, commits hang.
//! Durable, but not read-your-writes on a replica: it may not have applied the write yet.

use super::{Mode, slowest};
use crate::catalog::Policy;

pub(super) const ENTRY: Policy = Policy {
    name: "sync",
    about: "the client waits until all living replicas have the write in their logs (on disk, but for log \"interval\"); with none, commits hang, and keep their connections",
    source: "PostgreSQL 15 manual, ch. 27.2.8 (synchronous_commit = on)",
    wrong_when: "the slowest replica must not set the pace of writes, or users read from replicas what they just wrote",
};

pub(super) const MODE: Mode = Mode {
    confirmed: |_, replicas| slowest(replicas, |replica| replica.received),
    answers_when_applied: false,
    clean: true,
    reads_need_lease: false,
    waits: true,
};
