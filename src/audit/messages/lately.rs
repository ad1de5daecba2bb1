//! A level in the latter half of the time so far: a warm-up is there because the first part of a run is not as the rest.

/// At most so many slots; where one more is needed, they get twice as wide. The half is exact to one of the last 32.
const SLOTS: usize = 64;

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    area: u128,
    peak: u64,
}

/// A level over time, in slots of equal width.
#[derive(Clone, Debug)]
pub(super) struct Lately {
    width: u64,
    slots: Vec<Slot>,
}

impl Default for Lately {
    fn default() -> Self {
        Lately { width: 1_000_000, slots: Vec::new() }
    }
}

impl Lately {
    /// The level was this from one time to the other.
    pub fn hold(&mut self, level: u64, from: u64, to: u64) {
        while to / self.width >= SLOTS as u64 {
            self.widen();
        }
        let mut at = from;
        loop {
            let index = (at / self.width) as usize;
            self.slots.resize(self.slots.len().max(index + 1), Slot::default());
            let (end, slot) = (to.min((index as u64 + 1) * self.width), &mut self.slots[index]);
            slot.area += u128::from(level) * u128::from(end - at);
            slot.peak = slot.peak.max(level);
            if end == to {
                return;
            }
            at = end;
        }
    }

    fn widen(&mut self) {
        let both = |pair: &[Slot]| Slot {
            area: pair.iter().map(|slot| slot.area).sum(),
            peak: pair.iter().map(|slot| slot.peak).max().unwrap_or(0),
        };
        self.slots = self.slots.chunks(2).map(both).collect();
        self.width *= 2;
    }

    /// Mean, rounded up, and largest level of the latter half of the time until now.
    pub fn half(&self, now: u64) -> (u64, u64) {
        let first = now / 2 / self.width;
        let slots = self.slots.get(first as usize..).unwrap_or_default();
        let area: u128 = slots.iter().map(|slot| slot.area).sum();
        let time = u128::from((now - first * self.width).max(1));
        (area.div_ceil(time) as u64, slots.iter().map(|slot| slot.peak).max().unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    #[test]
    fn what_came_before_does_not_count() {
        let mut lately = Lately::default();
        lately.hold(600, 0, 3 * SECOND);
        assert_eq!(lately.half(3 * SECOND), (600, 600));
        lately.hold(2, 3 * SECOND, 15 * SECOND);
        lately.hold(5, 15 * SECOND, 20 * SECOND);
        lately.hold(1, 20 * SECOND, 20 * SECOND);
        assert_eq!(lately.half(20 * SECOND), (4, 5), "ten seconds: 25 + 10");
        assert!(lately.slots.len() <= SLOTS);
    }

    #[test]
    fn no_time_is_no_mean() {
        assert_eq!(Lately::default().half(0), (0, 0));
        let mut lately = Lately::default();
        lately.hold(7, 0, 0);
        assert_eq!(lately.half(0), (0, 7));
    }
}
