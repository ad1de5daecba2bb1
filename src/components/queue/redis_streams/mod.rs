//! Redis Streams: an append-only log with a consumer group. What was delivered stays pending with its consumer until it is
//! acknowledged or another one claims it; what a crash loses hangs on the append-only file.

mod server;
mod stream;

pub use server::ENTRY;
pub use server::{FSYNCS, build};
