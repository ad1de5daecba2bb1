//! What an experiment has found, for the terminal: a table, then sentences, then the checks.

use super::busiest::busiest;
use super::figures::{Figure, estimate, shown, significant};
use super::look::{DOUBTFUL, Look, STRONG, plain, styled};
use super::sentences::sentences;
use super::verdicts::verdicts;
use crate::experiment::{
    CheckRow, Comparison, ComponentRow, METRICS, Outcome, Plan, UNASKED, UNSETTLED, Verdict, alike,
    compare_phase, only_if_always, only_if_partly,
};
use crate::kernel::time_text;
use crate::output::Written;
use comfy_table::{Cell, CellAlignment, Color, ContentArrangement, Table, presets};
use std::collections::{BTreeMap, BTreeSet};

/// Everything an experiment has found. The text has colours; print it with [`say`](super::say).
pub fn render(
    plan: &Plan,
    outcome: &Outcome,
    comparisons: &[Comparison],
    checks: &[CheckRow],
    look: Look,
) -> String {
    let mut text = title(plan, outcome);
    text.push_str(&blocks(plan, comparisons, busiest(plan, outcome, |run| &run.components), look));
    text.push_str(&survivors(plan, comparisons));
    text.push_str(&of_phases(plan, outcome, look));
    for part in [sentences(plan, comparisons, look), verdicts(checks, look)] {
        if !part.is_empty() {
            text.push('\n');
            text.push_str(&part);
        }
    }
    text
}

/// The same table for each phase.
fn of_phases(plan: &Plan, outcome: &Outcome, look: Look) -> String {
    let mut text = String::new();
    for (at, phase) in plan.phases.iter().enumerate() {
        let [from, to] = [phase.from, phase.to].map(time_text);
        text.push_str(&format!("\n{} ({from} to {to})\n", styled(STRONG, &plain(&phase.name))));
        let comparisons = compare_phase(plan, &outcome.results, at);
        let busiest = busiest(plan, outcome, |run| &run.phases[at].components);
        text.push_str(&blocks(plan, &comparisons, busiest, look));
        text.push_str(&survivors(plan, &comparisons));
    }
    text
}

/// Below this share of answered requests, latencies are those of the lucky.
const FEW_ANSWERED: f64 = 0.99;

/// A footnote for variants that answer only a part of their requests.
fn survivors(plan: &Plan, comparisons: &[Comparison]) -> String {
    let row = |row: &&Comparison| METRICS[row.metric].column == "availability_ratio";
    let low = comparisons.iter().filter(row).filter_map(|row| {
        let mean = row.mean.filter(|mean| *mean < FEW_ANSWERED)?;
        Some(format!("{} ({} %)", plain(&plan.variants[row.variant].label), significant(100.0 * mean, 3)))
    });
    let low: Vec<String> = low.collect();
    if low.is_empty() {
        return String::new();
    }
    let head = styled(DOUBTFUL, "Latencies leave out requests that failed or were rejected");
    let rest =
        "those that timed out count with the time they waited, however long the answer would have taken";
    format!("{head}; {rest}. Not all were answered by {}\n", low.join(", "))
}

fn title(plan: &Plan, outcome: &Outcome) -> String {
    let count = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let mut text = styled(STRONG, &plain(&plan.name));
    if !plan.about.is_empty() {
        text.push_str(&format!(": {}", plain(&plan.about)));
    }
    let warmup = match plan.timing.warmup {
        0 => "no warm-up".into(),
        warmup => format!("{} of warm-up", time_text(warmup)),
    };
    text.push_str(&format!(
        "\n{} x {}, {} measured after {}, seed {}\n",
        count(plan.variants.len(), "variant"),
        count(plan.replications as usize, "replication"),
        time_text(plan.timing.duration),
        warmup,
        plan.seed,
    ));
    if !outcome.complete {
        let share = format!("incomplete: {} of {} runs\n", outcome.results.len(), plan.jobs());
        text.push_str(&styled(DOUBTFUL, &share));
    }
    text
}

/// All that is shown of some comparisons: every metric, or those that one looks at first.
fn blocks(plan: &Plan, comparisons: &[Comparison], busiest: Option<Vec<String>>, look: Look) -> String {
    let tables = match look.all {
        true => all_metrics(plan, comparisons, look),
        false => tables(plan, comparisons, busiest, look),
    };
    tables.iter().flat_map(|table| [table.as_str(), "\n"]).collect()
}

/// One table, or several under each other where the terminal is too narrow for all columns.
fn tables(plan: &Plan, comparisons: &[Comparison], busiest: Option<Vec<String>>, look: Look) -> Vec<String> {
    let labels: Vec<String> = (0..plan.variants.len()).map(|v| label(plan, v)).collect();
    let columns: Vec<Column> = shown(comparisons)
        .into_iter()
        .map(|figure| (figure.title.into(), cells(figure, comparisons, look)))
        .chain(busiest.map(|cells| ("busiest".into(), cells.into_iter().map(Shown::plain).collect())))
        .collect();
    split("variant", &labels, &columns, look)
}

/// Every metric that was measured, one below the other: many more than there are variants.
fn all_metrics(plan: &Plan, comparisons: &[Comparison], look: Look) -> Vec<String> {
    let rows_of = |metric: usize| comparisons.iter().filter(move |row| row.metric == metric);
    let measured: Vec<usize> =
        (0..METRICS.len()).filter(|metric| rows_of(*metric).any(|row| row.n > 0)).collect();
    let labels: Vec<String> = measured.iter().map(|metric| METRICS[*metric].column.into()).collect();
    let of_variant = |variant: usize| {
        let row = |metric: &usize| rows_of(*metric).find(|row| row.variant == variant);
        measured
            .iter()
            .map(|metric| row(metric).map_or_else(Shown::nothing, |row| shown_of(row, look)))
            .collect()
    };
    let columns: Vec<Column> =
        (0..plan.variants.len()).map(|variant| (label(plan, variant), of_variant(variant))).collect();
    split("metric", &labels, &columns, look)
}

/// A head and what is below it.
type Column = (String, Vec<Shown>);

/// As many tables as it takes.
fn split(corner: &str, labels: &[String], columns: &[Column], look: Look) -> Vec<String> {
    let label_width = width(labels.iter().map(String::as_str).chain([corner]));
    let mut tables = Vec::new();
    let mut rest = columns;
    while !rest.is_empty() {
        let (now, later) = rest.split_at(fitting(rest, label_width, look));
        tables.push(table(corner, labels, now, look));
        rest = later;
    }
    tables
}

fn label(plan: &Plan, variant: usize) -> String {
    let label = plain(&plan.variants[variant].label);
    if plan.is_baseline(variant) { format!("{label} (baseline)") } else { label }
}

/// A cell and what its comparison shows.
struct Shown {
    text: String,
    verdict: Verdict,
}

impl Shown {
    fn nothing() -> Self {
        Shown::plain(String::new())
    }

    /// Not compared with anything.
    fn plain(text: String) -> Self {
        Shown { text, verdict: Verdict::NoDifferenceShown }
    }
}

fn shown_of(row: &Comparison, look: Look) -> Shown {
    let text = row.mean.map_or(String::new(), |mean| estimate(mean, row.interval.as_ref(), look));
    Shown { text, verdict: row.verdict }
}

fn cells(figure: &Figure, comparisons: &[Comparison], look: Look) -> Vec<Shown> {
    figure.rows(comparisons).into_iter().map(|row| shown_of(row, look)).collect()
}

fn width<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}

/// How many columns have room beside the labels; at least one, which is wrapped if need be.
fn fitting(columns: &[Column], label_width: usize, look: Look) -> usize {
    let Some(room) = look.width else {
        return columns.len();
    };
    // Each column has a blank on both sides and a line behind.
    let mut used = label_width + 4;
    let fits = |(title, cells): &&Column| {
        used += width(cells.iter().map(|cell| cell.text.as_str()).chain([title.as_str()])) + 3;
        used <= room as usize
    };
    columns.iter().take_while(fits).count().max(1)
}

fn table(corner: &str, labels: &[String], columns: &[Column], look: Look) -> String {
    let mut table = Table::new();
    let style = if look.utf8 { presets::UTF8_FULL_CONDENSED } else { presets::ASCII_FULL_CONDENSED };
    table.load_style(style).force_no_tty().enforce_styling();
    if let Some(width) = look.width {
        table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    }
    table.set_header([corner].into_iter().chain(columns.iter().map(|(title, _)| title.as_str())));
    for (row, label) in labels.iter().enumerate() {
        let cells = columns.iter().map(|(_, cells)| cell(&cells[row]));
        table.add_row([Cell::new(label)].into_iter().chain(cells));
    }
    table.column_iter_mut().skip(1).for_each(|c| c.set_cell_alignment(CellAlignment::Right));
    table.trim_fmt()
}

fn cell(shown: &Shown) -> Cell {
    let cell = Cell::new(&shown.text);
    match shown.verdict {
        Verdict::Better => cell.fg(Color::DarkGreen),
        Verdict::Worse => cell.fg(Color::DarkRed),
        _ => cell,
    }
}

/// Where the results are, and what of them.
pub fn files(written: &Written) -> String {
    let file = |(name, rows): &(String, Option<u64>)| match rows {
        Some(1) => format!("{name} (1 row)"),
        Some(rows) => format!("{name} ({rows} rows)"),
        None => name.clone(),
    };
    let files: Vec<String> = written.files.iter().map(file).collect();
    let folder = plain(&written.dir.display().to_string());
    format!("\nWritten to {folder}: {}\n", files.join(", "))
}

/// What makes the figures of each run doubtful; for stderr.
pub fn every_warning(plan: &Plan, outcome: &Outcome) -> String {
    let lines = outcome.results.iter().flat_map(|result| {
        let of =
            format!("{}, replication {}", plain(&plan.variants[result.variant].label), result.replication);
        result
            .warnings
            .iter()
            .map(move |text| format!("{}: {} ({of})\n", styled(DOUBTFUL, "warning"), plain(text)))
    });
    lines.chain(of_all_runs(plan, outcome)).collect()
}

/// What only all runs together tell.
fn of_all_runs(plan: &Plan, outcome: &Outcome) -> impl Iterator<Item = String> {
    let told = plan.unmet.iter().cloned().chain(alike(plan, &outcome.results));
    told.map(|text| format!("{}: {}\n", styled(DOUBTFUL, "warning"), plain(&text)))
}

/// A kind of warning: its first example, or that with the highest share, in how many runs, and of which variant.
struct Example<'a> {
    warning: &'a str,
    runs: usize,
    variant: usize,
    is_worst: bool,
}

/// What makes the figures doubtful, each kind of warning once with one example; for stderr.
pub fn warnings(plan: &Plan, outcome: &Outcome) -> String {
    let mut counted: BTreeMap<&str, Example<'_>> = BTreeMap::new();
    for result in outcome.results.iter() {
        let mut of_run = BTreeSet::new(); // two components of one run are one run
        for warning in result.warnings.iter().filter(|warning| of_run.insert(kind(warning))) {
            let first = Example { warning, runs: 0, variant: result.variant, is_worst: false };
            let example = counted.entry(kind(warning)).or_insert(first);
            example.runs += 1;
            if share(warning) > share(example.warning) {
                let (variant, is_worst) = (result.variant, true);
                *example = Example { warning, variant, is_worst, ..*example };
            }
        }
    }
    let line = |Example { warning, runs, variant, is_worst }: Example<'_>| {
        let of = outcome.results.len();
        let label = plain(&plan.variants[variant].label);
        let (head, where_to) = (styled(DOUBTFUL, "warning"), if is_worst { "most" } else { "first" });
        format!("{head}: {} ({runs} of {of} runs, {where_to} in {label})\n", plain(warning))
    };
    // A variant may do without a component on purpose: what some run needs has not been forgotten.
    let forgotten = |runs: usize| runs == outcome.results.len();
    // Where no variant pays for what it sends, or all do, costs are comparable; so with others of the kind.
    let counts = |Example { warning, runs, .. }: &Example<'_>| match *warning {
        warning if warning.starts_with(UNASKED) => *runs == runs_with(kind(warning), outcome),
        warning if only_if_always(warning) => forgotten(*runs),
        warning if only_if_partly(warning) => !forgotten(*runs),
        warning if warning.starts_with(UNSETTLED) => mostly_unsettled(plan, outcome),
        _ => true,
    };
    counted.into_values().filter(counts).map(line).chain(of_all_runs(plan, outcome)).collect()
}

/// In how many runs there is the component that nobody asks: others may not even make it.
fn runs_with(kind: &str, outcome: &Outcome) -> usize {
    let name = kind.strip_prefix(UNASKED).map(str::trim);
    let is_it = |row: &ComponentRow| row.component.split('/').next() == name;
    let found = outcome.results.iter().filter(|result| result.components.iter().any(is_it)).count();
    if found == 0 { outcome.results.len() } else { found }
}

/// What stands before the colon; the figures behind it differ from run to run.
fn kind(warning: &str) -> &str {
    warning.split(": ").next().unwrap_or(warning)
}

/// The first share that a warning tells behind the colon, in percent.
fn share(warning: &str) -> Option<f64> {
    let told = warning.split_once(": ")?.1;
    told.split(" %").next().filter(|before| before.len() < told.len())?.rsplit(' ').next()?.parse().ok()
}

/// Whether most runs of some variant were not steady: of single ones the rule often says so by chance.
fn mostly_unsettled(plan: &Plan, outcome: &Outcome) -> bool {
    (0..plan.variants.len()).any(|variant| {
        let runs = outcome.results.iter().filter(|result| result.variant == variant);
        let late = |warning: &String| warning.starts_with(UNSETTLED);
        2 * runs.clone().filter(|result| result.warnings.iter().any(late)).count() > runs.count()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixture::{Found, plan};

    const WIDE: Look = Look { width: None, utf8: true, all: false };

    fn rendered(found: &Found, look: Look) -> String {
        let Found { plan, outcome, comparisons, checks, .. } = found;
        let text = render(plan, outcome, comparisons, checks, look);
        anstream::adapter::strip_str(&text).to_string()
    }

    #[test]
    fn a_wide_terminal_shows_one_table() {
        let text = rendered(&Found::new(), WIDE);
        let expected = "\
write strategies: what each costs
2 variants x 4 replications, 2 min measured after 1 s of warm-up, seed 42
┌─────────────────────────────────────┬─────────────┬─────────────┬─────────────┬──────────────────┬───────────────┬─────────────┬───────────┐
│ variant                             ┆    served/s ┆      p50 ms ┆      p99 ms ┆     write p50 ms ┆     available ┆ lost writes ┆   busiest │
╞═════════════════════════════════════╪═════════════╪═════════════╪═════════════╪══════════════════╪═══════════════╪═════════════╪═══════════╡
│ strategy=through;ttl=5 s (baseline) ┆ 2000 ± 0.21 ┆ 5.15 ± 0.21 ┆ 19.9 ± 0.23 ┆      5 ± 0.00021 ┆         0.999 ┆           0 ┆ shop 25 % │
│ strategy=back;ttl=60 s              ┆ 2000 ± 0.21 ┆ 1.15 ± 0.21 ┆ 20.4 ± 0.75 ┆ 0.2003 ± 0.00041 ┆ 0.99 ± 2.1e-7 ┆ 212.5 ± 2.1 ┆ shop 25 % │
└─────────────────────────────────────┴─────────────┴─────────────┴─────────────┴──────────────────┴───────────────┴─────────────┴───────────┘

Against strategy=through;ttl=5 s";
        assert!(text.starts_with(expected), "\n{text}");
    }

    #[test]
    fn a_narrow_terminal_shows_several_and_no_line_is_too_long() {
        let found = Found::new();
        let look = Look { width: Some(80), utf8: false, all: false };
        let blocks = tables(&found.plan, &found.comparisons, None, look);
        assert!(blocks.len() > 1);
        for block in &blocks {
            let block = anstream::adapter::strip_str(block).to_string();
            assert!(block.lines().all(|line| line.len() <= 80 && line.is_ascii()), "{block}");
            assert!(block.contains("strategy=through;ttl=5 s (baseline)"), "{block}");
            assert!(!block.contains("+/-\n"), "no cell is wrapped: {block}");
        }
        let all = blocks.concat();
        for title in ["served/s", "p99 ms", "lost writes"] {
            assert_eq!(all.matches(title).count(), 1, "{all}");
        }
    }

    #[test]
    fn a_tiny_terminal_is_no_reason_to_fall_over() {
        let found = Found::new();
        for width in 1..40 {
            rendered(&found, Look { width: Some(width), utf8: true, all: false });
        }
    }

    #[test]
    fn all_metrics_stand_below_each_other() {
        let found = Found::new();
        let text = rendered(&found, Look { all: true, ..WIDE });
        let line = |name: &str| text.lines().find(|line| line.contains(name)).unwrap_or_default().to_string();
        assert!(line("│ latency_p99_ms ").matches('┆').count() == 2, "a column for each variant: {text}");
        assert!(
            line("│ metric").contains("(baseline)") && line("lost_writes_count").contains("212.5"),
            "{text}"
        );
        assert!(!text.contains("messages_lost_count"), "not measured: {text}");
    }

    #[test]
    fn every_warning_of_every_run_is_said_if_wanted() {
        let mut found = Found::new();
        found.results()[1].warnings.extend(["drifts: a".into(), "drifts: b".into()]);
        let text = anstream::adapter::strip_str(&every_warning(&found.plan, &found.outcome)).to_string();
        let of = "strategy=through;ttl=5 s, replication 1";
        assert_eq!(text, format!("warning: drifts: a ({of})\nwarning: drifts: b ({of})\n"));
    }

    #[test]
    fn better_is_green_and_worse_is_red() {
        if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
            return;
        }
        let found = Found::new();
        let text = tables(&found.plan, &found.comparisons, None, WIDE).concat();
        let cell = |code: &str| text.split(code).nth(1).map(|rest| rest.split('\x1b').next().unwrap().trim());
        assert_eq!(cell("\x1b[38;5;2m"), Some("1.15 ± 0.21"), "{text:?}");
        assert_eq!(cell("\x1b[38;5;1m"), Some("0.99 ± 2.1e-7"), "{text:?}");
    }

    #[test]
    fn an_interrupted_experiment_says_so() {
        let mut found = Found::new();
        found.outcome.complete = false;
        found.results().truncate(3);
        assert!(rendered(&found, WIDE).contains("incomplete: 3 of 8 runs\n"));
    }

    #[test]
    fn nothing_measured_is_not_an_error() {
        let mut found = Found::with(plan(1));
        found.results().clear();
        found.comparisons = crate::experiment::compare(&[], &[0, 0]);
        assert!(rendered(&found, WIDE).starts_with("write strategies"));
    }

    #[test]
    fn files_are_named_with_their_rows() {
        let files_of =
            [("summary.csv".into(), Some(8)), ("checks.csv".into(), Some(1)), ("manifest.json".into(), None)];
        let written = Written { dir: "results/x".into(), files: files_of.to_vec() };
        let expected = "\nWritten to results/x: summary.csv (8 rows), checks.csv (1 row), manifest.json\n";
        assert_eq!(files(&written), expected);
    }

    #[test]
    fn a_warning_of_many_runs_is_said_once() {
        let mut found = Found::new();
        for result in &mut found.results()[3..] {
            result.warnings.push("drifts".into());
        }
        let text = anstream::adapter::strip_str(&warnings(&found.plan, &found.outcome)).to_string();
        assert_eq!(text, "warning: drifts (5 of 8 runs, first in strategy=through;ttl=5 s)\n");
    }

    #[test]
    fn of_shares_the_highest_is_told() {
        let mut found = Found::new();
        for (at, share) in [15, 61, 20].into_iter().enumerate() {
            found.results()[at + 3].warnings.push(format!("many are open: {share} % of all (99 % last)"));
        }
        let text = anstream::adapter::strip_str(&warnings(&found.plan, &found.outcome)).to_string();
        assert!(
            text.starts_with("warning: many are open: 61 % of all (99 % last) (3 of 8 runs, most in "),
            "{text}"
        );
        assert_eq!([share("a: b"), share("none"), share("x: y % z")], [None; 3]);
    }

    #[test]
    fn what_some_variant_leaves_out_was_not_forgotten() {
        let mut found = Found::new();
        let warnings_of = |found: &Found| warnings(&found.plan, &found.outcome);
        found.results()[0].warnings.push(format!("{UNASKED} spare: nothing came"));
        assert_eq!(warnings_of(&found), "");
        for result in &mut found.results()[1..] {
            result.warnings.push(format!("{UNASKED} spare: nothing came"));
        }
        assert!(warnings_of(&found).contains("nobody asks spare"));
    }

    #[test]
    fn a_run_or_two_that_look_unsteady_are_chance() {
        let mut found = Found::new();
        let warnings_of = |found: &Found| warnings(&found.plan, &found.outcome);
        let of_first =
            |found: &Found| (0..8).filter(|at| found.outcome.results[*at].variant == 0).collect::<Vec<_>>();
        let runs = of_first(&found);
        for at in &runs[..runs.len() / 2] {
            found.results()[*at].warnings.push(format!("{UNSETTLED}: after about 2 s"));
        }
        assert_eq!(warnings_of(&found), "");
        found.results()[runs[runs.len() / 2]].warnings.push(format!("{UNSETTLED}: after about 2 s"));
        assert!(warnings_of(&found).contains(UNSETTLED));
    }
}
