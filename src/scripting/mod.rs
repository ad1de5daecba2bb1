//! Scripts: the only room that knows Rhai. A script describes experiments; worlds are described by its functions.

mod api;
mod brackets;
mod callback;
mod compared;
mod context;
mod convert;
mod curve;
mod desk;
mod divisions;
mod elsewhere;
mod engine;
mod errors;
mod foreign;
mod idioms;
mod inputs;
mod jail;
mod lists;
mod marks;
mod mended;
mod misplaced;
mod onward;
mod pasted;
mod places;
mod render;
mod said;
mod session;
mod shown;
mod slips;
mod survey;
mod text;
mod units;
mod unlike;
mod weighed;
mod words;
mod workshop;

pub use api::{RULES, WORDS};
pub use engine::stop_scripts;
pub use inputs::inputs_fingerprint;
pub use render::{Sources, draw};
pub use session::{Finished, Host, Judge, Record, Session};

/// Names of the units of quantities: `5.ms`.
pub fn unit_names() -> impl Iterator<Item = &'static str> {
    units::unit_names()
}

/// The units with what they count and how many of its smallest unit one is: ("ms", "time", "1000000 ns").
pub fn units() -> Vec<(&'static str, &'static str, String)> {
    units::worth()
}

/// What one of a unit is: of `ms`, a thousandth of a duration.
pub fn unit(name: &str) -> Option<crate::experiment::Unit> {
    units::unit(name)
}

/// Settings of `trace(path, #{ .. })`.
pub fn trace_options() -> &'static [&'static str] {
    &api::TRACE_OPTIONS
}
