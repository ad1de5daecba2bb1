//! What to do when a cache does not answer.

use crate::catalog::Policy;

/// What a tier does when its cache does not answer.
pub const CACHE_ERRORS: &[Policy] = &[
    Policy {
        name: "store",
        about: "goes to the store: slower, and the store must bear the load",
        source: "graceful degradation; Beyer et al., Site Reliability Engineering 2016, ch. 22",
        wrong_when: "the store cannot bear all the load",
    },
    Policy {
        name: "fail",
        about: "answers with an error: the store is spared",
        source: "graceful degradation; Beyer et al., Site Reliability Engineering 2016, ch. 22",
        wrong_when: "the cache is only a help",
    },
];

/// What a tier does when its cache does not answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CacheError {
    /// Goes to the store.
    Store,
    /// Answers with an error.
    Fail,
}

impl CacheError {
    /// By index in the list of policies.
    pub fn of(choice: usize) -> Self {
        if CACHE_ERRORS[choice].name == "fail" { CacheError::Fail } else { CacheError::Store }
    }

    /// The policies, for the catalog.
    pub const ENTRIES: &'static [Policy] = CACHE_ERRORS;
}
