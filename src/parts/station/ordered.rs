//! Lines whose next job is known only when a server falls free: the waiting job with the smallest key.

use super::{Areas, Frame, Job, Served};
use crate::kernel::{Ctx, Time};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// Order of a waiting job, from its number in order of arrival and its priority; unique, smallest first.
pub(super) type Key = fn(sequence: u64, priority: u8) -> u128;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    key: u128,
    job: u64,
    work: Time,
    arrived: Time,
}

#[derive(Clone, Copy, Debug)]
struct Serving {
    job: u64,
    arrived: Time,
    start: Time,
    /// Work left at `resumed`.
    left: Time,
    resumed: Time,
}

#[derive(Clone, Debug)]
pub(super) struct Ordered {
    key: Key,
    sequence: u64,
    waiting: BinaryHeap<Reverse<Waiting>>,
    serving: Vec<Serving>,
    /// Jobs that have been served and keep their server, if they do. (Busy is who is at work: what is held waits for something else.)
    held: Option<usize>,
    /// Jobs that need no server which is held.
    beside: VecDeque<Waiting>,
    areas: Areas,
}

impl Ordered {
    pub fn new(key: Key) -> Self {
        Ordered {
            key,
            sequence: 0,
            waiting: BinaryHeap::new(),
            serving: Vec::new(),
            held: None,
            beside: VecDeque::new(),
            areas: Areas::default(),
        }
    }

    /// From now on jobs that have been served keep their server until they let it go.
    pub fn hold(&mut self) {
        self.held = Some(0);
    }

    pub fn holds(&self) -> bool {
        self.held.is_some()
    }

    /// Servers that are at work or held.
    fn taken(&self) -> usize {
        self.serving.len() + self.held.unwrap_or(0)
    }

    /// A job that has been served lets its server go.
    #[inline(never)]
    pub fn let_go(&mut self, frame: &Frame, cx: &mut Ctx<'_>) {
        let Some(held) = &mut self.held else { return };
        debug_assert!(*held > 0, "who was served holds a server");
        *held -= 1;
        self.begin_next(frame, cx);
    }

    /// A job that is the first one, and begins even if all servers are held.
    pub fn arrive_beside(&mut self, frame: &mut Frame, job: Job, cx: &mut Ctx<'_>) {
        let (key, arrived) = (u128::from(self.sequence), cx.now());
        self.sequence += 1;
        self.beside.push_back(Waiting { key, job: job.id, work: job.work, arrived });
        self.count_waiting(arrived);
        self.begin_next(frame, cx);
        frame.longest_queue = frame.longest_queue.max(self.in_line());
    }

    pub fn in_line(&self) -> u64 {
        (self.waiting.len() + self.beside.len()) as u64
    }

    fn count_waiting(&mut self, now: Time) {
        self.areas.waiting.set(now, self.in_line());
    }

    /// Takes up who is next, as far as there are servers.
    fn begin_next(&mut self, frame: &Frame, cx: &mut Ctx<'_>) {
        let servers = frame.servers as usize;
        loop {
            let next = if self.serving.len() < servers { self.beside.pop_front() } else { None };
            let next = next.or_else(|| match self.taken() < servers {
                true => self.waiting.pop().map(|Reverse(next)| next),
                false => None,
            });
            let Some(next) = next else { return };
            self.count_waiting(cx.now());
            self.begin(frame, next, cx);
        }
    }

    #[inline(never)]
    pub fn arrive(&mut self, frame: &mut Frame, job: Job, cx: &mut Ctx<'_>) -> bool {
        let now = cx.now();
        let key = (self.key)(self.sequence, job.priority);
        self.sequence += 1;
        let new = Waiting { key, job: job.id, work: job.work, arrived: now };
        if self.taken() < frame.servers as usize {
            self.begin(frame, new, cx);
            return true;
        }
        if frame.turns_away(self.waiting.len() as u64) {
            return false;
        }
        self.waiting.push(Reverse(new));
        frame.longest_queue = frame.longest_queue.max(self.in_line());
        self.count_waiting(now);
        true
    }

    fn begin(&mut self, frame: &Frame, next: Waiting, cx: &mut Ctx<'_>) {
        let now = cx.now();
        let Waiting { job, work, arrived, .. } = next;
        self.serving.push(Serving { job, arrived, start: now, left: work, resumed: now });
        self.areas.busy.set(now, self.serving.len() as u64);
        if frame.speed > 0.0 {
            cx.timer_in(frame.duration(work), frame.timer(job));
        }
    }

    #[inline(never)]
    pub fn on_timer(&mut self, frame: &mut Frame, job: u64, cx: &mut Ctx<'_>) -> Option<u64> {
        let now = cx.now();
        let at = self.serving.iter().position(|serving| serving.job == job)?;
        let done = self.serving.remove(at);
        frame.last = (done.job, done.start);
        frame.finish(Served { job: done.job, wait: done.start - done.arrived, service: now - done.start });
        if let Some(held) = &mut self.held {
            *held += 1;
        }
        self.areas.busy.set(now, self.serving.len() as u64);
        self.begin_next(frame, cx);
        Some(job)
    }

    pub fn set_speed(&mut self, frame: &mut Frame, speed: f64, cx: &mut Ctx<'_>) {
        let now = cx.now();
        let old = std::mem::replace(&mut frame.speed, speed);
        frame.next_epoch();
        for serving in &mut self.serving {
            let done = ((now - serving.resumed) as f64 * old) as Time;
            serving.left = serving.left.saturating_sub(done);
            serving.resumed = now;
            if speed > 0.0 {
                cx.timer_in(frame.duration(serving.left), frame.timer(serving.job));
            }
        }
    }

    pub fn clear(&mut self, now: Time) {
        self.waiting.clear();
        self.serving.clear();
        self.beside.clear();
        self.held = self.held.map(|_| 0);
        self.areas.busy.set(now, 0);
        self.areas.waiting.set(now, 0);
    }

    pub fn areas(&self, now: Time) -> (f64, f64) {
        (self.areas.busy.area(now), self.areas.waiting.area(now))
    }
}
