//! Load balancers and web tiers as wholes: how soon dead servers are found out, what is lost on the way, who comes back to whom.

mod autoscaler;
#[path = "../common/mod.rs"]
mod common;
mod drained;
mod egress;
mod groups;
mod health;
mod one_node;
mod scale;
mod standby;
mod sticky;
