//! Random numbers: the same on every machine, in every thread and in every variant of an experiment.
//!
//! * [`draw`]: what belongs to a request is a pure function of (seed, replication, traffic, request number, purpose, attempt).
//! * [`stream`]: ambient processes own a named sequence.
//! * [`variate`]: durations and sizes, one uniform number each, by inversion.
//! * [`keys`]: which key a request asks for. [`arrivals`]: when the next request comes.

pub mod arrivals;
pub mod draw;
mod exponential_ns;
pub mod keys;
mod logarithm;
pub mod mix;
pub mod replay;
pub mod stream;
pub mod variate;

pub use arrivals::Arrivals;
pub use draw::{DrawKey, TrafficKey, request_key, traffic_key};
pub use keys::{Keys, Keyspace};
pub use stream::Stream;
pub use variate::Variate;
