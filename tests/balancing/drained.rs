//! Servers that join and leave: whatever the load and the moment, nothing is lost.

use crate::common::{World, exponential, poisson};
use proptest::prelude::*;
use scalelab::catalog::Value;
use scalelab::kernel::time::MILLISECOND;
use scalelab::kernel::{NodeId, Time};

const END: Time = 30_000 * MILLISECOND;

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_drained_leave_loses_nothing(
        rate in 20.0..600.0f64,
        policy in prop::sample::select(&[
            "round_robin", "least_connections", "haproxy_roundrobin", "haproxy_static_rr", "power_of_two",
            "consistent_hash", "least_latency",
        ][..]),
        careful in any::<bool>(),
        limited in any::<bool>(),
        changes in prop::collection::vec((0u64..25_000, any::<bool>()), 1..12),
        seed in 0u64..1000,
    ) {
        let mut world = World::default();
        let web = world.add("web", "web", vec![
            ("count", Value::Whole(3)), ("service", exponential(0.006)), ("cores", Value::Whole(2)),
        ]);
        let mut settings = vec![("to", web.clone()), ("policy", Value::Text(policy.into()))];
        if careful {
            settings.extend([("check", Value::Duration(500 * MILLISECOND)), ("sticky", Value::Text("cookie".into()))]);
        }
        if limited {
            settings.push(("connections", Value::Whole(4)));
        }
        let front = world.add("load_balancer", "lb", settings);
        world.add("traffic", "users", vec![
            ("to", front), ("rate", poisson(rate)), ("users", Value::Whole(50)),
        ]);
        let run = || {
            let mut simulation = world.build(seed, 0);
            let mut members: Vec<NodeId> = (0..3).map(|n| world.node(&web, n)).collect();
            let mut changes = changes.clone();
            changes.sort_unstable();
            for &(at, joins) in &changes {
                simulation.run_until(at * MILLISECOND);
                if joins {
                    members.push(simulation.grow(0));
                } else if members.len() > 1 {
                    simulation.retire(members.remove(0));
                }
            }
            simulation.run_until(END);
            simulation
        };
        let simulation = run();
        prop_assert_eq!(simulation.check_conservation(), Ok(()));
        let classes = simulation.book().close(simulation.requests(), simulation.now());
        let lost: u64 = classes.iter().map(|class| class.failed + class.rejected + class.timed_out).sum();
        prop_assert_eq!(lost, 0);
        prop_assert!(simulation.book().issued() > 0);
        prop_assert_eq!(simulation.digest(), run().digest());
    }
}
