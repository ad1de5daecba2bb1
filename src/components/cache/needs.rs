//! Settings of a cache that count only beside others.

use super::entry::write_plan;
use crate::catalog::{Need, Settings};

/// Without a bound nothing makes room.
pub const BOUND: Need = Need {
    settings: &["eviction"],
    with: "a bound: `items` or `capacity`",
    add: "`items: 10_000`",
    is_met: |settings| settings.is_given("items") || settings.is_given("capacity"),
};

/// What they need.
pub(super) const NEEDS: &[Need] = &[
    BOUND,
    Need {
        settings: &["flush", "batch", "dirty"],
        with: "a write strategy that stores later",
        add: "`write: \"back\"`",
        is_met: writes_later,
    },
    Need {
        settings: &["on_cache_error"],
        with: "placement \"inline\"",
        add: "`placement: \"inline\"` (or give it to the web tier)",
        is_met: |settings| settings.chosen("placement") == "inline",
    },
    Need {
        settings: &["timeout"],
        with: "placement \"inline\", routing \"proxy\" or a write strategy that stores later",
        add: "`placement: \"inline\"` (or give it to the web tier)",
        is_met: |settings| {
            let chosen = |name, what| settings.chosen(name) == what;
            chosen("placement", "inline") || chosen("routing", "proxy") || writes_later(settings)
        },
    },
    Need {
        settings: &["threads", "queue"],
        with: "a `service`",
        add: "`service: 0.1.ms`",
        is_met: |settings| settings.is_given("service"),
    },
];

/// Whether writes are stored later than they are answered.
fn writes_later(settings: &Settings) -> bool {
    write_plan(settings).is_ok_and(|plan| plan.flush_after.is_some())
}
