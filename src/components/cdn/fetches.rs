//! Fetches under way from an edge to the origin, and who waits for each.

use crate::components::cache::shelf::Item;
use crate::kernel::CallId;
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// One fetch.
#[derive(Clone, Debug)]
pub(super) struct Fetch {
    pub key: u64,
    /// For whom it is asked; nobody if a stale copy has been given out already.
    pub asker: Option<CallId>,
    /// Who waits; nobody if a stale copy has been given out already.
    pub waiting: Vec<CallId>,
    /// The copy that had ended: the origin was asked whether it is still good.
    pub held: Option<Item>,
    /// Size of the copy on the shelf where no request says what is wanted, and so nobody how large it is; else 0.
    pub known: u32,
    /// The secondary origin has been asked.
    again: bool,
}

/// All fetches of an edge.
#[derive(Clone, Debug)]
pub(super) struct Fetches {
    /// Whether callers who want the same key wait for one fetch.
    coalesce: bool,
    table: Vec<Option<Fetch>>,
    free: Vec<u32>,
    /// The fetch of each key that others may join. Looked up, never iterated.
    of_key: HashMap<u64, u32, FixedState>,
}

impl Fetches {
    pub fn new(coalesce: bool) -> Self {
        let of_key = HashMap::with_hasher(FixedState::with_seed(0));
        Fetches { coalesce, table: Vec::new(), free: Vec::new(), of_key }
    }

    /// The number of a new fetch for this caller; none if it waits for one under way.
    pub fn begin(&mut self, key: u64, who: Option<CallId>, held: Option<Item>, known: u32) -> Option<u32> {
        // A refresh that nobody waits for is never doubled, coalescing or not.
        if (self.coalesce || who.is_none())
            && let Some(&index) = self.of_key.get(&key)
        {
            self.table[index as usize].as_mut().expect("it is under way").waiting.extend(who);
            return None;
        }
        let fetch = Fetch { key, asker: who, waiting: who.into_iter().collect(), held, known, again: false };
        let index = self.free.pop().unwrap_or_else(|| {
            self.table.push(None);
            self.table.len() as u32 - 1
        });
        self.table[index as usize] = Some(fetch);
        self.of_key.insert(key, index);
        Some(index)
    }

    /// Key, first of those who wait, and held copy of a fetch that goes on at the secondary origin; none if it has been there.
    pub fn again(&mut self, index: u32) -> Option<(u64, Option<CallId>, Option<Item>)> {
        let fetch = self.table.get_mut(index as usize)?.as_mut().filter(|fetch| !fetch.again)?;
        fetch.again = true;
        Some((fetch.key, fetch.waiting.first().copied(), fetch.held))
    }

    /// A fetch is over.
    pub fn end(&mut self, index: u32) -> Option<Fetch> {
        let fetch = self.table.get_mut(index as usize)?.take()?;
        if self.of_key.get(&fetch.key) == Some(&index) {
            self.of_key.remove(&fetch.key);
        }
        self.free.push(index);
        Some(fetch)
    }

    pub fn clear(&mut self) {
        self.table.clear();
        self.free.clear();
        self.of_key.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_coalescing_one_fetch_serves_all_and_without_each_has_its_own() {
        let who = || Some(CallId::NONE);
        let mut together = Fetches::new(true);
        let index = together.begin(7, who(), None, 0).unwrap();
        assert!((0..49).all(|_| together.begin(7, who(), None, 0).is_none()));
        assert!(together.begin(8, who(), None, 0).is_some());
        assert_eq!(together.end(index).unwrap().waiting.len(), 50);
        assert!(together.begin(7, who(), None, 0).is_some());
        let mut apart = Fetches::new(false);
        assert_eq!((0..50).filter(|_| apart.begin(7, who(), None, 0).is_some()).count(), 50);
        assert!(apart.begin(7, None, None, 0).is_none(), "one refresh is enough");
    }
}
