//! Whatever breaks: nothing vanishes, nothing is counted twice, and the same seed gives the same events.

#[path = "../common/mod.rs"]
mod common;
mod fills;
mod littles_law;
mod random_worlds;
mod truth;
mod world;
