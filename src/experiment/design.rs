//! What is compared: factors, their levels, and the variants they make.

use super::component::Figure;
use crate::catalog::{Place, Problem, Problems};
use crate::kernel::{MILLISECOND, SECOND, Time};

/// A value of a factor, as the CSVs show it.
#[derive(Clone, Debug, PartialEq)]
pub struct Level {
    /// How a person reads it: `5 s`, `through`.
    pub text: String,
    /// Its number, if it has one, in the unit of `unit`.
    pub number: Option<f64>,
    /// Suffix of its column: `_ms`, `_per_s`, `_bytes`, `_ratio` or nothing.
    pub unit: &'static str,
}

/// One design under test.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    /// Its name: `strategy=back;ttl=5 s`.
    pub label: String,
    /// Its level of each factor, in the order of the factors; `None` if the factor does not apply to it.
    pub levels: Vec<Option<Level>>,
}

/// When a run begins to count and ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// Not counted.
    pub warmup: Time,
    /// Counted, after the warm-up.
    pub duration: Time,
    /// Length of a row of timeseries.csv.
    pub window: Time,
    /// How soon a request is to be answered (the service level objective), if that is said.
    pub slo: Option<Time>,
}

impl Timing {
    /// The end of the run.
    pub fn end(&self) -> Time {
        self.warmup + self.duration
    }

    /// A window for a run of this length: about 120 of them, of 1, 2 or 5 times a power of ten.
    pub fn window_for(end: Time) -> Time {
        let mut window = MILLISECOND;
        for factor in [2, 5, 2].into_iter().cycle() {
            if end / window <= 150 || window >= 1_000_000 * SECOND {
                break;
            }
            // 1 -> 2 -> 5 -> 10: times 2, 5/2, 2.
            window = if factor == 5 { window / 2 * 5 } else { window * factor };
        }
        window
    }
}

/// A part of the run whose figures are told by themselves as well.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    /// Its name.
    pub name: String,
    /// When it begins; t = 0 is the start of the warm-up.
    pub from: Time,
    /// When it ends.
    pub to: Time,
}

/// An experiment, ready to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its name.
    pub name: String,
    /// What it is about.
    pub about: String,
    /// Names of the factors.
    pub factors: Vec<String>,
    /// The designs, in the order of the script.
    pub variants: Vec<Variant>,
    /// Which variant each one is compared with; one that is a baseline, with itself.
    pub baselines: Vec<usize>,
    /// Runs of each variant.
    pub replications: u64,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Times of a run.
    pub timing: Timing,
    /// Parts of a run with figures of their own, in the order of the script.
    pub phases: Vec<Phase>,
    /// Mechanisms that a test has switched off.
    pub disabled: Vec<String>,
    /// Components whose figures the checks ask for.
    pub asked: Vec<Asked>,
    /// Metrics that checks look at: indices of [`METRICS`](super::METRICS).
    pub judged: Vec<usize>,
    /// Levels that no world looks at, nor any of its events, in words.
    pub unread: Vec<String>,
    /// What worlds compare levels with, and is the level of no variant, in words.
    pub unmet: Vec<String>,
}

/// A component that a check asks for by its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    /// In which variant.
    pub variant: usize,
    /// Its name, or that of one of its nodes.
    pub component: String,
    /// What is wanted of it.
    pub figure: Figure,
    /// Asked for of the best variant: it is enough if one that may be it has it.
    pub of_the_best: bool,
    /// The check.
    pub place: Place,
}

impl Plan {
    /// Number of runs.
    pub fn jobs(&self) -> usize {
        self.variants.len() * self.replications as usize
    }

    /// Mistakes that only one run has shown: they say which.
    pub fn told_of_run(&self, problems: Problems, (variant, replication): (usize, u64)) -> Problems {
        let run = format!("{}, replication {replication}", self.variants[variant].label);
        let told = |problem: Problem| Problem {
            message: format!("{} in the run of {run}", problem.message),
            ..problem
        };
        problems.into_iter().map(told).collect()
    }

    /// Whether others are compared with this variant.
    pub fn is_baseline(&self, variant: usize) -> bool {
        self.variants.len() > 1 && self.baselines[variant] == variant
    }

    /// The variants that others are compared with, in order.
    pub fn compared_with(&self) -> Vec<usize> {
        (0..self.baselines.len()).filter(|variant| self.baselines[*variant] == *variant).collect()
    }

    /// Column of a factor in the CSVs: its unit stands in the name if all levels share one.
    pub fn factor_column(&self, factor: usize) -> String {
        let mut units = self.variants.iter().filter_map(|v| v.levels[factor].as_ref()).map(|l| l.unit);
        let first = units.next().unwrap_or("");
        let unit = if units.all(|unit| unit == first) { first } else { "" };
        format!("param_{}{unit}", self.factors[factor])
    }

    /// Cell of a factor for a variant: a number where the column has a unit, else the text.
    pub fn factor_cell(&self, factor: usize, variant: usize) -> String {
        let Some(level) = &self.variants[variant].levels[factor] else { return String::new() };
        let column = self.factor_column(factor);
        match level.number {
            Some(number) if !level.unit.is_empty() && column.ends_with(level.unit) => format!("{number}"),
            _ => level.text.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_round_and_about_a_hundred() {
        for seconds in [1, 7, 60, 130, 3600, 86_400] {
            let end = seconds * SECOND;
            let window = Timing::window_for(end);
            assert!((50..=150).contains(&(end / window)), "{seconds} s: {window}");
            let digits = window.to_string();
            assert!(["1", "2", "5"].contains(&&digits[..1]) && digits[1..].chars().all(|c| c == '0'));
        }
    }
}
