//! RabbitMQ, a classic queue on one broker: it pushes, counts what is unacknowledged, and puts back what a
//! consumer leaves behind.

mod broker;
mod channel;
mod consumers;
mod line;
mod producers;

pub use broker::ENTRY;
pub use broker::build;
