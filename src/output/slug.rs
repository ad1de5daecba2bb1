//! Folder names out of the names that people give to experiments.

use crate::random::mix::hash_name;
use std::collections::BTreeSet;

/// Longest folder name in bytes; file systems allow 255, and `.partial` comes behind.
const LONGEST: usize = 80;

/// A safe folder name: lower case, letters and digits of any language, `-` and `.` inside, `_` for the rest.
///
/// Never empty, never `.` or `..`, never hidden. Two names may share one slug: see [`Folders`].
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        let c = if c.is_alphanumeric() || matches!(c, '-' | '.') { c } else { '_' };
        if c != '_' || !slug.ends_with('_') {
            slug.push(c);
        }
    }
    let slug = slug.trim_matches(|c| matches!(c, '_' | '.' | '-'));
    match slug.len() {
        0 => format!("experiment_{:08x}", hash_name(name) >> 32),
        1..=LONGEST => slug.to_string(),
        // Long names differ at their ends: the hash keeps them apart.
        _ => {
            let kept = (0..=LONGEST - 9).rev().find(|at| slug.is_char_boundary(*at)).unwrap_or(0);
            format!("{}_{:08x}", &slug[..kept], hash_name(name) >> 32)
        }
    }
}

/// Hands out folder names, each only once.
#[derive(Debug, Default)]
pub struct Folders {
    taken: BTreeSet<String>,
}

impl Folders {
    /// The folder of the next experiment of this name: `write_strategies`, then `write_strategies_2`.
    pub fn next(&mut self, name: &str) -> String {
        let slug = slug(name);
        let numbered = (2..).map(|n| format!("{slug}_{n}"));
        let free = std::iter::once(slug.clone())
            .chain(numbered)
            .find(|folder| !self.taken.contains(folder))
            .expect("there are more numbers than folders");
        self.taken.insert(free.clone());
        free
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_become_folders() {
        assert_eq!(slug("write strategies"), "write_strategies");
        assert_eq!(slug("  TTL: 5 s / 60 s?  "), "ttl_5_s_60_s");
        assert_eq!(slug("v1.2-rc"), "v1.2-rc");
        assert_eq!(slug("쓰기 전략"), "쓰기_전략");
        assert_eq!(slug("../../etc/passwd"), "etc_passwd");
    }

    #[test]
    fn names_without_a_letter_have_a_folder_too() {
        for name in ["", ".", "..", "///", "= + -", "\0\n"] {
            assert!(slug(name).starts_with("experiment_"), "{name:?}: {}", slug(name));
        }
        assert_ne!(slug("!"), slug("?"));
    }

    #[test]
    fn the_same_name_twice_has_two_folders() {
        let mut folders = Folders::default();
        let names = ["a b", "a_b", "A B 2", "a b"].map(|name| folders.next(name));
        assert_eq!(names, ["a_b", "a_b_2", "a_b_2_2", "a_b_3"]);
    }

    proptest! {
        #[test]
        fn any_name_is_safe(name in any::<String>(), tail in ".{0,200}") {
            let slug = slug(&format!("{name}{tail}"));
            prop_assert!(!slug.is_empty() && slug.len() <= LONGEST);
            prop_assert!(!slug.starts_with('.') && !slug.ends_with('.'));
            prop_assert!(!slug.contains(['/', '\\', ':', '\0', ' ']));
        }
    }
}
