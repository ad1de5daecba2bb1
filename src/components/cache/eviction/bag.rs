//! All slots in use, in no order: one of them can be drawn evenly.

use crate::random::Stream;

/// Slots in use.
#[derive(Clone, Debug, Default)]
pub struct Bag {
    members: Vec<u32>,
    /// Position of each slot among the members.
    places: Vec<u32>,
}

impl Bag {
    /// Puts a slot in.
    #[inline]
    pub fn insert(&mut self, slot: u32) {
        if slot as usize >= self.places.len() {
            self.places.resize((slot as usize + 1).next_power_of_two(), 0);
        }
        self.places[slot as usize] = self.members.len() as u32;
        self.members.push(slot);
    }

    /// Takes a slot out; the last member takes its place.
    #[inline]
    pub fn remove(&mut self, slot: u32) {
        let at = self.places[slot as usize] as usize;
        self.members.swap_remove(at);
        if let Some(moved) = self.members.get(at) {
            self.places[*moved as usize] = at as u32;
        }
    }

    /// One of the members, each as likely; there must be one.
    #[inline]
    pub fn draw(&self, stream: &mut Stream) -> u32 {
        self.members[stream.below(self.members.len() as u64) as usize]
    }

    /// Takes all out.
    pub fn clear(&mut self) {
        self.members.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_only_members_and_all_of_them() {
        let mut bag = Bag::default();
        (0..10).for_each(|slot| bag.insert(slot));
        for slot in [0, 9, 4] {
            bag.remove(slot);
        }
        let mut stream = Stream::named(1, 0, "bag");
        let mut drawn = [0; 10];
        (0..7_000).for_each(|_| drawn[bag.draw(&mut stream) as usize] += 1);
        for (slot, times) in drawn.iter().enumerate() {
            let gone = [0, 9, 4].contains(&slot);
            assert!(if gone { *times == 0 } else { (850..1150).contains(times) }, "{slot}: {times}");
        }
    }
}
