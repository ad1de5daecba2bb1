//! One link: latency, bandwidth, loss.

use super::connection::Ends;
use super::retransmission::Timer;
use super::transfer::{INITIAL_WINDOW, SETUPS, Setup, transfer};
use crate::catalog::{Entry, Kind, Need, Param, Preset, Settings};
use crate::kernel::request::{Request, Requests};
use crate::kernel::transit::{LOST, Message};
use crate::kernel::{SECOND, Time};
use crate::random::draw::Purpose;
use crate::random::mix::{combine, hash_name, unit};
use crate::random::stream::Stream;
use crate::random::variate::Variate;

/// How the catalog shows a link.
pub static ENTRY: Entry = Entry {
    name: "link",
    about: "how messages travel between two components: link(a, b, #{ latency: 1.ms })",
    chapter: "1.4, 4.7",
    headings: &[],
    params: &[
        Param {
            name: "latency",
            kind: Kind::Variate,
            preset: Preset::Absent("0"),
            about: "time on the way, in each direction; between components that have a region it is added to what the map says",
        },
        Param {
            name: "bandwidth",
            kind: Kind::Bytes,
            preset: Preset::Absent("no limit"),
            about: "bytes per second of one transfer, for each as if it were alone: links do not fill up; while a window (see `connect`) is shorter than a round trip, the link waits for acknowledgements in between; who passes an answer on (a balancer, an edge) has it whole before, where real ones stream: over several hops first bytes of large answers come late here; needs sizes",
        },
        Param {
            name: "connect",
            kind: Kind::Choice(SETUPS),
            preset: Preset::Choice("none"),
            about: "what opening a connection costs, whose round trips take the time drawn for the way of the question; one is kept for each user and server, and transfers go in windows; what a partition holds up is sent again when it is healed, with TCP's next retransmission, of the SYN if no connection was open (without `connect` it is lost)",
        },
        Param {
            name: "idle",
            kind: Kind::Duration,
            preset: Preset::Duration(75 * SECOND),
            about: "how long an unused connection is kept (nginx: keepalive_timeout 75 s); needs `connect`",
        },
        Param {
            name: "window",
            kind: Kind::Count(1, 1_000),
            preset: Preset::Count(INITIAL_WINDOW),
            about: "segments of 1,460 bytes that go at once at first (RFC 6928: 10); needs `connect`",
        },
        Param {
            name: "loss",
            kind: Kind::Share,
            preset: Preset::Share(0.0),
            about: "share of messages that vanish: without `connect` the caller waits for its time-out; with it each is sent again by TCP, 200 ms and a round trip later, then after twice as long (RFC 6298, Linux), and so is what opens a connection: the flights of TLS, and SYN and SYN-ACK, these after 1 s",
        },
    ],
    needs: &[Need {
        settings: &["idle", "window"],
        with: "connections",
        add: "`connect: \"tcp\"`",
        is_met: |settings| settings.chosen("connect") != "none",
    }],
    actions: &[],
    measures: &[],
};

/// How a link is made.
#[derive(Clone, Debug)]
pub struct LinkPlan {
    /// Time on the way, in nanoseconds; between places on the map it is added to what the map says.
    pub latency: Variate,
    /// Bytes per second; `None` = no limit.
    pub bandwidth: Option<u64>,
    /// Share of messages lost.
    pub loss: f64,
    /// What opening a connection costs.
    pub connect: Setup,
    /// How long an unused connection is kept.
    pub idle: Time,
    /// Segments that go at once at first.
    pub window: u64,
    /// Whether the way is as long as the map says.
    pub mapped: bool,
}

impl LinkPlan {
    /// Everything arrives at once.
    pub const fn instant(latency: Variate) -> Self {
        let (connect, window) = (Setup::None, INITIAL_WINDOW as u64);
        LinkPlan { latency, bandwidth: None, loss: 0.0, connect, idle: 0, window, mapped: false }
    }

    /// Whether a message can take time on the way.
    pub fn takes_time(&self) -> bool {
        self.mapped || !matches!(self.latency, Variate::Constant(_)) || self.latency.sample_ns_of(0) > 0
    }

    /// Whether a message can vanish for good.
    pub fn loses_for_good(&self) -> bool {
        self.loss > 0.0 && self.connect == Setup::None
    }

    /// What checked settings of [`ENTRY`] say.
    pub fn of(settings: &Settings) -> Self {
        LinkPlan {
            latency: settings.variate("latency").unwrap_or_else(|| Variate::constant(0)),
            bandwidth: settings.bytes("bandwidth"),
            loss: settings.share("loss").unwrap_or(0.0),
            connect: Setup::of(settings.choice("connect")),
            idle: settings.duration("idle").expect("preset"),
            window: settings.count("window").expect("preset"),
            mapped: false,
        }
    }
}

/// The random bits that decide whether a message gets lost, and what is sent again for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Luck(u64);

/// Tells the draws of what opens a connection from those of the message that it is opened for, which are numbered from 1 up.
const FLIGHTS: u64 = 1 << 32;

/// Bits for a question that was asked before.
#[cold]
#[inline(never)]
fn again(bits: u64, times: u8) -> u64 {
    combine(bits, u64::from(times))
}

/// A link with its present state.
#[derive(Clone, Debug)]
pub struct Link {
    plan: LinkPlan,
    /// Draws of this link: latency there, latency back, loss there, loss back.
    purposes: [u64; 4],
    /// The first two of them, made ready.
    latencies: [Purpose; 2],
    random: bool,
    /// Within one group.
    inner: bool,
    slow: f64,
    /// Only latency counts: neither loss nor bandwidth, not slowed, no map, no connections.
    plain: bool,
    /// Whether anything was ever sent over it.
    used: bool,
}

impl Link {
    /// A link between the groups of these names.
    pub fn new(plan: LinkPlan, a: &str, b: &str) -> Self {
        let purpose = |what: &str| hash_name(&format!("link {a} {b} {what}"));
        let random = !matches!(plan.latency, Variate::Constant(_));
        let purposes = ["there", "back", "loss there", "loss back"].map(purpose);
        let latencies = [purposes[0].into(), purposes[1].into()];
        let mut link =
            Link { plan, purposes, latencies, random, inner: a == b, slow: 1.0, plain: false, used: false };
        link.slow(1.0);
        link
    }

    /// What it is called, mixed into one word.
    pub(super) fn name(&self) -> u64 {
        self.purposes[0]
    }

    /// Latency times `slow`.
    pub(super) fn slow(&mut self, slow: f64) {
        self.slow = slow;
        let plan = &self.plan;
        let simple = plan.loss <= 0.0 && plan.bandwidth.is_none() && plan.connect == Setup::None;
        self.plain = simple && slow == 1.0 && !plan.mapped;
    }

    pub(super) fn instant() -> Self {
        Link::new(LinkPlan::instant(Variate::constant(0)), "", "")
    }

    /// Whether [`Link::latency`] says all about it.
    #[inline]
    pub(super) fn is_plain(&self) -> bool {
        self.plain
    }

    /// Something is sent over it.
    #[inline]
    pub(super) fn mark(&mut self) {
        self.used = true;
    }

    /// Whether anything was ever sent over it.
    pub(super) fn has_carried(&self) -> bool {
        self.used
    }

    /// Time that the link itself takes, drawn for this message.
    #[inline(always)]
    pub(super) fn latency<'a>(
        &self,
        message: &Message,
        requests: &Requests,
        background: impl FnOnce() -> &'a mut Stream,
    ) -> Time {
        let purpose = self.purposes[usize::from(message.returning)];
        let bits = if self.random { self.bits(message, purpose, requests, background) } else { 0 };
        self.plan.latency.sample_ns_of(bits)
    }

    /// [`Link::latency`] of nearly every message: an exponential time, drawn for a request that asks for the first time. Far less than [`LOST`].
    #[inline(always)]
    pub(super) fn latency_at_hand(&self, message: &Message, requests: &Requests) -> Option<Time> {
        let request = requests.get(message.request).filter(|_| message.again == 0)?;
        let purpose = self.latencies[usize::from(message.returning)];
        self.plan.latency.exponential_ns_of(|| self.bits_of(request, message, purpose))
    }

    /// Random bits that belong to the message's request, or ambient ones for background work. What a request asks in several ways, or of
    /// several members of a group at the same time, goes several ways.
    #[inline(always)]
    fn bits<'a>(
        &self,
        message: &Message,
        purpose: u64,
        requests: &Requests,
        background: impl FnOnce() -> &'a mut Stream,
    ) -> u64 {
        let Some(request) = requests.get(message.request) else { return background().bits() };
        let bits = self.bits_of(request, message, purpose);
        if message.again == 0 { bits } else { again(bits, message.again) }
    }

    /// Those of a message that is sent for the first time.
    #[inline(always)]
    fn bits_of(&self, request: &Request, message: &Message, purpose: impl Into<Purpose>) -> u64 {
        let ends = if self.inner { u64::from(message.from.0 ^ message.to.0) << 32 } else { 0 };
        request.bits(purpose, message.key ^ (u64::from(message.verb) << 48) ^ ends)
    }

    /// By what is decided whether the message gets lost, if messages do: each time that one is sent is a chance of its own, also when a balancer
    /// sends a call of the same attempt again.
    pub(super) fn luck(
        &self,
        message: &Message,
        requests: &Requests,
        background: &mut Stream,
    ) -> Option<Luck> {
        if self.plan.loss <= 0.0 {
            return None;
        }
        let purpose = self.purposes[2 + usize::from(message.returning)];
        let sent = message.now ^ (u64::from(message.from.0 ^ message.to.0) << 48);
        Some(Luck(combine(self.bits(message, purpose, requests, || background), sent)))
    }

    /// Whether that message gets lost.
    pub(super) fn loses(&self, Luck(bits): Luck) -> bool {
        unit(bits) < self.plan.loss
    }

    /// Time that opening a connection takes, TCP's part and TLS's: round trips, and what is sent again, since SYN and SYN-ACK and two flights
    /// for each round trip of TLS may get lost as well. [`LOST`] or more if it is given up.
    pub(super) fn opening(&self, luck: Option<Luck>, rtt: Time) -> (Time, Time) {
        let round_trips = self.plan.connect.tls_round_trips();
        let late = |flights: std::ops::Range<u64>, timer: Timer| match luck {
            None => 0,
            Some(luck) => {
                flights.fold(0, |sum: Time, flight| sum.saturating_add(self.late(luck, flight, timer)))
            }
        };
        let tls = late(2..2 + 2 * round_trips, Timer::established(rtt));
        (rtt.saturating_add(late(0..2, Timer::opening())), (rtt * round_trips).saturating_add(tls))
    }

    /// How much later a flight of what opens a connection arrives.
    fn late(&self, Luck(bits): Luck, flight: u64, timer: Timer) -> Time {
        let luck = Luck(combine(bits, FLIGHTS + flight));
        if self.loses(luck) { self.retransmit(luck, timer).unwrap_or(LOST) } else { 0 }
    }

    /// How much later a message arrives that was lost on a connection and is sent again; `None`: it is given up.
    #[cold]
    pub(super) fn retransmit(&self, Luck(bits): Luck, timer: Timer) -> Option<Time> {
        timer.delay(|n| unit(combine(bits, n)) < self.plan.loss)
    }

    /// The mean of the time that the link itself takes.
    pub(super) fn mean_latency(&self) -> Time {
        self.slowed(self.plan.latency.mean().max(0.0) as Time)
    }

    /// Whether messages go over the map.
    pub(super) fn is_mapped(&self) -> bool {
        self.plan.mapped
    }

    /// Time on the way as long as the link is slowed.
    pub(super) fn slowed(&self, way: Time) -> Time {
        if self.slow == 1.0 { way } else { times(way, self.slow) }
    }

    /// From the first byte to the last, if a round trip takes `rtt`, where nobody waits for anybody: of a datagram, or without connections.
    pub(super) fn pour(&self, bytes: u32, rtt: Time) -> Time {
        transfer(u64::from(bytes), rtt, u64::from(u32::MAX), self.plan.bandwidth).0
    }

    /// The same over a connection whose window has doubled so often; how often it has then.
    pub(super) fn transfer(&self, bytes: u32, rtt: Time, doubled: u8) -> (Time, u8) {
        let window = self.plan.window << doubled.min(DOUBLED_AT_MOST);
        let (time, more) = transfer(u64::from(bytes), rtt, window, self.plan.bandwidth);
        (time, doubled.saturating_add(more).min(DOUBLED_AT_MOST))
    }

    /// What a message has to do with a connection between these ends.
    pub(super) fn connection(&self) -> Option<(Setup, Time)> {
        (self.plan.connect != Setup::None).then_some((self.plan.connect, self.plan.idle))
    }
}

/// Out of line: conversions are long, and would be made for every message, whether its link is slowed or not.
#[cold]
#[inline(never)]
fn times(way: Time, slow: f64) -> Time {
    (way as f64 * slow) as Time
}

/// A window that has doubled so often holds whatever there is to send.
const DOUBLED_AT_MOST: u8 = 24;

/// The ends of the connection that a message uses, seen from who asked.
pub(super) fn ends(message: &Message, user: u32) -> Ends {
    match message.returning {
        false => Ends::new(message.from, message.to, user),
        true => Ends::new(message.to, message.from, user),
    }
}
