//! Majority replication: one leader a term, nothing acknowledged is lost while a majority lives.

use crate::common::{exponential, text};
use crate::laws::{Fault, MEMBERS, check_leaders, check_rest, faults, mend, run, setup, strike};
use crate::world::{Setup, Stage};
use proptest::prelude::*;
use scalelab::catalog::Value;
use scalelab::kernel::Time;
use scalelab::kernel::time::{MILLISECOND, SECOND};
use scalelab::model::Role;

fn majority(replicas: i64) -> Setup {
    Setup { replication: "majority", reads: "primary", replicas, writes: 1.0, ..Setup::default() }
}

fn acknowledged(stage: &Stage) -> u64 {
    stage.simulation.audit().report().writes_acknowledged_count
}

/// The same schedule with any number of members: strikes, then all is mended; leaders are looked at all the time.
fn play(setup: &Setup, faults: &[Fault], seed: u64) -> Stage {
    let mut stage = setup.stage(seed);
    let members = setup.replicas as u64 + 1;
    for fault in faults {
        while stage.simulation.now() + 50 * MILLISECOND < fault.at {
            let next = stage.simulation.now() + 50 * MILLISECOND;
            stage.run(next);
            one_leader(&stage, members as u16);
        }
        stage.run(fault.at);
        let fault = Fault { member: fault.member % members, other: fault.other % members, ..*fault };
        strike(&mut stage, &fault);
        one_leader(&stage, members as u16);
    }
    stage
}

fn one_leader(stage: &Stage, members: u16) {
    let mut terms: Vec<u64> = stage.primaries(members).iter().map(|(_, term)| *term).collect();
    terms.sort_unstable();
    assert!(terms.windows(2).all(|pair| pair[0] < pair[1]), "two leaders of one term: {terms:?}");
}

/// Every row is read once more by many reads from the primary: what was acknowledged is there.
fn check_nothing_is_lost(stage: &Stage) {
    let report = stage.simulation.audit().report();
    assert_eq!(report.lost_writes_count, 0);
    assert_eq!(report.stale_reads_count, 0, "a leader reads what was acknowledged, whatever happened");
    assert!(report.reads_count > 100 && report.writes_acknowledged_count > 100, "{report:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn never_two_leaders_of_a_term_and_nothing_acknowledged_is_lost(
        setup in setup("majority"), faults in faults(), seed in 0..1000u64
    ) {
        let setup = Setup { reads: "primary", ..setup };
        let stage = run(&setup, &faults, seed);
        check_nothing_is_lost(&stage);
        check_rest(&stage);
        let again = run(&setup, &faults, seed);
        prop_assert_eq!(stage.simulation.digest(), again.simulation.digest());
    }

    /// Five members, more faults, and a log so short that who was away is copied anew.
    #[test]
    fn five_members_with_short_logs(
        setup in setup("majority"), mut faults in proptest::collection::vec((300..20_000u64, 0..5u64, 0..5u64, 0..8usize), 5..40),
        seed in 0..1000u64
    ) {
        faults.sort_unstable();
        let faults: Vec<Fault> =
            faults.iter().map(|(ms, member, other, what)| Fault { at: ms * MILLISECOND, member: *member, other: *other, what: *what }).collect();
        let setup = Setup { reads: "primary", replicas: 4, log_entries: 100, rate: 300.0, ..setup };
        let mut stage = play(&setup, &faults, seed);
        for member in 0..5 {
            stage.act(Role::Replica(member), "heal", Vec::new());
            stage.between(Role::Replica(member), Role::Router, "heal");
            stage.act(Role::Replica(member), "recover", Vec::new());
        }
        for tenth in 205..360 {
            stage.run(tenth * SECOND / 10);
            one_leader(&stage, 5);
        }
        check_nothing_is_lost(&stage);
        let ends: Vec<f64> = (0..5).map(|n| stage.gauge(n, "log_end").unwrap()).collect();
        prop_assert!(ends.iter().all(|end| (end - ends[0]).abs() < 60.0), "{:?}", ends);
        prop_assert_eq!(stage.primaries(5).len(), 1);
    }

    /// A leader cut off from the others acknowledges nothing from then on, though callers reach it.
    #[test]
    fn a_leader_that_is_cut_off_acknowledges_nothing(at in 2_000..5_000u64, delay in 0.0005..0.02f64, seed in 0..1000u64) {
        let mut stage = Setup { delay, ..majority(2) }.stage(seed);
        let cut: Time = at * MILLISECOND;
        stage.run(cut);
        stage.act(Role::Replica(0), "partition", Vec::new());
        // What was on its way back may still arrive; after that nothing may, until the others have elected.
        stage.run(cut + 200 * MILLISECOND);
        let before = acknowledged(&stage);
        stage.run(cut + 800 * MILLISECOND);
        prop_assert_eq!(stage.primaries(MEMBERS), [(0, 1)]);
        prop_assert_eq!(acknowledged(&stage), before);
        // Two candidates may share the votes once or twice; then each waits for a random while again.
        stage.run(cut + 9 * SECOND);
        check_leaders(&stage);
        prop_assert!(acknowledged(&stage) > before, "the others go on");
        let committed = stage.gauge(0, "commit").unwrap();
        stage.run(cut + 11 * SECOND);
        prop_assert_eq!(stage.gauge(0, "commit").unwrap(), committed, "the old one has learnt nothing");
        mend(&mut stage);
        stage.run(cut + 15 * SECOND);
        check_rest(&stage);
        prop_assert_eq!(stage.simulation.audit().report().lost_writes_count, 0);
    }

    /// A machine that comes in another's place is copied, and then counts like any other.
    #[test]
    fn a_machine_in_anothers_place(at in 2_000..4_000u64, seed in 0..1000u64, keys in 500..4000u64) {
        let mut stage = Setup { writes: 0.5, rate: 400.0, keys, ..majority(2) }.stage(seed);
        stage.run(at * MILLISECOND);
        stage.act(Role::Replica(1), "crash", Vec::new());
        stage.run(at * MILLISECOND + SECOND);
        stage.act(Role::Replica(1), "replace", Vec::new());
        stage.run(8 * SECOND);
        stage.act(Role::Replica(1), "promote", Vec::new());
        stage.run(9 * SECOND);
        prop_assert_eq!(stage.primaries(MEMBERS), [(1, 2)]);
        stage.act(Role::Replica(0), "crash", Vec::new());
        stage.run(14 * SECOND);
        check_nothing_is_lost(&stage);
        prop_assert_eq!(stage.primaries(MEMBERS).len(), 1);
    }
}

/// A leader that nobody answers serves reads for one election time-out at most: from then on another may lead. (Its callers reach it
/// all the time, and nobody else.)
#[test]
fn a_leader_that_nobody_answers_stops_serving_reads() {
    for seed in 0..10 {
        let mut stage = Setup { writes: 0.5, ..majority(2) }.stage(seed);
        let cut = 3_050 * MILLISECOND;
        stage.run(cut);
        stage.act(Role::Replica(0), "partition", Vec::new());
        for other in 1..3 {
            stage.between(Role::Replica(other), Role::Router, "partition");
        }
        let served = |stage: &Stage| stage.simulation.readings(stage.member(0), false).count_of("reads");
        let before = served(&stage);
        stage.run(cut + 800 * MILLISECOND);
        assert!(served(&stage) > before + 30, "its lease lasts");
        stage.run(cut + SECOND);
        let at_the_end = served(&stage);
        stage.run(cut + 5 * SECOND);
        assert_eq!(served(&stage), at_the_end, "seed {seed}");
    }
}

/// Votes in earnest look at the log again. Member 1 stands for election just when the leader's lease has run out, and hangs before it
/// learns that member 2 would vote for it; the leader comes back to member 2 before its next sign of life, leads on and commits more
/// with it; then it is cut off again, and member 1 goes on with its election. (When signs of life are sent is drawn: a third of the
/// schedules come so far.)
#[test]
fn a_candidate_whose_trial_is_long_past_gets_no_vote_if_it_is_behind() {
    let mut leads_on = 0;
    for seed in 0..300 {
        let mut stage = Setup { delay: 0.02, ..majority(2) }.stage(seed);
        let (leader, one) = (Role::Replica(0), Role::Replica(1));
        stage.run(3_055 * MILLISECOND);
        stage.between(leader, Role::Router, "partition");
        stage.run(3_110 * MILLISECOND);
        stage.act(leader, "partition", Vec::new());
        stage.run(4_135 * MILLISECOND);
        stage.act(one, "hang", Vec::new());
        stage.act(leader, "heal", Vec::new());
        stage.between(leader, Role::Router, "heal");
        stage.between(leader, one, "partition");
        let before = acknowledged(&stage);
        stage.run(4_500 * MILLISECOND);
        leads_on += u64::from(stage.primaries(MEMBERS) == [(0, 1)] && acknowledged(&stage) > before + 20);
        stage.act(leader, "partition", Vec::new());
        stage.run(5_600 * MILLISECOND);
        stage.act(one, "recover", Vec::new());
        stage.run(10 * SECOND);
        mend(&mut stage);
        stage.run(15 * SECOND);
        check_rest(&stage);
        assert_eq!(stage.simulation.audit().report().lost_writes_count, 0, "seed {seed}");
    }
    assert!(leads_on > 60, "in the others somebody was elected before: {leads_on}");
}

/// Whoever stood still finds several offers of a copy at its door, and begins with each of them; the leader reads the first pieces at the same time, and
/// is done with them in any order.
#[test]
fn a_copy_that_is_begun_again_and_again_is_that_of_the_last_time() {
    for seed in 0..20 {
        let more = vec![("read", exponential(0.002)), ("write", exponential(0.001))];
        let setup =
            Setup { log_entries: 100, delay: 0.0005, overtakes: true, rate: 1_000.0, more, ..majority(2) };
        let mut stage = setup.stage(seed);
        stage.run(2 * SECOND);
        stage.act(Role::Replica(0), "hang", Vec::new());
        stage.run(6 * SECOND);
        stage.act(Role::Replica(0), "recover", Vec::new());
        stage.run(10 * SECOND);
        assert_eq!(stage.simulation.audit().report().lost_writes_count, 0, "seed {seed}");
        let ends: Vec<f64> = (0..3).map(|n| stage.gauge(n, "log_end").unwrap()).collect();
        assert!(ends.iter().all(|end| (end - ends[0]).abs() < 60.0), "seed {seed}: {ends:?}");
    }
}

/// Two of three are away: no majority, no write.
#[test]
fn without_a_majority_nothing_is_written() {
    let mut stage = majority(2).stage(1);
    stage.run(3 * SECOND);
    stage.act(Role::Replica(1), "crash", Vec::new());
    stage.run(4 * SECOND);
    let with_two = acknowledged(&stage);
    stage.act(Role::Replica(2), "crash", Vec::new());
    stage.run(5 * SECOND);
    let alone = acknowledged(&stage);
    assert!(alone - with_two < 3, "{}", alone - with_two);
    stage.run(10 * SECOND);
    assert_eq!(acknowledged(&stage), alone);
    stage.act(Role::Replica(1), "recover", Vec::new());
    stage.run(16 * SECOND);
    assert!(acknowledged(&stage) > alone + 200 * 3);
    assert_eq!(stage.simulation.audit().report().lost_writes_count, 0);
}

/// From the crash of a leader until writes go on: one to two election time-outs, less the time since it was last heard, and two rounds of votes.
#[test]
fn seconds_without_writes_are_those_of_an_election() {
    let mut longest: Time = 0;
    for seed in 0..20 {
        let mut stage = majority(2).stage(seed);
        stage.run(5 * SECOND);
        stage.act(Role::Primary, "crash", Vec::new());
        stage.run(5 * SECOND + 700 * MILLISECOND);
        assert!(stage.primaries(MEMBERS).is_empty(), "nobody yet: the time-out is a second, a heartbeat 0.2");
        while stage.primaries(MEMBERS).is_empty() {
            let next = stage.simulation.now() + 10 * MILLISECOND;
            stage.run(next);
            assert!(next < 12 * SECOND, "seed {seed}: nobody is elected");
        }
        longest = longest.max(stage.simulation.now() - 5 * SECOND);
    }
    assert!(longest < 5 * SECOND, "{longest}");
}

/// Batches that come late, or twice, take nothing back that agrees with the leader's log: what a follower has answered for stays there when
/// leaders die ("if an existing entry conflicts", figure 2 of the paper; no other).
#[test]
fn batches_that_overtake_each_other_take_nothing_back() {
    for seed in 0..12 {
        let setup = Setup { delay: 0.03, overtakes: true, rate: 400.0, writes: 0.7, ..majority(4) };
        let mut stage = setup.stage(seed);
        for round in 0..6 {
            let begin = (2 + 4 * round) * SECOND;
            stage.run(begin);
            stage.act(Role::Primary, "crash", Vec::new());
            stage.run(begin + 2 * SECOND);
            (0..5).for_each(|member| stage.act(Role::Replica(member), "recover", Vec::new()));
        }
        stage.run(40 * SECOND);
        check_nothing_is_lost(&stage);
        let acknowledged = acknowledged(&stage);
        assert!(acknowledged > 1_000, "seed {seed}: {acknowledged}");
    }
}

/// Election time-outs lie between `down_after` and a share more of it: whoever is first is elected.
#[test]
fn elections_come_as_early_as_their_spread_says() {
    let elected = |spread: f64| {
        let times = (0..13).map(|seed| {
            let more = vec![("election_spread", Value::Share(spread))];
            let mut stage = Setup { more, ..majority(2) }.stage(seed);
            stage.run(5 * SECOND);
            stage.act(Role::Primary, "crash", vec![text("host")]);
            stage.run(10 * SECOND);
            let entries = stage.simulation.journal().entries();
            let elected = entries.iter().find(|entry| entry.event == "elected").expect("one is elected");
            (elected.time - 5 * SECOND) as f64 / SECOND as f64
        });
        let mut times: Vec<f64> = times.collect();
        times.sort_by(f64::total_cmp);
        times[6] // two that stand at a time are no majority: then it takes longer
    };
    let (near, far) = (elected(0.15), elected(1.0));
    assert!(near < 1.2 && far > 1.2, "{near} {far}");
}
