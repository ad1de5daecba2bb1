//! Scaling up: what a server does follows the Universal Scalability Law, with processors of its own or with those of a machine.

use crate::common::{World, exponential, index, poisson, text};
use scalelab::catalog::Value;
use scalelab::kernel::time::SECOND;

/// Requests a second that 200 impatient users get out of so many processors.
fn capacity(cores: i64, on_a_host: bool) -> f64 {
    let mut world = World::default();
    let mut settings = vec![
        ("service", exponential(0.01)),
        ("contention", Value::Share(0.2)),
        ("coherency", Value::Share(0.01)),
    ];
    if on_a_host {
        settings.push(("on", world.add("host", "machine", vec![("cores", Value::Whole(cores))])));
    } else {
        settings.push(("cores", Value::Whole(cores)));
    }
    let web = world.add("web", "web", settings);
    assert_eq!(index(&web), usize::from(on_a_host));
    world.add("traffic", "users", vec![("to", web), ("users", Value::Whole(200))]);
    let mut simulation = world.build(1, 0);
    simulation.run_until(100 * SECOND);
    let classes = simulation.book().close(simulation.requests(), simulation.now());
    classes.iter().map(|class| class.succeeded).sum::<u64>() as f64 / 100.0
}

#[test]
fn capacity_is_gunthers_wherever_the_processors_are() {
    for cores in [1, 4, 8, 16] {
        let n = cores as f64;
        let law = 100.0 * n / (1.0 + 0.2 * (n - 1.0) + 0.01 * n * (n - 1.0));
        for on_a_host in [false, true] {
            let got = capacity(cores, on_a_host);
            assert!((got / law - 1.0).abs() < 0.03, "{cores} processors, host {on_a_host}: {got} of {law}");
        }
    }
}

/// Mean latencies of reads and writes, in seconds, of a server on a machine that serves by priority.
fn on_a_machine(first: &str) -> [f64; 2] {
    let mut world = World::default();
    let discipline = vec![("discipline", text("priority")), ("first", text(first))];
    let machine = world.add("host", "machine", discipline);
    let web = world.add("web", "web", vec![("service", exponential(0.01)), ("on", machine)]);
    let load = vec![("to", web), ("rate", poisson(80.0)), ("writes", Value::Share(0.5))];
    world.add("traffic", "users", load);
    let mut simulation = world.build(1, 0);
    simulation.run_until(2_000 * SECOND);
    let classes = simulation.book().close(simulation.requests(), simulation.now());
    [0, 1].map(|class| classes[class].latency.mean().expect("some") / SECOND as f64)
}

/// Cobham 1954: 80 % busy, W0 = 8 ms; those who come first wait W0 / 0.6, the others W0 / (0.6 * 0.2).
#[test]
fn a_machine_knows_reads_from_writes() {
    let (sooner, later) = (0.008 / 0.6 + 0.01, 0.008 / 0.12 + 0.01);
    for (first, expected) in [("reads", [sooner, later]), ("writes", [later, sooner])] {
        let got = on_a_machine(first);
        for (got, expected) in got.iter().zip(expected) {
            assert!((got / expected - 1.0).abs() < 0.05, "{first} first: {got} s of {expected} s");
        }
    }
}
