//! How real services announce sites and notice that one is gone.

use crate::catalog::Policy;
use crate::kernel::{SECOND, Time};
use crate::profiles;
use crate::random::variate::{Exponential, Variate};

/// The services, for the catalog.
pub const PROFILES: &[Policy] = &[
    Policy {
        name: "bgp",
        about: "each site announces the address itself and watches itself: checked each 5 s, withdrawn after 3 failures; then routes change, for new requests: what is under way is still answered, where real connections would break",
        source: "ExaBGP healthcheck.py (main, commit 0179273): interval 5, fall 3, rise 3",
        wrong_when: "one network's wrong idea of near is not acceptable, or connections must outlive a change of routes",
    },
    profiles::GLOBAL_ACCELERATOR,
];

/// What a profile says where a script says nothing.
pub struct Figures {
    /// Time between two checks of a site.
    pub check: Time,
    /// Share of networks that take an odd way.
    pub odd_routes: f64,
    /// Until a network has found another way after a site came or went.
    pub convergence: Variate,
    /// Whether the nearest site is used when none is healthy.
    pub fails_open: bool,
}

/// Share of networks that 80 % stands for in [`figures`].
const CONVERGED: f64 = 0.8;

/// The figures of a profile.
pub fn figures(choice: usize) -> Figures {
    if PROFILES[choice].name == "global_accelerator" {
        // Its edges know all sites: nobody outside has to change a route, and clients enter near where they are.
        let convergence = Variate::constant(0);
        return Figures { check: 30 * SECOND, odd_routes: 0.0, convergence, fails_open: true };
    }
    // 80 % of networks within 10 s ("An Empirical Characterization of Anycast Convergence
    // Time", ANRW 2024) with a long tail; the exponential shape is assumed.
    let mean = 10.0 * SECOND as f64 / -libm::log(1.0 - CONVERGED);
    let convergence = Exponential::new(mean).expect("a mean").into();
    Figures { check: 5 * SECOND, odd_routes: 0.2, convergence, fails_open: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_of_five_networks_have_converged_after_ten_seconds() {
        let at = figures(0).convergence.at(0.8) / SECOND as f64;
        assert!((at - 10.0).abs() < 1e-6, "{at}");
        assert_eq!(figures(1).convergence.at(0.99), 0.0);
    }
}
