//! Settings of a queue, and what can be wrong with them.

use super::super::{Site, site};
use super::{SEMANTICS, semantics};
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
        about: "the producer waits for room",
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
            about: "rabbitmq: most ready messages",
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
    ],
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
    ("length", &["rabbitmq"]),
    ("overflow", &["rabbitmq"]),
    ("ttl", &["rabbitmq"]),
    ("durable", &["rabbitmq"]),
    ("commit", &["rabbitmq"]),
    ("dead_letters", &["rabbitmq"]),
    ("max_deliveries", &["rabbitmq"]),
    ("heartbeat", &["rabbitmq"]),
    ("ack_timeout", &["rabbitmq"]),
];

pub(super) fn nodes(_settings: &Settings) -> u64 {
    1
}

pub(super) fn check(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let kind = semantics(settings);
    for (setting, kinds) in ONLY.iter().filter(|(setting, _)| settings.is_given(setting)) {
        if !kinds.contains(&kind) {
            let quoted: Vec<String> = kinds.iter().map(|kind| format!("\"{kind}\"")).collect();
            let message = format!("`{setting}` counts only for kind {}, not for \"{kind}\"", one_of(&quoted));
            problems.push(settings.problem(setting, message).hint("leave it out"));
        }
    }
    check_bound(site, problems);
}

/// What nobody takes out and nothing bounds would grow for ever.
fn check_bound(site: &Site<'_>, problems: &mut Problems) {
    let consumed = site.layout.groups.iter().any(|group| {
        group.kind == "consumers" && group.settings.group("of") == Some(site.index)
    });
    let settings = site.settings();
    let bounded = ["length", "ttl", "retention"].iter().any(|setting| {
        ENTRY.params.iter().any(|param| param.name == *setting) && settings.is_given(setting)
    });
    if !consumed && !bounded {
        let name = &site.group().name;
        let message = format!("the queue \"{name}\" has no consumers and no bound: it would only grow");
        let hint = "add consumers(\"workers\", #{ of: .., service: 5.ms }) or bound it with `length:`";
        problems.push(Problem::at(&site.group().place, message).hint(hint));
    }
}
