//! The life of a results folder: new, replaced, interrupted, resumed, and everything that can be in its way.

use super::*;
use crate::output::fixture::{Found, plan, run};
use std::collections::BTreeMap;
use std::fs;
use tempfile::TempDir;

const HASH: u64 = 7;

struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        Desk { folder: tempfile::tempdir().unwrap() }
    }

    fn dir(&self) -> PathBuf {
        self.folder.path().join("deep/results")
    }

    fn partial(&self) -> PathBuf {
        self.folder.path().join("deep/results.partial")
    }

    fn open(&self, resume: bool) -> Result<Staging, OutputError> {
        Staging::open(&self.dir(), &plan(4), HASH, resume)
    }

    fn finish(&self) -> Written {
        finish(self.open(false).unwrap()).unwrap()
    }

    /// Names of everything beside and in the results.
    fn names(&self) -> Vec<String> {
        names(&self.folder.path().join("deep"))
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn contents(folder: &Path) -> BTreeMap<String, String> {
    let text = |name: String| (name.clone(), fs::read_to_string(folder.join(name)).unwrap());
    names(folder).into_iter().map(text).collect()
}

fn finish(staging: Staging) -> Result<Written, OutputError> {
    finish_with(staging, &Found::new())
}

fn finish_with(staging: Staging, found: &Found) -> Result<Written, OutputError> {
    let extra = Extra { script: "a.rhai".into(), command: vec!["run".into()], wall_s: 1.5 };
    staging.finish(&found.report(), &extra)
}

fn leave(staging: Staging, found: Found) -> Written {
    staging.leave(&found.report(), &Extra::default()).unwrap()
}

#[test]
fn finished_results_are_there_and_nothing_else() {
    let desk = Desk::new();
    let written = desk.finish();
    assert_eq!(written.dir, desk.dir());
    assert_eq!(desk.names(), ["results"]);
    let mut listed: Vec<&str> = written.files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(listed.pop(), Some("manifest.json"));
    assert_eq!(written.files[0], ("summary.csv".into(), Some(8)));
    listed.push("manifest.json");
    listed.sort_unstable();
    assert_eq!(names(&desk.dir()), listed);
    let manifest = read_manifest(&desk.dir()).unwrap();
    assert!(manifest.complete);
    assert_eq!(manifest.files[0].rows, 8);
    assert_eq!((manifest.script.path.as_str(), manifest.wall.elapsed_s), ("a.rhai", Some(1.5)));
}

#[test]
fn the_same_findings_give_the_same_bytes() {
    let desks = [Desk::new(), Desk::new()];
    let [first, second] = desks.map(|desk| contents(&desk.finish().dir));
    assert_eq!(first, second);
}

#[test]
fn new_results_replace_old_ones_and_keep_the_users_notes() {
    let desk = Desk::new();
    desk.finish();
    fs::write(desk.dir().join("notes.txt"), "mine").unwrap();
    fs::write(desk.dir().join("summary.csv"), "stale").unwrap();
    desk.finish();
    assert_eq!(desk.names(), ["results"]);
    let now = contents(&desk.dir());
    assert_eq!(now["notes.txt"], "mine");
    assert!(now["summary.csv"].starts_with("experiment,"));
}

#[test]
fn a_folder_with_other_things_is_not_touched() {
    let desk = Desk::new();
    fs::create_dir_all(desk.dir()).unwrap();
    fs::write(desk.dir().join("thesis.tex"), "years").unwrap();
    assert!(matches!(desk.open(false), Err(OutputError::Foreign { .. })));
    assert_eq!(contents(&desk.dir())["thesis.tex"], "years");
    assert_eq!(desk.names(), ["results"]);
    fs::remove_file(desk.dir().join("thesis.tex")).unwrap();
    desk.finish();
}

#[test]
fn a_resumed_experiment_gives_the_same_bytes() {
    let desk = Desk::new();
    let mut found = Found::new();
    let odd = vec![Some(0.1 + 0.2); METRICS.len()];
    found.results()[1].metrics = odd;
    let straight = contents(&finish_with(desk.open(false).unwrap(), &found).unwrap().dir);
    let staging = desk.open(false).unwrap();
    found.outcome.results.iter().for_each(|result| staging.keep(result).unwrap());
    drop(staging);
    assert_eq!(desk.names(), ["results", "results.partial"]);
    let again = desk.open(true).unwrap();
    for result in found.results() {
        let earlier = again.earlier(result.variant, result.replication).unwrap();
        assert_eq!(std::mem::replace(result, earlier.clone()), earlier);
    }
    assert_eq!(again.earlier(2, 0), None);
    assert_eq!(contents(&finish_with(again, &found).unwrap().dir), straight);
    assert_eq!(desk.names(), ["results"]);
}

#[test]
fn without_resume_earlier_runs_are_forgotten() {
    let desk = Desk::new();
    desk.open(false).unwrap().keep(&run(0, 1)).unwrap();
    let anew = desk.open(false).unwrap();
    assert_eq!(anew.earlier(0, 1), None);
    drop(anew);
    assert_eq!(desk.open(true).unwrap().earlier(0, 1), None);
    assert_eq!(desk.names(), [""; 0], "nothing was finished, nothing stays");
}

#[test]
fn a_damaged_run_is_run_again() {
    let desk = Desk::new();
    let staging = desk.open(false).unwrap();
    (0..4).for_each(|r| staging.keep(&run(0, r)).unwrap());
    drop(staging);
    let path = |r: u64| desk.partial().join(format!("runs/0-{r}.json"));
    let text = fs::read_to_string(path(0)).unwrap();
    fs::write(path(0), &text[..text.len() / 2]).unwrap();
    fs::write(path(1), "").unwrap();
    fs::copy(path(3), path(2)).unwrap();
    let again = desk.open(true).unwrap();
    let found: Vec<bool> = (0..4).map(|r| again.earlier(0, r).is_some()).collect();
    assert_eq!(found, [false, false, false, true]);
}

#[test]
fn another_experiment_is_not_resumed() {
    let desk = Desk::new();
    desk.open(false).unwrap().keep(&run(0, 1)).unwrap();
    let refused =
        |plan: &Plan, hash| Staging::open(&desk.dir(), plan, hash, true).expect_err("refused").to_string();
    assert!(refused(&plan(4), 8).contains("what differs: the script;"));
    assert!(refused(&plan(5), HASH).contains("replications (then 4, now 5)"));
    let seeded = Plan { seed: 1, ..plan(4) };
    assert!(refused(&seeded, HASH).contains("the seed (then 42, now 1)"));
    assert!(desk.open(true).unwrap().earlier(0, 1).is_some(), "a refusal costs nothing");
    fs::write(desk.partial().join("manifest.json"), "{").unwrap();
    assert!(refused(&plan(4), HASH).contains("run without --resume"));
}

#[test]
fn an_interrupted_experiment_leaves_valid_files_beside_the_earlier_results() {
    let desk = Desk::new();
    desk.finish();
    let before = contents(&desk.dir());
    let staging = desk.open(false).unwrap();
    staging.keep(&run(0, 0)).unwrap();
    let mut found = Found::new();
    found.results().truncate(1);
    let written = leave(staging, found);
    assert_eq!(written.dir, desk.partial());
    assert_eq!(written.files[0], ("summary.csv".into(), Some(1)));
    assert!(!read_manifest(&desk.partial()).unwrap().complete);
    assert_eq!(contents(&desk.dir()), before);
    assert!(desk.open(true).unwrap().earlier(0, 0).is_some());
}

#[test]
fn two_at_once_do_not_mix() {
    let desk = Desk::new();
    let first = desk.open(false).unwrap();
    assert!(matches!(desk.open(false), Err(OutputError::Busy { .. })));
    first.keep(&run(0, 0)).unwrap();
    drop(first);
    assert!(desk.open(true).is_ok());
}

#[test]
fn a_process_killed_between_the_renames_costs_nothing() {
    let desk = Desk::new();
    desk.finish();
    let before = contents(&desk.dir());
    fs::rename(desk.dir(), desk.folder.path().join("deep/results.old")).unwrap();
    drop(desk.open(false).unwrap());
    assert_eq!(desk.names(), ["results"]);
    assert_eq!(contents(&desk.dir()), before);
}

#[test]
fn files_in_the_way_are_named() {
    let desk = Desk::new();
    let refused = |dir: &Path| Staging::open(dir, &plan(2), HASH, false).unwrap_err();
    let file = desk.folder.path().join("file");
    fs::write(&file, "").unwrap();
    for dir in [file.clone(), file.join("below")] {
        let OutputError::NotAFolder { path } = refused(&dir) else { panic!("{}", refused(&dir)) };
        assert_eq!(path, file);
    }
    let beside = desk.folder.path().join("x.partial");
    fs::write(&beside, "").unwrap();
    let OutputError::NotAFolder { path } = refused(&beside.with_extension("")) else { panic!() };
    assert_eq!(path, beside);
    for dir in ["/", ".", ".."] {
        assert!(matches!(refused(Path::new(dir)), OutputError::NoName { .. }), "{dir}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_a_folder_stays_a_link() {
    let desk = Desk::new();
    let real = desk.folder.path().join("real");
    fs::create_dir_all(&real).unwrap();
    fs::create_dir_all(desk.folder.path().join("deep")).unwrap();
    std::os::unix::fs::symlink(&real, desk.dir()).unwrap();
    desk.finish();
    assert!(fs::symlink_metadata(desk.dir()).unwrap().is_symlink());
    assert!(real.join("summary.csv").is_file());
}

/// A file system of 64 KiB, unmounted at the end.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Option<SmallDisk> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(folder.path());
        let mounted = mount.stderr(std::process::Stdio::null()).status();
        mounted.is_ok_and(|status| status.success()).then(|| SmallDisk(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_leaves_the_earlier_results_as_they_are() {
    let Some(disk) = SmallDisk::mount() else {
        println!("skipped: no permission to mount a small file system");
        return;
    };
    let dir = disk.0.path().join("results");
    let open = || Staging::open(&dir, &plan(4), HASH, false);
    finish(open().unwrap()).unwrap();
    let before = contents(&dir);
    let staging = open().unwrap();
    let mut long = run(0, 0);
    long.warnings = vec!["x".repeat(100_000)];
    let refused = staging.keep(&long).unwrap_err();
    assert!(refused.contains("the disk is full"), "{refused}");
    // There is room for one set of results, not for two.
    let refused = finish(staging).unwrap_err();
    assert!(matches!(refused, OutputError::Full { .. }), "{refused}");
    assert_eq!(contents(&dir), before);
    assert_eq!(names(disk.0.path()), ["results"]);
}
