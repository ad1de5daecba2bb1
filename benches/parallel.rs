//! Twenty replications on two cores against one: `cargo bench --bench parallel`.

use std::process::{Command, ExitCode};
use std::time::Instant;

const ROUNDS: usize = 5;

/// Wall seconds of one run of the whole program.
fn run(jobs: &str) -> f64 {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let began = Instant::now();
    let status = Command::new(env!("CARGO_BIN_EXE_scalelab"))
        .args(["run", "tests/small.rhai", "-q", "-r", "20", "-j", jobs, "-o"])
        .arg(folder.path().join("out"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .expect("the program runs");
    assert!(status.success());
    began.elapsed().as_secs_f64()
}

fn main() -> ExitCode {
    let mut ratios: Vec<f64> = (0..ROUNDS).map(|_| run("1") / run("2")).collect();
    ratios.sort_by(f64::total_cmp);
    println!(
        "2 cores against 1, 80 runs (4 variants x 20 replications): {:.2} x (median of {ROUNDS}, {ratios:.2?})",
        ratios[ROUNDS / 2]
    );
    ExitCode::SUCCESS
}
