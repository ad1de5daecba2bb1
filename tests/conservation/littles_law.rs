//! Little's law (Little 1961) at every station of random worlds: servers, cache nodes, database, and their lines for slots.

use crate::common::run::assert_little_from_empty_to_empty;
use crate::world::{
    Described, END, Fault, TRAFFIC_ENDS, WorldPlan, describe, faults, mend, strike, world_plan,
};
use proptest::prelude::*;
use scalelab::kernel::Simulation;
use scalelab::model::build;

/// From an empty world to an empty world.
fn run(described: &Described, faults: &[Fault], seed: u64) -> Simulation {
    let mut simulation = build(&described.checked, seed, 0);
    for fault in faults {
        simulation.run_until(fault.at);
        strike(described, fault, &mut simulation);
    }
    simulation.run_until(TRAFFIC_ENDS);
    mend(described, &mut simulation);
    simulation.run_until(END);
    assert_eq!(simulation.requests().len(), 0, "not empty at the end");
    simulation
}

/// A crash throws jobs away that were present and never served: they have an area and no time. Slowness, standstill and cut links
/// take nobody's job.
fn nothing_is_thrown_away(fault: &Fault) -> bool {
    !fault.action.starts_with("crash")
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn little_holds_at_every_station(plan in world_plan(), faults in faults(), seed in 0..1000u64) {
        let plan = WorldPlan { users: None, ..plan };
        let described = describe(&plan);
        let faults: Vec<Fault> = faults.into_iter().filter(nothing_is_thrown_away).collect();
        let simulation = run(&described, &faults, seed);
        let looked_at = assert_little_from_empty_to_empty(&simulation);
        // Users may be cut off from the beginning to the end.
        let classes = simulation.book().close(simulation.requests(), simulation.now());
        let served: u64 = classes.iter().map(|class| class.succeeded).sum();
        prop_assert!(looked_at > 0 || served == 0, "{served} were served, and no station was looked at");
    }
}
