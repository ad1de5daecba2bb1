//! What a replay reads: rows of a recorded trace, wherever they are kept.

/// What a row of a trace asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TraceOp {
    /// A read.
    Get,
    /// A write, of whatever kind (insert, update, delete).
    Set,
    /// Anything else (OPTIONS, CONNECT, unknown verbs).
    Other,
}

/// One request of a recorded trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TraceRow {
    /// Time of the request in nanoseconds; what it counts from is said by who hands the row out.
    pub time_ns: u64,
    /// Number of the key, dense from 0 in order of first appearance.
    pub key: u64,
    /// Size of the object in bytes; 0 = not known, `u32::MAX` = that size or more.
    pub bytes: u32,
    /// The client: its IPv4 address, its number in the source, or a hash of its name; 0 = not known.
    pub client: u32,
    /// What was asked.
    pub op: TraceOp,
}

// A million rows are kept in memory: the size is part of the promise.
const _: () = assert!(size_of::<TraceRow>() == 32);

/// A recorded trace, readable at any row by any thread.
///
/// Contract: times never decrease from row to row; keys are dense, `0..key_count()`, in order of first appearance;
/// two reads of one row give the same row.
pub trait TraceRows: Send + Sync {
    /// Number of rows.
    fn len(&self) -> u64;

    /// True if there is no row.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends up to `most` rows to `out`, beginning with row `from` (the first row is 0). Appends fewer only where
    /// the trace ends or the storage fails; the latter is told by [`TraceRows::read_failure`].
    fn read(&self, from: u64, out: &mut Vec<TraceRow>, most: usize);

    /// The unit of the recorded time stamps in nanoseconds, at least 1: a stamp `t` means "in `t .. t + unit`".
    fn resolution_ns(&self) -> u64;

    /// False if the source tells no times. All `time_ns` are then 0 and who replays must supply the rate.
    fn has_times(&self) -> bool;

    /// Number of distinct keys.
    fn key_count(&self) -> u64;

    /// Number of distinct clients that the rows name; 0 if none says whose it is.
    fn client_count(&self) -> u64 {
        0
    }

    /// What went wrong in the first `read` that failed, if one has. A replay ends early at such a failure, so
    /// whoever runs it asks here afterwards and refuses the run.
    fn read_failure(&self) -> Option<String> {
        None
    }

    /// What the source seems to tell that nobody looks at.
    fn doubt(&self) -> Option<String> {
        None
    }

    /// What a replay sends otherwise than it was sent when the source was written.
    fn sent_otherwise(&self) -> Option<String> {
        None
    }

    /// How many lines of the source are no rows since they were malformed or far out of order, and what was wrong with the first one.
    fn left_out(&self) -> Option<(u64, String)> {
        None
    }

    /// How many lines of the source stood behind later ones and were put in order, and by how many nanoseconds at most.
    fn displaced(&self) -> Option<(u64, u64)> {
        None
    }
}

/// A trace in memory, for tests: stamps in units of the resolution, row i has key i.
#[cfg(test)]
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    pub rows: Vec<TraceRow>,
    pub resolution_ns: u64,
    pub timed: bool,
    /// From this row on reading fails.
    pub fails_from: Option<u64>,
}

#[cfg(test)]
impl Recorded {
    pub(super) fn new(stamps: &[u64], resolution_ns: u64) -> Self {
        let row = |(key, stamp): (usize, &u64)| TraceRow {
            time_ns: stamp.saturating_mul(resolution_ns),
            key: key as u64,
            bytes: 0,
            client: 0,
            op: TraceOp::Get,
        };
        let rows = stamps.iter().enumerate().map(row).collect();
        Self { rows, resolution_ns, timed: true, fails_from: None }
    }

    pub(super) fn untimed(count: usize) -> Self {
        Self { timed: false, ..Self::new(&vec![0; count], 1) }
    }
}

#[cfg(test)]
impl TraceRows for Recorded {
    fn len(&self) -> u64 {
        self.rows.len() as u64
    }

    fn read(&self, from: u64, out: &mut Vec<TraceRow>, most: usize) {
        let end = self.fails_from.unwrap_or(self.len()).min(from.saturating_add(most as u64));
        if from < end {
            out.extend_from_slice(&self.rows[from as usize..end as usize]);
        }
    }

    fn resolution_ns(&self) -> u64 {
        self.resolution_ns
    }

    fn has_times(&self) -> bool {
        self.timed
    }

    fn key_count(&self) -> u64 {
        self.len()
    }
}
