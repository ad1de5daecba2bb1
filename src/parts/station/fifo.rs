//! First in, first out.
//!
//! With its own service times, a FIFO station knows when a job arrives when it will leave (Kiefer &
//! Wolfowitz 1955): one timer per job, and no search for the next one when a server falls free. The timer is set when
//! the job comes into service, so that the calendar does not hold the waiting line as well. The wrong
//! choice when one kind of job is urgent, or when a few huge jobs hold up many small ones.

use super::row::Row;
use super::{Frame, Job, Served};
use crate::catalog::Policy;
use crate::kernel::{Ctx, NEVER, SECOND, Time, rarely};

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "fifo",
    about: "first in, first out",
    source: "Kiefer & Wolfowitz 1955",
    wrong_when: "a few huge jobs hold up many small ones",
};

/// By arrival, where departures are not known beforehand.
pub(super) fn key(sequence: u64, _priority: u8) -> u128 {
    u128::from(sequence)
}

#[derive(Clone, Copy, Debug)]
struct Place {
    job: u64,
    arrived: Time,
    /// When it first came into service.
    began: Time,
    /// When the work below was or will be taken up; later than `began` if the speed has changed meanwhile.
    start: Time,
    leave: Time,
    work: Time,
}

impl Place {
    fn served(&self) -> Served {
        Served { job: self.job, wait: self.began - self.arrived, service: self.leave - self.began }
    }
}

#[inline]
fn set_timer(frame: &Frame, place: &Place, cx: &mut Ctx<'_>) {
    if place.leave != NEVER {
        cx.timer_at(place.leave, frame.timer(place.job));
    }
}

/// When each server falls free, as a binary heap. The earliest lies apart, at hand: there is mostly one server.
#[derive(Clone, Debug)]
struct FreeAt {
    first: Time,
    others: Vec<Time>,
}

impl FreeAt {
    fn new(servers: u32) -> Self {
        FreeAt { first: 0, others: vec![0; servers as usize - 1] }
    }

    /// All at the same time.
    fn fill(&mut self, time: Time) {
        self.first = time;
        self.others.fill(time);
    }

    /// The first one is busy until `leave`.
    #[inline(always)]
    fn occupy_first(&mut self, leave: Time) {
        self.first = if self.others.is_empty() { leave } else { sift_down(&mut self.others, leave) };
    }
}

/// A new value in place of a heap's first, behind which these lie: which one is the first now. The heap's n-th is the one before the n-th here.
#[inline(never)]
fn sift_down(others: &mut [Time], leave: Time) -> Time {
    let earlier = |others: &[Time], child: usize| match others.get(child) {
        Some(next) if *next < others[child - 1] => child + 1,
        _ => child,
    };
    let mut at = earlier(others, 1);
    let first = others[at - 1];
    if first >= leave {
        return leave;
    }
    while 2 * at < others.len() {
        let child = earlier(others, 2 * at + 1);
        if others[child - 1] >= leave {
            break;
        }
        others[at - 1] = others[child - 1];
        at = child;
    }
    others[at - 1] = leave;
    first
}

#[derive(Clone, Debug)]
pub(super) struct Fifo {
    free_at: FreeAt,
    /// Jobs in the station in order of arrival; with several servers some in the middle may have left.
    places: Row<Place>,
    /// Of the places, so many at the head have been taken up: they have their timers. The others wait.
    started: usize,
    /// What changes of speed and crashes have made of server time and waiting time, beyond what the times of those who have left and of
    /// those who are there tell. It may be less than nothing, and wraps then.
    busy: u128,
    waiting: u128,
    /// Since when the station stands still: its jobs have no future, but go on being there.
    still_since: Time,
}

impl Fifo {
    pub fn new(servers: u32) -> Self {
        let (free_at, places) = (FreeAt::new(servers), Row::new());
        Fifo { free_at, places, started: 0, busy: 0, waiting: 0, still_since: 0 }
    }

    #[inline(always)]
    pub fn arrive(&mut self, frame: &mut Frame, job: Job, cx: &mut Ctx<'_>) -> bool {
        let now = cx.now();
        let free_at = self.free_at.first;
        let must_wait = free_at > now;
        if must_wait {
            let waiting = self.waiting(frame, cx);
            if frame.turns_away(waiting) {
                rarely();
                return false;
            }
            frame.longest_queue = frame.longest_queue.max(waiting + 1);
        }
        let place = self.place(frame, job.id, job.work, now, free_at.max(now));
        self.places.push_back(place);
        if must_wait {
            return true;
        }
        if self.started + 1 == self.places.len() {
            self.started += 1;
            set_timer(frame, &place, cx);
        } else {
            rarely();
            self.take_up(frame, cx); // behind jobs without work, whose time has come as well
        }
        true
    }

    #[inline(always)]
    pub fn on_timer(&mut self, frame: &mut Frame, job: u64, cx: &mut Ctx<'_>) -> Option<u64> {
        // It is mostly the one at the head, behind which nobody has left.
        if self.started > 0 && self.places.front().is_some_and(|place| place.job == job) {
            self.let_go(frame, job);
        }
        if self.has_left(job, cx.now()) {
            rarely();
            self.let_all_go(frame, job, cx.now());
        }
        self.take_up_next(frame, cx); // one has left, so that one at most comes into service
        Some(job)
    }

    /// Whether the job at the head has left: by this timer or before. (Others that leave now have timers of their own.)
    #[inline(always)]
    fn has_left(&self, job: u64, now: Time) -> bool {
        let has_left = |place: &Place| place.leave < now || place.job == job;
        self.started > 0 && self.places.front().is_some_and(has_left)
    }

    #[inline(never)]
    fn let_all_go(&mut self, frame: &mut Frame, job: u64, now: Time) {
        while self.has_left(job, now) {
            self.let_go(frame, job);
        }
    }

    /// The job at the head goes; `job` is the one that leaves now.
    #[inline(always)]
    fn let_go(&mut self, frame: &mut Frame, job: u64) {
        let Some(place) = self.places.front() else { return };
        if place.job == job {
            frame.last = (job, place.began);
        }
        frame.finish(place.served());
        self.places.pop_front();
        self.started -= 1;
    }

    /// When a job that has left, while some that came before it have not, had come into service.
    pub fn began(&self, job: u64) -> Time {
        self.places.iter().find(|place| place.job == job).expect("it has just left").began
    }

    /// The next job comes into service, if its time has come. Starts are in order of arrival.
    #[inline(always)]
    fn take_up_next(&mut self, frame: &Frame, cx: &mut Ctx<'_>) -> bool {
        match self.places.get(self.started) {
            Some(place) if place.start <= cx.now() => {
                self.started += 1;
                set_timer(frame, place, cx);
                true
            }
            _ => false,
        }
    }

    #[inline(never)]
    fn take_up(&mut self, frame: &Frame, cx: &mut Ctx<'_>) {
        while self.take_up_next(frame, cx) {}
    }

    /// Number of jobs that wait. Those that come into service at this very moment do not wait any more.
    #[inline(always)]
    fn waiting(&mut self, frame: &Frame, cx: &mut Ctx<'_>) -> u64 {
        if self.places.get(self.started).is_some_and(|place| place.start <= cx.now()) {
            rarely();
            self.take_up(frame, cx);
        }
        self.in_line()
    }

    /// The same, as the last event has left them.
    pub fn in_line(&self) -> u64 {
        (self.places.len() - self.started) as u64
    }

    /// Books the job from `start` on, on the server that falls free first.
    #[inline(always)]
    fn place(&mut self, frame: &Frame, job: u64, work: Time, arrived: Time, start: Time) -> Place {
        let leave = start.saturating_add(frame.duration(work));
        self.free_at.occupy_first(leave);
        Place { job, arrived, began: start, start, leave, work }
    }

    /// The (busy, waiting) times of those who are there, their future included.
    fn booked(&self) -> (u128, u128) {
        let booked = self.places.iter().filter(|place| place.leave != NEVER).map(Place::served);
        booked.fold((0, 0), |(busy, waiting), served| {
            (busy + u128::from(served.service), waiting + u128::from(served.wait))
        })
    }

    /// The (busy, waiting) times until now of all jobs ever admitted. Nothing is counted for each job but what is told of it anyway.
    fn until(&self, frame: &Frame, now: Time) -> (u128, u128) {
        let ((busy, waiting), (future_busy, future_waiting)) = (self.booked(), self.future(now));
        let (still_busy, still_waiting) = self.stillness(now);
        let left_waiting = frame.wait.sum() - u128::from(frame.at_the_door);
        let busy = frame.service.sum() + busy + still_busy - future_busy;
        let waiting = left_waiting + waiting + still_waiting - future_waiting;
        (self.busy.wrapping_add(busy), self.waiting.wrapping_add(waiting))
    }

    /// After a change: until now it was this.
    fn settle(&mut self, frame: &Frame, (busy, waiting): (u128, u128), now: Time) {
        self.still_since = now;
        let told = self.until(frame, now);
        self.busy = self.busy.wrapping_add(busy).wrapping_sub(told.0);
        self.waiting = self.waiting.wrapping_add(waiting).wrapping_sub(told.1);
    }

    /// The future parts of (busy, waiting) that are booked already.
    fn future(&self, now: Time) -> (u128, u128) {
        let booked = self.places.iter().filter(|place| place.leave != NEVER);
        booked.fold((0, 0), |(busy, waiting), place| {
            let served = place.leave.saturating_sub(place.start.max(now));
            let wait = place.start.saturating_sub(place.arrived.max(now));
            (busy + u128::from(served), waiting + u128::from(wait))
        })
    }

    /// The (busy, waiting) parts of the jobs of a station that stands still, until now.
    fn stillness(&self, now: Time) -> (u128, u128) {
        let still = self.places.iter().filter(|place| place.leave == NEVER);
        still.fold((0, 0), |(busy, waiting), place| {
            let span = u128::from(now - place.arrived.max(self.still_since));
            if place.start == NEVER { (busy, waiting + span) } else { (busy + span, waiting) }
        })
    }

    /// Work left changes its pace: every departure is computed anew.
    pub fn set_speed(&mut self, frame: &mut Frame, speed: f64, cx: &mut Ctx<'_>) {
        let now = cx.now();
        let until_now = self.until(frame, now);
        let old = std::mem::replace(&mut frame.speed, speed);
        frame.next_epoch();
        let places = std::mem::replace(&mut self.places, Row::new());
        self.started = 0;
        self.free_at.fill(now);
        for &place in places.iter() {
            if place.leave < now {
                frame.finish(place.served());
                continue;
            }
            // Also a job that leaves now: its timer has not gone off yet, and counts no more.
            self.rebook(frame, place, old, now);
        }
        self.settle(frame, until_now, now);
        self.take_up(frame, cx);
    }

    /// Books a job again after a change of speed. What has been done of it stays done.
    fn rebook(&mut self, frame: &Frame, place: Place, old_speed: f64, now: Time) {
        let in_service = place.start <= now && place.start != NEVER;
        let done = if in_service { ((now - place.start) as f64 * old_speed) as Time } else { 0 };
        let left = if old_speed == 0.0 { place.work } else { place.work.saturating_sub(done) };
        let waiting_since = if in_service { now } else { place.arrived.max(now) };
        let mut again = self.place(frame, place.job, left, waiting_since, self.free_at.first.max(now));
        again.arrived = place.arrived;
        if in_service {
            again.began = place.began;
        }
        self.places.push_back(again);
    }

    /// Everything in the station is lost.
    pub fn clear(&mut self, frame: &Frame, now: Time) {
        let until_now = self.until(frame, now);
        self.places.clear();
        self.started = 0;
        self.free_at.fill(now);
        self.settle(frame, until_now, now);
    }

    /// Jobs that have left and are not counted yet, since one before them has not.
    pub fn uncounted(&self, now: Time) -> u64 {
        self.places.iter().filter(|place| place.leave < now).count() as u64
    }

    /// (busy servers, waiting jobs) x seconds until now.
    pub fn areas(&self, frame: &Frame, now: Time) -> (f64, f64) {
        let (busy, waiting) = self.until(frame, now);
        let seconds = |area: u128| area as f64 / SECOND as f64;
        (seconds(busy), seconds(waiting))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a list that is searched: any number of servers, any times, many of them equal.
        #[test]
        fn the_server_that_falls_free_first_is_occupied(
            servers in 1_u32..20,
            spans in prop::collection::vec(0_u64..30, 0..100),
        ) {
            let (mut free_at, mut list) = (FreeAt::new(servers), vec![0; servers as usize]);
            for span in spans {
                list.sort_unstable();
                prop_assert_eq!(free_at.first, list[0]);
                list[0] += span;
                free_at.occupy_first(list[0]);
            }
        }
    }
}
