//! The calendar alone, under the hold model (pop the next event, push it again a random time later; Vaucher & Duval
//! 1975), beside the standard library's `BinaryHeap`, from 10^2 to 10^6 pending events.

mod common;

use common::{median, timed};
use scalelab::kernel::calendar::Calendar;
use scalelab::kernel::event::{Entry, Event};
use scalelab::kernel::foresight::Blind;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

const HOLDS: u64 = 1_000_000;
const ROUNDS: usize = 5;
/// Mean time between pop and push, in nanoseconds.
const MEAN_NS: f64 = 1e6;

/// Exponential delays, made beforehand so that their cost is not measured.
fn delays() -> Vec<u64> {
    let mut state = 7u64;
    let draw = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let uniform = ((state >> 11) | 1) as f64 / (1u64 << 53) as f64;
        (-libm::log(uniform) * MEAN_NS) as u64
    };
    (0..1 << 16).map(draw).collect()
}

trait Queue {
    fn put(&mut self, entry: Entry, sequence: u64);
    fn take(&mut self) -> Entry;
}

impl Queue for Calendar {
    #[inline]
    fn put(&mut self, entry: Entry, _sequence: u64) {
        self.push(entry.time, entry.event);
    }
    #[inline]
    fn take(&mut self) -> Entry {
        self.pop_before(u64::MAX, &Blind).expect("never empty")
    }
}

/// An entry with the order of the calendar, which needs no sequence number.
struct Ordered(Entry, u64);
impl Ordered {
    fn key(&self) -> (u64, u64) {
        (self.0.time, self.1)
    }
}
impl PartialEq for Ordered {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl Eq for Ordered {}
impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Ordered {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl Queue for BinaryHeap<Reverse<Ordered>> {
    #[inline]
    fn put(&mut self, entry: Entry, sequence: u64) {
        self.push(Reverse(Ordered(entry, sequence)));
    }
    #[inline]
    fn take(&mut self) -> Entry {
        self.pop().expect("never empty").0.0
    }
}

fn hold_ns(mut queue: impl Queue, pending: u64, delays: &[u64]) -> f64 {
    let entry = |time, sequence| Entry { time, event: Event::Expiry(sequence as u32).into() };
    let delay = |sequence: u64| delays[sequence as usize & (delays.len() - 1)];
    (0..pending).for_each(|sequence| queue.put(entry(delay(sequence), sequence), sequence));
    let mut hold = |from: u64, to: u64| {
        for sequence in from..to {
            let next = queue.take();
            queue.put(entry(next.time + delay(sequence), sequence), sequence);
        }
    };
    hold(pending, 2 * pending); // into the steady state
    let (ns, ()) = timed(|| hold(2 * pending, 2 * pending + HOLDS));
    black_box(queue.take());
    ns / HOLDS as f64
}

fn main() {
    let delays = delays();
    println!("ns per hold, median of {ROUNDS} alternating rounds");
    println!("{:>10} {:>10} {:>12} {:>8}", "pending", "calendar", "BinaryHeap", "times");
    for pending in [100, 1_000, 10_000, 100_000, 1_000_000] {
        let (mut ours, mut heap) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            ours.push(hold_ns(Calendar::new(), pending, &delays));
            heap.push(hold_ns(BinaryHeap::new(), pending, &delays));
        }
        let (ours, heap) = (median(&mut ours), median(&mut heap));
        println!("{pending:>10} {ours:>10.1} {heap:>12.1} {:>8.2}", heap / ours);
    }
}
