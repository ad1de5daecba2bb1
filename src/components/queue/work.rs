//! A broker's own work for each message it is given, if any is modelled.

use crate::components::Site;
use crate::kernel::{CallId, Control, Ctx, Readings, Time, Timer};
use crate::parts::station::{Job, Station, StationPlan};
use crate::random::variate::Variate;

/// The tag of its timers: the owner's own ones are above.
const TAG: u16 = 0;

/// `service` and `cores` of a queue.
#[derive(Clone)]
pub struct Work {
    own: Option<(Variate, Station)>,
    purpose: u64,
}

impl Work {
    /// Of the queue of this site.
    pub fn new(site: &Site<'_>) -> Self {
        let settings = site.settings();
        let cores = settings.count("cores").expect("preset") as u32;
        let plan = StationPlan { servers: cores, queue: None, discipline: 0 };
        let own = settings.variate("service").map(|time| (time, Station::new(plan, TAG)));
        Work { own, purpose: site.purpose("broker") }
    }

    /// A message comes with this call. True if there is nothing to do for it; else [`Work::done`] gives the call back.
    #[inline]
    pub fn is_none_for(&mut self, id: CallId, cx: &mut Ctx<'_>) -> bool {
        let Some((time, station)) = &mut self.own else { return true };
        let work = cx.work_ns(time, id, self.purpose);
        station.arrive(Job::new(id.to_bits(), work), cx);
        false
    }

    /// A timer that is nobody else's: the call whose work is done.
    pub fn done(&mut self, timer: Timer, cx: &mut Ctx<'_>) -> Option<CallId> {
        let (_, station) = self.own.as_mut()?;
        station.on_timer(timer, cx).map(CallId::from_bits)
    }

    /// Crashes and the like.
    pub fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        if let Some((_, station)) = &mut self.own {
            station.on_control(control, cx);
        }
    }

    /// What the station measures.
    pub fn measure(&self, now: Time, out: &mut Readings) {
        if let Some((_, station)) = &self.own {
            station.measure(now, out);
        }
    }

    /// Its maxima are counted anew.
    pub fn restart_maxima(&mut self) {
        if let Some((_, station)) = &mut self.own {
            station.restart_maxima();
        }
    }
}
