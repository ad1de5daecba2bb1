//! Load balancers and web tiers as wholes: how soon dead servers are found out, what is lost on the way, who comes back to whom.

#[path = "../common/mod.rs"]
mod common;
mod drained;
mod egress;
mod groups;
mod health;
mod standby;
mod sticky;
