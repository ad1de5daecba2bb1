//! Eviction policies: equal to libCacheSim on whole traces, equal to an obvious model step by step, within half a
//! percentage point of a real Redis where it only approximates, and, through the real components, equal to the closed forms
//! of small caches and of TTLs.

mod closed_forms;
#[path = "../common/mod.rs"]
mod common;
mod expiry;
mod model;
mod redis;
mod traces;
