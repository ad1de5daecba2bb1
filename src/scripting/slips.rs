//! Slips of the pen that Rhai tells in its own terms: what the text around them shows to be meant.

use super::elsewhere;
use super::errors::{Mistake, unknown_name};
use super::foreign;
use super::idioms;
use super::marks;
use super::mended::UNKNOWN;
use super::pasted;
use super::units::{unit_meant, unit_names};
use crate::catalog::{Problem, closest};
use rhai::{EvalAltResult, ParseErrorType};

/// A mistake, and the script before the place where Rhai saw it, after it on its line, and behind that.
pub(super) struct Seen<'a> {
    error: &'a EvalAltResult,
    pub(super) before: &'a str,
    pub(super) after: &'a str,
    pub(super) later: &'a str,
}

/// The slips, the surest first.
const SLIPS: [fn(&Seen<'_>) -> Option<Problem>; 35] = [
    world_without_its_parameter,
    idioms::statement,
    idioms::several_names,
    marks::comma_before_a_list,
    marks::grouped_digits,
    marks::number_behind_a_point,
    marks::thousands,
    marks::list_or_map,
    marks::turned_comparison,
    marks::function_as_a_value,
    marks::chain_without_its_point,
    foreign::word,
    idioms::branch,
    idioms::loop_head,
    idioms::sign,
    foreign::operator,
    rate_with_a_slash,
    of_itself,
    unit_without_a_point,
    percent_sign,
    map_without_its_sign,
    arrow,
    foreign::arrow_behind_brackets,
    foreign::around_a_name,
    settings_without_a_map,
    chain_that_goes_on,
    single_quotes,
    pasted::curly_quotes,
    pasted::sign,
    pasted::number_without_its_zero,
    marks::unlike_bracket,
    foreign::missing_token,
    comment_of_other_languages,
    reserved_word,
    unknown_variable,
];

/// What was meant, if the text around a mistake tells.
pub(super) fn slip(error: &EvalAltResult, before: &str, after: &str, later: &str) -> Option<Problem> {
    SLIPS.iter().find_map(|meant| meant(&Seen { error, before, after, later }))
}

impl Seen<'_> {
    pub(super) fn syntax(&self) -> Option<&ParseErrorType> {
        match self.error {
            EvalAltResult::ErrorParsing(kind, _) => Some(kind),
            _ => None,
        }
    }

    /// The text before, without spaces at its end.
    pub(super) fn so_far(&self) -> &str {
        self.before.trim_end()
    }

    /// The variable that is not known.
    pub(super) fn unknown_name(&self) -> Option<&str> {
        unknown_name(self.error)
    }

    /// What has been written of the statement so far.
    pub(super) fn statement(&self) -> &str {
        self.before.rsplit([';', '{', '}']).next().unwrap_or(self.before).trim_start()
    }

    pub(super) fn last_word(&self) -> Option<&str> {
        self.so_far().rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next()
    }

    /// What comes after a name that stands here.
    pub(super) fn behind(&self, name: &str) -> Option<&str> {
        self.after.strip_prefix(name).map(str::trim_start)
    }
}

/// The number that a text ends with.
fn number_at_the_end(text: &str) -> Option<&str> {
    let number = text.rsplit(|c: char| !(c.is_ascii_digit() || c == '.' || c == '_')).next()?;
    number.starts_with(|c: char| c.is_ascii_digit()).then_some(number)
}

/// `let a = cdn("a", #{ of: a });`: the name is not known yet where it is used.
fn of_itself(seen: &Seen<'_>) -> Option<Problem> {
    let name = unknown_name(seen.error)?;
    let statement = seen.before.rsplit(';').next().unwrap_or(seen.before);
    let mut made = statement.split("let ").skip(1).map(str::trim_start);
    let is_made =
        made.any(|text| text.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('=')));
    let message = format!("`{name}` cannot be made of itself: it does not exist yet here");
    let hint = "an origin, a store, a target must be another component, made before this one";
    is_made.then(|| Problem::new(message).hint(hint))
}

/// `5ms`.
fn unit_without_a_point(seen: &Seen<'_>) -> Option<Problem> {
    let is_syntax = matches!(seen.syntax(), Some(ParseErrorType::MissingToken(..)));
    let word: String = seen.after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let unit = unit_names().find(|unit| *unit == word).or_else(|| unit_meant(&word))?;
    let number = number_at_the_end(seen.before.trim_end_matches(' '))?;
    let message = format!("a unit follows its number with a point: `{number}{word}` is no quantity");
    is_syntax.then(|| Problem::new(message).hint(format!("write {number}.{unit}")))
}

/// `50/s`, `50/minute`.
fn rate_with_a_slash(seen: &Seen<'_>) -> Option<Problem> {
    let per = match unknown_name(seen.error)? {
        "s" | "sec" | "second" => "rps",
        "m" | "min" | "minute" => "per_minute",
        _ => return None,
    };
    let number = number_at_the_end(seen.so_far().strip_suffix('/')?.trim_end())?;
    let message = format!("`{number}/..` is a division: a rate has a unit");
    Some(Problem::new(message).hint(format!("write {number}.{per}")))
}

/// `20%`.
fn percent_sign(seen: &Seen<'_>) -> Option<Problem> {
    seen.syntax()?;
    let number = number_at_the_end(seen.so_far().strip_suffix('%')?.trim_end())?;
    let message = format!("`{number}%` is no quantity: % is what is left of a division");
    Some(Problem::new(message).hint(format!("write {number}.percent")))
}

/// `web("shop", { count: 4 })`.
fn map_without_its_sign(seen: &Seen<'_>) -> Option<Problem> {
    seen.syntax()?;
    let open = innermost_bracket(seen.before)?;
    let (outside, inside) = seen.before.split_at(open);
    let names_a_setting = seen.after.starts_with(':') && inside.starts_with('{') && !outside.ends_with('#');
    let message = "an object map begins with `#{`, not with `{`";
    let name = inside.trim_start_matches('{').trim();
    let is_word = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '"'));
    let names_a_setting = names_a_setting && is_word;
    names_a_setting.then(|| Problem::new(message).hint(format!("write #{{ {name}: .. }}")))
}

/// Where the innermost bracket that is still open stands.
pub(super) fn innermost_bracket(text: &str) -> Option<usize> {
    let (mut open, mut in_text, mut in_comment, mut last) = (Vec::new(), false, false, ' ');
    for (at, c) in text.char_indices() {
        match c {
            '\n' => in_comment = false,
            _ if in_comment => {}
            '"' if last != '\\' => in_text = !in_text,
            _ if in_text => {}
            '/' if last == '/' => in_comment = true,
            '(' | '[' | '{' => open.push(at),
            ')' | ']' | '}' => _ = open.pop(),
            _ => {}
        }
        last = c;
    }
    open.pop()
}

/// `r => ..`.
fn arrow(seen: &Seen<'_>) -> Option<Problem> {
    let undefined =
        unknown_name(seen.error).filter(|name| seen.behind(name).is_some_and(|b| b.starts_with("=>")));
    let before = seen.syntax().filter(|_| seen.after.starts_with("=>")).and_then(|_| seen.last_word());
    let name = undefined.or(before).filter(|name| !name.is_empty() && *name != UNKNOWN)?;
    let message = format!("a function is not written `{name} => ..`");
    Some(Problem::new(message).hint(format!("write |{name}| ..")))
}

/// `database("db", read: 5.ms)`, `#{ read = 5.ms }`.
fn settings_without_a_map(seen: &Seen<'_>) -> Option<Problem> {
    let ParseErrorType::MissingToken(token, _) = seen.syntax()? else { return None };
    let name = seen.last_word()?;
    let joined = seen.after.starts_with(':') || seen.after.starts_with('=') && !seen.after.starts_with("==");
    let joined = joined && !seen.statement().starts_with("for ");
    let (message, hint) = if name == "lambda" {
        (
            "`lambda` is a word of another language",
            "write |r| r.latency_p99 < 200.ms, or || .. in at(..)".into(),
        )
    } else if let Some(called) = bracket_of(seen).and_then(foreign::function_without_settings)
        && token == ","
        && joined
    {
        let message = format!("what `{called}` is given has no names");
        return Some(Problem::new(message).maybe_hint(super::api::usage(called)));
    } else if token == "," && joined {
        ("settings stand in an object map", format!("write #{{ {name}: .. }}"))
    } else if token == ":" && seen.after.starts_with('=') {
        ("a setting and its value are joined by `:`", format!("write {name}: .."))
    } else {
        return None;
    };
    Some(Problem::new(message).hint(hint))
}

/// The text before the innermost bracket.
fn bracket_of<'a>(seen: &Seen<'a>) -> Option<&'a str> {
    innermost_bracket(seen.before)
        .filter(|at| seen.before[*at..].starts_with('('))
        .map(|at| &seen.before[..at])
}

/// `experiment("x");` and then `.world(..)`.
fn chain_that_goes_on(seen: &Seen<'_>) -> Option<Problem> {
    seen.syntax()?;
    let before_point = seen.so_far().strip_suffix('.').unwrap_or(seen.so_far()).trim_end();
    let goes_on = seen.so_far().ends_with('.') || seen.after.starts_with('.');
    let message = "a `;` has ended the chain, and a `.` goes on with it";
    let hint = "take away the `;` before it";
    (goes_on && before_point.ends_with(';')).then(|| Problem::new(message).hint(hint))
}

/// `'db'`.
fn single_quotes(seen: &Seen<'_>) -> Option<Problem> {
    seen.syntax()?;
    let text = seen.after.strip_prefix('\'')?.split('\'').next()?;
    Some(Problem::new("a text stands in double quotes").hint(format!("write \"{text}\"")))
}

/// `# a comment`.
fn comment_of_other_languages(seen: &Seen<'_>) -> Option<Problem> {
    let is_sign = matches!(seen.syntax()?, ParseErrorType::Reserved(word) if word == "#");
    is_sign.then(|| {
        Problem::new("a comment begins with `//`, not with `#`")
            .hint("write // for #; an object map is #{ .. }")
    })
}

/// `let as = ..`, `options.loop = ..`.
fn reserved_word(seen: &Seen<'_>) -> Option<Problem> {
    let word: String = seen.after.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let hint = match seen.syntax()? {
        ParseErrorType::VariableExpected => "choose another name".into(),
        ParseErrorType::PropertyExpected => {
            format!("behind a point it cannot stand: write [\"{word}\"] instead of .{word}")
        }
        _ => return None,
    };
    let problem = Problem::new(format!("`{word}` is a word of the language")).hint(hint);
    word.starts_with(char::is_alphabetic).then_some(problem)
}

/// `db = ..` without `let`, `policy: roundrobin`.
fn unknown_variable(seen: &Seen<'_>) -> Option<Problem> {
    let name = unknown_name(seen.error)?;
    let behind = seen.behind(name)?;
    let problem = Problem::new(format!("there is no variable `{name}`"));
    if behind.starts_with('=') && !behind.starts_with("==") {
        return Some(problem.hint(format!("to make it write: let {name} = ..")));
    }
    if let Some(hint) = elsewhere::object(name).filter(|_| behind.starts_with('.')) {
        return Some(problem.hint(hint));
    }
    let words = ["let ", "const "].into_iter().flat_map(|word| seen.before.split(word).skip(1));
    let made: Vec<&str> = words.filter_map(|text| text.split([' ', '=', ';']).next()).collect();
    if made.contains(&name) {
        return Some(problem.hint(out_of_sight(seen.before, name)));
    }
    let world = seen.before.rsplit_once(".world(").map(|(_, world)| world.trim_start());
    if name == "p" && world.is_some_and(|world| world.starts_with(['{', '|']) && !world.starts_with("|p|")) {
        return Some(problem.hint("the levels of a variant are its world's parameter: .world(|p| { .. })"));
    }
    if is_in_function(seen.before) && closest(name, made.iter().copied()).is_none() {
        let hint = format!(
            "a function (fn) sees only its parameters: give it `{name}` as one; a text stands in quotes: \"{name}\""
        );
        return Some(problem.hint(hint));
    }
    if let Some(made) = closest(name, made) {
        return Some(problem.hint(format!("did you mean `{made}`?")));
    }
    let ends_there = behind.starts_with([',', ')', ']', '}']);
    let is_value = seen.so_far().ends_with(':') || seen.so_far().ends_with(['(', '[', ',']) && ends_there;
    let hint =
        format!("a text stands in quotes: \"{name}\"; a component or value must be made before, with let");
    is_value.then(|| problem.hint(hint))
}

/// Why what has been made before is not known here: a check, a world, a function see nothing of it.
fn out_of_sight(before: &str, name: &str) -> String {
    let in_check = [".expect", ".claim"].iter().filter_map(|step| before.rfind(step)).max();
    let made = before.rfind(&format!("let {name}")).or_else(|| before.rfind(&format!("const {name}")));
    if in_check > made && made.is_some() {
        return format!("components live in the world: a check calls them by their names, r.of(\"{name}\")");
    }
    if is_in_function(before) {
        return format!(
            "it was made elsewhere: a function (fn) sees only its parameters, so give it `{name}` as one"
        );
    }
    "it was made in another block or function: what uses it belongs there too".into()
}

/// Whether a text ends within a function of a name.
fn is_in_function(before: &str) -> bool {
    let Some(at) = before.rfind("fn ") else { return false };
    let rest = &before[at..];
    rest.matches('{').count() > rest.matches('}').count()
}

/// What is said of it, once.
pub(super) const WORLD_IS_A_BLOCK: &str = "this world is a block that is described at once, and no function";

/// What is described in a world that is a block and no function.
fn world_without_its_parameter(seen: &Seen<'_>) -> Option<Problem> {
    let EvalAltResult::ErrorRuntime(value, _) = innermost(seen.error) else { return None };
    let Mistake(problems) = value.clone().try_cast()?;
    let is_outside = problems.iter().any(|problem| problem.message.ends_with("belongs into a world"));
    let bare = seen.before.rsplit_once(".world(")?.1.trim_start().starts_with('{');
    (is_outside && bare).then(|| Problem::new(WORLD_IS_A_BLOCK).hint("write .world(|p| { .. })"))
}

fn innermost(error: &EvalAltResult) -> &EvalAltResult {
    match error {
        EvalAltResult::ErrorInFunctionCall(_, _, inner, _) => innermost(inner),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_texts_and_comments_do_not_count() {
        let at = |text: &str| innermost_bracket(text).map(|at| text[at..].to_string());
        assert_eq!(at("a(b[c] { \"(\" // (\n x"), Some("{ \"(\" // (\n x".into()));
        assert_eq!(at("a(\"\\\"(\") {}"), None);
    }
}
