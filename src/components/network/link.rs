//! One link: latency, bandwidth, loss.

use super::arrives;
use crate::catalog::{Entry, Kind, Param, Preset};
use crate::kernel::request::Requests;
use crate::kernel::transit::Message;
use crate::kernel::{SECOND, Time};
use crate::random::mix::hash_name;
use crate::random::stream::Stream;
use crate::random::variate::Variate;

/// How the catalog shows a link.
pub static ENTRY: Entry = Entry {
    name: "link",
    about: "how messages travel between two components: link(a, b, #{ latency: 1.ms })",
    chapter: "1.4, 4.7",
    params: &[
        Param {
            name: "latency",
            kind: Kind::Variate,
            preset: Preset::Absent("0"),
            about: "time on the way, in each direction",
        },
        Param {
            name: "bandwidth",
            kind: Kind::Bytes,
            preset: Preset::Absent("no limit"),
            about: "bytes per second of one transfer; needs sizes",
        },
        Param {
            name: "loss",
            kind: Kind::Share,
            preset: Preset::Share(0.0),
            about: "share of messages that vanish: the caller waits for its time-out",
        },
    ],
    actions: &[],
    measures: &[],
};

/// How a link is made.
#[derive(Clone, Debug)]
pub struct LinkPlan {
    /// Time on the way, in nanoseconds.
    pub latency: Variate,
    /// Bytes per second; `None` = no limit.
    pub bandwidth: Option<u64>,
    /// Share of messages lost.
    pub loss: f64,
}

/// A link with its present state.
#[derive(Clone, Debug)]
pub struct Link {
    plan: LinkPlan,
    /// Draws of this link: latency there, latency back, loss there, loss back.
    purposes: [u64; 4],
    random: bool,
    cut: bool,
    slow: f64,
    /// Only latency counts: neither loss nor bandwidth, neither cut nor slowed.
    plain: bool,
}

impl Link {
    /// A link between the groups of these names.
    pub fn new(plan: LinkPlan, a: &str, b: &str) -> Self {
        let purpose = |what: &str| hash_name(&format!("link {a} {b} {what}"));
        let random = !matches!(plan.latency, Variate::Constant(_));
        let purposes = ["there", "back", "loss there", "loss back"].map(purpose);
        let mut link = Link { plan, purposes, random, cut: false, slow: 1.0, plain: false };
        link.set(false, 1.0);
        link
    }

    /// Cuts or heals the link; latency times `slow`.
    pub(super) fn set(&mut self, cut: bool, slow: f64) {
        self.cut = cut;
        self.slow = slow;
        self.plain = !cut && slow == 1.0 && self.plan.loss <= 0.0 && self.plan.bandwidth.is_none();
    }

    /// Cuts or heals the link.
    pub(super) fn cut(&mut self, cut: bool) {
        self.set(cut, self.slow);
    }

    /// Latency times `slow`.
    pub(super) fn slow(&mut self, slow: f64) {
        self.set(self.cut, slow);
    }

    pub(super) fn instant() -> Self {
        let latency = Variate::constant(0);
        Link::new(LinkPlan { latency, bandwidth: None, loss: 0.0 }, "", "")
    }

    /// Time on the way, or nothing if the message gets lost.
    #[inline]
    pub(super) fn pass(
        &self,
        message: &Message,
        requests: &Requests,
        background: &mut Stream,
    ) -> Option<Time> {
        if !self.plain {
            return self.pass_with_care(message, requests, background);
        }
        arrives(self.latency(message, requests, background))
    }

    #[inline]
    fn latency(&self, message: &Message, requests: &Requests, background: &mut Stream) -> Time {
        let purpose = self.purposes[usize::from(message.returning)];
        let uniform = if self.random { draw(message, purpose, requests, background) } else { 0.5 };
        self.plan.latency.sample_ns(uniform)
    }

    #[inline(never)]
    fn pass_with_care(
        &self,
        message: &Message,
        requests: &Requests,
        background: &mut Stream,
    ) -> Option<Time> {
        if self.cut {
            return None;
        }
        let loss = self.purposes[2 + usize::from(message.returning)];
        if self.plan.loss > 0.0 && draw(message, loss, requests, background) < self.plan.loss {
            return None;
        }
        let mut delay = self.latency(message, requests, background);
        if self.slow != 1.0 {
            delay = (delay as f64 * self.slow) as Time;
        }
        if let Some(bandwidth) = self.plan.bandwidth {
            let transfer = u128::from(message.bytes) * u128::from(SECOND) / u128::from(bandwidth);
            delay = delay.saturating_add(transfer as Time);
        }
        arrives(delay)
    }
}

/// A uniform number that belongs to the message's request, or an ambient one for background work.
#[inline]
fn draw(message: &Message, purpose: u64, requests: &Requests, background: &mut Stream) -> f64 {
    match requests.get(message.request) {
        Some(request) => {
            let attempt = (u64::from(request.attempts) << 56) ^ message.key;
            request.draw.uniform(purpose, attempt)
        }
        None => background.uniform(),
    }
}
