//! How the questions of Kafka's protocol travel in a call's key and version.

use super::log::Entry;
use crate::kernel::MILLISECOND;
use crate::kernel::Time;

/// A place in a partition: 16 bits for the partition, 8 for the epoch, 40 for the offset.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Number of the partition.
    pub partition: u16,
    /// Low byte of the leader's epoch in which a record was written: the record here, or, of a place to go on from, the one before it;
    /// 0 = not known.
    pub epoch: u8,
    /// Offset in its log.
    pub offset: u64,
}

impl Place {
    /// A place with an epoch that is not known.
    pub fn new(partition: u16, offset: u64) -> Self {
        Place { partition, epoch: 0, offset }
    }

    /// As a call's key.
    pub fn to_key(self) -> u64 {
        self.offset << 24 | u64::from(self.epoch) << 16 | u64::from(self.partition)
    }

    /// The inverse.
    pub fn from_key(key: u64) -> Self {
        Place { partition: key as u16, epoch: (key >> 16) as u8, offset: key >> 24 }
    }
}

/// What a consumer wants of a partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fetch {
    /// Most records; fewer if they have a size and there are more of them than go into an answer.
    pub most: u16,
    /// How long it waits while there are none.
    pub wait: Time,
}

impl Fetch {
    /// As a call's version.
    pub fn to_version(self) -> u32 {
        u32::from(self.most) << 16 | (self.wait / MILLISECOND).min(0xFFFF) as u32
    }

    /// The inverse.
    pub fn from_version(version: u32) -> Self {
        Fetch { most: (version >> 16) as u16, wait: Time::from(version & 0xFFFF) * MILLISECOND }
    }
}

/// Who leads a partition and who is in sync with the leader.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leadership {
    /// Which partition.
    pub partition: u16,
    /// Number of the broker; none while nobody can lead.
    pub leader: Option<u16>,
    /// Brokers in sync, one bit each.
    pub in_sync: u32,
}

const NOBODY: u16 = u16::MAX;

impl Leadership {
    /// As a call's key.
    pub fn to_key(self) -> u64 {
        let leader = self.leader.unwrap_or(NOBODY);
        u64::from(self.partition) | u64::from(leader) << 16 | u64::from(self.in_sync) << 32
    }

    /// The inverse.
    pub fn from_key(key: u64) -> Self {
        let leader = (key >> 16) as u16;
        let leader = (leader != NOBODY).then_some(leader);
        Leadership { partition: key as u16, leader, in_sync: (key >> 32) as u32 }
    }
}

/// What travels to a follower with a record's message: its epoch, its sending and its stamp.
pub fn tagged(entry: &Entry) -> u64 {
    let epoch =
        u16::try_from(entry.epoch).expect("a partition changes its leader less often than 65,536 times");
    u64::from(epoch) | u64::from(entry.sending) << 16 | u64::from(entry.stamp) << 32
}

/// The inverse.
pub fn untagged(tag: u64) -> (u32, u16, u32) {
    (u32::from(tag as u16), (tag >> 16) as u16, (tag >> 32) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::queue::message::Message;

    #[test]
    fn what_is_packed_comes_out_again() {
        let place = Place { partition: 65_535, epoch: 255, offset: 1 << 39 };
        assert_eq!(Place::from_key(place.to_key()), place);
        let fetch = Fetch { most: 500, wait: 500 * MILLISECOND };
        assert_eq!(Fetch::from_version(fetch.to_version()), fetch);
        let message = Message { id: 1, key: 2, bytes: 3 };
        let entry = Entry { message, epoch: 65_535, at: 0, stamp: u32::MAX - 1, sending: 65_534 };
        assert_eq!(untagged(tagged(&entry)), (65_535, 65_534, u32::MAX - 1));
        for leader in [None, Some(31)] {
            let leadership = Leadership { partition: 7, leader, in_sync: 1 << 31 | 1 };
            assert_eq!(Leadership::from_key(leadership.to_key()), leadership);
        }
    }
}
