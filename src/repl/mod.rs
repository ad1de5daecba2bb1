//! The prompt: everything a script can do, entry by entry.
//!
//! [`candidates`] and the session know nothing of the editor; the editor knows nothing of Rhai.

mod candidates;
mod conversation;
mod editor;
mod host;
mod input;
mod scan;

pub use candidates::{Candidate, Words, candidates};

use crate::cli::{FAILED, INTERRUPTED, complain, interrupts, run, trouble};
use conversation::{Answer, Conversation};
use editor::{Terminal, Typed};
use std::io::{BufRead, IsTerminal};
use std::path::{Path, PathBuf};

/// Talks with a person at a terminal, or reads entries from a pipe. A script given is evaluated first. The exit code: 0;
/// of a pipe also 1 if an entry failed, 130 if one was interrupted, 99 if a check did not hold.
pub fn repl(file: Option<&Path>) -> u8 {
    let folder = file.map_or_else(|| PathBuf::from("."), run::folder);
    let mut conversation = Conversation::new(folder);
    interrupts::keep_the_session();
    if std::io::stdin().is_terminal() {
        typed(&mut conversation, file)
    } else {
        piped(&mut conversation, file)
    }
}

fn typed(conversation: &mut Conversation, file: Option<&Path>) -> u8 {
    let mut terminal = match Terminal::open(&complain) {
        Ok(terminal) => terminal,
        Err(why) => {
            trouble::problem(&format!("this terminal cannot be used: {why}"));
            return FAILED;
        }
    };
    complain(&format!("scalelab {}: Tab completes, :help helps, Ctrl-D leaves\n", env!("CARGO_PKG_VERSION")));
    if let Some(file) = file {
        conversation.load(file);
    }
    let mut number = 1;
    loop {
        terminal.learn(conversation.words());
        match terminal.read(&format!("{number}> ")) {
            Ok(Typed::Entry(entry)) if entry.trim().is_empty() => {}
            Ok(Typed::Entry(entry)) => {
                terminal.remember(entry.trim_end(), &complain);
                if conversation.say(&format!("entry {number}"), 1, &input::with_chains_ended(&entry))
                    == Answer::Quit
                {
                    return 0;
                }
                number += 1;
            }
            Ok(Typed::Cleared) => {}
            Ok(Typed::Left) => return 0,
            Err(why) => {
                trouble::problem(&format!("cannot read from the terminal: {why}"));
                return FAILED;
            }
        }
    }
}

fn piped(conversation: &mut Conversation, file: Option<&Path>) -> u8 {
    let mut failed = false;
    if let Some(file) = file {
        match conversation.load(file) {
            Answer::Interrupted => return INTERRUPTED,
            answer => failed |= answer == Answer::Failed,
        }
    }
    let mut entries = Entries::new(std::io::stdin().lock());
    loop {
        let (line, text) = match entries.next() {
            Ok(Some(entry)) => entry,
            Ok(None) => break,
            Err(error) => {
                trouble::problem(&format!("cannot read entries: {error}"));
                return FAILED;
            }
        };
        match conversation.say("stdin", line, &text) {
            Answer::Done => {}
            Answer::Failed => failed = true,
            Answer::Interrupted => return INTERRUPTED,
            Answer::Quit => break,
        }
    }
    if failed { FAILED } else { conversation.code() }
}

/// Entries of a pipe: lines, joined until they are complete.
struct Entries<R> {
    reader: R,
    /// A line that was read to see whether it goes on.
    ahead: Option<String>,
    lines: usize,
}

impl<R: BufRead> Entries<R> {
    fn new(reader: R) -> Self {
        Entries { reader, ahead: None, lines: 0 }
    }

    /// The next entry and the line it begins at; what is unfinished at the end is an entry too.
    fn next(&mut self) -> std::io::Result<Option<(usize, String)>> {
        let first = self.lines + 1;
        let mut text = String::new();
        while let Some(line) = self.line()? {
            text.push_str(&line);
            let blank = text.trim().is_empty();
            if blank || text.starts_with(':') || (!input::unfinished(&text) && !self.goes_on(&text)?) {
                return Ok(Some((first, text)));
            }
        }
        Ok((!text.is_empty()).then_some((first, text)))
    }

    /// Whether the next line continues an entry that could have ended: scripts write chains over several lines.
    fn goes_on(&mut self, text: &str) -> std::io::Result<bool> {
        if text.trim_end().ends_with(';') {
            return Ok(false);
        }
        if self.ahead.is_none() {
            self.ahead = self.read()?;
        }
        Ok(self.ahead.as_deref().is_some_and(input::continues))
    }

    fn line(&mut self) -> std::io::Result<Option<String>> {
        let line = match self.ahead.take() {
            Some(line) => Some(line),
            None => self.read()?,
        };
        self.lines += usize::from(line.is_some());
        Ok(line)
    }

    fn read(&mut self) -> std::io::Result<Option<String>> {
        let mut line = String::new();
        let read = self.reader.read_line(&mut line)?;
        Ok((read > 0).then_some(line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str) -> Vec<(usize, String)> {
        let mut entries = Entries::new(text.as_bytes());
        std::iter::from_fn(|| entries.next().unwrap()).filter(|(_, text)| !text.trim().is_empty()).collect()
    }

    fn entry(line: usize, text: &str) -> (usize, String) {
        (line, text.into())
    }

    #[test]
    fn lines_are_joined_to_entries() {
        assert_eq!(
            entries("1 + 1\n\nlet x = 2;\nx"),
            [entry(1, "1 + 1\n"), entry(3, "let x = 2;\n"), entry(4, "x")]
        );
        assert_eq!(
            entries("fn f(a) {\n  a\n}\nf(1)\n"),
            [entry(1, "fn f(a) {\n  a\n}\n"), entry(4, "f(1)\n")]
        );
    }

    #[test]
    fn chains_go_on_in_the_next_line() {
        let script = "// note\nexperiment(\"a\")\n    .duration(1.s)\n    .run()\n1\n";
        let wanted = [
            entry(1, "// note\n"),
            entry(2, "experiment(\"a\")\n    .duration(1.s)\n    .run()\n"),
            entry(5, "1\n"),
        ];
        assert_eq!(entries(script), wanted);
        assert_eq!(entries("if a { 1 }\nelse { 2 }\n-1\n").len(), 2);
    }

    #[test]
    fn what_is_unfinished_at_the_end_is_an_entry() {
        assert_eq!(entries("1\nfn f() {\n"), [entry(1, "1\n"), entry(2, "fn f() {\n")]);
        assert_eq!(entries(":help\n1"), [entry(1, ":help\n"), entry(2, "1")]);
    }
}
