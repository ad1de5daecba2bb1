//! Amazon SQS: consumers ask, messages are hidden while somebody has them, and come back if they are not deleted in time.
//!
//! The service is one node; the hosts it consists of are inside. What Amazon does not publish (how many hosts there are, how often
//! one is away) is for the user to say.

mod fifo;
mod recent;
mod service;
mod standard;
mod store;

pub use service::ENTRY;
pub use service::build;
