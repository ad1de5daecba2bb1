//! Levels that make no difference at all: with one or the other, runs are the same to the last event.
//!
//! Without this, "no difference was shown" leaves open whether there is none or too few runs were made, and whether a setting does what it
//! was thought to do.

use super::design::{Level, Plan, Variant};
use super::result::RunResult;
use std::collections::BTreeMap;

/// Says so of each pair of levels, and of variants that were picked by hand. `results` are those of all runs, in order.
pub fn alike(plan: &Plan, results: &[RunResult]) -> Vec<String> {
    let mut runs: Vec<Vec<&RunResult>> = vec![Vec::new(); plan.variants.len()];
    results.iter().for_each(|run| runs[run.variant].push(run));
    let mut first: BTreeMap<Vec<&str>, usize> = BTreeMap::new();
    let digests = |variant: usize| runs[variant].iter().map(|run| run.digest.as_str()).collect();
    let class: Vec<usize> =
        (0..runs.len()).map(|variant| *first.entry(digests(variant)).or_insert(variant)).collect();
    if first.len() == runs.len() {
        return Vec::new();
    }
    let figures =
        |variant: usize| runs[variant].iter().map(|run| (&run.metrics, &run.components, &run.series));
    let same = |a: usize, b: usize| class[a] == class[b] && !runs[a].is_empty() && figures(a).eq(figures(b));
    let mut told: Vec<String> =
        (0..plan.factors.len()).flat_map(|factor| levels_alike(plan, factor, &same)).collect();
    told.extend(picks_alike(plan, &same));
    told
}

/// Each later level of a factor that does what an earlier one does, whatever the other factors are.
fn levels_alike(plan: &Plan, factor: usize, same: &impl Fn(usize, usize) -> bool) -> Vec<String> {
    let mut levels: Vec<&Level> = Vec::new();
    for level in plan.variants.iter().filter_map(|variant| variant.levels[factor].as_ref()) {
        if !levels.contains(&level) {
            levels.push(level);
        }
    }
    let first_like = |index: usize| {
        (0..index).find(|earlier| {
            let mut pairs = pairs(plan, factor, levels[*earlier], levels[index]).peekable();
            pairs.peek().is_some() && pairs.all(|(a, b)| same(a, b))
        })
    };
    let name = &plan.factors[factor];
    let tell = |index: usize| {
        let earlier = first_like(index)?;
        Some(told(&format!("{name}={}", levels[earlier].text), &format!("{name}={}", levels[index].text)))
    };
    (1..levels.len()).filter_map(tell).collect()
}

/// Variants that differ in this factor only, in these two levels of it.
fn pairs<'a>(
    plan: &'a Plan,
    factor: usize,
    one: &'a Level,
    other: &'a Level,
) -> impl Iterator<Item = (usize, usize)> {
    let with = move |level: &'a Level| {
        let has = move |variant: &&Variant| variant.levels[factor].as_ref() == Some(level);
        plan.variants.iter().enumerate().filter(move |(_, variant)| has(variant))
    };
    with(one).flat_map(move |(a, first)| {
        with(other).filter(move |(_, second)| differ_in(first, second).eq([factor])).map(move |(b, _)| (a, b))
    })
}

/// In which factors two variants differ.
fn differ_in<'a>(one: &'a Variant, other: &'a Variant) -> impl Iterator<Item = usize> + 'a {
    (0..one.levels.len()).filter(|factor| one.levels[*factor] != other.levels[*factor])
}

/// Variants that differ in several things at once, none of which is varied alone.
fn picks_alike(plan: &Plan, same: &impl Fn(usize, usize) -> bool) -> Vec<String> {
    let is_varied_alone = |one: &Variant, factor: usize| {
        plan.variants.iter().any(|variant| differ_in(one, variant).eq([factor]))
    };
    let picked = |a: usize, b: usize| {
        let (one, other) = (&plan.variants[a], &plan.variants[b]);
        differ_in(one, other).count() > 1 && differ_in(one, other).all(|factor| !is_varied_alone(one, factor))
    };
    let tell = |b: usize| {
        let a = (0..b).find(|a| picked(*a, b) && same(*a, b))?;
        Some(told(&plan.variants[a].label, &plan.variants[b].label))
    };
    (1..plan.variants.len()).filter_map(tell).collect()
}

fn told(one: &str, other: &str) -> String {
    format!("{one} and {other} make no difference here: their runs are the same to the last event")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(text: &str) -> Option<Level> {
        Some(Level { text: text.into(), number: None, unit: "" })
    }

    /// Two factors crossed: a run depends on what `digest` makes of their levels.
    fn crossed(digest: impl Fn(&str, &str) -> String) -> Vec<String> {
        let variants: Vec<Variant> = ["x", "y"]
            .iter()
            .flat_map(|a| {
                ["1", "2", "3"]
                    .map(|b| Variant { label: format!("a={a};b={b}"), levels: vec![level(a), level(b)] })
            })
            .collect();
        let run = |(index, variant): (usize, &Variant)| {
            let text = |factor: usize| variant.levels[factor].as_ref().unwrap().text.clone();
            RunResult { variant: index, digest: digest(&text(0), &text(1)), ..RunResult::default() }
        };
        let results: Vec<RunResult> = variants.iter().enumerate().map(run).collect();
        let factors = vec!["a".into(), "b".into()];
        alike(&Plan { factors, variants, ..crate::output::fixture::plan(1) }, &results)
    }

    #[test]
    fn a_level_that_changes_nothing_whatever_else_is_told() {
        assert_eq!(crossed(|a, b| format!("{a}{b}")), [""; 0]);
        let told = crossed(|a, b| format!("{a}{}", if b == "3" { "1" } else { b }));
        assert_eq!(told, ["b=1 and b=3 make no difference here: their runs are the same to the last event"]);
        let told = crossed(|_, b| b.to_string());
        assert_eq!(told, ["a=x and a=y make no difference here: their runs are the same to the last event"]);
    }

    #[test]
    fn a_level_that_counts_with_one_level_of_another_counts() {
        assert_eq!(crossed(|a, b| if a == "x" { a.to_string() } else { format!("{a}{b}") }), [""; 0]);
    }

    #[test]
    fn what_is_counted_counts_and_not_events_alone() {
        let plan = crate::output::fixture::plan(1);
        let mut results = vec![crate::output::fixture::run(0, 0), crate::output::fixture::run(0, 0)];
        results[1].variant = 1;
        let told = "strategy=through;ttl=5 s and strategy=back;ttl=60 s make no difference here: their runs are the same to the last event";
        assert_eq!(alike(&plan, &results), [told], "picked by hand: neither is varied alone");
        results[1].metrics[0] = Some(12.5);
        assert_eq!(alike(&plan, &results), [""; 0]);
    }
}
