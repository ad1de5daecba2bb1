//! A look at unfinished Rhai text, for what a parser cannot tell: in which brackets, call, setting or text the end stands,
//! and what was bound on the way.

/// What an opened bracket is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Frame {
    /// `name(`; without a name for a mere parenthesis.
    Call(String),
    /// `#{`, an argument of this call; the setting whose value is being written; the settings before.
    Map { call: String, key: Option<String>, keys: Vec<String> },
    /// `[`.
    List,
    /// `{`.
    Block,
    /// A back-tick text.
    BackTick,
    /// `${` in one.
    Interpolation,
}

/// A part of an expression such as `experiment("x").vary(..)`.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Link {
    /// A name.
    Word(String),
    /// A call by name.
    Call(String),
    /// A number.
    Number,
    /// `[..]` behind something.
    Index,
    /// A text, a list, a parenthesis.
    Other,
}

/// Inside what the text ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Inside {
    /// Code.
    Code,
    /// A text in double quotes that begins behind this byte.
    Text(usize),
    /// A text of several lines: in back-ticks, raw, or continued by `\`.
    LongText,
    /// A comment to the end of its line.
    LineComment,
    /// A comment without its end.
    Comment,
}

/// A name and the expression it stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Binding {
    /// `let name = expression`.
    Let(Vec<Link>),
    /// The parameter of a function given to this call.
    Parameter(String),
}

#[derive(Clone, Debug, Default)]
struct Level {
    chain: Vec<Link>,
    binding: Option<String>,
}

/// What was seen.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    /// Open brackets, the innermost last.
    pub frames: Vec<Frame>,
    /// Inside what the text ends.
    pub inside: Inside,
    /// The expression that the text ends with, without a member name behind the last dot.
    pub chain: Vec<Link>,
    /// The text ends with the dot of a member.
    pub after_dot: bool,
    /// End of the last token in bytes.
    pub last_end: usize,
    /// Names bound so far.
    pub bindings: Vec<(String, Binding)>,
    /// Names of factors: `.vary("name", ..)`.
    pub factors: Vec<String>,
    outer: Vec<Level>,
    binding: Option<String>,
    word: Option<String>,
}

/// Looks at a text.
pub(super) fn scan(text: &str) -> Scan {
    let mut scan = Scan {
        frames: Vec::new(),
        inside: Inside::Code,
        chain: Vec::new(),
        after_dot: false,
        last_end: 0,
        bindings: Vec::new(),
        factors: Vec::new(),
        outer: Vec::new(),
        binding: None,
        word: None,
    };
    let mut at = 0;
    while at < text.len() && scan.inside == Inside::Code {
        at = scan.step(text, at);
    }
    if scan.frames.last() == Some(&Frame::BackTick) {
        scan.inside = Inside::LongText;
    }
    scan.bind();
    scan
}

impl Scan {
    /// Takes one token and gives the place behind it.
    fn step(&mut self, text: &str, at: usize) -> usize {
        let rest = &text[at..];
        if self.frames.last() == Some(&Frame::BackTick) {
            return self.back_tick(rest, at);
        }
        let first = rest.chars().next().expect("not at the end");
        if first.is_whitespace() {
            return at + first.len_utf8();
        }
        if rest.starts_with("//") {
            return self.line_comment(text, at);
        }
        if rest.starts_with("/*") {
            return self.comment(text, at);
        }
        let end = if is_word(first) {
            self.word(rest, at)
        } else if first == '"' {
            self.text(text, at)
        } else if rest.starts_with("#\"") || rest.starts_with("##") {
            self.raw_text(text, at)
        } else {
            self.symbol(text, at, first)
        };
        self.last_end = end;
        end
    }

    fn back_tick(&mut self, rest: &str, at: usize) -> usize {
        if rest.starts_with("``") {
            return at + 2;
        }
        if rest.starts_with("${") {
            self.open(Frame::Interpolation);
            return at + 2;
        }
        let first = rest.chars().next().expect("not at the end");
        if first == '`' {
            self.close();
            self.chain = vec![Link::Other];
            self.last_end = at + 1;
        }
        at + first.len_utf8()
    }

    fn line_comment(&mut self, text: &str, at: usize) -> usize {
        match text[at..].find('\n') {
            Some(length) => at + length,
            None => {
                self.inside = Inside::LineComment;
                text.len()
            }
        }
    }

    /// Comments may stand in comments.
    fn comment(&mut self, text: &str, at: usize) -> usize {
        let mut depth = 0;
        let mut here = at;
        while here < text.len() {
            let rest = &text[here..];
            if rest.starts_with("/*") {
                depth += 1;
                here += 2;
            } else if rest.starts_with("*/") {
                depth -= 1;
                here += 2;
                if depth == 0 {
                    return here;
                }
            } else {
                here += rest.chars().next().map_or(1, char::len_utf8);
            }
        }
        self.inside = Inside::Comment;
        text.len()
    }

    fn word(&mut self, rest: &str, at: usize) -> usize {
        let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let word = &rest[..length];
        let is_number = word.starts_with(|c: char| c.is_ascii_digit());
        let fraction = is_number && self.after_dot && self.chain.last() == Some(&Link::Number);
        if self.word.as_deref() == Some("let") || self.word.as_deref() == Some("const") {
            self.binding = Some(word.into());
        }
        match (is_number, self.after_dot) {
            (true, true) if fraction => {}
            (true, _) => self.chain = vec![Link::Number],
            (false, true) => self.chain.push(Link::Word(word.into())),
            (false, false) => self.chain = vec![Link::Word(word.into())],
        }
        self.after_dot = false;
        self.word = Some(word.into());
        at + length
    }

    fn text(&mut self, text: &str, at: usize) -> usize {
        let mut escaped = false;
        for (offset, c) in text[at + 1..].char_indices() {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                // It may not go on in the next line: the parser will say so.
                '\n' => return at + 1 + offset,
                '"' => return self.text_ends(text, at, at + 1 + offset),
                _ => {}
            }
        }
        self.inside =
            if text[at..].contains('\n') || escaped { Inside::LongText } else { Inside::Text(at + 1) };
        text.len()
    }

    fn text_ends(&mut self, text: &str, start: usize, end: usize) -> usize {
        let inner = &text[start + 1..end];
        let is_factor = matches!(self.frames.last(), Some(Frame::Call(name)) if name == "vary");
        if is_factor && text[..start].trim_end().ends_with('(') {
            self.factors.push(inner.into());
        }
        self.chain = vec![Link::Other];
        self.after_dot = false;
        self.word = Some(inner.into());
        end + 1
    }

    /// `#"..."#`, with as many `#` behind as before.
    fn raw_text(&mut self, text: &str, at: usize) -> usize {
        let hashes = text[at..].chars().take_while(|c| *c == '#').count();
        if !text[at + hashes..].starts_with('"') {
            return at + hashes;
        }
        let ending = format!("\"{}", "#".repeat(hashes));
        let start = at + hashes + 1;
        self.chain = vec![Link::Other];
        match text[start..].find(&ending) {
            Some(length) => start + length + ending.len(),
            None => {
                self.inside = Inside::LongText;
                text.len()
            }
        }
    }

    fn symbol(&mut self, text: &str, at: usize, symbol: char) -> usize {
        let rest = &text[at..];
        let word = self.word.take();
        match symbol {
            '`' => self.open(Frame::BackTick),
            '\'' => return self.character(rest, at),
            '#' if rest.starts_with("#{") => {
                self.open_map();
                return at + 2;
            }
            '(' => self.open_call(),
            '[' => self.open(Frame::List),
            '{' => self.open(Frame::Block),
            ')' | ']' | '}' => self.close(),
            '.' if rest.starts_with("..") => {
                self.end_of_operand();
                return at + 2;
            }
            '.' => self.after_dot = true,
            '?' if rest.starts_with("?.") || rest.starts_with("?[") => {}
            ':' => self.setting(word),
            ',' => self.comma(),
            '|' if self.chain.is_empty() => return self.parameters(rest, at),
            ';' => {
                self.bind();
                self.end_of_operand();
            }
            _ => self.end_of_operand(),
        }
        at + symbol.len_utf8()
    }

    fn character(&mut self, rest: &str, at: usize) -> usize {
        self.chain = vec![Link::Other];
        let line = rest.lines().next().unwrap_or(rest);
        let from = if line.starts_with("'\\") { 3 } else { 1 };
        line.get(from..).and_then(|inner| inner.find('\'')).map_or(at + 1, |length| at + from + length + 1)
    }

    fn end_of_operand(&mut self) {
        self.chain.clear();
        self.after_dot = false;
    }

    fn open(&mut self, frame: Frame) {
        self.frames.push(frame);
        let chain = std::mem::take(&mut self.chain);
        self.outer.push(Level { chain, binding: self.binding.take() });
        self.after_dot = false;
    }

    fn open_call(&mut self) {
        let name = match self.chain.last() {
            Some(Link::Word(name)) => name.clone(),
            _ => String::new(),
        };
        self.open(Frame::Call(name));
    }

    fn open_map(&mut self) {
        let call = match self.frames.last() {
            Some(Frame::Call(name)) => name.clone(),
            _ => String::new(),
        };
        self.open(Frame::Map { call, key: None, keys: Vec::new() });
    }

    fn close(&mut self) {
        self.bind();
        let (Some(frame), Some(level)) = (self.frames.pop(), self.outer.pop()) else { return };
        self.chain = level.chain;
        self.binding = level.binding;
        self.after_dot = false;
        match frame {
            Frame::Call(name) if !name.is_empty() => {
                self.chain.pop();
                self.chain.push(Link::Call(name));
            }
            Frame::List if !self.chain.is_empty() => self.chain.push(Link::Index),
            // A block ends a statement; `#{ .. }` and `[..]` are values.
            Frame::Block => self.chain.clear(),
            _ => self.chain = vec![Link::Other],
        }
    }

    fn setting(&mut self, word: Option<String>) {
        self.end_of_operand();
        if let (Some(Frame::Map { key, keys, .. }), Some(word)) = (self.frames.last_mut(), word)
            && key.is_none()
        {
            keys.push(word.clone());
            *key = Some(word);
        }
    }

    fn comma(&mut self) {
        self.end_of_operand();
        if let Some(Frame::Map { key, .. }) = self.frames.last_mut() {
            *key = None;
        }
    }

    /// `|a, b|` of a function without a name.
    fn parameters(&mut self, rest: &str, at: usize) -> usize {
        let Some(length) = rest[1..].find('|') else { return at + 1 };
        let names = rest[1..1 + length].split(',').map(str::trim).filter(|name| name.chars().all(is_word));
        if let Some(Frame::Call(call)) = self.frames.last() {
            self.bindings.extend(names.map(|name| (name.to_string(), Binding::Parameter(call.clone()))));
        }
        at + length + 2
    }

    fn bind(&mut self) {
        if let Some(name) = self.binding.take() {
            self.bindings.push((name, Binding::Let(self.chain.clone())));
        }
    }
}

/// Part of a name or a number.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(name: &str) -> Link {
        Link::Call(name.into())
    }

    #[test]
    fn brackets_and_settings_are_known() {
        let seen = scan("let c = cache(\"x\", #{ of: db, eviction: ");
        let keys = vec!["of".into(), "eviction".into()];
        let map = Frame::Map { call: "cache".into(), key: Some("eviction".into()), keys };
        assert_eq!(seen.frames, [Frame::Call("cache".into()), map]);
        assert!(scan("fn f(a) { if a { [1, (2)] } else { #{ b: `${a} }` } } }").frames.is_empty());
        assert_eq!(scan("`a ${x + ").frames, [Frame::BackTick, Frame::Interpolation]);
    }

    #[test]
    fn chains_are_followed_through_calls_with_anything_in_them() {
        let seen = scan("1 + experiment(\"a :) \\\" b\").world(|p| { x(); }).\n    ");
        assert_eq!((seen.chain, seen.after_dot), (vec![call("experiment"), call("world")], true));
        assert_eq!(scan("1_000.").chain, [Link::Number]);
        assert_eq!(scan("1.5.").chain, [Link::Number]);
        assert_eq!(scan("db[0].").chain, [Link::Word("db".into()), Link::Index]);
        assert_eq!(scan("a; b + c.").chain, [Link::Word("c".into())]);
        assert!(!scan("0..").after_dot);
    }

    #[test]
    fn bindings_and_factors_are_collected() {
        let seen = scan(
            "let r = experiment(\"x\").vary(\"ttl\", [1.s]).expect(\"t\", |v| v.p < 1.s).run(); let db = database(\"d\"",
        );
        let chain = ["experiment", "vary", "expect", "run"].map(call).to_vec();
        assert!(seen.bindings.contains(&("r".into(), Binding::Let(chain))));
        assert!(seen.bindings.contains(&("v".into(), Binding::Parameter("expect".into()))));
        assert_eq!(seen.factors, ["ttl"]);
    }

    #[test]
    fn ends_of_texts_and_comments() {
        for (text, inside) in [
            ("\"abc", Inside::Text(1)),
            ("\"abc\"", Inside::Code),
            ("`abc", Inside::LongText),
            ("#\"ab\" ", Inside::LongText),
            ("#\"ab\"#", Inside::Code),
            ("1 // it's", Inside::LineComment),
            ("1 /* a /* b */ ", Inside::Comment),
            ("'\"' + '\\''", Inside::Code),
            ("\"é", Inside::Text(1)),
        ] {
            assert_eq!(scan(text).inside, inside, "{text}");
        }
        assert_eq!(scan("f(1) /* x */ // y").last_end, 4);
    }
}
