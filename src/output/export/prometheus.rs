//! A folder from which a Prometheus of its own can be started, and a dashboard for Grafana.

use super::openmetrics::Samples;
use super::results::Results;
use super::{ExportError, Instant, dashboard};
use crate::output::file;
use std::io;
use std::path::Path;

const CONFIG: &str = "# Nothing is scraped: the data folder holds what was simulated.\nscrape_configs: []\n";

pub(super) fn write(
    results: &Results,
    dir: &Path,
    epoch: Instant,
) -> Result<Vec<(&'static str, String)>, ExportError> {
    let samples = Samples::read(results, epoch)?;
    file::write(&dir.join("metrics.om"), |out| samples.write(out))?;
    file::write(&dir.join("prometheus.yml"), |out| out.write_all(CONFIG.as_bytes()))?;
    let script = script(results.manifest.timing.window_s);
    file::write(&dir.join("serve.sh"), |out| out.write_all(script.as_bytes()))?;
    let drawn = dashboard::dashboard(&results.manifest, &samples.families(), (epoch, samples.until));
    file::write(&dir.join("dashboard.json"), |out| {
        serde_json::to_writer_pretty(&mut *out, &drawn).map_err(io::Error::from)?;
        out.write_all(b"\n")
    })?;
    Ok(vec![
        ("metrics.om", format!("{} samples of {} metrics (OpenMetrics)", samples.len(), samples.kinds())),
        ("serve.sh", "makes blocks of them and starts a Prometheus on them, for this machine only".into()),
        ("prometheus.yml", "its settings".into()),
        ("dashboard.json", "a Grafana dashboard, to be imported".into()),
    ])
}

/// How a Prometheus is started on the export. A sample holds for five minutes by default: here for two windows.
fn script(window_s: f64) -> String {
    let lookback_ms = (2_000.0 * window_s).ceil().max(1.0) as u64;
    format!(
        r#"#!/bin/sh
# Makes a Prometheus's blocks of metrics.om and starts a Prometheus on them: sh serve.sh [PORT]
# One of its own: in a shared one, old blocks are deleted as soon as there are recent ones, and blocks from the future keep it
# from scraping.
set -eu
cd "$(dirname "$0")"
rm -rf data
promtool tsdb create-blocks-from openmetrics metrics.om data
exec prometheus --config.file=prometheus.yml --storage.tsdb.path=data --storage.tsdb.retention.time=100y \
    --query.lookback-delta={lookback_ms}ms --web.listen-address="127.0.0.1:${{1:-9090}}"
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_holds_for_two_windows() {
        assert!(script(0.5).contains("--query.lookback-delta=1000ms"));
        assert!(script(0.0001).contains("--query.lookback-delta=1ms"));
        assert!(script(0.5).contains("127.0.0.1:${1:-9090}"));
    }
}
