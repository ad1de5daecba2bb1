//! Replays a recorded trace: at any speed, once or in a loop, as it was or resampled for a replication.
//!
//! The rows come through [`TraceRows`], so this room knows no files. Memory is constant whatever the trace's length.

mod blocks;
mod rows;
mod window;

use crate::random::mix::{combine, hash_name, unit};
use blocks::{Blocks, Stretch};
pub use rows::{TraceOp, TraceRow, TraceRows};
use std::fmt;
use std::sync::Arc;
use window::{Window, time_of};

/// How a trace is replayed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReplayOptions {
    /// Time runs this many times as fast as recorded; finite and above 0.
    pub speed: f64,
    /// Only the first so many rows of the trace are used (and repeated, and resampled); none = all.
    pub limit: Option<u64>,
    /// Begin again after the last row's unit of time, without end.
    pub repeat: bool,
    /// Resample the trace for this replication's seed: when rows come (local block bootstrap, blocks of a twentieth of the span), and of a
    /// trace without times where it begins; none = the rows as recorded.
    pub bootstrap: Option<u64>,
}

impl Default for ReplayOptions {
    /// The whole trace once, as recorded.
    fn default() -> Self {
        Self { speed: 1.0, limit: None, repeat: false, bootstrap: None }
    }
}

/// Why a replay cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum ReplayError {
    /// The speed is not a finite number above 0.
    #[error("a trace's speed must be a finite number above 0, not {0}")]
    Speed(f64),
}

/// Rows of one time stamp: recorded as simultaneous only because the clock was coarse.
#[derive(Clone, Copy, Debug, Default)]
struct Group {
    at_ns: u64,
    width_ns: u64,
    size: u64,
    sent: u64,
    /// Where its rows lie by chance, if they do.
    chance: Option<u64>,
    /// The part of the width that has passed.
    passed: f64,
}

/// Clocks as coarse as this hide how arrivals cluster, which queues feel: the rows lie by chance.
const COARSE_NS: u64 = 100_000_000;

/// A day in nanoseconds.
const DAY_NS: u64 = 86_400_000_000_000;

/// Whether a trace ends at about the hour at which it begins: within a twentieth of a day, the length of a block.
fn is_whole_days(span_ns: u64) -> bool {
    let beyond = span_ns % DAY_NS;
    span_ns > DAY_NS / 2 && beyond.min(DAY_NS - beyond) <= DAY_NS / 20
}

/// What tells these draws from others.
const PLACES: u64 = hash_name("places of rows within their second");
const START: u64 = hash_name("where a trace without times begins");

impl Group {
    /// Time of the next row: a bursty second stays a bursty second.
    #[inline]
    fn time_ns(&mut self) -> u64 {
        match self.chance {
            Some(bits) => self.time_by_chance(bits),
            None => self.time_in_turn(),
        }
    }

    /// Where independent arrivals lie if all that is known is how many there were: anywhere (Ross, Stochastic Processes, 2nd ed. 1996,
    /// theorem 2.3.1), here in order of time (Bentley & Saxe, Generating Sorted Lists of Random Numbers, ACM TOMS 1980).
    fn time_by_chance(&mut self, bits: u64) -> u64 {
        let left = (self.size - self.sent) as f64;
        let draw = unit(combine(bits, self.sent));
        self.passed = 1.0 - (1.0 - self.passed) * libm::pow(draw, 1.0 / left);
        let offset = (self.passed * self.width_ns as f64) as u64;
        self.at_ns.saturating_add(offset.min(self.width_ns.saturating_sub(1)))
    }

    /// Row i of n lies at i/n of the width.
    fn time_in_turn(&self) -> u64 {
        if self.sent == 0 {
            return self.at_ns;
        }
        let offset = u128::from(self.width_ns) * u128::from(self.sent) / u128::from(self.size);
        self.at_ns.saturating_add(offset as u64) // below `width_ns`
    }
}

/// An iterator over the rows of a trace at their times in the replay: from 0, never decreasing, in nanoseconds.
///
/// Rows of equal time stamps lie inside their unit of time: anywhere if that is 0.1 s or more, since evenly spread ones would queue less
/// than those that were recorded; else evenly (five rows of one ms lie at 0, 0.2, 0.4, 0.6 and 0.8 ms of it). If the trace has no times ([`TraceRows::has_times`]) every `time_ns` is 0 and the caller
/// supplies the rate; a bootstrap then begins anywhere and goes on at the first row after the last. A bootstrap that repeats goes on drawing,
/// so no two passes are alike; it may begin with a quiet stretch, so the first row need not lie at 0.
///
/// A bootstrap draws times. What comes at them are the rows in their order, in each pass from the first one on: a stretch that is dealt twice
/// would ask for all its keys again, within what any cache remembers, while those of a stretch that is left out are missing. (A fourth of
/// all rows came twice; an LRU cache that hit 45 % of a log of independent requests hit 58 % of its resampled rows.)
///
/// Cloning gives a second replay that goes on from the same row (16 KiB of buffers are copied).
#[derive(Clone)]
pub struct Replay {
    rows: Arc<dyn TraceRows>,
    speed: f64,
    timed: bool,
    unit_ns: u64,
    /// Root of the draws of places.
    root: u64,
    used: u64,
    first_ns: u64,
    blocks: Blocks,
    stretch: Stretch,
    /// The next row's time stamp, and that after the last of the present stretch.
    position: u64,
    end: u64,
    /// The next row, where that is another one than its time stamp's.
    content: Option<u64>,
    group: Group,
    /// One window hands out rows, the other runs ahead to count rows of one stamp: a group of any size fits.
    here: Window,
    ahead: Window,
    finished: bool,
}

impl Replay {
    /// A replay of `rows`, standing before its first row. An empty trace gives a replay without rows.
    ///
    /// # Errors
    /// [`ReplayError::Speed`] if the speed is not a finite number above 0.
    pub fn new(rows: Arc<dyn TraceRows>, options: ReplayOptions) -> Result<Self, ReplayError> {
        if !(options.speed.is_finite() && options.speed > 0.0) {
            return Err(ReplayError::Speed(options.speed));
        }
        let used = options.limit.unwrap_or(u64::MAX).min(rows.len());
        let timed = rows.has_times();
        let unit_ns = if timed { rows.resolution_ns().max(1) } else { 1 };
        let first_ns = time_of(&*rows, 0).unwrap_or(0);
        let span = match used.checked_sub(1) {
            Some(last) if timed => {
                let last_ns = time_of(&*rows, last).unwrap_or(first_ns);
                last_ns.saturating_sub(first_ns).saturating_add(unit_ns)
            }
            _ => used,
        };
        Ok(Self {
            rows,
            speed: options.speed,
            timed,
            unit_ns,
            root: combine(PLACES, options.bootstrap.unwrap_or(0)),
            used,
            first_ns,
            blocks: Blocks::new(
                span,
                unit_ns,
                options.bootstrap.filter(|_| timed),
                options.repeat,
                is_whole_days(span),
            ),
            stretch: Stretch { from: 0, length: 0, at: 0 },
            position: 0,
            end: 0,
            content: options.bootstrap.map(|seed| if timed { 0 } else { combine(START, seed) % used.max(1) }),
            group: Group::default(),
            here: Window::default(),
            ahead: Window::default(),
            finished: false,
        })
    }

    /// Time in nanoseconds that one pass takes at this speed, the last row's unit included; 0 without times.
    pub fn pass_ns(&self) -> u64 {
        if self.timed { self.scaled(self.blocks.span()) } else { 0 }
    }

    /// Rows of the trace that are used: all, or the limit.
    pub fn rows_used(&self) -> u64 {
        self.used
    }

    #[inline]
    fn scaled(&self, time_ns: u64) -> u64 {
        if self.speed == 1.0 {
            return time_ns; // exact, where a detour over f64 rounds beyond 104 days
        }
        (time_ns as f64 / self.speed) as u64 // monotone; saturates
    }

    /// Finds the next rows of one time stamp; none if the replay has ended.
    fn next_group(&mut self) -> Option<Group> {
        while self.position >= self.end {
            self.next_stretch()?;
        }
        if !self.timed {
            return Some(Group { size: self.end - self.position, ..Group::default() });
        }
        let stamp_ns = self.ahead.row(&*self.rows, self.position)?.time_ns;
        let mut after = self.position + 1;
        let mut limit_ns =
            self.first_ns.saturating_add(self.stretch.from).saturating_add(self.stretch.length);
        while after < self.end {
            let time_ns = self.ahead.row(&*self.rows, after)?.time_ns;
            if time_ns != stamp_ns {
                limit_ns = time_ns;
                break;
            }
            after += 1;
        }
        let into_stretch_ns = stamp_ns.saturating_sub(self.first_ns).saturating_sub(self.stretch.from);
        Some(Group {
            at_ns: self.stretch.at.saturating_add(into_stretch_ns),
            width_ns: self.unit_ns.min(limit_ns.saturating_sub(stamp_ns)),
            size: after - self.position,
            chance: (self.unit_ns >= COARSE_NS).then(|| combine(self.root, stamp_ns)),
            ..Group::default()
        })
    }

    fn next_stretch(&mut self) -> Option<()> {
        self.stretch = self.blocks.draw()?;
        if self.timed && self.blocks.is_first(&self.stretch) {
            self.content = self.content.map(|_| 0);
        }
        let after = self.stretch.from.saturating_add(self.stretch.length);
        (self.position, self.end) = if self.timed {
            (self.row_at(self.stretch.from)?, self.row_at(after)?)
        } else {
            (self.stretch.from, after)
        };
        Some(())
    }

    /// The first row at or after `offset_ns` from the trace's beginning, by bisection; none if reading fails.
    fn row_at(&self, offset_ns: u64) -> Option<u64> {
        if offset_ns >= self.blocks.span() {
            return Some(self.used);
        }
        let target_ns = self.first_ns.saturating_add(offset_ns);
        let (mut low, mut high) = (0, self.used);
        while low < high {
            let middle = low + (high - low) / 2;
            if time_of(&*self.rows, middle)? < target_ns {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Some(low)
    }
}

impl Iterator for Replay {
    type Item = TraceRow;

    /// The next row; none when the replay has ended or the storage failed ([`TraceRows::read_failure`]).
    #[inline]
    fn next(&mut self) -> Option<TraceRow> {
        if self.finished {
            return None;
        }
        if self.group.sent == self.group.size {
            let Some(group) = self.next_group() else {
                self.finished = true;
                return None;
            };
            self.group = group;
        }
        let Some(mut row) = self.here.row(&*self.rows, self.content.unwrap_or(self.position)) else {
            self.finished = true;
            return None;
        };
        self.content = self.content.map(|row| if row + 1 < self.used { row + 1 } else { 0 });
        let time_ns = self.group.time_ns();
        row.time_ns = self.scaled(time_ns);
        self.group.sent += 1;
        self.position += 1;
        Some(row)
    }
}

impl std::iter::FusedIterator for Replay {}

impl fmt::Debug for Replay {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Replay")
            .field("position", &self.position)
            .field("used", &self.used)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::rows::Recorded;
    use super::*;
    use proptest::prelude::*;

    const SECOND: u64 = 1_000_000_000;

    fn replay(rows: Recorded, options: ReplayOptions) -> Replay {
        Replay::new(Arc::new(rows), options).expect("the speed is right")
    }

    fn times(replay: impl Iterator<Item = TraceRow>) -> Vec<u64> {
        replay.map(|row| row.time_ns).collect()
    }

    /// The slow, obvious model: everything in memory, every group counted by looking at all rows.
    fn model(rows: &Recorded, used: usize, speed: f64) -> Vec<u64> {
        let stamps: Vec<u64> = rows.rows[..used].iter().map(|row| row.time_ns).collect();
        let place = |(index, &stamp): (usize, &u64)| {
            let size = stamps.iter().filter(|&&other| other == stamp).count();
            let rank = stamps[..index].iter().filter(|&&other| other == stamp).count();
            let time = stamp - stamps[0] + rows.resolution_ns * rank as u64 / size as u64;
            if speed == 1.0 { time } else { (time as f64 / speed) as u64 }
        };
        stamps.iter().enumerate().map(place).collect()
    }

    #[test]
    fn rows_of_one_millisecond_are_spread_evenly_within_it() {
        let rows = Recorded::new(&[7, 7, 7, 7, 7, 9], SECOND / 1_000);
        let expected = [0, 200_000, 400_000, 600_000, 800_000, 2_000_000];
        assert_eq!(times(replay(rows, ReplayOptions::default())), expected);
    }

    /// Of a Poisson process, as it was, a second has 100 arrivals; the gaps between them are as long as chance makes them.
    #[test]
    fn rows_of_one_second_lie_anywhere_in_it() {
        let stamps: Vec<u64> = (0..20_000).map(|row| row / 100).collect();
        let times = times(replay(Recorded::new(&stamps, SECOND), ReplayOptions::default()));
        assert!(times.is_sorted() && times.iter().zip(&stamps).all(|(time, stamp)| time / SECOND == *stamp));
        let gaps: Vec<f64> = times.windows(2).map(|pair| (pair[1] - pair[0]) as f64).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean) * (gap - mean)).sum::<f64>() / gaps.len() as f64;
        let squared_variation = variance / (mean * mean);
        assert!((0.93..1.03).contains(&squared_variation), "{squared_variation}"); // 1 - 2 / 102, and its error
        let halves = times.iter().filter(|time| **time % SECOND < SECOND / 2).count() as f64;
        assert!((halves - 10_000.0).abs() < 300.0, "{halves}");
    }

    #[test]
    fn a_loop_goes_on_after_the_last_unit() {
        let rows = Recorded::new(&[3, 5], SECOND);
        let looped = replay(rows, ReplayOptions { repeat: true, ..ReplayOptions::default() });
        assert_eq!(looped.pass_ns(), 3 * SECOND);
        let seconds: Vec<u64> = looped.take(5).map(|row| row.time_ns / SECOND).collect();
        assert_eq!(seconds, [0, 2, 3, 5, 6]);
    }

    #[test]
    fn speed_divides_times() {
        let rows = Recorded::new(&[0, 10], SECOND);
        let fast = replay(rows, ReplayOptions { speed: 4.0, ..ReplayOptions::default() });
        assert_eq!(fast.pass_ns(), 2_750_000_000);
        assert_eq!(times(fast).iter().map(|time| time / 250_000_000).collect::<Vec<_>>(), [0, 10]);
    }

    #[test]
    fn impossible_speeds_are_refused() {
        for speed in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let rows = Arc::new(Recorded::new(&[0], 1));
            assert!(
                Replay::new(rows, ReplayOptions { speed, ..ReplayOptions::default() }).is_err(),
                "{speed}"
            );
        }
    }

    #[test]
    fn extreme_speeds_and_times_neither_overflow_nor_go_back() {
        let rows = Recorded::new(&[0, u64::MAX / 2, u64::MAX, u64::MAX], 1);
        for speed in [f64::MIN_POSITIVE, 1.0, f64::MAX] {
            let options = ReplayOptions { speed, repeat: true, ..ReplayOptions::default() };
            let times: Vec<u64> = times(replay(rows.clone(), options).take(9));
            assert_eq!(times.len(), 9);
            assert!(times.is_sorted(), "{times:?}");
        }
    }

    #[test]
    fn an_empty_trace_ends_at_once_even_in_a_loop() {
        for bootstrap in [None, Some(1)] {
            let options = ReplayOptions { repeat: true, bootstrap, ..ReplayOptions::default() };
            assert_eq!(replay(Recorded::new(&[], SECOND), options).next(), None);
            let limited = ReplayOptions { limit: Some(0), ..options };
            assert_eq!(replay(Recorded::new(&[1, 2], SECOND), limited).next(), None);
        }
    }

    #[test]
    fn without_times_all_rows_come_at_zero() {
        let rows = Recorded::untimed(1_000);
        let plain: Vec<TraceRow> = replay(rows.clone(), ReplayOptions::default()).collect();
        assert_eq!(plain, rows.rows);
        let options = ReplayOptions { repeat: true, limit: Some(600), ..ReplayOptions::default() };
        let looped: Vec<TraceRow> = replay(rows, options).take(1_300).collect();
        assert!(looped.iter().all(|row| row.time_ns == 0));
        assert_eq!((looped[599].key, looped[600].key, looped[1_299].key), (599, 0, 99));
    }

    #[test]
    fn a_bootstrap_without_times_begins_anywhere() {
        let first = |seed| {
            let options = ReplayOptions { bootstrap: Some(seed), ..ReplayOptions::default() };
            let keys: Vec<u64> = replay(Recorded::untimed(1_000), options).map(|row| row.key).collect();
            assert_eq!(keys.len(), 1_000);
            assert!(keys.windows(2).all(|pair| pair[1] == (pair[0] + 1) % 1_000));
            keys[0]
        };
        let beginnings: Vec<u64> = (0..100).map(first).collect();
        assert!((0..10).all(|tenth| beginnings.iter().any(|key| key / 100 == tenth)), "{beginnings:?}");
    }

    /// Every key once in a pass: none would be asked for a second time if the trace came as it is.
    #[test]
    fn a_bootstrap_asks_for_nothing_twice_that_the_trace_asks_for_once() {
        for seed in 0..20 {
            let stamps: Vec<u64> = (0..1_000).map(|row| row * 10).collect();
            let options = ReplayOptions { bootstrap: Some(seed), repeat: true, ..ReplayOptions::default() };
            let drawn = replay(Recorded::new(&stamps, 10), options);
            for (place, row) in drawn.take(3_000).enumerate() {
                assert_eq!(row.key, place as u64 % 1_000, "equally many rows in each block");
            }
            let ragged: Vec<u64> = (0..1_000u64).map(|row| row * row / 100).collect();
            let drawn = replay(Recorded::new(&ragged, 10), ReplayOptions { repeat: false, ..options });
            let keys: Vec<u64> = drawn.map(|row| row.key).collect();
            assert!(keys.iter().enumerate().all(|(place, key)| *key == place as u64 % 1_000));
        }
    }

    #[test]
    fn a_bootstrap_depends_on_its_seed_only() {
        let drawn = |bootstrap| {
            let rows = Recorded::new(&(0..500).map(|i| i * i / 100).collect::<Vec<_>>(), SECOND);
            replay(rows, ReplayOptions { bootstrap, ..ReplayOptions::default() }).collect::<Vec<_>>()
        };
        assert_eq!(drawn(Some(1)), drawn(Some(1)));
        assert_ne!(drawn(Some(1)), drawn(Some(2)));
        assert_ne!(drawn(Some(1)), drawn(None));
    }

    #[test]
    fn a_repeated_bootstrap_of_two_distant_rows_still_yields_rows() {
        let rows = Recorded::new(&[0, 1_000_000_000_001], 1);
        let options = ReplayOptions { bootstrap: Some(9), repeat: true, ..ReplayOptions::default() };
        assert_eq!(replay(rows, options).take(50).count(), 50);
    }

    #[test]
    fn a_clone_goes_on_alike() {
        let rows = Recorded::new(&(0..2_000).map(|i| i / 3).collect::<Vec<_>>(), SECOND);
        let mut first = replay(rows, ReplayOptions { bootstrap: Some(5), ..ReplayOptions::default() });
        first.by_ref().take(700).count();
        let second = first.clone();
        assert!(first.eq(second));
    }

    #[test]
    fn a_failing_storage_ends_the_replay() {
        let mut rows = Recorded::new(&(0..1_000).collect::<Vec<_>>(), SECOND);
        rows.fails_from = Some(600);
        let options = ReplayOptions { repeat: true, ..ReplayOptions::default() };
        assert!(replay(rows.clone(), options).take(100_000).count() < 1_000);
        assert!(
            replay(rows, ReplayOptions { bootstrap: Some(1), ..options }).take(100_000).count() < 100_000
        );
    }

    proptest! {
        #[test]
        fn a_plain_replay_equals_the_obvious_model(
            gaps in prop::collection::vec(prop_oneof![6 => Just(0u64), 3 => 1u64..3, 1 => 3u64..9_000], 1..900),
            start in 0u64..1_000, speed in prop_oneof![Just(1.0), 0.01f64..100.0], limit in prop::option::of(1u64..900),
        ) {
            let stamps: Vec<u64> = gaps.iter().scan(start, |at, gap| { *at += gap; Some(*at) }).collect();
            let rows = Recorded::new(&stamps, 1_000);
            let used = limit.map_or(stamps.len(), |limit| stamps.len().min(limit as usize));
            let expected = model(&rows, used, speed);
            let replay = replay(rows, ReplayOptions { speed, limit, ..ReplayOptions::default() });
            prop_assert_eq!(times(replay), expected);
        }

        #[test]
        fn a_bootstrap_keeps_order_and_gaps_inside_blocks(
            gaps in prop::collection::vec(0u64..4, 1..700), seed: u64, repeat: bool,
        ) {
            let stamps: Vec<u64> = gaps.iter().scan(0, |at, gap| { *at += gap; Some(*at) }).collect();
            let rows = Recorded::new(&stamps, 1_000);
            let plain = model(&rows, stamps.len(), 1.0);
            let span = plain_span(&rows);
            let options = ReplayOptions { bootstrap: Some(seed), repeat, ..ReplayOptions::default() };
            let drawn: Vec<TraceRow> = replay(rows, options).take(2_000).collect();
            prop_assert!(drawn.is_sorted_by_key(|row| row.time_ns));
            prop_assert!(repeat || drawn.iter().all(|row| row.time_ns < span));
            // Gaps are those of stretches of the trace, unless a joint lies between.
            let gaps = |times: &mut dyn Iterator<Item = u64>| times.collect::<Vec<_>>().windows(2).map(|pair| pair[1] - pair[0]).collect::<Vec<_>>();
            let recorded = gaps(&mut plain.iter().copied());
            let replayed = gaps(&mut drawn.iter().map(|row| row.time_ns));
            let mut left = &replayed[..];
            let mut stretches = 0;
            while !left.is_empty() {
                let alike = |from: usize| recorded[from..].iter().zip(left).take_while(|(one, two)| one == two).count();
                let longest = (0..recorded.len()).map(alike).max().unwrap_or(0);
                left = &left[(longest + 1).min(left.len())..]; // a joint behind it
                stretches += 1;
            }
            let passes = drawn.last().map_or(0, |row| row.time_ns / span + 1);
            prop_assert!(stretches <= 42 * passes, "{} stretches in {} passes", stretches, passes);
        }
    }

    fn plain_span(rows: &Recorded) -> u64 {
        rows.rows[rows.rows.len() - 1].time_ns - rows.rows[0].time_ns + rows.resolution_ns
    }
}
