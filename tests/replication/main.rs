//! Replicated databases: what is lost, what is stale, who leads.

#[path = "../common/mod.rs"]
mod common;
mod counted;
mod failover;
mod laws;
mod majority;
mod nearest;
mod quorum;
mod regions;
mod replace;
mod sessions;
mod shards;
mod shards_in_scripts;
mod truth;
mod waits;
mod world;
