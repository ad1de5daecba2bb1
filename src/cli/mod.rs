//! The command line: the only room, with the prompt, that knows a terminal and exit codes.

pub(crate) mod args;
mod check;
pub(crate) mod host;
pub(crate) mod interrupts;
mod json;
mod progress;
mod rule;
pub(crate) mod run;
pub(crate) mod say;
mod table;

use args::{Cli, Command};
use clap::Parser;
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
    let work = move || match cli.command {
        Command::Run(args) => run::run(args),
        Command::Check(args) => check::check(&args),
        Command::Repl { file } => crate::repl::repl(file.as_deref()),
        _ => USAGE,
    };
    let thread = std::thread::Builder::new().name("scalelab".into()).stack_size(STACK_BYTES).spawn(work);
    match thread.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => ExitCode::from(code),
        Ok(Err(_)) => ExitCode::from(101), // a panic: its message is on stderr
        Err(error) => {
            say::problem(&format!("no thread to work on: {error}"));
            ExitCode::from(FAILED)
        }
    }
}
