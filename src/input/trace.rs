//! A trace that has been read, ready to be replayed by any number of threads.

use super::error::TraceError;
use super::order::WINDOW;
use super::store::Store;
use crate::random::replay::{TraceRow, TraceRows};
use std::fmt;
use std::sync::OnceLock;

/// Size of a row that does not tell it and came before one of its key that does.
pub(super) const AS_ITS_KEY: u32 = u32::MAX;
/// The same of a row that was answered by an error: as what its key stands for, if any row tells that, else as the error.
pub(super) const ELSE_AN_ERROR: u32 = u32::MAX - 1;

/// The largest size of a row: those beyond mean something else, or are told as so much.
pub(super) const LARGEST: u32 = ELSE_AN_ERROR - 1;

/// What a log tells of a key; 0 = nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Weight {
    /// The size of what it stands for, told last.
    pub whole: u32,
    /// The size of an error sent in its place, told last.
    pub error: u32,
}

/// A recorded trace read from a file. Times count from the first row. Share it through an `Arc`; reading never locks.
pub struct Trace {
    pub(super) store: Store,
    pub(super) resolution_ns: u64,
    pub(super) has_times: bool,
    pub(super) key_count: u64,
    pub(super) client_count: u64,
    pub(super) span_ns: u64,
    pub(super) writes: u64,
    pub(super) weights: Vec<Weight>,
    pub(super) skipped: u64,
    pub(super) late: u64,
    pub(super) displaced: Option<(u64, u64)>,
    pub(super) first_error: Option<TraceError>,
    pub(super) read_failure: OnceLock<String>,
    /// What seems to be meant by its header and is not looked at.
    pub(super) doubt: Option<String>,
    /// What is sent here and was not then.
    pub(super) otherwise: Option<String>,
}

impl Trace {
    /// Number of lines left out because they were malformed or too far from their place; 0 unless asked to skip.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// What was wrong with the first line left out.
    pub fn first_error(&self) -> Option<&TraceError> {
        self.first_error.as_ref()
    }

    /// Share of the rows that write, 0 to 1.
    pub fn write_share(&self) -> f64 {
        self.writes as f64 / self.store.len().max(1) as f64
    }

    /// Time from the first row to the last in nanoseconds; 0 without times. The last row's own unit is not included.
    pub fn span_ns(&self) -> u64 {
        self.span_ns
    }
}

impl TraceRows for Trace {
    fn len(&self) -> u64 {
        self.store.len()
    }

    fn read(&self, from: u64, out: &mut Vec<TraceRow>, most: usize) {
        let first = out.len();
        if let Err(cause) = self.store.read(from, out, most) {
            let message =
                || format!("rows of the trace could not be read back from a temporary file: {cause}");
            self.read_failure.get_or_init(message);
        }
        for row in out[first..].iter_mut().filter(|row| row.bytes >= ELSE_AN_ERROR) {
            let Weight { whole, error } = self.weights.get(row.key as usize).copied().unwrap_or_default();
            row.bytes = if whole == 0 && row.bytes == ELSE_AN_ERROR { error } else { whole };
        }
    }

    fn resolution_ns(&self) -> u64 {
        self.resolution_ns
    }

    fn has_times(&self) -> bool {
        self.has_times
    }

    fn key_count(&self) -> u64 {
        self.key_count
    }

    fn client_count(&self) -> u64 {
        self.client_count
    }

    fn read_failure(&self) -> Option<String> {
        self.read_failure.get().cloned()
    }

    fn sent_otherwise(&self) -> Option<String> {
        self.otherwise.clone()
    }

    fn doubt(&self) -> Option<String> {
        self.doubt.clone()
    }

    fn left_out(&self) -> Option<(u64, String)> {
        let text = self.first_error.as_ref()?.to_string();
        let what = text.split(';').next().unwrap_or_default(); // the advice behind it has been taken
        let late = match self.late {
            0 => String::new(),
            late => format!("{late} of them since they are more than {WINDOW} lines from their place; "),
        };
        Some((self.skipped, format!("{late}the first one: {what}")))
    }

    fn displaced(&self) -> Option<(u64, u64)> {
        self.displaced
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Trace")
            .field("rows", &self.store.len())
            .field("keys", &self.key_count)
            .field("span_ns", &self.span_ns)
            .field("resolution_ns", &self.resolution_ns)
            .field("skipped", &self.skipped)
            .finish_non_exhaustive()
    }
}
