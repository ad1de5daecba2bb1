//! Random numbers by counter: what belongs to a request is a function of the request, not of what was drawn before.
//!
//! So two variants of a design give request 4711 the same key, size and service demand even where their order of events differs
//! (common random numbers). The idea is that of J. K. Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011; the function
//! here is a SplitMix64 step, far cheaper and good enough for a few draws per request.

use crate::random::mix::{GOLDEN, combine, mix64, unit};

/// An odd constant without relation to [`GOLDEN`]: keeps the attempts of one purpose off the other purposes.
const ATTEMPT: u64 = 0xD1B5_4A32_D192_ED03;

/// All draws of one traffic in one replication; makes the keys of its requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrafficKey(pub u64);

/// All draws of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DrawKey(pub u64);

/// The key of all requests of a traffic: compute it once, then call [`TrafficKey::request`].
pub const fn traffic_key(seed: u64, replication: u64, traffic: u64) -> TrafficKey {
    TrafficKey(combine(combine(seed, replication), traffic))
}

/// The key of the request with this number; the same as `traffic_key(seed, replication, traffic).request(number)`.
#[inline]
pub const fn request_key(seed: u64, replication: u64, traffic: u64, number: u64) -> DrawKey {
    traffic_key(seed, replication, traffic).request(number)
}

/// What something is drawn for, made ready: who draws for the same purpose again and again need not do so each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Purpose(u64);

impl Purpose {
    /// The purpose of this number.
    #[inline(always)]
    pub const fn new(number: u64) -> Self {
        // One is added so that purpose 0, attempt 0 is not the key's own value, which is visible to others.
        Purpose(number.wrapping_add(1).wrapping_mul(GOLDEN))
    }
}

impl From<u64> for Purpose {
    #[inline(always)]
    fn from(number: u64) -> Self {
        Purpose::new(number)
    }
}

impl TrafficKey {
    /// The key of request `number` of this traffic.
    #[inline]
    pub const fn request(self, number: u64) -> DrawKey {
        DrawKey(mix64(self.0.wrapping_add(number.wrapping_mul(GOLDEN))))
    }
}

impl DrawKey {
    /// 64 random bits for a purpose (which thing is drawn) and an attempt (how often it was drawn before, or which retry draws it).
    #[inline]
    pub const fn bits(self, purpose: u64, attempt: u64) -> u64 {
        self.bits_for(Purpose::new(purpose), attempt)
    }

    /// The same for a purpose that is made ready.
    #[inline]
    pub const fn bits_for(self, Purpose(offset): Purpose, attempt: u64) -> u64 {
        mix64(self.0.wrapping_add(offset).wrapping_add(attempt.wrapping_mul(ATTEMPT)))
    }

    /// A uniform number in the open interval (0, 1) for a purpose and an attempt.
    #[inline]
    pub const fn uniform(self, purpose: u64, attempt: u64) -> f64 {
        unit(self.bits(purpose, attempt))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The correlation of two columns of uniforms, in standard errors.
    fn correlation(pairs: impl Iterator<Item = (f64, f64)>) -> f64 {
        let (mut sum, mut count) = (0.0, 0.0_f64);
        for (x, y) in pairs {
            sum += (x - 0.5) * (y - 0.5);
            count += 1.0;
        }
        12.0 * sum / count.sqrt()
    }

    #[test]
    fn neighbours_in_every_argument_are_unrelated() {
        let draw = |seed, replication, traffic, number, purpose, attempt| {
            request_key(seed, replication, traffic, number).uniform(purpose, attempt)
        };
        let against = |other: &dyn Fn(u64) -> f64| {
            correlation((0..50_000).map(|number| (draw(1, 1, 1, number, 1, 1), other(number)))).abs()
        };
        let worst = [
            against(&|number| draw(2, 1, 1, number, 1, 1)),
            against(&|number| draw(1, 2, 1, number, 1, 1)),
            against(&|number| draw(1, 1, 2, number, 1, 1)),
            against(&|number| draw(1, 1, 1, number + 1, 1, 1)),
            against(&|number| draw(1, 1, 1, number, 2, 1)),
            against(&|number| draw(1, 1, 1, number, 1, 2)),
        ];
        assert!(worst.iter().all(|&errors| errors < 4.0), "{worst:?}");
    }

    #[test]
    fn draws_are_uniform() {
        let mut counts = [0_u32; 64];
        for number in 0..64_000 {
            counts[(request_key(7, 0, 3, number).uniform(number % 5, 0) * 64.0) as usize] += 1;
        }
        let chi_square: f64 = counts.iter().map(|&n| (f64::from(n) - 1e3).powi(2) / 1e3).sum();
        assert!(chi_square < 103.4, "{chi_square}"); // 0.999 quantile, 63 degrees of freedom
    }

    #[test]
    fn a_precomputed_traffic_gives_the_same_keys() {
        assert_eq!(traffic_key(1, 2, 3).request(4), request_key(1, 2, 3, 4));
    }
}
