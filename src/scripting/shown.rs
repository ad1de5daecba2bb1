//! Values as the prompt shows them: texts in quotes, quantities with their units, lists and maps with what is in them.

use super::api;
use rhai::{Array, Dynamic, FLOAT, FnPtr, Map};

/// Longer lists and maps are cut.
const ITEMS: usize = 50;
/// What lies deeper is not shown.
const DEPTH: usize = 8;

/// A value as text, if there is something to show.
pub(super) fn shown(value: &Dynamic) -> Option<String> {
    let value = value.flatten_clone();
    if value.is_unit() || value.is::<api::ExperimentHandle>() {
        return None;
    }
    Some(text(&value, DEPTH))
}

fn text(value: &Dynamic, depth: usize) -> String {
    let value = value.flatten_clone();
    if let Some(text) = value.clone().try_cast::<rhai::ImmutableString>() {
        return format!("{text:?}");
    }
    if let Some(list) = value.clone().try_cast::<Array>() {
        return list_text(&list, depth);
    }
    if let Some(map) = value.clone().try_cast::<Map>() {
        return map_text(&map, depth);
    }
    if let Some(number) = value.clone().try_cast::<FLOAT>() {
        return format!("{number:?}");
    }
    if let Some(function) = value.clone().try_cast::<FnPtr>() {
        // Closures have a name that says nothing.
        let name = function.fn_name();
        return if function.is_anonymous() { "function".into() } else { format!("function {name}") };
    }
    if value.is_unit() {
        return "()".into();
    }
    api::text_of(&value)
}

fn list_text(list: &Array, depth: usize) -> String {
    if depth == 0 {
        return "[..]".into();
    }
    let items = list.iter().take(ITEMS).map(|item| text(item, depth - 1));
    format!("[{}]", joined(items, list.len()))
}

fn map_text(map: &Map, depth: usize) -> String {
    if depth == 0 || map.is_empty() {
        return if map.is_empty() { "#{}".into() } else { "#{..}".into() };
    }
    let items = map.iter().take(ITEMS).map(|(key, item)| {
        let is_word = key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !key.starts_with(|c: char| c.is_ascii_digit());
        let key = if is_word && !key.is_empty() { key.to_string() } else { format!("{key:?}") };
        format!("{key}: {}", text(item, depth - 1))
    });
    format!("#{{ {} }}", joined(items, map.len()))
}

fn joined(items: impl Iterator<Item = String>, count: usize) -> String {
    let rest = (count > ITEMS).then(|| format!("and {} more", count - ITEMS));
    items.chain(rest).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown_of(script: &str) -> Option<String> {
        let engine = crate::scripting::engine::engine(&[], false, true);
        shown(&engine.eval::<Dynamic>(script).unwrap())
    }

    #[test]
    fn values_are_readable() {
        for (script, wanted) in [
            ("1 + 1", "2"),
            ("4.0", "4.0"),
            ("\"a \\\"b\\\"\"", "\"a \\\"b\\\"\""),
            ("5.ms", "5 ms"),
            ("3.s - 5.s", "-2 s"),
            ("[1.s, 20.percent, \"x\", ()]", "[1 s, 20 %, \"x\", ()]"),
            ("#{ b: 200.rps, a: #{} }", "#{ a: #{}, b: 200/s }"),
            ("#{ \"a b\": 1 }", "#{ \"a b\": 1 }"),
            ("|x| x", "function"),
            ("fn f(x) { x } Fn(\"f\")", "function f"),
            ("exponential(5.ms)", "exponential with mean 5 ms"),
            ("'c'", "c"),
            ("true", "true"),
            ("let x = 5; let f = || x; x", "5"),
        ] {
            assert_eq!(shown_of(script).as_deref(), Some(wanted), "{script}");
        }
        assert_eq!(shown_of("let x = 1;"), None);
    }

    #[test]
    fn what_is_long_is_cut() {
        let text = shown_of("let l = []; l.pad(1000, 7); l").unwrap();
        assert!(text.ends_with("7, and 950 more]"), "{text}");
    }
}
