//! The kernel: event handlers over a table of open calls. It knows time, nodes, calls and requests, and
//! nothing of the web.

mod audits;
mod background;
pub mod book;
pub mod calendar;
pub mod call;
pub mod component;
mod core;
mod crash;
pub mod ctx;
pub mod digest;
pub mod event;
pub mod foresight;
mod front;
pub mod give_up;
mod growth;
mod held;
mod held_up;
pub mod journal;
mod lane;
pub mod ledger;
mod left_behind;
mod node;
mod outage;
pub mod parcel;
pub mod prefetch;
pub mod readings;
pub mod request;
pub mod simulation;
pub mod slab;
mod stand_in;
pub mod time;
pub mod timers;
pub mod transit;

pub use self::node::Health;
pub use call::{Answer, Ask, Call, CallId, Reply, Status, TimeoutClass};
pub use component::{Component, Control};
pub use ctx::Ctx;
pub use event::{NodeId, Timer};
pub use growth::{Membership, Nursery};
pub use journal::Entry as JournalEntry;
pub use parcel::{Item, ParcelId};
pub use readings::{Integral, Readings};
pub use request::{Outcome, Request, RequestId};
pub use simulation::Simulation;
pub use time::{MICROSECOND, MILLISECOND, NEVER, SECOND, Time, milliseconds, seconds, time_text};
