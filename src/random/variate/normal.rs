//! The inverse of the standard normal distribution function.

/// `numerator[0] + numerator[1] x + ...` over `1 + denominator[0] x + ...`, by Horner's rule.
#[inline]
fn rational(numerator: &[f64; 8], denominator: &[f64; 7], x: f64) -> f64 {
    let above = numerator.iter().rev().fold(0.0, |sum, &coefficient| sum * x + coefficient);
    let below = denominator.iter().rev().fold(0.0, |sum, &coefficient| sum * x + coefficient);
    above / (below * x + 1.0)
}

/// The quantile of the standard normal distribution at `u` in the open interval (0, 1), to a relative 1e-15 or so.
///
/// M. J. Wichura, "Algorithm AS 241: The Percentage Points of the Normal Distribution", Applied Statistics 1988 (PPND16).
#[inline]
pub fn inverse_normal(u: f64) -> f64 {
    let centred = u - 0.5;
    if centred.abs() <= 0.425 {
        return centred * rational(&CENTRE.0, &CENTRE.1, 0.180625 - centred * centred);
    }
    let tail = if centred < 0.0 { u } else { 1.0 - u };
    let depth = (-libm::log(tail)).sqrt();
    let size = if depth <= 5.0 {
        rational(&TAIL.0, &TAIL.1, depth - 1.6)
    } else {
        rational(&FAR_TAIL.0, &FAR_TAIL.1, depth - 5.0)
    };
    if centred < 0.0 { -size } else { size }
}

/// Coefficients a and b of the paper: within 0.425 of the median.
#[allow(clippy::excessive_precision)] // as printed in the paper
const CENTRE: ([f64; 8], [f64; 7]) = (
    [
        3.3871328727963666080e0,
        1.3314166789178437745e2,
        1.9715909503065514427e3,
        1.3731693765509461125e4,
        4.5921953931549871457e4,
        6.7265770927008700853e4,
        3.3430575583588128105e4,
        2.5090809287301226727e3,
    ],
    [
        4.2313330701600911252e1,
        6.8718700749205790830e2,
        5.3941960214247511077e3,
        2.1213794301586595867e4,
        3.9307895800092710610e4,
        2.8729085735721942674e4,
        5.2264952788528545610e3,
    ],
);

/// Coefficients c and d of the paper: tails down to exp(-25).
#[allow(clippy::excessive_precision)] // as printed in the paper
const TAIL: ([f64; 8], [f64; 7]) = (
    [
        1.42343711074968357734e0,
        4.63033784615654529590e0,
        5.76949722146069140550e0,
        3.64784832476320460504e0,
        1.27045825245236838258e0,
        2.41780725177450611770e-1,
        2.27238449892691845833e-2,
        7.74545014278341407640e-4,
    ],
    [
        2.05319162663775882187e0,
        1.67638483018380384940e0,
        6.89767334985100004550e-1,
        1.48103976427480074590e-1,
        1.51986665636164571966e-2,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    ],
);

/// Coefficients e and f of the paper: beyond.
#[allow(clippy::excessive_precision)] // as printed in the paper
const FAR_TAIL: ([f64; 8], [f64; 7]) = (
    [
        6.65790464350110377720e0,
        5.46378491116411436990e0,
        1.78482653991729133580e0,
        2.96560571828504891230e-1,
        2.65321895265761230930e-2,
        1.24266094738807843860e-3,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ],
    [
        5.99832206555887937690e-1,
        1.36929880922735805310e-1,
        1.48753612908506148525e-2,
        7.86869131145613259100e-4,
        1.84631831751005468180e-5,
        1.42151175831644588870e-7,
        2.04426310338993978564e-15,
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_values_of_the_paper() {
        for (u, expected) in [
            (0.25, -0.674_489_750_196_081_7),
            (0.001, -3.090_232_306_167_814),
            (1e-20, -9.262_340_089_798_408),
        ] {
            assert!((inverse_normal(u) / expected - 1.0).abs() < 1e-15, "{u}: {}", inverse_normal(u));
        }
        assert_eq!(inverse_normal(0.5), 0.0);
    }

    #[test]
    fn it_inverts_the_distribution_function() {
        for exponent in 1..=160 {
            let u = libm::exp2(-f64::from(exponent) / 3.0);
            let back = 0.5 * libm::erfc(-inverse_normal(u) / std::f64::consts::SQRT_2);
            assert!((back / u - 1.0).abs() < 1e-13, "{u}: {back}");
        }
    }

    #[test]
    fn it_is_symmetric() {
        for u in [0.01, 0.1, 0.3, 0.49] {
            assert!((inverse_normal(u) + inverse_normal(1.0 - u)).abs() < 1e-14);
        }
    }
}
