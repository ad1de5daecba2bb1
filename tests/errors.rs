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
    all_at_once,
    word_processor,
    hash_comments,
    block_left_open,
    what_cannot_hold,
    trace_options,
    token_too_large,
    pasted_signs,
    no_zero,
    comment_without_end,
    from_other_tools,
    resolver_nowhere,
    in_a_loop,
    in_a_module,
    in_some_variants,
    almost,
    print_in_event,
    without_coordinates,
    other_words,
    settings_of_others,
    balancers_and_keys,
    row_too_large,
    brackets_and_units,
    words_of_products,
    coordinator_elsewhere,
    regions_apart,
    regions_that_die,
    filtered,
    check_and_world,
    meant,
    site_and_rows,
    needs_and_mistakes,
    said_twice,
    no_length,
    no_link,
    sessions_behind,
    without_effect,
    without_effect_place,
    twice_or_nowhere,
    steps_begin_late,
    half_a_distribution,
    half_right,
    one_wrong_figure,
    one_only,
    phases_bad,
    figures_hide_nothing,
    checks_hide_nothing,
    brackets_within_lines,
    cookies_of_strangers,
    actions_refused,
    no_point,
    no_number,
    no_unit,
    level_twice,
    variant_twice,
    check_twice,
    set_afterwards,
    senseless,
    endless,
    late,
    autoscalers,
    balancer,
    bare_comparison,
    bare_equality,
    unlike,
    thrown,
    selected,
    beyond_the_end,
    rates_beyond_the_end,
    no_such_level,
    no_such_node,
    chain_mistakes,
    unlike_checks,
    beside,
    cache_bad,
    cache_beside,
    cache_later,
    cache_sense,
    cache_silent,
    cdn,
    cdn_world,
    checks_of_nobody,
    chain,
    chain_broken,
    clock,
    counted_parts,
    database_names,
    database_parts,
    databases,
    distributions,
    dead_letters,
    edges_alone,
    file_access,
    compared_levels,
    hidden_mistakes,
    forgotten_writes,
    nothing_measured,
    share_over_one,
    geography,
    long_checks,
    map_with_holes,
    last_node,
    misspelt_policy,
    missing_kind,
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
    queue_needs,
    queue_sense,
    too_short,
    runaway_loop,
    same_to_the_eye,
    same_variants,
    shadow,
    syntax,
    timeline,
    trace_clients,
    trace_missing,
    trace_rate,
    trace_speed,
    trace_timeless,
    two_names,
    undefined,
    word_behind_a_point,
    level_of_others,
    no_objective,
    in_the_wrong_place,
    world_is_a_block,
    behind_a_run,
    behind_the_best,
    best_of_nobody,
    action_by_name,
    faster,
    unit_of_bits,
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
        if path.extension().is_none_or(|end| end != "rhai") {
            continue; // a file that a script reads
        }
        let name = path.file_stem().unwrap().to_str().unwrap();
        assert!(source.contains(&format!("    {name},\n")), "{name} is not in the list");
    }
}

/// What is said of a script whose world has these lines; the traffic to `x` is there.
fn said(lines: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "experiment(\"m\").duration(10.s).world(|p| {{\n{lines}\ntraffic(\"t\", #{{ to: x, rate: 10.rps }});\n}});\n"
    );
    std::fs::write(folder.path().join("m.rhai"), script).unwrap();
    let output = Command::cargo_bin("scalelab")
        .unwrap()
        .current_dir(folder.path())
        .args(["check", "m.rhai"])
        .output()
        .unwrap();
    String::from_utf8(output.stderr).unwrap()
}

/// The message in the user's terms, not in those of Rhai's parser, and what to write.
#[test]
fn slips_of_the_pen_are_understood() {
    for (lines, message, help) in [
        ("let x = web(\"x\", { service: 5.ms });", "begins with `#{`", "write #{ service: .. }"),
        ("let x = web(\"x\", #{ queue: 1k });", "a number has no letters", "write 1_000"),
        ("let x = spike(1.rps, (1.s, 2.s), 3.rps);", "stand in a list", "write [a, b]"),
        ("let x = 1; let y = web(\"y\", #{ x, queue: 1 });", "`x` stands alone", "write x: x"),
        ("let x = web(\"x\", #{ queue: 1; cores: 2 });", "separated by `,`", "write `,` for `;`"),
        ("let x = web(\"x\", #{ queue: 1 };", "the call of `web` is still open", "write `)`"),
        ("let y = exponential(mean=1.ms);", "what `exponential` is given has no names", "exponential(5.ms)"),
        ("let y = zipf(n: 100, s: 0.9);", "what `zipf` is given has no names", "zipf("),
        ("let (a, b) = [1, 2];", "a `let` names one thing", "write let pair"),
        ("await at(1.s, || ());", "a word of another language", "without it"),
        ("at(1.s, \"x\", lambda: 1);", "a word of another language", "or || .. in at(..)"),
        (
            "let x = web(\"x\", #{\n to: /* { ( */ { service: 5.ms } });",
            "begins with `#{`",
            "write #{ service: .. }",
        ),
        (
            "let x = database(\"x\", #{ queries: 20%, read: 5.ms });",
            "`20%` is no quantity",
            "write 20.percent",
        ),
        ("let x = traffic(\"x\", #{ rate: 50/s });", "`50/..` is a division", "write 50.rps"),
        ("let x = database(\"x\", #{ queries: 2.5 % });", "`2.5%` is no quantity", "write 2.5.percent"),
        ("let x = web(\"x\", #{ service: 5ms });", "a unit follows its number with a point", "write 5.ms"),
        ("let x = web(\"x\", service: 5.ms);", "stand in an object map", "write #{ service: .. }"),
        ("let x = web(\"x\", #{ service = 5.ms });", "joined by `:`", "write service: .."),
        (
            "let x = web(\"x\", #{});\n}).expect(\"y\");\n  .expect(\"z\", |p| {",
            "ended the chain",
            "take away the `;`",
        ),
        ("let x = web('name', #{});", "double quotes", "write \"name\""),
        ("# a comment\nlet x = web(\"x\", #{});", "a comment begins with `//`", "#{ .. }"),
        ("let x = web(\"x\", #{}); every(1.s, t => 3);", "not written `t => ..`", "write |t| .."),
        ("x = web(\"x\", #{});", "there is no variable `x`", "let x = .."),
        ("let x = web(\"x\", #{ sessions: memory });", "there is no variable `memory`", "quotes: \"memory\""),
        ("let x = cdn(\"x\", #{ of: x });", "`x` cannot be made of itself", "made before this one"),
        ("let x = cache(\"x\", #{ ttl: p.ttl });", "does not vary `ttl`", "add .vary(\"ttl\", [..])"),
        ("let as = web(\"x\", #{});", "`as` is a word of the language", "another name"),
        ("let x = web(\"x\", #{ service: 5 ms });", "a unit follows its number with a point", "write 5.ms"),
        ("let mut x = web(\"x\", #{});", "all variables can be changed", "without mut"),
        ("let x: web = web(\"x\", #{});", "variables have no types", "write let x = .."),
        ("def f(x) { 1 }", "`def` is a word of another language", "write fn name"),
        ("var x = web(\"x\", #{});", "`var` is a word of another language", "write let x"),
        ("let x = web(\"x\", #{ reads: None });", "`None` is a word of another language", "()"),
        ("let s = f\"web{1}\";", "values in a text", "backticks"),
        ("if p.n > 2 then { }", "what an `if` does stands in braces", "write if x > 1 { .. }"),
        ("while p.n > 2 do { }", "what a `while` does stands in braces", "write while x > 1 { .. }"),
        ("let x = 5 if true else 3;", "begins with `if`", "write if a { b } else { c }"),
        ("let x = 5\nif true { }", "`;` is missing", "before the marked place"),
        ("for (let i of [1, 2]) { }", "a loop is written otherwise", "write for i in 0..10 { .. }"),
        ("for i = 1 to 3 { }", "a loop is written otherwise", "for x in list"),
        ("const N: int = 3;", "variables have no types", "write let x = .."),
        ("let x := 3;", "`:=` is no operator", "write let x = .."),
        ("let y = switch 3 { 3 -> 4 };", "a branch of `switch`", "1 => .."),
        ("let f = |x| -> x + 1;", "`->` is no sign here", "|x| .."),
        ("import load from \"x\";", "modules are imported otherwise", "import \"name\" as m"),
        ("print \"a\";", "`print` is a function", "print(\"..\")"),
        ("let x = web(\"x\", #{ reads: null });", "`null` is a word of another language", "()"),
        ("let x = web(\"x\", of=db);", "stand in an object map", "write #{ of: .. }"),
        ("let x = web(\"x\", { of: db });", "begins with `#{`", "write #{ of: .. }"),
        ("every(1.s, (t) => t);", "a function without a name", "write |t| .."),
        ("every(1.s, function(t) { t });", "a function without a name", "write |t| .."),
        ("let f = lambda t: t;", "`lambda` is a word of another language", "write |r|"),
        ("if p.a == 1 and p.b == 2 { }", "`and` is no operator", "two checks"),
        ("let n = 1 > 0 ? 1 : 2;", "`?` is no operator", "write if a { b } else { c }"),
        ("let n = 1; n++;", "`++` is no operator", "write x += 1"),
        ("print(f\"n is {n}\");", "values in a text", "between backticks"),
        ("let l = [i for i in 3];", "computed from another one", ".map(|i| ..)"),
        ("for (i = 0; i < 3; i++) { }", "a loop is written otherwise", "for i in 0..10"),
        ("let l = [\"a\" [1, 2]];", "a `,` is missing before `[`", ".vary("),
        ("let x = cache(\"x\", #{ items: 4,000 });", "grouped by `_`", "write 4_000"),
        ("let x = web(\"x\", #{}); at(1.s, || x.1.crash());", "numbered in brackets", "write x[1]"),
        ("if p.n =< 2 { }", "`=<` is no operator", "write <="),
        ("every(1.s, fn(t) { t });", "a function without a name", "write |t| .."),
        ("let x = web(\"x\", #{});\n}) expect(\"y\", |r| {", "goes on with a point", "write .expect(..)"),
        ("let x = web(\"x\", #{ service: 5.ms );", "the `#{` of line 2 is still open", "write `}` before it"),
        ("let x = web(\"x\", #{ service: 5.ms() });", "`ms` is no function", "without brackets: 5.ms"),
        ("let x = web(\"x\", #{ service: 1.ms..5.ms });", "`..` is no function", "uniform(3.ms, 5.ms)"),
        (
            "let x = web(\"x\", #{});\n}).repetitions(3).expect(\"y\", |r| {",
            "no function",
            "mean `replications`",
        ),
        (
            "let x = web(\"x\", #{});\n}).expect(\"y\", |r| { r.latency_p99() < 1.s;",
            "is no function",
            "r.latency_p99",
        ),
        ("let n = (1 + 2));", "this `)` closes nothing", "take it away"),
        (
            "let x = web(\"x\", #{ service: exp(1.ms) });",
            "`exp` does not take (duration)",
            "exponential(5.ms)",
        ),
        ("let x = web(\"x\", #{ price_per_hour: 2.usd });", "no unit `usd`", "a price is a number"),
        ("let x = web(\"x\", #{}).timeout(3.s);", "no action `timeout`", ""),
        (
            "let w = web(\"w\", #{}); let x = load_balancer(\"x\", #{ to: [w, w] });",
            "stands twice in `to`",
            "name each once",
        ),
    ] {
        let text = said(lines);
        assert!(text.contains(message) && text.contains(help), "{lines}\n{text}");
    }
}
