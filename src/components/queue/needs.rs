//! Settings of a queue that count only beside others.

use crate::catalog::Need;

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
        settings: &["unclean"],
        with: "`replicas` of 2 or more",
        add: "`replicas: 3`",
        is_met: |settings| settings.count("replicas") > Some(1),
    },
];
