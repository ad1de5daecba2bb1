//! A ring of keys: four bytes each where the key space is known to be small. Each eviction writes one and forgets one, and half the memory
//! is twice as likely to be near.

use super::super::index::DENSE_KEYS_AT_MOST;
use super::ring::Ring;

/// Keys in the order in which they came.
#[derive(Clone, Debug)]
pub enum KeyRing {
    /// All lie below 2^32: their index is a table, which grows with the largest, and would not fit into memory.
    Narrow(Ring<u32>),
    /// Any.
    Wide(Ring<u64>),
}

impl KeyRing {
    /// Without keys; they lie in `0..keys`, if that is known.
    pub fn new(keys: Option<u64>) -> Self {
        match keys {
            Some(keys) if keys <= DENSE_KEYS_AT_MOST => KeyRing::Narrow(Ring::default()),
            _ => KeyRing::Wide(Ring::default()),
        }
    }

    /// Number of keys.
    #[inline(always)]
    pub fn len(&self) -> usize {
        match self {
            KeyRing::Narrow(keys) => keys.len(),
            KeyRing::Wide(keys) => keys.len(),
        }
    }

    /// As [`Ring::push`].
    #[inline(always)]
    pub fn push(&mut self, key: u64) -> u32 {
        match self {
            KeyRing::Narrow(keys) => keys.push(u32::try_from(key).expect("the index is a table")),
            KeyRing::Wide(keys) => keys.push(key),
        }
    }

    /// Position of the oldest key.
    #[inline(always)]
    pub fn front(&self) -> u32 {
        match self {
            KeyRing::Narrow(keys) => keys.front(),
            KeyRing::Wide(keys) => keys.front(),
        }
    }

    /// As [`Ring::ahead`].
    #[inline(always)]
    pub fn ahead(&self, by: u32) -> Option<u64> {
        match self {
            KeyRing::Narrow(keys) => keys.ahead(by).map(u64::from),
            KeyRing::Wide(keys) => keys.ahead(by),
        }
    }

    /// Takes the oldest key out.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<u64> {
        match self {
            KeyRing::Narrow(keys) => keys.pop().map(u64::from),
            KeyRing::Wide(keys) => keys.pop(),
        }
    }

    #[cfg(test)]
    pub fn begin_at(&mut self, first: u32) {
        match self {
            KeyRing::Narrow(keys) => keys.begin_at(first),
            KeyRing::Wide(keys) => keys.begin_at(first),
        }
    }
}
