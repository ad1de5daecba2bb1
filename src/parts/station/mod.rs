//! A station: servers, a waiting line, and a discipline that says who is next.
//!
//! The owner calls [`Station::arrive`] with a job and gets it back from [`Station::on_timer`] when it has
//! been served. Crash, hang and change of speed come in through [`Station::on_control`].

mod fifo;
mod frame;
mod lifo;
mod ordered;
mod priority;
mod processor_sharing;
mod row;
#[cfg(test)]
mod scenario;

use crate::catalog::{Kind, Need, Param, Policy, Preset};
use crate::kernel::readings::IN_LINE;
use crate::kernel::{Control, Ctx, Integral, Readings, Time, Timer, rarely, seconds};
use frame::{Frame, Served};

/// Low bits of a timer's tag: the owner's own number for the station. The rest is the station's epoch.
const TAG_BITS: u16 = 4;

/// The disciplines, by name.
pub const DISCIPLINES: &[Policy] = &[fifo::ENTRY, lifo::ENTRY, processor_sharing::ENTRY, priority::ENTRY];

/// Who comes first under discipline "priority".
pub const FIRST: &[Policy] = &[
    Policy {
        name: "reads",
        about: "reads before writes",
        source: "Cobham 1954",
        wrong_when: "writes must not wait behind a flood of reads",
    },
    Policy {
        name: "writes",
        about: "writes before reads",
        source: "Cobham 1954",
        wrong_when: "a flood of writes would starve the readers",
    },
];

/// The setting that says so.
pub const FIRST_PARAM: Param = Param {
    name: "first",
    kind: Kind::Choice(FIRST),
    preset: Preset::Choice("reads"),
    about: "for discipline \"priority\": which kind of request is served first",
};

/// What it counts with.
pub const FIRST_NEED: Need = Need {
    settings: &["first"],
    with: "discipline \"priority\"",
    add: "`discipline: \"priority\"`",
    is_met: |settings| settings.chosen("discipline") == "priority",
};

/// The place of "reads" in [`FIRST`].
const READS_FIRST: usize = 0;

/// Urgency of a request when the choice of [`FIRST`] is `first`: 0 comes first.
#[inline]
pub fn urgency(first: usize, writes: bool) -> u8 {
    u8::from(writes == (first == READS_FIRST))
}

/// A job: who it is for, how much work it is, how urgent.
#[derive(Clone, Copy, Debug)]
pub struct Job {
    /// The owner's own number.
    pub id: u64,
    /// Service time at normal speed.
    pub work: Time,
    /// 0 is served first (discipline `priority` only).
    pub priority: u8,
}

impl Job {
    /// A job of ordinary urgency.
    pub fn new(id: u64, work: Time) -> Self {
        Job { id, work, priority: 0 }
    }
}

/// How a station is made.
#[derive(Clone, Copy, Debug)]
pub struct StationPlan {
    /// Number of servers, at least 1.
    pub servers: u32,
    /// Most jobs that may wait, apart from those in service; `None` = no bound.
    pub queue: Option<u64>,
    /// Index into [`DISCIPLINES`].
    pub discipline: usize,
}

#[derive(Clone, Debug)]
enum Line {
    Fifo(fifo::Fifo),
    Ordered(ordered::Ordered),
    Sharing(processor_sharing::ProcessorSharing),
}

/// Servers with a waiting line.
#[derive(Clone, Debug)]
pub struct Station {
    frame: Frame,
    line: Line,
}

impl Station {
    /// An empty station. `tag` (below 16) tells its timers from others of the owner.
    pub fn new(plan: StationPlan, tag: u16) -> Self {
        assert!(tag < 1 << TAG_BITS, "a station's tag has four bits");
        assert!(plan.servers > 0, "checked when the model was built");
        let line = match DISCIPLINES[plan.discipline].name {
            "lifo" => Line::Ordered(ordered::Ordered::new(lifo::key)),
            "priority" => Line::Ordered(ordered::Ordered::new(priority::key)),
            "processor_sharing" => Line::Sharing(processor_sharing::ProcessorSharing::default()),
            _ => Line::Fifo(fifo::Fifo::new(plan.servers)),
        };
        Station { frame: Frame::new(plan, tag), line }
    }

    /// A station whose servers stay held when a job has been served, until [`Station::let_go`]: connections on which somebody waits for
    /// something else. (Where the servers are shared by all, there is nothing to hold.)
    pub fn holding(plan: StationPlan, tag: u16) -> Self {
        let mut station = Station::new(plan, tag);
        if let Line::Fifo(_) = station.line {
            station.line = Line::Ordered(ordered::Ordered::new(fifo::key));
        }
        if let Line::Ordered(line) = &mut station.line {
            line.hold();
        }
        station
    }

    /// The server of a job that has been served takes the next one. Nothing happens if servers are not held.
    #[inline]
    pub fn let_go(&mut self, cx: &mut Ctx<'_>) {
        if let Line::Ordered(line) = &mut self.line {
            line.let_go(&self.frame, cx);
        }
    }

    /// Takes a job in that has a line of its own, the first one, and needs no server that is held, where servers are; else it is
    /// a job like others.
    pub fn arrive_beside(&mut self, job: Job, cx: &mut Ctx<'_>) -> bool {
        match &mut self.line {
            Line::Ordered(line) if line.holds() => {
                self.frame.arrivals += 1;
                line.arrive_beside(&mut self.frame, job, cx);
                true
            }
            _ => self.arrive(job, cx),
        }
    }

    /// Number of servers.
    pub fn servers(&self) -> u32 {
        self.frame.servers
    }

    /// Whether a timer belongs to the station with this tag.
    #[inline]
    pub fn owns(timer: Timer, tag: u16) -> bool {
        timer.tag & ((1 << TAG_BITS) - 1) == tag
    }

    /// Takes a job in; false if the line is full.
    #[inline(always)]
    pub fn arrive(&mut self, job: Job, cx: &mut Ctx<'_>) -> bool {
        self.frame.arrivals += 1;
        if cx.waited() == 0
            && let Line::Fifo(line) = &mut self.line
        {
            return line.arrive(&mut self.frame, job, cx);
        }
        rarely();
        self.arrive_otherwise((job.id, job.work, job.priority), cx)
    }

    /// With another discipline than the usual one, or a job that has waited at the door. It comes in pieces, which lie in registers: as a
    /// whole it would be put together in memory for every job, also those that do not come here.
    #[inline(never)]
    fn arrive_otherwise(&mut self, (id, work, priority): (u64, Time, u8), cx: &mut Ctx<'_>) -> bool {
        let job = Job { id, work, priority };
        let taken = match &mut self.line {
            Line::Fifo(line) => line.arrive(&mut self.frame, job, cx),
            Line::Ordered(line) => line.arrive(&mut self.frame, job, cx),
            Line::Sharing(line) => line.arrive(&mut self.frame, job, cx),
        };
        if cx.waited() > 0 && taken {
            self.frame.late.insert(job.id, cx.waited());
        }
        taken
    }

    /// A timer of this station has gone off: the job that has been served, if the timer still counts.
    #[inline(always)]
    pub fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) -> Option<u64> {
        if timer.tag != self.frame.tag {
            return None;
        }
        match &mut self.line {
            Line::Fifo(line) => line.on_timer(&mut self.frame, timer.data, cx),
            _ => {
                rarely();
                self.on_timer_otherwise(timer.data, cx)
            }
        }
    }

    /// With another discipline than the usual one.
    #[inline(never)]
    fn on_timer_otherwise(&mut self, data: u64, cx: &mut Ctx<'_>) -> Option<u64> {
        match &mut self.line {
            Line::Fifo(_) => unreachable!("this is the usual one"),
            Line::Ordered(line) => line.on_timer(&mut self.frame, data, cx),
            Line::Sharing(line) => line.on_timer(&mut self.frame, data, cx),
        }
    }

    /// When the job that [`Station::on_timer`] has just returned had come into service.
    pub fn began(&self, job: u64) -> Time {
        match &self.line {
            Line::Fifo(line) if self.frame.last.0 != job => line.began(job),
            _ => self.frame.last.1,
        }
    }

    /// Crash: all jobs are lost. Hang: everything stands still. Recover, change of speed: work goes on.
    pub fn on_control(&mut self, control: Control, cx: &mut Ctx<'_>) {
        match control.verb {
            Control::CRASH_PROCESS | Control::CRASH_HOST => self.clear(cx.now()),
            Control::HANG => self.set_speed(0.0, cx),
            Control::RECOVER if control.arg == 0 => self.set_speed(self.frame.speed_before_hang, cx),
            Control::SPEED => {
                let speed = control.arg as f64 / 1e6;
                self.frame.speed_before_hang = speed;
                if self.frame.speed != 0.0 {
                    self.set_speed(speed, cx);
                }
            }
            _ => {}
        }
    }

    fn set_speed(&mut self, speed: f64, cx: &mut Ctx<'_>) {
        match &mut self.line {
            Line::Fifo(line) => line.set_speed(&mut self.frame, speed, cx),
            Line::Ordered(line) => line.set_speed(&mut self.frame, speed, cx),
            Line::Sharing(line) => line.set_speed(&mut self.frame, speed, cx),
        }
    }

    fn clear(&mut self, now: Time) {
        self.frame.next_epoch();
        self.frame.late.clear();
        self.frame.speed = self.frame.speed_before_hang;
        match &mut self.line {
            Line::Fifo(line) => line.clear(&self.frame, now),
            Line::Ordered(line) => line.clear(now),
            Line::Sharing(line) => line.clear(now),
        }
    }

    /// Tells arrivals, completions, rejections, busy servers, waiting jobs and the two times.
    pub fn measure(&self, now: Time, out: &mut Readings) {
        let (busy, waiting) = match &self.line {
            Line::Fifo(line) => line.areas(&self.frame, now),
            Line::Ordered(line) => line.areas(now),
            Line::Sharing(line) => line.areas(now),
        };
        out.count("arrivals", self.frame.arrivals);
        let uncounted = if let Line::Fifo(line) = &self.line { line.uncounted(now) } else { 0 };
        out.count("completions", self.frame.completions + uncounted);
        out.count("rejected", self.frame.rejected);
        out.area("busy", busy);
        out.gauge("servers", f64::from(self.frame.servers));
        out.area("queue", waiting);
        if self.frame.at_the_door > 0 {
            out.area("door", seconds(self.frame.at_the_door));
        }
        out.gauge(IN_LINE, self.in_line() as f64);
        out.maximum("queue_len_max", self.frame.longest_queue as f64);
        out.histogram("wait", &self.frame.wait);
        out.histogram("service", &self.frame.service);
    }

    /// The longest queue is counted anew, from the one that stands there.
    pub fn restart_maxima(&mut self) {
        self.frame.longest_queue = self.in_line();
    }

    fn in_line(&self) -> u64 {
        match &self.line {
            Line::Fifo(line) => line.in_line(),
            Line::Ordered(line) => line.in_line(),
            Line::Sharing(line) => line.in_line(&self.frame),
        }
    }
}

/// Time integrals of a station whose changes are seen one by one.
#[derive(Clone, Copy, Debug, Default)]
struct Areas {
    busy: Integral,
    waiting: Integral,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_first_is_what_its_name_says() {
        for (first, policy) in FIRST.iter().enumerate() {
            let [of_reads, of_writes] = [false, true].map(|writes| urgency(first, writes));
            assert_eq!(of_reads < of_writes, policy.name == "reads", "{}", policy.name);
        }
    }
}
