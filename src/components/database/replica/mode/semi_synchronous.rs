//! Semi-synchronous: the client waits until one replica has received the write (MySQL: AFTER_SYNC,
//! rpl_semi_sync_source_wait_for_replica_count = 1). When a write has waited for `semi_sync_timeout`, the primary answers all that wait and goes
//! on asynchronously, until a replica confirms the end of its log (mysql-server, semisync_source.cc: switch_off,
//! try_switch_on). What it answers meanwhile is lost if it dies.

use super::Mode;
use crate::catalog::Policy;

pub(super) const ENTRY: Policy = Policy {
    name: "semi_sync",
    about: "the client waits until one replica has received the write; after `semi_sync_timeout` without one writes go on asynchronously, until one has caught up",
    source: "MySQL 8.0 Reference Manual, ch. 19.4.10 (AFTER_SYNC, one replica)",
    wrong_when: "replicas are far away, or a write that was answered may never be lost: without a replica it falls back to \"async\"",
};

pub(super) const MODE: Mode = Mode {
    confirmed: |_, replicas| replicas.iter().map(|replica| replica.received).max().unwrap_or(0),
    answers_when_applied: false,
    clean: false,
    reads_need_lease: false,
    waits: true,
};
