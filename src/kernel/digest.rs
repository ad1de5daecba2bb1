//! A fingerprint of everything that happened, for comparing two runs.

use super::event::NodeId;
use super::time::Time;

/// Hash of the (time, node, kind) of all events so far.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Digest(u64);

impl Digest {
    /// Takes in one event.
    #[inline]
    pub fn add(&mut self, time: Time, node: NodeId, kind: u64) {
        // One multiplication per event: enough that any change of order or time changes the result.
        let event = time.rotate_left(20) ^ (u64::from(node.0) << 4) ^ kind;
        self.0 = (self.0.rotate_left(5) ^ event).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    /// The fingerprint so far.
    pub fn value(self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_time_and_node_matter() {
        let digest = |events: &[(Time, u16)]| {
            let mut digest = Digest::default();
            events.iter().for_each(|&(time, node)| digest.add(time, NodeId(node), 1));
            digest.value()
        };
        assert_eq!(digest(&[(1, 2), (3, 4)]), digest(&[(1, 2), (3, 4)]));
        assert_ne!(digest(&[(1, 2), (3, 4)]), digest(&[(3, 4), (1, 2)]));
        assert_ne!(digest(&[(1, 2)]), digest(&[(1, 3)]));
        assert_ne!(digest(&[(1, 2)]), digest(&[(2, 2)]));
    }
}
