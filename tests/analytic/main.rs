//! Queueing theory as the judge: the real components (traffic, load_balancer, web, database) against closed forms.
//!
//! The figures are rows of the project's reference tables (queueing.csv, lb_policies.csv, jackson.json of 2026-11-22,
//! computed from the formulas named at each test). The unit of time is the second and a mean service takes 1 s unless it says
//! otherwise. Each row: 20 replications, a tenth of the time dropped as warm-up, the exact value within 1.5 times the
//! half-width of the estimate (see `common::estimate`).

mod balancing;
#[path = "../common/mod.rs"]
mod common;
mod networks;
mod priority;
mod queue;
mod stations;

const REPLICATIONS: u64 = 20;
/// Largest relative half-width at a utilisation up to 0.8; beyond it, runs of this length know less.
const PRECISE: f64 = 0.03;
const COARSE: f64 = 0.2;
