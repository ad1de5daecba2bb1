//! Service times that a real system has published, where a script asks for no counted work.

use crate::catalog::Policy;
use crate::kernel::Time;
use crate::profiles;

/// The profiles.
pub const PROFILES: &[Policy] = profiles::DATABASES;

/// Service times of a profile.
pub struct Figures {
    /// Service time of a read.
    pub read: Time,
    /// Service time of a write.
    pub write: Time,
}

/// The published times of a profile, by index; `None` if it has none: its work is counted (see `counted`).
pub fn figures(profile: usize) -> Option<Figures> {
    profiles::database(profile).times.map(|(read, write)| Figures { read, write })
}
