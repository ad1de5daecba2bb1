//! What every ring is held to: the maps of real clients (`tests/data/hashing`, made with libmemcached 1.1.4, clandestined, the crate maglev 0.2.1
//! and Redis 7.0.15), and the laws of what moves.

use super::{POLICIES, Ring, Server};
use proptest::prelude::*;

const KEYS: u32 = 10_000;

fn key(number: u32) -> String {
    format!("key:{number}")
}

/// Servers 10.0.1.1, 10.0.1.2, ... of these weights, numbered from 0.
pub fn servers(weights: &[u32]) -> Vec<Server> {
    let server = |(at, weight): (usize, &u32)| Server {
        weight: *weight,
        ..Server::new(at as u16, format!("10.0.1.{}", at + 1))
    };
    weights.iter().enumerate().map(server).collect()
}

fn ring(policy: &str, servers: Vec<Server>) -> Ring {
    Ring::by_name(policy, servers).unwrap()
}

fn map(ring: &Ring) -> Vec<u16> {
    (0..KEYS).map(|number| ring.place_text(key(number).as_bytes()).unwrap()).collect()
}

/// The rows of a reference file, without its heading.
pub fn rows(file: &str) -> Vec<Vec<String>> {
    let path = format!("{}/tests/data/hashing/{file}", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().skip(1).map(|line| line.split(',').map(String::from).collect()).collect()
}

fn equals(ring: &Ring, column: &str) {
    let path = format!("{}/tests/data/hashing/maps_3_servers.csv", env!("CARGO_MANIFEST_DIR"));
    let heading = std::fs::read_to_string(path).unwrap();
    let at = heading.lines().next().unwrap().split(',').position(|name| name == column).unwrap();
    let rows = rows("maps_3_servers.csv");
    assert_eq!(rows.len(), 1_000);
    for row in rows {
        assert_eq!(ring.place_text(row[0].as_bytes()).unwrap().to_string(), row[at], "{}", row[0]);
    }
}

/// The map of 1,000 keys onto three servers equals that of the real client.
pub fn equals_reference(policy: &str, column: &str) {
    equals(&ring(policy, servers(&[1; 3])), column);
}

/// The same with the port in the servers' names.
pub fn equals_reference_with_port(policy: &str, column: &str) {
    let named = |server: Server| Server { name: format!("{}:11212", server.name), ..server };
    equals(&ring(policy, servers(&[1; 3]).into_iter().map(named).collect()), column);
}

/// So many of 10,000 keys are with each server.
pub fn balance(policy: &str, weights: &[u32], expected: &[usize]) {
    let map = map(&ring(policy, servers(weights)));
    let count = |id: usize| map.iter().filter(|server| usize::from(**server) == id).count();
    let counts: Vec<usize> = (0..weights.len()).map(count).collect();
    assert_eq!(counts, expected, "{policy} {weights:?}");
}

/// Each server's share of 10,000 keys is that of its weight, within `tolerance`.
pub fn shares(policy: &str, weights: &[u32], tolerance: f64) {
    let map = map(&ring(policy, servers(weights)));
    let total: u32 = weights.iter().sum();
    for (id, weight) in weights.iter().enumerate() {
        let count = map.iter().filter(|server| usize::from(**server) == id).count();
        let (share, fair) = (count as f64 / f64::from(KEYS), f64::from(*weight) / f64::from(total));
        assert!((share - fair).abs() < tolerance, "{policy} {weights:?}: {id} has {share}, fair is {fair}");
    }
}

/// Share of keys that moved, and how many of them between servers that were there before and after.
fn changes(before: &Ring, after: &Ring) -> (f64, usize) {
    let pairs: Vec<(u16, u16)> =
        map(before).into_iter().zip(map(after)).filter(|(old, new)| old != new).collect();
    let stays = |id: u16, ring: &Ring| ring.servers().iter().any(|server| server.id == id);
    let between = pairs.iter().filter(|(old, new)| stays(*old, after) && stays(*new, before)).count();
    (pairs.len() as f64 / f64::from(KEYS), between)
}

fn grown(policy: &str, from: usize, to: usize) -> (Ring, Ring) {
    let all = servers(&vec![1; from.max(to)]);
    let before = ring(policy, all[..from].to_vec());
    let mut after = before.clone();
    all[from.min(to)..from].iter().for_each(|server| assert!(after.remove(server.id)));
    all[from..to.max(from)].iter().for_each(|server| after.add(server.clone()));
    (before, after)
}

/// What moves when servers come or go at the end equals the reference.
pub fn moved(policy: &str, from: usize, to: usize, expected: (f64, usize)) {
    let (before, after) = grown(policy, from, to);
    assert_eq!(changes(&before, &after), expected, "{policy} {from}->{to}");
}

/// At most this share moves, and nothing between those who stay.
pub fn moved_at_most(policy: &str, from: usize, to: usize, most: f64) {
    let (before, after) = grown(policy, from, to);
    let (share, between) = changes(&before, &after);
    assert!(
        share <= most && between == 0,
        "{policy} {from}->{to}: {share} moved, {between} between survivors"
    );
}

/// What moves when the server of this number goes equals the reference.
pub fn moved_without(policy: &str, from: usize, gone: u16, expected: (f64, usize)) {
    let before = ring(policy, servers(&vec![1; from]));
    let mut after = before.clone();
    assert!(after.remove(gone));
    assert_eq!(changes(&before, &after), expected, "{policy} {from} without {gone}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// A server comes: rings move what it takes, about 1 / n of all keys; modulo moves nearly all of them.
    #[test]
    fn a_server_comes(n in 2usize..20) {
        let fair = 1.0 / (n + 1) as f64;
        for policy in POLICIES {
            let (before, after) = grown(policy.name, n, n + 1);
            let (share, between) = changes(&before, &after);
            match policy.name {
                "modulo" => prop_assert!((share - n as f64 * fair).abs() < 0.02, "{n}: {share}"),
                "maglev" => prop_assert!(between as f64 <= 0.005 * f64::from(KEYS), "{n}: {between}"),
                _ => prop_assert_eq!(between, 0, "{}", policy.name),
            }
            // Points on a circle are uneven; the others are within a tenth, and chance of 10,000 keys.
            let tolerance = if policy.name == "ketama" { 0.4 * fair } else { 0.1 * fair + 0.01 };
            if policy.name != "modulo" {
                prop_assert!((share - fair).abs() < tolerance, "{}: {share} of {n}", policy.name);
            }
        }
    }

    /// Any server goes: nothing moves between those who stay, but with modulo and jump, which number their servers.
    #[test]
    fn a_server_goes(n in 3usize..20, gone in 0usize..20) {
        let gone = (gone % n) as u16;
        for policy in POLICIES {
            let before = ring(policy.name, servers(&vec![1; n]));
            let mut after = before.clone();
            prop_assert!(after.remove(gone));
            let (_, between) = changes(&before, &after);
            match policy.name {
                // Of the keys that stay in the range, all but one in n - 1 find another server.
                "modulo" => {
                    let expected = f64::from(KEYS) * (n - 2) as f64 / n as f64;
                    prop_assert!(between as f64 > 0.9 * expected, "{n}: {between}");
                }
                "jump" => prop_assert!(between == 0 || usize::from(gone) < n - 1),
                "maglev" => prop_assert!(between as f64 <= 0.01 * f64::from(KEYS), "{between}"),
                _ => prop_assert_eq!(between, 0, "{}", policy.name),
            }
            prop_assert!(map(&after).iter().all(|id| *id != gone), "{}", policy.name);
        }
    }

    /// What comes and goes again leaves no trace, but in a slot table, which only keeps the balance.
    #[test]
    fn coming_and_going(n in 2usize..12, weight in 1u32..6) {
        for policy in POLICIES.iter().filter(|policy| policy.name != "slots") {
            let before = ring(policy.name, servers(&vec![weight; n]));
            let mut after = before.clone();
            after.add(Server { weight, ..Server::new(99, "10.0.9.9") });
            prop_assert!(after.remove(99));
            prop_assert_eq!(changes(&before, &after), (0.0, 0), "{}", policy.name);
        }
    }

    /// Whatever comes and goes: every slot has one owner who is there, and shares are even to one slot.
    #[test]
    fn slots_stay_balanced(steps in prop::collection::vec((any::<bool>(), 0u16..12), 1..30)) {
        let mut ring = ring("slots", servers(&[1]));
        let mut table = super::SlotTable::new(ring.servers());
        for (comes, id) in steps {
            if comes {
                ring.add(Server::new(id, format!("10.0.1.{}", id + 1)));
            } else if ring.servers().len() > 1 {
                ring.remove(id);
            }
            let moves = table.rebalance(ring.servers());
            moves.iter().for_each(|each| table.give(each.slot, each.to));
            let counts: Vec<u64> = ring.servers().iter().map(|server| table.count(server.id)).collect();
            prop_assert_eq!(counts.iter().sum::<u64>(), u64::from(super::SLOTS));
            prop_assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{:?}", counts);
            prop_assert!(table.rebalance(ring.servers()).is_empty(), "balanced twice");
        }
    }
}
