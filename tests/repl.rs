//! The prompt, used through a pipe.

use assert_cmd::Command;
use std::path::Path;

struct Said {
    code: Option<i32>,
    out: String,
    err: String,
}

fn say_in(folder: &Path, arguments: &[&str], text: &str) -> Said {
    let mut command = Command::cargo_bin("scalelab").expect("cargo builds the program");
    let output = command
        .current_dir(folder)
        .arg("repl")
        .args(arguments)
        .write_stdin(text)
        .output()
        .expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it writes UTF-8");
    Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
}

fn say(text: &str) -> Said {
    let folder = tempfile::tempdir().unwrap();
    let said = say_in(folder.path(), &[], text);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left behind");
    said
}

/// A world that answers in a moment, as an experiment of this name.
fn experiment(name: &str, duration: &str) -> String {
    format!(
        "experiment(\"{name}\")\n    .vary(\"count\", [1, 2])\n    .replications(2)\n    .duration({duration})\n    \
         .world(|p| {{\n        let db = database(\"db\", #{{ read: 1.ms, write: 1.ms }});\n        \
         let shop = web(\"shop\", #{{ cores: p.count, service: 1.ms, reads: db, writes: db }});\n        \
         traffic(\"people\", #{{ to: shop, rate: 50.rps, keys: uniform_keys(10) }});\n    }})"
    )
}

#[test]
fn values_are_printed_and_nothing_else() {
    let said = say("1 + 1\n\nlet x = 5.ms;\n[x, x * 2]\n\"text\"\nprint(\"hello\")\n");
    assert_eq!(
        (said.code, said.out.as_str(), said.err.as_str()),
        (Some(0), "2\n[5 ms, 10 ms]\n\"text\"\nhello\n", "")
    );
}

#[test]
fn entries_may_have_several_lines() {
    let said = say("fn twice(a) {\n    a * 2\n}\nlet y = twice(\n  21\n);\ny\n");
    assert_eq!((said.code, said.out.as_str()), (Some(0), "42\n"), "{}", said.err);
}

#[test]
fn it_goes_on_after_an_error() {
    let said = say("let a = 1;\nb + 1\na + 1\n");
    assert_eq!((said.code, said.out.as_str()), (Some(1), "2\n"));
    assert!(said.err.contains("there is no variable `b`"), "{}", said.err);
    assert!(said.err.contains("stdin:2:1"), "{}", said.err);
    assert!(said.err.contains("2 | b + 1"), "{}", said.err);
}

#[test]
fn an_error_in_an_old_function_shows_its_line() {
    let said = say("fn broken(x) {\n    // why\n    x.nothing\n}\n1\n\n2\nbroken(#{})\n");
    assert_eq!((said.code, said.out.as_str()), (Some(1), "1\n2\n"));
    assert!(said.err.contains("stdin:3:"), "{}", said.err);
    assert!(said.err.contains("3 |     x.nothing"), "{}", said.err);
}

#[test]
fn an_entry_that_the_end_cuts_off_is_an_error() {
    let said = say("1\nfn f(a) {\n    a +\n");
    assert_eq!((said.code, said.out.as_str()), (Some(1), "1\n"));
    assert!(said.err.contains("error"), "{}", said.err);
}

#[test]
fn the_end_of_the_input_is_no_error() {
    let said = say("");
    assert_eq!((said.code, said.out.as_str(), said.err.as_str()), (Some(0), "", ""));
}

#[test]
fn commands_are_obeyed() {
    let said = say(":explain cache.ttl\nlet x = 1;\n:reset\nx\n:lost\n:quit\n\"never\"\n");
    assert_eq!(said.code, Some(1));
    assert!(said.out.contains("cache.ttl") && !said.out.contains("never"), "{}", said.out);
    assert!(said.err.contains("there is no variable `x`"), "{}", said.err);
    assert!(said.err.contains("there is no command `:lost`") && said.err.contains(":list"), "{}", said.err);
}

#[test]
fn impossible_values_are_errors_outside_of_worlds_too() {
    let said = say("exponential(-1.ms)\nzipf(0, 1.0)\npoisson(-1.rps)\n");
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    assert_eq!(said.err.lines().filter(|line| line.starts_with("error")).count(), 3, "{}", said.err);
}

#[test]
fn words_of_the_language_cannot_be_redefined() {
    let said = say("1\nfn vary(a) { a }\n");
    assert_eq!((said.code, said.out.as_str()), (Some(1), "1\n"));
    assert!(said.err.contains("stdin:2:4") && said.err.contains("the function `vary`"), "{}", said.err);
}

#[test]
fn a_runaway_entry_ends_and_the_session_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let text = format!(
        "let x = 1;\nfn away() {{ loop {{}} }}\nx = 2; away()\nx\n{};\n",
        experiment("after it", "1.s")
    );
    let said = say_in(folder.path(), &[], &text);
    assert_eq!(said.code, Some(1));
    assert!(said.out.starts_with("1\n"), "{}", said.out);
    assert!(said.err.contains("endless loop"), "{}", said.err);
    assert!(folder.path().join("results/after_it/summary.csv").is_file(), "{}", said.err);
}

#[test]
fn experiments_run_and_leave_their_results() {
    let folder = tempfile::tempdir().unwrap();
    let text = experiment("small shop", "2.s");
    let said = say_in(
        folder.path(),
        &[],
        &format!(
            "{text};\nlet r = {text}.run();\nr.latency_p50\nr.best(\"availability\")\nr.variants().len()\n"
        ),
    );
    assert!(said.out.contains("count=2"), "{}\n{}", said.out, said.err);
    assert!(said.out.ends_with("2\n"), "{}", said.out);
    assert!(said.out.contains("count=2  latency_p50_ms: "), "{}", said.out);
    assert!(said.out.contains("undecided: count=1 and count=2 do not differ for sure"), "{}", said.out);
    assert!(folder.path().join("results/small_shop/summary.csv").is_file());
    assert!(
        !folder.path().join("results/small_shop_2").exists(),
        "a new entry replaces results, like a new run"
    );
}

/// Workers evaluate the whole session again: neither what failed nor functions of the same name may stop them.
#[test]
fn experiments_find_what_was_typed_before() {
    let folder = tempfile::tempdir().unwrap();
    let text = experiment("late", "rate_of(2)").replace("50.rps", "load");
    let said = say_in(
        folder.path(),
        &[],
        &format!(
            "let load = 10.rps;\nfn rate_of(n) {{ 1.s }}\nload = 20.rps; oops()\nlet bad = )\nfn rate_of(n) {{ n * 1.s }}\n\
             experiment(\"broken\").duration(1.s);\n{text};\n{text};\nload\n"
        ),
    );
    assert_eq!(said.code, Some(1));
    assert_eq!(said.err.lines().filter(|line| line.starts_with("error")).count(), 3, "{}", said.err);
    assert!(said.err.contains("experiment \"broken\" has no world"), "{}", said.err);
    assert!(said.out.ends_with("20/s\n"), "{}", said.out);
    let summary = std::fs::read_to_string(folder.path().join("results/late/summary.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(summary.as_bytes());
    let column = |name: &str, reader: &mut csv::Reader<&[u8]>| {
        reader.headers().unwrap().iter().position(|h| h == name).unwrap()
    };
    let (requests, duration) =
        (column("requests_total_count", &mut reader), column("sim_duration_s", &mut reader));
    for row in reader.records().map(Result::unwrap) {
        assert_eq!(row[duration].parse::<f64>().unwrap(), 2.0);
        assert!(
            (15.0..75.0).contains(&row[requests].parse::<f64>().unwrap()),
            "20 per second for 2 s: {row:?}"
        );
    }
}

#[test]
fn results_of_one_experiment_decide_the_next() {
    let folder = tempfile::tempdir().unwrap();
    let first = experiment("first", "1.s");
    let second = experiment("second", "how_long");
    let text = format!(
        "let r = {first}.run();\nlet how_long = if r.variants().len() == 2 {{ 2.s }} else {{ 1.s }};\n\
         let e = experiment(\"lonely\").duration(1.s);\n{second};\ne.run()\n"
    );
    let said = say_in(folder.path(), &[], &text);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(folder.path().join("results/first/summary.csv").is_file(), "{}", said.err);
    assert!(folder.path().join("results/second/summary.csv").is_file(), "{}", said.err);
    assert_eq!(said.err.matches("experiment \"lonely\" has no world").count(), 2, "{}", said.err);
}

#[test]
fn a_mistake_in_a_world_is_shown_where_it_was_typed() {
    let folder = tempfile::tempdir().unwrap();
    let text = experiment("wrong", "1.s").replace("read: 1.ms", "raed: 1.ms");
    let said = say_in(folder.path(), &[], &format!("1\n\n{text};\n2\n"));
    assert_eq!((said.code, said.out.as_str()), (Some(1), "1\n2\n"));
    assert!(said.err.contains("stdin:8:"), "{}", said.err);
    assert!(said.err.contains("did you mean `read`?"), "{}", said.err);
    assert_eq!(said.err.matches("error").count(), 1, "{}", said.err);
}

#[test]
fn a_failed_check_decides_the_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let text = experiment("checked", "1.s");
    let said = say_in(
        folder.path(),
        &[],
        &format!("{text}\n    .expect(\"impossible\", |r| r.latency_p50 < 1.ns);\n1\n"),
    );
    assert_eq!(said.code, Some(99), "{}", said.err);
    assert!(said.out.ends_with("1\n"), "{}", said.out);
}

#[test]
fn a_script_is_evaluated_first_and_keeps_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let script =
        format!("fn broken() {{\n    oops\n}}\nlet limit = 7;\n{};\n", experiment("from a file", "1.s"));
    std::fs::write(folder.path().join("shop.rhai"), script).unwrap();
    let said = say_in(folder.path(), &["shop.rhai"], "limit\nbroken()\n:load missing.rhai\n");
    assert_eq!(said.code, Some(1));
    assert!(said.out.contains("7\n") && said.out.contains("count=1"), "{}\n{}", said.out, said.err);
    assert!(said.err.contains("shop.rhai:2:5"), "{}", said.err);
    assert!(said.err.contains("cannot read the script missing.rhai"), "{}", said.err);
    assert!(folder.path().join("results/from_a_file/summary.csv").is_file());
}

/// Two experiments in one file, through `run`: the second one is not lost while the first one runs.
#[test]
fn a_script_with_two_experiments_runs_both() {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "let a = {};\nlet n = 1;\n{};\nprint(a.run().variants().len());\n",
        experiment("a", "1.s"),
        experiment("b", "1.s")
    );
    std::fs::write(folder.path().join("two.rhai"), script).unwrap();
    for command in ["run", "check"] {
        let mut program = Command::cargo_bin("scalelab").unwrap();
        let output = program.current_dir(folder.path()).args([command, "two.rhai"]).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{command}: {err}");
    }
    assert!(folder.path().join("results/a/summary.csv").is_file());
    assert!(folder.path().join("results/b/summary.csv").is_file());
}

#[test]
fn what_people_type_at_any_prompt_means_the_same_here() {
    let said = say("help\n1\nexit()\n2\n");
    assert!(said.out.contains(":explain") && said.out.ends_with("\n1\n"), "{}", said.out);
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
    assert_eq!(say("1\nexit\n2\n").out, "1\n");
    assert_eq!(say("1\nquit\n2\n").out, "1\n");
    for asked in ["explain cache.ttl", "explain when", "list metrics;", "list"] {
        let out = say(&format!("{asked}\n")).out;
        assert!(
            out.lines().count() > 2 && out == say(&format!(":{asked}\n").replace(';', "")).out,
            "{asked}: {out}"
        );
    }
    assert_eq!(say("let list = [1];\nlist\n").out, "[1]\n");
    assert_eq!(say("let help = 7;\nhelp\n").out, "7\n", "what the user has named comes first");
}

/// As in scripts: in the user's terms, wherever the entry stands.
#[test]
fn slips_of_the_pen_are_understood_at_the_prompt_too() {
    let said = say("let a = 1;\nlet w = web(\"w\", { service: 5.ms });\nlet t = 5ms;\nlet x = [20%, 3];\n");
    for wanted in ["begins with `#{`", "write 5.ms", "write 20.percent"] {
        assert!(said.err.contains(wanted), "{}", said.err);
    }
}
