//! Reads from the nearest members: who is asked, and how the router finds out who is near.

use crate::common::{span, text};
use crate::world::{Setup, Stage};
use proptest::prelude::*;
use scalelab::catalog::Value;
use scalelab::components::network::geo::Map;
use scalelab::kernel::readings::Reading;
use scalelab::kernel::time::{MILLISECOND, SECOND};
use scalelab::kernel::transit::{End, LinkCommand};
use scalelab::kernel::{Control, NodeId};

/// Members 0 and 2 are in Frankfurt with the router, 1 and 3 are in Tokyo, 223 ms away; the users are nowhere in particular.
fn two_regions() -> Setup {
    let regions = ["eu-central-1", "ap-northeast-1"].map(text).to_vec();
    Setup {
        reads: "nearest",
        replicas: 3,
        delay: 0.0,
        more: vec![("region", Value::List(regions)), ("ping_every", span(1.0))],
        ..Setup::default()
    }
}

/// Who is near depends on who asks: each caller has a driver of its own.
#[test]
fn users_elsewhere_have_other_near_members() {
    let mut stage = Setup { place: Some("ap-northeast-1"), ..two_regions() }.stage(1);
    stage.run(SECOND);
    let [far, near, as_far, near_as_well] = reads_until(&mut stage, 11);
    assert_eq!((far, as_far), (0, 0));
    assert!(near > 400 && near_as_well > 400, "{near} {near_as_well}");
}

/// Mean latency of reads by users of a place, in ms.
fn read_ms(place: &'static str, reads: &'static str) -> f64 {
    let setup = Setup { place: Some(place), reads, writes: 0.0, times: (1e-6, 1e-6, 1e-6), ..two_regions() };
    let only_nearest = |name: &str| reads == "nearest" || name != "ping_every";
    let more = setup.more.iter().filter(|(name, _)| only_nearest(name)).cloned().collect();
    let mut stage = Setup { more, ..setup }.stage(1);
    stage.run(SECOND);
    let now = stage.simulation.now();
    stage.simulation.book_mut().measure_from(now);
    stage.run(20 * SECOND);
    let simulation = &stage.simulation;
    simulation.book().close(simulation.requests(), simulation.now())[0].latency.mean().unwrap() / 1e6
}

/// Whatever the policy, a statement travels from its caller to the member that does it, once there and once back.
#[test]
fn members_are_as_far_as_they_are_from_each_caller() {
    let map = Map::preset("aws").unwrap();
    let apart = map.rtt("eu-central-1", "ap-northeast-1").unwrap() as f64 / 1e6;
    let local = |place| map.rtt(place, place).unwrap() as f64 / 1e6;
    for place in ["eu-central-1", "ap-northeast-1"] {
        // Users have a way of their own to the network, the same to all members.
        let own = read_ms(place, "nearest") - local(place);
        let (primary, far) = if place == "eu-central-1" { (local(place), 2.0) } else { (apart, 1.0) };
        let any_replica = (far * apart + (3.0 - far) * local(place)) / 3.0;
        for (reads, expected) in [("primary", primary), ("any", any_replica)] {
            let measured = read_ms(place, reads) - own;
            assert!((measured - expected).abs() < 0.02 * apart, "{place}, {reads}: {measured} {expected}");
        }
    }
}

fn router(stage: &Stage) -> NodeId {
    NodeId(stage.checked.layout.first(stage.database).0)
}

fn reads(stage: &Stage) -> [u64; 4] {
    [0, 1, 2, 3].map(|n| match stage.simulation.readings(stage.member(n), false).get("reads") {
        Some(Reading::Count(reads)) => *reads,
        _ => 0,
    })
}

/// Reads of each member between two moments.
fn reads_until(stage: &mut Stage, seconds: u64) -> [u64; 4] {
    let before = reads(stage);
    stage.run(seconds * SECOND);
    let after = reads(stage);
    [0, 1, 2, 3].map(|n| after[n] - before[n])
}

#[test]
fn only_members_within_the_threshold_are_asked() {
    let mut stage = two_regions().stage(1);
    stage.run(SECOND);
    let [near, far, near_as_well, as_far] = reads_until(&mut stage, 11);
    assert_eq!((far, as_far), (0, 0));
    // The primary has writes under way as well; else they share alike.
    assert!(near > 300 && near_as_well > 400, "{near} {near_as_well}");
    let mut setup = Setup { place: Some("eu-central-1"), ..two_regions() };
    setup.more.push(("local_threshold", span(0.25)));
    let mut stage = setup.stage(1);
    stage.run(SECOND);
    let all = reads_until(&mut stage, 11);
    // Statements are long under way to those that are far, so that of two drawn the near one is mostly asked.
    assert!(all.iter().all(|reads| *reads > 30), "{all:?}");
    assert!(all[1] + all[3] < (all[0] + all[2]) / 2, "{all:?}");
}

/// The old flaw: a member that was far once was never measured again.
#[test]
fn who_was_out_of_reach_is_asked_again_when_a_ping_has_come_back() {
    let mut stage = two_regions().stage(1);
    stage.run(5 * SECOND);
    let (router, near) = (router(&stage), stage.member(2));
    stage.simulation.link(LinkCommand::Cut(End::Node(router), End::Node(near)));
    // A ping within the second, then a time-out of one second: nobody asks it after two. The repeated ping goes on.
    let _ = reads_until(&mut stage, 8);
    assert_eq!(reads_until(&mut stage, 20)[2], 0);
    stage.simulation.link(LinkCommand::Heal(End::Node(router), End::Node(near)));
    let _ = reads_until(&mut stage, 23);
    assert!(reads_until(&mut stage, 33)[2] > 400);
}

/// A ping that fails while the member was known is repeated at once: the way was cut for as long as it takes from ping to ping, so that one
/// ping is lost; where its time-out ends after that, the second one comes back, and the member is asked long before the next is due.
#[test]
fn a_lost_ping_is_repeated_at_once() {
    let is_asked_soon = |seed: u64| {
        let mut setup = two_regions();
        setup.more[1] = ("ping_every", span(5.0));
        let mut stage = setup.stage(seed);
        stage.run(10 * SECOND);
        let (router, near) = (router(&stage), stage.member(2));
        stage.simulation.link(LinkCommand::Cut(End::Node(router), End::Node(near)));
        stage.run(15 * SECOND);
        stage.simulation.link(LinkCommand::Heal(End::Node(router), End::Node(near)));
        stage.run(16 * SECOND);
        let before = reads(&stage)[2];
        stage.run(16 * SECOND + 200 * MILLISECOND);
        reads(&stage)[2] > before
    };
    // Pinged again within 200 ms without a repetition: 1 in 25. Repeated after the cut: 1 in 5.
    let soon = (1..61).filter(|seed| is_asked_soon(*seed)).count();
    assert!((6..22).contains(&soon), "{soon}");
}

/// A connection that breaks under a statement makes the member unknown at once, though the coordinator still believes in it.
#[test]
fn a_member_that_refuses_is_not_asked_until_a_ping_is_answered() {
    let mut stage = two_regions().stage(1);
    stage.run(5 * SECOND);
    let (router, near) = (router(&stage), stage.member(2));
    stage.simulation.control(near, Control::new(Control::CRASH_PROCESS, 0));
    let passed_on = |stage: &Stage| match stage.simulation.readings(router, false).get("passed_on") {
        Some(Reading::Count(count)) => *count,
        _ => 0,
    };
    stage.run(5 * SECOND + 100 * MILLISECOND);
    let first = passed_on(&stage);
    stage.run(5 * SECOND + 900 * MILLISECOND); // not found out by the coordinator before one second has passed
    assert_eq!((first > 0, passed_on(&stage) - first), (true, 0));
    stage.simulation.control(near, Control::new(Control::RECOVER, 0));
    stage.run(9 * SECOND);
    assert!(reads_until(&mut stage, 19)[2] > 400);
}

/// Slow writes say nothing about how near the primary is.
#[test]
fn what_statements_take_is_no_distance() {
    let mut setup = two_regions();
    (setup.times, setup.rate) = ((0.001, 0.1, 0.001), 20.0);
    let mut stage = setup.stage(1);
    let [primary, _, replica, _] = reads_until(&mut stage, 60);
    // Of two drawn the one with fewer operations is asked; half the time the primary has none.
    assert!(primary * 8 > replica, "{primary} {replica}");
}

/// A ping sees the way and not the work: who is busy is told by the statements that it has not answered.
#[test]
fn a_slow_member_is_asked_less_and_not_forgotten() {
    let mut stage = two_regions().stage(1);
    stage.run(5 * SECOND);
    stage.simulation.control(stage.member(2), Control::new(Control::SPEED, 20_000));
    let [primary, _, slow, _] = reads_until(&mut stage, 25);
    assert!(slow > 20 && slow * 2 < primary, "{slow} {primary}");
}

/// Elected members answer pings too, and a router that comes back from a crash finds all out anew.
#[test]
fn elections_and_a_new_router() {
    let mut setup = two_regions();
    setup.replication = "majority";
    let mut stage = setup.stage(1);
    stage.run(5 * SECOND);
    let router = router(&stage);
    stage.simulation.control(router, Control::new(Control::CRASH_PROCESS, 0));
    stage.run(8 * SECOND);
    stage.simulation.control(router, Control::new(Control::RECOVER, 0));
    stage.run(9 * SECOND);
    // The leader, which is near, always has writes under way that wait for Tokyo: of two drawn the one with fewer operations is asked.
    let [leader, far, near, as_far] = reads_until(&mut stage, 19);
    assert!(leader + near > 600 && near > leader && far + as_far == 0, "{leader} {near} {far} {as_far}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]
    /// Whatever happened: when all is well again, both members that are near answer, and no other.
    #[test]
    fn in_the_end_the_near_ones_answer(
        events in prop::collection::vec((0..5_usize, 0..5_usize, 0..2_000_u64, any::<bool>()), 1..8),
        seed in 0..1000_u64,
    ) {
        let mut stage = two_regions().stage(seed);
        stage.run(2 * SECOND);
        for (node, what, pause, back) in events {
            let whom = if node == 4 { router(&stage) } else { stage.member(node as u16) };
            let (router, now) = (router(&stage), stage.simulation.now());
            match what {
                0 => stage.simulation.control(whom, Control::new(Control::CRASH_PROCESS, 0)),
                1 => stage.simulation.control(whom, Control::new(Control::CRASH_HOST, 0)),
                2 => stage.simulation.control(whom, Control::new(Control::HANG, 0)),
                _ if whom != router => stage.simulation.link(LinkCommand::Cut(End::Node(router), End::Node(whom))),
                _ => {}
            }
            stage.run(now + pause * MILLISECOND);
            if back {
                stage.simulation.control(whom, Control::new(Control::RECOVER, 0));
                stage.simulation.link(LinkCommand::Heal(End::Node(router), End::Node(whom)));
            }
        }
        for n in 0..4 {
            let (router, member) = (router(&stage), stage.member(n));
            stage.simulation.control(member, Control::new(Control::RECOVER, 0));
            stage.simulation.link(LinkCommand::Heal(End::Node(router), End::Node(member)));
        }
        let router = router(&stage);
        stage.simulation.control(router, Control::new(Control::RECOVER, 0));
        let now = stage.simulation.now() / SECOND;
        // A router that hung takes the time for a round trip: two seconds of it are in the average for 22 pings (2 s * 0.8^22 = 15 ms).
        let _ = reads_until(&mut stage, now + 50);
        let [near, far, near_as_well, as_far] = reads_until(&mut stage, now + 60);
        prop_assert!(near > 200 && near_as_well > 200, "{} {}", near, near_as_well);
        prop_assert_eq!(far + as_far, 0);
    }
}
