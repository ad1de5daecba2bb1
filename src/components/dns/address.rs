//! What a name stands for: one of the records of its zone, or several at once.

/// An answer in 16 bits, as it is kept in caches and sent in replies: the number of one record, or with the top bit
/// set one bit for each of up to 15 records. No bit at all: the name does not exist.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Addresses(pub u16);

const SEVERAL: u16 = 0x8000;

/// Most records of a zone whose answers hold several.
pub const SEVERAL_AT_MOST: usize = 15;
/// Most records of a zone.
pub const RECORDS_AT_MOST: usize = 64;

impl Addresses {
    /// There is no such name.
    pub const NONE: Addresses = Addresses(SEVERAL);

    /// One record.
    pub fn one(record: usize) -> Self {
        Addresses(record as u16 & !SEVERAL)
    }

    /// Several records.
    pub fn several(records: impl IntoIterator<Item = usize>) -> Self {
        Addresses(records.into_iter().fold(SEVERAL, |set, record| set | 1 << record))
    }

    /// Whether the name exists.
    pub fn exist(self) -> bool {
        self != Addresses::NONE
    }

    /// The record that a client tries at its n-th attempt, if it begins at `start`: with several, one after the other.
    pub fn pick(self, start: u64, attempt: u64) -> Option<usize> {
        if self.0 & SEVERAL == 0 {
            return Some(usize::from(self.0));
        }
        let count = u64::from((self.0 & !SEVERAL).count_ones());
        let wanted = start.wrapping_add(attempt).checked_rem(count)?;
        (0..SEVERAL_AT_MOST).filter(|bit| self.0 & 1 << bit != 0).nth(wanted as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_try_several_in_turn_and_one_again() {
        let several = Addresses::several([1, 4, 14]);
        let tried: Vec<_> = (0..4).map(|attempt| several.pick(1, attempt).unwrap()).collect();
        assert_eq!(tried, [4, 14, 1, 4]);
        assert_eq!(Addresses::one(40).pick(7, 3), Some(40));
        assert_eq!(Addresses::NONE.pick(0, 0), None);
        assert!(!Addresses::NONE.exist() && Addresses::one(0).exist());
        assert_eq!(Addresses::several([]), Addresses::NONE);
    }
}
