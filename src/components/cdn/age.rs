//! The age of a copy, as a header says it: in whole seconds (RFC 9111, 5.1). It travels where an answer can name somebody else to ask, which
//! holds less: half a day to the second, from there on in minutes, 16 days at most.

use crate::kernel::{NodeId, Reply, SECOND, Time};

/// Ages up to this are told to the second.
const EXACT: u64 = 43_200;
const MINUTE: u64 = 60;
const MOST: u64 = NodeId::NONE.0 as u64 - 1;

/// Age as a header says it.
pub(super) fn in_header(age: Time) -> NodeId {
    let seconds = age / SECOND;
    let told = if seconds <= EXACT { seconds } else { EXACT + (seconds - EXACT) / MINUTE };
    NodeId(told.min(MOST) as u16)
}

/// Age of what a shield has sent; 0 from an origin.
pub(super) fn age_of(reply: &Reply) -> Time {
    if reply.redirect == NodeId::NONE { 0 } else { told_by(reply.redirect) }
}

fn told_by(header: NodeId) -> Time {
    let told = u64::from(header.0);
    (told.min(EXACT) + told.saturating_sub(EXACT) * MINUTE) * SECOND
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_day_is_told_to_the_second_and_weeks_to_the_minute() {
        for (age, told) in [(0, 0), (43_200, 43_200), (43_259, 43_200), (86_399, 86_340), (90_000, 90_000)] {
            assert_eq!(told_by(in_header(age * SECOND + SECOND / 2)), told * SECOND);
        }
        assert_eq!(told_by(in_header(Time::MAX / 2)) / SECOND / 86_400, 16);
    }
}
