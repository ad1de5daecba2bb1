//! How data is read and written through a cache: plans of steps, and their execution by whoever has both the
//! cache and the store within reach.

mod access;
mod hashed;
mod route;
mod slot_map;
mod strategy;

pub use access::{Access, CacheError, Operation, Progress, Stage};
pub use hashed::{Ejection, Hashed, HashedPlan};
pub use route::{ASK, Route};
pub use slot_map::SlotMap;
pub use strategy::{STEPS, STRATEGIES, Step, WritePlan};
