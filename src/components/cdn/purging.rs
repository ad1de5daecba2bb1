//! Purges at one edge: taken or turned away when they are asked for, felt a while later.
//!
//! The network's account of purges is in no edge that may be down: all edges hear of each at once, whoever is down feels it when it is back.

use super::counts::Counts;
use super::limit::Limit;
use super::profile;
use super::purge::Purge;
use super::url::Urls;
use crate::components::Site;
use crate::components::cache::shelf::Shelf;
use crate::kernel::{Ctx, Time, Timer};
use crate::random::stream::Stream;
use crate::random::variate::Variate;

/// What is known at an edge of purges.
#[derive(Clone)]
pub(super) struct Purges {
    /// Until they are felt; `None`: a test has switched them off.
    time: Option<Variate>,
    stream: Option<Stream>,
    /// How many single URLs and how many others are taken.
    limits: [Limit; 2],
    /// Whether they are counted here, for all edges.
    counted: bool,
    urls: Urls,
    tags: u64,
    coming: Vec<Coming>,
    /// The edge is down.
    down: bool,
}

/// Taken and not felt here yet.
#[derive(Clone, Copy)]
struct Coming {
    due: Time,
    asked: Time,
    purge: Purge,
}

impl Purges {
    pub fn new(site: &Site<'_>, counted: bool) -> Self {
        let settings = site.settings();
        let network = profile::of(settings);
        let (urls, others) = profile::purge_limits(network, profile::plan_of(settings));
        Purges {
            time: (!site.is_disabled("purge")).then(|| profile::purge_time(network)),
            stream: None,
            limits: [urls, others].map(Limit::new),
            counted,
            urls: super::urls(site),
            tags: settings.count("tags").unwrap_or(1),
            coming: Vec::new(),
            down: false,
        }
    }

    /// The run begins, at the edge of this name.
    pub fn start(&mut self, edge: &str, cx: &mut Ctx<'_>) {
        self.stream = Some(cx.stream(&format!("{edge}/purges")));
    }

    /// One has been asked for: it is turned away, or felt here after a while.
    pub fn ask(&mut self, purge: Purge, counts: &mut Counts, cx: &mut Ctx<'_>) {
        let (Some(time), Some(stream)) = (&self.time, &mut self.stream) else { return };
        let (limit, now) = (usize::from(!matches!(purge, Purge::Key(_))), cx.now());
        if !self.limits[limit].takes(now) {
            counts.refused += u64::from(self.counted);
            if self.counted {
                cx.tell("purge refused", "too many purges (429): see `plan` and the profile's limits");
            }
            return;
        }
        counts.purges += u64::from(self.counted);
        let coming = Coming { due: now.saturating_add(time.sample_ns(stream.uniform())), asked: now, purge };
        self.coming.push(coming);
        if !self.down {
            coming.set_timer(cx);
        }
    }

    /// The edge dies.
    pub fn crash(&mut self) {
        self.down = true;
    }

    /// It is back: purges that were felt elsewhere in the meantime are at once.
    pub fn recover(&mut self, cx: &mut Ctx<'_>) {
        self.down = false;
        self.coming.iter().for_each(|coming| coming.set_timer(cx));
    }

    /// One is felt now.
    pub fn carry_out(&mut self, timer: Timer, shelf: &mut dyn Shelf, counts: &mut Counts, now: Time) {
        let purge = Purge::unpacked(timer.tag, timer.data).expect("there are no other timers");
        let alike = self.coming.iter().enumerate().filter(|(_, coming)| coming.purge == purge);
        let (at, Coming { asked, .. }) = alike.min_by_key(|(_, coming)| coming.due).expect("it was taken");
        counts.purge_times.record(now - asked);
        self.coming.remove(at);
        counts.purged += purge.carry_out(shelf, &self.urls, self.tags);
    }
}

impl Coming {
    fn set_timer(&self, cx: &mut Ctx<'_>) {
        let (tag, data) = self.purge.packed();
        cx.timer_at(self.due.max(cx.now()), Timer { tag, data });
    }
}
