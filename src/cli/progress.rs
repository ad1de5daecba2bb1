//! stand-in
use crate::experiment::{Plan, Progress};
pub struct Bar;
impl Bar { pub fn new(_: &Plan, _: bool) -> Self { Bar } pub fn end(&self) {} }
impl Progress for Bar { fn advance(&self, _: usize, _: u64, _: f64, _: u64) {} fn finished(&self, _: usize, _: u64) {} }
