//! Problems, drawn on stderr.

use super::complain;
use crate::catalog::Problem;
use crate::scripting::{Sources, draw};

/// A problem without a script.
pub fn problem(text: &str) {
    complain(&draw(&[Problem::new(text)], &Sources::default()));
}

/// Problems of a script.
pub fn problems(problems: &[Problem], sources: &Sources) {
    complain(&draw(problems, sources));
    if problems.len() > 1 {
        complain(&format!("\n{} mistakes\n", problems.len()));
    }
}
