//! Problems, drawn on stderr.

use super::complain;
use super::look::{DOUBTFUL, styled};
use crate::catalog::Problem;
use crate::scripting::{Sources, draw};

/// A problem without a script.
pub fn problem(text: &str) {
    complain(&draw(&[Problem::new(text)], &Sources::default()));
}

/// What a script does not mean, or so it seems.
pub fn warnings(warnings: &[String]) {
    for warning in warnings {
        complain(&format!("{}: {warning}\n", styled(DOUBTFUL, "warning")));
    }
}

/// Problems of a script.
pub fn problems(problems: &[Problem], sources: &Sources) {
    complain(&draw(problems, sources));
    if problems.len() > 1 {
        complain(&format!("\n{} mistakes\n", problems.len()));
    }
}
