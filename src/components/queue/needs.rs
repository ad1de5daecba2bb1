//! Settings of a queue that count only beside others.

use super::entry::is_consumer_of;
use crate::catalog::{Need, Needed};
use crate::components::{Layout, consumer};

/// What they need.
pub(super) const NEEDS: &[Need] = &[
    Need {
        settings: &["cores"],
        with: "a `service`",
        add: "`service: 0.1.ms`",
        is_met: |settings| settings.is_given("service"),
    },
    Need {
        settings: &["overflow"],
        with: "a `length`",
        add: "`length: 10_000`",
        is_met: |settings| settings.is_given("length"),
    },
    Need {
        settings: &["commit"],
        with: "durable messages",
        add: "`durable: true`",
        is_met: |settings| settings.flag("durable"),
    },
    Need {
        settings: &["min_in_sync"],
        with: "`acks: \"all\"`",
        add: "`acks: \"all\"`",
        is_met: |settings| settings.chosen("acks") == "all",
    },
    Need {
        settings: &["unclean"],
        with: "`replicas` of 2 or more",
        add: "`replicas: 3`",
        is_met: |settings| settings.count("replicas") > Some(1),
    },
];

/// What settings of a queue need of its consumers.
pub fn of_consumers(layout: &Layout, queue: usize) -> Vec<Needed> {
    let settings = &layout.groups[queue].settings;
    let consumers = || layout.groups.iter().filter(|group| is_consumer_of(group, queue));
    let idle = consumers().next().is_none();
    let later = idle || consumers().any(|group| !consumer::acks_before(&group.settings));
    let asks_some = idle || consumers().any(|group| !group.settings.is_given("wait"));
    let needs = [
        settings.needs(
            "max_deliveries",
            "messages that may come back",
            "`ack: \"after\"` to a consumer",
            later,
        ),
        settings.needs(
            "sample",
            "polls that do not wait",
            "`poll: 100.ms` instead of `wait` to a consumer",
            asks_some,
        ),
    ];
    needs.into_iter().flatten().collect()
}
