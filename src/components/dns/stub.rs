//! What clients know themselves: the caches of browser, operating system and router, each with its own countdown.

use super::address::Addresses;
use crate::kernel::prefetch::prefetch;
use crate::kernel::{SECOND, Time};
use crate::random::mix::{combine, hash_name};
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// Names that one cache of one user has at hand: enough for nearly everybody, in little memory. What is used longest ago goes to the [`Attic`].
const NAMES: usize = 4;
/// Names of a zone that fit into a record of 8 bytes.
pub const NAMES_AT_MOST: i64 = 1 << 20;

/// A record in 8 bytes: name (20 bits), answer (16), end (28, in sixteenths of a second: 194 days).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Slot(u64);

const TICK: Time = SECOND / 16;
const TICKS_AT_MOST: u64 = (1 << 28) - 1;

impl Slot {
    const EMPTY: Slot = Slot(0);

    /// Rounded down: nothing is ever kept for longer than it may be.
    fn new(name: u32, addresses: Addresses, until: Time) -> Self {
        Slot((u64::from(name) << 44) | (u64::from(addresses.0) << 28) | (until / TICK).min(TICKS_AT_MOST))
    }

    fn name(self) -> u32 {
        (self.0 >> 44) as u32
    }

    fn addresses(self) -> Addresses {
        Addresses((self.0 >> 28) as u16)
    }

    fn until(self) -> Time {
        (self.0 & TICKS_AT_MOST) * TICK
    }
}

/// What caches hold beside what they have at hand, by cache and name; looked up, never iterated. Real caches hold hundreds of names and more
/// (Chromium 1,000: `kDefaultMaxEntries` in net/dns/host_cache.cc; dnsmasq 150 by default), which is no bound that users of one zone reach.
type Attic = HashMap<(u32, u32), Slot, FixedState>;

fn attic() -> Attic {
    HashMap::with_hasher(FixedState::with_seed(0))
}

/// The names that one cache of one owner has at hand, the last used one first.
#[derive(Clone, Copy, Debug)]
struct Names([Slot; NAMES]);

/// A cache, with what it has laid aside.
struct Cache<'a> {
    owner: u32,
    names: &'a mut Names,
    attic: &'a mut Attic,
}

impl Names {
    const NONE: Names = Names([Slot::EMPTY; NAMES]);

    /// Instead of the slot at `at`: those before it go one back.
    fn put_first(&mut self, at: usize, slot: Slot) {
        for to in (1..=at).rev() {
            self.0[to] = self.0[to - 1];
        }
        self.0[0] = slot;
    }
}

impl Cache<'_> {
    #[inline]
    fn find(&mut self, name: u32, now: Time) -> Option<(Addresses, Time)> {
        let at = self.names.0.iter().position(|slot| slot.name() == name && now < slot.until());
        let found = match at {
            Some(at) => {
                let found = self.names.0[at];
                self.names.put_first(at, found);
                found
            }
            None if self.attic.is_empty() => return None,
            None => self.fetch(name, now)?,
        };
        Some((found.addresses(), found.until()))
    }

    #[cold]
    fn fetch(&mut self, name: u32, now: Time) -> Option<Slot> {
        let found = *self.attic.get(&(self.owner, name))?;
        if now >= found.until() {
            return None;
        }
        self.attic.remove(&(self.owner, name));
        self.push(found);
        Some(found)
    }

    /// Whether something is kept of a name, be it over.
    fn knew(&self, name: u32) -> bool {
        let is_it = |slot: &Slot| slot.name() == name && slot.until() > 0;
        self.names.0.iter().any(is_it) || self.attic.contains_key(&(self.owner, name))
    }

    fn store(&mut self, name: u32, addresses: Addresses, until: Time) {
        let slot = Slot::new(name, addresses, until);
        match self.names.0.iter().position(|slot| slot.name() == name && slot.until() > 0) {
            Some(known) => self.names.put_first(known, slot),
            None => {
                self.attic.remove(&(self.owner, name));
                self.push(slot);
            }
        }
    }

    /// A name comes to hand; the one used longest ago is laid aside.
    fn push(&mut self, slot: Slot) {
        let last = self.names.0[NAMES - 1];
        if last.until() > 0 {
            self.attic.insert((self.owner, last.name()), last);
        }
        self.names.put_first(NAMES - 1, slot);
    }
}

/// What a user's machine keeps, in one cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Machine {
    browser: Names,
    system: Names,
}

impl Machine {
    const NEW: Machine = Machine { browser: Names::NONE, system: Names::NONE };
}

/// The caches of many owners, made when an owner first stores something.
#[derive(Clone, Debug)]
struct Layer<T> {
    /// Where each owner's caches are, plus one; 0 = nowhere yet.
    place: Vec<u32>,
    caches: Vec<T>,
    new: T,
}

impl<T: Copy> Layer<T> {
    fn new(new: T) -> Self {
        Layer { place: Vec::new(), caches: Vec::new(), new }
    }

    fn of(&mut self, owner: u32) -> Option<&mut T> {
        let place = self.place.get(owner as usize).copied()?.checked_sub(1)?;
        self.caches.get_mut(place as usize)
    }

    fn of_or_new(&mut self, owner: u32) -> &mut T {
        let owner = owner as usize;
        if self.place.len() <= owner {
            self.place.resize(owner + 1, 0);
        }
        if self.place[owner] == 0 {
            self.caches.push(self.new);
            self.place[owner] = self.caches.len() as u32;
        }
        &mut self.caches[self.place[owner] as usize - 1]
    }

    fn bytes(&self) -> usize {
        4 * self.place.len() + size_of::<T>() * self.caches.len()
    }
}

/// Draw of the moment when what users knew before the run ends.
const KNOWN_BEFORE: u64 = hash_name("known before the run");

/// When records end. Users did not begin with the run: what they want is known to them since some time, and the first record that each cache
/// keeps ends at a moment drawn within its life for each user, name and replication. Else all users would ask again in step, and how many
/// go to a server that has died would depend on the phase of its death.
#[derive(Clone, Copy, Debug)]
struct Ends {
    /// Of the draws; `None` = users begin with the run and know nothing.
    draws: Option<u64>,
}

impl Ends {
    /// When a record that lives for `life` from `now` ends, in the cache of a user that may never have kept this name.
    fn end(self, cache: &Cache<'_>, user: u32, name: u32, life: Time, now: Time) -> Time {
        let end = now.saturating_add(life);
        match self.draws {
            Some(draws) if now < life && !cache.knew(name) => {
                let bits = combine(draws, combine(u64::from(user), u64::from(name)));
                let known = ((u128::from(bits) * u128::from(life)) >> 64) as Time;
                if known > now { known } else { end }
            }
            _ => end,
        }
    }
}

/// Who knew an address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Knew {
    /// The browser.
    Browser,
    /// The operating system.
    System,
    /// The router of the household.
    Router,
}

/// The caches of all users of one traffic, for the names of one zone.
#[derive(Clone, Debug)]
pub struct Stub {
    /// How long a browser keeps an address, whatever its time to live, which the operating system does not tell it.
    browser_ttl: Time,
    /// Users behind one router; `None` = routers keep nothing.
    household: Option<u32>,
    in_browser: Ends,
    /// Of the operating system's records; those of a resolver end when its own does.
    in_system: Ends,
    machines: Layer<Machine>,
    routers: Layer<Names>,
    /// What browsers, systems and routers have laid aside.
    attics: [Attic; 3],
}

impl Stub {
    /// Users who know nothing yet, until [`Stub::knew`].
    pub fn new(browser_ttl: Time, household: Option<u32>) -> Self {
        let cold = Ends { draws: None };
        Stub {
            browser_ttl,
            household,
            in_browser: cold,
            in_system: cold,
            machines: Layer::new(Machine::NEW),
            routers: Layer::new(Names::NONE),
            attics: [attic(), attic(), attic()],
        }
    }

    /// Users have known what they want since before the run. `draws`: the key of what is drawn for them; `whole`: whether whoever they ask
    /// tells each of them the whole time to live, as an authority does, and not what is left of a record of its own, as a resolver.
    pub fn knew(&mut self, draws: u64, whole: bool) {
        let draws = combine(draws, KNOWN_BEFORE);
        self.in_browser = Ends { draws: Some(draws) };
        self.in_system = Ends { draws: whole.then_some(draws) };
    }

    /// A user who comes soon, and one who comes after that: asks the processor for what the machine of the first one knows, and for where
    /// that of the second one is.
    #[inline]
    pub fn foresee(&self, next: u32, after: u32) {
        if let Some(place) = self.machines.place.get(next as usize) {
            prefetch(&self.machines.caches, (*place as usize).wrapping_sub(1));
        }
        prefetch(&self.machines.place, after as usize);
    }

    /// The browser's cache of a user who has a machine, and the system's.
    #[inline]
    fn caches<'a>(machine: &'a mut Machine, attics: &'a mut [Attic; 3], owner: u32) -> [Cache<'a>; 2] {
        let [in_browser, in_system, _] = attics;
        [
            Cache { owner, names: &mut machine.browser, attic: in_browser },
            Cache { owner, names: &mut machine.system, attic: in_system },
        ]
    }

    /// What a user's own caches know of a name. The nearer ones learn it from the farther.
    pub fn find(&mut self, user: u32, name: u32, now: Time) -> Option<(Addresses, Knew)> {
        if let Some(machine) = self.machines.of(user) {
            let [mut browser, mut system] = Stub::caches(machine, &mut self.attics, user);
            if let Some((addresses, _)) = browser.find(name, now) {
                return Some((addresses, Knew::Browser));
            }
            if let Some((addresses, _)) = system.find(name, now) {
                let end = self.in_browser.end(&browser, user, name, self.browser_ttl, now);
                browser.store(name, addresses, end);
                return Some((addresses, Knew::System));
            }
        }
        let owner = user / self.household?;
        let names = self.routers.of(owner)?;
        let (addresses, until) = Cache { owner, names, attic: &mut self.attics[2] }.find(name, now)?;
        let machine = self.machines.of_or_new(user);
        let [mut browser, mut system] = Stub::caches(machine, &mut self.attics, user);
        system.store(name, addresses, until);
        let end = self.in_browser.end(&browser, user, name, self.browser_ttl, now);
        browser.store(name, addresses, end);
        Some((addresses, Knew::Router))
    }

    /// Whoever was asked for a user has answered: the answer holds for `ttl`.
    pub fn learn(&mut self, user: u32, name: u32, addresses: Addresses, ttl: Time, now: Time) {
        if ttl > 0
            && let Some(household) = self.household
        {
            let owner = user / household;
            let names = self.routers.of_or_new(owner);
            let mut router = Cache { owner, names, attic: &mut self.attics[2] };
            router.store(name, addresses, now.saturating_add(ttl));
        }
        if ttl == 0 && !addresses.exist() {
            return;
        }
        let machine = self.machines.of_or_new(user);
        let [mut browser, mut system] = Stub::caches(machine, &mut self.attics, user);
        if ttl > 0 {
            let end = self.in_system.end(&system, user, name, ttl, now);
            system.store(name, addresses, end);
        }
        if addresses.exist() {
            let end = self.in_browser.end(&browser, user, name, self.browser_ttl, now);
            browser.store(name, addresses, end);
        }
    }

    /// Bytes that the caches take.
    pub fn bytes(&self) -> usize {
        let aside: usize = self.attics.iter().map(HashMap::capacity).sum();
        self.machines.bytes() + self.routers.bytes() + aside * size_of::<((u32, u32), Slot)>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_layer_counts_down_for_itself() {
        let mut stub = Stub::new(60 * SECOND, Some(2));
        let here = Addresses::one(1);
        stub.learn(2, 7, here, 300 * SECOND, 0);
        assert_eq!(stub.find(2, 7, 59 * SECOND), Some((here, Knew::Browser)));
        assert_eq!(stub.find(2, 7, 61 * SECOND), Some((here, Knew::System)));
        assert_eq!(stub.find(2, 7, 62 * SECOND), Some((here, Knew::Browser)));
        assert_eq!(stub.find(3, 7, 250 * SECOND), Some((here, Knew::Router)), "the same household");
        assert_eq!(stub.find(4, 7, 250 * SECOND), None, "another one");
        assert_eq!(
            stub.find(3, 7, 305 * SECOND),
            Some((here, Knew::Browser)),
            "60 s after it learned it, beyond the TTL"
        );
        assert_eq!(stub.find(3, 7, 311 * SECOND), None);
    }

    /// What was known before the run ends at any moment of its life, the same in each run of a replication; what comes after it lives for all
    /// of it. A record of a resolver is no user's own: all end with it.
    #[test]
    fn what_was_known_before_ends_at_any_moment_of_its_life() {
        let ends = |draws: u64, browser_s: u64, whole: bool| -> Vec<u64> {
            let mut stub = Stub::new(browser_s * SECOND, None);
            stub.knew(draws, whole);
            let end = |stub: &mut Stub, user: u32, from: u64| {
                stub.learn(user, 0, Addresses::one(0), 60 * SECOND, from * SECOND);
                (from..).find(|at| stub.find(user, 0, at * SECOND).is_none()).unwrap()
            };
            let first: Vec<u64> = (1..=600).map(|user| end(&mut stub, user, 0)).collect();
            assert!((1..=600).all(|user| end(&mut stub, user, 100) == 160), "a whole life");
            first
        };
        let told = ends(1, 0, true);
        for from in [0, 15, 30, 45] {
            let within = told.iter().filter(|end| (from + 1..from + 16).contains(*end)).count();
            assert!(
                (118..182).contains(&within),
                "{within} of 600 from {from} s: three standard errors are 32"
            );
        }
        assert_eq!(told, ends(1, 0, true));
        assert_ne!(told, ends(2, 0, true));
        assert!(ends(1, 0, false).iter().all(|end| *end == 60), "with the resolver's");
    }

    #[test]
    fn a_million_users_take_what_the_design_says() {
        let mut stub = Stub::new(60 * SECOND, None);
        for user in 0..1_000_000 {
            stub.learn(user, user % 9, Addresses::one(0), 60 * SECOND, 0);
        }
        assert!(
            stub.bytes() <= 68 * 1_000_000,
            "{}: two caches of 4 names of 8 bytes, and their place",
            stub.bytes()
        );
    }

    proptest! {
        /// Browser and system against lists of everything that was ever told.
        #[test]
        fn answers_are_those_of_slow_obvious_caches(
            asked in proptest::collection::vec((0_u32..2, 0_u32..7, 0_u64..40, 1_u64..90), 1..120),
        ) {
            let mut stub = Stub::new(20 * SECOND, None);
            let mut lists: [[Vec<(u32, u64)>; 2]; 2] = Default::default(); // per user: browser, system: (name, end in s)
            let mut now = 0;
            for (user, name, pause, ttl) in asked {
                now += pause;
                let [browser, system] = &mut lists[user as usize];
                let touch = |list: &mut Vec<(u32, u64)>| {
                    let at = list.iter().position(|(known, end)| *known == name && now < *end)?;
                    let entry = list.remove(at);
                    list.insert(0, entry);
                    Some(())
                };
                let put = |list: &mut Vec<(u32, u64)>, end| {
                    list.retain(|(known, _)| *known != name);
                    list.insert(0, (name, end));
                };
                let expected = if touch(browser).is_some() {
                    Some(Knew::Browser)
                } else if touch(system).is_some() {
                    put(browser, now + 20);
                    Some(Knew::System)
                } else {
                    put(system, now + ttl);
                    put(browser, now + 20);
                    None
                };
                let found = stub.find(user, name, now * SECOND);
                prop_assert_eq!(found.map(|(_, knew)| knew), expected);
                if found.is_none() {
                    stub.learn(user, name, Addresses::one(0), ttl * SECOND, now * SECOND);
                }
            }
        }
    }
}
