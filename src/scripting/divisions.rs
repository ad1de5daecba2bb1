//! `50/100` is 0 in Rhai, as in C: who writes a share so gets none.

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
}
