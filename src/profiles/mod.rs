//! What real systems are, as data: a model, the settings in which they differ from the presets, and facts, each with its
//! source and date.
//!
//! A figure is either a setting of the component (it then holds unless the script says otherwise) or a note for the reader.
//! What nobody has published is not invented: it is left to the preset, or marked as assumed, and then every run that rests on
//! it says so. The time of the network to a managed service is a link's, not the profile's.

mod aurora;
mod cassandra;
pub mod cloudflare;
pub mod cloudfront;
mod couchdb;
mod dynamodb;
mod global_accelerator;
mod hbase;
mod janusgraph;
mod mongodb;
mod mysql;
pub mod network;
mod oracle;
mod postgresql;
mod redis;
mod route53;

use crate::catalog::Policy;
use crate::kernel::Time;

/// A real system.
#[derive(Debug)]
pub struct Profile {
    /// How the catalog shows it.
    pub entry: Policy,
    /// Its data model, or the component that plays it.
    pub model: &'static str,
    /// Published service times of a read and a write: used as they are if the script asks for no counted work.
    pub times: Option<(Time, Time)>,
    /// Its figures and facts.
    pub figures: &'static [Figure],
}

/// One figure or fact.
#[derive(Debug)]
pub struct Figure {
    /// A setting of the component, or what the note is about.
    pub name: &'static str,
    /// What it is worth.
    pub worth: Worth,
    /// Who says so; [`ASSUMED`] if nobody does.
    pub source: &'static str,
    /// Of when that is.
    pub as_of: &'static str,
}

/// Source of a figure that nobody has published.
pub const ASSUMED: &str = "assumed";

/// The value of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Worth {
    /// A span, in nanoseconds.
    Time(Time),
    /// A size.
    Bytes(u64),
    /// A number.
    Count(u64),
    /// A part of something, from 0 to 1.
    Share(f64),
    /// A policy, by name.
    Choice(&'static str),
    /// A fact in words: it sets nothing.
    Note(&'static str),
}

impl Profile {
    /// Whether a figure is shown for information only: what is said in words about a database sets nothing. (What is said about an edge
    /// network or a name service is how the component of that profile works, where it does not say otherwise.)
    pub fn is_for_information(&self, figure: &Figure) -> bool {
        let is_database = DATABASES.iter().any(|entry| entry.name == self.entry.name);
        is_database && matches!(figure.worth, Worth::Note(_)) && !self.is_published_time(figure)
    }

    /// Whether a figure is a service time that counts where no work is counted.
    pub fn is_published_time(&self, figure: &Figure) -> bool {
        self.times.is_some() && ["read", "write"].contains(&figure.name)
    }
}

impl Figure {
    /// Whether nobody has published it.
    pub fn is_assumed(&self) -> bool {
        self.source == ASSUMED
    }
}

impl std::fmt::Display for Worth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Worth::Time(time) => f.write_str(&crate::kernel::time_text(*time)),
            Worth::Bytes(bytes) if bytes.is_multiple_of(1 << 20) => write!(f, "{} MiB", bytes >> 20),
            Worth::Bytes(bytes) if bytes.is_multiple_of(1 << 10) => write!(f, "{} KiB", bytes >> 10),
            Worth::Bytes(bytes) => write!(f, "{bytes} bytes"),
            Worth::Count(count) => write!(f, "{count}"),
            Worth::Share(share) => write!(f, "{share}"),
            Worth::Choice(name) => write!(f, "\"{name}\""),
            Worth::Note(text) => f.write_str(text),
        }
    }
}

const fn figure(name: &'static str, worth: Worth, source: &'static str, as_of: &'static str) -> Figure {
    Figure { name, worth, source, as_of }
}

const ALL: [&Profile; 11] = [
    &mysql::PROFILE,
    &postgresql::PROFILE,
    &oracle::PROFILE,
    &redis::PROFILE,
    &dynamodb::PROFILE,
    &mongodb::PROFILE,
    &couchdb::PROFILE,
    &hbase::PROFILE,
    &cassandra::PROFILE,
    &janusgraph::PROFILE,
    &aurora::PROFILE,
];

/// What stands between users and sites; not databases.
const EDGE: [&Profile; 4] = [
    &route53::PROFILE,
    &cloudflare::NETWORK.profile,
    &cloudfront::NETWORK.profile,
    &global_accelerator::PROFILE,
];

/// Services that answer names, for the catalog.
pub const NAMES: &[Policy] = &[route53::PROFILE.entry];
/// Content delivery networks.
pub const NETWORKS: [&network::Network; 2] = [&cloudflare::NETWORK, &cloudfront::NETWORK];
/// The same, for the catalog.
pub const NETWORK_ENTRIES: &[Policy] =
    &[cloudflare::NETWORK.profile.entry, cloudfront::NETWORK.profile.entry];
/// The accelerator of this name.
pub const GLOBAL_ACCELERATOR: Policy = global_accelerator::PROFILE.entry;

const fn entries<const N: usize>(profiles: [&Profile; N]) -> [Policy; N] {
    let mut entries = [mysql::PROFILE.entry; N];
    let mut at = 0;
    while at < N {
        entries[at] = profiles[at].entry;
        at += 1;
    }
    entries
}

/// The databases, for the catalog.
pub const DATABASES: &[Policy] = &entries(ALL);

/// A database's profile, by index in [`DATABASES`].
pub fn database(index: usize) -> &'static Profile {
    ALL[index]
}

/// A profile by name.
pub fn named(name: &str) -> Option<&'static Profile> {
    ALL.into_iter().chain(EDGE).find(|profile| profile.entry.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_has_a_source_and_a_date() {
        for profile in ALL.into_iter().chain(EDGE) {
            assert_eq!(named(profile.entry.name).unwrap().entry.about, profile.entry.about);
            assert!(!profile.figures.is_empty());
            for figure in profile.figures {
                let name = profile.entry.name;
                assert!(!figure.source.is_empty(), "{name}.{}", figure.name);
                let dated = figure.as_of.contains("20") || figure.as_of == "stored version";
                assert!(dated || figure.is_assumed(), "{name}.{}: {}", figure.name, figure.as_of);
            }
            let tells = |what: &str| profile.figures.iter().any(|figure| figure.name == what);
            let stores = !EDGE.iter().any(|edge| edge.entry.name == profile.entry.name);
            assert!(
                !stores || tells("replication"),
                "{} must tell its replication default",
                profile.entry.name
            );
        }
    }
}
