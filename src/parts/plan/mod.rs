//! How data is read and written through a cache: plans of steps, and their execution by whoever has both the
//! cache and the store within reach.

mod access;
mod cache_error;
mod flights;
mod hashed;
mod miss;
mod operation;
mod promise;
mod route;
mod slot_map;
mod strategy;
mod tell;

pub use access::{Access, Bus, NOBODY};
pub use cache_error::CacheError;
pub use flights::Flights;
pub use hashed::{Ejection, Hashed, HashedPlan};
pub use miss::{POLL, WAIT};
pub use operation::{Operation, Progress, Stage};
pub use promise::drop_promises;
pub use route::{ASK, Route};
pub use slot_map::SlotMap;
pub use strategy::{STEPS, STRATEGIES, Step, WritePlan};
