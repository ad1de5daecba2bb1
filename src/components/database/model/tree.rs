//! A B+tree: the index of nearly every database.
//!
//! R. Bayer, E. McCreight, "Organization and maintenance of large ordered indexes", Acta Informatica 1, 1972; leaves chained
//! as in D. Comer, "The ubiquitous B-tree", ACM Computing Surveys 11(2), 1979. It is a real one: what it counts is what it
//! does. Entries are 16 bytes (key and pointer), so a page of 8 KiB holds 512.

use super::work::{Area, Work};

/// Bytes of an entry on a page.
pub const ENTRY_BYTES: u64 = 16;
const NONE: u32 = u32::MAX;

/// A tree from keys to places of rows.
#[derive(Clone, Debug)]
pub struct Tree {
    area: Area,
    capacity: usize,
    pages: Vec<Page>,
    root: u32,
    /// Levels, leaves included.
    height: u32,
    len: u64,
}

/// Leaf or inner page: which of them follows from the level.
#[derive(Clone, Debug)]
struct Page {
    /// Keys of a leaf; of an inner page, the smallest key below each link (the first is not looked at).
    keys: Vec<u64>,
    /// Places of rows, or pages one level down.
    links: Vec<u32>,
    /// The leaf to the right.
    next: u32,
}

impl Tree {
    /// A tree of these entries, in rising order of keys, with full pages.
    pub fn load(area: Area, page_bytes: u64, entries: impl Iterator<Item = (u64, u32)>) -> Self {
        let capacity = (page_bytes / ENTRY_BYTES).max(4) as usize;
        let mut tree = Tree { area, capacity, pages: Vec::new(), root: 0, height: 1, len: 0 };
        let mut level = tree.leaves(entries);
        while level.len() > 1 {
            level = tree.level_above(&level);
            tree.height += 1;
        }
        tree.root = level[0].1;
        tree
    }

    fn leaves(&mut self, entries: impl Iterator<Item = (u64, u32)>) -> Vec<(u64, u32)> {
        let mut level = vec![(0, self.add(Vec::new(), Vec::new()))];
        for (key, link) in entries {
            let last = self.pages.len() - 1;
            debug_assert!(self.pages[last].keys.last().is_none_or(|before| *before < key));
            if self.pages[last].keys.len() == self.capacity {
                let page = self.add(Vec::new(), Vec::new());
                self.pages[last].next = page;
                level.push((key, page));
            }
            let page = self.pages.last_mut().expect("one at least");
            page.keys.push(key);
            page.links.push(link);
            self.len += 1;
        }
        level
    }

    fn level_above(&mut self, level: &[(u64, u32)]) -> Vec<(u64, u32)> {
        let chunks = level.chunks(self.capacity);
        chunks.map(|chunk| (chunk[0].0, self.add_inner(chunk))).collect()
    }

    fn add_inner(&mut self, below: &[(u64, u32)]) -> u32 {
        let (keys, links) = below.iter().copied().unzip();
        self.add(keys, links)
    }

    fn add(&mut self, keys: Vec<u64>, links: Vec<u32>) -> u32 {
        self.pages.push(Page { keys, links, next: NONE });
        self.pages.len() as u32 - 1
    }

    /// Number of entries.
    pub fn len(&self) -> u64 {
        self.len
    }

    #[inline]
    fn enter(&self, page: u32, work: &mut Work) -> &Page {
        work.touch(self.area.page(u64::from(page)));
        &self.pages[page as usize]
    }

    /// The leaf where a key belongs.
    #[inline]
    fn descend(&self, key: u64, work: &mut Work) -> u32 {
        let mut page = self.root;
        for _ in 1..self.height {
            work.step();
            let inner = self.enter(page, work);
            page = inner.links[inner.child(key)];
        }
        work.step();
        self.enter(page, work);
        page
    }

    /// The place under a key.
    #[inline]
    pub fn find(&self, key: u64, work: &mut Work) -> Option<u32> {
        let leaf = &self.pages[self.descend(key, work) as usize];
        leaf.keys.binary_search(&key).ok().map(|at| leaf.links[at])
    }

    /// The entry with the greatest key that is not above `key`, as long as it stands in the leaf where `key` belongs.
    #[inline]
    pub fn floor(&self, key: u64, work: &mut Work) -> Option<(u64, u32)> {
        let leaf = &self.pages[self.descend(key, work) as usize];
        let at = leaf.keys.partition_point(|other| *other <= key).checked_sub(1)?;
        Some((leaf.keys[at], leaf.links[at]))
    }

    /// Walks along the leaves from the first key that is not below `from`, until `visit` says no. The entry that it
    /// refuses has been looked at, so its page is touched, but it is no step.
    pub fn walk(&self, from: u64, work: &mut Work, mut visit: impl FnMut(u64, u32) -> bool) {
        let mut page = self.descend(from, work);
        let mut at = self.pages[page as usize].keys.partition_point(|key| *key < from);
        loop {
            let leaf = &self.pages[page as usize];
            if at == leaf.keys.len() {
                if leaf.next == NONE {
                    return;
                }
                (page, at) = (leaf.next, 0);
                self.enter(page, work);
                continue;
            }
            if !visit(leaf.keys[at], leaf.links[at]) {
                return;
            }
            work.step();
            at += 1;
        }
    }

    /// Puts an entry in; a key that is there already gets the new place.
    pub fn insert(&mut self, key: u64, link: u32, work: &mut Work) {
        let mut path = Vec::with_capacity(self.height as usize);
        let mut page = self.root;
        for _ in 1..self.height {
            work.step();
            let inner = self.enter(page, work);
            let child = inner.child(key);
            path.push((page, child));
            page = inner.links[child];
        }
        work.step();
        let leaf = self.enter(page, work);
        match leaf.keys.binary_search(&key) {
            Ok(at) => self.pages[page as usize].links[at] = link,
            Err(at) => {
                self.len += 1;
                self.pages[page as usize].put(at, key, link);
                self.split_upwards(page, path, work);
            }
        }
    }

    /// Takes an entry out. Its page stays, however empty (as PostgreSQL's do until they are vacuumed).
    pub fn remove(&mut self, key: u64) {
        let leaf = self.descend(key, &mut Work::default());
        let leaf = &mut self.pages[leaf as usize];
        if let Ok(at) = leaf.keys.binary_search(&key) {
            leaf.keys.remove(at);
            leaf.links.remove(at);
            self.len -= 1;
        }
    }

    /// Splits a page that has become too large, and those above it if need be.
    fn split_upwards(&mut self, mut page: u32, mut path: Vec<(u32, usize)>, work: &mut Work) {
        while self.pages[page as usize].keys.len() > self.capacity {
            let (key, right) = self.split(page);
            self.enter(right, work);
            let Some((parent, child)) = path.pop() else {
                let left_key = self.pages[page as usize].keys[0];
                self.root = self.add_inner(&[(left_key, page), (key, right)]);
                self.height += 1;
                self.enter(self.root, work);
                return;
            };
            self.enter(parent, work);
            self.pages[parent as usize].put(child + 1, key, right);
            page = parent;
        }
    }

    /// Moves the upper half of a page to a new one to its right: its smallest key and its number.
    fn split(&mut self, page: u32) -> (u64, u32) {
        let left = &mut self.pages[page as usize];
        let middle = left.keys.len() / 2;
        let (keys, links) = (left.keys.split_off(middle), left.links.split_off(middle));
        let (key, next) = (keys[0], left.next);
        let right = self.add(keys, links);
        self.pages[right as usize].next = next;
        // Inner pages have no neighbours; a chain among them does no harm, but says nothing either.
        self.pages[page as usize].next = right;
        (key, right)
    }
}

impl Page {
    /// Which link of an inner page leads to a key.
    #[inline]
    fn child(&self, key: u64) -> usize {
        self.keys.partition_point(|smallest| *smallest <= key).saturating_sub(1)
    }

    fn put(&mut self, at: usize, key: u64, link: u32) {
        self.keys.insert(at, key);
        self.links.insert(at, link);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// Four entries a page: trees of several levels from few keys.
    const PAGE: u64 = 4 * ENTRY_BYTES;

    fn height(len: usize) -> u32 {
        let mut pages = len.div_ceil(4).max(1);
        let mut height = 1;
        while pages > 1 {
            pages = pages.div_ceil(4);
            height += 1;
        }
        height
    }

    #[test]
    fn a_loaded_tree_is_as_high_as_it_must_be() {
        for len in [0, 1, 4, 5, 16, 17, 64, 65, 1000] {
            let tree = Tree::load(Area(0), PAGE, (0..len as u64).map(|key| (key * 2, key as u32)));
            assert_eq!((tree.height, tree.len()), (height(len), len as u64), "{len}");
            let mut work = Work::default();
            assert_eq!(tree.find(1, &mut work), None);
            assert_eq!(work.index_steps, u64::from(tree.height));
            assert_eq!(work.pages().len(), tree.height as usize);
        }
    }

    #[derive(Clone, Debug)]
    enum Deed {
        Insert(u64, u32),
        Find(u64),
        Walk(u64, usize),
        Floor(u64),
    }

    fn deed() -> impl Strategy<Value = Deed> {
        let key = || 0..200u64;
        prop_oneof![
            3 => (key(), 0..9u32).prop_map(|(key, link)| Deed::Insert(key, link)),
            1 => key().prop_map(Deed::Find),
            1 => (key(), 0..30usize).prop_map(|(key, count)| Deed::Walk(key, count)),
            1 => key().prop_map(Deed::Floor),
        ]
    }

    fn walk(tree: &Tree, from: u64, count: usize, work: &mut Work) -> Vec<(u64, u32)> {
        let mut found = Vec::new();
        tree.walk(from, work, |key, link| {
            let wanted = found.len() < count;
            if wanted {
                found.push((key, link));
            }
            wanted
        });
        found
    }

    proptest! {
        #[test]
        fn it_is_a_map_in_order(begin in prop::collection::btree_map(0..200u64, 0..9u32, 0..60),
                                deeds in prop::collection::vec(deed(), 0..200)) {
            let mut tree = Tree::load(Area(0), PAGE, begin.iter().map(|(key, link)| (*key, *link)));
            let mut map: BTreeMap<u64, u32> = begin;
            for deed in deeds {
                let mut work = Work::default();
                match deed {
                    Deed::Insert(key, link) => {
                        tree.insert(key, link, &mut work);
                        map.insert(key, link);
                    }
                    Deed::Find(key) => prop_assert_eq!(tree.find(key, &mut work), map.get(&key).copied()),
                    Deed::Walk(from, count) => {
                        let expected: Vec<_> = map.range(from..).take(count).map(|(k, l)| (*k, *l)).collect();
                        let levels = u64::from(tree.height);
                        prop_assert_eq!(walk(&tree, from, count, &mut work), expected.clone());
                        prop_assert_eq!(work.index_steps, levels + expected.len() as u64);
                    }
                    Deed::Floor(key) => {
                        // Below the smallest key of its leaf nothing is found; elsewhere it is the map's.
                        let expected = map.range(..=key).next_back().map(|(k, l)| (*k, *l));
                        let found = tree.floor(key, &mut work);
                        prop_assert!(found.is_none() || found == expected);
                    }
                }
                prop_assert_eq!(tree.len(), map.len() as u64);
            }
        }

        #[test]
        fn a_loaded_tree_always_knows_the_floor(keys in prop::collection::btree_set(1..500u64, 1..80), key in 0..500u64) {
            let tree = Tree::load(Area(0), PAGE, keys.iter().map(|key| (*key, 0)));
            let expected = keys.range(..=key).next_back().map(|key| (*key, 0));
            prop_assert_eq!(tree.floor(key, &mut Work::default()), expected);
        }
    }
}
