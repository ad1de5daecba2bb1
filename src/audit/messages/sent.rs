//! Which message was sent for a request: a server that is asked again, or is asked when nobody waits any more, sends the same message.

use foldhash::fast::FixedState;
use std::collections::{HashMap, VecDeque};

/// Those that are remembered, at most: so many messages later nobody comes with an old request any more.
const REMEMBERED: usize = 1 << 20;

/// Why a message is sent: for a request (opaque here), about a key, to a queue, as the how-manieth one.
pub(super) type Reason = (u64, u64, u16, u8);

/// Numbers of messages by their reasons, the latest ones.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    numbers: HashMap<Reason, u32, FixedState>,
    /// In the order of sending.
    latest: VecDeque<Reason>,
}

impl Default for Sent {
    fn default() -> Self {
        Sent { numbers: HashMap::with_hasher(FixedState::with_seed(3)), latest: VecDeque::new() }
    }
}

impl Sent {
    pub fn number(&self, reason: Reason) -> Option<u32> {
        self.numbers.get(&reason).copied()
    }

    /// The oldest makes room.
    pub fn remember(&mut self, reason: Reason, id: u32) {
        if self.latest.len() == REMEMBERED
            && let Some(oldest) = self.latest.pop_front()
        {
            self.numbers.remove(&oldest);
        }
        self.numbers.insert(reason, id);
        self.latest.push_back(reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_are_remembered() {
        let mut sent = Sent::default();
        for n in 0..REMEMBERED as u32 + 2 {
            sent.remember((u64::from(n), 5, 7, 0), n + 1);
        }
        assert_eq!([0, 1].map(|n| sent.number((n, 5, 7, 0))), [None; 2]);
        assert_eq!(
            [(2, 5, 7, 0), (2, 5, 7, 1), (2, 5, 8, 0), (2, 6, 7, 0)].map(|reason| sent.number(reason)),
            [Some(3), None, None, None]
        );
        assert_eq!((sent.numbers.len(), sent.latest.len()), (REMEMBERED, REMEMBERED));
    }
}
