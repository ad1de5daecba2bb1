//! Scripts run by the program, as a user would run them.

use assert_cmd::Command;

/// Runs a script whose every check must hold.
pub fn holds(script: &str) {
    let (success, told) = run(script);
    assert!(success, "{told}");
}

/// What a script says whose checks need not hold.
pub fn told(script: &str) -> String {
    run(script).1
}

/// The rows of a file of results, after its header. The script must be sound, and its checks hold.
pub fn rows(script: &str, file: &str) -> (csv::StringRecord, Vec<csv::StringRecord>) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.rhai");
    std::fs::write(&path, script).unwrap();
    let out = folder.path().join("out");
    let mut command = Command::cargo_bin("scalelab").unwrap();
    command.arg("run").arg(&path).args(["-q", "-o"]).arg(&out).assert().success();
    let mut reader = csv::Reader::from_path(out.join(file)).unwrap();
    let header = reader.headers().unwrap().clone();
    (header, reader.records().map(Result::unwrap).collect())
}

fn run(script: &str) -> (bool, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("holds.rhai");
    std::fs::write(&path, script).unwrap();
    let out = folder.path().join("out");
    let mut command = Command::cargo_bin("scalelab").unwrap();
    let run = command.arg("run").arg(&path).args(["-q", "-o"]).arg(&out).output().unwrap();
    let checks = std::fs::read_to_string(out.join("checks.csv")).unwrap_or_default();
    (run.status.success(), format!("{}\n{checks}", String::from_utf8_lossy(&run.stderr)))
}
