//! The embedded example with twenty replications on two cores against one: `cargo bench --bench parallel`. Beside it runs what the
//! machine itself gives: two processes at the same time, of one thread each, that have nothing to do with each other.

use std::path::Path;
use std::process::{Child, Command, ExitCode};
use std::time::Instant;

const ROUNDS: usize = 5;

/// Begins a run of the whole program.
fn begin(jobs: &str, folder: &Path, name: &str) -> Child {
    Command::new(env!("CARGO_BIN_EXE_scalelab"))
        .args(["run", "experiments/first_look.rhai", "-q", "-r", "20", "-j", jobs, "-o"])
        .arg(folder.join(name))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .spawn()
        .expect("the program starts")
}

/// Wall seconds until all of these runs, begun together, have ended.
fn run(jobs: &[&str]) -> f64 {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let began = Instant::now();
    let names = ["one", "other"].into_iter();
    let runs: Vec<Child> =
        jobs.iter().zip(names).map(|(jobs, name)| begin(jobs, folder.path(), name)).collect();
    for mut run in runs {
        assert!(run.wait().expect("the program runs").success());
    }
    began.elapsed().as_secs_f64()
}

fn tell(what: &str, mut ratios: Vec<f64>) {
    ratios.sort_by(f64::total_cmp);
    println!("{what}: {:.2} x (median of {ROUNDS}, {ratios:.2?})", ratios[ROUNDS / 2]);
}

fn main() -> ExitCode {
    let (mut threads, mut processes) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let one = run(&["1"]);
        threads.push(one / run(&["2"]));
        processes.push(2.0 * one / run(&["1", "1"]));
    }
    tell("2 threads against 1", threads);
    tell("2 processes against 1, for twice the work", processes);
    ExitCode::SUCCESS
}
