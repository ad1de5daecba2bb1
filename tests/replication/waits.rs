//! Writes whose primary waits for replicas that are not there: they hang and hold their connections, or the primary goes on without.

use crate::common::{span, text};
use crate::world::{Setup, Stage};
use scalelab::catalog::Value;
use scalelab::kernel::SECOND;
use scalelab::model::Role;

/// One replica; users wait for as long as it takes.
fn setup(replication: &'static str, model: Option<(&'static str, i64)>, patience: f64) -> Setup {
    let mut more = vec![("connections", Value::Whole(5))];
    if replication == "semi_sync" {
        more.push(("semi_sync_timeout", span(patience)));
    }
    Setup {
        replication,
        model,
        more,
        replicas: 1,
        reads: "primary",
        rate: 100.0,
        timeout: 1e6,
        ..Setup::default()
    }
}

fn stage(replication: &'static str, model: Option<(&'static str, i64)>, patience: f64) -> Stage {
    let mut stage = setup(replication, model, patience).stage(1);
    stage.simulation.measure_from_now();
    stage.run(5 * SECOND);
    stage
}

/// Failed, turned away, open.
fn counts(stage: &Stage) -> (u64, u64, u64) {
    let classes = stage.simulation.book().close(stage.simulation.requests(), stage.simulation.now());
    let sum = |of: fn(&scalelab::kernel::book::ClassBook) -> u64| classes.iter().map(of).sum();
    (sum(|class| class.failed), sum(|class| class.rejected), sum(|class| class.in_flight))
}

const KINDS: [Option<(&str, i64)>; 2] = [None, Some(("relational", 50))];

#[test]
fn commits_hang_with_their_connections_and_nothing_is_turned_away() {
    for (mode, model) in
        ["sync", "remote_apply", "semi_sync"].map(|mode| KINDS.map(|kind| (mode, kind))).concat()
    {
        let mut stage = stage(mode, model, 1e6);
        stage.act(Role::Replica(1), "crash", vec![text("host")]);
        stage.run(25 * SECOND);
        let (failed, rejected, open) = counts(&stage);
        assert_eq!((failed, rejected), (0, 0), "{mode} {model:?}: a hanging commit is no answer");
        assert!(open > 1900, "{mode} {model:?}: reads need connections as well, {open} of 2,000 are open");
        stage.act(Role::Replica(1), "recover", Vec::new());
        stage.run(45 * SECOND);
        let (failed, rejected, open) = counts(&stage);
        assert_eq!((failed, rejected), (0, 0), "{mode} {model:?}");
        assert!(open < 10, "{mode} {model:?}: all are answered when the replica is back, {open} are open");
        assert_eq!(stage.simulation.audit().report().lost_writes_count, 0, "{mode}");
    }
}

/// A new replica is copied from a primary whose connections are all held by writes that wait for it.
#[test]
fn a_copy_needs_no_connection_that_is_held() {
    for (mode, model) in ["sync", "remote_apply"].map(|mode| KINDS.map(|kind| (mode, kind))).concat() {
        let mut stage = stage(mode, model, 0.0);
        stage.act(Role::Replica(1), "crash", vec![text("host")]);
        stage.run(15 * SECOND);
        stage.act(Role::Replica(1), "replace", Vec::new());
        stage.run(40 * SECOND);
        assert!(counts(&stage).2 < 10, "{mode} {model:?}: {:?}", counts(&stage));
    }
}

/// A client waits for a primary as long as that one lives, and no longer.
#[test]
fn what_a_dead_primary_was_asked_is_given_up() {
    for back in [false, true] {
        let mut stage = Setup { replicas: 2, ..setup("sync", None, 0.0) }.stage(1);
        stage.simulation.measure_from_now();
        stage.run(5 * SECOND);
        stage.act(Role::Primary, "crash", vec![text("host")]);
        if back {
            // Before anybody has missed it: what it was asked is gone all the same.
            stage.run(11 * SECOND / 2);
            stage.act(Role::Replica(0), "recover", Vec::new());
        }
        stage.run(15 * SECOND);
        let (failed, rejected, open) = counts(&stage);
        assert!(
            failed > 0 && rejected == 0 && open < 10,
            "{back}: {failed} failed, {rejected} rejected, {open} open"
        );
    }
}

/// MySQL: after `rpl_semi_sync_source_timeout` writes go on without a replica, and are lost if the primary dies before one has caught up.
#[test]
fn semi_sync_goes_on_alone_and_waits_again_when_a_replica_has_caught_up() {
    for (model, is_back) in KINDS.map(|kind| [(kind, false), (kind, true)]).concat() {
        let mut stage = stage("semi_sync", model, 3.0);
        stage.act(Role::Replica(1), "partition", Vec::new());
        stage.run(79 * SECOND / 10);
        assert!(counts(&stage).2 > 200, "{model:?}: they wait for three seconds: {:?}", counts(&stage));
        stage.run(12 * SECOND);
        let (failed, rejected, open) = counts(&stage);
        assert_eq!((failed, rejected), (0, 0), "{model:?}");
        assert!(open < 10, "{model:?}: {open} wait, though the primary has stopped waiting");
        if is_back {
            stage.act(Role::Replica(1), "heal", Vec::new());
            stage.run(15 * SECOND);
        }
        stage.act(Role::Primary, "crash", vec![text("host")]);
        stage.act(Role::Replica(1), "heal", Vec::new());
        stage.run(25 * SECOND);
        let lost = stage.simulation.audit().report().lost_writes_count;
        assert_eq!(stage.primaries(2), [(1, 2)], "{model:?}");
        if is_back {
            assert_eq!(lost, 0, "{model:?}: it waited for the replica again");
        } else {
            assert!(lost > 100, "{model:?}: {lost} lost of those acknowledged alone");
        }
    }
}
