//! A machine: processors that are shared by all who stand on it.
//!
//! Without one, every component has processors of its own. A web server and a database `on` one host compete for it; that is
//! the first stage of every service, and giving the database a machine of its own is the second. Messages between guests of
//! one host and the host itself cross no network. When it dies, hangs or comes back, so do they (`model/machine.rs`).

use super::{ComponentKind, Site, site};
use crate::catalog::{Action, Entry, Kind, Measure, Param, Preset, Problems};
use crate::kernel::{Answer, CallId, Component, Control, Ctx, Readings, Status, Time, Timer};
use crate::parts::processor::{self, Processor, Speed};
use crate::parts::station::{self, Job, Station, StationPlan};
use crate::parts::verbs::COMPUTE;

/// A machine.
pub const KIND: ComponentKind = ComponentKind { entry: &ENTRY, nodes: super::one, check, build, grow: None };

/// The setting of those who stand on one.
pub const ON: Param = Param {
    name: "on",
    kind: Kind::Group(&["host"]),
    preset: Preset::Absent("none: processors of its own"),
    about: "the machine it stands on: its own work is done there, beside that of the other guests (a database's if it is counted: `model`)",
};

static ENTRY: Entry = Entry {
    name: "host",
    about: "a machine whose processors are shared by those who stand on it",
    chapter: "2, 12",
    headings: &[],
    params: &[
        Param {
            name: "cores",
            kind: Kind::Count(1, 4096),
            preset: Preset::Count(1),
            about: "its processors",
        },
        Param {
            name: "discipline",
            kind: Kind::Choice(station::DISCIPLINES),
            preset: Preset::Choice("processor_sharing"),
            about: "how the processors share the work (an operating system gives everybody a part: processor sharing)",
        },
        station::FIRST_PARAM,
        site::PRICE,
    ],
    needs: &[station::FIRST_NEED],
    actions: &[
        Action {
            name: "crash",
            usage: "crash()",
            about: "the machine dies, and all who stand on it: silence; memory is lost",
        },
        Action {
            name: "recover",
            usage: "recover()",
            about: "the machine is back, and all who stand on it, none of whom can be back before: empty after a crash, as they were after a hang",
        },
        Action {
            name: "hang",
            usage: "hang()",
            about: "the machine and all who stand on it stand still and keep everything, until recover()",
        },
        site::SLOW,
    ],
    measures: &[Measure { name: "utilization_ratio", about: "busy share of its processors" }],
};

const WORK: u16 = 0;

#[derive(Clone)]
struct Host {
    processors: Station,
    /// Whose work comes first, under "priority".
    first: usize,
}

fn check(_site: &Site<'_>, _problems: &mut Problems) {}

fn processors(site: &Site<'_>, tag: u16) -> Station {
    let settings = site.settings();
    let servers = settings.count("cores").expect("preset") as u32;
    Station::new(StationPlan { servers, queue: None, discipline: settings.choice("discipline") }, tag)
}

fn build(site: &Site<'_>) -> Vec<Box<dyn Component>> {
    vec![Box::new(Host { processors: processors(site, WORK), first: site.settings().choice("first") })]
}

/// What a guest cannot say of itself.
pub fn check_guest(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    for name in ["cores", "discipline", "first"] {
        if settings.is_given("on") && settings.is_given(name) {
            let verb = if name == "cores" { "are those" } else { "is that" };
            let message = format!("`{name}` {verb} of the host it stands `on`");
            problems.push(settings.problem(name, message).hint("give it to the host"));
        }
    }
}

/// How many processors a component has: those of the machine that it stands on, or its own.
pub fn cores(site: &Site<'_>) -> u32 {
    let of = site.settings().group("on").map_or(*site, |machine| site.of(machine));
    of.settings().count("cores").expect("preset") as u32
}

/// The processors of a guest: the machine's, or its own if it stands on none. `own` makes those.
pub fn processor_of(site: &Site<'_>, tag: u16, own: impl FnOnce() -> Station) -> Processor {
    match site.settings().group("on") {
        None => Processor::Own(Box::new(own())),
        Some(machine) if site.is_disabled("shared_processors") => {
            Processor::Own(Box::new(processors(&site.of(machine), tag)))
        }
        Some(machine) => Processor::On(site.layout.first(machine), Speed::default()),
    }
}

impl Component for Host {
    fn on_call(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        debug_assert_eq!(call.verb, COMPUTE, "only guests ask a host");
        let priority = station::urgency(self.first, processor::is_for_a_write(call));
        let job = Job { priority, ..Job::new(id.to_bits(), call.key) };
        if !self.processors.arrive(job, cx) {
            cx.reply(id, Answer::of(Status::Rejected));
        }
    }

    fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        if let Some(job) = self.processors.on_timer(timer, cx) {
            cx.reply(CallId::from_bits(job), Answer::ok(0, 0));
        }
    }

    fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        self.processors.on_control(control, cx);
    }

    fn measure(&self, now: Time, out: &mut Readings) {
        self.processors.measure(now, out);
    }

    fn restart_maxima(&mut self, _now: Time) {
        self.processors.restart_maxima();
    }

    fn fork(&self) -> Box<dyn Component> {
        Box::new(self.clone())
    }
}
