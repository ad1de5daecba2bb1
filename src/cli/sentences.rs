//! The comparison in words: which variant is better, in what, by how much, and how sure that is.

use super::figures::{Figure, shown, significant};
use super::look::{BAD, DOUBTFUL, GOOD, STRONG, plain, styled};
use crate::catalog::one_of;
use crate::experiment::{Comparison, Plan, Verdict};
use crate::stats::Interval;

/// One sentence for each variant and figure that differs from the baseline, one for all that do not.
pub(super) fn sentences(plan: &Plan, comparisons: &[Comparison]) -> String {
    if plan.variants.len() < 2 {
        return String::new();
    }
    if plan.replications < 2 {
        return format!(
            "{}: one replication cannot decide which variant is better; use at least 3 (-r 3)\n",
            styled(DOUBTFUL, "undecided")
        );
    }
    let baseline = plain(&plan.variants[plan.baseline].label);
    let head = format!("Against {baseline}, replication by replication, with 95 % intervals:");
    let mut text = format!("{}\n", styled(STRONG, &head));
    for variant in (0..plan.variants.len()).filter(|variant| *variant != plan.baseline) {
        let own = Own {
            name: plain(&plan.variants[variant].label),
            variant,
            comparisons,
        };
        text.push_str(&own.sentences(&baseline));
    }
    text
}

/// The comparisons of one variant.
struct Own<'a> {
    name: String,
    variant: usize,
    comparisons: &'a [Comparison],
}

impl Own<'_> {
    fn sentences(&self, baseline: &str) -> String {
        let mut text = String::new();
        let (mut alike, mut open) = (Vec::new(), Vec::new());
        for figure in shown(self.comparisons)
            .into_iter()
            .filter(|f| !f.words.is_empty())
        {
            let row = figure.rows(self.comparisons)[self.variant];
            match (row.verdict, &row.difference) {
                (Verdict::NoDifferenceShown, _) => alike.push(figure.words.to_string()),
                (_, Some(difference)) => {
                    let told = told(figure, row, difference);
                    text.push_str(&format!(
                        "  {} {}: {told} than {baseline}\n",
                        mark(row.verdict),
                        self.name
                    ));
                }
                (_, None) if row.n > 0 => open.push(figure.words.to_string()),
                (_, None) => {}
            }
        }
        for (mark, words, what) in [
            ("=", alike, "no difference was shown in"),
            ("?", open, "too few runs to compare"),
        ] {
            if !words.is_empty() {
                let words = one_of(&words).replace(" or ", " and ");
                text.push_str(&format!(
                    "  {} {}: {what} {words}\n",
                    styled(DOUBTFUL, &pad(mark)),
                    self.name
                ));
            }
        }
        text
    }
}

/// "write latency p50 is 4.83 ms lower (-96 % [-97, -95])".
fn told(figure: &Figure, row: &Comparison, difference: &Interval) -> String {
    let is = if figure.words.ends_with('s') {
        "are"
    } else {
        "is"
    };
    let direction = if difference.mean < 0.0 {
        "lower"
    } else {
        "higher"
    };
    let amount = figure.amount(difference.mean);
    format!(
        "{} {is} {amount} {direction} ({})",
        figure.words,
        interval(row.relative_pct, difference)
    )
}

/// In per cent of the baseline, or where that is 0, as it is.
fn interval(relative_pct: Option<f64>, difference: &Interval) -> String {
    let digits = |value: f64| significant(value, if value.abs() >= 10.0 { 2 } else { 1 });
    match relative_pct.filter(|_| difference.mean != 0.0) {
        Some(percent) => {
            let scale = percent / difference.mean;
            let ends = (difference.low() * scale, difference.high() * scale);
            let sign = if percent > 0.0 { "+" } else { "" };
            format!(
                "{sign}{} % [{}, {}]",
                digits(percent),
                digits(ends.0),
                digits(ends.1)
            )
        }
        None => {
            let exact = |value| significant(value, 3);
            format!(
                "[{}, {}]",
                exact(difference.low()),
                exact(difference.high())
            )
        }
    }
}

fn mark(verdict: Verdict) -> String {
    match verdict {
        Verdict::Better => styled(GOOD, &pad("better")),
        Verdict::Worse => styled(BAD, &pad("worse")),
        _ => pad(""),
    }
}

fn pad(mark: &str) -> String {
    format!("{mark:<6}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixture::{Found, plan};

    fn told(found: &Found) -> String {
        anstream::adapter::strip_str(&sentences(&found.plan, &found.comparisons)).to_string()
    }

    #[test]
    fn differences_are_told_with_their_intervals() {
        let text = told(&Found::new());
        let expected = "\
Against strategy=through;ttl=5 s, replication by replication, with 95 % intervals:
  better strategy=back;ttl=60 s: latency p50 is 4 ms lower (-78 % [-78, -78]) than strategy=through;ttl=5 s
  better strategy=back;ttl=60 s: write latency p50 is 4.8 ms lower (-96 % [-96, -96]) than strategy=through;ttl=5 s
  worse  strategy=back;ttl=60 s: availability is 0.009 lower (-0.9 % [-0.9, -0.9]) than strategy=through;ttl=5 s
  worse  strategy=back;ttl=60 s: lost writes are 212 higher ([210, 215]) than strategy=through;ttl=5 s
  =      strategy=back;ttl=60 s: no difference was shown in throughput and latency p99
";
        assert_eq!(text, expected, "\n{text}");
    }

    #[test]
    fn the_ends_of_the_interval_are_those_of_the_difference() {
        let difference = Interval {
            mean: -5.0,
            half_width: 1.0,
            n: 4,
        };
        assert_eq!(interval(Some(-50.0), &difference), "-50 % [-60, -40]");
        let more = Interval {
            mean: 0.5,
            ..difference
        };
        assert_eq!(interval(Some(5.0), &more), "+5 % [-5, 15]");
        assert_eq!(interval(None, &difference), "[-6, -4]");
    }

    #[test]
    fn one_replication_cannot_decide_and_one_variant_has_no_rival() {
        assert!(told(&Found::with(plan(1))).contains("one replication cannot decide"));
        let mut alone = plan(4);
        alone.variants.truncate(1);
        assert_eq!(told(&Found::with(alone)), "");
    }
}
