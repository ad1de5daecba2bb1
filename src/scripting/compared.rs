//! What a world compares its levels with: `p.strategy == "bck"` is no mistake to Rhai, and takes the other branch in all variants.

use super::api;
use super::desk::desk;
use super::places::place_at;
use super::text::words;
use crate::catalog::{Place, Problem, Problems, closest};
use rhai::{Dynamic, Engine, INT, Position, Token};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Comparisons of a level with what is the level of no variant.
#[derive(Debug, Default)]
pub(super) struct Unmet {
    /// Those that are spelt nearly as a level: mistakes.
    pub misspelt: Problems,
    /// The others, in words: who varies less for a while leaves the branches of the rest in the world.
    pub left: Vec<String>,
}

/// Those in the worlds of a script. All its experiments count: they may share a world.
pub(super) fn unmet_levels(engine: &Engine, source: &Arc<str>, text: &str) -> Unmet {
    let tokens = words(engine, text);
    let params = params_of_worlds(&tokens);
    let mut unmet = Unmet::default();
    if params.is_empty() {
        return unmet;
    }
    let levels = levels();
    let mut all: BTreeMap<&str, Vec<(Dynamic, Position)>> = BTreeMap::new();
    for at in 0..tokens.len() {
        let [(Token::Identifier(param), _), (Token::Period, _), (Token::Identifier(factor), _), rest @ ..] =
            &tokens[at..]
        else {
            continue;
        };
        let is_of_something = at > 0 && tokens[at - 1].0 == Token::Period;
        if params.contains(param.as_str()) && !is_of_something {
            let is_switch = at > 0 && tokens[at - 1].0 == Token::Switch;
            let compared = if is_switch { arms(rest) } else { compared(rest) };
            all.entry(factor.as_str()).or_default().extend(compared);
        }
    }
    for (factor, compared) in &all {
        let Some(known) = levels.get(*factor) else { continue };
        // A level that is looked for itself is not meant by what is spelt nearly so.
        let mut rest = known.clone();
        rest.retain(|level| !compared.iter().any(|(value, _)| api::same(level, value)));
        for (value, position) in compared {
            if let Some(place) = place_at(source, *position).filter(|_| !is_level(value, known)) {
                unmet.note(factor, value, (known, &rest), place);
            }
        }
    }
    unmet
}

/// Names of the parameters of `.world(|p| ..)`.
fn params_of_worlds(tokens: &[(Token, Position)]) -> BTreeSet<&str> {
    let mut params = BTreeSet::new();
    for four in tokens.windows(4) {
        if let [
            (Token::Identifier(world), _),
            (Token::LeftParen, _),
            (Token::Pipe, _),
            (Token::Identifier(param), _),
        ] = four
            && world.as_str() == "world"
        {
            params.insert(param.as_str());
        }
    }
    params
}

/// The levels of all experiments so far, by factor; of those whose levels are all texts, numbers or truth values.
fn levels() -> BTreeMap<String, Vec<Dynamic>> {
    let mut levels: BTreeMap<String, Vec<Dynamic>> = BTreeMap::new();
    for experiment in desk(|desk| desk.experiments.clone()) {
        for variant in api::params(&experiment) {
            for (name, level) in variant {
                levels.entry(name.to_string()).or_default().push(level);
            }
        }
    }
    let is_plain =
        |level: &Dynamic| level.is_string() || level.is_int() || level.is_float() || level.is_bool();
    levels.retain(|_, levels| levels.iter().all(is_plain));
    levels
}

/// The value of `== "a"`, the values of `in ["a", "b"]`.
fn compared(rest: &[(Token, Position)]) -> Vec<(Dynamic, Position)> {
    match rest {
        [(Token::EqualsTo | Token::NotEqualsTo, _), value, behind @ ..] => {
            let is_whole = !matches!(behind.first(), Some((Token::Period | Token::LeftBracket, _)));
            constant(value).filter(|_| is_whole).into_iter().collect()
        }
        [(Token::In | Token::NotIn, _), (Token::LeftBracket, _), list @ ..] => {
            let list = list.iter().take_while(|(token, _)| *token != Token::RightBracket);
            let list: Vec<_> = list.filter(|(token, _)| *token != Token::Comma).map(constant).collect();
            list.into_iter().collect::<Option<Vec<_>>>().unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

/// The values of the branches of `switch p.x { "a" | "b" => .., _ => .. }`.
fn arms(rest: &[(Token, Position)]) -> Vec<(Dynamic, Position)> {
    let [(Token::LeftBrace, _), rest @ ..] = rest else { return Vec::new() };
    let (mut values, mut depth, mut is_head) = (Vec::new(), 0_usize, true);
    for (at, pair) in rest.iter().enumerate() {
        match pair.0 {
            Token::LeftBrace | Token::LeftParen | Token::LeftBracket | Token::MapStart => depth += 1,
            Token::RightBrace | Token::RightParen | Token::RightBracket if depth == 0 => break,
            Token::RightBrace | Token::RightParen | Token::RightBracket => {
                depth -= 1;
                let next = rest.get(at + 1).map(|(token, _)| token);
                let goes_on = matches!(next, Some(Token::Period | Token::Comma));
                is_head |= depth == 0 && pair.0 == Token::RightBrace && !goes_on;
            }
            Token::Comma if depth == 0 => is_head = true,
            Token::DoubleArrow | Token::If if depth == 0 => is_head = false,
            _ if is_head && depth == 0 && !is_in_range(rest, at) => values.extend(constant(pair)),
            _ => {}
        }
    }
    values
}

fn is_in_range(tokens: &[(Token, Position)], at: usize) -> bool {
    let is_range =
        |at: usize| matches!(tokens.get(at), Some((Token::ExclusiveRange | Token::InclusiveRange, _)));
    is_range(at + 1) || at > 0 && is_range(at - 1)
}

fn constant((token, position): &(Token, Position)) -> Option<(Dynamic, Position)> {
    let value = match token {
        Token::StringConstant(text) => text.as_str().into(),
        Token::IntegerConstant(number) => Dynamic::from(*number as INT),
        Token::FloatConstant(number) => Dynamic::from(*number.0),
        Token::True => Dynamic::from(true),
        Token::False => Dynamic::from(false),
        _ => return None,
    };
    Some((value, *position))
}

/// (One truth value of two may be varied alone for a while.)
fn is_level(value: &Dynamic, known: &[Dynamic]) -> bool {
    let is_same = |level: &Dynamic| level.is_string() == value.is_string() && api::same(level, value);
    known.iter().any(|level| is_same(level) || level.is_bool() && value.is_bool())
}

impl Unmet {
    /// `known`: all levels, and those that nothing else is compared with.
    fn note(&mut self, factor: &str, value: &Dynamic, (known, rest): (&[Dynamic], &[Dynamic]), place: Place) {
        let written = api::written(value);
        let mut all: Vec<String> = known.iter().map(api::written).collect();
        let mut seen = BTreeSet::new();
        all.retain(|level| seen.insert(level.clone()));
        let rest: Vec<String> = rest.iter().map(api::written).collect();
        let meant = closest(&written, rest.iter().map(String::as_str));
        // A number that is none of several numbers is a branch left over; a text beside numbers, or the other way round, holds for nobody.
        let is_of_another_kind = !known.iter().any(|level| level.is_string() == value.is_string());
        let levels = format!("its levels are {}", all.join(", "));
        let message = format!("no variant has the level {written} of `{factor}`");
        if !is_of_another_kind && (meant.is_none() || !value.is_string()) {
            self.left.push(format!("{message} (line {}): {levels}", place.line));
            return;
        }
        let hint = meant.map_or(levels.clone(), |meant| format!("did you mean {meant}? {levels}"));
        let place = Place { length: written.chars().count(), ..place };
        self.misspelt.push(Problem::at(&place, message).hint(hint));
    }
}
