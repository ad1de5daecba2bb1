//! Checks on the command line: `latency_p99_ms < 250`, or `latency_p99 < 0.25.s`.

use crate::experiment::{
    CheckRow, Estimate, METRICS, Plan, Quantity, RunResult, Sense, Standing, Unit, find_metric, short,
};
use crate::scripting;

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
        let limit = limit_of(METRICS[metric].column, limit)?;
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

/// What a column is compared with, in its unit: a plain number, or one with a unit as in scripts (`250.ms`) or elsewhere (`250ms`, `99%`).
fn limit_of(column: &str, text: &str) -> Result<f64, String> {
    let as_measured = Estimate::measured(column, Vec::new());
    let of = as_measured.unit;
    let number = |text: &str| text.trim_end().parse().ok().filter(|limit: &f64| limit.is_finite());
    let limit = number(text).or_else(|| {
        let at = text.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '%').len();
        let (amount, name) = text.split_at(at);
        let unit = scripting::unit(if name == "%" { "percent" } else { name })?;
        let amount = number(amount.strip_suffix('.').unwrap_or(amount))?;
        (unit.quantity == of.quantity).then_some(amount * unit.scale / of.scale)
    });
    let limit =
        limit.ok_or_else(|| format!("`{column}` is compared with {}, not with '{text}'", example(of)))?;
    if as_measured.is_beyond(limit) {
        let whole = short(limit);
        let hint = match number(text) {
            Some(_) => format!("write {} or {whole}%", short(limit / 100.0)),
            None => "100% is all".into(),
        };
        return Err(format!("`{column}` is a share, where 1 is all: it is compared with {whole}; {hint}"));
    }
    Ok(limit)
}

/// What goes with a unit.
fn example(of: Unit) -> &'static str {
    match of.quantity {
        Quantity::Duration if of.scale < 1.0 => "milliseconds such as 250, or 0.25.s",
        Quantity::Duration => "seconds such as 20, or 20.s",
        Quantity::Rate => "a rate per second such as 100, or 100.rps",
        Quantity::Share => "a share such as 0.99, or 99%",
        Quantity::Size => "bytes such as 1024, or 1.kib",
        Quantity::Number => "a number",
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
    fn limits_have_the_units_of_scripts() {
        let limit = |text: &str| Rule::parse(text).map(|rule| rule.limit);
        for (text, expected) in [
            ("latency_p99_ms < 250", 250.0),
            ("latency_p99 < 250.ms", 250.0),
            ("latency_p99 < 250ms", 250.0),
            ("latency_p99 < 250 ms", 250.0),
            ("latency_p99 < 1.5.s", 1_500.0),
            ("latency_p99 < 1.5s", 1_500.0),
            ("latency_p99 < 2.5e2", 250.0),
            ("write_unavailable < 1.minute", 60.0),
            ("throughput > 600.per_minute", 10.0),
            ("availability > 0.99", 0.99),
            ("availability >= 99%", 0.99),
            ("availability >= 99.5.percent", 0.995),
            ("lost_writes == 0", 0.0),
        ] {
            assert_eq!(limit(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_rule_says_why() {
        assert!(Rule::parse("latency").unwrap_err().contains("is no rule"));
        assert!(Rule::parse("latency_p98 < 3").unwrap_err().contains("did you mean"));
        assert!(Rule::parse("latency_p99 < fast").unwrap_err().ends_with("or 0.25.s, not with 'fast'"));
        assert!(
            Rule::parse("latency_p99 < 99%").unwrap_err().ends_with("not with '99%'"),
            "another quantity"
        );
        assert!(Rule::parse("latency_p99 < nan").is_err());
        assert!(Rule::parse("availability > 99").unwrap_err().ends_with("write 0.99 or 99%"));
        assert!(Rule::parse("availability > 101%").unwrap_err().ends_with("100% is all"));
        assert!(Rule::parse("shard_skew < 2").is_ok());
    }
}
