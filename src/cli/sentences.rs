//! The comparison in words: which variant is better, in what, by how much, and how sure that is.

use super::figures::{Figure, shown, significant};
use super::look::{BAD, DOUBTFUL, GOOD, Look, STRONG, plain, styled, wrapped};
use crate::catalog::one_of;
use crate::experiment::Interval;
use crate::experiment::{Comparison, METRICS, Plan, RESOLUTION, Verdict};

/// For each variant: in what it is better than the baseline, in what worse, and where no difference was shown.
pub(super) fn sentences(plan: &Plan, comparisons: &[Comparison], look: Look) -> String {
    if plan.variants.len() < 2 {
        return String::new();
    }
    if plan.replications < 2 {
        return format!(
            "{}: one replication cannot decide which variant is better; use at least 3 (-r 3)\n",
            styled(DOUBTFUL, "undecided")
        );
    }
    let (mut text, mut compared) = (String::new(), 0);
    for baseline in plan.compared_with() {
        let is_own = |variant: &usize| *variant != baseline && plan.baselines[*variant] == baseline;
        let own: Vec<usize> = (0..plan.variants.len()).filter(is_own).collect();
        if own.is_empty() {
            continue;
        }
        let head = format!(
            "Against {}, replication by replication, with 95 % intervals:",
            plain(&plan.variants[baseline].label)
        );
        text.push_str(&format!("{}\n", styled(STRONG, &wrapped(&head, 0, 2, look))));
        for variant in own {
            let own = Own { name: plain(&plan.variants[variant].label), variant, baseline, comparisons };
            text.push_str(&own.sentences(look));
            compared += own.compared();
        }
    }
    text.push_str(&by_chance(compared, look));
    text
}

/// From so many comparisons on, one is likely to show a difference that there is not.
const MANY: usize = 20;

/// What 95 % means where much is compared.
fn by_chance(compared: usize, look: Look) -> String {
    if compared < MANY {
        return String::new();
    }
    let said = format!(
        "each of these {compared} comparisons is sure to 95 %: where nothing differs, one in twenty shows a difference all the same"
    );
    format!("  {}\n", wrapped(&said, 2, 2, look))
}

/// The comparisons of one variant.
struct Own<'a> {
    name: String,
    variant: usize,
    baseline: usize,
    comparisons: &'a [Comparison],
}

impl Own<'_> {
    /// How many of its figures are compared.
    fn compared(&self) -> usize {
        let figures = shown(self.comparisons).into_iter().filter(|figure| !figure.words.is_empty());
        figures.filter(|figure| figure.rows(self.comparisons)[self.variant].difference.is_some()).count()
    }

    /// Whether it leaves more unanswered than the baseline: then latencies are of others, or cut off at a time-out.
    fn answers_less(&self) -> bool {
        let of_all = |row: &&Comparison| METRICS[row.metric].column == "availability_ratio";
        let row = self.comparisons.iter().filter(of_all).nth(self.variant);
        row.is_some_and(|row| row.verdict == Verdict::Worse)
    }

    fn sentences(&self, look: Look) -> String {
        let (mut better, mut worse, mut alike, mut open) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let (mut unresolved, mut of_fewer, answers_less) = (false, false, self.answers_less());
        for figure in shown(self.comparisons).into_iter().filter(|f| !f.words.is_empty()) {
            let rows = figure.rows(self.comparisons);
            let (row, baseline) = (rows[self.variant], rows[self.baseline]);
            match (row.verdict, &row.difference) {
                (Verdict::NoDifferenceShown, difference) => {
                    unresolved |=
                        difference.as_ref().is_some_and(|range| range.low() > 0.0 || range.high() < 0.0);
                    alike.push(figure.words.to_string());
                }
                (Verdict::Better, Some(difference)) => {
                    of_fewer |= answers_less && figure.is_latency();
                    better.push(told(figure, row, difference));
                }
                (_, Some(difference)) => worse.push(told(figure, row, difference)),
                (_, None) if row.n > 0 && baseline.n > 0 => open.push(figure.words.to_string()),
                (_, None) => {} // one of the two has no such figure
            }
        }
        let listed = |words: &[String]| one_of(words).replace(" or ", " and ");
        let alike = match unresolved {
            true => {
                let percent = significant(100.0 * RESOLUTION, 1);
                format!("{} (percentiles are measured to {percent} %)", listed(&alike))
            }
            false => listed(&alike),
        };
        let fewer = match of_fewer {
            true => "; fewer were answered: latencies leave out what failed, and end where clients gave up",
            false => "",
        };
        let lines = [
            (styled(GOOD, "better"), better.join(", ") + fewer, ""),
            (styled(BAD, "worse "), worse.join(", "), ""),
            ("=     ".into(), alike, "no difference was shown in "),
            (styled(DOUBTFUL, "?     "), listed(&open), "too few runs to compare "),
        ];
        let said = |(_, words, _): &&(String, String, &str)| !words.is_empty() && words != "nothing";
        let line = |(mark, words, what): &(String, String, &str)| {
            format!("    {mark} {}\n", wrapped(&format!("{what}{words}"), 11, 11, look))
        };
        format!("  {}\n{}", self.name, lines.iter().filter(said).map(line).collect::<String>())
    }
}

/// "write latency p50 by 4.83 ms (-96 % [-97, -95])".
fn told(figure: &Figure, row: &Comparison, difference: &Interval) -> String {
    let amount = figure.amount(difference.mean);
    format!("{} by {amount} ({})", figure.words, interval(row.relative_pct, row.relative_ends, difference))
}

/// In per cent of the baseline with their interval, or where there is none, that of the difference itself.
fn interval(percent: Option<f64>, ends: Option<[f64; 2]>, difference: &Interval) -> String {
    let digits = |value: f64| significant(value, if value.abs() >= 10.0 { 2 } else { 1 });
    let exact = |value| significant(value, 3);
    // Next to nothing, every difference is thousands of per cent: the figure itself says more.
    let percent = percent.filter(|percent| difference.mean != 0.0 && percent.abs() < 1000.0);
    let signed =
        percent.map(|percent| format!("{}{} %", if percent > 0.0 { "+" } else { "" }, digits(percent)));
    match (signed, ends) {
        // Nothing falls by more than all of it.
        (Some(percent), Some([low, high])) => {
            format!("{percent} [{}, {}]", digits(low.max(-100.0)), digits(high.max(-100.0)))
        }
        (Some(percent), None) => {
            format!("[{}, {}], {percent}", exact(difference.low()), exact(difference.high()))
        }
        (None, _) => format!("[{}, {}]", exact(difference.low()), exact(difference.high())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::METRICS;
    use crate::output::fixture::{Found, plan};

    const WIDE: Look = Look { width: None, utf8: true, all: false };

    fn told(found: &Found) -> String {
        anstream::adapter::strip_str(&sentences(&found.plan, &found.comparisons, WIDE)).to_string()
    }

    #[test]
    fn differences_are_told_with_their_intervals() {
        let text = told(&Found::new());
        let expected = "\
Against strategy=through;ttl=5 s, replication by replication, with 95 % intervals:
  strategy=back;ttl=60 s
    better latency p50 by 4 ms (-78 % [-81, -75]), write latency p50 by 4.8 ms (-96 % [-96, -96]); fewer were answered: latencies leave out what failed, and end where clients gave up
    worse  availability by 0.009 (-0.9 % [-0.9, -0.9]), lost writes by 212 ([210, 215])
    =      no difference was shown in throughput and latency p99
";
        assert_eq!(text, expected, "\n{text}");
    }

    #[test]
    fn the_ends_of_the_interval_are_those_of_the_difference() {
        let difference = Interval { mean: -5.0, half_width: 1.0, n: 4 };
        assert_eq!(interval(Some(-50.0), Some([-60.0, -40.0]), &difference), "-50 % [-60, -40]");
        let more = Interval { mean: 0.5, ..difference };
        assert_eq!(interval(Some(5.0), Some([-5.0, 15.0]), &more), "+5 % [-5, 15]");
        assert_eq!(interval(Some(-50.0), None, &difference), "[-6, -4], -50 %");
        assert_eq!(interval(None, Some([-1.0, 1.0]), &difference), "[-6, -4]");
    }

    /// An interval without zero, and a difference that no histogram tells apart: that is said, else the two contradict each other.
    #[test]
    fn what_is_too_small_to_be_measured_is_told() {
        let mut found = Found::new();
        let metric = METRICS.iter().position(|metric| metric.column == "latency_p99_ms").expect("there");
        for row in found.comparisons.iter_mut().filter(|row| row.metric == metric && row.variant != 0) {
            row.difference = Some(Interval { mean: 0.01, half_width: 0.001, n: 4 });
            row.verdict = Verdict::NoDifferenceShown;
        }
        let text = told(&found);
        assert!(text.contains("in throughput and latency p99 (percentiles are measured to 0.4 %)"), "{text}");
    }

    #[test]
    fn a_narrow_terminal_breaks_lines_between_words() {
        let found = Found::new();
        let look = Look { width: Some(60), ..WIDE };
        let text =
            anstream::adapter::strip_str(&sentences(&found.plan, &found.comparisons, look)).to_string();
        assert!(text.lines().all(|line| line.chars().count() < 60), "{text}");
        let words = |text: &str| text.split_whitespace().map(str::to_string).collect::<Vec<_>>();
        assert_eq!(words(&text), words(&told(&found)));
    }

    #[test]
    fn what_the_baseline_has_not_is_not_compared() {
        let mut found = Found::new();
        let metric = METRICS.iter().position(|metric| metric.column == "latency_p99_ms").expect("there");
        for row in found.comparisons.iter_mut().filter(|row| row.metric == metric) {
            (row.difference, row.verdict) = (None, Verdict::Undecided);
            if row.variant == 0 {
                row.n = 0;
            }
        }
        assert!(!told(&found).contains("p99"), "{}", told(&found));
    }

    #[test]
    fn one_replication_cannot_decide_and_one_variant_has_no_rival() {
        assert!(told(&Found::with(plan(1))).contains("one replication cannot decide"));
        let mut alone = plan(4);
        alone.variants.truncate(1);
        assert_eq!(told(&Found::with(alone)), "");
    }
}
