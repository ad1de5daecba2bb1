//! The text of a script, word by word, in which mistakes are blotted out: lines and columns of all else stay as they are.

use super::mended::UNKNOWN;
use super::pasted::{instead_of, is_curly};
use crate::catalog::closest;
use rhai::{Engine, Position, Token};

/// A line and a column, from 1.
pub(super) type Spot = (usize, usize);

/// A script's text.
pub(super) struct Text {
    pub(super) lines: Vec<Vec<char>>,
    pub(super) tokens: Vec<(Token, Spot)>,
    /// From where to where (a place behind it) something was mended.
    pub(super) mended: Vec<(Spot, Spot)>,
    /// Brackets that were put in, and where: what is behind them on their lines has moved.
    pub(super) put_in: Vec<Spot>,
}

/// All words and signs of a script. What stands between `${` and `}` in a text is code; behind it the text goes on, which only who counts brackets knows.
pub(super) fn words(engine: &Engine, text: &str) -> Vec<(Token, Position)> {
    let script = [text];
    let (tokens, control) = engine.lex(&script);
    let (mut words, mut open) = (Vec::new(), Vec::new());
    for (token, position) in tokens {
        match token {
            Token::EOF => break,
            Token::InterpolatedString(_) => open.push(0),
            Token::LeftBrace | Token::MapStart => {
                open.iter_mut().last().into_iter().for_each(|depth| *depth += 1)
            }
            Token::RightBrace => {
                let depth = open.last_mut().map(|depth| {
                    *depth -= 1;
                    *depth
                });
                if depth == Some(0) {
                    open.pop();
                    control.borrow_mut().is_within_text = true;
                }
            }
            _ => {}
        }
        words.push((token, position));
    }
    words
}

impl Text {
    pub fn new(text: &str) -> Self {
        let mut own = Text {
            lines: text.split('\n').map(|line| line.chars().collect()).collect(),
            tokens: Vec::new(),
            mended: Vec::new(),
            put_in: Vec::new(),
        };
        own.read();
        own
    }

    pub fn whole(&self) -> String {
        let lines: Vec<String> = self.lines.iter().map(|line| line.iter().collect()).collect();
        lines.join("\n")
    }

    pub fn is_mended(&self, spot: Spot) -> bool {
        self.mended.iter().any(|(from, to)| *from <= spot && spot < *to)
    }

    fn read(&mut self) {
        let tokens = words(&Engine::new_raw(), &self.whole());
        let spot = |position: Position| Some((position.line()?, position.position()?));
        let placed = tokens.into_iter().filter_map(|(token, position)| Some((token, spot(position)?)));
        self.tokens = placed.collect();
    }

    /// Mends what stands at a place, if that can be. `ends`: it has ended an evaluation (else only signs that keep a script from being read).
    pub fn mend(&mut self, spot: Spot, meant: Option<&str>, ends: bool) -> bool {
        if self.char_at(spot).is_some_and(|c| is_curly(c) || instead_of(c).is_some()) {
            return self.pasted_signs();
        }
        let Some(at) = self.tokens.iter().position(|(_, own)| *own == spot) else { return false };
        let at = if ends && self.tokens[at].0 == Token::Period { at + 1 } else { at };
        let is_done = self.of_the_language(at)
            || self.of_another_language(at)
            || self.brackets(at)
            || ends && (meant.is_some_and(|name| self.as_meant(at, name)) || self.a_name(at));
        if is_done {
            self.read();
        }
        is_done
    }

    /// Signs as word processors write them, where they are no part of a text: all at once.
    fn pasted_signs(&mut self) -> bool {
        let instead = |c: char| if is_curly(c) { Some("\"") } else { instead_of(c) };
        let spots = self.tokens.iter().map(|(_, spot)| *spot);
        let signs = spots.filter_map(|spot| Some((spot, self.char_at(spot).and_then(instead)?)));
        // (`≤ ` becomes `<=`.)
        let is_room = |(line, column): Spot, width: usize| {
            (1..width).all(|n| self.char_at((line, column + n)) == Some(' '))
        };
        let signs: Vec<_> = signs.filter(|(spot, instead)| is_room(*spot, instead.len())).collect();
        for (spot, instead) in &signs {
            self.write(*spot, instead.len(), instead);
        }
        self.read();
        !signs.is_empty()
    }

    fn token(&self, at: Option<usize>) -> Option<&Token> {
        self.tokens.get(at?).map(|(token, _)| token)
    }

    /// `and`, `or`, `=` for `==`, a `;` within a chain, a setting written twice.
    fn of_the_language(&mut self, at: usize) -> bool {
        let Some((token, from)) = self.tokens.get(at) else { return false };
        let (from, before) = (*from, at.checked_sub(1));
        match token {
            Token::Identifier(word) if word.as_str() == "True" => self.write(from, 4, "true"),
            Token::Identifier(word) if word.as_str() == "False" => self.write(from, 5, "false"),
            Token::Identifier(word) if word.as_str() == "and" => self.write(from, 3, "&&"),
            Token::Identifier(word) if word.as_str() == "or" => self.write(from, 2, "||"),
            // (In a comment nothing is missed.)
            Token::Reserved(word) if word.as_str() == "#" => self.write(from, 2, "//"),
            Token::Equals if self.char_at((from.0, from.1 + 1)) == Some(' ') => self.write(from, 2, "=="),
            Token::Period if self.token(before) == Some(&Token::SemiColon) => {
                let semicolon = self.tokens[at - 1].1;
                self.write(semicolon, 1, "")
            }
            _ => false,
        }
    }

    /// What Rhai cannot read and the text around it tells: `60s`, `60%`, `r => ..`, a map without its `#`.
    fn of_another_language(&mut self, at: usize) -> bool {
        let before = |n: usize| self.token(at.checked_sub(n));
        let is_number = |token: Option<&Token>| {
            matches!(token, Some(Token::IntegerConstant(_) | Token::FloatConstant(_)))
        };
        let is_end = |token: Option<&Token>| {
            use Token::{Comma, RightBrace, RightBracket, RightParen, SemiColon};
            token.is_none_or(|token| {
                matches!(token, Comma | RightBrace | RightBracket | RightParen | SemiColon)
            })
        };
        match self.token(Some(at)) {
            Some(_) if self.char_at(self.tokens[at].1) == Some('?') => self.a_choice(at),
            Some(Token::Identifier(_) | Token::Reserved(_)) if is_number(before(1)) => {
                self.blot(at - 1, at, UNKNOWN)
            }
            end if before(1) == Some(&Token::Modulo) && is_number(before(2)) && is_end(end) => {
                self.blot(at - 2, at - 1, UNKNOWN)
            }
            Some(Token::Identifier(_)) if self.token(Some(at + 1)) == Some(&Token::DoubleArrow) => {
                self.an_arrow(at)
            }
            Some(Token::DoubleArrow) if matches!(before(1), Some(Token::Identifier(_))) => {
                self.an_arrow(at - 1)
            }
            Some(Token::Colon)
                if before(2) == Some(&Token::LeftBrace)
                    && matches!(before(1), Some(Token::Identifier(_) | Token::StringConstant(_))) =>
            {
                let (line, column) = self.tokens[at - 2].1;
                let before = (line, column - 1);
                self.char_at(before) == Some(' ') && self.write(before, 2, "#{")
            }
            _ => false,
        }
    }

    /// `a ? b : c`: the whole value, from the sign or bracket before it to the one behind it.
    fn a_choice(&mut self, at: usize) -> bool {
        use Token::{Colon, Comma, Equals, LeftBrace, LeftBracket, LeftParen, MapStart, Return};
        use Token::{RightBrace, RightBracket, RightParen, SemiColon};
        let mut depth = 0;
        let begins = |token: &Token| {
            depth += i32::from(matches!(token, RightParen | RightBracket | RightBrace));
            depth -= i32::from(matches!(token, LeftParen | LeftBracket | LeftBrace | MapStart));
            depth < 0 || depth == 0 && matches!(token, Colon | Comma | Equals | SemiColon | Return)
        };
        let before = self.tokens[..at].iter().map(|(token, _)| token).rev().position(begins);
        let Some((before, end)) = before.zip(self.end_of_value(at)) else { return false };
        before > 0 && self.blot(at - before, end - 1, UNKNOWN)
    }

    /// `r => ..`
    fn an_arrow(&mut self, at: usize) -> bool {
        let (Token::Identifier(name), from) = &self.tokens[at] else { return false };
        let (with, from, end) = (format!("|{name}|"), *from, self.tokens[at + 1].1);
        from.0 == end.0 && with.len() <= end.1 + 2 - from.1 && self.write(from, end.1 + 2 - from.1, &with)
    }

    /// The name that is meant instead of the one that stands there, if there is room for it.
    fn as_meant(&mut self, at: usize, meant: &str) -> bool {
        let Some((Token::Identifier(name), from)) = self.tokens.get(at) else { return false };
        let (mut from, width) = (*from, name.chars().count());
        if closest(name.as_str(), [meant]).is_none() {
            return false; // It is of something beside that name that another one was meant.
        }
        let more = meant.len().saturating_sub(width);
        let is_room = (1..=more).all(|n| from.1 > n && self.char_at((from.0, from.1 - n)) == Some(' '));
        if name.as_str() == meant || !is_room {
            return false;
        }
        from.1 -= more;
        self.write(from, width + more, meant)
    }

    /// A name that is not known, with what it is called with: in a chain it is left out, elsewhere an unknown value stands for it.
    fn a_name(&mut self, at: usize) -> bool {
        if !matches!(self.token(Some(at)), Some(Token::Identifier(_))) {
            return false;
        }
        let is_call = matches!(self.token(Some(at + 1)), Some(Token::LeftParen | Token::Unit));
        let end = if is_call { self.closing(at + 1) } else { Some(at) };
        let Some(end) = end else { return false };
        if !is_call && self.token(Some(at + 1)) == Some(&Token::Colon) {
            return self.a_setting(at);
        }
        let before = |n: usize| self.token(at.checked_sub(n));
        if before(1) != Some(&Token::Period) {
            let mut start = at;
            while self.token(start.checked_sub(1)) == Some(&Token::DoubleColon) && start >= 2 {
                start -= 2;
            }
            return self.blot(start, end, UNKNOWN);
        }
        let is_of_number = matches!(before(2), Some(Token::IntegerConstant(_) | Token::FloatConstant(_)));
        let is_of_name = matches!(before(2), Some(Token::Identifier(_))) && before(3) != Some(&Token::Period);
        // Without its world, factors and variants nothing can be said of an experiment.
        let Some(Token::Identifier(name)) = self.token(Some(at)) else { return false };
        if is_call && closest(name.as_str(), ["vary", "variant", "world"]).is_some() {
            return false;
        }
        if !is_call && before(2) == Some(&Token::RightBracket) {
            let list = (0..at - 2).rev().find(|open| self.closing(*open) == Some(at - 2));
            return list.is_some_and(|open| open > 0 && self.blot(open - 1, end, UNKNOWN));
        }
        match is_of_number || is_of_name && !is_call {
            true => self.blot(at - 2, end, UNKNOWN),
            false => self.blot(at - 1, end, ""),
        }
    }

    /// `ttl: 60.s,`
    fn a_setting(&mut self, at: usize) -> bool {
        let Some(end) = self.end_of_value(at) else { return false };
        let end = if self.tokens[end].0 == Token::Comma { end } else { end - 1 };
        self.blot(at, end, "")
    }

    /// The comma or semicolon behind the value that stands there, or the bracket that closes around it.
    fn end_of_value(&self, at: usize) -> Option<usize> {
        use Token::{LeftBrace, LeftBracket, LeftParen, MapStart, RightBrace, RightBracket, RightParen};
        let mut depth = 0;
        (at..self.tokens.len()).find(|index| {
            let token = &self.tokens[*index].0;
            depth += i32::from(matches!(token, LeftParen | LeftBracket | LeftBrace | MapStart));
            depth -= i32::from(matches!(token, RightParen | RightBracket | RightBrace));
            depth < 0 || depth == 0 && matches!(token, Token::Comma | Token::SemiColon)
        })
    }

    /// The bracket that closes this one.
    fn closing(&self, open: usize) -> Option<usize> {
        let mut depth = 0;
        (open..self.tokens.len()).find(|at| {
            match self.tokens[*at].0 {
                Token::LeftParen | Token::LeftBracket | Token::LeftBrace | Token::MapStart => depth += 1,
                Token::RightParen | Token::RightBracket | Token::RightBrace => depth -= 1,
                _ => {}
            }
            depth == 0
        })
    }

    fn char_at(&self, (line, column): Spot) -> Option<char> {
        self.lines.get(line - 1)?.get(column.checked_sub(1)?).copied()
    }

    /// Puts `with` and blanks in place of some tokens.
    fn blot(&mut self, first: usize, last: usize, with: &str) -> bool {
        let (mut from, (line, column)) = (self.tokens[first].1, self.tokens[last].1);
        let to = (line, column + self.width(last));
        let room = if from.0 == to.0 { to.1 - from.1 } else { with.len() };
        if room < with.len() {
            let before = |n: usize| from.1.checked_sub(n).and_then(|column| self.char_at((from.0, column)));
            let is_word = before(2).is_some_and(|c| c.is_alphanumeric() || c == '_');
            if before(1) != Some(' ') || is_word {
                return false; // `if p` would become `if_u`
            }
            from.1 -= 1;
        }
        self.mended.push((from, to));
        for line in from.0..=to.0 {
            let start = if line == from.0 { from.1 } else { 1 };
            let end = if line == to.0 { to.1 } else { usize::MAX };
            let row = &mut self.lines[line - 1];
            let end = end.min(row.len() + 1);
            row[start - 1..end - 1].fill(' ');
        }
        self.put(from, with);
        true
    }

    /// How many columns a token takes that stands at the end of something.
    fn width(&self, at: usize) -> usize {
        match &self.tokens[at].0 {
            Token::Identifier(name) => name.chars().count(),
            Token::Unit => 2,
            Token::Comma | Token::RightParen | Token::RightBracket | Token::RightBrace | Token::SemiColon => {
                1
            }
            _ => {
                let (line, from) = self.tokens[at].1;
                let next = self.tokens.get(at + 1).map(|(_, next)| *next).filter(|next| next.0 == line);
                next.map_or(self.lines[line - 1].len() + 1 - from, |next| next.1 - from)
            }
        }
    }

    fn write(&mut self, from: Spot, width: usize, with: &str) -> bool {
        self.mended.push((from, (from.0, from.1 + width)));
        self.lines[from.0 - 1][from.1 - 1..from.1 - 1 + width].fill(' ');
        self.put(from, with);
        true
    }

    fn put(&mut self, from: Spot, with: &str) {
        let row = &mut self.lines[from.0 - 1];
        let missing = (from.1 - 1 + with.len()).saturating_sub(row.len());
        row.extend(std::iter::repeat_n(' ', missing));
        with.chars().enumerate().for_each(|(n, c)| row[from.1 - 1 + n] = c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(text: &str, at: Spot, meant: Option<&str>) -> Option<String> {
        let mut own = Text::new(text);
        own.mend(at, meant, true).then(|| own.whole())
    }

    /// What is mended stands where it stood, and so does all else.
    #[test]
    fn what_is_not_known_makes_room_for_what_is() {
        for (text, column, expected) in [
            ("f(of: db)", 7, "f(of: _u)"),
            ("f(of: w, a: 1)", 7, "f(of:_u, a: 1)"),
            ("let a = 60.secs;", 12, "let a = _u     ;"),
            ("let a = p.cuer;", 11, "let a = _u    ;"),
            ("let a = exponential(f(3), [4]) + 1;", 9, "let a = _u                     + 1;"),
            ("a.of(\"x\").warm(2.s).run()", 11, "a.of(\"x\")          .run()"),
            ("x.add()", 3, "x      "),
            ("if w[f(2)].full > 0.5 {}", 12, "if _u           > 0.5 {}"),
            ("let a = m::n::add(1);", 15, "let a = _u          ;"),
            ("#{ ttl: 60.s, a: [1, 2], ttl: 3 }", 26, "#{ ttl: 60.s, a: [1, 2],        }"),
            ("if a and b {}", 6, "if a &&  b {}"),
            ("if a = b {}", 6, "if a ==b {}"),
            ("a.duration(60s)", 14, "a.duration(_u )"),
            ("a(5 ms, 1)", 5, "a(_u  , 1)"),
            ("a(60%)", 6, "a(_u )"),
            ("#{ a: 2.5 % }", 13, "#{ a: _u    }"),
            ("a(r => r.b)", 3, "a(|r|  r.b)"),
            ("a(r => r.b)", 5, "a(|r|  r.b)"),
            ("a(1, { b: 2 })", 9, "a(1,#{ b: 2 })"),
            ("a(1, #{ b: [2 };", 15, "a(1, #{ b: [2 ]};"),
            ("a(1, #{ b: [2;", 14, "a(1, #{ b: [2]});"),
            ("a(1, #{ b: [2 }, c(d));", 15, "a(1, #{ b: [2 ]}, c(d));"),
        ] {
            assert_eq!(mended(text, (1, column), None).as_deref(), Some(expected), "{text}");
        }
        let within = "print(`a ${[1, #{ b: 2 }].len()} of ${n} ( { \"`); let a = bd + 1;";
        let expected = within.replace("bd", "_u");
        assert_eq!(mended(within, (1, within.find("bd").unwrap() + 1), None), Some(expected));
        assert_eq!(mended("f(w)", (1, 3), None), None, "there is no room");
        assert_eq!(mended("f( \"w\" )", (1, 4), None), None, "a text is not unknown");
        let lines = mended("a(1,\n  b(2,\n 3), 4)", (2, 3), None);
        assert_eq!(lines.as_deref(), Some("a(1,\n  _u  \n   , 4)"));
    }

    #[test]
    fn what_a_bracket_has_moved_is_told_where_it_stood() {
        let mut text = Text::new("a(#{ b: [2 }, c(d));\na(bd)");
        assert!(text.mend((1, 12), None, false));
        assert_eq!(text.whole(), "a(#{ b: [2 ]}, c(d));\na(bd)");
        assert_eq!(
            [(1, 11), (1, 13), (1, 18), (2, 3)].map(|spot| text.as_written(spot)),
            [(1, 11), (1, 12), (1, 17), (2, 3)]
        );
    }

    #[test]
    fn what_is_meant_stands_there_instead() {
        assert_eq!(mended("let a = wbe(1);", (1, 9), Some("web")).as_deref(), Some("let a = web(1);"));
        assert_eq!(
            mended("let a = databse(1);", (1, 9), Some("database")).as_deref(),
            Some("let a =database(1);")
        );
        assert_eq!(mended("a.warmupp(1)", (1, 3), Some("warmup")).as_deref(), Some("a.warmup (1)"));
        assert_eq!(
            mended("a.warmp(1)", (1, 3), Some("warmup")).as_deref(),
            Some("a         "),
            "it is left out"
        );
    }
}
