//! Every class of mistake has its golden message: the line, what is wrong, and what to write instead.
//! After a change of wording: `INSTA_UPDATE=always cargo test --test errors`, and read the difference.

use assert_cmd::Command;
use std::path::Path;

/// The message for a script in tests/errors.
fn message(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors");
    let results = tempfile::tempdir().unwrap();
    let output = Command::cargo_bin("scalelab")
        .unwrap()
        .current_dir(folder)
        .args(["run", "-q", &format!("{name}.rhai"), "-o"])
        .arg(results.path().join("out"))
        .timeout(std::time::Duration::from_secs(120))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{name} must be refused");
    assert!(output.stdout.is_empty(), "results belong to stdout, messages do not");
    String::from_utf8(output.stderr).unwrap()
}

macro_rules! golden {
    ($($name:ident),* $(,)?) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(stringify!($name), message(stringify!($name)));
        }
    )*};
}

golden!(
    meant,
    no_length,
    no_link,
    sessions_behind,
    without_effect,
    no_point,
    no_number,
    no_unit,
    level_twice,
    variant_twice,
    set_afterwards,
    senseless,
    endless,
    late,
    autoscalers,
    balancer,
    bare_comparison,
    bare_equality,
    unlike,
    selected,
    beyond_the_end,
    rates_beyond_the_end,
    no_such_level,
    chain_mistakes,
    unlike_checks,
    beside,
    cache_bad,
    cache_sense,
    cdn,
    cdn_world,
    checks_of_nobody,
    chain,
    chain_broken,
    clock,
    counted_parts,
    curly_quotes,
    database_names,
    database_parts,
    databases,
    distributions,
    dead_letters,
    edges_alone,
    file_access,
    forgotten_writes,
    nothing_measured,
    share_over_one,
    geography,
    long_checks,
    map_with_holes,
    last_node,
    misspelt_policy,
    missing_required,
    missing_unit,
    named_all,
    no_experiment,
    no_traffic,
    no_world,
    numbers,
    origin_itself,
    origins,
    origins_bad,
    origins_run,
    purge_unknown,
    question,
    ragged_map,
    queue_bad,
    queue_sense,
    runaway_loop,
    same_to_the_eye,
    same_variants,
    shadow,
    syntax,
    timeline,
    trace_missing,
    trace_rate,
    trace_speed,
    trace_timeless,
    two_names,
    undefined,
    unit_typo,
    unknown_key,
    unknown_metric,
    vary,
    weights,
    windows,
    varied_and_picked,
    unit_twice,
    trace_operation,
    figure,
    selections,
    idle,
    link_of_one,
    wrong_component,
);

#[test]
fn every_script_in_the_folder_is_tested() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/errors");
    let source = std::fs::read_to_string(file!()).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|end| end != "rhai") {
            continue; // a file that a script reads
        }
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(source.contains(&format!("    {name},\n")), "{name} is not in the list");
    }
}
