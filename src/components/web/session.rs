//! Where the sessions of users are kept: in the memory of one server, in a shared store, or nowhere (signed tokens).

use crate::catalog::{Policy, Settings};
use crate::components::Site;
use crate::kernel::{Ask, NodeId, Request, TimeoutClass};
use crate::parts::verbs::{GET, PUT, READ, WRITE};
use crate::random::variate::Variate;

/// Where sessions are kept.
pub(super) const SESSIONS: &[Policy] = &[
    Policy {
        name: "memory",
        about: "in the memory of the server where the user logged in: the user must come back to it",
        source: "chapter 8.1; the default of PHP, Tomcat and others",
        wrong_when: "servers crash, are deployed or scaled: the sessions are lost with them",
    },
    Policy {
        name: "store",
        about: "in a cache or database that all servers share: read with each request, written at logins and changes",
        source: "chapter 8.2",
        wrong_when: "one more call per request is too slow, or the store may fail",
    },
    Policy {
        name: "token",
        about: "in a signed token that the user shows: no server keeps anything, and each request carries it (`session_size`)",
        source: "chapter 8.2; RFC 7519 (2015)",
        wrong_when: "a session must be ended at once, or holds more than a header can carry",
    },
];

/// Bits of a user's number in a session; above it is how often he has logged in (`client/browser.rs`).
const USER_BITS: u32 = 24;

/// The sessions of a server.
#[derive(Clone)]
pub(super) struct Sessions {
    home: Home,
    /// Own work of a login; `None` = that of a request.
    pub login: Option<Variate>,
    /// Numbers of the first users of each traffic: users are numbered through.
    bases: Vec<(NodeId, u32)>,
    /// Keys of sessions in a store lie above those of data.
    first_key: u64,
    bytes: u32,
    pub unknown: u64,
    /// Sessions that were shown to a server which keeps its own, and does not know them.
    pub astray: u64,
}

#[derive(Clone)]
enum Home {
    Memory(Table),
    Store { node: NodeId, is_cache: bool, timeout: Option<TimeoutClass> },
    Token,
}

/// What a look for a session finds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Found {
    Yes,
    No,
    /// The store must be asked.
    Elsewhere,
}

impl Sessions {
    pub fn new(site: &Site<'_>) -> Option<Self> {
        let settings = site.settings();
        if !settings.is_given("sessions") {
            return None;
        }
        let bytes = bytes(settings);
        let groups = site.layout.groups.iter().enumerate();
        let traffic = groups.filter(|(_, group)| group.kind == "traffic");
        let base = |(index, group): (usize, &crate::components::Group)| {
            (NodeId(group.first), site.layout.users_before(index))
        };
        Some(Sessions {
            bases: traffic.map(base).collect(),
            home: home(site, bytes),
            login: settings.variate("login"),
            first_key: site.layout.keys().unwrap_or(0),
            bytes,
            unknown: 0,
            astray: 0,
        })
    }

    /// The simulation begins: the time-out of calls to the store.
    pub fn start(&mut self, class: Option<TimeoutClass>) {
        if let Home::Store { timeout, .. } = &mut self.home {
            *timeout = class;
        }
    }

    /// Number of a request's user among all.
    fn number(&self, request: &Request) -> u32 {
        let base = self.bases.iter().find(|(client, _)| *client == request.client);
        base.map_or(0, |(_, base)| *base) + request.user
    }

    /// Whether the session that a request shows is known.
    pub fn look(&mut self, request: &Request) -> Found {
        if request.session == 0 {
            return Found::No;
        }
        let number = self.number(request);
        match &mut self.home {
            Home::Memory(table) => match table.find(number) {
                Some(place) if place.holds(login(request.session)) => Found::Yes,
                _ => {
                    self.astray += 1;
                    Found::No
                }
            },
            Home::Store { .. } => Found::Elsewhere,
            Home::Token => Found::Yes,
        }
    }

    /// Keeps a session, here or (then the question is returned) in the store.
    pub fn keep(&mut self, request: &Request) -> Option<Ask> {
        let number = self.number(request);
        match &mut self.home {
            Home::Memory(table) => table.put(number, login(request.session)),
            Home::Store { .. } => return Some(self.ask(request, true)),
            Home::Token => {}
        }
        None
    }

    /// The question to the store.
    pub fn ask(&self, request: &Request, writes: bool) -> Ask {
        let Home::Store { node, is_cache, timeout } = self.home else {
            unreachable!("only a store is asked")
        };
        let key = self.first_key + u64::from(self.number(request));
        let verb = match (is_cache, writes) {
            (true, false) => GET,
            (true, true) => PUT,
            (false, false) => READ,
            (false, true) => WRITE,
        };
        let bytes = if writes { self.bytes } else { 0 };
        Ask { bytes, version: 1, timeout, ..Ask::new(node, verb, key) }
    }

    /// A crash: what was in memory is lost.
    pub fn forget(&mut self) {
        if let Home::Memory(table) = &mut self.home {
            table.clear();
        }
    }

    /// Sessions and bytes in memory.
    pub fn held(&self) -> Option<(u32, u64)> {
        match &self.home {
            Home::Memory(table) => Some((table.count, u64::from(table.count) * u64::from(self.bytes))),
            _ => None,
        }
    }
}

/// Size of the tokens in which sessions are kept; `None` if they are kept elsewhere.
pub(in crate::components) fn tokens(settings: &Settings) -> Option<u32> {
    let is_token = settings.is_given("sessions") && SESSIONS[settings.choice("sessions")].name == "token";
    is_token.then(|| bytes(settings))
}

fn bytes(settings: &Settings) -> u32 {
    settings.bytes("session_size").unwrap_or(0).min(u64::from(u32::MAX)) as u32
}

fn home(site: &Site<'_>, bytes: u32) -> Home {
    let settings = site.settings();
    match SESSIONS[settings.choice("sessions")].name {
        // Switched off by a test: every server knows every session.
        "memory" if site.is_disabled("session_memory") => Home::Token,
        "memory" => Home::Memory(Table::new(most(settings, bytes))),
        "store" => {
            let group = settings.group("session_store").expect("checked");
            let is_cache = site.layout.groups[group].kind == "cache";
            Home::Store { node: site.layout.first(group), is_cache, timeout: None }
        }
        _ => Home::Token,
    }
}

/// How many sessions fit into the memory.
fn most(settings: &Settings, bytes: u32) -> u32 {
    let memory = settings.bytes("session_memory").filter(|_| bytes > 0);
    memory.map_or(u32::MAX, |memory| (memory / u64::from(bytes)).min(u64::from(u32::MAX)) as u32)
}

/// How often its user had logged in when a session began (`client/browser.rs`).
fn login(session: u32) -> u8 {
    (session >> USER_BITS) as u8
}

/// Sessions in memory, by number of the user; when it is full, those of the user who was not seen for longest go. 16 bytes for each user up
/// to the largest number seen. Requests of a user that did not know of each other may each have logged in, and come in any order: all these
/// sessions hold, and count as one.
#[derive(Clone, Debug)]
struct Table {
    /// The sessions of a user and its neighbours in the order of use.
    places: Vec<Place>,
    count: u32,
    most: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// The newest login that was made here; 0 = none.
    newest: u8,
    /// Which of that and the logins before it were made here, from the lowest bit on.
    here: u32,
    newer: u32,
    older: u32,
}

/// Logins are counted round, from 1 to this.
const LOGINS: u8 = u8::MAX;

/// How many logins one is behind another, counted round.
fn behind(old: u8, new: u8) -> u32 {
    u32::from(if new >= old { new - old } else { LOGINS - old + new })
}

impl Place {
    /// Whether a login was made here.
    fn holds(&self, login: u8) -> bool {
        self.here.checked_shr(behind(login, self.newest)).is_some_and(|here| here & 1 == 1)
    }

    fn add(&mut self, login: u8) {
        let (ahead, back) = (behind(self.newest, login), behind(login, self.newest));
        if self.newest == 0 || ahead < u32::from(LOGINS / 2) {
            let before = if self.newest == 0 { 0 } else { self.here.checked_shl(ahead).unwrap_or(0) };
            (self.newest, self.here) = (login, before | 1);
        } else {
            self.here |= 1u32.checked_shl(back).unwrap_or(0);
        }
    }
}

/// Place 0 belongs to nobody: it is the end of the ring of use.
const END: u32 = 0;

impl Table {
    fn new(most: u32) -> Self {
        Table { places: vec![Place::default()], count: 0, most }
    }

    fn unlink(&mut self, number: u32) {
        let Place { newer, older, .. } = self.places[number as usize];
        self.places[newer as usize].older = older;
        self.places[older as usize].newer = newer;
    }

    fn link(&mut self, number: u32) {
        let newest = self.places[END as usize].older;
        let place = &mut self.places[number as usize];
        (place.newer, place.older) = (END, newest);
        self.places[newest as usize].newer = number;
        self.places[END as usize].older = number;
    }

    /// The sessions of a user, who has used one now.
    fn find(&mut self, number: u32) -> Option<Place> {
        let place = *self.places.get(number as usize)?;
        if place.newest == 0 || number == END {
            return None;
        }
        self.unlink(number);
        self.link(number);
        Some(place)
    }

    fn put(&mut self, number: u32, login: u8) {
        if number as usize >= self.places.len() {
            self.places.resize((number as usize + 1).next_power_of_two(), Place::default());
        }
        if self.places[number as usize].newest == 0 {
            if self.count >= self.most {
                self.drop_oldest();
            }
            self.count += 1;
        } else {
            self.unlink(number);
        }
        self.places[number as usize].add(login);
        self.link(number);
    }

    fn drop_oldest(&mut self) {
        let oldest = self.places[END as usize].newer;
        if oldest != END {
            self.unlink(oldest);
            self.places[oldest as usize] = Place::default();
            self.count -= 1;
        }
    }

    fn clear(&mut self) {
        *self = Table::new(self.most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn logins_at_once_all_hold() {
        let mut table = Table::new(2);
        for login in [4, 6, 5, 8] {
            table.put(1, login);
        }
        let place = table.find(1).unwrap();
        let held: Vec<u8> = (1..=LOGINS).filter(|login| place.holds(*login)).collect();
        assert_eq!((held, table.count), (vec![4, 5, 6, 8], 1), "the seventh was made elsewhere");
        table.put(2, 9);
        table.put(3, 10);
        table.put(1, 9);
        assert!(
            table.find(1).is_some_and(|place| place.holds(9) && !place.holds(8)),
            "it had been forgotten"
        );
    }

    #[test]
    fn logins_are_counted_round() {
        let mut place = Place::default();
        for login in [253, 255, 2, 1] {
            place.add(login);
        }
        let held = [252, 253, 254, 255, 1, 2, 3].map(|login| place.holds(login));
        assert_eq!((held, place.newest), ([false, true, false, true, true, true, false], 2));
        place.add(200);
        assert_eq!(place.newest, 2, "very late");
    }

    proptest! {
        #[test]
        fn the_table_forgets_who_was_not_seen_for_longest(
            most in 1u32..5,
            steps in prop::collection::vec((any::<bool>(), 1u32..9), 0..60),
        ) {
            let mut table = Table::new(most);
            let mut slow: Vec<(u32, u8)> = Vec::new(); // newest last
            for (session, (puts, user)) in (1..).zip(steps) {
                let at = slow.iter().position(|(known, _)| *known == user);
                if puts {
                    table.put(user, session);
                    match at {
                        Some(at) => { slow.remove(at); }
                        None if slow.len() as u32 == most => { slow.remove(0); }
                        None => {}
                    }
                    slow.push((user, session));
                } else {
                    let expected = at.map(|at| slow.remove(at));
                    slow.extend(expected);
                    prop_assert_eq!(table.find(user).map(|place| place.newest), expected.map(|(_, session)| session));
                }
                prop_assert_eq!(table.count as usize, slow.len());
            }
        }
    }
}
