//! What a component sends to users, where that has a price.

use super::{Layout, Site, ways};
use crate::catalog::{Kind, Param, Preset};
use crate::kernel::{Call, CallId, Component, Control, Ctx, NodeId, Readings, Reply, Request, Time, Timer};

/// A dollar, in the unit of the reading `cost`: so that a byte has a whole price in every list.
pub const DOLLAR: u64 = 1_000_000_000_000;
/// Bytes of a gigabyte as it is billed: taken as 10^9 (assumed; price lists do not say).
pub const GIGABYTE: f64 = 1e9;

/// What a gigabyte costs (the example: aws.amazon.com/ec2/pricing/on-demand, as egresscost.com/aws cites it, read 2026-11); a setting of kinds whose answers go to clients, beside the CDN, which has lists.
pub const PRICE: Param = Param {
    name: "egress_price",
    kind: Kind::Number(0.0, f64::INFINITY),
    preset: Preset::Absent("not known: what it sends is left out of `cost_per_hour`"),
    about: "what a gigabyte (10^9 bytes) sent to clients costs, in US dollars; what goes to other components is not counted, a CDN's edges included (CloudFront's origins at AWS pay nothing for it): look it up for your provider (EC2 in Virginia: 0.09 up to 10 TB a month)",
};

/// Bytes sent to users, and what they cost.
#[derive(Clone, Debug)]
pub struct Egress {
    users: Vec<NodeId>,
    /// Of a byte, in trillionths of a dollar.
    price: f64,
    bytes: u64,
}

impl Egress {
    /// `None` if what the group sends has no price.
    pub fn new(site: &Site<'_>) -> Option<Box<Self>> {
        let dollars = site.settings().number(PRICE.name)?;
        let traffics = site.layout.groups.iter().filter(|group| group.kind == "traffic");
        let users = traffics.flat_map(super::Group::nodes).collect();
        Some(Box::new(Egress { users, price: dollars * DOLLAR as f64 / GIGABYTE, bytes: 0 }))
    }

    /// An answer of this size is sent to whoever made the call.
    pub fn send(&mut self, call: CallId, bytes: u32, cx: &Ctx<'_>) {
        if bytes > 0 && cx.is_open(call) && self.users.contains(&cx.call(call).caller) {
            self.bytes += u64::from(bytes);
        }
    }

    /// Tells of it.
    pub fn measure(&self, out: &mut Readings) {
        out.count("egress_bytes", self.bytes);
        out.count("cost", (self.bytes as f64 * self.price).round() as u64);
    }
}

/// Groups whose nodes answer the clients of some traffic: behind its name, router or address.
pub fn doors(layout: &Layout) -> Vec<usize> {
    let traffics = layout.groups.iter().filter(|group| group.kind == "traffic");
    let mut doors: Vec<usize> =
        traffics.filter_map(|group| group.settings.group("to")).flat_map(|to| behind(layout, to)).collect();
    doors.sort_unstable();
    doors.dedup();
    doors
}

fn behind(layout: &Layout, to: usize) -> Vec<usize> {
    let told = ways::told(layout, to);
    if told.is_empty() {
        return vec![to];
    }
    told.into_iter().flat_map(|to| behind(layout, to)).collect()
}

/// A component that passes on what others answer, and pays for what of it goes to users.
pub struct Metered {
    inner: Box<dyn Component>,
    egress: Box<Egress>,
}

impl Metered {
    /// The component as it is if what it sends has no price.
    pub fn around(site: &Site<'_>, inner: Box<dyn Component>) -> Box<dyn Component> {
        match Egress::new(site) {
            Some(egress) => Box::new(Metered { inner, egress }),
            None => inner,
        }
    }
}

impl Component for Metered {
    fn foresee(&self, call: &Call, returning: bool, request: Option<&Request>) -> bool {
        self.inner.foresee(call, returning, request)
    }

    fn foresee_further(&self, call: &Call) {
        self.inner.foresee_further(call);
    }

    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        self.inner.on_start(cx);
    }

    fn on_call(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        self.inner.on_call(call, cx);
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        self.inner.on_timer(timer, cx);
    }

    /// Only an answer with a body is passed on at once and for good: who tries again has got none.
    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        if !reply.parent.is_none() {
            self.egress.send(reply.parent, reply.bytes, cx);
        }
        self.inner.on_reply(reply, cx);
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        self.inner.on_control(control, cx);
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        self.inner.measure(now, out);
        self.egress.measure(out);
    }

    fn restart_maxima(&mut self, now: Time) {
        self.inner.restart_maxima(now);
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(Metered { inner: self.inner.fork(), egress: self.egress.clone() })
    }
}
