//! The line editor of a terminal: completion, history, entries of several lines.

use super::candidates::{Candidate, Words, candidates};
use super::input::{open_chain, unfinished};
use rustyline::completion::Completer;
use rustyline::config::Configurer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::{Hint, Hinter, HistoryHinter};
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{ColorMode, CompletionType, Config, Context, Editor, Helper};
use std::borrow::Cow;
use std::path::PathBuf;

/// What a person did at the prompt.
pub(super) enum Typed {
    /// An entry.
    Entry(String),
    /// Ctrl-C: the line is given up.
    Cleared,
    /// Ctrl-D on an empty line, or the terminal has gone.
    Left,
}

/// The editor.
pub(super) struct Terminal {
    editor: Editor<Assistant, DefaultHistory>,
    history: Option<PathBuf>,
}

impl Terminal {
    /// An editor with the history of earlier sessions; notes what of it cannot be read.
    pub fn open(note: &dyn Fn(&str)) -> Result<Self, String> {
        let config = Config::builder().completion_type(CompletionType::Circular).max_history_size(10_000);
        let config = config.map_err(|error| error.to_string())?.build();
        let mut editor = Editor::with_config(config).map_err(|error| error.to_string())?;
        if anstream::AutoStream::choice(&std::io::stdout()) == anstream::ColorChoice::Never {
            editor.set_color_mode(ColorMode::Disabled);
        }
        editor.set_helper(Some(Assistant::default()));
        let mut terminal = Terminal { editor, history: history_file() };
        if let Some(path) = &terminal.history {
            match terminal.editor.load_history(path) {
                Err(error) if !is_missing(&error) => {
                    note(&format!("note: the history in {} cannot be read: {error}\n", path.display()));
                    terminal.history = None;
                }
                _ => {}
            }
        }
        Ok(terminal)
    }

    /// The next entry.
    pub fn read(&mut self, prompt: &str) -> Result<Typed, String> {
        match self.editor.readline(prompt) {
            Ok(entry) => Ok(Typed::Entry(entry)),
            Err(ReadlineError::Interrupted) => Ok(Typed::Cleared),
            Err(ReadlineError::Eof) => Ok(Typed::Left),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Keeps an entry, at once: a session may end in any way.
    pub fn remember(&mut self, entry: &str, note: &dyn Fn(&str)) {
        if !matches!(self.editor.add_history_entry(entry), Ok(true)) {
            return;
        }
        let Some(path) = &self.history else { return };
        let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        // rustyline makes the file for its owner only (0600).
        let kept = folder.map_err(ReadlineError::from).and_then(|()| self.editor.append_history(path));
        if let Err(error) = kept {
            note(&format!("note: the history in {} cannot be written: {error}\n", path.display()));
            self.history = None;
        }
    }

    /// Tells what can be completed now.
    pub fn learn(&mut self, words: Words) {
        if let Some(assistant) = self.editor.helper_mut() {
            assistant.words = words;
        }
    }
}

fn is_missing(error: &ReadlineError) -> bool {
    matches!(error, ReadlineError::Io(error) if error.kind() == std::io::ErrorKind::NotFound)
}

/// `$XDG_DATA_HOME/scalelab/history`, or below `~/.local/share`. None without a home.
fn history_file() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let data = folder("XDG_DATA_HOME").or_else(|| Some(folder("HOME")?.join(".local/share")));
    let data = data.or_else(|| folder("LOCALAPPDATA"))?;
    Some(data.join("scalelab").join("history"))
}

/// What the editor asks while a person types.
#[derive(Default)]
struct Assistant {
    words: Words,
    history: HistoryHinter,
}

/// Dimmed text behind the cursor.
struct Dimmed {
    shown: String,
    /// Taken over by the right arrow key.
    taken: Option<String>,
}

impl Hint for Dimmed {
    fn display(&self) -> &str {
        &self.shown
    }

    fn completion(&self) -> Option<&str> {
        self.taken.as_deref()
    }
}

impl Helper for Assistant {}

impl Completer for Assistant {
    type Candidate = String;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        let (start, found) = candidates(line, pos, &self.words);
        Ok((start, found.into_iter().map(|candidate| candidate.text).collect()))
    }
}

impl Hinter for Assistant {
    type Hint = Dimmed;

    fn hint(&self, line: &str, pos: usize, context: &Context<'_>) -> Option<Dimmed> {
        if pos < line.len() || line.trim().is_empty() {
            return None;
        }
        if let Some(rest) = self.history.hint(line, pos, context) {
            return Some(Dimmed { shown: rest.clone(), taken: Some(rest) });
        }
        let about = about(line, &self.words)?;
        Some(Dimmed { shown: format!("   {about}"), taken: None })
    }
}

/// What the word before the cursor is, if it is written to its end.
fn about(line: &str, words: &Words) -> Option<String> {
    let written = line.trim_end_matches([' ', '(', ')', ':', '"']);
    let last = written.char_indices().next_back()?.0;
    let (start, found) = candidates(line, last, words);
    let rest = line.get(start..)?;
    let fits = |candidate: &&Candidate| candidate.text == rest && !candidate.about.is_empty();
    found.iter().find(fits).map(|candidate| candidate.about.clone())
}

impl Highlighter for Assistant {
    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        format!("\x1b[2m{hint}\x1b[0m").into()
    }
}

impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        let text = context.input();
        let more = !text.trim_start().starts_with(':') && (unfinished(text) || open_chain(text));
        Ok(if more { ValidationResult::Incomplete } else { ValidationResult::Valid(None) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finished_words_are_explained() {
        let words = Words::default();
        assert!(about("cache(", &words).unwrap().starts_with("cache("));
        assert!(about("cache(\"x\", #{ ttl: ", &words).unwrap().contains("fresh"));
        assert!(about("cache(\"x\", #{ eviction: \"lru\"", &words).is_some());
        assert_eq!(about("1 + 1", &words), None);
        assert_eq!(about("", &words), None);
    }
}
