//! Numbers that are not what they look like: `50/100` is 0 in Rhai, as in C (who writes a share so gets none), and `1,000` are two.

use super::places::place_at;
use super::text::words;
use crate::catalog::{Place, Problem, Problems};
use rhai::{Engine, Token};
use std::sync::Arc;

/// Divisions of one whole number by another, both written out, that leave a rest.
pub(super) fn with_a_rest(text: &str, source: &Arc<str>) -> Problems {
    let words = words(&Engine::new_raw(), text);
    let told = words.windows(4).filter_map(|four| {
        let [(Token::IntegerConstant(a), at), (Token::Divide, _), (Token::IntegerConstant(b), _), (next, _)] =
            four
        else {
            return None;
        };
        // (`5/2.s`: a number of seconds.)
        let is_quantity = *next == Token::Period;
        let (rest, whole) = (a.checked_rem(*b)?, a.checked_div(*b)?);
        let problem =
            Problem::new(format!("`{a}/{b}` is {whole}: whole numbers are divided without the rest"));
        let place = place_at(source, *at).map(|place| Place { length: a.to_string().len(), ..place });
        (rest != 0 && !is_quantity).then(|| {
            Problem { place, ..problem }.hint(format!("write {a}.0/{b}, or {whole} if that is meant"))
        })
    });
    told.collect()
}

/// `zipf(1,000)`: nobody writes 000 for 0.
pub(super) fn with_groups(text: &str, source: &Arc<str>) -> Problems {
    let words = words(&Engine::new_raw(), text);
    let lines: Vec<Vec<char>> = text.lines().map(|line| line.chars().collect()).collect();
    let told = words.windows(3).filter_map(|three| {
        let [(Token::IntegerConstant(a), at), (Token::Comma, _), (Token::IntegerConstant(_), group)] = three
        else {
            return None;
        };
        let line = lines.get(group.line()?.checked_sub(1)?)?;
        let from = group.position()?.checked_sub(1)?;
        let digits: String = line[from..].iter().take_while(|c| c.is_ascii_digit()).collect();
        let is_close = from > 0 && line[from - 1] == ',';
        let is_group = is_close && digits.len() == 3 && digits.starts_with('0');
        let place = place_at(source, *at).map(|place| Place { length: a.to_string().len() + 4, ..place });
        let problem = Problem::new(format!("`{a},{digits}` are two numbers"));
        is_group.then(|| {
            Problem { place, ..problem }.hint(format!("digits are grouped by `_`: write {a}_{digits}"))
        })
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_loses_something_is_told() {
        let told = |text: &str| {
            with_a_rest(text, &"it".into()).into_iter().map(|problem| problem.message).collect::<Vec<_>>()
        };
        assert_eq!(told("a(50/100, 2/22);").len(), 2);
        assert_eq!(told("a(1/2 * 3.s);"), ["`1/2` is 0: whole numbers are divided without the rest"]);
        for sound in ["100/50;", "50.0/100;", "a/3;", "5/2.s;", "3/0;", "\"1/2\";", "// 1/2\n1;"] {
            assert!(told(sound).is_empty(), "{sound}");
        }
    }

    #[test]
    fn groups_of_digits_are_no_values() {
        let told = |text: &str| {
            with_groups(text, &"it".into()).into_iter().filter_map(|p| p.hint).collect::<Vec<_>>()
        };
        assert_eq!(told("zipf(1,000)"), ["digits are grouped by `_`: write 1_000"]);
        assert!(told("uniform(1,200); f(1, 000); \"1,000\"; [1,0]").is_empty());
    }
}
