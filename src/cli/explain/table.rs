//! What stands in a CSV: `scalelab explain comparison.csv`, `scalelab explain diff_rel_pct`.

use super::{head, rows};
use crate::experiment::COLUMNS;
use crate::output::{Explained, GUIDES, Guide};
use serde_json::{Value, json};

/// The table whose columns are also those of a component.
const OF_COMPONENTS: &str = "components.csv";

/// A column that only says which row it is, or how it was compared, and the tables that have it.
pub(super) fn cell(name: &str) -> Option<(&'static str, &'static str, Vec<&'static str>)> {
    let has = |guide: &&Guide| guide.columns().any(|(column, _)| *column == name);
    let files: Vec<&'static Guide> = GUIDES.iter().filter(has).collect();
    let (column, about) = files.first()?.columns().find(|(column, _)| *column == name)?;
    Some((column, about, files.iter().map(|guide| guide.name).collect()))
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
