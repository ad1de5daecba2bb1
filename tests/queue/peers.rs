//! The same scripts on our brokers and on the real ones: RabbitMQ 3.10.8 and Redis 7.0.15 of Debian 12, recorded on 2026-11-26 by
//! `.ci/peers/run --record`; `.ci/run` records them anew and names its own folder in `PEER_SCRIPTS`.

use crate::common::{text, variate};
use crate::hands::Bench;
use crate::world::Settings;
use scalelab::catalog::Value;
use scalelab::kernel::MILLISECOND;
use scalelab::random::variate::Empirical;

fn script(file: &str) -> String {
    let usual = format!("{}/tests/data/peers", env!("CARGO_MANIFEST_DIR"));
    let folder = std::env::var("PEER_SCRIPTS").unwrap_or(usual);
    std::fs::read_to_string(format!("{folder}/{file}.txt")).expect("a recorded script")
}

/// `queue ttl=1500 dead` as our settings, and whether dead letters are to be seen.
fn settings(kind: &'static str, words: &[&str]) -> (Settings, bool) {
    let mut settings = vec![("kind", text(kind))];
    for word in words {
        let (name, value) = word.split_once('=').unwrap_or((word, "0"));
        if let Some((one, other)) = value.split_once('|') {
            settings.push(("ttl", one_or_other(one, other)));
            continue;
        }
        let number = value.parse::<i64>().expect("a number");
        match name {
            "ttl" => settings.push(("ttl", Value::Duration(number as u64 * MILLISECOND))),
            "length" => settings.push(("length", Value::Whole(number))),
            "limit" => settings.push(("max_deliveries", Value::Whole(number))),
            "transient" => settings.push(("durable", Value::Flag(false))),
            "reject" => settings.push(("overflow", text("reject"))),
            "dead" => {}
            other => panic!("no queue knows {other}"),
        }
    }
    (settings, words.contains(&"dead"))
}

/// Some messages have the one time to live and some the other. Which ones the script says for the real broker (`1@600`), as ours
/// happens to draw them.
fn one_or_other(one: &str, other: &str) -> Value {
    let times = [one, other].map(|time| time.parse::<f64>().expect("milliseconds") / 1000.0);
    // Half of them each, and next to none in between.
    let points = vec![(0.0, times[0]), (0.499_999, times[0]), (0.500_001, times[1]), (1.0, times[1])];
    variate(Empirical::new(points).expect("two times"))
}

/// Carries a recorded script out; what differs, with the line.
fn differences(kind: &'static str) -> Vec<String> {
    let script = script(kind);
    let (mut bench, mut wrong, mut observed) = (None, Vec::new(), 0);
    for (line, step) in (1..).zip(script.lines()) {
        let (step, theirs) = step.split_once(" -> ").unwrap_or((step, ""));
        let words: Vec<&str> = step.split_whitespace().collect();
        match words.first() {
            None | Some(&"#") => {}
            Some(&("queue" | "stream")) => {
                let (settings, dead) = settings(kind, &words[1..]);
                bench = Some(Bench::new(settings, dead));
            }
            Some(_) => {
                let ours = bench.as_mut().expect("a queue comes first").step(&words);
                observed += usize::from(!theirs.is_empty());
                if ours != theirs {
                    wrong.push(format!("{kind}.txt:{line}: {step}: ours {ours:?}, theirs {theirs:?}"));
                }
            }
        }
    }
    assert!(observed > 15, "a script without observations proves nothing");
    wrong
}

#[test]
fn rabbitmq_delivers_as_the_real_one_does() {
    let wrong = differences("rabbitmq");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn redis_streams_deliver_as_the_real_ones_do() {
    let wrong = differences("redis_streams");
    assert!(wrong.is_empty(), "{wrong:#?}");
}
