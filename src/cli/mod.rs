//! The command line: the terminal, and nothing that a script could not do without one.

pub(crate) mod args;
mod busiest;
pub(crate) mod catalog;
mod check;
pub(crate) mod explain;
mod export;
mod figures;
pub(crate) mod host;
pub(crate) mod interrupts;
mod json;
mod look;
mod new;
mod progress;
mod rule;
pub(crate) mod run;
mod say;
mod sentences;
mod shell;
mod table;
pub(crate) mod trouble;
mod verdicts;

pub use look::Look;
pub use say::{complain, offer, say};

use args::{Cli, Command, ExplainArgs, ListArgs};
use clap::{CommandFactory, Parser};
use std::path::Path;
use std::process::ExitCode;

/// A script or a run failed.
pub const FAILED: u8 = 1;
/// The command line makes no sense.
pub const USAGE: u8 = 2;
/// The sweep is not complete.
pub const INCOMPLETE: u8 = 3;
/// A check did not hold.
pub const CHECK_FAILED: u8 = 99;
/// Ctrl-C.
pub const INTERRUPTED: u8 = 130;

/// Stack of the thread that evaluates scripts: they recurse.
const STACK_BYTES: usize = 256 << 20;

/// Does what the command line says.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let thread = std::thread::Builder::new().name("scalelab".into()).stack_size(STACK_BYTES);
    match thread.spawn(|| obey(cli.command)).map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(_)) => ExitCode::from(101), // a panic: its message is on stderr
        Err(error) => {
            trouble::problem(&format!("no thread to work on: {error}"));
            ExitCode::from(FAILED)
        }
    }
}

fn obey(command: Command) -> u8 {
    match command {
        Command::Run(args) => run::run(args),
        Command::Check(args) => check::check(&args),
        Command::List(args) => list(&args),
        Command::Explain(args) => explain(&args),
        Command::Export(args) => export::export(&args),
        Command::New { name } => create(&name),
        Command::Repl { file } => crate::repl::repl(file.as_deref()),
        Command::Completions { shell } => {
            say(&shell::completions(shell, &Cli::command()));
            0
        }
        Command::Man => match shell::man(&Cli::command()) {
            Ok(page) => {
                say(&page);
                0
            }
            Err(error) => {
                trouble::problem(&format!("cannot write the manual page: {error}"));
                FAILED
            }
        },
    }
}

fn list(args: &ListArgs) -> u8 {
    let topic = args.what.as_deref();
    answer(if args.json { catalog::list_json(topic).map(document) } else { catalog::list(topic) })
}

fn explain(args: &ExplainArgs) -> u8 {
    let name = &args.name;
    answer(if args.json { explain::explain_json(name).map(document) } else { explain::explain(name) })
}

fn document(value: serde_json::Value) -> String {
    format!("{value}\n")
}

fn answer(text: Result<String, crate::catalog::Problem>) -> u8 {
    match text {
        Ok(text) => {
            say(&text);
            0
        }
        Err(problem) => {
            trouble::problems(&[problem], &crate::scripting::Sources::default());
            FAILED
        }
    }
}

fn create(name: &Path) -> u8 {
    match new::create(&name.to_string_lossy()) {
        Ok(path) => {
            let path = path.display();
            say(&format!("wrote {path}; try: scalelab run {}\n", new::quoted(&path.to_string())));
            0
        }
        Err(error) => {
            trouble::problem(&error.to_string());
            FAILED
        }
    }
}
