//! Things under numbers that rise, most of which go soon and nearly in that order: a window over the latest, where each is found by its
//! number alone. Who stays while the others go is set down in a map, so that memory is that of what is there.

use std::collections::{BTreeMap, VecDeque};

/// Things by number.
#[derive(Clone, Debug)]
pub struct Numbered<T> {
    /// Before the window.
    behind: BTreeMap<u64, T>,
    /// Number of the window's first place, which is taken unless all are free.
    first: u64,
    window: VecDeque<Option<T>>,
    /// Places of the window that are taken.
    taken: usize,
}

/// Shorter windows are not looked through.
const LONG: usize = 1 << 10;

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Numbered { behind: BTreeMap::new(), first: 0, window: VecDeque::new(), taken: 0 }
    }
}

impl<T> Numbered<T> {
    /// Puts something under a number above all that were given before.
    #[inline]
    pub fn insert(&mut self, number: u64, item: T) {
        if self.taken == 0 {
            self.window.clear();
            self.first = number;
        } else if self.window.len() >= LONG && self.taken < self.window.len() / 4 {
            self.leave_behind(self.window.len() / 2);
        }
        let place = number - self.first;
        if place > self.window.len() as u64 + LONG as u64 {
            self.leave_behind(self.window.len());
            self.first = number;
        }
        let place = (number - self.first) as usize;
        debug_assert!(place >= self.window.len(), "numbers rise");
        self.window.resize_with(place, || None);
        self.window.push_back(Some(item));
        self.taken += 1;
    }

    /// The first places of the window leave it.
    #[cold]
    fn leave_behind(&mut self, places: usize) {
        for (item, number) in self.window.drain(..places).zip(self.first..) {
            if let Some(item) = item {
                self.behind.insert(number, item);
                self.taken -= 1;
            }
        }
        self.first += places as u64;
        self.close_up();
    }

    /// The window begins with something.
    #[inline]
    fn close_up(&mut self) {
        while self.window.front().is_some_and(Option::is_none) {
            self.window.pop_front();
            self.first += 1;
        }
    }

    #[inline]
    fn place(&self, number: u64) -> Option<usize> {
        number.checked_sub(self.first).map(|place| place as usize)
    }

    /// What has this number.
    #[inline]
    pub fn get(&self, number: u64) -> Option<&T> {
        match self.place(number) {
            Some(place) => self.window.get(place)?.as_ref(),
            None => self.behind.get(&number),
        }
    }

    /// The same, to change.
    #[inline]
    pub fn get_mut(&mut self, number: u64) -> Option<&mut T> {
        match self.place(number) {
            Some(place) => self.window.get_mut(place)?.as_mut(),
            None => self.behind.get_mut(&number),
        }
    }

    /// Takes out what has this number.
    #[inline]
    pub fn remove(&mut self, number: u64) -> Option<T> {
        let Some(place) = self.place(number) else { return self.behind.remove(&number) };
        let item = self.window.get_mut(place)?.take()?;
        self.taken -= 1;
        if place == 0 {
            self.close_up();
        }
        Some(item)
    }

    /// All, in the order of their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        let window = self.window.iter().zip(self.first..);
        let window = window.filter_map(|(item, number)| Some((number, item.as_ref()?)));
        self.behind.iter().map(|(number, item)| (*number, item)).chain(window)
    }

    /// The one with the lowest number.
    #[inline]
    pub fn first(&self) -> Option<(u64, &T)> {
        self.iter().next()
    }

    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.behind.len() + self.taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_stays_does_not_keep_the_places_of_those_who_go() {
        let mut all = Numbered::default();
        for number in 0..1_000_000 {
            all.insert(number, number);
            if number % 100_000 != 0 {
                all.remove(number);
            }
        }
        assert!(all.window.capacity() <= 4 * LONG, "{} places", all.window.capacity());
        assert_eq!(all.len(), 10);
        all.insert(1 << 40, 7);
        assert!(all.window.capacity() <= 4 * LONG, "a gap in the numbers takes no places");
        assert_eq!(all.iter().last(), Some((1 << 40, &7)));
    }

    proptest::proptest! {
        #[test]
        fn it_does_what_a_map_does(steps in proptest::collection::vec((0..5u8, 0..3000u64), 1..600)) {
            let (mut all, mut map, mut next) = (Numbered::default(), BTreeMap::new(), 0u64);
            for (what, number) in steps {
                match what {
                    0 => {
                        next += number * number / 2000; // most often one more than the last one, sometimes far from it
                        for _ in 0..number / 10 {
                            all.insert(next, number);
                            map.insert(next, number);
                            next += 1;
                        }
                    }
                    1 => {
                        let first = map.first_key_value().map_or(0, |(first, _)| *first);
                        for number in first..first + number / 8 {
                            proptest::prop_assert_eq!(all.remove(number), map.remove(&number));
                        }
                    }
                    2 => {
                        let number = next.saturating_sub(number);
                        proptest::prop_assert_eq!(all.remove(number), map.remove(&number));
                    }
                    _ => {
                        let number = next.saturating_sub(number);
                        proptest::prop_assert_eq!(all.get_mut(number), map.get_mut(&number));
                        proptest::prop_assert_eq!(all.get(number), map.get(&number));
                    }
                }
                proptest::prop_assert_eq!(all.len(), map.len());
                proptest::prop_assert_eq!(all.first(), map.first_key_value().map(|(number, item)| (*number, item)));
            }
            proptest::prop_assert!(all.iter().eq(map.iter().map(|(number, item)| (*number, item))));
        }
    }
}
