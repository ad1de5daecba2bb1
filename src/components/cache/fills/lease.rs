//! Leases: a miss gives out a token, a write voids it, and a fill with a void token is dropped.
//!
//! Misses of a key share one token until a write (delete or put) of that key comes to the cache. A fill whose token
//! still stands was loaded after the last write that the cache knows of, so it returns nothing older than that write. The
//! first fill uses the token up.
//!
//! What is left: a write the cache never hears of (its delete got lost and the writer was content); two writers that put
//! their values in the other order (write-through), which needs versions.

use super::super::recent::Recent;
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "lease",
    about: "a miss gives out a token, a write of the key voids it, a fill with a void token is dropped",
    source: "Nishtala et al., Scaling Memcache at Facebook, NSDI 2013, 3.2.1",
    wrong_when: "writers put values in (write-through): two of them may still come in the wrong order",
};

/// The tokens that stand.
#[derive(Clone, Debug)]
pub struct Leases {
    tokens: Recent<u32>,
    /// The last token given out. It goes on through crashes, so that a token of an earlier life never stands again.
    last: u32,
}

impl Leases {
    /// At most `most` keys have a token; beyond, the oldest token is void: a load more, never an old value.
    pub(super) fn new(most: usize) -> Self {
        Leases { tokens: Recent::new(most), last: 0 }
    }

    pub(super) fn missed(&mut self, key: u64) -> u32 {
        if let Some(token) = self.tokens.get(key) {
            return token;
        }
        self.last = super::next_token(self.last);
        self.tokens.insert(key, self.last);
        self.last
    }

    pub(super) fn written(&mut self, key: u64) {
        self.tokens.remove(key);
    }

    pub(super) fn takes_fill(&mut self, key: u64, token: u32) -> bool {
        let stands = token != 0 && self.tokens.get(key) == Some(token);
        if stands {
            self.tokens.remove(key);
        }
        stands
    }

    pub(super) fn forget_all(&mut self) {
        self.tokens.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misses_share_a_token_until_a_write() {
        let mut leases = Leases::new(10);
        let token = leases.missed(7);
        assert_eq!(leases.missed(7), token);
        assert_ne!(leases.missed(8), token);
        leases.written(7);
        assert!(!leases.takes_fill(7, token), "void");
        let next = leases.missed(7);
        assert_ne!(next, token);
        assert!(leases.takes_fill(7, next));
        assert!(!leases.takes_fill(7, next), "used up");
        assert!(!leases.takes_fill(9, 0), "nobody missed");
    }

    #[test]
    fn tokens_of_an_earlier_life_are_void() {
        let mut leases = Leases::new(10);
        let before = leases.missed(7);
        leases.forget_all();
        assert_ne!(leases.missed(7), before);
        assert!(!leases.takes_fill(7, before));
    }

    #[test]
    fn too_many_tokens_void_the_oldest() {
        let mut leases = Leases::new(2);
        let tokens = [1, 2, 3].map(|key| leases.missed(key));
        assert!(!leases.takes_fill(1, tokens[0]));
        assert!(leases.takes_fill(2, tokens[1]) && leases.takes_fill(3, tokens[2]));
    }
}
