#![doc = include_str!("README.md")]

pub mod audit;
pub mod catalog;
pub mod cli;
pub mod components;
pub mod experiment;
pub mod input;
pub mod kernel;
pub mod model;
pub mod output;
pub mod parts;
pub mod profiles;
pub mod random;
pub mod repl;
pub mod scripting;
pub mod stats;
