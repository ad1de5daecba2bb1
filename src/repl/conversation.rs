//! What is said to a session and what it answers, whether a person types or a pipe does.

use super::candidates::{COMMANDS, Words};
use super::host::ReplHost;
use super::scan::is_word;
use crate::catalog::Problem;
use crate::cli::{catalog, complain, explain, interrupts, run, say, trouble};
use crate::scripting::{Session, Sources, stop_scripts};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::Ordering;

/// How an entry went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It did what it says.
    Done,
    /// It failed, and the user was told why.
    Failed,
    /// Ctrl-C stopped it.
    Interrupted,
    /// The user wants to leave.
    Quit,
}

/// A session and who listens to it.
pub(super) struct Conversation {
    session: Session,
    host: Rc<ReplHost>,
    folder: PathBuf,
}

impl Conversation {
    /// A conversation whose imports and traces are found from `folder`.
    pub fn new(folder: PathBuf) -> Self {
        let host = Rc::new(ReplHost::new());
        Conversation { session: Session::new(&folder, false, host.clone()), host, folder }
    }

    /// What can be completed now.
    pub fn words(&self) -> Words {
        Words { variables: self.session.variables(), functions: self.session.functions() }
    }

    /// The exit code by what the experiments found.
    pub fn code(&self) -> u8 {
        self.host.code()
    }

    /// Says an entry, which the user finds under this name from this line on.
    pub fn say(&mut self, name: &str, line: usize, text: &str) -> Answer {
        match text.trim() {
            "" => Answer::Done,
            words if self.is_command(words) => self.command(&format!(":{}", bare(words))),
            command if command.starts_with(':') => self.command(command),
            _ => self.entry(name, line, text),
        }
    }

    /// What people type at any prompt means the same here, unless the script has made something of that name.
    fn is_command(&self, words: &str) -> bool {
        let (name, rest) = bare(words).split_once(char::is_whitespace).unwrap_or((bare(words), ""));
        let is_variable = || self.session.variables().iter().any(|(own, _)| own == name);
        // Rhai has an exit() of its own, which would only end the entry.
        let is_function = || name != "exit" && self.session.functions().iter().any(|own| own == name);
        let is_plain = match name {
            "help" | "exit" | "quit" => rest.is_empty(),
            // Two words side by side are no script.
            "list" | "explain" => rest.chars().all(|c| is_word(c) || ".-: ".contains(c)),
            _ => false,
        };
        is_plain && !is_variable() && !is_function()
    }

    /// Evaluates a script in this session.
    pub fn load(&mut self, file: &Path) -> Answer {
        match run::read(file) {
            Ok(text) => self.entry(&file.display().to_string(), 1, &text),
            Err(problem) => refused(problem),
        }
    }

    fn entry(&mut self, name: &str, line: usize, text: &str) -> Answer {
        self.host.begin(name.as_ref(), text);
        let result = interrupts::while_busy(|| self.session.run_entry(name, line, text));
        if stop_scripts().swap(false, Ordering::Relaxed) {
            self.say_interrupted();
            return Answer::Interrupted;
        }
        match result {
            Ok(value) => {
                if let Some(value) = value {
                    say(&format!("{value}\n"));
                }
                Answer::Done
            }
            Err(problems) => {
                trouble::problems(&problems, self.session.sources());
                Answer::Failed
            }
        }
    }

    fn say_interrupted(&self) {
        match self.host.left() {
            Some(path) => complain(&format!("interrupted; the finished runs are in {}\n", path.display())),
            None => complain("interrupted\n"),
        }
    }

    fn command(&mut self, command: &str) -> Answer {
        let (name, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        let rest = rest.trim();
        match (name, rest) {
            (":quit" | ":q" | ":exit", _) => return Answer::Quit,
            (":help" | ":h", _) => say(&help()),
            (":reset", _) => {
                self.session = Session::new(&self.folder, false, self.host.clone());
                complain("everything is forgotten\n");
            }
            (":list", topic) => return told(catalog::list((!topic.is_empty()).then_some(topic))),
            (":load", "") => return refused(Problem::new("which script? write :load FILE")),
            (":load", file) => return self.load(file.as_ref()),
            (":explain", "") => return refused(Problem::new("explain what? write :explain cache")),
            (":explain", name) => return told(explain::explain(name)),
            _ => {
                let hint = crate::catalog::did_you_mean(name, COMMANDS.iter().map(|(name, _)| *name));
                return refused(Problem::new(format!("there is no command `{name}`")).maybe_hint(hint));
            }
        }
        Answer::Done
    }
}

/// Without what makes a statement of it.
fn bare(words: &str) -> &str {
    words.trim_end_matches(';').trim_end_matches("()").trim_end()
}

fn told(result: Result<String, Problem>) -> Answer {
    match result {
        Ok(text) => {
            say(&text);
            Answer::Done
        }
        Err(problem) => refused(problem),
    }
}

fn refused(problem: Problem) -> Answer {
    trouble::problems(&[problem], &Sources::default());
    Answer::Failed
}

fn help() -> String {
    let mut text = String::from(
        "Type what a script may say: 1 + 1, let x = 5.ms, fn f(a) { a * 2 }, experiment(\"name\") ..\n\
         An entry may have several lines, or be pasted. An experiment runs when its entry ends with `;` or an empty line;\n\
         its results are in results/<name>, and in r after `let r = experiment(\"name\") .. .run();`.\n\
         Tab completes, the right arrow takes the dimmed text, Ctrl-R searches the history.\n\
         Ctrl-C clears the line, or stops what is running: an entry stopped while it is evaluated never happened.\n\n",
    );
    for (name, about) in COMMANDS {
        text += &format!("  {name:<10} {about}\n");
    }
    text
}
