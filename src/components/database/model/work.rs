//! What a statement costs, as counts: time comes later, when the counts meet the unit costs of the hardware.

/// Work of one statement, counted while it is carried out on the real structures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Steps through an index: a level of a tree descended, an entry passed along its leaves, a probe of a hash
    /// table, a pointer of a graph followed.
    pub index_steps: u64,
    /// Rows, documents, cells or edges looked at.
    pub rows: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Pages touched, in order; a page that is still in hand is not touched again.
    touched: Vec<u32>,
}

impl Work {
    /// A step through an index.
    #[inline]
    pub fn step(&mut self) {
        self.index_steps += 1;
    }

    /// A row is looked at.
    #[inline]
    pub fn row(&mut self, bytes: u64) {
        self.rows += 1;
        self.bytes += bytes;
    }

    /// A page is needed.
    #[inline]
    pub fn touch(&mut self, page: u32) {
        if self.touched.last() != Some(&page) {
            self.touched.push(page);
        }
    }

    /// The pages touched, in order.
    #[inline]
    pub fn pages(&self) -> &[u32] {
        &self.touched
    }

    /// Only these pages are touched after all.
    pub fn keep_pages(&mut self, keeps: impl Fn(u32) -> bool) {
        self.touched.retain(|page| keeps(*page));
    }

    /// Nothing done yet; the memory is kept.
    #[inline]
    pub fn clear(&mut self) {
        self.touched.clear();
        (self.index_steps, self.rows, self.bytes) = (0, 0, 0);
    }
}

/// Pages of one structure, as numbers of the whole node: the structure's own in the upper eight bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area(pub u8);

/// Pages that one structure may have: 128 GiB of 8 KiB.
const PAGES_AT_MOST: u64 = 1 << 24;

impl Area {
    /// The number of a page of this structure.
    #[inline]
    pub fn page(self, local: u64) -> u32 {
        assert!(local < PAGES_AT_MOST, "checked when the model was built");
        u32::from(self.0) << 24 | local as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_in_hand_is_not_touched_again() {
        let mut work = Work::default();
        [3, 3, 4, 3].into_iter().for_each(|page| work.touch(page));
        assert_eq!(work.pages(), [3, 4, 3]);
        work.clear();
        assert_eq!(work, Work::default());
    }

    #[test]
    fn structures_do_not_share_pages() {
        assert_ne!(Area(1).page(7), Area(2).page(7));
        assert_eq!(Area(2).page(7) & 0xFF_FFFF, 7);
    }
}
