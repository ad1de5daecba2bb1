//! Results for other tools: what is written, and what is refused. Real ones read it in `.ci/peers`.

use assert_cmd::Command;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn scalelab() -> Command {
    let mut command = Command::cargo_bin("scalelab").unwrap();
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command
}

/// Results of the small experiment, one replication.
fn results() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("small");
    scalelab().args(["run", "tests/small.rhai", "-q", "-r", "1", "-o"]).arg(&target).assert().code(99);
    (folder, target)
}

fn export(kind: &str, results: &Path) -> Command {
    let mut command = scalelab();
    command.args(["export", kind]).arg(results);
    command
}

fn rows(path: &Path) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(path).unwrap();
    reader.deserialize().map(Result::unwrap).collect()
}

/// Metrics, labels and times of all samples in order of the file, without the values.
fn samples(text: &str) -> Vec<(&str, &str, f64)> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (name, rest) = line.split_once('{').unwrap();
            let (labels, rest) = rest.rsplit_once("} ").unwrap();
            (name, labels, rest.split_once(' ').unwrap().1.parse().unwrap())
        })
        .collect()
}

#[test]
fn every_figure_and_every_event_is_a_sample() {
    let (_folder, results) = results();
    export("prometheus", &results).assert().success();
    let text = std::fs::read_to_string(results.with_extension("prometheus").join("metrics.om")).unwrap();
    assert!(text.ends_with("\n# EOF\n"));
    let samples = samples(&text);
    let figures = rows(&results.join("timeseries.csv"));
    let events = rows(&results.join("events.csv"));
    let of_events = samples.iter().filter(|(name, ..)| *name == "scalelab_event").count();
    assert_eq!((samples.len() - of_events, of_events), (figures.len(), events.len()));
    for pair in samples.windows(2).filter(|pair| (pair[0].0, pair[0].1) == (pair[1].0, pair[1].1)) {
        assert!(pair[0].2 < pair[1].2, "{pair:?}");
    }
    let line = "scalelab_throughput_per_second{experiment=\"small\",variant=\"strategy=through;policy=round_robin\",\
                replication=\"0\",component=\"all\"} ";
    let first = |metric: &str| {
        let row = figures.iter().find(|row| row["component"] == "all" && row["metric"] == metric).unwrap();
        row["value"].parse::<f64>().unwrap()
    };
    let value = first("throughput_per_s");
    assert!(text.contains(&format!("{line}{value} 1767225600.050\n")), "{value}");
    let line = line.replace("throughput_per_second", "latency_p99_seconds");
    let value = first("latency_p99_ms") / 1_000.0;
    assert!(text.contains(&format!("{line}{value} 17672256")), "{value}");
}

#[test]
fn each_event_is_a_line_in_order_of_time() {
    let (_folder, results) = results();
    export("logs", &results).args(["--epoch", "2026-11-28T12:00:00+01:00"]).assert().success();
    let logs = results.with_extension("logs");
    let lines = |file: &str| -> Vec<Value> {
        let text = std::fs::read_to_string(logs.join(file)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    let (plain, otlp) = (lines("events.jsonl"), lines("events.otlp.jsonl"));
    assert_eq!((plain.len(), otlp.len()), (16, 16));
    assert_eq!(plain[0]["time"], "2026-11-28T11:00:02.000Z");
    assert_eq!(plain[0]["message"], "crash store: the cache dies");
    assert!(plain.is_sorted_by(|a, b| a["t_s"].as_f64() <= b["t_s"].as_f64()));
    let record = &otlp[0]["resourceLogs"][0]["scopeLogs"][0]["logRecords"][0];
    assert_eq!(record["timeUnixNano"], "1795863602000000000");
    assert_eq!(record["eventName"], "crash");
}

#[test]
fn without_a_target_files_come_beside_the_results() {
    let (_folder, results) = results();
    let by = |name: &str| {
        let mut command = Command::cargo_bin("scalelab").unwrap();
        let output = command
            .current_dir(&results)
            .args(["export", "logs", name])
            .assert()
            .success()
            .get_output()
            .clone();
        std::fs::remove_dir_all(results.with_extension("logs")).expect("it was made");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(by("../small/").starts_with("wrote ../small.logs:\n"));
    assert!(by(".").contains("/small.logs:\n"));
}

#[test]
fn the_same_results_give_the_same_bytes() {
    let (folder, results) = results();
    for kind in ["prometheus", "logs"] {
        let [one, other] = ["one", "other"].map(|name| folder.path().join(name).join(kind));
        for target in [&one, &other] {
            export(kind, &results).arg("-o").arg(target).assert().success();
        }
        for entry in std::fs::read_dir(&one).unwrap() {
            let name = entry.unwrap().file_name();
            let read = |folder: &Path| std::fs::read(folder.join(&name)).unwrap();
            assert_eq!(read(&one), read(&other), "{name:?}");
        }
    }
}

fn refused(command: &mut Command, code: i32, told: &str) {
    let output = command.assert().code(code).get_output().clone();
    let text = String::from_utf8(output.stderr).unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(told), "{text}");
}

#[test]
fn what_cannot_be_exported_is_said() {
    let (folder, results) = results();
    refused(&mut export("prometheus", folder.path()), 1, "no results of scalelab are here");
    refused(export("logs", &results).args(["--epoch", "soon"]), 2, "2026-01-01T00:00:00Z");
    refused(export("logs", &results).args(["--epoch", "9999-12-30T21:59:59Z"]), 1, "beyond the year 9999");
    refused(&mut export("csv", &results), 2, "possible values: prometheus, logs");
    let taken = folder.path().join("file");
    std::fs::write(&taken, "mine").unwrap();
    refused(export("logs", &results).arg("-o").arg(&taken), 1, "this is a file");
    assert_eq!(std::fs::read_to_string(&taken).unwrap(), "mine");
    let path = results.join("timeseries.csv");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen(",all,throughput_per_s,", ",all,throughput_per_s,x", 1)).unwrap();
    refused(&mut export("prometheus", &results), 1, "timeseries.csv, line 2:");
    std::fs::write(&path, text.replacen(",all,", ",", 1)).unwrap();
    refused(&mut export("prometheus", &results), 1, "6 cells under a header of 7");
    std::fs::remove_file(&path).unwrap();
    refused(&mut export("prometheus", &results), 1, "timeseries.csv");
    assert!(!results.with_extension("prometheus").join("metrics.om").exists());
}

/// Prometheus would keep one of two samples in a millisecond, and say nothing.
#[test]
fn windows_that_prometheus_cannot_tell_apart_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (script, target) = (folder.path().join("fine.rhai"), folder.path().join("fine"));
    std::fs::write(
        &script,
        "experiment(\"fine\").duration(2.ms).window(0.2.ms).replications(1).world(|p| {
        let shop = web(\"shop\", #{ service: exponential(1.ms) });
        traffic(\"t\", #{ to: shop, rate: 5000.rps });
    });",
    )
    .unwrap();
    scalelab().arg("run").arg(&script).args(["-q", "-o"]).arg(&target).assert().success();
    refused(&mut export("prometheus", &target), 1, "shorter than a millisecond");
}
