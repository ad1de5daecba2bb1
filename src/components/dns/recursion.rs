//! Lookups under way in a resolver: which server is asked next, and who waits for the end.

use super::record_cache::Name;
use super::{AUTHORITATIVE, ROOT, TLD};
use crate::kernel::{CallId, NodeId, Time};
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// A lookup under way.
#[derive(Clone, Debug)]
pub(super) struct Lookup {
    /// What was asked at first.
    pub question: Name,
    /// Whose name is looked for now, behind the aliases passed so far.
    pub zone: u16,
    /// The server asked last.
    pub server: u16,
    /// Questions to it without an answer.
    pub tries: u64,
    /// The server that it has been referred to: good for this lookup even if the referral is not to be kept.
    referred: u16,
    /// Who waits.
    pub waiting: Vec<CallId>,
}

impl Lookup {
    /// Looks for the name in another zone from now on.
    pub fn go_to(&mut self, zone: u16) {
        (self.zone, self.tries, self.referred) = (zone, 0, ROOT);
    }
}

/// What a resolver knows of the way to a zone.
#[derive(Clone, Copy, Debug, Default)]
struct Way {
    /// Until when it knows the zone's server.
    zone_until: Time,
    /// Until when it knows the top-level domain's.
    tld_until: Time,
}

/// The lookups of a resolver, and the servers that it knows.
#[derive(Clone, Debug)]
pub(super) struct Recursion {
    /// First node of each group, for those that are zones.
    zones: Vec<NodeId>,
    ways: Vec<Way>,
    lookups: Vec<Option<Lookup>>,
    free: Vec<u32>,
    /// Looked up, never iterated.
    under_way: HashMap<Name, u32, FixedState>,
}

impl Recursion {
    /// `zones`: first node of each group of the world.
    pub fn new(zones: Vec<NodeId>) -> Self {
        let under_way = HashMap::with_hasher(FixedState::with_seed(0));
        Recursion {
            ways: vec![Way::default(); zones.len()],
            zones,
            lookups: Vec::new(),
            free: Vec::new(),
            under_way,
        }
    }

    /// The servers of a zone are known, each until then.
    pub fn know(&mut self, zone: usize, tld_until: Time, zone_until: Time) {
        self.ways[zone] = Way { zone_until, tld_until };
    }

    /// A question that somebody waits for, or nobody. The lookup's number if it is a new one: questions of many users for one name
    /// are asked upstream once.
    pub fn join(&mut self, question: Name, zone: u16, who: Option<CallId>) -> Option<u32> {
        if let Some(&index) = self.under_way.get(&question) {
            let lookup = self.lookups[index as usize].as_mut().expect("it is under way");
            lookup.waiting.extend(who);
            return None;
        }
        let waiting = who.into_iter().collect();
        let lookup = Lookup { question, zone, server: ROOT, tries: 0, referred: ROOT, waiting };
        let index = self.free.pop().unwrap_or_else(|| {
            self.lookups.push(None);
            self.lookups.len() as u32 - 1
        });
        self.lookups[index as usize] = Some(lookup);
        self.under_way.insert(question, index);
        Some(index)
    }

    /// A lookup under way; none if a crash has ended it.
    pub fn get(&mut self, index: u32) -> Option<&mut Lookup> {
        self.lookups.get_mut(index as usize)?.as_mut()
    }

    /// The nearest server to the name that is known: the zone's own, the top-level domain's, or the root's.
    pub fn next_server(&mut self, index: u32, now: Time) -> NodeId {
        let lookup = self.lookups[index as usize].as_mut().expect("it is under way");
        let way = self.ways[usize::from(lookup.zone)];
        let known = match () {
            () if now < way.zone_until => AUTHORITATIVE,
            () if now < way.tld_until => TLD,
            () => ROOT,
        };
        // Of the two the nearer one: servers are numbered from the zone's own to the root's.
        let server = known.min(lookup.referred);
        if server != lookup.server {
            lookup.tries = 0;
        }
        lookup.server = server;
        NodeId(self.zones[usize::from(lookup.zone)].0 + server)
    }

    /// A server has referred the lookup to the next one, which is known until then.
    pub fn refer(&mut self, index: u32, until: Time) {
        let lookup = self.lookups[index as usize].as_mut().expect("it is under way");
        let way = &mut self.ways[usize::from(lookup.zone)];
        if lookup.server == ROOT {
            way.tld_until = until
        } else {
            way.zone_until = until
        }
        lookup.referred = lookup.referred.min(lookup.server - 1);
    }

    /// The lookup is over.
    pub fn take(&mut self, index: u32) -> Option<Lookup> {
        let lookup = self.lookups.get_mut(index as usize)?.take()?;
        self.under_way.remove(&lookup.question);
        self.free.push(index);
        Some(lookup)
    }

    /// Everything is forgotten.
    pub fn clear(&mut self) {
        self.ways.fill(Way::default());
        self.lookups.clear();
        self.free.clear();
        self.under_way.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_down_is_remembered_step_by_step() {
        let mut recursion = Recursion::new(vec![NodeId(0), NodeId(10)]);
        let index = recursion.join(7, 1, None).unwrap();
        assert_eq!(recursion.next_server(index, 0), NodeId(12), "the root");
        recursion.refer(index, 100);
        assert_eq!(recursion.next_server(index, 0), NodeId(11), "the top-level domain");
        recursion.refer(index, 50);
        assert_eq!(recursion.next_server(index, 0), NodeId(10), "the zone");
        assert_eq!(
            recursion.next_server(index, 100),
            NodeId(10),
            "a lookup never goes back: it would never end"
        );
        recursion.take(index);
        let mut next = |now| {
            let index = recursion.join(7, 1, None).unwrap();
            let server = recursion.next_server(index, now);
            recursion.take(index);
            server
        };
        assert_eq!(next(49), NodeId(10));
        assert_eq!(next(50), NodeId(11), "the referral has run out");
        assert_eq!(next(100), NodeId(12));
    }

    #[test]
    fn one_name_is_looked_up_once_at_a_time() {
        let mut recursion = Recursion::new(vec![NodeId(0)]);
        let index = recursion.join(7, 0, Some(CallId::NONE)).unwrap();
        assert_eq!(recursion.join(7, 0, Some(CallId::NONE)), None);
        assert!(recursion.join(8, 0, None).is_some());
        assert_eq!(recursion.take(index).unwrap().waiting.len(), 2);
        assert!(recursion.take(index).is_none());
        assert!(recursion.join(7, 0, None).is_some());
    }
}
