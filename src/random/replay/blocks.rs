//! Which stretches of a trace are replayed, in which order: the whole, or drawn blocks (block bootstrap).

/// How many blocks make up one pass of a bootstrap.
///
/// A block must be long against whatever is correlated in the trace (bursts, sessions, the reuse of keys that a
/// cache lives on), or the bootstrap destroys just what a real trace was taken for; and there must be enough blocks
/// to draw from, or all replications look alike. A twentieth leaves blocks of about an hour for a day's log. The
/// variance seen over 20 independent draws has a relative standard error of sqrt(2 / 19) = 32 %, and the share of
/// gaps at joints that never were in the trace is 1 in 20.
const BLOCKS_PER_PASS: u64 = 20;

/// A stretch of the trace and where it goes. Coordinates are nanoseconds from the first row, or row numbers if the
/// trace has no times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Where it begins in the trace.
    pub from: u64,
    /// How long it is, at least 1.
    pub length: u64,
    /// Where it begins in the replay.
    pub at: u64,
}

/// Deals out stretches until the span is filled; forever if the replay repeats.
///
/// Local block bootstrap (E. Paparoditis, D. N. Politis, "Local block bootstrap", C. R. Acad. Sci. Paris 335, 2002): blocks of equal
/// length begin at any unit, overlap, and are drawn with replacement, each from at most a block's length before or behind the place where it
/// goes. Of a day whose load rises and falls every replication is such a day, with its peak at its hour; blocks from anywhere (H. R. Kuensch,
/// "The jackknife and the bootstrap for general stationary observations", Annals of Statistics 17, 1989) would tear it to pieces.
/// Whole days are bent into a circle (D. N. Politis, J. P. Romano, "A circular block-resampling procedure for
/// stationary data", 1992): each row is then expected exactly once per pass, and a block that runs over the end is dealt as two stretches.
/// Of any other trace the end is not like the beginning: there blocks come from no farther than the nearer end allows.
#[derive(Clone, Debug)]
pub(super) struct Blocks {
    span: u64,
    unit: u64,
    block: u64,
    seed: Option<u64>,
    repeat: bool,
    /// The end is like the beginning.
    circle: bool,
    drawn: u64,
    /// Where the present pass begins in the replay, and how much of it is dealt.
    pass_at: u64,
    filled: u64,
    /// What is left of a block that ran over the end of the trace.
    wrapped: u64,
}

impl Blocks {
    /// Stretches of a trace that spans `span` in units of `unit`; without a seed each pass is the whole trace. `circle`: its end is like
    /// its beginning.
    pub(super) fn new(span: u64, unit: u64, seed: Option<u64>, repeat: bool, circle: bool) -> Self {
        let units_per_block = span.div_ceil(unit).div_ceil(BLOCKS_PER_PASS).max(1);
        Self {
            span,
            unit,
            block: seed.map_or(span, |_| units_per_block.saturating_mul(unit)),
            seed,
            repeat,
            circle,
            drawn: 0,
            pass_at: 0,
            filled: 0,
            wrapped: 0,
        }
    }

    /// Whether a pass begins with this stretch.
    pub(super) fn is_first(&self, stretch: &Stretch) -> bool {
        stretch.at == self.pass_at
    }

    /// Length of one pass.
    pub(super) fn span(&self) -> u64 {
        self.span
    }

    /// The next stretch; none when the span is filled and nothing repeats, or the trace is empty.
    pub(super) fn draw(&mut self) -> Option<Stretch> {
        if self.wrapped > 0 {
            let length = std::mem::take(&mut self.wrapped);
            return Some(self.deal(0, length));
        }
        if self.span == 0 || (self.filled == self.span && !self.repeat) {
            return None;
        }
        if self.filled == self.span {
            self.pass_at = self.pass_at.saturating_add(self.span);
            self.filled = 0;
        }
        let from = self.begin();
        let length = self.block.min(self.span - self.filled);
        let head = length.min(self.span - from);
        self.wrapped = length - head;
        Some(self.deal(from, head))
    }

    /// Where the next block begins, near the place where it goes: a pure function of the seed and the block's number.
    fn begin(&mut self) -> u64 {
        let Some(seed) = self.seed else { return 0 };
        let hash = mix(seed ^ mix(self.drawn));
        self.drawn += 1;
        let units = (self.span / self.unit).max(1);
        let here = self.filled / self.unit;
        let length = self.block.min(self.span - self.filled).div_ceil(self.unit);
        let room = if self.circle { u64::MAX } else { here.min(units.saturating_sub(here + length)) };
        let choices = (2 * (self.block / self.unit).min(room)).saturating_add(1).min(units);
        let chosen = ((u128::from(hash) * u128::from(choices)) >> 64) as u64; // below `choices`, so it fits
        let from = u128::from(here) + u128::from(units) - u128::from(choices / 2) + u128::from(chosen);
        (from % u128::from(units)) as u64 * self.unit // below `span`
    }

    fn deal(&mut self, from: u64, length: u64) -> Stretch {
        let at = self.pass_at.saturating_add(self.filled);
        self.filled += length;
        Stretch { from, length, at }
    }
}

/// The mixing function of SplitMix64 (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014).
fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn without_a_seed_a_pass_is_the_whole_trace() {
        let mut once = Blocks::new(70, 10, None, false, true);
        assert_eq!(once.draw(), Some(Stretch { from: 0, length: 70, at: 0 }));
        assert_eq!(once.draw(), None);
        let mut twice = Blocks::new(70, 10, None, true, true);
        twice.draw();
        assert_eq!(twice.draw(), Some(Stretch { from: 0, length: 70, at: 70 }));
    }

    #[test]
    fn an_empty_trace_deals_nothing_even_if_it_repeats() {
        assert_eq!(Blocks::new(0, 1, None, true, true).draw(), None);
        assert_eq!(Blocks::new(0, 1, Some(1), true, true).draw(), None);
    }

    #[test]
    fn every_unit_is_drawn_equally_often() {
        let (span, unit, passes) = (1_000, 10, 2_000);
        let mut counts = [0u32; 100];
        for seed in 0..passes {
            let mut blocks = Blocks::new(span, unit, Some(seed), false, true);
            while let Some(stretch) = blocks.draw() {
                for place in (stretch.from..stretch.from + stretch.length).step_by(10) {
                    counts[(place / unit) as usize] += 1;
                }
            }
        }
        // Each count is a sum of about 2000 x 20 draws that hit with probability 1/20: mean 2000, deviation 44.
        assert!(counts.iter().all(|&count| (1_780..2_220).contains(&count)), "{counts:?}");
    }

    #[test]
    fn blocks_come_from_near_where_they_go() {
        let mut blocks = Blocks::new(1_000, 1, Some(4), true, true);
        let shifts: Vec<i64> = (0..400)
            .map(|_| blocks.draw().expect("it repeats"))
            .map(|stretch| (stretch.from as i64 - (stretch.at % 1_000) as i64 + 1_500) % 1_000 - 500)
            .collect();
        assert!(shifts.iter().all(|shift| shift.abs() <= 50), "{shifts:?}");
        assert!(shifts.iter().any(|shift| *shift > 40) && shifts.iter().any(|shift| *shift < -40));
    }

    /// An hour that begins quietly and ends busily has no peak at its beginning.
    #[test]
    fn blocks_of_what_is_no_circle_do_not_come_from_the_other_end() {
        for seed in 0..200 {
            let mut blocks = Blocks::new(1_003, 1, Some(seed), false, false);
            while let Some(stretch) = blocks.draw() {
                assert!(stretch.from.abs_diff(stretch.at) <= 51, "{stretch:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn stretches_fill_the_span_without_gap_and_stay_inside(
            units in 1u64..400, unit in 1u64..50, seed: u64, repeat: bool, circle: bool,
        ) {
            let span = units * unit;
            let mut blocks = Blocks::new(span, unit, Some(seed), repeat, circle);
            let mut at = 0;
            while at < span {
                let stretch = blocks.draw().expect("the span is not filled");
                prop_assert_eq!(stretch.at, at);
                prop_assert!(stretch.length > 0 && stretch.length <= units.div_ceil(20) * unit);
                prop_assert!(stretch.from + stretch.length <= span);
                prop_assert_eq!(stretch.from % unit, 0);
                at += stretch.length;
            }
            prop_assert_eq!(at, span);
            prop_assert_eq!(blocks.draw().is_some(), repeat);
        }
    }
}
