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

/// The group, or node, that is busiest on average over some runs, and the busy share of its processors.
fn most_of<'a>(rows: impl Iterator<Item = &'a ComponentRow>) -> Option<(String, f64)> {
    let mut nodes: BTreeMap<(&str, &str), (f64, f64)> = BTreeMap::new();
    for row in rows {
        if let Some(share) = row.utilization_ratio {
            // (The only node at the beginning has the name of its group.)
            let (group, node) = row.component.split_once('/').unwrap_or((&row.component, "0"));
            let (sum, count) = nodes.entry((group, node)).or_default();
            (*sum, *count) = (*sum + share, *count + 1.0);
        }
    }
    let mut groups: BTreeMap<&str, Vec<(&str, f64)>> = BTreeMap::new();
    for ((group, node), (sum, count)) in nodes {
        groups.entry(group).or_default().push((node, sum / count));
    }
    let told = groups.into_iter().map(|(group, nodes)| hottest(group, &nodes));
    told.reduce(|most, other| if other.1 > most.1 { other } else { most })
}

/// A group as a whole, or the one of its nodes that has far more to do than the others.
fn hottest(group: &str, nodes: &[(&str, f64)]) -> (String, f64) {
    let mean = nodes.iter().map(|(_, share)| share).sum::<f64>() / nodes.len() as f64;
    let (node, most) = nodes[1..].iter().fold(nodes[0], |a, b| if b.1 > a.1 { *b } else { a });
    if most > HOT * mean { (format!("{}[{node}]", plain(group)), most) } else { (plain(group), mean) }
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
        assert_eq!((name.as_str(), significant(share, 3).as_str()), ("site", "0.7"));
        let hot = [("db/0", 0.9), ("db/1", 0.1), ("site/0", 0.6)];
        assert_eq!(most_of(run(&hot).iter()), Some(("db[0]".into(), 0.9)));
        assert_eq!(most_of([].iter()), None);
    }
}
