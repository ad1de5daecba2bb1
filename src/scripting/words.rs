//! Words of Rhai that scripts also use as names of settings.

use rhai::{Engine, Position, Token};
use std::cell::RefCell;

/// What is open at a place of a script, and whether a name of a setting may come next.
#[derive(Debug, Default)]
struct Open {
    brackets: Vec<Token>,
    at: Option<(usize, usize)>,
    before: Option<Token>,
}

impl Open {
    /// In `#{ speed: 10, loop: true }`, `loop` is a name; everywhere else it begins a loop.
    fn read(&mut self, token: Token, position: Position) -> Token {
        let at = position.line().map(|line| (line, position.position().unwrap_or(0)));
        // What follows a `${..}` within a text has no place of its own.
        if at.is_some() {
            if at <= self.at {
                *self = Open::default(); // another script
            }
            self.at = at;
        }
        let is_name = matches!(self.brackets.last(), Some(Token::MapStart))
            && matches!(self.before, Some(Token::MapStart | Token::Comma));
        let token = match token {
            Token::Loop if is_name => Token::Identifier(Box::new("loop".into())),
            other => other,
        };
        match token {
            Token::MapStart | Token::LeftBrace | Token::LeftParen | Token::LeftBracket => {
                self.brackets.push(token.clone());
            }
            Token::RightBrace | Token::RightParen | Token::RightBracket => {
                self.brackets.pop();
            }
            _ => {}
        }
        self.before = Some(token.clone());
        token
    }
}

/// Lets scripts write `loop: true` without quotes, as all other settings.
pub(super) fn register(engine: &mut Engine) {
    let open = RefCell::new(Open::default());
    // "Deprecated" says here that it may change: the version of rhai is pinned.
    #[allow(deprecated)]
    engine.on_parse_token(move |token, position, _| open.borrow_mut().read(token, position));
}

#[cfg(test)]
mod tests {
    use super::*;
    use rhai::Map;

    #[test]
    fn loop_is_a_name_where_names_of_settings_stand_and_a_loop_elsewhere() {
        let mut engine = Engine::new();
        register(&mut engine);
        let map: Map = engine.eval("#{ loop: true }").unwrap();
        assert!(map["loop"].as_bool().unwrap());
        let map: Map = engine
            .eval("let n = 0;\n#{ a: [1, loop { n += 1; if n > 3 { break n; } }], b: #{ loop: 2, c: `${n}` }, loop: n }")
            .unwrap();
        assert_eq!(map["a"].clone().into_array().unwrap()[1].as_int(), Ok(4));
        assert_eq!(map["loop"].as_int(), Ok(4));
        assert!(engine.eval::<Map>("#{ a: (1,").is_err(), "cut off, with brackets open");
        assert_eq!(engine.eval::<i64>("let n = 0; loop { n += 1; if n == 7 { break; } } n").unwrap(), 7);
    }
}
