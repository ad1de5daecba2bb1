//! Where rows lie: records of one size on pages, and lists of any length one behind the other.

use super::work::{Area, Work};

/// Records of one size, found by their place. The rows themselves are computed (see `schema`), so a heap takes no memory.
#[derive(Clone, Copy, Debug)]
pub struct Heap {
    area: Area,
    record_bytes: u64,
    page_bytes: u64,
}

impl Heap {
    /// Records of `record_bytes` on pages of `page_bytes`. A record does not straddle pages unless it is larger than one;
    /// then it begins on a page of its own.
    pub fn new(area: Area, record_bytes: u64, page_bytes: u64) -> Self {
        Heap { area, record_bytes: record_bytes.max(1), page_bytes }
    }

    /// The record at a place is needed: its pages are touched, and it counts as a row.
    #[inline]
    pub fn read(&self, place: u32, work: &mut Work) {
        self.touch(place, work);
        work.row(self.record_bytes);
    }

    /// The pages of a record are touched, whatever counts as a row in it.
    #[inline]
    pub fn touch(&self, place: u32, work: &mut Work) {
        let place = u64::from(place);
        match self.page_bytes / self.record_bytes {
            0 => {
                let pages = self.record_bytes.div_ceil(self.page_bytes);
                (place * pages..(place + 1) * pages).for_each(|page| work.touch(self.area.page(page)));
            }
            per_page => work.touch(self.area.page(place / per_page)),
        }
    }

    /// Records of one page; 1 if a record is larger than a page.
    pub fn records_per_page(&self) -> u64 {
        (self.page_bytes / self.record_bytes).max(1)
    }
}

/// Lists of numbers, one behind the other: neighbours of a vertex, members of a group.
#[derive(Clone, Debug)]
pub struct Lists {
    area: Area,
    item_bytes: u64,
    page_bytes: u64,
    /// Where each list begins, and where the last one ends.
    begins: Vec<u32>,
    items: Vec<u32>,
}

impl Lists {
    /// These lists, with items of `item_bytes`.
    pub fn new(area: Area, item_bytes: u64, page_bytes: u64, begins: Vec<u32>, items: Vec<u32>) -> Self {
        debug_assert_eq!(begins.last().map(|end| *end as usize), Some(items.len()));
        Lists { area, item_bytes, page_bytes, begins, items }
    }

    /// One list more, behind the others.
    pub fn push(&mut self, items: &[u32]) {
        self.items.extend_from_slice(items);
        self.begins.push(self.items.len() as u32);
    }

    /// A list without cost.
    #[inline]
    pub fn peek(&self, list: u64) -> &[u32] {
        let at = list as usize;
        if at + 1 >= self.begins.len() {
            return &[];
        }
        &self.items[self.begins[at] as usize..self.begins[at + 1] as usize]
    }

    /// A list, at the cost of its pages. An empty list lies nowhere.
    #[inline]
    pub fn read(&self, list: u64, work: &mut Work) -> &[u32] {
        let items = self.peek(list);
        if !items.is_empty() {
            let begin = u64::from(self.begins[list as usize]) * self.item_bytes;
            let end = begin + items.len() as u64 * self.item_bytes;
            let pages = begin / self.page_bytes..=(end - 1) / self.page_bytes;
            pages.for_each(|page| work.touch(self.area.page(page)));
        }
        items
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Lays records out one after the other, as the rule says in words.
    fn laid_out(records: usize, record: u64, page: u64) -> Vec<Vec<u64>> {
        let (mut at, mut free) = (0, page);
        let mut next = || {
            if record > page {
                let pages: Vec<u64> = (at..at + record.div_ceil(page)).collect();
                at += record.div_ceil(page);
                return pages;
            }
            if free < record {
                at += 1;
                free = page;
            }
            free -= record;
            vec![at]
        };
        (0..records).map(|_| next()).collect()
    }

    proptest! {
        #[test]
        fn records_lie_where_they_are_laid(records in 1..60usize, record in 1..700u64, page in 64..256u64) {
            let heap = Heap::new(Area(3), record, page);
            let layout = laid_out(records, record, page);
            for (place, pages) in layout.iter().enumerate() {
                let mut work = Work::default();
                heap.read(place as u32, &mut work);
                let touched: Vec<u64> = work.pages().iter().map(|page| u64::from(page & 0xFF_FFFF)).collect();
                prop_assert_eq!(&touched, pages);
                prop_assert_eq!((work.rows, work.bytes), (1, record));
            }
        }

        #[test]
        fn lists_take_the_pages_that_their_bytes_lie_on(lengths in prop::collection::vec(0..40u32, 1..20)) {
            let mut begins = vec![0];
            lengths.iter().for_each(|length| begins.push(begins.last().unwrap() + length));
            let items: Vec<u32> = (0..*begins.last().unwrap()).collect();
            let lists = Lists::new(Area(0), 16, 64, begins.clone(), items);
            for (list, length) in lengths.iter().enumerate() {
                let mut work = Work::default();
                let read = lists.read(list as u64, &mut work);
                let expected: Vec<u32> = (begins[list]..begins[list] + length).collect();
                prop_assert_eq!(read, &expected);
                let mut pages: Vec<u32> = expected.iter().map(|item| item * 16 / 64).collect();
                pages.dedup();
                prop_assert_eq!(work.pages(), pages);
            }
            prop_assert_eq!(lists.peek(lengths.len() as u64), &[] as &[u32]);
        }
    }
}
