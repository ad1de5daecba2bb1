//! When two levels are the same: what a script writes in `where`, `baseline` and `expect_for` is what it gave to `vary` or `variant`.

use crate::catalog::{Load, TraceLoad, Value};
use crate::scripting::convert::{level, value};
use crate::scripting::mended::is_unknown;
use rhai::{Array, Dynamic, FnPtr, Map};

/// Whether a variant has all these levels.
pub(super) fn matches(variant: &Map, wanted: &Map) -> bool {
    wanted.iter().all(|(name, value)| variant.get(name).is_some_and(|own| same(own, value)))
}

/// Whether two levels are the same.
pub(in crate::scripting) fn same(a: &Dynamic, b: &Dynamic) -> bool {
    if let (Some(a), Some(b)) = (a.read_lock::<Map>(), b.read_lock::<Map>()) {
        return a.len() == b.len() && matches(&a, &b);
    }
    if let (Some(a), Some(b)) = (a.read_lock::<Array>(), b.read_lock::<Array>()) {
        return a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b));
    }
    if let (Some(a), Some(b)) = (a.read_lock::<FnPtr>(), b.read_lock::<FnPtr>()) {
        return a.fn_name() == b.fn_name();
    }
    if is_unknown(a) || is_unknown(b) {
        return true; // a mistake stands there, which is told
    }
    match (value(a), value(b)) {
        (Value::Variate(a), Value::Variate(b)) => a == b,
        (Value::Keys(a), Value::Keys(b)) => a == b,
        (Value::Clients(a), Value::Clients(b)) => a == b,
        (Value::GeoIp(a), Value::GeoIp(b)) => a.bytes == b.bytes,
        (Value::Load(Load::Open(a)), Value::Load(Load::Open(b))) => a == b,
        (Value::Load(Load::Trace(a)), Value::Load(Load::Trace(b))) => same_trace(&a, &b),
        (Value::Share(share), Value::Number(number)) | (Value::Number(number), Value::Share(share)) => {
            share == number
        }
        _ => level(a) == level(b),
    }
}

fn same_trace(a: &TraceLoad, b: &TraceLoad) -> bool {
    let options = |load: &TraceLoad| (load.bootstrap, load.writes, load.options, load.arrivals.clone());
    a.path == b.path && options(a) == options(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn are_same(a: &str, b: &str) -> bool {
        let engine = crate::scripting::engine::engine(&[], false, true);
        let [a, b] = [a, b].map(|text| engine.eval::<Dynamic>(text).unwrap());
        assert!(same(&a, &a) && same(&b, &b));
        same(&a, &b)
    }

    #[test]
    fn levels_are_told_apart_by_what_they_are() {
        let kinds: [&[&str]; 6] = [
            &["exponential(2.ms)", "exponential(3.ms)", "constant(2.ms)", "lognormal(2.ms, 1.0)"],
            &["#{}", "#{ a: 1 }", "#{ a: 2 }", "#{ b: 1 }", "#{ a: 1, b: 1 }", "#{ a: exponential(1.ms) }"],
            &["[]", "[1]", "[1, 2]", "[2, 1]", "[exponential(2.ms)]", "[exponential(3.ms)]"],
            &["poisson(2.rps)", "poisson(3.rps)", "constant(2.rps)", "steps([[0.s, 2.rps], [1.s, 3.rps]])"],
            &["zipf(10, 1.0)", "zipf(10, 0.9)", "uniform_keys(10)"],
            &["fn f(x) { x } Fn(\"f\")", "fn g(x) { x } Fn(\"g\")"],
        ];
        for kind in kinds {
            for (at, a) in kind.iter().enumerate() {
                for (other, b) in kind.iter().enumerate() {
                    assert_eq!(are_same(a, b), at == other, "{a} {b}");
                }
            }
        }
    }

    #[test]
    fn one_thing_may_be_written_in_several_ways() {
        for (a, b) in
            [("5.s", "5000.ms"), ("20.percent", "0.2"), ("1.kib", "1024.bytes"), ("60.per_minute", "1.rps")]
        {
            assert!(are_same(a, b), "{a} {b}");
        }
        assert!(!are_same("0.3", "20.percent"));
    }
}
