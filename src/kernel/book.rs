//! The book of requests: how many were issued, how each ended, and how long it took.

use super::outage::Outage;
use super::request::{Outcome, Requests};
use super::time::Time;
use crate::stats::{Endings, Histogram};

/// Number of request classes that are told apart (reads, writes, logins, ...).
pub const CLASSES: usize = 8;

/// Requests of one class that were intended in the measured part of the run.
#[derive(Clone, Debug, Default)]
pub struct ClassBook {
    /// Answered as wanted.
    pub succeeded: u64,
    /// Answered with an error or reset.
    pub failed: u64,
    /// Turned away.
    pub rejected: u64,
    /// Given up by the user.
    pub timed_out: u64,
    /// Still open at the end.
    pub in_flight: u64,
    /// Nanoseconds from the intended start to the answer; for those that timed out or are in flight at the
    /// end, the time they had taken so far (a lower bound, so that overload cannot hide). Errors and
    /// rejections are not in it: a fast "no" is not a fast answer.
    pub latency: Histogram,
    /// The times of those that were given up, which are in `latency` as well.
    pub given_up: Histogram,
    /// The times of those that are open, which are in `latency` as well.
    pub open: Histogram,
    /// The times of those that failed or were turned away.
    pub refused: Histogram,
}

impl ClassBook {
    /// All requests of the class.
    pub fn total(&self) -> u64 {
        self.succeeded + self.failed + self.rejected + self.timed_out + self.in_flight
    }

    /// How requests ended.
    pub fn endings(&self) -> Endings<'_> {
        let ClassBook { latency, given_up, open, refused, .. } = self;
        Endings { waited: latency, given_up, open, refused }
    }

    /// What this book has that an earlier copy of it had not.
    pub fn since(&self, earlier: &ClassBook) -> ClassBook {
        ClassBook {
            succeeded: self.succeeded - earlier.succeeded,
            failed: self.failed - earlier.failed,
            rejected: self.rejected - earlier.rejected,
            timed_out: self.timed_out - earlier.timed_out,
            in_flight: 0,
            latency: self.latency.since(&earlier.latency),
            given_up: self.given_up.since(&earlier.given_up),
            open: Histogram::new(),
            refused: self.refused.since(&earlier.refused),
        }
    }

    /// Adds another book.
    pub fn merge(&mut self, other: &ClassBook) {
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.rejected += other.rejected;
        self.timed_out += other.timed_out;
        self.in_flight += other.in_flight;
        self.latency.merge(&other.latency);
        self.given_up.merge(&other.given_up);
        self.open.merge(&other.open);
        self.refused.merge(&other.refused);
    }

    #[inline]
    fn add_success(&mut self, latency: Time) {
        self.succeeded += 1;
        self.latency.record(latency);
    }

    fn add(&mut self, outcome: Outcome, latency: Time) {
        match outcome {
            Outcome::Succeeded => self.succeeded += 1,
            Outcome::Failed => self.failed += 1,
            Outcome::Rejected => self.rejected += 1,
            Outcome::TimedOut => self.timed_out += 1,
        }
        match outcome {
            Outcome::Succeeded => self.latency.record(latency),
            Outcome::TimedOut => {
                self.latency.record(latency);
                self.given_up.record(latency);
            }
            Outcome::Failed | Outcome::Rejected => self.refused.record(latency),
        }
    }
}

/// What became of the requests.
#[derive(Clone, Debug, Default)]
pub struct Book {
    measured_from: Time,
    issued: u64,
    finished: u64,
    classes: [ClassBook; CLASSES],
    outages: [Outage; CLASSES],
    /// Requests of the warm-up.
    unmeasured: ClassBook,
    /// Those of them that were answered as wanted before the measured part began.
    early: u64,
    /// All that had ended when the running window began.
    before: ClassBook,
}

impl Book {
    /// Requests intended from `time` on are measured; those that ended before were the warm-up.
    pub fn measure_from(&mut self, time: Time) {
        self.measured_from = time;
        for class in std::mem::take(&mut self.classes) {
            self.unmeasured.merge(&class);
        }
        self.early = self.unmeasured.succeeded;
        self.outages.iter_mut().for_each(|outage| outage.restart(time));
    }

    #[inline]
    pub(super) fn issue(&mut self, class: u8, now: Time) {
        self.issued += 1;
        self.outages[class as usize % CLASSES].issue(now);
    }

    /// Whole seconds since the measured part began, until `now`, in which requests of a class were wanted and none succeeded.
    pub fn outage_seconds(&self, class: u8, now: Time) -> u64 {
        self.outages[class as usize % CLASSES].seconds(now)
    }

    /// A request of a class, intended for `intended`, has ended.
    #[inline(always)]
    pub(super) fn finish(&mut self, (class, intended): (u8, Time), outcome: Outcome, now: Time) {
        debug_assert!((class as usize) < CLASSES, "class {class}");
        if outcome != Outcome::Succeeded {
            return self.fail((class, intended), outcome, now);
        }
        self.finished += 1;
        self.outages[class as usize % CLASSES].succeed(intended, now);
        self.class(class, intended).add_success(now - intended);
    }

    #[cold]
    #[inline(never)]
    fn fail(&mut self, (class, intended): (u8, Time), outcome: Outcome, now: Time) {
        self.finished += 1;
        self.outages[class as usize % CLASSES].fail(now);
        self.class(class, intended).add(outcome, now - intended);
    }

    /// The book of a class, or of the warm-up.
    #[inline(always)]
    fn class(&mut self, class: u8, intended: Time) -> &mut ClassBook {
        match intended >= self.measured_from {
            true => &mut self.classes[class as usize % CLASSES],
            false => &mut self.unmeasured,
        }
    }

    /// Requests issued since the start, warm-up included.
    pub fn issued(&self) -> u64 {
        self.issued
    }

    /// Requests answered as wanted in the measured part, those wanted in the warm-up among them: what left, whenever it came.
    pub fn completed(&self) -> u64 {
        let measured: u64 = self.classes.iter().map(|class| class.succeeded).sum();
        measured + self.unmeasured.succeeded - self.early
    }

    /// The requests that ended since the last call.
    pub fn take_window(&mut self) -> ClassBook {
        let mut all = self.unmeasured.clone();
        self.classes.iter().for_each(|class| all.merge(class));
        let window = all.since(&self.before);
        self.before = all;
        window
    }

    /// What had ended by now of what is measured, class by class.
    pub fn so_far(&self) -> &[ClassBook; CLASSES] {
        &self.classes
    }

    /// The book of a part of the run that ends now: what has ended since `earlier`, and what is open.
    pub fn close_since(
        &self,
        earlier: &[ClassBook; CLASSES],
        open: &Requests,
        end: Time,
    ) -> [ClassBook; CLASSES] {
        let part = Book {
            classes: std::array::from_fn(|class| self.classes[class].since(&earlier[class])),
            ..Book::default()
        };
        Book { measured_from: self.measured_from, ..part }.close(open, end)
    }

    /// The book at the end of the run: open requests enter with the time they have taken so far.
    pub fn close(&self, open: &Requests, end: Time) -> [ClassBook; CLASSES] {
        let mut classes = self.classes.clone();
        for (_, request) in open.iter().filter(|(_, r)| r.intended >= self.measured_from) {
            let class = &mut classes[request.class as usize];
            let waited = end.saturating_sub(request.intended);
            class.in_flight += 1;
            class.latency.record(waited);
            class.open.record(waited);
        }
        classes
    }

    /// Issued = finished + open, or the text of the difference.
    pub fn check(&self, open: &Requests) -> Result<(), String> {
        if self.issued == self.finished + open.len() as u64 {
            return Ok(());
        }
        Err(format!("{} requests issued, {} finished, {} open", self.issued, self.finished, open.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::NodeId;
    use super::super::request::Request;
    use super::*;
    use crate::random::draw::DrawKey;

    #[test]
    fn the_warm_up_does_not_count() {
        let mut book = Book::default();
        let mut open = Requests::default();
        let wanted = |at: Time| Request::new(NodeId(0), 0, DrawKey(0), at, 0);
        for at in [1, 2, 3] {
            book.issue(0, at);
            book.finish((0, at), Outcome::Succeeded, at + 5);
        }
        book.measure_from(10);
        book.issue(0, 9);
        book.finish((0, 9), Outcome::Succeeded, 12); // intended before
        book.issue(0, 11);
        book.finish((0, 11), Outcome::Failed, 12);
        book.issue(0, 15);
        open.insert(wanted(15));
        let reads = &book.close(&open, 20)[0];
        assert_eq!((reads.total(), reads.failed, reads.succeeded, reads.in_flight), (2, 1, 0, 1));
        assert_eq!(reads.latency.max(), Some(5), "open for 5 ns so far; errors have no latency");
        assert_eq!(reads.endings().answered_share(), Some(0.0), "nobody was answered yet");
        book.issue(1, 13);
        book.finish((0, 13), Outcome::Succeeded, 18);
        let availability = |end| book.close(&open, end)[0].endings().answered_share();
        assert_eq!(availability(20), Some(2.0 / 3.0), "the one that waited for 5 ns as well was answered");
        assert_eq!(availability(21), Some(1.0 / 3.0));
        assert_eq!(
            book.completed(),
            2,
            "one, and the one of the warm-up left in the measured part; three left before"
        );
        assert_eq!(book.issued(), 7);
        assert!(book.check(&open).is_ok());
    }

    #[test]
    fn windows_take_what_has_ended_since_the_last_one() {
        let mut book = Book::default();
        book.issue(0, 3);
        book.finish((0, 3), Outcome::TimedOut, 10);
        let window = book.take_window();
        assert_eq!((window.timed_out, window.latency.max()), (1, Some(7)));
        assert_eq!(book.take_window().total(), 0);
        book.measure_from(10); // in the middle of a window
        book.issue(0, 12);
        book.finish((0, 12), Outcome::Succeeded, 15);
        let window = book.take_window();
        assert_eq!((window.succeeded, window.timed_out, window.latency.max()), (1, 0, Some(3)));
    }
}
