//! What stands in a CSV: `scalelab explain comparison.csv`, `scalelab explain diff_rel_pct`.

use super::{head, rows};
use crate::experiment::COLUMNS;
use crate::output::{Explained, GUIDES, Guide};
use serde_json::{Value, json};

/// The table whose columns are also those of a component.
const OF_COMPONENTS: &str = "components.csv";

/// Columns of this name that only say which row it is, or how it was compared: what they hold, and the tables that have such a one.
pub(super) fn cells(name: &str) -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
    let mut found: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for guide in GUIDES {
        for (column, about) in guide.columns().filter(|(column, _)| *column == name) {
            match found.iter_mut().find(|(_, other, _)| other == about) {
                Some((.., files)) => files.push(guide.name),
                None => found.push((column, about, vec![guide.name])),
            }
        }
    }
    found
}

/// All columns of a table.
fn columns(guide: &Guide) -> Vec<Explained> {
    let of_nodes = COLUMNS.iter().filter(|_| guide.name == OF_COMPONENTS);
    guide.columns().copied().chain(of_nodes.map(|column| (column.name, column.about))).collect()
}

pub(super) fn text(guide: &Guide) -> String {
    let facts: Vec<(&str, String)> =
        columns(guide).into_iter().map(|(column, about)| (column, about.into())).collect();
    let metrics = "  and a column for each metric: `scalelab list metrics`\n";
    head(guide.name, "a table of results", guide.about)
        + rows(&facts).as_str()
        + if guide.metrics { metrics } else { "" }
}

pub(super) fn json(guide: &Guide) -> Value {
    let column = |(name, about): Explained| json!({ "name": name, "about": about });
    json!({
        "is": "table", "name": guide.name, "about": guide.about, "metrics": guide.metrics,
        "columns": columns(guide).into_iter().map(column).collect::<Value>(),
    })
}
