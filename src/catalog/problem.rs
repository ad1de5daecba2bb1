//! Mistakes in a model: all of them at once, each with its place and what to write instead.

use std::sync::Arc;

/// A place in a script.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// The file, as the user named it; empty for the prompt.
    pub source: Arc<str>,
    /// Line, from 1; 0 = unknown.
    pub line: usize,
    /// Column in characters, from 1; 0 = unknown.
    pub column: usize,
    /// Length in characters of what is meant; 0 = unknown.
    pub length: usize,
}

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub place: Option<Place>,
    /// What is wrong.
    pub message: String,
    /// What to write instead.
    pub hint: Option<String>,
    /// Whether it has ended an evaluation, so that nobody knows what comes behind it.
    pub ends: bool,
}

impl Problem {
    /// A mistake at a place.
    pub fn at(place: &Place, message: impl Into<String>) -> Self {
        Problem { place: Some(place.clone()), message: message.into(), hint: None, ends: false }
    }

    /// A mistake without a place.
    pub fn new(message: impl Into<String>) -> Self {
        Problem { place: None, message: message.into(), hint: None, ends: false }
    }

    /// Adds what to write instead.
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Adds what to write instead, if there is something to say.
    pub fn maybe_hint(mut self, hint: Option<String>) -> Self {
        self.hint = hint.or(self.hint);
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// All mistakes of a model, in the order they were found.
pub type Problems = Vec<Problem>;
