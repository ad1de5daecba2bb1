//! Semi-synchronous: the client waits until one replica has received the write (MySQL: AFTER_SYNC,
//! rpl_semi_sync_source_wait_for_replica_count = 1). MySQL gives up after rpl_semi_sync_source_timeout (10 s) and goes on
//! asynchronously; here commits wait, since going on is asynchronous replication under another name.

use super::Mode;
use crate::catalog::Policy;

pub(super) const ENTRY: Policy = Policy {
    name: "semi_sync",
    about: "the client waits until one replica has received the write",
    source: "MySQL 8.0 Reference Manual, ch. 19.4.10 (AFTER_SYNC, one replica)",
    wrong_when: "replicas are far away, or one replica is all there is and it may die",
};

pub(super) const MODE: Mode = Mode {
    confirmed: |_, replicas| replicas.iter().map(|replica| replica.received).max().unwrap_or(0),
    answers_when_applied: false,
    clean: false,
    reads_need_lease: false,
};
