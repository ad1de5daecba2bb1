//! Scripts: the only room that knows Rhai. A script describes experiments; worlds are described by its functions.

mod api;
mod callback;
mod convert;
mod desk;
mod engine;
mod errors;
mod jail;
mod places;
mod render;
mod session;
mod units;
mod workshop;

pub use api::WORDS;
pub use engine::stop_scripts;
pub use render::{Sources, draw};
pub use session::{Finished, Host, Judge, Record, Session};
