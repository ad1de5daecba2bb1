//! How a thing describes itself: one constant from which arguments, checks, help, completion and "did you
//! mean" all come.

mod entry;
mod lists;
pub mod meant;
mod need;
mod param;
mod problem;
mod settings;
mod stand_in;
mod suggest;
pub mod units;
mod unknown;
mod value;
mod wrong;

pub use entry::{Action, Entry, Measure, Policy};
pub use need::{Need, Needed};
pub use param::{Kind, Param, Preset};
pub use problem::{Place, Problem, Problems};
pub use settings::{Given, Others, Settings, check};
pub use stand_in::{StandIn, is_stand_in};
pub use suggest::{closest, did_you_mean, number_of, one_of};
pub use unknown::no_such_setting;
pub use value::{ClientsPlan, GeoIpFile, KeysPlan, Load, PlannedStep, TraceLoad, Value, percent};
pub use wrong::not_whole;
