//! How long a statement works where times are declared. (Where work is counted, `desk.rs` asks a machine instead.)

use super::shape::Shape;
use super::wire::{MIRROR, SCATTER};
use crate::components::Site;
use crate::components::database::{counted, service_time};
use crate::kernel::{CallId, Ctx, RequestId, Time};
use crate::parts::station::{self, Job, Station, StationPlan};
use crate::parts::verbs::{PUT, READ};
use crate::random::variate::Variate;

/// Work of statements, and of applying what others have written.
#[derive(Clone, Debug)]
pub struct Engine {
    read: Variate,
    write: Variate,
    /// Work of applying an entry.
    apply: Variate,
    purpose: u64,
    first: usize,
    /// Size of a row, where the request does not tell.
    pub row_bytes: u32,
    /// One of several that are asked at a time.
    is_copy: bool,
}

impl Engine {
    /// As the settings say.
    pub fn new(site: &Site<'_>) -> Self {
        let settings = site.settings();
        // Where work is counted, no time is declared and none is drawn.
        let time = |name| match counted::is_counted(settings) {
            true => Variate::constant(0),
            false => service_time(settings, name),
        };
        let write = time("write");
        let shares_storage = Shape::of(settings).storage > 0;
        Engine {
            read: time("read"),
            apply: settings
                .variate("apply")
                .unwrap_or_else(|| if shares_storage { Variate::constant(0) } else { write.clone() }),
            write,
            purpose: site.purpose("service"),
            first: settings.choice("first"),
            row_bytes: counted::row_bytes(settings) as u32,
            is_copy: false,
        }
    }

    /// A copy of a quorum.
    pub fn of_copy(self) -> Self {
        Engine { is_copy: true, ..self }
    }

    /// A storage node keeps the log; bringing pages up to date is not on anybody's way.
    pub fn of_storage(self) -> Self {
        Engine { apply: Variate::constant(0), ..self }
    }

    /// Size of what a statement of a request finds.
    #[inline]
    pub fn bytes(&self, request: RequestId, cx: &Ctx<'_>) -> u32 {
        match cx.request(request).map_or(0, |request| request.bytes) {
            0 => self.row_bytes,
            bytes => bytes,
        }
    }

    /// A statement as a job of a station.
    #[inline]
    pub fn job(&self, id: CallId, cx: &mut Ctx<'_>) -> Job {
        let call = cx.call(id);
        let (verb, key, request) = (call.verb, call.draw_key(), call.request);
        let reads = matches!(verb, READ | SCATTER);
        let time = if reads { &self.read } else { &self.write };
        // Copies and shards that work on one request at the same time each draw a time of their own.
        let together = matches!(verb, SCATTER | PUT | MIRROR) || self.is_copy;
        let own = if together { u64::from(cx.node().0) << 48 } else { 0 };
        let purpose = self.purpose ^ u64::from(if reads { READ } else { verb });
        let work = cx.sample_ns(time, request, purpose, key ^ own);
        Job { priority: station::urgency(self.first, !reads), ..Job::new(id.to_bits(), work) }
    }

    /// Work of applying an entry.
    pub fn apply(&self, cx: &mut Ctx<'_>) -> Time {
        cx.sample_ns(&self.apply, RequestId::NONE, 0, 0)
    }
}

/// The connections of a node; `held` until a statement is ended, if that is later than when its work is done.
pub fn connections(site: &Site<'_>, tag: u16, held: bool) -> Station {
    let settings = site.settings();
    let plan = StationPlan {
        servers: settings.count("connections").expect("preset") as u32,
        queue: settings.count("queue"),
        discipline: settings.choice("discipline"),
    };
    if held { Station::holding(plan, tag) } else { Station::new(plan, tag) }
}

/// The appliers of a node: first in, first out.
pub fn appliers(site: &Site<'_>, tag: u16) -> Station {
    let servers = site.settings().count("appliers").expect("preset") as u32;
    Station::new(StationPlan { servers, queue: None, discipline: 0 }, tag)
}
