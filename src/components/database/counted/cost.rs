//! The one table of unit costs: all data models are priced by it, so that they differ by their structure alone.
//!
//! Every entry is a setting of the database and can be overridden. An entry without a source is marked "assumed", and every
//! run that rests on it says so. What a network costs is not here but in links (`network`, `link`): one way within a zone
//! about 50 us (IBM Cloud, 30-day median round trip 0.10 ms, 2026-08-16).

use crate::catalog::{Kind, Param, Preset};

const fn cost(name: &'static str, nanoseconds: u64, about: &'static str) -> Param {
    Param { name, kind: Kind::Duration, preset: Preset::Duration(nanoseconds), about }
}

/// Fixed processor time of a statement.
pub const STATEMENT: Param = cost(
    "statement_time",
    34_000,
    "counted work: processor time of a statement, whatever it asks (34 us: pgbench, select of a row in memory, one client, Azure D8s_v5, AzurePublicDataset@b469a11, 2023-05 to 2024-09)",
);
/// Processor time of a step through an index.
pub const STEP: Param = cost(
    "step_time",
    100,
    "counted work: processor time of a step through an index (assumed: one access to memory that misses all caches)",
);
/// Processor time of a row.
pub const ROW: Param = cost(
    "row_time",
    200,
    "counted work: processor time of looking at a row (assumed: two accesses to memory)",
);
/// A page that is in memory.
pub const MEMORY: Param = cost(
    "memory_time",
    100,
    "counted work: one access to memory, for each page touched (100 ns: Dean and Scott, Latency Numbers Every Programmer Should Know, 2012 and 2020)",
);
/// Reading through memory.
pub const MIB: Param = cost(
    "mib_time",
    250_000,
    "counted work: reading 1 MiB of rows in memory (250 us: Dean and Scott, Latency Numbers, 2012)",
);
/// A page that is not in memory.
pub const PAGE_READ: Param = cost(
    "page_read_time",
    150_000,
    "counted work: reading a page from the disk (150 us: 4 KiB at random from an SSD, Dean and Scott, Latency Numbers, 2012)",
);
/// Making the log durable.
pub const FSYNC: Param = cost(
    "fsync_time",
    1_643_000,
    "counted work: making the log durable (1.643 ms: pg_test_fsync, fdatasync of 8 KiB, Samsung 990 Pro, tanelpoder.com, 2025-05-27)",
);

/// The settings whose presets are assumed, and what to measure instead.
pub const ASSUMED: &[&str] = &["step_time", "row_time", "disk_parallel"];

/// The unit costs of one database, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costs {
    /// Of a statement.
    pub statement: u64,
    /// Of a step through an index.
    pub step: u64,
    /// Of a row.
    pub row: u64,
    /// Of a page in memory.
    pub memory: u64,
    /// Of 1 MiB of rows.
    pub mib: u64,
    /// Of a page read from the disk.
    pub page_read: u64,
    /// Of a flush of the log.
    pub fsync: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: [Param; 7] = [STATEMENT, STEP, ROW, MEMORY, MIB, PAGE_READ, FSYNC];

    #[test]
    fn every_entry_has_a_source_or_is_called_assumed() {
        for param in TABLE {
            let has_year = param.about.contains("20");
            assert_eq!(param.about.contains("assumed"), ASSUMED.contains(&param.name), "{}", param.name);
            assert!(has_year || param.about.contains("assumed"), "{}", param.name);
        }
    }
}
