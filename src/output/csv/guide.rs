//! What the tables hold, in words: for whoever opens one in a spreadsheet and asks.

/// A column and what it holds.
pub type Explained = (&'static str, &'static str);

/// A table in words.
#[derive(Clone, Copy, Debug)]
pub struct Guide {
    /// The file's name.
    pub name: &'static str,
    /// What a row is.
    pub about: &'static str,
    /// What its columns hold, but for metrics and factors.
    columns: &'static [&'static [Explained]],
    /// Whether each metric has a column besides.
    pub metrics: bool,
}

impl Guide {
    /// Whether it is meant, with its ending or without.
    pub fn is_named(&self, name: &str) -> bool {
        self.name == name || self.name.strip_suffix(".csv") == Some(name)
    }

    /// Its columns in their order, but for metrics and the figures of components.
    pub fn columns(&self) -> impl Iterator<Item = &'static Explained> {
        self.columns.iter().copied().flatten()
    }
}

const VARIANT: Explained = ("variant", "a level for each factor");
const REPLICATION: Explained =
    ("replication", "from 0; the same number in two variants has the same random draws");
const COMPONENT: Explained =
    ("component", "its name; of several nodes name/0, name/1, ..; of one that is alone, the name");
const KIND: Explained = ("kind", "what it is: web, cache, database, ..");
const PHASE: Explained = ("phase", "the phase's name: .phase(\"outage\", 10.minutes, 18.minutes)");
const EXPERIMENT: Explained = ("experiment", "the experiment's name");
const SEED: Explained = ("seed", "the experiment's seed: .seed(7) or --seed");
const PARAM: Explained =
    ("param_<factor>", "the level of each factor as a number, if it is one; times in ms");

/// The columns that compare, in comparison.csv and phases_comparison.csv.
const COMPARED: &[Explained] = &[
    ("metric", "which: `scalelab list metrics`"),
    VARIANT,
    ("n", "replications in which it was measured"),
    ("mean", "mean over the replications"),
    ("sd", "standard deviation over the replications: how much one run differs from another"),
    ("ci95_low", "where the 95 % interval of the mean begins (Student's t)"),
    ("ci95_high", "where it ends"),
    ("baseline_variant", "whom it is compared with: .baseline(..), or the first variant"),
    ("diff_mean", "mean of the differences to the baseline, replication by replication"),
    ("diff_ci95_low", "where the 95 % interval of the difference begins"),
    ("diff_ci95_high", "where it ends; if 0 lies between, no difference is shown"),
    ("diff_rel_pct", "diff_mean in percent of the baseline's mean"),
    ("method", "paired_t: Student's t of the differences, replication by replication"),
    (
        "verdict",
        "better or worse than the baseline, different (of metrics that are neither), no_difference_shown, baseline; empty if too little was measured to tell",
    ),
];

/// What summary.csv and phases.csv begin with.
const RUN: &[Explained] = &[EXPERIMENT, VARIANT, PARAM, REPLICATION, SEED];

/// All tables, in the order in which one would open them.
pub const GUIDES: &[Guide] = &[
    Guide {
        name: "summary.csv",
        about: "a row for each variant and replication, with all metrics: the run behind the warm-up as a whole",
        columns: &[RUN],
        metrics: true,
    },
    Guide {
        name: "comparison.csv",
        about: "a row for each metric and variant: mean, interval, paired difference to the baseline, verdict",
        columns: &[COMPARED],
        metrics: false,
    },
    Guide {
        name: "timeseries.csv",
        about: "a row for each figure of each component in each window, the warm-up included",
        columns: &[&[
            VARIANT,
            REPLICATION,
            ("t_s", "where the window ends, from the beginning of the warm-up"),
            ("window_s", "how long it is: .window(5.s)"),
            COMPONENT,
            ("metric", "which: `scalelab explain utilization_ratio`"),
            ("value", "the figure in this window"),
        ]],
        metrics: false,
    },
    Guide {
        name: "components.csv",
        about: "a row for each node of each run; an empty cell where a kind of component has no such figure",
        columns: &[&[VARIANT, REPLICATION, COMPONENT, KIND]],
        metrics: false,
    },
    Guide {
        name: "measures.csv",
        about: "a row for whatever else a node has counted: `scalelab explain cache` lists a cache's measures",
        columns: &[&[
            VARIANT,
            REPLICATION,
            COMPONENT,
            KIND,
            ("measure", "which: `scalelab explain evictions_count`"),
            ("value", "how much"),
        ]],
        metrics: false,
    },
    Guide {
        name: "events.csv",
        about: "a row for whatever happened in a run: crashes, promotions, purges, notes",
        columns: &[&[
            VARIANT,
            REPLICATION,
            ("t_s", "when, from the beginning of the warm-up"),
            COMPONENT,
            ("event", "what happened"),
            ("detail", "how, how much, or the words of the script"),
        ]],
        metrics: false,
    },
    Guide {
        name: "checks.csv",
        about: "a row for each check and variant it holds for; for each claim",
        columns: &[&[
            ("check", "its words"),
            VARIANT,
            ("value", "mean of what is compared"),
            ("limit", "what it is compared with"),
            ("passed", "1, 0, or empty: undecided"),
            ("detail", "in words what was found, or why nothing can be said"),
        ]],
        metrics: false,
    },
    Guide {
        name: "phases.csv",
        about: "summary.csv phase by phase: a row for each variant, replication and phase",
        columns: &[
            RUN,
            &[
                PHASE,
                ("phase_from_s", "where it begins, from the beginning of the warm-up"),
                ("phase_to_s", "where it ends"),
            ],
        ],
        metrics: true,
    },
    Guide {
        name: "phases_comparison.csv",
        about: "comparison.csv phase by phase",
        columns: &[&[PHASE], COMPARED],
        metrics: false,
    },
];

#[cfg(test)]
mod tests {
    use super::super::{TABLES, TABLES_OF_PHASES};
    use super::*;
    use crate::experiment::{COLUMNS, METRICS};
    use crate::output::fixture::Found;

    /// The columns that a table has, without those of factors.
    fn header(name: &str) -> Vec<String> {
        let (_, write) = TABLES.iter().chain(TABLES_OF_PHASES).find(|(table, _)| *table == name).unwrap();
        let mut bytes = Vec::new();
        write(&Found::new().report(), &mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let columns = text.lines().next().unwrap().split(',').map(String::from);
        columns.filter(|column| !column.starts_with("param_")).collect()
    }

    #[test]
    fn every_table_has_a_guide_that_names_its_columns_in_their_order() {
        assert_eq!(GUIDES.len(), TABLES.len() + TABLES_OF_PHASES.len());
        for guide in GUIDES {
            let mut told: Vec<&str> = guide.columns().map(|(column, _)| *column).collect();
            told.retain(|column| *column != PARAM.0);
            told.extend(METRICS.iter().map(|metric| metric.column).filter(|_| guide.metrics));
            if guide.name == "components.csv" {
                told.extend(COLUMNS.iter().map(|column| column.name));
            }
            assert_eq!(header(guide.name), told, "{}", guide.name);
        }
    }
}
