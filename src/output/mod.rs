//! Results as files: the CSVs, the manifest, and the folder in which both arrive.
//!
//! This room knows files and formats, and nothing of terminals or scripts.

mod csv;
mod error;
mod export;
mod file;
mod manifest;
mod place;
mod slug;
mod staging;

#[cfg(test)]
pub(crate) mod fixture;

pub use csv::{Explained, GUIDES, Guide, Report, TABLES, WriteRows};
pub use error::OutputError;
pub use export::{ExportError, Exported, Instant, Kind, export};
pub use file::create_new;
pub use manifest::{Manifest, script_hash};
pub use slug::{Folders, slug};
pub use staging::{Extra, Staging, Written};
