//! Figures of summary.csv and components.csv against arithmetic: parts make up the whole, and what one column says no other denies.

mod common;

use common::script::{holds, rows};

/// A figure of the only run of a world, whose measured time is 200 s from the start.
struct Run {
    header: csv::StringRecord,
    rows: Vec<csv::StringRecord>,
}

impl Run {
    fn of(world: &str, file: &str) -> Self {
        let script = format!(
            "experiment(\"parts\").replications(1).warmup(0.s).duration(200.s).world(|p| {{ {world} }});"
        );
        let (header, rows) = rows(&script, file);
        Run { header, rows }
    }

    fn cell(&self, row: usize, column: &str) -> &str {
        let at = self.header.iter().position(|name| name == column).unwrap_or_else(|| panic!("{column}"));
        &self.rows[row][at]
    }

    fn number(&self, column: &str) -> f64 {
        self.cell(0, column).parse().unwrap_or_else(|_| panic!("{column}: {}", self.cell(0, column)))
    }

    /// Of components.csv: the figure of a node.
    fn of_node(&self, node: &str, column: &str) -> f64 {
        let row = (0..self.rows.len()).find(|row| self.cell(*row, "component") == node).expect("it is there");
        self.cell(row, column).parse().unwrap_or_else(|_| panic!("{node} {column}"))
    }
}

/// A connection that is given up while it opens takes no longer than it was waited for: of ten SYNs one is lost and comes again after a second,
/// and nobody waits for more than 300 ms. (A lost question or answer goes again after 200 ms at least, which is in time.)
#[test]
fn steps_of_attempts_that_are_given_up_end_with_them() {
    let lossy = "network(#{ latency: 1.ms, connect: \"tcp\", loss: 10.percent });
        traffic(\"t\", #{ to: web(\"w\", #{ service: 1.ms, cores: 100 }), rate: 100.rps, timeout: 300.ms, attempts: 5 });";
    let run = Run::of(lossy, "summary.csv");
    let [connect, wait, latency] =
        ["connect_mean_ms", "wait_mean_ms", "latency_mean_ms"].map(|name| run.number(name));
    // SYN or SYN-ACK lost (19 %): a time-out of 300 ms, again until it is not; 2 ms of the attempt that succeeds.
    let expected = 0.19 / 0.81 * 300.0 + 2.0;
    assert!((connect - expected).abs() < 0.08 * expected, "{connect} instead of {expected}");
    assert!((connect + wait - latency).abs() < 0.02 * latency, "{connect} and {wait} of {latency}");
}

/// 100 KiB take three round trips of 100 ms from the first byte on; half of the answers begin too late for their client, who gives up while they
/// come.
#[test]
fn the_transfer_is_that_of_the_answer_that_was_taken() {
    let run = Run::of(
        "let d = database(\"d\", #{ read: 0.ms, write: 1.ms, connections: 1000, row: 100.kib });
        let w = web(\"w\", #{ service: mixture([[0.5, 1.ms], [0.5, 400.ms]]), cores: 1000, reads: d });
        let t = traffic(\"t\", #{ to: w, rate: 100.rps, timeout: 650.ms, attempts: 20 });
        link(t, w, #{ latency: 50.ms, connect: \"tcp\" });",
        "summary.csv",
    );
    assert_eq!(run.cell(0, "transfer_mean_ms"), "300.000");
    let (first, latency) = (run.number("first_byte_mean_ms"), run.number("latency_mean_ms"));
    assert!((first + 300.0 - latency).abs() < 1.0, "{first} before {latency}");
}

/// Half of all requests look a name up (20 ms and a little), the others have no steps at all, or only one in a hundred connects: the means are of all.
#[test]
fn steps_are_those_of_all_requests() {
    for connect in ["", ", connect: \"tcp\""] {
        let run = Run::of(
            &format!(
                "let w = web(\"w\", #{{ service: 20.ms, cores: 1000 }});
                network(#{{ latency: 10.ms }});
                traffic(\"a\", #{{ to: dns(\"z\", #{{ to: w, ttl: 1.s }}), resolver: resolver(\"i\", #{{}}), rate: 50.rps }});
                let b = traffic(\"b\", #{{ to: w, rate: 50.rps, users: 10 }});
                link(b, w, #{{ latency: 10.ms{connect} }});"
            ),
            "summary.csv",
        );
        let [lookup, wait, first, latency] =
            ["lookup_mean_ms", "wait_mean_ms", "first_byte_mean_ms", "latency_mean_ms"]
                .map(|name| run.number(name));
        assert!((lookup + wait - latency).abs() < 0.3, "{lookup} and {wait} of {latency}");
        assert!((first - latency).abs() < 0.3, "{first} of {latency}: nothing is transferred");
        assert!((lookup - 10.2).abs() < 0.5, "{lookup}");
    }
}

/// M/M/1 at 80 %: a share of 1 - exp(-(100 - 80) / s x 50 ms) = 0.632 is answered within 50 ms. Of those who give up after 30 ms all others are.
#[test]
fn a_share_of_requests_is_answered_in_time() {
    let world = |more: &str| {
        format!(
            "experiment(\"objective\").slo(50.ms).replications(10).duration(600.s).phase(\"all\", 0.s, 600.s).world(|p| {{
                let w = web(\"w\", #{{ service: exponential(10.ms), cores: 1 }});
                traffic(\"t\", #{{ to: w, rate: 80.rps{more} }});
            }})"
        )
    };
    let near = ".expect(\"no less\", |r| r.slo > 0.605).expect(\"no more\", |r| r.slo < 0.66)
        .expect(\"the only traffic\", |r| r.of(\"t\").slo > 0.605).expect(\"in all of it\", |r| r.phase(\"all\").slo > 0.605)
        .expect(\"and of it\", |r| r.phase(\"all\").of(\"t\").slo < 0.66);";
    holds(&(world("") + near));
    let all_answered = ".expect(\"whoever is answered is in time\", |r| r.slo / r.availability > 0.9999).expect(\"not all\", |r| r.slo < 0.9);";
    holds(&(world(", timeout: 30.ms") + all_answered));
}

/// The server hangs at the end, and nobody gives up: one in twelve is still without an answer. The only traffic has the availability of all.
#[test]
fn a_traffic_has_its_requests_answered_as_often_as_the_summary_says() {
    let world = "let w = web(\"w\", #{ service: 5.ms, cores: 100 });
        traffic(\"t\", #{ to: w, rate: 100.rps });
        at(184.s, \"hangs\", || w.hang());";
    let (whole, own) = (Run::of(world, "summary.csv"), Run::of(world, "components.csv"));
    let of_traffic = own.of_node("t", "availability_ratio");
    assert_eq!(whole.number("availability_ratio"), of_traffic);
    assert!((of_traffic - 184.0 / 200.0).abs() < 0.01, "{of_traffic}");
}

/// One that is told to log in says nothing about the others who want the same.
#[test]
fn an_edge_denies_to_nobody_what_was_denied_to_another() {
    let run = Run::of(
        "network(#{ latency: 10.ms });
        let e = cdn(\"e\", #{ of: web(\"w\", #{ service: 20.ms, cores: 100, sessions: \"memory\" }), ttl: 1.s });
        traffic(\"t\", #{ to: e, rate: 200.rps, users: 1000, keys: uniform_keys(20) });",
        "summary.csv",
    );
    assert_eq!(["sessions_lost_count", "requests_failed_count"].map(|name| run.cell(0, name)), ["0", "0"]);
    assert!(run.number("cdn_hit_ratio") > 0.5, "it keeps what was fetched for somebody who is logged in");
}

/// Two requests of one user who has no session each log in, and their logins may overtake each other.
#[test]
fn a_server_that_never_fails_loses_no_session() {
    let run = Run::of(
        "network(#{ latency: exponential(50.ms) });
        let w = web(\"w\", #{ service: exponential(1.ms), cores: 10, sessions: \"memory\" });
        traffic(\"t\", #{ to: w, rate: 1000.rps, users: 200 });",
        "summary.csv",
    );
    assert_eq!(run.cell(0, "sessions_lost_count"), "0");
}

/// From 40 s on Europeans ask an edge that fetches from a shield whose copies ended at 25 s at the latest, and whose origin is dead.
#[test]
fn what_a_shield_gives_out_stale_is_stale_behind_it() {
    let run = Run::of(
        "regions(\"aws\");
        let f = web(\"f\", #{ service: 1.ms, cores: 1000, region: \"us-east-1\" });
        let e = cdn(\"e\", #{ of: f, ttl: 5.s, error_ttl: 2.s, stale_if_error: 1.hour, shield: true, region: [\"us-east-1\", \"eu-west-1\"] });
        let name = dns(\"x\", #{ to: e, policy: \"latency\", region: \"us-east-1\" });
        let isp = resolver(\"isp\", #{ region: [\"us-east-1\", \"eu-west-1\"], count: 2 });
        let people = #{ to: name, resolver: isp, users: 10, keys: uniform_keys(2) };
        traffic(\"us\", people + #{ rate: steps([[0.s, 10.rps], [100.s, 0.rps]]), region: \"us-east-1\" });
        traffic(\"eu\", people + #{ rate: steps([[0.s, 0.rps], [40.s, 10.rps]]), region: \"eu-west-1\" });
        at(20.s, \"origin dies\", || f.crash());",
        "summary.csv",
    );
    // Of 1000 in the west those from 25 s on, and all 1600 in the east.
    let (stale, expected) = (run.number("cdn_stale_ratio"), (750.0 + 1_600.0) / 2_600.0);
    assert!((stale - expected).abs() < 0.03, "{stale} instead of {expected}");
    assert!(
        run.number("cdn_revalidated_count") <= run.number("origin_fetches_count"),
        "nobody else finds that"
    );
}

#[test]
fn what_was_turned_away_has_come_and_was_answered() {
    let run = Run::of(
        "let q = queue(\"q\", #{ kind: \"rabbitmq\", length: 1, overflow: \"reject\" });
        consumers(\"c\", #{ of: q, service: 20.ms, prefetch: 1 });
        let d = database(\"d\", #{ read: 20.ms, write: 1.ms, connections: 1, queue: 0 });
        traffic(\"messages\", #{ to: q, rate: constant(100.rps) });
        traffic(\"reads\", #{ to: web(\"w\", #{ reads: d }), rate: constant(100.rps) });",
        "components.csv",
    );
    for (node, caller) in [("q", "messages"), ("d", "w")] {
        let [arrivals, errors] = ["arrivals_count", "errors_count"].map(|column| run.of_node(node, column));
        assert_eq!(arrivals, run.of_node(caller, "arrivals_count"), "{node}");
        assert!((errors / arrivals - 0.5).abs() < 0.01, "{node}: {errors} of {arrivals}");
    }
    let [arrivals, completions] =
        ["arrivals_count", "completions_count"].map(|column| run.of_node("d", column));
    assert!(arrivals - completions <= 1.0, "{completions} of {arrivals}");
}

/// Four servers are compared with two at the same rate, and two are the baseline at each. The difference of the means is that of the pair.
#[test]
fn a_baseline_that_several_variants_have_is_that_of_each_of_its_like() {
    let script = r#"experiment("pairs").replications(3).duration(20.s)
        .vary("rate", [50, 150]).vary("count", [4, 2]).baseline(#{ count: 2 })
        .world(|p| {
            let w = web("w", #{ count: p.count, service: exponential(10.ms) });
            traffic("t", #{ to: load_balancer("lb", #{ to: w }), rate: p.rate * 1.rps });
        });"#;
    let (header, rows) = rows(script, "comparison.csv");
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let latency = rows.iter().filter(|row| &row[at("metric")] == "latency_mean_ms");
    let said: Vec<(&str, &str, &str)> = latency
        .clone()
        .map(|row| (&row[at("variant")], &row[at("baseline_variant")], &row[at("verdict")]))
        .collect();
    assert_eq!(
        said,
        [
            ("rate=50;count=4", "rate=50;count=2", "better"),
            ("rate=50;count=2", "rate=50;count=2", "baseline"),
            ("rate=150;count=4", "rate=150;count=2", "better"),
            ("rate=150;count=2", "rate=150;count=2", "baseline"),
        ]
    );
    let number =
        |row: usize, column: &str| -> f64 { latency.clone().nth(row).unwrap()[at(column)].parse().unwrap() };
    for pair in [0, 2] {
        let difference = number(pair, "mean") - number(pair + 1, "mean");
        assert!((number(pair, "diff_mean") - difference).abs() < 2e-3, "{difference}");
    }
}

/// Variants that were picked by hand differ in more than one thing from the baseline: it is the one that is most like them. A baseline that all
/// have is none: all are compared with the first.
#[test]
fn the_baseline_that_is_most_alike_is_taken() {
    let compared = |chain: &str| -> Vec<(String, String)> {
        let script = format!(
            "experiment(\"pairs\").replications(2).duration(5.s){chain}
            .world(|p| {{
                let w = web(\"w\", #{{ count: p.count, cores: p.cores, service: exponential(10.ms) }});
                traffic(\"t\", #{{ to: load_balancer(\"lb\", #{{ to: w }}), rate: p.rate * 1.rps }});
            }});"
        );
        let (header, rows) = rows(&script, "comparison.csv");
        let at = |name: &str| header.iter().position(|column| column == name).unwrap();
        let latency = rows.iter().filter(|row| &row[at("metric")] == "latency_mean_ms");
        latency.map(|row| (row[at("variant")].to_string(), row[at("baseline_variant")].to_string())).collect()
    };
    let picked = ".vary(\"rate\", [20, 50]).variant(\"one\", #{ count: 1, cores: 1 }).variant(\"three\", #{ count: 3, cores: 2 }).baseline(#{ count: 1 })";
    for (variant, baseline) in compared(picked) {
        let rate = variant.split(';').nth(1).unwrap();
        assert_eq!(baseline, format!("one;{rate}"), "{variant}");
    }
    let all = ".vary(\"rate\", [20, 50]).vary(\"count\", [1]).vary(\"cores\", [1]).baseline(#{ count: 1 })";
    assert!(compared(all).iter().all(|(_, baseline)| baseline == "rate=20;count=1;cores=1"));
}
