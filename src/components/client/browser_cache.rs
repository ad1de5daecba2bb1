//! The caches of all users' browsers: a bounded number of small slots each, in memory that only visitors take.

use crate::kernel::prefetch::prefetch;
use crate::kernel::{MILLISECOND, Time};

/// Users whose slots lie in one piece of memory, made at the first visit of one of them. It comes zeroed from the system, which backs a
/// page of it (some twenty users) only when somebody writes there.
const PIECE: usize = 1024;
/// The end of the life of a copy that outlives every run: later than 49 days, counted in milliseconds.
const FOR_EVER: u32 = u32::MAX;
/// The name of a slot without a copy: names are keys plus one.
const EMPTY: u32 = 0;

/// A copy that a browser has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Held {
    /// Version of the data.
    pub version: u32,
    /// Whether it may be used without asking.
    pub fresh: bool,
}

/// Of all users of one traffic. Each user's copies lie in the order of their last use, 12 bytes each: first the names of all, so that
/// a copy is looked for in one cache line, then the versions, then the ends of life in milliseconds, rounded down.
#[derive(Clone, Debug)]
pub(super) struct BrowserCaches {
    slots: usize,
    users: u32,
    pieces: Vec<Piece>,
}

/// The slots of some users; without memory if nobody of them has been there.
#[derive(Clone, Debug, Default)]
struct Piece {
    memory: Vec<u32>,
    /// Where the first user's slots begin: at the start of a cache line, so that the names of 16 slots are in one.
    begin: usize,
}

/// Words of a cache line.
const LINE: usize = 16;

impl Piece {
    fn new(words: usize) -> Self {
        let memory = vec![0; words + LINE];
        let begin = memory.as_ptr().align_offset(LINE * size_of::<u32>()).min(LINE);
        Piece { memory, begin }
    }
}

/// The slots of one user.
struct Slots<'a> {
    names: &'a mut [u32],
    versions: &'a mut [u32],
    until: &'a mut [u32],
}

impl Slots<'_> {
    /// Where the copy of this name is. Empty slots are behind all others: what lies behind the first one is not looked at.
    fn find(&self, name: u32) -> Option<usize> {
        let at = self.names.iter().position(|other| *other == name || *other == EMPTY)?;
        (self.names[at] == name).then_some(at)
    }

    /// The slot at this place comes first, those before it go one back.
    fn bring_forward(&mut self, at: usize) {
        if at > 0 {
            for column in [&mut *self.names, self.versions, self.until] {
                column[..=at].rotate_right(1);
            }
        }
    }
}

fn is_fresh(until: u32, now: Time) -> bool {
    until == FOR_EVER || now < Time::from(until) * MILLISECOND
}

fn name_of(key: u64) -> u32 {
    debug_assert!(key < u64::from(u32::MAX), "checked when the world was");
    key as u32 + 1
}

impl BrowserCaches {
    /// For users 1 to `users`, with so many slots each.
    pub fn new(users: u64, slots: usize) -> Self {
        let pieces = vec![Piece::default(); users as usize / PIECE + 1];
        BrowserCaches { slots, users: users as u32, pieces }
    }

    /// The slots of a user, if anybody of the same piece has been there.
    #[inline]
    fn slots_of(&mut self, user: u32) -> Option<Slots<'_>> {
        let (slots, place) = (self.slots, user as usize);
        let piece = self.pieces.get_mut(place / PIECE)?;
        let begin = piece.begin + place % PIECE * 3 * slots;
        let row = piece.memory.get_mut(begin..begin + 3 * slots)?;
        let (names, rest) = row.split_at_mut(slots);
        let (versions, until) = rest.split_at_mut(slots);
        Some(Slots { names, versions, until })
    }

    /// A user's copies will soon be looked at (one column: only whether one is there), or changed (all three).
    #[inline]
    pub fn foresee(&self, user: u32, columns: usize) {
        let place = user as usize;
        let Some(piece) = self.pieces.get(place / PIECE) else { return };
        let begin = piece.begin + place % PIECE * 3 * self.slots;
        for column in 0..columns {
            prefetch(&piece.memory, begin + column * self.slots);
        }
    }

    fn make_room(&mut self, user: u32) {
        debug_assert!(user <= self.users, "user {user} of {}", self.users);
        let piece = &mut self.pieces[user as usize / PIECE];
        if piece.memory.is_empty() {
            *piece = Piece::new(PIECE * 3 * self.slots);
        }
    }

    /// The copy under a key, which has been used now.
    pub fn get(&mut self, user: u32, key: u64, now: Time) -> Option<Held> {
        let mut slots = self.slots_of(user)?;
        let at = slots.find(name_of(key))?;
        slots.bring_forward(at);
        Some(Held { version: slots.versions[0], fresh: is_fresh(slots.until[0], now) })
    }

    /// Keeps a copy until `until`; the one that was used longest ago makes room.
    pub fn put(&mut self, user: u32, key: u64, version: u32, until: Time) {
        self.make_room(user);
        let mut slots = self.slots_of(user).expect("just made");
        let name = name_of(key);
        let taken = slots.names.iter().position(|other| *other == name || *other == EMPTY);
        slots.bring_forward(taken.unwrap_or(slots.names.len() - 1));
        let until = (until / MILLISECOND).min(u64::from(FOR_EVER)) as u32;
        (slots.names[0], slots.versions[0], slots.until[0]) = (name, version, until);
    }

    /// Forgets the copy under a key.
    pub fn remove(&mut self, user: u32, key: u64) {
        let Some(slots) = self.slots_of(user) else { return };
        let Some(at) = slots.find(name_of(key)) else { return };
        for column in [slots.names, slots.versions, slots.until] {
            column[at..].rotate_left(1);
            *column.last_mut().expect("at least one") = EMPTY;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::SECOND;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// The obvious one: a list of copies for each user, the last used first.
    #[derive(Default)]
    struct Slow(BTreeMap<u32, Vec<(u64, u32, Time)>>);

    impl Slow {
        fn take(&mut self, user: u32, key: u64) -> Option<(u64, u32, Time)> {
            let copies = self.0.entry(user).or_default();
            let at = copies.iter().position(|copy| copy.0 == key)?;
            Some(copies.remove(at))
        }

        fn get(&mut self, user: u32, key: u64, now: Time) -> Option<Held> {
            let copy = self.take(user, key)?;
            self.0.entry(user).or_default().insert(0, copy);
            Some(Held { version: copy.1, fresh: now < copy.2 / MILLISECOND * MILLISECOND })
        }

        fn put(&mut self, slots: usize, user: u32, key: u64, version: u32, until: Time) {
            self.take(user, key);
            let copies = self.0.entry(user).or_default();
            copies.insert(0, (key, version, until));
            copies.truncate(slots);
        }
    }

    proptest! {
        #[test]
        fn it_does_what_the_obvious_one_does(
            slots in 1usize..6,
            steps in proptest::collection::vec((0u8..3, 1u32..4, 0u64..9, 0u64..60), 1..300),
        ) {
            let (mut fast, mut slow) = (BrowserCaches::new(3, slots), Slow::default());
            for (at, (what, user, key, age)) in steps.into_iter().enumerate() {
                let now = at as Time * SECOND / 3;
                match what {
                    0 => {
                        fast.put(user, key, at as u32, now + age * 700 * MILLISECOND + 1);
                        slow.put(slots, user, key, at as u32, now + age * 700 * MILLISECOND + 1);
                    }
                    1 => prop_assert_eq!(fast.get(user, key, now), slow.get(user, key, now)),
                    _ => {
                        fast.remove(user, key);
                        slow.take(user, key);
                    }
                }
            }
        }
    }

    #[test]
    fn memory_is_that_of_the_visitors() {
        let mut caches = BrowserCaches::new(1_000_000, 16);
        (1..=3_000).for_each(|user| caches.put(user, 7, 1, SECOND));
        assert_eq!(caches.pieces.iter().filter(|piece| !piece.memory.is_empty()).count(), 3);
        assert_eq!(caches.get(500_000, 7, 0), None);
    }
}
