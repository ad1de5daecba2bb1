//! Where rows are kept: the first million in memory, the rest in a temporary file that has no name.

use crate::random::replay::{TraceOp, TraceRow};
use std::fs::File;
use std::io::{self, BufWriter, Write};

/// Rows kept in memory: 32 MB.
pub(super) const MEMORY_ROWS: usize = 1_000_000;
/// A row in the file: time, key, bytes, client, operation, all little endian.
const ROW_BYTES: usize = 25;
/// Rows read from the file at a time, into a buffer on the stack.
const CHUNK_ROWS: usize = 128;

/// Takes rows in.
pub(super) struct StoreWriter {
    memory_rows: usize,
    new_file: fn() -> io::Result<File>,
    head: Vec<TraceRow>,
    spool: Option<BufWriter<File>>,
    spooled: u64,
}

impl StoreWriter {
    /// Keeps `memory_rows` rows in memory and asks `new_file` for a file if there are more.
    pub(super) fn new(memory_rows: usize, new_file: fn() -> io::Result<File>) -> Self {
        Self { memory_rows, new_file, head: Vec::new(), spool: None, spooled: 0 }
    }

    /// Number of rows taken.
    pub(super) fn len(&self) -> u64 {
        self.head.len() as u64 + self.spooled
    }

    /// Takes a row; fails if the file cannot be made or the disk is full.
    pub(super) fn push(&mut self, row: TraceRow) -> io::Result<()> {
        if self.head.len() < self.memory_rows {
            self.head.push(row);
            return Ok(());
        }
        let spool = match &mut self.spool {
            Some(spool) => spool,
            None => self.spool.insert(BufWriter::new((self.new_file)()?)),
        };
        spool.write_all(&encode(&row))?;
        self.spooled += 1;
        Ok(())
    }

    /// Ends the writing; fails if the last rows do not reach the file.
    pub(super) fn finish(mut self) -> io::Result<Store> {
        self.head.shrink_to_fit();
        let spool =
            self.spool.map(|spool| spool.into_inner().map_err(io::IntoInnerError::into_error)).transpose()?;
        Ok(Store { head: self.head, spool, spooled: self.spooled })
    }
}

/// Rows that can be read from any thread at any place: reads name their position, there is no shared cursor.
pub(super) struct Store {
    head: Vec<TraceRow>,
    spool: Option<File>,
    spooled: u64,
}

impl Store {
    /// Number of rows.
    pub(super) fn len(&self) -> u64 {
        self.head.len() as u64 + self.spooled
    }

    /// Appends up to `most` rows from row `from` on.
    pub(super) fn read(&self, from: u64, out: &mut Vec<TraceRow>, most: usize) -> io::Result<()> {
        let mut next = from;
        let end = from.saturating_add(most as u64).min(self.len());
        let head_end = end.min(self.head.len() as u64);
        if next < head_end {
            // Both are at most the length of `head`.
            out.extend_from_slice(&self.head[next as usize..head_end as usize]);
            next = head_end;
        }
        let Some(spool) = &self.spool else {
            return Ok(());
        };
        let mut chunk = [0; ROW_BYTES * CHUNK_ROWS];
        while next < end {
            let count = (end - next).min(CHUNK_ROWS as u64);
            let bytes = &mut chunk[..ROW_BYTES * count as usize];
            read_exact_at(spool, bytes, (next - self.head.len() as u64) * ROW_BYTES as u64)?;
            out.extend(bytes.as_chunks::<ROW_BYTES>().0.iter().map(decode));
            next += count;
        }
        Ok(())
    }
}

fn encode(row: &TraceRow) -> [u8; ROW_BYTES] {
    let mut bytes = [0; ROW_BYTES];
    bytes[0..8].copy_from_slice(&row.time_ns.to_le_bytes());
    bytes[8..16].copy_from_slice(&row.key.to_le_bytes());
    bytes[16..20].copy_from_slice(&row.bytes.to_le_bytes());
    bytes[20..24].copy_from_slice(&row.client.to_le_bytes());
    bytes[24] = match row.op {
        TraceOp::Get => 0,
        TraceOp::Set => 1,
        TraceOp::Other => 2,
    };
    bytes
}

fn decode(bytes: &[u8; ROW_BYTES]) -> TraceRow {
    TraceRow {
        time_ns: u64::from_le_bytes(part(bytes, 0)),
        key: u64::from_le_bytes(part(bytes, 8)),
        bytes: u32::from_le_bytes(part(bytes, 16)),
        client: u32::from_le_bytes(part(bytes, 20)),
        op: match bytes[24] {
            0 => TraceOp::Get,
            1 => TraceOp::Set,
            _ => TraceOp::Other,
        },
    }
}

fn part<const N: usize>(bytes: &[u8; ROW_BYTES], at: usize) -> [u8; N] {
    std::array::from_fn(|index| bytes[at + index])
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, at)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut bytes: &mut [u8], mut at: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let read = std::os::windows::fs::FileExt::seek_read(file, bytes, at)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes = &mut bytes[read..];
        at += read as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn row(number: u64) -> TraceRow {
        let op = [TraceOp::Get, TraceOp::Set, TraceOp::Other][(number % 3) as usize];
        let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        TraceRow { time_ns: mixed, key: !mixed, bytes: (mixed >> 7) as u32, client: (mixed >> 32) as u32, op }
    }

    fn store(rows: u64, memory_rows: usize) -> Store {
        let mut writer = StoreWriter::new(memory_rows, tempfile::tempfile);
        (0..rows).for_each(|number| writer.push(row(number)).expect("there is room"));
        assert_eq!(writer.len(), rows);
        writer.finish().expect("there is room")
    }

    #[test]
    fn many_threads_read_one_store() {
        let store = store(5_000, 1_000);
        std::thread::scope(|scope| {
            for thread in 0..4u64 {
                let store = &store;
                scope.spawn(move || {
                    for from in (thread * 37..5_000).step_by(41) {
                        let mut rows = Vec::new();
                        store.read(from, &mut rows, 1).expect("readable");
                        assert_eq!(rows, [row(from)]);
                    }
                });
            }
        });
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_told() {
        let full = || File::options().write(true).open("/dev/full");
        let mut writer = StoreWriter::new(1, full);
        let pushed = (0..2).try_for_each(|number| writer.push(row(number)));
        let error = pushed.and_then(|()| writer.finish().map(|_| ())).expect_err("no room");
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        let mut writer = StoreWriter::new(0, full);
        assert!((0..10_000).any(|number| writer.push(row(number)).is_err()), "not only at the end");
    }

    #[test]
    fn a_shortened_file_is_told() {
        let store = store(10, 2);
        store.spool.as_ref().expect("spooled").set_len(30).expect("a file");
        assert!(store.read(0, &mut Vec::new(), 3).is_ok());
        assert!(store.read(0, &mut Vec::new(), 10).is_err());
    }

    proptest! {
        #[test]
        fn reads_equal_slices(rows in 0u64..600, memory in 0usize..700, from in 0u64..700, most in 0usize..700) {
            let expected: Vec<TraceRow> = (0..rows).map(row).skip(from as usize).take(most).collect();
            let mut read = Vec::new();
            store(rows, memory).read(from, &mut read, most).expect("readable");
            prop_assert_eq!(read, expected);
        }
    }
}
