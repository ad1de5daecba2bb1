//! What a name stands for: one of the records of its zone, or several at once.

use crate::random::mix::combine;

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

    /// The record that a client tries at its n-th attempt: with several, one after the other in an order that `draw` makes, so that those who
    /// find one dead go on to all the others alike.
    pub fn pick(self, draw: u64, attempt: u64) -> Option<usize> {
        if self.0 & SEVERAL == 0 {
            return Some(usize::from(self.0));
        }
        let mut left = self.0 & !SEVERAL;
        let round = attempt.checked_rem(u64::from(left.count_ones()))?;
        for turn in 0..=round {
            let wanted = combine(draw, turn) % u64::from(left.count_ones());
            let record = (0..SEVERAL_AT_MOST).filter(|bit| left & 1 << bit != 0).nth(wanted as usize)?;
            if turn == round {
                return Some(record);
            }
            left &= !(1 << record);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_try_several_in_turn_and_one_again() {
        let several = Addresses::several([1, 4, 14]);
        for draw in 0..100 {
            let mut tried: Vec<_> = (0..4).map(|attempt| several.pick(draw, attempt).unwrap()).collect();
            assert_eq!(tried.pop(), tried.first().copied(), "from the beginning");
            tried.sort_unstable();
            assert_eq!(tried, [1, 4, 14]);
        }
        let second = |first, wanted| {
            let draws = (0..3_000).filter(|draw| several.pick(*draw, 0) == Some(first));
            draws.filter(|draw| several.pick(*draw, 1) == Some(wanted)).count()
        };
        assert!(
            (420..580).contains(&second(1, 4)) && (420..580).contains(&second(1, 14)),
            "{}",
            second(1, 4)
        );
        assert_eq!(Addresses::one(40).pick(7, 3), Some(40));
        assert_eq!(Addresses::NONE.pick(0, 0), None);
        assert!(!Addresses::NONE.exist() && Addresses::one(0).exist());
        assert_eq!(Addresses::several([]), Addresses::NONE);
    }
}
