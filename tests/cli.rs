//! The program from outside: exit codes, files, interruption.

use assert_cmd::Command;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn scalelab() -> Command {
    let mut command = Command::cargo_bin("scalelab").unwrap();
    command.current_dir(env!("CARGO_MANIFEST_DIR")).timeout(Duration::from_secs(300));
    command
}

fn temporary() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out");
    (folder, target)
}

#[test]
fn rules_of_the_command_line_decide_the_exit_code() {
    for (rule, code) in
        [("latency_p99_ms < 100000", 0), ("latency_p99 < 0.001", 99), ("latency_p98 < 5", 2), ("nonsense", 2)]
    {
        let (_folder, target) = temporary();
        scalelab()
            .args(["run", "tests/small.rhai", "-q", "--check", rule, "-o"])
            .arg(target)
            .assert()
            .code(code);
    }
}

/// A reader who has gone (`| true`) misses the table, not the verdict.
#[test]
fn the_exit_code_outlives_the_reader() {
    for json in [&[][..], &["--json"]] {
        let (_folder, target) = temporary();
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("scalelab"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .args(["run", "tests/small.rhai", "--check", "latency_p99 < 0.001", "-o"])
            .arg(&target)
            .args(json)
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        assert_eq!(child.wait().unwrap().code(), Some(99), "{json:?}");
        assert!(target.join("checks.csv").exists());
    }
}

#[test]
fn clients_are_explained_with_all_that_can_be_said_of_them() {
    let text = String::from_utf8(scalelab().args(["explain", "clients"]).output().unwrap().stdout).unwrap();
    for setting in ["mobile", "vpn", "nat", "behind", "exit", "gateway", "office"] {
        assert!(text.contains(&format!("    {setting}: ")), "{setting}: {text}");
        scalelab().args(["explain", setting]).assert().success();
    }
}

#[test]
fn one_replication_decides_nothing() {
    let (_folder, target) = temporary();
    scalelab().args(["run", "tests/small.rhai", "-q", "-r", "1", "-o"]).arg(target).assert().code(99);
}

#[test]
fn what_cannot_be_read_or_written_is_said_and_nothing_is_lost() {
    scalelab().args(["run", "tests/nowhere.rhai"]).assert().code(1);
    scalelab().args(["run", "tests"]).assert().code(1);
    scalelab().args(["run", "tests/data/loop.gz"]).assert().code(1);
    scalelab().args(["walk", "tests/small.rhai"]).assert().code(2);
    // A file stands where the folder should be; it must still be there afterwards.
    let (folder, _) = temporary();
    let file = folder.path().join("file");
    std::fs::write(&file, "mine").unwrap();
    for target in [file.clone(), file.join("below")] {
        scalelab().args(["run", "tests/small.rhai", "-q", "-r", "2", "-o"]).arg(target).assert().code(1);
    }
    assert_eq!(std::fs::read_to_string(file).unwrap(), "mine");
}

#[test]
fn a_failed_run_leaves_earlier_results_untouched() {
    let (folder, target) = temporary();
    scalelab().args(["run", "tests/small.rhai", "-q", "-o"]).arg(&target).assert().success();
    let before = std::fs::read(target.join("summary.csv")).unwrap();
    let broken = folder.path().join("broken.rhai");
    let text = std::fs::read_to_string("tests/small.rhai").unwrap();
    // Refused only while it runs: a rate function would be found before, a condition that fails late is not.
    let late = "at(3.s, || { if shop.arrivals > 0.0 { shop[9].crash(); } });";
    std::fs::write(&broken, text.replace("at(3.s, \"one", &format!("{late}\n        at(3.s, \"one")))
        .unwrap();
    scalelab().arg("run").arg(&broken).args(["-q", "-o"]).arg(&target).assert().code(1);
    assert_eq!(std::fs::read(target.join("summary.csv")).unwrap(), before);
}

#[test]
fn several_experiments_in_one_script() {
    let (_folder, target) = temporary();
    let output = scalelab().args(["run", "tests/several.rhai", "-o"]).arg(&target).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8(output.stdout).unwrap().contains("p99 at 600 a second: true"));
    // The one that runs first has the folder, the others have folders in it.
    for folder in [".", "first", "third"] {
        assert!(target.join(folder).join("summary.csv").exists(), "{folder}");
    }
    let third = std::fs::read_to_string(target.join("third/summary.csv")).unwrap();
    assert!(third.contains("200"), "{third}");
}

#[test]
fn json_is_one_document_on_stdout() {
    let (_folder, target) = temporary();
    let output = scalelab().args(["run", "tests/small.rhai", "--json", "-o"]).arg(&target).output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["variants"].as_array().unwrap().len(), 4);
    let metrics = document["metrics"].as_array().unwrap();
    let p99 = metrics.iter().find(|row| row["metric"] == "latency_p99_ms").unwrap();
    assert!(p99["mean"].as_f64().unwrap() > 0.0);
}

#[test]
fn check_prints_the_plan_and_runs_nothing() {
    let output = scalelab().args(["check", "tests/small.rhai"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("4 variants x 3 replications = 12 runs of 4 s"), "{text}");
    assert!(text.contains("events"), "{text}");
}

/// Experiments that run one behind the other, and what one prints hangs on what another has found: nothing is wrong with that, and all is printed once.
#[test]
fn what_is_done_with_results_is_no_mistake_before_there_are_any() {
    let (folder, target) = temporary();
    let path = folder.path().join("several.rhai");
    let script = "let world = |p| traffic(\"t\", #{ to: web(\"w\", #{ service: 1.ms, cores: p.n }), rate: 10.rps });
        print(\"at first\");
        let first = experiment(\"first\").vary(\"n\", [1, 2]).duration(1.s).replications(2).world(world).run();
        print(\"and then\");
        experiment(\"second\").vary(\"n\", [1, 2]).duration(1.s).replications(2).world(world).run();
        let p50 = first.where(#{ n: 1 }).latency_p50.mean;
        let rates = [p50, p50 * 2, -p50, min(p50, 3.0)];
        rates.sort();
        let cores = switch p50.to_int() { 0 => 1, 1..=100_000 => 2 };
        if p50 > 0 && !p50.is_nan {
            experiment(\"third\").vary(\"n\", [cores]).duration(1.s).replications(2).world(|p| traffic(\"t\", #{
                to: web(\"w\", #{ service: (p50 / 2).ms, cores: p.n }), rate: ramp([[0.s, 1.rps], [(p50 / 10).s, 10.rps]]) }))
                .expect(\"small\", |r| min(r.latency_p99.mean, 500.0) < 1000.0)
                .claim(\"one\", |all| { let b = all.filter(|r| r.n == 2).best(\"latency_p99\"); b.latency_p99 < #{ two: 5.s }[if b.n == 2 { \"two\" } else { \"one\" }] }).run();
        }";
    std::fs::write(&path, script).unwrap();
    let said = |output: std::process::Output| {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let planned = said(scalelab().arg("check").arg(&path).output().unwrap());
    assert!(
        planned.contains("first:") && planned.contains("what comes behind .run() was looked at"),
        "{planned}"
    );
    assert!(!planned.contains("second:") && !planned.contains("and then"), "{planned}");
    let ran = said(scalelab().arg("run").arg(&path).arg("-o").arg(&target).output().unwrap());
    assert_eq!((ran.matches("at first").count(), ran.matches("and then").count()), (1, 1), "{ran}");
    assert!(ran.contains("third"), "{ran}");
}

/// What a long sweep would tell at its end.
#[test]
fn check_tells_of_levels_that_nothing_looks_at() {
    let (folder, _) = temporary();
    let path = folder.path().join("idle.rhai");
    let script = "experiment(\"idle\").vary(\"n\", [1, 2]).vary(\"m\", [1, 2]).duration(10.s).world(|p| {
        traffic(\"t\", #{ to: web(\"w\", #{ service: 1.ms, cores: p.m }), rate: 10.rps });
    });";
    std::fs::write(&path, script).unwrap();
    let output = scalelab().arg("check").arg(&path).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && said.contains("nothing looks at the levels of `n`"), "{said}");
    assert!(!said.contains("`m`"), "{said}");
}

/// Killed in the middle: finished runs are whole files, `--resume` goes on, and the result is the same as without a stop.
#[test]
fn killed_and_resumed_is_as_if_nothing_had_happened() {
    let (folder, target) = temporary();
    let script = folder.path().join("long.rhai");
    let text = std::fs::read_to_string("tests/small.rhai").unwrap();
    std::fs::write(&script, text.replace("duration(4.s)", "duration(40.s)")).unwrap();
    let partial = folder.path().join("out.partial");
    let mut child = start(&script, &target, 2);
    child.kill().unwrap(); // SIGKILL: nothing can be tidied up
    child.wait().unwrap();
    assert!(!target.exists(), "results appear only when they are whole");
    for entry in std::fs::read_dir(partial.join("runs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = std::fs::read_to_string(&path).unwrap();
            serde_json::from_str::<serde_json::Value>(&text).expect("no half file");
        }
    }
    std::fs::write(partial.join(".unfinished-abc"), "half a file").unwrap(); // as another moment would have left
    scalelab().arg("run").arg(&script).args(["-q", "--resume", "-o"]).arg(&target).assert().success();
    assert!(!target.join(".unfinished-abc").exists());
    let other = folder.path().join("other");
    scalelab().arg("run").arg(&script).args(["-q", "-o"]).arg(&other).assert().success();
    for file in
        ["summary.csv", "timeseries.csv", "comparison.csv", "components.csv", "measures.csv", "events.csv"]
    {
        let read = |folder: &Path| std::fs::read_to_string(folder.join(file)).unwrap();
        assert_eq!(read(&target), read(&other), "{file}");
    }
}

/// Starts a run on one thread and waits until so many of its runs are on disk.
fn start(script: &Path, target: &Path, runs: usize) -> std::process::Child {
    let partial = target.with_extension("partial");
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_scalelab"))
        .arg("run")
        .arg(script)
        .args(["-q", "-j", "1", "-o"])
        .arg(target)
        .spawn()
        .unwrap();
    while finished_runs(&partial) < runs && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    child
}

fn finished_runs(partial: &Path) -> usize {
    let Ok(entries) = std::fs::read_dir(partial.join("runs")) else { return 0 };
    entries.flatten().filter(|entry| entry.path().extension().is_some_and(|e| e == "json")).count()
}

/// Ctrl-C: exit code 130, and what is finished is there, as valid CSVs, for `--resume`.
#[cfg(unix)]
#[test]
fn interrupted_runs_keep_what_is_finished() {
    let (folder, target) = temporary();
    let script = folder.path().join("long.rhai");
    let text = std::fs::read_to_string("tests/small.rhai").unwrap();
    std::fs::write(&script, text.replace("duration(4.s)", "duration(60.s)")).unwrap();
    let partial = folder.path().join("out.partial");
    let mut child = start(&script, &target, 1);
    let interrupt = format!("kill -INT {}", child.id());
    assert!(std::process::Command::new("sh").args(["-c", &interrupt]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!target.exists());
    let summary = std::fs::read_to_string(partial.join("summary.csv")).unwrap();
    let rows = summary.lines().count() - 1;
    assert!((1..12).contains(&rows), "{rows} finished runs");
    scalelab().arg("run").arg(&script).args(["-q", "--resume", "-o"]).arg(&target).assert().success();
}

#[test]
fn what_is_there_can_be_listed_and_explained() {
    for (arguments, wanted) in [
        (vec!["list"], "power_of_two"),
        (vec!["list", "metrics"], "latency_p99_ms"),
        (vec!["explain", "cache"], "ttl"),
        (vec!["explain", "cache.ttl"], "fresh"),
        (vec!["explain", "lru"], "Mattson"),
        (vec!["completions", "bash"], "_scalelab"),
        (vec!["man"], ".TH"),
    ] {
        let output = scalelab().args(&arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}");
        assert!(String::from_utf8(output.stdout).unwrap().contains(wanted), "{arguments:?}");
    }
    let output = scalelab().args(["explain", "cahce"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("did you mean"));
}

/// The script that `new` writes runs as it is, and is not written over anything.
#[test]
fn the_starter_script_runs() {
    let (folder, target) = temporary();
    let run = |arguments: &[&str]| scalelab().current_dir(folder.path()).args(arguments).assert();
    run(&["new", "shop.rhai"]).success();
    run(&["new", "shop.rhai"]).code(1);
    run(&["run", "shop.rhai", "--quick", "-q", "-o", target.to_str().unwrap()]).success();
}

/// `--resume` goes on only with the same inputs: what a script imports belongs to it.
#[test]
fn changed_imports_are_not_resumed() {
    let (folder, target) = temporary();
    let script = folder.path().join("main.rhai");
    let module = folder.path().join("load.rhai");
    let text = std::fs::read_to_string("tests/small.rhai").unwrap();
    let text = text.replace("rate: 400.rps", "rate: load::rate()").replace("duration(4.s)", "duration(40.s)");
    std::fs::write(&script, format!("import \"load\" as load;\n{text}")).unwrap();
    std::fs::write(&module, "fn rate() { 400.rps }").unwrap();
    let mut child = start(&script, &target, 1);
    child.kill().unwrap();
    child.wait().unwrap();
    std::fs::write(&module, "fn rate() { 100.rps }").unwrap();
    let resume = |code| {
        scalelab().arg("run").arg(&script).args(["-q", "--resume", "-o"]).arg(&target).assert().code(code);
    };
    resume(1);
    std::fs::write(&module, "fn rate() { 400.rps }").unwrap();
    resume(0);
}

/// Worlds and modules without an end are refused with a message, and nobody's results are overwritten by another's.
#[test]
fn what_has_no_end_and_what_is_not_ours_is_refused() {
    let (folder, target) = temporary();
    let refused = |name: &str, text: &str, wanted: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        let output = scalelab().arg("run").arg(&path).args(["-q", "-o"]).arg(&target).output().unwrap();
        let message = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{message}");
        assert!(message.contains(wanted), "{message}");
    };
    refused("round.rhai", "import \"round\" as again;", "imports itself");
    let flood = "experiment(\"flood\").replications(1).duration(4.s).world(|p| {
        let db = database(\"db\", #{ read: 1.ms, write: 1.ms });
        let lb = load_balancer(\"lb\", #{ to: db, timeout: 1.ns });
        traffic(\"t\", #{ to: lb, users: 1 }); });";
    refused("flood.rhai", flood, "more comes in than is ever answered");
    scalelab().args(["run", "tests/small.rhai", "-q", "-o"]).arg(&target).assert().success();
    refused("other.rhai", &flood.replace("timeout: 1.ns", "timeout: 1.s"), "another experiment");
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away_is_no_error() {
    let program = env!("CARGO_BIN_EXE_scalelab");
    let pipe = format!("set -o pipefail; '{program}' check tests/small.rhai | true");
    let status = std::process::Command::new("bash").args(["-c", &pipe]).status().unwrap();
    assert!(status.success());
}

/// Of one instant the cause stands first: an autoscaler decides, then somebody comes or goes.
#[test]
fn events_tell_what_was_decided_before_what_came_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let script = "experiment(\"scaled\").replications(2).duration(60.s).world(|p| {
        let w = web(\"w\", #{ service: 10.ms, count: 2 });
        let lb = load_balancer(\"lb\", #{ to: w });
        autoscaler(\"scaler\", #{ of: w, utilization: 50.percent, min: 1, max: 4, period: 2.s, cooldown: 0.s });
        traffic(\"t\", #{ to: lb, rate: steps([[0.s, 140.rps], [30.s, 10.rps]]) });
    });";
    std::fs::write(folder.path().join("s.rhai"), script).unwrap();
    let mut command = Command::cargo_bin("scalelab").unwrap();
    command.current_dir(folder.path()).args(["run", "s.rhai", "-q", "-o", "out"]).assert().success();
    let events = std::fs::read_to_string(folder.path().join("out/events.csv")).unwrap();
    let rows: Vec<Vec<&str>> = events.lines().map(|line| line.split(',').collect()).collect();
    let is = |row: &[&str], names: [&str; 2]| names.contains(&row[4]);
    let changes: Vec<_> = rows.windows(2).filter(|pair| is(&pair[1], ["joined", "left"])).collect();
    assert!(changes.len() > 4, "{events}");
    for pair in changes {
        let same_instant = pair[0][2] == pair[1][2];
        assert!(same_instant && is(&pair[0], ["scale_out", "scale_in"]), "{pair:?}");
    }
}
