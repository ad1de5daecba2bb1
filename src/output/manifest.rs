//! manifest.json: what was run, with what, and what came of it. Whoever finds the folder years later starts here.

use super::csv::Report;
use crate::experiment::Plan;
use crate::kernel::seconds;
use crate::random::mix::hash_name;
use serde::{Deserialize, Serialize};

/// The version that writes.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Fingerprint of a script's text, against mistakes, not against malice.
pub fn script_hash(text: &str) -> u64 {
    hash_name(text)
}

/// The manifest of an experiment. Same input, same bytes, apart from `wall`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Version of scalelab.
    pub scalelab: String,
    /// Name of the experiment.
    pub experiment: String,
    /// What it is about.
    pub about: String,
    /// Whether all runs have finished.
    pub complete: bool,
    /// Where it comes from.
    pub script: Script,
    /// The command line, word by word.
    pub command: Vec<String>,
    /// Seed of all random numbers.
    pub seed: u64,
    /// Runs of each variant.
    pub replications: u64,
    /// Times of a run.
    pub timing: Times,
    /// What is varied.
    pub factors: Vec<Factor>,
    /// The designs, in the order of the script.
    pub variants: Vec<Design>,
    /// Labels of the variants that others are compared with.
    pub baseline: String,
    /// Mechanisms that a test has switched off.
    pub disabled: Vec<String>,
    /// The CSVs.
    pub files: Vec<File>,
    /// The finished runs.
    pub runs: Vec<Run>,
    /// What the reader should know.
    pub warnings: Vec<Warning>,
    /// What differs from one computer and day to the next.
    pub wall: Wall,
}

/// A script.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Script {
    /// As the user named it.
    pub path: String,
    /// [`script_hash`] in hexadecimal digits.
    pub hash: String,
}

/// Times of a run in simulated seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Times {
    /// Not counted.
    pub warmup_s: f64,
    /// Counted.
    pub duration_s: f64,
    /// Length of a row of timeseries.csv.
    pub window_s: f64,
}

/// A factor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Factor {
    /// Its name.
    pub name: String,
    /// Its column in summary.csv.
    pub column: String,
}

/// A variant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Design {
    /// Its label.
    pub variant: String,
    /// Its level of each factor, as a person reads it.
    pub levels: Vec<Option<String>>,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct File {
    /// Its name in this folder.
    pub name: String,
    /// Its rows, without the header.
    pub rows: u64,
}

/// A finished run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Label of its variant.
    pub variant: String,
    /// Its number, from 0.
    pub replication: u64,
    /// Fingerprint of all its events.
    pub digest: String,
    /// Events handled by the kernel.
    pub events_count: u64,
}

/// Something that makes the figures of a run doubtful.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Warning {
    /// Label of its variant.
    pub variant: String,
    /// The run's number.
    pub replication: u64,
    /// In words.
    pub warning: String,
}

/// Wall-clock figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Wall {
    /// How long the user waited; `null` while it runs.
    pub elapsed_s: Option<f64>,
}

impl Manifest {
    /// The manifest of an experiment that begins.
    pub(super) fn new(plan: &Plan, script_hash: u64) -> Self {
        let text = |level: &Option<crate::experiment::Level>| level.as_ref().map(|l| l.text.clone());
        let design = |variant: &crate::experiment::Variant| Design {
            variant: variant.label.clone(),
            levels: variant.levels.iter().map(text).collect(),
        };
        let factor = |(index, name): (usize, &String)| Factor {
            name: name.clone(),
            column: plan.factor_column(index),
        };
        Manifest {
            scalelab: VERSION.into(),
            experiment: plan.name.clone(),
            about: plan.about.clone(),
            complete: false,
            script: Script { path: String::new(), hash: format!("{script_hash:016x}") },
            command: Vec::new(),
            seed: plan.seed,
            replications: plan.replications,
            timing: Times {
                warmup_s: seconds(plan.timing.warmup),
                duration_s: seconds(plan.timing.duration),
                window_s: seconds(plan.timing.window),
            },
            factors: plan.factors.iter().enumerate().map(factor).collect(),
            variants: plan.variants.iter().map(design).collect(),
            baseline: {
                let labels =
                    plan.compared_with().into_iter().map(|variant| plan.variants[variant].label.as_str());
                labels.collect::<Vec<_>>().join(", ")
            },
            disabled: plan.disabled.clone(),
            files: Vec::new(),
            runs: Vec::new(),
            warnings: Vec::new(),
            wall: Wall::default(),
        }
    }

    /// Adds what the experiment has found.
    pub(super) fn fill(&mut self, report: &Report<'_>, files: Vec<File>, complete: bool) {
        let label = |index: usize| report.plan.variants[index].label.clone();
        self.complete = complete;
        self.files = files;
        for result in report.results {
            self.runs.push(Run {
                variant: label(result.variant),
                replication: result.replication,
                digest: result.digest.clone(),
                events_count: result.events_count,
            });
            self.warnings.extend(result.warnings.iter().map(|warning| Warning {
                variant: label(result.variant),
                replication: result.replication,
                warning: warning.clone(),
            }));
        }
    }

    /// In what the runs of another manifest differ from those of this one; empty if they are the same runs.
    pub(super) fn differences(&self, earlier: &Manifest) -> Vec<String> {
        let changed = |what: &str, now: String, then: String| {
            (now != then).then(|| format!("{what} (then {then}, now {now})"))
        };
        let unlike = |what: &str, same: bool| (!same).then(|| what.to_string());
        [
            changed("scalelab's version", self.scalelab.clone(), earlier.scalelab.clone()),
            unlike("the script", self.script.hash == earlier.script.hash),
            unlike("the experiment", self.experiment == earlier.experiment),
            changed("the seed", self.seed.to_string(), earlier.seed.to_string()),
            changed(
                "the number of replications",
                self.replications.to_string(),
                earlier.replications.to_string(),
            ),
            unlike("the times of a run", self.timing == earlier.timing),
            unlike("the variants", self.factors == earlier.factors && self.variants == earlier.variants),
            unlike("the mechanisms switched off", self.disabled == earlier.disabled),
        ]
        .into_iter()
        .flatten()
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::fixture::{Found, plan};

    #[test]
    fn the_same_plan_has_no_differences_and_each_change_has_a_name() {
        let now = Manifest::new(&plan(4), 7);
        assert_eq!(now.differences(&now), Vec::<String>::new());
        let change = |alter: fn(&mut Plan)| {
            let mut other = plan(4);
            alter(&mut other);
            now.differences(&Manifest::new(&other, 7)).join(" & ")
        };
        assert_eq!(change(|plan| plan.seed = 1), "the seed (then 1, now 42)");
        assert_eq!(change(|plan| plan.timing.warmup += 1), "the times of a run");
        assert_eq!(change(|plan| plan.disabled.push("cache".into())), "the mechanisms switched off");
        assert_eq!(change(|plan| plan.variants.reverse()), "the variants");
        assert!(change(|plan| plan.replications = 5).contains("then 5, now 4"));
        assert_eq!(now.differences(&Manifest::new(&plan(4), 8)), ["the script"]);
    }

    #[test]
    fn text_and_back_is_the_same_manifest() {
        let mut found = Found::new();
        found.results()[1].warnings.push("drifts".into());
        let mut manifest = Manifest::new(&found.plan, 7);
        manifest.fill(&found.report(), vec![File { name: "a.csv".into(), rows: 3 }], true);
        manifest.wall.elapsed_s = Some(0.1);
        let text = serde_json::to_string_pretty(&manifest).unwrap();
        assert_eq!(serde_json::from_str::<Manifest>(&text).unwrap(), manifest);
        assert_eq!(manifest.runs.len(), 8);
        assert_eq!(manifest.warnings[0].replication, 1);
        assert!(text.contains("\"hash\": \"0000000000000007\""), "{text}");
    }
}
