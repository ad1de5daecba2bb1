//! Messages through queues.

use super::Better::{Higher, Lower, Neither};
use super::{Metric, count, metric, of_messages};
use crate::kernel::{milliseconds, seconds};

/// A percentile of how long messages waited.
macro_rules! age {
    ($column:literal, $about:literal, $q:literal) => {
        metric($column, Lower, $about, |f| of_messages(f, |m| m.age.quantile($q).map(milliseconds)))
            .percentile($q, |f| f.messages.as_ref().map_or(0, |m| m.age.count()))
    };
}

/// In the order of the columns.
pub(super) const METRICS: &[Metric] = &[
    metric("messages_published_count", Neither, "messages that their broker has acknowledged in the measured part", |f| {
        of_messages(f, |m| count(m.published_count))
    }),
    metric(
        "messages_processed_count",
        Higher,
        "messages processed for the first time in the measured part, whenever they were published; dead letters that somebody completed, there or too late, as well",
        |f| of_messages(f, |m| count(m.processed_count)),
    ),
    metric("messages_duplicated_count", Lower, "effects of messages that had taken place before", |f| {
        of_messages(f, |m| count(m.duplicated_count))
    }),
    metric("messages_reordered_count", Lower, "messages processed after a later one of the same key", |f| {
        of_messages(f, |m| count(m.reordered_count))
    }),
    metric(
        "messages_lost_count",
        Lower,
        "messages acknowledged and gone, in the measured part: neither processed nor held nor dead-lettered",
        |f| of_messages(f, |m| count(m.lost_count)),
    ),
    metric(
        "messages_dead_count",
        Lower,
        "messages set aside as dead letters in the measured part, whether processed (before, afterwards, in the second queue) or not",
        |f| of_messages(f, |m| count(m.dead_count)),
    ),
    age!(
        "message_age_p50_ms",
        "half of the messages that were processed, or still wait at the end, had waited so long since they were published, or less; lost ones are left out",
        0.5
    ),
    age!("message_age_p95_ms", "95 % of them had waited so long, or less", 0.95),
    age!("message_age_p99_ms", "99 % of them had waited so long, or less", 0.99),
    metric("queue_backlog_end_count", Lower, "messages that wait or are in work for the first time at the end (one that has been processed and is handed out again is none)", |f| {
        of_messages(f, |m| count(m.backlog_count))
    }),
    metric("queue_backlog_max_count", Lower, "the most messages that waited or were in work for the first time at a moment of the measured part; of queues whose consumers have no database in common the sum of their largest, which need not be of one moment", |f| {
        of_messages(f, |m| m.backlog_max_count.and_then(count))
    }),
    metric(
        "queue_drain_s",
        Lower,
        "time from the largest backlog until it is back at its mean of the latter half of the warm-up (rounded up, at least 1), 0 if it never was above; at the end the time so far, or empty if more wait than ever in that half: a check for less then fails",
        |f| of_messages(f, |m| m.drain_ns.map(seconds)),
    )
    .ends_of("messages_published_count"),
];
