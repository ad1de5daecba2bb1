//! The index of small keys: a table, and beside it a bit for each key.
//!
//! Whether a key is there is the branch that the processor guesses wrong most often, and it cannot know better before the answer
//! has come out of memory. A bit for each key stays in its nearest caches where a word for each does not; what the word says is
//! needed later, by nobody who waits.

use crate::kernel::prefetch::prefetch;

/// "In no place, without a mark"; places and marks are smaller.
pub(super) const NOWHERE: u32 = u32::MAX;
/// From here on: marks of keys that are in no place. Places are smaller.
pub(super) const MARKED: u32 = 1 << 31;

/// One bit for each key.
#[derive(Clone, Debug)]
struct Bits(Vec<u64>);

impl Bits {
    fn new(keys: usize) -> Self {
        Bits(vec![0; keys.div_ceil(64)])
    }

    #[inline(always)]
    fn has(&self, key: u64) -> bool {
        self.0.get((key >> 6) as usize).is_some_and(|word| (word >> (key & 63)) & 1 != 0)
    }

    #[inline(always)]
    fn put(&mut self, key: u64, bit: bool) {
        let word = &mut self.0[(key >> 6) as usize];
        *word = *word & !(1 << (key & 63)) | (u64::from(bit) << (key & 63));
    }
}

/// A place or a mark for each key; grows to the largest key seen.
#[derive(Clone, Debug)]
pub struct Dense {
    entries: Vec<u32>,
    /// Which keys have a place.
    placed: Bits,
    /// Which have a mark; no bits at all before there is one: most policies leave none.
    marked: Bits,
}

impl Dense {
    /// For keys in `0..keys`.
    pub(super) fn new(keys: usize) -> Self {
        Dense { entries: vec![NOWHERE; keys], placed: Bits::new(keys), marked: Bits(Vec::new()) }
    }

    /// The place of a key.
    #[inline(always)]
    pub(super) fn place(&self, key: u64) -> Option<u32> {
        self.placed.has(key).then(|| self.entries[key as usize])
    }

    /// The place of a key will be asked for soon.
    #[inline]
    pub(super) fn foresee(&self, key: u64) {
        prefetch(&self.placed.0, (key >> 6) as usize);
        prefetch(&self.entries, key as usize);
        prefetch(&self.marked.0, (key >> 6) as usize);
    }

    /// The place or mark of a key will be written soon.
    #[inline(always)]
    pub(super) fn foresee_entry(&self, key: u64) {
        prefetch(&self.entries, key as usize);
    }

    /// The mark of a key, as it was put in.
    #[inline(always)]
    pub(super) fn mark(&self, key: u64) -> Option<u32> {
        self.marked.has(key).then(|| self.entries[key as usize])
    }

    /// Gives a key a place.
    #[inline(always)]
    pub(super) fn set_place(&mut self, key: u64, place: u32) {
        match self.entries.get_mut(key as usize) {
            Some(entry) => *entry = place,
            None => self.grow(key, place),
        }
        self.placed.put(key, true);
        if !self.marked.0.is_empty() {
            self.marked.put(key, false);
        }
    }

    /// A key that has a place gets a mark instead.
    #[inline(always)]
    pub(super) fn set_mark(&mut self, key: u64, mark: u32) {
        if self.marked.0.is_empty() {
            self.marked = Bits::new(self.entries.len());
        }
        self.entries[key as usize] = mark;
        self.placed.put(key, false);
        self.marked.put(key, true);
    }

    /// Forgets a key that has a place.
    #[inline(always)]
    pub(super) fn remove(&mut self, key: u64) {
        self.placed.put(key, false);
    }

    /// Forgets a key that has this mark; whether it had.
    #[inline(always)]
    pub(super) fn forget_mark(&mut self, key: u64, mark: u32) -> bool {
        let has = self.mark(key) == Some(mark);
        if has {
            self.marked.put(key, false);
        }
        has
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, key: u64, place: u32) {
        let keys = (key as usize + 1).next_power_of_two();
        self.entries.resize(keys, NOWHERE);
        self.placed.0.resize(keys.div_ceil(64), 0);
        if !self.marked.0.is_empty() {
            self.marked.0.resize(keys.div_ceil(64), 0);
        }
        self.entries[key as usize] = place;
    }

    /// Forgets all keys.
    pub(super) fn clear(&mut self) {
        self.placed.0.fill(0);
        self.marked.0.fill(0);
    }
}
