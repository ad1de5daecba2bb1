//! A consumer group: who is a member, and the pause in which its members share the partitions out anew.

use crate::kernel::{CallId, NodeId, Time};

/// A consumer.
#[derive(Clone, Copy, Debug)]
struct Member {
    id: u32,
    heard: Time,
    /// Its call, while it waits for its share.
    joined: Option<CallId>,
    /// It had its share at the last sharing.
    shares: bool,
}

/// A member's share: its place among so many.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Share {
    /// The call to answer.
    pub call: CallId,
    /// Its place.
    pub place: u32,
    /// Number of members.
    pub members: u32,
}

/// What a sign of life is answered with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Go on.
    Member,
    /// The group shares out anew: join again.
    Rejoin,
    /// The group has given it up.
    Unknown,
}

/// Times of a group.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// A member silent for so long is given up.
    pub session: Time,
    /// Those who have not joined again after so long are given up.
    pub rebalance: Time,
    /// The first sharing waits so long for more members.
    pub initial: Time,
}

/// The group.
#[derive(Clone, Debug)]
pub struct Group {
    patience: Patience,
    members: Vec<Member>,
    generation: u32,
    /// Members that had their shares at the last sharing.
    shared: usize,
    /// While it shares out anew: from when on it may do so, and when it does at the latest.
    preparing: Option<(Time, Time)>,
}

impl Group {
    /// A group without members.
    pub fn new(patience: Patience) -> Self {
        Group { patience, members: Vec::new(), generation: 0, shared: 0, preparing: None }
    }

    /// Number of the present sharing.
    pub fn generation(&self) -> u32 {
        self.generation
    }

    /// A consumer wants its share.
    pub fn join(&mut self, id: u32, call: CallId, now: Time) {
        let empty = self.members.is_empty();
        match self.members.iter_mut().find(|member| member.id == id) {
            Some(member) => (member.joined, member.heard) = (Some(call), now),
            None => self.members.push(Member { id, heard: now, joined: Some(call), shares: false }),
        }
        self.prepare(if empty { self.patience.initial } else { 0 }, now);
    }

    fn prepare(&mut self, pause: Time, now: Time) {
        self.preparing.get_or_insert((now + pause, now + pause.max(self.patience.rebalance)));
    }

    /// A consumer leaves of its own accord.
    pub fn leave(&mut self, id: u32, now: Time) {
        let before = self.members.len();
        self.members.retain(|member| member.id != id);
        if self.members.len() < before {
            self.prepare(0, now);
        }
    }

    /// A consumer gives a sign of life.
    pub fn hear(&mut self, id: u32, generation: u32, now: Time) -> Standing {
        let Some(member) = self.members.iter_mut().find(|member| member.id == id) else {
            return Standing::Unknown;
        };
        member.heard = now;
        let current = generation == self.generation && self.preparing.is_none();
        if current { Standing::Member } else { Standing::Rejoin }
    }

    /// Gives up the silent, and shares out if all have joined or have had their time. `waits` tells who still waits for its share.
    pub fn settle(&mut self, now: Time, waits: impl Fn(CallId) -> bool) -> Vec<Share> {
        let (before, session) = (self.members.len(), self.patience.session);
        self.members.retain(|member| match member.joined {
            Some(call) => waits(call) || now < member.heard + session,
            None => now < member.heard + session,
        });
        if self.members.len() < before {
            self.prepare(0, now);
        }
        let Some((earliest, latest)) = self.preparing else { return Vec::new() };
        let all = self.members.iter().all(|member| member.joined.is_some());
        if now < earliest || (!all && now < latest) {
            return Vec::new();
        }
        self.share(now)
    }

    /// Who gets a share begins a new session (GroupCoordinator.onCompleteJoin): it may have waited for nearly one.
    fn share(&mut self, now: Time) -> Vec<Share> {
        self.preparing = None;
        self.generation += 1;
        self.members.retain(|member| member.joined.is_some());
        self.members.sort_by_key(|member| member.id);
        for member in &mut self.members {
            (member.shares, member.heard) = (true, now);
        }
        self.shared = self.members.len();
        let members = self.members.len() as u32;
        let joined = self.members.iter_mut().filter_map(|member| member.joined.take());
        joined.zip(0..).map(|(call, place)| Share { call, place, members }).collect()
    }

    /// The coordinator has begun anew, with what is on disk: the last sharing (GroupMetadataManager keeps a group when it is stable). Those who waited
    /// for a share are forgotten, or silent if they had one; if a member of that sharing has left meanwhile the rest share anew.
    pub fn restart(&mut self, now: Time) {
        self.preparing = None;
        self.members.retain(|member| member.shares);
        for member in &mut self.members {
            (member.joined, member.heard) = (None, now);
        }
        if !self.members.is_empty() && self.members.len() < self.shared {
            self.prepare(0, now);
        }
    }

    /// Whether it is sharing out anew.
    #[cfg(test)]
    pub fn is_preparing(&self) -> bool {
        self.preparing.is_some()
    }
}

/// The partitions of a member: neighbours, the first members one more if they do not divide evenly (Kafka's RangeAssignor).
pub fn range(partitions: u32, place: u32, members: u32) -> std::ops::Range<u32> {
    let (each, more) = (partitions / members, partitions % members);
    let first = place * each + place.min(more);
    first..first + each + u32::from(place < more)
}

/// Member id of a consumer that has begun anew so many times.
pub fn member_id(node: NodeId, life: u16) -> u32 {
    u32::from(node.0) << 16 | u32::from(life)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience { session: 45, rebalance: 300, initial: 3 };

    fn call(n: u32) -> CallId {
        CallId::new(n, 1)
    }

    fn group(members: u32) -> Group {
        let mut group = Group::new(PATIENCE);
        (0..members).for_each(|id| group.join(id, call(id), 0));
        assert!(group.settle(2, |_| true).is_empty(), "it waits for more at first");
        assert_eq!(group.settle(3, |_| true).len(), members as usize);
        group
    }

    #[test]
    fn a_newcomer_makes_all_share_anew() {
        let mut group = group(2);
        assert_eq!(group.hear(0, 1, 10), Standing::Member);
        group.join(7, call(7), 10);
        assert_eq!(group.hear(0, 1, 11), Standing::Rejoin);
        group.join(0, call(8), 11);
        assert!(group.settle(11, |_| true).is_empty(), "one is missing: nobody works");
        group.join(1, call(9), 13);
        let shares = group.settle(13, |_| true);
        assert_eq!(
            shares.iter().map(|share| (share.place, share.members)).collect::<Vec<_>>(),
            [(0, 3), (1, 3), (2, 3)]
        );
        assert_eq!(group.generation(), 2);
    }

    #[test]
    fn the_silent_are_given_up_after_their_session() {
        let mut group = group(2);
        group.hear(0, 1, 40);
        assert!(group.settle(47, |_| true).is_empty() && !group.is_preparing());
        group.settle(48, |_| true);
        assert!(group.is_preparing(), "member 1 has had its share since 3");
        assert_eq!(group.hear(1, 1, 49), Standing::Unknown);
        group.join(0, call(9), 50);
        assert_eq!(group.settle(50, |_| true).len(), 1);
    }

    #[test]
    fn who_has_waited_for_a_share_has_a_session_from_then_on() {
        let mut group = group(1);
        group.join(7, call(7), 10);
        group.hear(0, 1, 40);
        group.join(0, call(8), 54);
        assert_eq!(group.settle(54, |_| true).len(), 2);
        assert!(group.settle(56, |_| true).is_empty() && !group.is_preparing());
        assert_eq!(group.hear(7, 2, 57), Standing::Member);
    }

    #[test]
    fn who_waits_when_the_coordinator_begins_anew_is_forgotten_and_the_others_go_on() {
        let mut group = group(3);
        group.join(7, call(7), 10);
        group.join(0, call(8), 11);
        group.restart(12);
        assert!(!group.is_preparing() && group.settle(20, |_| true).is_empty());
        assert_eq!([1, 2].map(|id| group.hear(id, 1, 40)), [Standing::Member; 2]);
        assert_eq!((group.hear(7, 1, 40), group.generation()), (Standing::Unknown, 1));
        group.settle(57, |_| true);
        assert!(group.is_preparing(), "member 0 has not been heard of since");
        group.leave(2, 58);
        group.restart(59);
        assert_eq!(group.hear(1, 1, 60), Standing::Rejoin, "two of the last sharing are gone");
    }

    #[test]
    fn ranges_cover_everything_once() {
        for (partitions, members) in [(12, 5), (3, 4), (7, 7), (1, 1)] {
            let all: Vec<u32> = (0..members).flat_map(|place| range(partitions, place, members)).collect();
            assert_eq!(all, (0..partitions).collect::<Vec<_>>());
        }
    }
}
