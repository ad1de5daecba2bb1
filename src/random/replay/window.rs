//! Reads rows in chunks, so that the storage is asked once per 256 rows.

use super::rows::{TraceRow, TraceRows};

/// Rows fetched at a time: 8 KiB, small enough that hundreds of sources may replay at once.
const BUFFER_ROWS: usize = 256;

/// A window onto the rows, moved forward in steps of [`BUFFER_ROWS`].
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    start: u64,
    buffer: Vec<TraceRow>,
}

impl Window {
    /// Row `index`; none beyond the end or if the storage fails.
    #[inline]
    pub(super) fn row(&mut self, rows: &dyn TraceRows, index: u64) -> Option<TraceRow> {
        let place = index.checked_sub(self.start).and_then(|place| usize::try_from(place).ok());
        match place.and_then(|place| self.buffer.get(place)) {
            Some(&row) => Some(row),
            None => self.move_to(rows, index),
        }
    }

    #[cold]
    fn move_to(&mut self, rows: &dyn TraceRows, index: u64) -> Option<TraceRow> {
        self.buffer.clear();
        self.start = index;
        rows.read(index, &mut self.buffer, BUFFER_ROWS);
        self.buffer.first().copied()
    }
}

/// Time stamp of one row, past all buffers.
pub(super) fn time_of(rows: &dyn TraceRows, index: u64) -> Option<u64> {
    let mut one = Vec::with_capacity(1);
    rows.read(index, &mut one, 1);
    one.first().map(|row| row.time_ns)
}
