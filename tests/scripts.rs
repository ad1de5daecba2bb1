//! Every script of the repository runs, and its checks hold.

use assert_cmd::Command;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

#[path = "scripts/without_events.rs"]
mod without_events;

fn scripts(folder: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "rhai"))
        .collect();
    found.sort();
    found
}

/// A run of a script, with these arguments, into a folder.
fn run(script: &Path, arguments: &[&str], target: &Path) -> assert_cmd::assert::Assert {
    let mut command = Command::cargo_bin("scalelab").unwrap();
    let command = command.current_dir(env!("CARGO_MANIFEST_DIR")).arg("run").arg(script);
    command.args(arguments).args(["-q", "-o"]).arg(target).assert()
}

/// All tables of a quick run of a script on so many threads. None of its checks fails; few runs may leave some undecided.
fn tables(script: &Path, threads: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out");
    let ended = run(script, &["--quick", "-j", threads], &target).code(vec![0, 99]);
    let output = ended.get_output();
    let told =
        [&output.stdout, &output.stderr].map(|said| String::from_utf8_lossy(said).into_owned()).concat();
    assert!(!told.contains('✗'), "{}: {told}", script.display());
    let files = std::fs::read_dir(target).unwrap().map(|entry| entry.unwrap().path());
    let tables = files.filter(|path| path.extension().is_some_and(|e| e == "csv"));
    tables.map(|path| (path.file_name().unwrap().into(), std::fs::read(&path).unwrap())).collect()
}

/// A run whose books of calls and requests do not balance ends with an error, so that conservation is looked at here too.
#[test]
fn every_experiment_runs_quickly_no_check_fails_and_threads_change_nothing() {
    let found = scripts("experiments");
    assert!(!found.is_empty());
    for script in found {
        let (one, three) = (tables(&script, "1"), tables(&script, "3"));
        let count = if std::fs::read_to_string(&script).unwrap().contains(".phase(") { 9 } else { 7 };
        assert!(one.len() == count && one.keys().eq(three.keys()), "{}: {:?}", script.display(), one.keys());
        let different: Vec<_> = one.keys().filter(|name| one[*name] != three[*name]).collect();
        assert!(different.is_empty(), "{}: {different:?}", script.display());
        assert!(counts_agree_with_rates(&one) > 0, "{}", script.display());
    }
}

#[test]
fn what_every_experiment_claims_holds() {
    for script in scripts("experiments") {
        let folder = tempfile::tempdir().unwrap();
        run(&script, &[], &folder.path().join("out")).success();
    }
}

/// What `session_cache` cannot size it refuses, and says why.
#[test]
fn a_session_cache_wants_users_and_a_factor() {
    for (arguments, said) in
        [("0, 2.kib, 1.2", "0 users need no cache"), ("1000, 2.kib, 0", "leaves no room")]
    {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("sessions.rhai");
        let script = format!("import \"sizing\" as sizing;\nsizing::session_cache({arguments});\n");
        std::fs::write(&path, script).unwrap();
        let run = Command::cargo_bin("scalelab")
            .unwrap()
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .arg("run")
            .arg(&path)
            .assert()
            .code(1);
        let message = String::from_utf8(run.get_output().stderr.clone()).unwrap();
        assert!(message.contains(said), "{message}");
    }
}

/// Runs a script beside these files and hands back the cells of a column of summary.csv.
fn column(script: &str, files: &[(&str, &str)], name: &str) -> Vec<f64> {
    let folder = tempfile::tempdir().unwrap();
    for (file, text) in [("script.rhai", script)].iter().chain(files) {
        std::fs::write(folder.path().join(file), text).unwrap();
    }
    let run = ["run", "script.rhai", "-q", "-o", "out"];
    Command::cargo_bin("scalelab").unwrap().current_dir(folder.path()).args(run).assert().success();
    let rows = std::fs::read_to_string(folder.path().join("out/summary.csv")).unwrap();
    let at = rows.lines().next().unwrap().split(',').position(|column| column == name).expect("a column");
    rows.lines().skip(1).map(|row| row.split(',').nth(at).unwrap().parse().unwrap()).collect()
}

/// Many recorded traces tell what was wanted and not when: their rows come at a rate of the script's.
#[test]
fn the_rows_of_a_trace_without_times_come_at_the_rate_that_is_given() {
    let rows: String = (0..300).map(|row| format!(",{}\n", row % 30)).collect();
    let files = [("keys.csv", format!("time,key\n{rows}"))];
    let script = r#"experiment("timeless").replications(1).duration(1.minute).world(|p| {
        let db = database("db", #{ read: 1.ms, write: 1.ms });
        let store = cache("memory", #{ of: db, items: 30 });
        let site = web("site", #{ reads: store, writes: store });
        traffic("t", #{ to: site, rate: trace("keys.csv", #{ rate: constant(10.rps), bootstrap: false }) });
    });"#;
    let files = files.each_ref().map(|(name, text)| (*name, text.as_str()));
    assert_eq!(column(script, &files, "requests_total_count"), [300.0]);
    assert_eq!(column(script, &files, "cache_hit_ratio"), [0.9]);
    let longer = script.replace("bootstrap: false", "loop: true");
    let total = column(&longer, &files, "requests_total_count");
    assert!((total[0] - 600.0).abs() <= 1.0, "{total:?}");
}

/// What a writer sends does not make the rows larger that others read.
#[test]
fn the_size_of_what_is_written_is_not_that_of_what_is_read() {
    let script = r#"experiment("sizes").replications(1).duration(20.s).world(|p| {
        let db = database("db", #{ read: 1.ms, write: 1.ms, row: 100.bytes });
        let store = cache("memory", #{ of: db, capacity: 1_000.bytes });
        let site = web("site", #{ reads: store, writes: store });
        traffic("t", #{ to: site, rate: 100.rps, keys: uniform_keys(10), writes: 1.percent, size: 5.kib });
    });"#;
    let found = column(script, &[], "cache_hit_ratio");
    assert!(found[0] > 0.9, "ten rows of 100 bytes fit: {found:?}");
}

/// What is cut is what the script names, one server of four or one web server's way to a store of several nodes: a quarter of the requests fail
/// for half of the time.
#[test]
fn a_partition_of_one_node_cuts_that_node_only() {
    for (cut, share) in [("l, w", 0.5), ("l, w[0]", 0.875), ("w[0], d", 0.875), ("w[1], d.router()", 0.875)] {
        let script = format!(
            r#"experiment("x").replications(1).warmup(1.s).duration(20.s).world(|p| {{
                let d = database("d", #{{ read: 1.ms, write: 1.ms, replicas: 1 }});
                let w = web("w", #{{ count: 4, service: 1.ms, reads: d, writes: d, timeout: 200.ms }});
                let l = load_balancer("l", #{{ to: w, policy: "round_robin" }});
                link(l, w, #{{ latency: 1.ms }});
                traffic("t", #{{ to: l, rate: constant(100.rps), timeout: 1.s }});
                at(6.s, "", || partition({cut}));
                at(16.s, "", || heal({cut}));
            }});"#
        );
        let available = column(&script, &[], "availability_ratio")[0];
        assert!((available - share).abs() < 0.02, "{cut}: {available}");
    }
}

/// What is said last of two nodes counts: one server of a tier that is cut off is healed (a quarter of the requests come through from then on), and
/// a server that joins a tier that is cut off is cut off with it.
#[test]
fn a_part_of_a_cut_is_healed_and_who_joins_is_cut_off_too() {
    for (cut, then, share) in [("l, w", "heal(l, w[0])", 0.5625), ("l[0], w", "w.add_node()", 0.5)] {
        let script = format!(
            r#"experiment("x").replications(1).warmup(1.s).duration(20.s).world(|p| {{
                let w = web("w", #{{ count: 4, service: 1.ms }});
                let l = load_balancer("l", #{{ to: w, policy: "round_robin" }});
                traffic("t", #{{ to: l, rate: constant(100.rps), timeout: 1.s }});
                at(6.s, "", || partition({cut}));
                at(11.s, "", || {then});
                at(16.s, "", || heal(l, w));
            }});"#
        );
        let available = column(&script, &[], "availability_ratio")[0];
        assert!((available - share).abs() < 0.01, "{cut}, {then}: {available}");
    }
}

/// A rate that jumps within a second jumps where it does: 10 rps for 10.9 s, 1,000 rps for 9.1 s. (A line between whole seconds would make it 480 rps.)
#[test]
fn a_rate_that_is_a_function_jumps_where_it_does() {
    let script = r#"experiment("x").replications(5).duration(20.s).world(|p| {
        let w = web("w", #{ service: 0.1.ms });
        traffic("t", #{ to: w, rate: |t| if t < 10.9.s { 10.rps } else { 1_000.rps } });
    });"#;
    let found = column(script, &[], "throughput_per_s");
    let mean = found.iter().sum::<f64>() / 5.0;
    // Four standard errors of the mean of five Poisson counts of 9,209.
    assert!((mean - 460.45).abs() < 4.0 * 96.0 / 20.0 / 5_f64.sqrt(), "{found:?}");
}

/// A claim about the best variant that fails says which one it is.
#[test]
fn who_is_the_best_is_said_where_a_claim_fails() {
    let script = r#"experiment("x").vary("cores", [1, 2]).replications(3).duration(20.s).world(|p| {
        let w = web("w", #{ service: exponential(8.ms), cores: p.cores });
        traffic("t", #{ to: w, rate: 100.rps });
    }).claim("one core is enough", |all| all.best("latency_mean").cores == 1);"#;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("best.rhai");
    std::fs::write(&path, script).unwrap();
    let mut run = Command::cargo_bin("scalelab").unwrap();
    let run = run.arg("run").arg(&path).arg("-o").arg(folder.path().join("out")).assert().code(99);
    let said = String::from_utf8(run.get_output().stdout.clone()).unwrap();
    assert!(said.contains("the best latency_mean is that of cores=2"), "{said}");
}

/// A look-up that nobody waits for any more when a hung cache wakes is a miss and nothing else: of 20 s it hangs for 10.
#[test]
fn a_look_up_counts_once_though_its_answer_comes_too_late() {
    let script = r#"experiment("x").replications(1).warmup(1.s).duration(20.s).world(|p| {
        let d = database("d", #{ read: 1.ms, write: 1.ms, connections: 100 });
        let c = cache("c", #{ of: d, items: 10 });
        let w = web("w", #{ reads: c, writes: c, timeout: 100.ms });
        traffic("t", #{ to: w, rate: constant(100.rps), keys: uniform_keys(2) });
        at(6.s, "", || c.hang());
        at(16.s, "", || c.recover());
    });"#;
    let ratio = column(script, &[], "cache_hit_ratio")[0];
    assert!((ratio - 0.5).abs() < 0.01, "{ratio}");
}

/// The README's script is shown to people: it must run as it stands.
#[test]
fn the_script_in_the_readme_runs() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let script = readme.split("```rhai\n").nth(1).unwrap().split("```").next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("readme.rhai");
    std::fs::write(&path, script).unwrap();
    Command::cargo_bin("scalelab")
        .unwrap()
        .arg("run")
        .arg(&path)
        .args(["--quick", "-q", "-o"])
        .arg(folder.path().join("out"))
        .assert()
        .success();
}

/// The rows of checks.csv, by text of the check and variant, and the warnings, of a script made of these lines around a small world.
fn judged(head: &str, world: &str, checks: &str) -> (BTreeMap<String, String>, String) {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("claims.rhai");
    let text = format!(
        "experiment(\"claims\").replications(5).warmup(1.s).duration(5.s)\n{head}.world(|p| {{\n{world}\n}})\n{checks};\n"
    );
    std::fs::write(&script, text).unwrap();
    let target = folder.path().join("out");
    let mut command = Command::cargo_bin("scalelab").unwrap();
    let output = command.arg("run").arg(&script).arg("-o").arg(&target).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).to_string();
    let told = String::from_utf8_lossy(&output.stdout).to_string();
    let mut rows = csv::Reader::from_path(target.join("checks.csv")).unwrap_or_else(|_| panic!("{said}"));
    let rows = rows.deserialize().map(Result::unwrap);
    let row = |row: BTreeMap<String, String>| (row["check"].clone(), row["passed"].clone());
    (rows.map(row).collect(), format!("{told}{said}"))
}

const CORES_AND_RATES: &str = ".vary(\"cores\", [1, 2, 4]).vary(\"rate\", [50.rps, 150.rps])";
const SERVERS: &str = "let shop = web(\"shop\", #{ cores: p.cores, service: exponential(10.ms) });
    traffic(\"users\", #{ to: shop, rate: p.rate });";

#[test]
fn claims_compare_like_with_like_and_name_the_pair() {
    let (checks, said) = judged(
        CORES_AND_RATES,
        SERVERS,
        ".claim(\"more\", |all| all.where(#{ rate: 150.rps }).throughput > all.where(#{ rate: 50.rps }).throughput)
         .claim(\"waits\", |all| all.where(#{ rate: 150.rps }).latency_p50 < all.where(#{ rate: 50.rps }).latency_p50)
         .claim(\"much more\", |all| all.where(#{ rate: 50.rps }).throughput * 2 < all.where(#{ rate: 150.rps, cores: 4 }).throughput)
         .claim(\"difference\", |all| all.where(#{ rate: 150.rps }).throughput - all.where(#{ rate: 50.rps }).throughput > 30.rps)
         .claim(\"too much\", |all| all.where(#{ rate: 150.rps, cores: 4 }).throughput / all.where(#{ rate: 50.rps, cores: 4 }).throughput > 5)",
    );
    let passed: Vec<&str> = checks.values().map(String::as_str).collect();
    assert_eq!(checks.keys().collect::<Vec<_>>(), ["difference", "more", "much more", "too much", "waits"]);
    assert_eq!(passed, ["1", "1", "1", "0", "0"], "{said}");
    let waits = "waits: cores=1;rate=150/s against cores=1;rate=50/s: latency_p50_ms is ";
    assert!(said.contains(waits) && said.contains("(3 pairs, like with like: "), "{said}");
    assert!(said.contains("(3 pairs, each with each: "), "{said}");
}

#[test]
fn the_best_is_known_in_what_all_candidates_agree() {
    let (checks, said) = judged(
        ".vary(\"cores\", [1, 4]).vary(\"rate\", [70.rps, 71.rps])",
        SERVERS,
        ".claim(\"four\", |all| all.best(\"latency_mean\").cores == 4)
         .claim(\"one\", |all| all.best(\"latency_mean\").cores == 1)
         .claim(\"which rate\", |all| all.best(\"latency_mean\").rate == 70.rps)",
    );
    assert_eq!([&checks["four"], &checks["one"], &checks["which rate"]], ["1", "0", ""], "{said}");
}

#[test]
fn what_has_no_effect_in_any_run_is_told() {
    let (_, said) = judged(
        ".vary(\"size\", [1, 2]).vary(\"late\", [1.s, 2.s])",
        "let shop = web(\"shop\", #{ service: 1.ms });
         traffic(\"users\", #{ to: shop, rate: 50.rps });
         at(3.s, || if p.late > 1.s { note(\"late\") });
         when(|| shop.hit_ratio < 0.1, || shop.crash());
         when(|| shop.utilization_ratio >= 0.0, || note(\"always\"));",
        ".expect(\"answers\", |r| r.availability > 0.5)",
    );
    assert!(
        said.contains("nothing looks at the levels of `size`") && !said.contains("levels of `late`"),
        "{said}"
    );
    assert!(said.contains("nothing measured `hit_ratio` of the web \"shop\""), "{said}");
    assert_eq!(said.matches("never held").count(), 1, "{said}");
}

/// Cells of a table by its columns.
fn rows(tables: &BTreeMap<PathBuf, Vec<u8>>, name: &str) -> Vec<BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_reader(tables[Path::new(name)].as_slice());
    let rows = reader.deserialize().map(|row| row.unwrap());
    rows.collect()
}

/// What a node's columns count and what its rates tell is the same, wherever both stand: its windows add up to its counts. Returns how many
/// pairs there were.
fn counts_agree_with_rates(tables: &BTreeMap<PathBuf, Vec<u8>>) -> usize {
    type Run = (String, String);
    let run =
        |row: &BTreeMap<String, String>| -> Run { (row["variant"].clone(), row["replication"].clone()) };
    let warm_up = |row: &BTreeMap<String, String>| (run(row), row["warmup_s"].parse::<f64>().unwrap());
    let warm_ups: BTreeMap<Run, f64> = rows(tables, "summary.csv").iter().map(warm_up).collect();
    let mut sums: BTreeMap<(Run, String, String), (f64, f64)> = BTreeMap::new();
    for row in rows(tables, "timeseries.csv") {
        let cell = |name: &str| row[name].parse::<f64>().unwrap();
        if cell("t_s") > warm_ups[&run(&row)] + 1e-6 {
            let key = (run(&row), row["component"].clone(), row["metric"].clone());
            let (count, rounding) = sums.entry(key).or_default();
            *count += cell("value") * cell("window_s");
            *rounding += 1e-3 * cell("window_s"); // rates have three decimals
        }
    }
    let mut pairs = 0;
    for row in rows(tables, "components.csv") {
        for (column, value) in row.iter().filter(|(_, value)| !value.is_empty()) {
            let Some(name) = column.strip_suffix("_count") else { continue };
            let key = (run(&row), row["component"].clone(), format!("{name}_per_s"));
            let Some((sum, rounding)) = sums.get(&key) else { continue };
            let count: f64 = value.parse().unwrap();
            assert!((sum - count).abs() <= 0.01 + rounding, "{key:?}: {sum} by windows, {column} {count}");
            pairs += 1;
        }
    }
    pairs
}

/// Requests that are several jobs or none, calls that are passed on, messages, questions: each component counts in one thing.
#[test]
fn what_a_component_counts_is_what_its_rates_tell() {
    let script = r#"experiment("mixed").replications(1).warmup(5.s).duration(20.s).world(|p| {
        let db = database("db", #{ read: 1.ms, write: 1.ms, replicas: 1, connections: 3 });
        let store = cache("store", #{ of: db, items: 30, nodes: 2, routing: "proxy", proxy_service: 100.us });
        let orders = queue("orders", #{ kind: "rabbitmq", service: 1.ms, length: 20, overflow: "reject" });
        consumers("workers", #{ of: orders, service: exponential(5.ms) });
        let shop = web("shop", #{
            count: 2, reads: store, writes: store, publishes: orders, service: exponential(2.ms), concurrency: 4, queue: 2,
            on_read: ["cpu", "read", "cpu"], on_write: ["cpu", "publish", "write", "cpu", "cpu"],
        });
        let front = load_balancer("front", #{ to: shop, service: 100.us });
        let careful = load_balancer("careful", #{ to: shop, retries: 1, redispatch: true });
        traffic("buyers", #{ to: front, rate: 300.rps, writes: 30.percent, keys: uniform_keys(100) });
        traffic("lookers", #{ to: careful, rate: 50.rps, keys: uniform_keys(100) });
    });"#;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mixed.rhai");
    std::fs::write(&path, script).unwrap();
    let tables = tables(&path, "1");
    assert!(counts_agree_with_rates(&tables) > 15);
    let of = |component: &str, column: &str| -> f64 {
        let found = rows(&tables, "components.csv").into_iter().find(|row| row["component"] == component);
        found.expect("a component")[column].parse().expect("a number")
    };
    assert!(of("shop/0", "arrivals_count") + of("shop/1", "arrivals_count") < 7_500.0, "requests, not jobs");
    for component in ["shop/0", "front", "careful", "db/replica-0", "workers"] {
        let (came, served) = (of(component, "arrivals_count"), of(component, "completions_count"));
        assert!(served <= came + 10.0 && served > 0.5 * came, "{component}: {served} of {came}");
    }
}
