//! Two books of account: nothing that was asked may vanish.

use super::call::{Calls, Phase};

/// Calls, counted from both ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Questions that reached a working callee.
    pub opened: u64,
    /// Of these, answered.
    pub replied: u64,
    /// Of these, ended by a crash of the callee.
    pub reset: u64,
    /// Questions sent.
    pub asked: u64,
    /// Questions whose answer (or refusal) reached the caller.
    pub answered: u64,
    /// Questions the caller stopped waiting for: timed out, given up, or it crashed itself.
    pub abandoned: u64,
    /// Answers for which nobody waited any more: wasted work (that nobody is there is no answer).
    pub late: u64,
}

impl Ledger {
    /// Compares the books with the calls still open. The text says what does not add up.
    pub fn check(&self, calls: &Calls) -> Result<(), String> {
        let open = calls.iter().filter(|(_, call)| call.phase.has(Phase::OPEN)).count() as u64;
        let waiting = calls.iter().filter(|(_, call)| call.phase.has(Phase::WAITING)).count() as u64;
        if self.opened != self.replied + self.reset + open {
            return Err(format!("callees opened {self:?} calls and {open} are open"));
        }
        if self.asked != self.answered + self.abandoned + waiting {
            return Err(format!("callers asked {self:?} and {waiting} wait"));
        }
        Ok(())
    }
}
