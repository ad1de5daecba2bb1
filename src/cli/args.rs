//! The command line.

use crate::output::Instant;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// What the program is told.
#[derive(Parser, Debug)]
#[command(
    name = "scalelab",
    version,
    about = "Experiments on the architecture of web services: a script in, comparable CSVs out",
    after_help = "Examples:\n  scalelab run experiments/first_look.rhai\n  scalelab new shop.rhai\n  scalelab explain cache\n  scalelab repl\n  scalelab export prometheus results/first_look",
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Run the experiments of a script and write their CSVs
    #[command(
        after_help = "Exit codes: 0 ok, 1 run or script error, 2 usage, 3 incomplete sweep, 99 a check failed, 130 Ctrl-C"
    )]
    Run(RunArgs),
    /// Read a script, build all its worlds, and print what would run
    Check(CheckArgs),
    /// List components, policies, actions, metrics, tables of results, functions and modules
    List(ListArgs),
    /// Explain a component, setting, policy or metric
    Explain(ExplainArgs),
    /// Make files for Prometheus and Grafana, or for log tools, from a folder of results
    Export(ExportArgs),
    /// Write a commented starter script
    New {
        /// Name of the script
        name: PathBuf,
    },
    /// A prompt: everything a script can do, line by line
    Repl {
        /// A script to run first
        file: Option<PathBuf>,
    },
    /// Print completions for a shell
    Completions {
        /// bash, zsh, fish, elvish or powershell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// Options of `run`.
#[derive(Args, Debug, Clone, Default)]
pub struct RunArgs {
    /// The script
    pub script: PathBuf,
    /// Folder of the results (default: results/<experiment>); a script's further experiments go into folders in it
    #[arg(short, long, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,
    /// Seed of all random numbers, instead of the script's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..1_000_000_000_000_000))]
    pub seed: Option<u64>,
    /// Replications of each variant, instead of the script's
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub replications: Option<u64>,
    /// Threads (default: one per core); results do not depend on it
    #[arg(short, long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub jobs: usize,
    /// Three replications only: times, rates and events stay as they are
    #[arg(long, conflicts_with = "replications")]
    pub quick: bool,
    /// JSON on stdout instead of the table: one document in a line for each experiment
    #[arg(long)]
    pub json: bool,
    /// No progress and no table; checks that did not pass are named on stderr
    #[arg(short, long)]
    pub quiet: bool,
    /// Warnings of every run, and all metrics in the table
    #[arg(short, long)]
    pub verbose: bool,
    /// A check of every variant, such as 'latency_p99 < 250.ms' or 'availability > 99%' (may be given several times)
    #[arg(long, value_name = "RULE")]
    pub check: Vec<String>,
    /// Go on with runs that an interrupted session has left
    #[arg(long)]
    pub resume: bool,
    /// Switch a mechanism off, to see that the checks notice
    #[arg(long, value_name = "MECHANISM", hide = true)]
    pub disable: Vec<String>,
}

/// Options of `export`.
#[derive(Args, Debug)]
pub struct ExportArgs {
    /// For whom
    pub kind: ExportKind,
    /// The folder that `run` has written, such as results/first_look
    pub results: PathBuf,
    /// Folder of the files (default: the name of the results with .prometheus or .logs behind it)
    #[arg(short, long, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,
    /// When the simulation begins, as RFC 3339 has it, or `now`
    #[arg(long, value_name = "TIME", default_value = Instant::DEFAULT)]
    pub epoch: String,
}

/// For whom `export` writes.
#[derive(clap::ValueEnum, Clone, Copy, Debug)]
pub enum ExportKind {
    /// Figures over time and events for a Prometheus of their own, and a Grafana dashboard
    Prometheus,
    /// Events as JSON lines (Loki, CloudWatch, Azure Monitor) and as OTLP JSON (OpenTelemetry)
    Logs,
}

/// Options of `check`.
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// The script
    pub script: PathBuf,
    /// One JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

/// Options of `list`.
#[derive(Args, Debug)]
pub struct ListArgs {
    /// Only this: components, policies, actions, metrics, tables, functions, modules
    pub what: Option<String>,
    /// One JSON document on stdout
    #[arg(long)]
    pub json: bool,
}

/// Options of `explain`.
#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// Name of a component, setting (cache.ttl), policy, metric, table (summary.csv), function or unit; `units` for all units
    pub name: String,
    /// One JSON document on stdout
    #[arg(long)]
    pub json: bool,
}
