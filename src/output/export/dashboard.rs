//! A Grafana dashboard in its classic model (schema version 39), which every Grafana since version 10 imports: a panel for each
//! figure, what happened as annotations, and variables that choose variants, replications and components.

use super::Instant;
use super::openmetrics::{EVENT, Family};
use crate::output::manifest::Manifest;
use crate::random::mix::hash_name;
use serde_json::{Value, json};

const WIDTH: usize = 12;
const HEIGHT: usize = 8;
/// Grafana's own name of a data source that the user chooses.
const SOURCE: &str = "${source}";

/// The dashboard of an experiment with these figures, over this time.
pub(super) fn dashboard(manifest: &Manifest, families: &[Family], (from, to): (Instant, Instant)) -> Value {
    let panels = families.iter().enumerate().map(|(at, family)| panel(at, family, manifest));
    json!({
        "title": format!("scalelab: {}", manifest.experiment),
        "description": manifest.about,
        "uid": format!("scalelab-{:016x}", hash_name(&manifest.experiment)),
        "schemaVersion": 39,
        "tags": ["scalelab"],
        "timezone": "utc",
        "editable": true,
        "refresh": "",
        "time": { "from": from.to_string(), "to": to.to_string() },
        "annotations": { "list": [events(manifest)] },
        "templating": { "list": variables(manifest) },
        "panels": panels.collect::<Vec<Value>>(),
    })
}

fn source() -> Value {
    json!({ "type": "prometheus", "uid": SOURCE })
}

/// Of this experiment, and what the variables have chosen of it.
fn chosen(manifest: &Manifest) -> String {
    let experiment = Value::from(manifest.experiment.as_str());
    format!(r#"experiment={experiment},variant=~"$variant",replication=~"$replication""#)
}

fn panel(at: usize, family: &Family, manifest: &Manifest) -> Value {
    let name = &family.name;
    let chosen = chosen(manifest);
    let query = format!(r#"avg by (variant, component) ({name}{{{chosen},component=~"$component"}})"#);
    let unit = match () {
        () if name.ends_with("_seconds") => "s",
        () if name.ends_with("_ratio") => "percentunit",
        () if name.ends_with("_bytes_per_second") => "Bps",
        () if name.ends_with("_per_second") => "cps",
        () => "short",
    };
    json!({
        "id": at + 1,
        "type": "timeseries",
        "title": name.strip_prefix("scalelab_").unwrap_or(name).replace('_', " "),
        "description": family.about,
        "datasource": source(),
        "interval": format!("{}ms", (1_000.0 * manifest.timing.window_s).ceil()),
        "gridPos": { "x": WIDTH * (at % 2), "y": HEIGHT * (at / 2), "w": WIDTH, "h": HEIGHT },
        "fieldConfig": { "defaults": { "unit": unit, "min": 0 }, "overrides": [] },
        "options": { "legend": { "displayMode": "list", "placement": "bottom" }, "tooltip": { "mode": "multi", "sort": "desc" } },
        "targets": [{ "refId": "A", "datasource": source(), "expr": query, "legendFormat": "{{variant}} {{component}}" }],
    })
}

fn events(manifest: &Manifest) -> Value {
    json!({
        "name": "events",
        "enable": true,
        "iconColor": "orange",
        "datasource": source(),
        "expr": format!("{EVENT}{{{}}}", chosen(manifest)),
        "step": format!("{}ms", (1_000.0 * manifest.timing.window_s).ceil()),
        "titleFormat": "{{event}} {{component}}",
        "textFormat": "{{detail}}",
        "tagKeys": "variant,replication",
    })
}

fn variables(manifest: &Manifest) -> Vec<Value> {
    let experiment = Value::from(manifest.experiment.as_str());
    let of = |name: &str| {
        let query = format!("label_values({{__name__=~\"scalelab_.+\",experiment={experiment}}}, {name})");
        json!({
            "name": name,
            "type": "query",
            "datasource": source(),
            "query": { "query": query, "refId": name },
            "definition": query,
            "includeAll": true,
            "multi": true,
            "allValue": ".*",
            "current": { "text": ["All"], "value": ["$__all"] },
            "refresh": 2, // on a change of the time range: labels are looked for within it
            "sort": 1,
        })
    };
    let source = json!({ "name": "source", "label": "Prometheus", "type": "datasource", "query": "prometheus", "refresh": 1 });
    vec![source, of("variant"), of("replication"), of("component")]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::FIGURES;
    use crate::output::fixture;

    #[test]
    fn panels_lie_side_by_side_and_ask_for_what_is_there() {
        let mut manifest = Manifest::new(&fixture::plan(4), 7);
        manifest.experiment = "say \"x\"".into();
        let families: Vec<Family> = FIGURES.iter().map(|figure| Family::of(figure.name)).collect();
        let span = ("2026-01-01T00:00:00Z".parse().unwrap(), "2026-01-01T00:02:00Z".parse().unwrap());
        let drawn = dashboard(&manifest, &families, span);
        let panels = drawn["panels"].as_array().unwrap();
        assert_eq!(panels.len(), FIGURES.len());
        let places: std::collections::BTreeSet<String> =
            panels.iter().map(|panel| panel["gridPos"].to_string()).collect();
        assert_eq!(places.len(), panels.len());
        let query = panels[0]["targets"][0]["expr"].as_str().unwrap();
        assert!(
            query.contains(r#"scalelab_utilization_ratio{experiment="say \"x\"",variant=~"$variant""#),
            "{query}"
        );
        assert_eq!(panels[0]["fieldConfig"]["defaults"]["unit"], "percentunit");
        assert_eq!(panels[0]["interval"], "500ms");
        assert_eq!(drawn["time"]["to"], "2026-01-01T00:02:00.000Z");
    }
}
