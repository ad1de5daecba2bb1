//! The door for policies written in a script.
//!
//! A room that takes a policy from outside asks a [`Hook`] with plain numbers and gets a plain number back. The
//! scripting room will implement it on top of a Rhai function (0.3-3 us per call, against 2 ns for a policy
//! of ours: fine for a study, not for ten million requests). No room uses it yet.

/// A decision made outside: which of `choices` to take, given what the policy may know.
pub trait Hook: Send {
    /// Index of the choice, below `choices.len()`.
    fn choose(&mut self, subject: u64, choices: &[u64]) -> usize;
    /// An independent copy.
    fn fork(&self) -> Box<dyn Hook>;
}
