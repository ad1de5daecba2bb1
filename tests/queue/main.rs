//! Message queues: what each semantics promises, under any schedule of crashes.

#[path = "../common/mod.rs"]
mod common;
mod kafka;
mod laws;
mod mistakes;
mod promises;
mod rabbitmq;
mod redis_streams;
mod sqs;
mod world;
