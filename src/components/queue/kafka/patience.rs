//! How long producers try, and what can be wrong with Kafka's settings.

use crate::catalog::{Kind, Param, Preset, Problems, Settings};
use crate::components::consumer::HEARTBEAT_INTERVAL;
use crate::kernel::{SECOND, Time};

/// request.timeout.ms of producers (Kafka producer configs: 30 s).
pub const REQUEST_TIMEOUT: Param = Param {
    name: "request_timeout",
    kind: Kind::Duration,
    preset: Preset::Duration(30 * SECOND),
    about: "kafka: a producer without a `timeout` of its own gives a request up after so long, looks for the leader, and tries again (30 s: request.timeout.ms)",
};

/// delivery.timeout.ms of producers (Kafka producer configs: 120 s).
pub const DELIVERY_TIMEOUT: Param = Param {
    name: "delivery_timeout",
    kind: Kind::Duration,
    preset: Preset::Duration(DELIVERY_USUALLY),
    about: "kafka: after so long such a producer fails to its caller (120 s: delivery.timeout.ms)",
};

const DELIVERY_USUALLY: Time = 120 * SECOND;

/// How long a producer waits for the answer to one request.
pub fn request_timeout(settings: &Settings) -> Time {
    settings.duration(REQUEST_TIMEOUT.name).expect("preset")
}

/// How long a producer tries in all. If it is left out it grows with `request_timeout`, as in Kafka's client.
pub fn delivery_timeout(settings: &Settings) -> Time {
    let timeout = settings.duration(DELIVERY_TIMEOUT.name).expect("preset");
    if settings.is_given(DELIVERY_TIMEOUT.name) { timeout } else { timeout.max(request_timeout(settings)) }
}

/// How far back a broker recognises a message that comes again: as long as any producer tries.
pub fn recognised_for(settings: &Settings) -> Time {
    delivery_timeout(settings).max(DELIVERY_USUALLY)
}

/// What can be wrong with the settings of a queue of this kind.
pub fn check(settings: &Settings, problems: &mut Problems) {
    let count = |setting: &str| settings.count(setting).expect("preset");
    let mut at_most = |setting: &str, bound: &str, hint: &str| {
        let (value, most) = (count(setting), count(bound));
        if value > most {
            let message = format!("`{setting}` is {value}, more than `{bound}`, which is {most}");
            problems.push(settings.problem(setting, message).hint(hint));
        }
    };
    at_most("replicas", "brokers", "each broker has a partition at most once");
    at_most("min_in_sync", "replicas", "no message could ever be acknowledged with `acks: \"all\"`");
    check_delivery(settings, problems);
    if settings.duration("session") <= Some(HEARTBEAT_INTERVAL) {
        let message = "`session` is no longer than the 3 s between two signs of life (heartbeat.interval.ms)";
        problems.push(
            settings
                .problem("session", message)
                .hint("Kafka's client refuses that too: write `session: 10.s`"),
        );
    }
}

fn check_delivery(settings: &Settings, problems: &mut Problems) {
    let setting = DELIVERY_TIMEOUT.name;
    if !settings.is_given(setting) {
        return;
    }
    if super::is_fire_and_forget(settings) {
        let message =
            "`delivery_timeout` counts only for producers that learn of errors, not with `acks: \"0\"`";
        problems.push(settings.problem(setting, message).hint("leave it out"));
    } else if delivery_timeout(settings) < request_timeout(settings) {
        let message = "`delivery_timeout` is shorter than `request_timeout`: nothing would be tried twice";
        let hint = "Kafka wants it at least as long: shorten `request_timeout` (it is 30.s if not given)";
        problems.push(settings.problem(setting, message).hint(hint));
    }
}
