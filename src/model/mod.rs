//! A world: described as plain data, checked as a whole, built into a running simulation.

mod action;
mod alone;
mod build;
mod check;
mod command;
mod grow;
mod idle;
mod link;
mod machine;
mod needs;
mod part;
mod places;
mod region;
mod spec;

pub use action::{ACTIONS, Moment, NETWORK_ACTIONS, Order, resolve};
pub use build::build;
pub use check::{ALL, Checked, Looked, UNKNOWN_END, check, look, mistakes_so_far};
pub use command::{Command, Part, Role, Target};
pub use needs::Needs;
pub use part::{Whom, selected};
pub use region::ACTIONS as REGION_ACTIONS;
pub use spec::{GroupSpec, LinkSpec, MapSpec, TimelineItem, Trigger, WorldSpec};
