//! The buffer pool: pages in memory, a bounded number of them.

use foldhash::fast::FixedState;
use std::collections::HashMap;

/// Pages in memory under CLOCK: a page that was touched since the hand last came by gets a second chance (Corbató 1968; what
/// PostgreSQL's clock sweep and the pages of most systems come down to). Full, each miss throws one page out.
#[derive(Clone, Debug)]
pub struct Buffer {
    /// Page, and whether it was touched since the hand last came by.
    frames: Vec<(u32, bool)>,
    /// Where each page is. Never iterated; the hash is fixed.
    places: HashMap<u32, u32, FixedState>,
    hand: usize,
    capacity: usize,
    hits: u64,
    misses: u64,
}

impl Buffer {
    /// An empty pool of so many pages, at least one.
    pub fn new(pages: u64) -> Self {
        Buffer {
            frames: Vec::new(),
            places: HashMap::with_hasher(FixedState::with_seed(1)),
            hand: 0,
            capacity: pages.clamp(1, u64::from(u32::MAX)) as usize,
            hits: 0,
            misses: 0,
        }
    }

    /// A page is needed: true if it was in memory; otherwise it is now.
    #[inline]
    pub fn touch(&mut self, page: u32) -> bool {
        if let Some(place) = self.places.get(&page) {
            self.frames[*place as usize].1 = true;
            self.hits += 1;
            return true;
        }
        self.misses += 1;
        self.load(page);
        false
    }

    /// Whether a page is in memory; nobody is served by the question, so it counts nowhere.
    #[inline]
    pub fn holds(&self, page: u32) -> bool {
        self.places.contains_key(&page)
    }

    fn load(&mut self, page: u32) {
        if self.frames.len() < self.capacity {
            self.places.insert(page, self.frames.len() as u32);
            self.frames.push((page, false));
            return;
        }
        while std::mem::take(&mut self.frames[self.hand].1) {
            self.hand = (self.hand + 1) % self.capacity;
        }
        let (victim, _) = std::mem::replace(&mut self.frames[self.hand], (page, false));
        self.places.remove(&victim);
        self.places.insert(page, self.hand as u32);
        self.hand = (self.hand + 1) % self.capacity;
    }

    /// The machine or the process is gone, and its memory with it.
    pub fn clear(&mut self) {
        self.frames.clear();
        self.places.clear();
        self.hand = 0;
    }

    /// Pages found in memory, and pages that were not, since the start.
    pub fn counts(&self) -> (u64, u64) {
        (self.hits, self.misses)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// CLOCK in words: a ring of pages with a bit; the hand clears bits until it finds one that is clear.
    fn obvious(pages: usize, touches: &[u32]) -> Vec<bool> {
        let mut ring: Vec<(u32, bool)> = Vec::new();
        let mut hand = 0;
        let mut touch = |page: u32| {
            if let Some(frame) = ring.iter_mut().find(|frame| frame.0 == page) {
                frame.1 = true;
                return true;
            }
            if ring.len() < pages {
                ring.push((page, false));
                return false;
            }
            while ring[hand % pages].1 {
                ring[hand % pages].1 = false;
                hand += 1;
            }
            ring[hand % pages] = (page, false);
            hand += 1;
            false
        };
        touches.iter().map(|page| touch(*page)).collect()
    }

    proptest! {
        #[test]
        fn it_is_a_clock(pages in 1..12usize, touches in prop::collection::vec(0..25u32, 0..200)) {
            let mut buffer = Buffer::new(pages as u64);
            let hits: Vec<bool> = touches.iter().map(|page| buffer.touch(*page)).collect();
            prop_assert_eq!(&hits, &obvious(pages, &touches));
            let found = hits.iter().filter(|hit| **hit).count() as u64;
            prop_assert_eq!(buffer.counts(), (found, hits.len() as u64 - found));
        }
    }

    #[test]
    fn after_a_crash_everything_is_read_again() {
        let mut buffer = Buffer::new(3);
        [1, 2, 3].into_iter().for_each(|page| assert!(!buffer.touch(page)));
        assert!(buffer.touch(2));
        buffer.clear();
        assert!([1, 2, 3].iter().all(|page| !buffer.touch(*page)));
    }
}
