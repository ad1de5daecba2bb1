//! The outcome of the checks, with the measured value beside the rule.

use super::figures::significant;
use super::look::{BAD, DOUBTFUL, GOOD, Look, plain, styled, wrapped};
use crate::experiment::CheckRow;

/// A line for each check and a sum; empty without checks.
pub(super) fn verdicts(checks: &[CheckRow], look: Look) -> String {
    if checks.is_empty() {
        return String::new();
    }
    let count = |passed: Option<bool>| checks.iter().filter(|check| check.passed == passed).count();
    let mut text: String = checks.iter().map(|check| line(check, look)).collect();
    let others = [(count(Some(false)), "failed"), (count(None), "undecided, which is not passed")];
    text.push_str(&format!("{} of {} checks passed", count(Some(true)), checks.len()));
    for (number, what) in others.into_iter().filter(|(number, _)| *number > 0) {
        text.push_str(&format!(", {number} {what}"));
    }
    text.push('\n');
    text
}

/// A line for each check that has not passed.
pub(super) fn not_passed(checks: &[CheckRow], look: Look) -> String {
    checks.iter().filter(|check| check.passed != Some(true)).map(|check| line(check, look)).collect()
}

fn line(check: &CheckRow, look: Look) -> String {
    let mark = match check.passed {
        Some(true) => styled(GOOD, look.sign("✓", "ok    ")),
        Some(false) => styled(BAD, look.sign("✗", "FAILED")),
        None => styled(DOUBTFUL, look.sign("?", "?     ")),
    };
    let mut text = plain(&check.check);
    if !check.variant.is_empty() {
        text.push_str(&format!(" ({})", plain(&check.variant)));
    }
    let measured = || check.value.map(|value| format!("measured {}", significant(value, 4)));
    let fact = Some(plain(&check.detail)).filter(|detail| !detail.is_empty()).or_else(measured);
    if let Some(fact) = fact {
        text.push_str(&format!(": {fact}"));
    }
    let indent = look.sign("✓", "FAILED").chars().count() + 1;
    format!("{mark} {}\n", wrapped(&text, indent, indent, look))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixture::Found;

    fn told(utf8: bool) -> String {
        let text = verdicts(&Found::new().checks, Look { width: None, utf8, all: false });
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn each_check_shows_what_was_measured() {
        let expected = "\
✓ median under 20 ms (strategy=through;ttl=5 s): latency_p50_ms is 5.15 [4.945, 5.355]
✗ loses nothing (strategy=back;ttl=60 s): lost_writes_count is 0 in 0 of 4 replications
? back is fastest: two variants cannot be told apart
1 of 3 checks passed, 1 failed, 1 undecided, which is not passed
";
        assert_eq!(told(true), expected);
    }

    #[test]
    fn a_plain_terminal_reads_words() {
        let text = told(false);
        assert!(text.is_ascii() && text.contains("FAILED loses nothing"), "{text}");
        assert_eq!(verdicts(&[], Look { width: None, utf8: true, all: false }), "");
    }
}
