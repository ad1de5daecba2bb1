//! Same script, same seed: the same bytes, whatever the number of threads, today and tomorrow.

use assert_cmd::Command;
use std::collections::BTreeMap;
use std::path::Path;

/// Files of a run of the small experiment: name to bytes. The manifest is left without what depends on the machine.
fn files(options: &[&str]) -> BTreeMap<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out");
    Command::cargo_bin("scalelab")
        .unwrap()
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["run", "tests/small.rhai", "-q", "-o"])
        .arg(&target)
        .args(options)
        .assert()
        .success();
    let read = |path: &Path| {
        let text = std::fs::read_to_string(path).unwrap();
        if path.extension().unwrap() == "json" { digests(&text) } else { text }
    };
    std::fs::read_dir(target)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_str().unwrap().to_string(), read(&path)))
        .collect()
}

/// The fingerprints of all runs.
fn digests(manifest: &str) -> String {
    let manifest: serde_json::Value = serde_json::from_str(manifest).unwrap();
    let runs = manifest["runs"].clone();
    assert_eq!(runs.as_array().unwrap().len(), 12, "four variants, three replications");
    runs.to_string()
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let one = files(&["-j", "1"]);
    assert_eq!(one, files(&["-j", "4"]));
    assert!(one.contains_key("summary.csv") && one.len() == 8, "{:?}", one.keys());
}

#[test]
fn another_seed_is_another_run_in_which_the_checks_hold_too() {
    let (seven, eight) = (files(&[]), files(&["--seed", "8"]));
    assert_ne!(seven["manifest.json"], eight["manifest.json"]);
    assert_eq!(seven["summary.csv"].lines().next(), eight["summary.csv"].lines().next());
}

/// The golden experiment: these numbers may only change with a change of the model, and then on purpose.
#[test]
fn the_golden_experiment() {
    let files = files(&[]);
    insta::assert_snapshot!("golden_summary", files["summary.csv"]);
    insta::assert_snapshot!("golden_events", files["events.csv"]);
    insta::assert_snapshot!("golden_digests", files["manifest.json"]);
}

/// The number of measured requests is the rate times the measured time, whatever the warm-up.
#[test]
fn the_warm_up_is_not_measured() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("warm.rhai");
    let text = r#"experiment("warm").vary("warm", [1]).warmup(20.s).duration(10.s).replications(3).world(|p| {
        let db = database("db", #{ read: 1.ms, write: 1.ms });
        traffic("t", #{ to: db, rate: constant(100.rps) });
    });"#;
    std::fs::write(&script, text).unwrap();
    let target = folder.path().join("out");
    Command::cargo_bin("scalelab")
        .unwrap()
        .arg("run")
        .arg(script)
        .args(["-q", "-o"])
        .arg(&target)
        .assert()
        .success();
    let summary = std::fs::read_to_string(target.join("summary.csv")).unwrap();
    let mut lines = summary.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    let at = head.iter().position(|column| *column == "requests_total_count").unwrap();
    for line in lines {
        let total: u64 = line.split(',').nth(at).unwrap().parse().unwrap();
        assert!((999..=1001).contains(&total), "{total} requests in ten seconds at 100 a second");
    }
}
