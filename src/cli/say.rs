//! Words to the user: results on stdout, messages on stderr, colours only where they are wanted, and no panic when a
//! reader such as `head` has gone.

use crate::catalog::Problem;
use crate::scripting::{Sources, draw};
use std::io::Write;

/// Prints to stdout. If nobody reads it any more the program has done its duty.
pub fn out(text: &str) {
    let mut stdout = anstream::stdout().lock();
    let written = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
    if let Err(error) = written {
        let gone = error.kind() == std::io::ErrorKind::BrokenPipe;
        std::process::exit(if gone { 0 } else { i32::from(super::FAILED) });
    }
}

/// Prints to stderr; if that fails there is nobody left to tell.
pub fn note(text: &str) {
    let mut stderr = anstream::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

/// A problem without a script.
pub fn problem(text: &str) {
    note(&draw(&[Problem::new(text)], &Sources::default()));
}

/// Problems of a script.
pub fn problems(problems: &[Problem], sources: &Sources) {
    note(&draw(problems, sources));
    if problems.len() > 1 {
        note(&format!("\n{} mistakes\n", problems.len()));
    }
}
