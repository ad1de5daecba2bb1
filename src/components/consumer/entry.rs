//! Settings of consumers, and what can be wrong with them.

use super::super::{Site, queue, site};
use crate::catalog::{Entry, Kind, Measure, Need, Param, Policy, Preset, Problems, Settings, one_of};
use crate::kernel::{MILLISECOND, SECOND, Time};

const ACKS: &[Policy] = &[
    Policy {
        name: "after",
        about: "a message is acknowledged when it has been processed: at least once",
        source: "RabbitMQ's guide to consumer acknowledgements: manual mode",
        wrong_when: "an effect must not take place twice and consumers are not idempotent",
    },
    Policy {
        name: "before",
        about: "a message is acknowledged when it is received: at most once",
        source: "RabbitMQ's guide to consumer acknowledgements: automatic mode",
        wrong_when: "messages must not be lost when a consumer dies",
    },
];

const RESETS: &[Policy] = &[
    Policy {
        name: "latest",
        about: "it goes on with what comes next",
        source: "Kafka consumer configs: auto.offset.reset, its default",
        wrong_when: "what is left must still be processed",
    },
    Policy {
        name: "earliest",
        about: "it goes on with the oldest that is left",
        source: "Kafka consumer configs: auto.offset.reset",
        wrong_when: "only news counts",
    },
];

pub(super) static ENTRY: Entry = Entry {
    name: "consumers",
    about: "workers that take messages from a queue and process them",
    chapter: "10",
    headings: &[],
    params: &[
        Param {
            name: "of",
            kind: Kind::Group(&["queue"]),
            preset: Preset::Required,
            about: "the queue they take from; all consumers of a kafka or redis_streams queue are one group, which shares the messages out",
        },
        Param {
            name: "count",
            kind: Kind::Count(1, 10_000),
            preset: Preset::Count(1),
            about: "number of workers",
        },
        Param {
            name: "threads",
            kind: Kind::Count(1, 4096),
            preset: Preset::Count(1),
            about: "messages a worker processes at a time; more than one may change their order",
        },
        Param {
            name: "service",
            kind: Kind::Variate,
            preset: Preset::Required,
            about: "own work per message",
        },
        Param {
            name: "prefetch",
            kind: Kind::Count(0, 1_000_000),
            preset: Preset::Absent("no limit (RabbitMQ, if a consumer says nothing)"),
            about: "rabbitmq: most unacknowledged messages of a worker (not 0: for what AMQP means by that, no limit, leave it out)",
        },
        Param {
            name: "batch",
            kind: Kind::Count(1, 65_535),
            preset: Preset::Absent(
                "500 for kafka (max.poll.records), 1 for sqs (MaxNumberOfMessages), all for redis_streams",
            ),
            about: "kafka (of all its partitions together), sqs (up to 10), redis_streams: most messages that a worker gets at a time; for kafka it works them all off before it asks for more",
        },
        Param {
            name: "wait",
            kind: Kind::Duration,
            preset: Preset::Absent(
                "kafka: 500 ms (fetch.max.wait.ms); sqs: 0, short polling; redis_streams: until there is something",
            ),
            about: "kafka, sqs (up to 20 s), redis_streams: how long a poll waits at the broker while there is nothing",
        },
        Param {
            name: "poll",
            kind: Kind::Duration,
            preset: Preset::Absent("required for short polling"),
            about: "sqs without `wait`: pause after a poll that found nothing",
        },
        Param {
            name: "reset",
            kind: Kind::Choice(RESETS),
            preset: Preset::Choice("latest"),
            about: "kafka: where a worker goes on whose place has been deleted",
        },
        Param {
            name: "claim_after",
            kind: Kind::Duration,
            preset: Preset::Absent("never: what a dead worker had stays pending"),
            about: "redis_streams: workers take over what has been pending for so long (XAUTOCLAIM), and look so often; their own, too: it must be longer than a message waits in a worker and is worked on",
        },
        Param {
            name: "ack",
            kind: Kind::Choice(ACKS),
            preset: Preset::Choice("after"),
            about: "when a message counts as dealt with",
        },
        Param {
            name: "writes",
            kind: Kind::Group(&["database"]),
            preset: Preset::Absent("the effect of a message is the end of its work"),
            about: "the database that each message changes",
        },
        Param {
            name: "idempotent",
            kind: Kind::Flag,
            preset: Preset::Flag(false),
            about: "the number of a message is stored with its effect (a unique key): a second one changes nothing",
        },
        Param {
            name: "poison",
            kind: Kind::Share,
            preset: Preset::Share(0.0),
            about: "share of messages that can never be processed",
        },
        Param {
            name: "timeout",
            kind: Kind::Duration,
            preset: Preset::Absent("none: it waits for ever"),
            about: "how long it waits for its database; what that does later all the same has taken place, and counts (what it does for a worker that has died is not followed)",
        },
        site::PRICE,
        site::REGION,
        site::ZONE,
    ],
    needs: &[
        Need {
            settings: &["timeout"],
            with: "a database that messages change",
            add: "`writes: db`",
            is_met: |settings| settings.is_given("writes"),
        },
        Need {
            settings: &["poll"],
            with: "polls that do not wait",
            add: "no `wait`",
            is_met: |settings| !settings.is_given("wait"),
        },
    ],
    actions: site::GROWING_ACTIONS,
    measures: &[
        Measure { name: "calls_count", about: "messages received" },
        Measure { name: "errors_count", about: "messages that could not be processed" },
        Measure { name: "suppressed_count", about: "idempotent: second effects that were not made" },
    ],
};

/// Settings that only consumers of some queues have.
const ONLY: &[(&str, &[&str])] = &[
    ("prefetch", &["rabbitmq"]),
    ("batch", &["kafka", "sqs", "redis_streams"]),
    ("wait", &["kafka", "sqs", "redis_streams"]),
    ("reset", &["kafka"]),
    ("poll", &["sqs"]),
    ("claim_after", &["redis_streams"]),
];

/// Most messages that a poll brings.
pub(super) fn batch(site: &Site<'_>) -> u64 {
    let usual = match kind_of_queue(site) {
        "kafka" => 500,
        "sqs" => 1,
        _ => 65_535,
    };
    site.settings().count("batch").unwrap_or(usual)
}

/// How long a poll waits while there is nothing; 0 = not at all.
pub(super) fn wait(site: &Site<'_>) -> Time {
    let usual = match kind_of_queue(site) {
        "kafka" => 500 * MILLISECOND,
        "sqs" => 0,
        _ => WAITS_FOR_EVER,
    };
    site.settings().duration("wait").unwrap_or(usual)
}

/// A poll that waits "for ever" is renewed once a minute, so that a silent server is noticed.
const WAITS_FOR_EVER: Time = 60 * SECOND;

pub(super) fn kind_of_queue(site: &Site<'_>) -> &'static str {
    queue::semantics(site.of(site.settings().group("of").expect("required")).settings())
}

pub(super) fn nodes(settings: &Settings) -> u64 {
    settings.count("count").expect("preset")
}

/// Whether a reader whose place is gone goes on with what is left, and not with what comes next.
pub(super) fn resets_to_earliest(settings: &Settings) -> bool {
    RESETS[settings.choice("reset")].name == "earliest"
}

/// Whether messages are acknowledged when they are received.
pub fn acks_before(settings: &Settings) -> bool {
    ACKS[settings.choice("ack")].name == "before"
}

pub(super) fn check(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let kind = kind_of_queue(site);
    for (setting, kinds) in ONLY.iter().filter(|(setting, _)| settings.is_given(setting)) {
        if !kinds.contains(&kind) {
            let quoted: Vec<String> = kinds.iter().map(|kind| format!("\"{kind}\"")).collect();
            let message =
                format!("`{setting}` counts only for a queue of kind {}, not of \"{kind}\"", one_of(&quoted));
            problems.push(settings.problem(setting, message).hint("leave it out"));
        }
    }
    if kind == "sqs" {
        check_sqs(settings, problems);
    }
    if settings.count("prefetch") == Some(0) {
        let message = "a `prefetch` of 0 would hand out no message";
        let hint = "AMQP's 0 means no limit: leave `prefetch` out for that";
        problems.push(settings.problem("prefetch", message).hint(hint));
    }
    if settings.is_given("prefetch") && acks_before(settings) {
        let message = "`prefetch` counts unacknowledged messages, and `ack: \"before\"` leaves none";
        problems.push(settings.problem("prefetch", message).hint("leave out one of them"));
    }
}

fn check_sqs(settings: &Settings, problems: &mut Problems) {
    let mut wrong = |setting: &str, message: &str, hint: &str| {
        problems.push(settings.problem(setting, message).hint(hint));
    };
    if settings.count("batch").is_some_and(|batch| batch > 10) {
        wrong("batch", "SQS hands out at most 10 messages at a time", "write `batch: 10`");
    }
    if settings.duration("wait").is_some_and(|wait| wait > 20 * SECOND) {
        wrong("wait", "a poll of SQS waits at most 20 s", "write `wait: 20.s`");
    }
    if !settings.is_given("wait") && !settings.is_given("poll") {
        let message = "workers that poll SQS without waiting need a pause between polls";
        wrong("of", message, "add `wait: 20.s` (long polling) or `poll: 100.ms`");
    }
}
