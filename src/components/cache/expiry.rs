//! Time to live: when an item is too old, and who finds out.
//!
//! Expiry is lazy: an item that is too old keeps its place until it is asked for (a miss, `expired_count`) or evicted
//! (`evicted_expired_count`). With `expiry: "sampled"` the node also looks for such items itself, as Redis does: a periodic cycle
//! draws some items, removes those that are too old (`swept_count`), and goes on at once while many were.

use super::super::Site;
use super::shelf::Shelf;
use crate::catalog::{Kind, Param, Policy, Preset, Problems, Settings};
use crate::kernel::{Ctx, MILLISECOND, NEVER, RequestId, Time};
use crate::random::Stream;

const TTL_KINDS: &[Policy] = &[
    Policy {
        name: "fixed",
        about: "counts from the moment an item is put in",
        source: "chapter 6.3; Redis EXPIRE, memcached",
        wrong_when: "what is in use must not run out: sessions",
    },
    Policy {
        name: "sliding",
        about: "counts from the last time an item was read or put in",
        source: "session stores; Caffeine expireAfterAccess",
        wrong_when: "data changes elsewhere: what is read often enough is never loaded again",
    },
];

const EXPIRIES: &[Policy] = &[
    Policy {
        name: "lazy",
        about: "what is too old goes when it is asked for, or evicted",
        source: "memcached without its LRU crawler",
        wrong_when: "most items are never asked for again: they fill the memory",
    },
    Policy {
        name: "sampled",
        about: "lazy, and a periodic cycle looks among drawn items for what is too old, also to be served as `stale`",
        source: "Redis, active expire cycle (documentation of EXPIRE)",
        wrong_when: "nothing but eviction needs the room",
    },
];

pub(super) const TTL: Param = Param {
    name: "ttl",
    kind: Kind::Duration,
    preset: Preset::Absent("none: items stay until they are evicted or removed"),
    about: "how long an item is fresh",
};
pub(super) const TTL_KIND: Param = Param {
    name: "ttl_kind",
    kind: Kind::Choice(TTL_KINDS),
    preset: Preset::Choice("fixed"),
    about: "from when on the `ttl` counts",
};
pub(super) const TTL_JITTER: Param = Param {
    name: "ttl_jitter",
    kind: Kind::Share,
    preset: Preset::Share(0.0),
    about: "each item's `ttl` is drawn evenly from ttl x (1 - jitter) to ttl x (1 + jitter), whenever it is set: at each fill, with \"sliding\" also at each read; below 100.percent",
};
pub(super) const EXPIRY: Param = Param {
    name: "expiry",
    kind: Kind::Choice(EXPIRIES),
    preset: Preset::Choice("lazy"),
    about: "who finds items that are too old",
};
pub(super) const CYCLE: Param = Param {
    name: "expiry_cycle",
    kind: Kind::Duration,
    preset: Preset::Duration(100 * MILLISECOND),
    about: "sampled: time between two cycles (100 ms: Redis, `hz 10` in redis.conf)",
};
pub(super) const SAMPLE: Param = Param {
    name: "expiry_sample",
    kind: Kind::Count(1, 1_000_000),
    preset: Preset::Count(20),
    about: "sampled: items drawn in a round (20: Redis, documentation of EXPIRE)",
};
pub(super) const AGAIN: Param = Param {
    name: "expiry_again",
    kind: Kind::Share,
    preset: Preset::Share(0.25),
    about: "sampled: another round follows if more than this share was too old (25 %: Redis, documentation of EXPIRE)",
};

/// When the items of a node are too old.
#[derive(Clone)]
pub(super) struct Expiry {
    ttl: Option<Time>,
    jitter: f64,
    sliding: bool,
    purpose: u64,
    cycle: Option<Cycle>,
}

/// The node's own search.
#[derive(Clone)]
struct Cycle {
    every: Time,
    sample: u32,
    again: f64,
    /// What is too old is still served for so long (`stale`), and stays.
    served: Time,
    stream: Option<Stream>,
}

impl Expiry {
    pub fn new(site: &Site<'_>) -> Self {
        let settings = site.settings();
        let ttl = settings.duration("ttl").filter(|_| !site.is_disabled("expiry"));
        let sampled = EXPIRIES[settings.choice("expiry")].name == "sampled" && ttl.is_some();
        let cycle = || Cycle {
            every: settings.duration("expiry_cycle").expect("preset"),
            sample: settings.count("expiry_sample").expect("preset") as u32,
            again: settings.share("expiry_again").expect("preset"),
            served: settings.duration("stale").unwrap_or(0),
            stream: None,
        };
        Expiry {
            ttl,
            jitter: settings.share("ttl_jitter").expect("preset"),
            sliding: TTL_KINDS[settings.choice("ttl_kind")].name == "sliding",
            purpose: site.purpose("ttl"),
            cycle: sampled.then(cycle),
        }
    }

    /// When an item that is put in now for this request will be too old.
    #[inline]
    pub fn due(&self, request: RequestId, key: u64, cx: &mut Ctx<'_>) -> Time {
        let Some(ttl) = self.ttl else { return NEVER };
        if self.jitter == 0.0 {
            return cx.now().saturating_add(ttl);
        }
        let spread = self.jitter * (2.0 * cx.draw(request, self.purpose, key) - 1.0);
        cx.now().saturating_add(((ttl as f64 * (1.0 + spread)) as Time).max(1))
    }

    /// When an item that is read now will be too old, if that changes it.
    #[inline]
    pub fn renewed(&self, request: RequestId, key: u64, cx: &mut Ctx<'_>) -> Option<Time> {
        (self.sliding && self.ttl.is_some()).then(|| self.due(request, key, cx))
    }

    /// Time to the next cycle, if the node searches itself.
    pub fn next_cycle(&self) -> Option<Time> {
        self.cycle.as_ref().map(|cycle| cycle.every)
    }

    /// One cycle: rounds until few of those drawn are too old. Each round but the last removes some, so it ends.
    pub fn run_cycle(&mut self, shelf: &mut dyn Shelf, name: &str, cx: &mut Ctx<'_>) {
        let Some(cycle) = &mut self.cycle else { return };
        let stream = cycle.stream.get_or_insert_with(|| cx.stream(&format!("{name}/expiry")));
        loop {
            let sweep = shelf.sweep(cycle.sample, stream, cx.now().saturating_sub(cycle.served));
            if f64::from(sweep.expired) <= cycle.again * f64::from(sweep.looked) {
                return;
            }
        }
    }
}

pub(super) fn check(settings: &Settings, problems: &mut Problems) {
    let sampled = EXPIRIES[settings.choice("expiry")].name == "sampled";
    let mut only = |names: &[&str], needed: bool, message: &str, hint: &str| {
        for name in names.iter().filter(|name| settings.is_given(name) && !needed) {
            problems.push(settings.problem(name, format!("`{name}` counts only {message}")).hint(hint));
        }
    };
    let has_ttl = settings.is_given("ttl");
    only(&["ttl_kind", "ttl_jitter", "expiry"], has_ttl, "with a `ttl`", "add `ttl: 60.s`");
    let names = ["expiry_cycle", "expiry_sample", "expiry_again"];
    only(&names, sampled, "with expiry \"sampled\"", "add `expiry: \"sampled\"`");
    if settings.share("ttl_jitter").is_some_and(|jitter| jitter >= 1.0) {
        let message = "`ttl_jitter` of 100 % or more would let items live for no time at all";
        problems.push(settings.problem("ttl_jitter", message).hint("say 10.percent"));
    }
}
