//! Who has most to do in each variant: where a design is full, one reads it beside its latencies.

use super::figures::significant;
use super::look::plain;
use crate::experiment::{ComponentRow, Outcome, Plan, RunResult};
use std::collections::BTreeMap;

/// So much busier than its like, and a node is named itself: it is hot.
const HOT: f64 = 1.2;

/// "site 42 %", variant by variant, in all that was measured or a part of it; nothing if no component counts how busy it is.
pub(super) fn busiest<'a>(
    plan: &Plan,
    outcome: &'a Outcome,
    part: impl Fn(&'a RunResult) -> &'a [ComponentRow],
) -> Option<Vec<String>> {
    let of_variant = |variant: usize| {
        let runs = outcome.results.iter().filter(|run| run.variant == variant);
        most_of(runs.flat_map(&part))
            .map_or(String::new(), |(name, share)| format!("{name} {} %", significant(100.0 * share, 2)))
    };
    let cells: Vec<String> = (0..plan.variants.len()).map(of_variant).collect();
    cells.iter().any(|cell| !cell.is_empty()).then_some(cells)
}

/// The group, or node, that is busiest on average over some runs, and the busy share of its processors: whoever has more of them, or was there for
/// longer, counts for more.
fn most_of<'a>(rows: impl Iterator<Item = &'a ComponentRow>) -> Option<(String, f64)> {
    let mut groups: BTreeMap<String, BTreeMap<&str, Busy>> = BTreeMap::new();
    for row in rows {
        if let Some(share) = row.utilization_ratio {
            let (group, node) = parts(&row.component);
            let busy = groups.entry(group).or_default().entry(node).or_default();
            let weight = row.capacity.unwrap_or(1.0);
            (busy.work, busy.all) = (busy.work + share * weight, busy.all + weight);
        }
    }
    let told = groups.into_iter().filter_map(|(group, nodes)| hottest(&group, &nodes));
    told.reduce(|most, other| if other.1 > most.1 { other } else { most })
}

/// What processors did, and could have done.
#[derive(Clone, Copy, Default)]
struct Busy {
    work: f64,
    all: f64,
}

/// The group of a row of components.csv, and which of its nodes it is: "site/0 workers" is node 0 of "site workers". (The only node at the beginning
/// has the name of its group.)
fn parts(component: &str) -> (String, &str) {
    let (group, node) = component.split_once('/').unwrap_or((component, "0"));
    let pool = ["workers", "connections", "appliers"].iter().find_map(|pool| {
        let node = node.strip_suffix(pool)?.strip_suffix(' ')?;
        Some((format!("{group} {pool}"), node))
    });
    pool.unwrap_or_else(|| (group.to_string(), node))
}

/// A group as a whole, or the one of its nodes that has far more to do than the others.
fn hottest(group: &str, nodes: &BTreeMap<&str, Busy>) -> Option<(String, f64)> {
    let share = |busy: &Busy| if busy.all > 0.0 { busy.work / busy.all } else { 0.0 };
    let sum = |of: fn(&Busy) -> f64| nodes.values().map(of).sum::<f64>();
    let mean = share(&Busy { work: sum(|busy| busy.work), all: sum(|busy| busy.all) });
    let (node, most) =
        nodes.iter().map(|(node, busy)| (node, share(busy))).reduce(|a, b| if b.1 > a.1 { b } else { a })?;
    let is_hot = nodes.len() > 1 && most > HOT * mean;
    Some(if is_hot { (format!("{}[{node}]", plain(group)), most) } else { (plain(group), mean) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(shares: &[(&str, f64)]) -> Vec<ComponentRow> {
        let row = |(component, share): &(&str, f64)| ComponentRow {
            component: (*component).into(),
            utilization_ratio: Some(*share),
            ..ComponentRow::default()
        };
        shares.iter().map(row).collect()
    }

    #[test]
    fn the_fullest_is_named_and_a_hot_node_itself() {
        let even = [("db/0", 0.5), ("site/0", 0.6), ("site/1", 0.8), ("site/0", 0.8), ("site/1", 0.6)];
        let (name, share) = most_of(run(&even).iter()).unwrap();
        let mut late = run(&[("site/0", 0.4), ("site/1", 0.1), ("site/0 workers", 0.3)]);
        late[1].capacity = Some(0.01);
        let (of_late, little) = most_of(late.iter()).unwrap();
        assert_eq!(
            (of_late.as_str(), significant(little, 2).as_str()),
            ("site", "0.4"),
            "who comes at the end"
        );
        assert_eq!((name.as_str(), significant(share, 3).as_str()), ("site", "0.7"));
        let hot = [("db/0", 0.9), ("db/1", 0.1), ("site/0", 0.6)];
        assert_eq!(most_of(run(&hot).iter()), Some(("db[0]".into(), 0.9)));
        assert_eq!(most_of([].iter()), None);
    }
}
