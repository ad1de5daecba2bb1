//! The Erlang distribution.

use super::error::{VariateError, positive, within};
use super::normal::inverse_normal;

/// More stages than that are as good as constant, and cost time in every sample.
const MOST_STAGES: u32 = 10_000;

/// Below that `u`, F itself is computed; above, 1 - F, whose sum is shorter: the difference from 1 is exact enough there.
const LOWER_TAIL: f64 = 0.05;

/// More than bisection alone needs.
const MOST_STEPS: u32 = 2_000;

/// The sum of `k` exponential stages of equal mean: less variable than an exponential, coefficient of variation `1 / sqrt(k)`.
///
/// A. K. Erlang, 1917. Costs a few hundred nanoseconds a sample (two or three Newton steps), against ten or so for an exponential.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Erlang {
    k: u32,
    mean: f64,
    /// ln (k - 1)!
    log_factorial: f64,
}

impl Erlang {
    /// The sum of `k` stages (1 to 10,000) that has this mean, above zero, in all.
    ///
    /// # Errors
    ///
    /// If `k` is out of range or the mean not finite and positive.
    pub fn new(k: u32, mean: f64) -> Result<Self, VariateError> {
        within("k", f64::from(k), 1.0, f64::from(MOST_STAGES))?;
        Ok(Self { k, mean: positive("mean", mean)?, log_factorial: libm::lgamma(f64::from(k)) })
    }

    /// The inverse distribution function at a uniform `u`, to a relative 1e-10 or better.
    pub fn at(&self, u: f64) -> f64 {
        let stage_mean = self.mean / f64::from(self.k);
        if self.k == 1 {
            return -stage_mean * libm::log(1.0 - u);
        }
        stage_mean * self.standard_quantile(u)
    }

    /// The mean.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The square of the mean over `k`.
    pub fn variance(&self) -> f64 {
        self.mean * self.mean / f64::from(self.k)
    }

    /// The quantile for stages of mean 1: Newton's method on the logarithm of a tail, which is concave, so that the far tails converge as
    /// fast as the middle. Steps that leave the bracket are replaced by bisection.
    fn standard_quantile(&self, u: f64) -> f64 {
        let k = f64::from(self.k);
        let lower = u < LOWER_TAIL;
        let target = libm::log(if lower { u } else { 1.0 - u });
        // The root is below the median there, which is below k.
        let (mut low, mut high) = (0.0, if lower { k } else { f64::INFINITY });
        // Newton squares the relative error, times k at worst: a step that small leaves about 1e-12.
        let last_step = 1e-6 / k.sqrt();
        let mut x = self.first_guess(u);
        for _ in 0..MOST_STEPS {
            let (log_tail, slope) = if lower { self.lower_tail(x) } else { self.upper_tail(x) };
            let excess = log_tail - target;
            if (excess > 0.0) == lower {
                high = x
            } else {
                low = x
            }
            let newton = x - excess / slope;
            if !(newton > low && newton < high) && excess != 0.0 {
                x = bisect(low, high);
                continue;
            }
            let done = (newton - x).abs() <= last_step * x;
            x = newton;
            if done {
                break;
            }
        }
        x
    }

    /// E. B. Wilson, M. M. Hilferty, "The Distribution of Chi-Square" (1931); far down, where that fails, the first term of the series.
    fn first_guess(&self, u: f64) -> f64 {
        let k = f64::from(self.k);
        let ninth = 1.0 / (9.0 * k);
        let root = 1.0 - ninth + inverse_normal(u) * ninth.sqrt();
        if root < 0.5 {
            // F(x) is about x^k / k! there.
            return libm::exp((libm::log(u) + self.log_factorial + libm::log(k)) / k);
        }
        k * root * root * root
    }

    /// ln of the density.
    fn log_density(&self, x: f64) -> f64 {
        (f64::from(self.k) - 1.0) * libm::log(x) - x - self.log_factorial
    }

    /// ln F(x) and its derivative: F is the density times x/k + x^2/(k(k+1)) + ...
    fn lower_tail(&self, x: f64) -> (f64, f64) {
        let mut denominator = f64::from(self.k);
        let mut term = x / denominator;
        let mut sum = term;
        while term > 1e-17 * sum {
            denominator += 1.0;
            term *= x / denominator;
            sum += term;
        }
        (self.log_density(x) + libm::log(sum), 1.0 / sum)
    }

    /// ln (1 - F(x)) and its derivative: 1 - F is the density times 1 + (k-1)/x + (k-1)(k-2)/x^2 + ...
    fn upper_tail(&self, x: f64) -> (f64, f64) {
        let (mut term, mut sum) = (1.0, 1.0);
        let mut numerator = f64::from(self.k) - 1.0;
        while numerator > 0.0 && term > 1e-17 * sum {
            term *= numerator / x;
            sum += term;
            numerator -= 1.0;
        }
        (self.log_density(x) + libm::log(sum), -1.0 / sum)
    }

    pub(super) fn scaled(&self, factor: f64) -> Self {
        Self { mean: self.mean * factor, ..*self }
    }
}

/// The middle of a bracket; twice the lower end if there is no upper one yet.
fn bisect(low: f64, high: f64) -> f64 {
    if high.is_finite() { 0.5 * (low + high) } else { 2.0 * low + 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::variate::checks;
    use statrs::function::gamma::{gamma_lr, gamma_ur};

    #[test]
    fn samples_follow_the_distribution() {
        for k in [1, 2, 5, 40] {
            let variate = Erlang::new(k, 3.0).unwrap();
            checks::moments(variate);
            checks::distribution(variate, |x| gamma_lr(f64::from(k), x * f64::from(k) / 3.0));
        }
        checks::scaling(Erlang::new(3, 7.0).unwrap());
    }

    #[test]
    fn quantiles_are_exact_to_ten_digits_in_both_tails() {
        for k in [1, 2, 3, 10, 100, 1_000, 10_000] {
            let variate = Erlang::new(k, f64::from(k)).unwrap();
            for exponent in 1..=50 {
                let tail = libm::exp2(-f64::from(exponent));
                let shape = f64::from(k);
                // How much F moves when x moves by 1e-10 of itself, relative to F.
                let bend = |x: f64, f: f64| 1e-10 * x * libm::exp(variate.log_density(x)) / f + 1e-11;
                let (low, high) = (variate.at(tail), variate.at(1.0 - tail));
                let (below, above) = (gamma_lr(shape, low), gamma_ur(shape, high));
                assert!((below / tail - 1.0).abs() <= bend(low, tail), "k {k}, u {tail}: {below}");
                assert!((above / tail - 1.0).abs() <= bend(high, tail), "k {k}, u 1 - {tail}: {above}");
            }
        }
    }

    #[test]
    fn quantiles_rise_across_the_change_of_tails() {
        for k in [2, 7, 300] {
            let variate = Erlang::new(k, 1.0).unwrap();
            let values: Vec<f64> = (1..2_000).map(|step| variate.at(f64::from(step) / 2_000.0)).collect();
            assert!(values.windows(2).all(|pair| pair[0] < pair[1]));
        }
    }

    #[test]
    fn senseless_parameters_are_refused() {
        assert!(Erlang::new(0, 1.0).is_err() && Erlang::new(10_001, 1.0).is_err());
        assert!(Erlang::new(2, 0.0).is_err() && Erlang::new(2, f64::NAN).is_err());
    }
}
