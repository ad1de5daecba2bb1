//! Asynchronous: the client has its answer as soon as the primary has committed. What is on its way to the replicas when the
//! primary dies is lost: the writes acknowledged within the last one-way delay, always the tail of the log.

use super::Mode;
use crate::catalog::Policy;

pub(super) const ENTRY: Policy = Policy {
    name: "async",
    about: "the primary answers at once; replicas get the log as fast as it travels; what is on its way when the primary dies is lost: the writes of one way's time",
    source: "MySQL 8.0 Reference Manual, ch. 19 (asynchronous by default); PostgreSQL synchronous_commit = local",
    wrong_when: "no acknowledged write may be lost when the primary dies",
};

pub(super) const MODE: Mode = Mode {
    confirmed: |end, _| end,
    answers_when_applied: false,
    clean: false,
    reads_need_lease: false,
    waits: false,
};
