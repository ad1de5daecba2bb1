//! Brackets that do not close.

use super::text::{Spot, Text};
use rhai::Token;

impl Text {
    /// `#{ read: 5.ms );`, `[1, 2, ttl: 5.s`: closes what is open before the sign that ends it, or before the next setting.
    pub(super) fn brackets(&mut self, at: usize) -> bool {
        let at = if self.tokens[at].0 == Token::Colon { at.saturating_sub(2) } else { at };
        let open = self.open_before(at);
        let token = &self.tokens[at].0;
        let ends = |(closing, is_block): &(char, bool)| match token {
            Token::SemiColon => *is_block,
            Token::Comma => *closing == '}',
            Token::RightParen => *closing == ')',
            Token::RightBracket => *closing == ']',
            Token::RightBrace => *closing == '}',
            _ => false,
        };
        let left_open = open.iter().rev().take_while(|bracket| !ends(bracket)).count();
        let is_ended = left_open < open.len() || *token == Token::SemiColon;
        if left_open == 0 || !is_ended {
            return false;
        }
        let missing: Vec<char> = open.iter().rev().take(left_open).map(|(closing, _)| *closing).collect();
        self.put_in(self.tokens[at].1, &missing);
        true
    }

    /// What closes the brackets that are open there, and whether that is a block.
    fn open_before(&self, at: usize) -> Vec<(char, bool)> {
        let mut open = Vec::new();
        for (token, _) in &self.tokens[..at] {
            match token {
                Token::LeftParen => open.push((')', false)),
                Token::LeftBracket => open.push((']', false)),
                Token::MapStart => open.push(('}', false)),
                Token::LeftBrace => open.push(('}', true)),
                Token::RightParen | Token::RightBracket | Token::RightBrace => _ = open.pop(),
                _ => {}
            }
        }
        open
    }

    fn put_in(&mut self, (line, column): Spot, missing: &[char]) {
        let shift = |spot: &mut Spot| {
            if spot.0 == line && spot.1 >= column {
                spot.1 += missing.len();
            }
        };
        self.put_in.iter_mut().for_each(shift);
        self.mended.iter_mut().for_each(|(from, to)| [from, to].into_iter().for_each(shift));
        self.mended.push(((line, column), (line, column + missing.len())));
        self.put_in.extend((0..missing.len()).map(|n| (line, column + n)));
        self.lines[line - 1].splice(column - 1..column - 1, missing.iter().copied());
    }

    /// Where in the script something stood that stands there now.
    pub(super) fn as_written(&self, (line, column): Spot) -> Spot {
        let before = self.put_in.iter().filter(|(own, at)| *own == line && *at < column);
        (line, column - before.count())
    }
}
