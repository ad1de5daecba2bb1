//! The command line: the terminal, and nothing that a script could not do without one.

pub mod catalog;
pub mod explain;
mod figures;
pub mod json;
mod look;
pub mod new;
pub mod progress;
mod say;
mod sentences;
pub mod shell;
pub mod table;
mod verdicts;

pub use look::Look;
pub use say::{complain, say};
