//! Checks on the command line: `latency_p99_ms < 250`.

use crate::experiment::{CheckRow, Estimate, METRICS, Plan, RunResult, Sense, Standing, find_metric};

/// A check of every variant.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    text: String,
    /// Index of the metric it is about.
    pub metric: usize,
    sense: Sense,
    limit: f64,
}

/// Longer operators first.
const OPERATORS: [(&str, Sense); 6] = [
    ("<=", Sense::AtMost),
    (">=", Sense::AtLeast),
    ("==", Sense::Equal),
    ("!=", Sense::Unequal),
    ("<", Sense::Less),
    (">", Sense::More),
];

impl Rule {
    /// Reads a rule. The error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Rule, String> {
        let found = OPERATORS.iter().find_map(|(operator, sense)| {
            text.split_once(operator).map(|(left, right)| (left.trim(), *sense, right.trim()))
        });
        let (name, sense, limit) =
            found.ok_or_else(|| format!("'{text}' is no rule; write 'latency_p99_ms < 250'"))?;
        let metric = find_metric(name).map_err(|hint| {
            let hint = hint.map_or(String::new(), |hint| format!("; {hint}"));
            format!("there is no metric `{name}`{hint}")
        })?;
        let limit: f64 =
            limit.parse().ok().filter(|limit: &f64| limit.is_finite()).ok_or_else(|| {
                format!("'{limit}' is no number (in the unit of {})", METRICS[metric].column)
            })?;
        Ok(Rule { text: text.trim().into(), metric, sense, limit })
    }

    /// The outcome for each variant.
    pub fn judge(&self, plan: &Plan, results: &[RunResult]) -> Vec<CheckRow> {
        let row = |variant: usize| {
            let runs = results.iter().filter(|run| run.variant == variant);
            let estimate = Estimate::of_runs(self.metric, runs);
            let judgement = estimate.against(self.sense, self.limit);
            CheckRow {
                check: self.text.clone(),
                variant: plan.variants[variant].label.clone(),
                value: judgement.value,
                limit: judgement.limit,
                passed: match judgement.standing {
                    Standing::Holds => Some(true),
                    Standing::Fails => Some(false),
                    Standing::Undecided => None,
                },
                detail: judgement.detail,
            }
        };
        (0..plan.variants.len()).map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_take_both_names_of_a_metric() {
        let long = Rule::parse("latency_p99_ms < 250").unwrap();
        let short = Rule::parse(" latency_p99<250 ").unwrap();
        assert_eq!((long.metric, long.sense, long.limit), (short.metric, short.sense, short.limit));
        assert_eq!(Rule::parse("lost_writes == 0").unwrap().sense, Sense::Equal);
    }

    #[test]
    fn what_is_no_rule_says_why() {
        assert!(Rule::parse("latency").unwrap_err().contains("is no rule"));
        assert!(Rule::parse("latency_p98 < 3").unwrap_err().contains("did you mean"));
        assert!(Rule::parse("latency_p99 < fast").unwrap_err().contains("is no number"));
    }
}
