//! Connections, seen from both ends. A server knows those that have been opened since it was started; whatever comes over another one it answers
//! with a reset (RFC 9293, 3.5.1), and who hears that opens a new one.

use crate::kernel::{CallId, Ctx};

/// Over which connection something is sent, in one word: its number among those of its owner to this server, and whether this opens it. 0 = a
/// connection for this question alone.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Word(pub u32);

const OPENS: u32 = 1 << 31;

impl Word {
    fn number(self) -> u32 {
        self.0 & !OPENS
    }
}

/// The connections that a server knows: the number of each caller's, 0 = none (they are counted from 1).
#[derive(Clone, Debug, Default)]
pub struct Connections(Vec<u32>);

impl Connections {
    /// Whether the server knows the connection that this call came over; one that the call opens it knows from now on.
    pub fn admit(&mut self, call: CallId, word: Word, cx: &Ctx<'_>) -> bool {
        if word.0 == 0 {
            return true;
        }
        let caller = cx.call(call).caller.index();
        if word.0 & OPENS != 0 {
            self.0.resize(self.0.len().max(caller + 1), 0);
            self.0[caller] = word.number();
        }
        self.0.get(caller) == Some(&word.number())
    }

    /// A crash.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// One end of a connection: whoever has opened it.
#[derive(Clone, Copy, Debug)]
pub struct Line {
    number: u32,
    /// An answer has come.
    pub open: bool,
}

impl Default for Line {
    fn default() -> Self {
        Line { number: 1, open: false }
    }
}

impl Line {
    /// For what is sent over it now.
    pub fn word(&self) -> Word {
        Word(if self.open { self.number } else { self.number | OPENS })
    }

    /// Its number among those to one server.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// It is over: the next one.
    pub fn renew(&mut self) {
        (self.number, self.open) = ((self.number + 1) & !OPENS, false);
    }
}
