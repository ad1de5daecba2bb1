//! Watches the sites of an address, withdraws those that fail, and announces them again.

use super::{ANNOUNCE, WITHDRAW, entry, sites};
use crate::components::checkup::Checkup;
use crate::components::{Layout, Site, dns};
use crate::kernel::{Answer, Ask, CallId, Component, Control, Ctx, NodeId, Readings, Reply, Status, Timer};
use crate::parts::verbs::ROUTE;

const CHECK: u16 = 0;
/// Note of a call that tells of a route: no answer is wanted.
const TOLD: u32 = u32::MAX;

#[derive(Clone)]
pub(super) struct Announcer {
    checks: Option<Checkup>,
    /// Withdrawn by hand.
    withheld: Vec<bool>,
    announced: Vec<bool>,
    users: Vec<NodeId>,
    changes: u64,
}

impl Announcer {
    pub fn new(site: &Site<'_>) -> Self {
        let (settings, layout) = (site.settings(), site.layout);
        let sites = sites(layout, site.index);
        let checked = !site.is_disabled("anycast");
        Announcer {
            withheld: vec![false; sites.len()],
            announced: vec![true; sites.len()],
            checks: checked.then(|| Checkup::new(settings, entry::check_interval(settings), sites)),
            users: users(layout, site.index),
            changes: 0,
        }
    }

    /// All whom it concerns learn of a site that is announced from now on, or no longer. They are the internet: it takes no time to tell
    /// them, and each of their networks takes its own time to act.
    fn settle(&mut self, at: usize, cx: &mut Ctx<'_>) {
        let healthy = self.checks.as_ref().is_none_or(|checks| checks.is_healthy(at));
        let announced = healthy && !self.withheld[at];
        if announced == self.announced[at] {
            return;
        }
        self.announced[at] = announced;
        self.changes += 1;
        cx.tell("route", format!("site {at} is {}", if announced { "announced" } else { "withdrawn" }));
        for user in &self.users {
            let key = (at as u64) << 1 | u64::from(announced);
            cx.ask(Ask { note: TOLD, ..Ask::new(*user, ROUTE, key) });
        }
    }
}

/// The traffics that send to the address: at once, or because a name leads to it.
fn users(layout: &Layout, group: usize) -> Vec<NodeId> {
    let sends = |to: usize| match layout.groups[to].kind {
        "dns" => layout.groups[dns::final_zone(layout, to)].settings.groups("to").contains(&group),
        _ => to == group,
    };
    let traffics = layout.groups.iter().filter(|user| user.kind == "traffic");
    let users = traffics.filter(|user| user.settings.group("to").is_some_and(sends));
    users.flat_map(crate::components::Group::nodes).collect()
}

impl Component for Announcer {
    fn on_start(&mut self, cx: &mut Ctx<'_>) {
        if let Some(checks) = &mut self.checks {
            checks.start(CHECK, cx);
        }
    }

    /// A name's health check asks whether anybody answers at the address.
    fn on_call(&mut self, call: CallId, cx: &mut Ctx<'_>) {
        let any = self.announced.contains(&true);
        cx.reply(call, Answer::of(if any { Status::Ok } else { Status::Failed }));
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        if let Some(checks) = &self.checks {
            checks.ask(timer, cx);
        }
    }

    fn on_reply(&mut self, reply: Reply, cx: &mut Ctx<'_>) {
        if reply.note == TOLD {
            return;
        }
        if let Some(at) = self.checks.as_mut().and_then(|checks| checks.hear(&reply, cx)) {
            self.settle(at, cx);
        }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        if !matches!(control.verb, WITHDRAW | ANNOUNCE) {
            return;
        }
        for at in (0..self.withheld.len()).filter(|at| control.arg & 1 << at != 0) {
            self.withheld[at] = control.verb == WITHDRAW;
            self.settle(at, cx);
        }
    }

    fn measure(&self, _now: crate::kernel::Time, out: &mut Readings) {
        out.count("route_changes", self.changes);
        if let Some(checks) = &self.checks {
            out.count("checks_failed", checks.failed());
        }
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
