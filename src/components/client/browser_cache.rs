//! The caches of all users' browsers: a bounded number of small slots each, made at the first visit.

use crate::kernel::{MILLISECOND, Time};

/// Users whose slots lie in one piece of memory: pieces are never moved, so that growing needs no second copy.
const PIECE: usize = 1024;
/// Unit of the end of a copy's life.
const TENTH: Time = 100 * MILLISECOND;
/// A slot without a copy.
const EMPTY: Slot = Slot { key: u32::MAX, version: 0, until: 0 };

/// A copy: 12 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Slot {
    key: u32,
    version: u32,
    /// In tenths of seconds since the start, rounded down.
    until: u32,
}

/// A copy that a browser has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Held {
    /// Version of the data.
    pub version: u32,
    /// Whether it may be used without asking.
    pub fresh: bool,
}

/// Of all users of one traffic. Each user's copies lie in the order of their last use.
#[derive(Clone, Debug)]
pub(super) struct BrowserCaches {
    slots: usize,
    /// Place of each user's slots, counted from 1; 0 = no visit yet.
    of_user: Vec<u32>,
    pieces: Vec<Box<[Slot]>>,
    visitors: u32,
}

/// Where the copy under a key is. Empty slots are behind all others: what lies behind the first one is not looked at.
fn find(slots: &[Slot], key: u64) -> Option<usize> {
    let at = slots.iter().position(|slot| u64::from(slot.key) == key || slot.key == EMPTY.key)?;
    (slots[at].key != EMPTY.key).then_some(at)
}

impl BrowserCaches {
    /// For users 1 to `users`, with so many slots each.
    pub fn new(users: u64, slots: usize) -> Self {
        BrowserCaches { slots, of_user: vec![0; users as usize + 1], pieces: Vec::new(), visitors: 0 }
    }

    fn slots_of(&mut self, user: u32) -> Option<&mut [Slot]> {
        let place = (*self.of_user.get(user as usize)?).checked_sub(1)? as usize;
        let begin = place % PIECE * self.slots;
        Some(&mut self.pieces[place / PIECE][begin..begin + self.slots])
    }

    fn make_room(&mut self, user: u32) {
        if self.of_user[user as usize] != 0 {
            return;
        }
        if (self.visitors as usize).is_multiple_of(PIECE) {
            self.pieces.push(vec![EMPTY; PIECE * self.slots].into_boxed_slice());
        }
        self.visitors += 1;
        self.of_user[user as usize] = self.visitors;
    }

    /// The copy under a key, which has been used now.
    pub fn get(&mut self, user: u32, key: u64, now: Time) -> Option<Held> {
        let slots = self.slots_of(user)?;
        let at = find(slots, key)?;
        slots[..=at].rotate_right(1);
        let Slot { version, until, .. } = slots[0];
        Some(Held { version, fresh: now < Time::from(until) * TENTH })
    }

    /// Keeps a copy until `until`; the one that was used longest ago makes room.
    pub fn put(&mut self, user: u32, key: u64, version: u32, until: Time) {
        debug_assert!(key < u64::from(u32::MAX), "checked when the world was");
        self.make_room(user);
        let slots = self.slots_of(user).expect("just made");
        let is_it = |slot: &Slot| u64::from(slot.key) == key || slot.key == EMPTY.key;
        let at = slots.iter().position(is_it).unwrap_or(slots.len() - 1);
        slots[..=at].rotate_right(1);
        let until = (until / TENTH).min(u64::from(u32::MAX)) as u32;
        slots[0] = Slot { key: key as u32, version, until };
    }

    /// Forgets the copy under a key.
    pub fn remove(&mut self, user: u32, key: u64) {
        let Some(slots) = self.slots_of(user) else { return };
        if let Some(at) = find(slots, key) {
            slots[at..].rotate_left(1);
            *slots.last_mut().expect("at least one") = EMPTY;
        }
    }
}

const _: () = assert!(size_of::<Slot>() == 12);

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
            Some(Held { version: copy.1, fresh: now < copy.2 / TENTH * TENTH })
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
                        fast.put(user, key, at as u32, now + age * SECOND);
                        slow.put(slots, user, key, at as u32, now + age * SECOND);
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
        assert_eq!(caches.pieces.len(), 3);
        assert_eq!(caches.get(500_000, 7, 0), None);
    }
}
