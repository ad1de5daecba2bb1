//! Message queues: what each semantics promises, under any schedule of crashes.

#[path = "../common/mod.rs"]
mod common;
mod copies;
mod dead_letters;
mod delivery;
mod half_open;
mod hands;
mod kafka;
mod littles_law;
mod mistakes;
mod peers;
mod promises;
mod rabbitmq;
mod redis_streams;
mod slow_kafka;
mod slow_rabbitmq;
mod sqs;
mod world;
