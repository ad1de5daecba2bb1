//! What the benchmarks share: a clock of CPU time, medians, and worlds built from the real components.
#![allow(dead_code)] // each benchmark uses its part

use scalelab::catalog::{Given, KeysPlan, Place, Value};
use scalelab::kernel::Simulation;
use scalelab::model::{GroupSpec, LinkSpec, WorldSpec, build, check};
use scalelab::random::keys::Keys;
use scalelab::random::variate::{Exponential, Variate};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::time::Instant;

/// CPU time of this thread in nanoseconds, so that other work on the machine counts less; wall time where the kernel
/// does not tell it.
pub fn cpu_ns(since: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let first = told.as_deref().and_then(|text| text.split_whitespace().next()?.parse().ok());
    first.unwrap_or_else(|| since.elapsed().as_nanos() as f64)
}

/// CPU nanoseconds that `work` takes.
pub fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let start = Instant::now();
    let before = cpu_ns(start);
    let result = black_box(work());
    (cpu_ns(start) - before, result)
}

/// The middle value; the lower one of two.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[(values.len() - 1) / 2]
}

/// The yardstick: nanoseconds of one pop and push on a `BinaryHeap` of 1,000 entries of 32 bytes. It drifts with the
/// machine as the engine does, so ratios to it can be compared between days.
pub fn yardstick_ns() -> f64 {
    const HOLDS: u64 = 1_000_000;
    let mut heap: BinaryHeap<Reverse<[u64; 4]>> =
        (0..1000).map(|i| Reverse([i * 7919 % 1000, i, 0, 0])).collect();
    let mut state = 1u64;
    let (ns, _) = timed(|| {
        for sequence in 0..HOLDS {
            let Reverse(mut entry) = heap.pop().expect("never empty");
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            entry[0] += state >> 54;
            entry[1] = sequence;
            heap.push(Reverse(entry));
        }
        black_box(heap.len())
    });
    ns / HOLDS as f64
}

/// Settings by name.
pub fn given<const N: usize>(settings: [(&str, Value); N]) -> Vec<Given> {
    let one = |(name, value): (&str, Value)| Given { name: name.into(), value, place: Place::default() };
    settings.into_iter().map(one).collect()
}

/// A component.
pub fn group<const N: usize>(kind: &'static str, name: &str, settings: [(&str, Value); N]) -> GroupSpec {
    GroupSpec { kind, name: name.into(), given: given(settings), place: Place::default() }
}

/// An exponential duration with this mean in nanoseconds.
pub fn exponential(mean_ns: f64) -> Value {
    Value::Variate(Variate::from(Exponential::new(mean_ns).expect("a positive mean")))
}

/// A link with exponential latency of this mean in nanoseconds.
pub fn link(a: usize, b: usize, mean_ns: f64) -> LinkSpec {
    LinkSpec { a, b, given: given([("latency", exponential(mean_ns))]), place: Place::default() }
}

/// Zipf keys in scrambled order.
pub fn zipf(size: u64, exponent: f64) -> Value {
    let popularity = Keys::zipf(size, exponent).expect("a valid law");
    Value::Keys(KeysPlan { popularity, size, scrambled: true })
}

/// Checks and builds a world.
pub fn simulation(groups: Vec<GroupSpec>, links: Vec<LinkSpec>) -> Simulation {
    let spec = WorldSpec { groups, links, ..WorldSpec::default() };
    match check(&spec, u64::MAX, &[]) {
        Ok(world) => build(&world, 1, 0),
        Err(problems) => panic!("{problems:?}"),
    }
}
