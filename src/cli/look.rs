//! How results look on the terminal at hand.

use anstyle::{AnsiColor, Style};

/// Width and signs of a terminal. Colours are always written; [`say`](super::say) takes them out where they are not
/// wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Characters in a line; `None` = no bound, as in a file.
    pub width: Option<u16>,
    /// Whether it shows signs beyond ASCII.
    pub utf8: bool,
    /// Whether all metrics are wanted, not only those that a person wants to see first.
    pub all: bool,
}

impl Look {
    /// The look of stdout.
    pub fn of_stdout(all: bool) -> Look {
        // The width is known only if stdout is a terminal.
        let width = comfy_table::Table::new().width().filter(|width| *width > 0);
        Look { width, utf8: speaks_utf8(|name| std::env::var(name).ok()), all }
    }

    /// The better of two spellings.
    pub(super) fn sign(self, utf8: &'static str, ascii: &'static str) -> &'static str {
        if self.utf8 { utf8 } else { ascii }
    }
}

/// The first of these that is set decides (POSIX, Environment Variables, 8.2). Where none is set nothing is known,
/// and on Windows they mean nothing.
fn speaks_utf8(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = |name: &&str| variable(name).filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].iter().find_map(set);
    match locale {
        Some(locale) => {
            let locale = locale.to_lowercase();
            locale.contains("utf-8") || locale.contains("utf8")
        }
        None => cfg!(windows) || cfg!(target_os = "macos"),
    }
}

pub(super) const GOOD: Style = AnsiColor::Green.on_default();
pub(super) const BAD: Style = AnsiColor::Red.on_default();
pub(super) const DOUBTFUL: Style = AnsiColor::Yellow.on_default();
pub(super) const STRONG: Style = Style::new().bold();

/// A text in a style.
pub(super) fn styled(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

/// A text in lines that fit the terminal, broken between words; the first begins at column `from`, the others are indented.
pub(super) fn wrapped(text: &str, from: usize, indent: usize, look: Look) -> String {
    let Some(width) = look.width.map(usize::from).filter(|width| *width > indent + 20) else {
        return text.into();
    };
    let (mut lines, mut used) = (String::new(), from);
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > indent && used + length + 1 >= width {
            lines.truncate(lines.trim_end().len());
            lines.push_str(&format!("\n{:indent$}", ""));
            used = indent;
        }
        lines.push_str(word);
        lines.push(' ');
        used += length + 1;
    }
    lines.truncate(lines.trim_end().len());
    lines
}

/// A text of the user's on one line, without commands to the terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_says_whether_signs_are_shown() {
        let with = |set: &[(&str, &str)]| {
            let set: Vec<(String, String)> =
                set.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect();
            speaks_utf8(move |name| set.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone()))
        };
        assert!(with(&[("LANG", "de_DE.UTF-8")]));
        assert!(with(&[("LC_ALL", ""), ("LC_CTYPE", "C.utf8")]));
        assert!(!with(&[("LC_ALL", "C"), ("LANG", "de_DE.UTF-8")]));
    }

    #[test]
    fn names_cannot_command_the_terminal() {
        assert_eq!(plain("a\x1b[2Jb\nc"), "a [2Jb c");
    }
}
