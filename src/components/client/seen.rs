//! What the users of one traffic saw: how long answers took, and which reads were out of date.

use crate::audit::ReadCheck;
use crate::kernel::Readings;
use crate::stats::Histogram;

/// Counts since the start.
#[derive(Clone, Default)]
pub(super) struct Seen {
    reads: u64,
    stale_reads: u64,
    stale_age: Histogram,
    /// Of what was answered successfully.
    pub latency: Histogram,
}

impl Seen {
    /// A read was answered, and this is the audit's verdict.
    #[inline]
    pub fn read(&mut self, check: &ReadCheck) {
        self.reads += 1;
        if check.stale {
            self.stale_reads += 1;
            self.stale_age.record(check.age_ns.unwrap_or(0));
        }
    }

    pub fn measure(&self, out: &mut Readings) {
        out.count("reads", self.reads);
        out.count("stale_reads", self.stale_reads);
        out.histogram("stale_age", &self.stale_age);
        out.histogram("latency", &self.latency);
    }
}
