//! Caches of several nodes: who has which key, while nodes come, go and break.

#[path = "../common/mod.rs"]
mod common;
mod group;
mod schedules;
