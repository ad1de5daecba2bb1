//! Settings of a queue, and what can be wrong with them.

use super::super::{Group, Site, site};
use super::kafka::{self, ACKS};
use super::redis_streams::FSYNCS;
use super::{SEMANTICS, dead_letters, needs, semantics};
use crate::catalog::{Entry, Kind, Measure, Param, Policy, Preset, Problem, Problems, Settings, one_of};
use crate::kernel::SECOND;

/// What happens to a message for which there is no room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Overflow {
    /// The head makes room.
    DropHead,
    /// The producer is told.
    Reject,
    /// The producer waits.
    Block,
}

const OVERFLOWS: &[Policy] = &[
    Policy {
        name: "drop_head",
        about: "the oldest ready message makes room",
        source: "RabbitMQ's guide to queue length limits: its default",
        wrong_when: "old messages matter as much as new ones",
    },
    Policy {
        name: "reject",
        about: "the new message is refused, and its producer told so",
        source: "RabbitMQ's guide to queue length limits: overflow reject-publish",
        wrong_when: "producers cannot do anything else with it",
    },
    Policy {
        name: "block",
        about: "the producer waits for room (a queue that sends its dead letters there does not)",
        source: "RabbitMQ's guide to memory and disk alarms: publishers are blocked",
        wrong_when: "producers must not wait for consumers",
    },
];

impl Overflow {
    /// The choice with this index.
    pub fn of(choice: usize) -> Self {
        [Overflow::DropHead, Overflow::Reject, Overflow::Block][choice]
    }
}

pub(super) static ENTRY: Entry = Entry {
    name: "queue",
    about: "a broker that keeps messages until consumers have processed them",
    chapter: "10",
    headings: &[],
    params: &[
        Param {
            name: "kind",
            kind: Kind::Choice(SEMANTICS),
            preset: Preset::Required,
            about: "whose delivery semantics it has",
        },
        Param {
            name: "service",
            kind: Kind::Variate,
            preset: Preset::Absent("0: its own work is not modelled"),
            about: "own work per published message",
        },
        Param {
            name: "cores",
            kind: Kind::Count(1, 1024),
            preset: Preset::Count(1),
            about: "messages it works on at a time, if `service` is given",
        },
        Param {
            name: "length",
            kind: Kind::Count(1, 1_000_000_000),
            preset: Preset::Absent("no bound of its own; beyond 10 million messages a broker rejects"),
            about: "rabbitmq: most ready messages; kafka: records of a partition (one by one; its own retention.bytes deletes whole pieces), redis_streams: MAXLEN: beyond it the oldest go",
        },
        Param {
            name: "overflow",
            kind: Kind::Choice(OVERFLOWS),
            preset: Preset::Choice("drop_head"),
            about: "rabbitmq: what happens when `length` is reached",
        },
        Param {
            name: "ttl",
            kind: Kind::Variate,
            preset: Preset::Absent("none: messages do not expire"),
            about: "rabbitmq: how long a message may wait; it expires only when it is at the head",
        },
        Param {
            name: "durable",
            kind: Kind::Flag,
            preset: Preset::Flag(true),
            about: "rabbitmq: messages are kept on disk; transient ones are gone after a restart",
        },
        Param {
            name: "commit",
            kind: Kind::Variate,
            preset: Preset::Absent("0"),
            about: "rabbitmq: time until a durable message is on disk and its producer has the confirm",
        },
        Param {
            name: "dead_letters",
            kind: Kind::Flag,
            preset: Preset::Flag(false),
            about: "rabbitmq: what expires or makes room is set aside instead of being dropped",
        },
        dead_letters::TO,
        Param {
            name: "max_deliveries",
            kind: Kind::Count(1, 1_000_000),
            preset: Preset::Absent("no limit (classic queues of RabbitMQ have none)"),
            about: "a message that comes back from its n-th delivery is set aside as a dead letter",
        },
        Param {
            name: "heartbeat",
            kind: Kind::Duration,
            preset: Preset::Duration(60 * SECOND),
            about: "rabbitmq: a connection silent for so long is closed (60 s: its guide to heartbeats)",
        },
        Param {
            name: "ack_timeout",
            kind: Kind::Duration,
            preset: Preset::Duration(1800 * SECOND),
            about: "rabbitmq: a delivery unacknowledged for so long closes its connection (30 min: its consumer guide)",
        },
        Param {
            name: "brokers",
            kind: Kind::Count(1, 32),
            preset: Preset::Count(1),
            about: "kafka: brokers; one more node, the last, is controller and group coordinator, and takes a broker that has been silent for 9 s for dead (broker.session.timeout.ms)",
        },
        Param {
            name: "partitions",
            kind: Kind::Count(1, 10_000),
            preset: Preset::Count(1),
            about: "kafka: logs over which keys are spread (1: num.partitions)",
        },
        Param {
            name: "replicas",
            kind: Kind::Count(1, 32),
            preset: Preset::Count(1),
            about: "kafka: brokers that have each partition (1: default.replication.factor)",
        },
        Param {
            name: "acks",
            kind: Kind::Choice(ACKS),
            preset: Preset::Choice("all"),
            about: "kafka: when a producer has its answer (all: producer configs)",
        },
        kafka::REQUEST_TIMEOUT,
        kafka::DELIVERY_TIMEOUT,
        Param {
            name: "min_in_sync",
            kind: Kind::Count(1, 32),
            preset: Preset::Count(1),
            about: "kafka, acks \"all\": with fewer brokers in sync messages are rejected (1: min.insync.replicas)",
        },
        Param {
            name: "unclean",
            kind: Kind::Flag,
            preset: Preset::Flag(false),
            about: "kafka: one that is not in sync may lead if nobody else can (unclean.leader.election.enable)",
        },
        Param {
            name: "flush",
            kind: Kind::Duration,
            preset: Preset::Duration(30 * SECOND),
            about: "kafka: a dead host loses what was written since (30 s: vm.dirty_expire_centisecs of Linux)",
        },
        Param {
            name: "replica_lag",
            kind: Kind::Duration,
            preset: Preset::Duration(30 * SECOND),
            about: "kafka: a follower that has not caught up for so long is not in sync (30 s: replica.lag.time.max.ms)",
        },
        Param {
            name: "session",
            kind: Kind::Duration,
            preset: Preset::Duration(45 * SECOND),
            about: "kafka: a consumer silent for so long loses its share (45 s: session.timeout.ms)",
        },
        Param {
            name: "rebalance_timeout",
            kind: Kind::Duration,
            preset: Preset::Duration(300 * SECOND),
            about: "kafka: sharing out anew waits so long for members, and a worker that has not asked for more for so long leaves at its next heartbeat: it has too much in hand, see `batch` (5 min: max.poll.interval.ms)",
        },
        Param {
            name: "rebalance_delay",
            kind: Kind::Duration,
            preset: Preset::Duration(3 * SECOND),
            about: "kafka: the first sharing waits so long for members (3 s: group.initial.rebalance.delay.ms)",
        },
        Param {
            name: "visibility",
            kind: Kind::Duration,
            preset: Preset::Duration(30 * SECOND),
            about: "sqs: a message handed out is hidden for so long (30 s: SQS Developer Guide, VisibilityTimeout); a delete that comes later than that does nothing with `fifo`, otherwise nothing only if somebody has received the message again",
        },
        Param {
            name: "retention",
            kind: Kind::Duration,
            preset: Preset::Absent(
                "kafka: 7 days (log.retention.hours); sqs: 4 days (MessageRetentionPeriod)",
            ),
            about: "sqs: messages older than this are deleted, whatever became of them; kafka: pieces of a log whose newest message is older, as a whole: a message stays for up to `segment_age` longer, and until the next `retention_check`",
        },
        kafka::SEGMENT,
        kafka::SEGMENT_AGE,
        kafka::RETENTION_CHECK,
        Param {
            name: "in_flight",
            kind: Kind::Count(1, 10_000_000),
            preset: Preset::Count(120_000),
            about: "sqs: most messages handed out at a time (120,000: SQS Developer Guide, quotas)",
        },
        Param {
            name: "fifo",
            kind: Kind::Flag,
            preset: Preset::Flag(false),
            about: "sqs: a FIFO queue; the key of a message is its group, duplicates are refused for 5 minutes; its quotas of calls per second are not modelled",
        },
        Param {
            name: "hosts",
            kind: Kind::Count(1, 255),
            preset: Preset::Absent("required for a standard queue: Amazon does not publish it"),
            about: "sqs, standard: hosts over which messages are spread, two copies of each",
        },
        Param {
            name: "sample",
            kind: Kind::Count(1, 255),
            preset: Preset::Absent("all of them"),
            about: "sqs, standard: hosts that a poll without waiting asks",
        },
        Param {
            name: "host_outages",
            kind: Kind::Rate,
            preset: Preset::Absent("none"),
            about: "sqs, standard: how often a host goes away for a while, with what it has",
        },
        Param {
            name: "host_outage",
            kind: Kind::Variate,
            preset: Preset::Absent("required with `host_outages`"),
            about: "sqs, standard: how long it stays away",
        },
        Param {
            name: "fsync",
            kind: Kind::Choice(FSYNCS),
            preset: Preset::Choice("none"),
            about: "redis_streams: when the append-only file is on disk (none: redis.conf, appendonly no)",
        },
        site::PRICE,
        site::REGION,
        site::ZONE,
    ],
    needs: needs::NEEDS,
    actions: site::NODE_ACTIONS,
    measures: &[
        Measure { name: "lag_count", about: "messages that wait to be handed to a consumer" },
        Measure { name: "in_flight_count", about: "messages handed out and not acknowledged" },
        Measure { name: "calls_count", about: "messages published" },
        Measure { name: "redelivered_count", about: "deliveries of messages that were handed out before" },
    ],
};

/// Settings that only some semantics have.
const ONLY: &[(&str, &[&str])] = &[
    ("length", &["rabbitmq", "kafka", "redis_streams"]),
    ("overflow", &["rabbitmq"]),
    ("ttl", &["rabbitmq"]),
    ("durable", &["rabbitmq"]),
    ("commit", &["rabbitmq"]),
    ("dead_letters", &["rabbitmq"]),
    ("dead_letters_to", &["rabbitmq", "sqs"]),
    ("max_deliveries", &["rabbitmq", "sqs", "redis_streams"]),
    ("visibility", &["sqs"]),
    ("retention", &["kafka", "sqs"]),
    ("segment", &["kafka"]),
    ("segment_age", &["kafka"]),
    ("retention_check", &["kafka"]),
    ("brokers", &["kafka"]),
    ("partitions", &["kafka"]),
    ("replicas", &["kafka"]),
    ("acks", &["kafka"]),
    ("request_timeout", &["kafka"]),
    ("delivery_timeout", &["kafka"]),
    ("min_in_sync", &["kafka"]),
    ("unclean", &["kafka"]),
    ("flush", &["kafka"]),
    ("replica_lag", &["kafka"]),
    ("session", &["kafka"]),
    ("rebalance_timeout", &["kafka"]),
    ("rebalance_delay", &["kafka"]),
    ("in_flight", &["sqs"]),
    ("fifo", &["sqs"]),
    ("hosts", &["sqs"]),
    ("sample", &["sqs"]),
    ("host_outages", &["sqs"]),
    ("host_outage", &["sqs"]),
    ("fsync", &["redis_streams"]),
    ("heartbeat", &["rabbitmq"]),
    ("ack_timeout", &["rabbitmq"]),
];

pub(super) fn nodes(settings: &Settings) -> u64 {
    if semantics(settings) == "kafka" { kafka::brokers(settings) + 1 } else { 1 }
}

pub(super) fn check(site: &Site<'_>, problems: &mut Problems) {
    dead_letters::check(site, problems);
    check_retention(site, problems);
    check_bound(site, problems);
}

/// What is wrong with its settings, whoever takes from it.
pub(in crate::components) fn check_alone(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let kind = semantics(settings);
    for (setting, kinds) in ONLY.iter().filter(|(setting, _)| settings.is_given(setting)) {
        if !kinds.contains(&kind) {
            let quoted: Vec<String> = kinds.iter().map(|kind| format!("\"{kind}\"")).collect();
            let message = format!("`{setting}` counts only for kind {}, not for \"{kind}\"", one_of(&quoted));
            problems.push(settings.problem(setting, message).hint("leave it out"));
        }
    }
    match kind {
        "sqs" => check_sqs(site, problems),
        "kafka" => kafka::check(settings, problems),
        _ => {}
    }
}

fn check_sqs(site: &Site<'_>, problems: &mut Problems) {
    let (settings, place) = (site.settings(), &site.group().place);
    let (fifo, hosts) = (settings.flag("fifo"), settings.count("hosts"));
    if !fifo && hosts.is_none() {
        let problem = Problem::at(place, "a standard queue of SQS needs the setting `hosts`");
        problems.push(problem.hint("add `hosts: 5`; Amazon does not publish how many there are"));
    }
    for setting in ["hosts", "sample", "host_outages"] {
        if fifo && settings.is_given(setting) {
            let problem = settings.problem(setting, format!("`{setting}` counts only for a standard queue"));
            problems.push(problem.hint("leave it or `fifo` out"));
        }
    }
    if settings.duration("visibility").is_some_and(|time| time > 12 * 3600 * SECOND) {
        let problem = settings.problem("visibility", "SQS hides a message for at most 12 hours");
        problems.push(problem.hint("write `visibility: 12.hours`"));
    }
    if let (Some(sample), Some(hosts)) = (settings.count("sample"), hosts)
        && sample > hosts
    {
        let problem = settings.problem("sample", format!("a sample of {sample} out of {hosts} hosts"));
        problems.push(problem.hint("it is at most the number of `hosts`"));
    }
    if settings.is_given("host_outages") != settings.is_given("host_outage") {
        let problem = Problem::at(place, "`host_outages` and `host_outage` belong together");
        problems.push(problem.hint("one says how often a host goes away, the other for how long"));
    }
}

/// A message that is deleted before anybody asks again is lost by design.
fn check_retention(site: &Site<'_>, problems: &mut Problems) {
    let Some(retention) = site.settings().duration("retention") else { return };
    for consumers in site.layout.groups.iter().filter(|group| is_consumer_of(group, site.index)) {
        let pauses = ["poll", "wait"].iter().filter_map(|setting| consumers.settings.duration(setting));
        if pauses.max().is_some_and(|pause| retention <= pause) {
            let message = format!("`retention` is shorter than a poll of \"{}\"", consumers.name);
            let problem = site.settings().problem("retention", message);
            problems.push(problem.hint("messages would be deleted before anybody asks for them"));
        }
    }
}

pub(super) fn is_consumer_of(group: &Group, queue: usize) -> bool {
    group.kind == "consumers" && group.settings.group("of") == Some(queue)
}

/// What nobody takes out and nothing bounds would grow for ever.
fn check_bound(site: &Site<'_>, problems: &mut Problems) {
    let consumed = site.layout.groups.iter().any(|group| is_consumer_of(group, site.index));
    let bounded = ["length", "ttl", "retention"].iter().any(|setting| site.settings().is_given(setting));
    // (Dead letters wait until somebody looks at them.)
    let takes_letters = |other: &Group| other.settings.group("dead_letters_to") == Some(site.index);
    if !consumed && !bounded && !site.layout.groups.iter().any(takes_letters) {
        let name = &site.group().name;
        let message = format!("the queue \"{name}\" has no consumers and no bound: it would only grow");
        let bound = if semantics(site.settings()) == "sqs" { "retention" } else { "length" };
        let hint =
            format!("add consumers(\"workers\", #{{ of: .., service: 5.ms }}) or bound it with `{bound}:`");
        problems.push(Problem::at(&site.group().place, message).hint(hint));
    }
}
