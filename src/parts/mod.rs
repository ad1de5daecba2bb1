//! Mechanisms shared by the rooms of the chapter.

pub mod hook;
pub mod plan;
pub mod pool;
pub mod processor;
pub mod retry;
pub mod ring;
pub mod station;
pub mod verbs;
