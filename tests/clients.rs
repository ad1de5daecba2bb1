//! Clients and links with exact times: time-outs, retries, budgets, closed users, latency, loss.

use scalelab::catalog::{Given, KeysPlan, Load, Place, Value};
use scalelab::kernel::book::ClassBook;
use scalelab::kernel::{Control, MILLISECOND, NodeId, SECOND, Simulation, Time};
use scalelab::model::{GroupSpec, LinkSpec, WorldSpec, build, check};
use scalelab::random::arrivals::Arrivals;
use scalelab::random::keys::Keys;

fn given(settings: Vec<(&str, Value)>) -> Vec<Given> {
    let given = |(name, value): (&str, Value)| Given { name: name.into(), value, place: Place::default() };
    settings.into_iter().map(given).collect()
}

/// A database (node 0) with one connection that takes `service`, and clients (node 1).
fn world(service: Time, clients: Vec<(&str, Value)>, link: Option<Vec<(&str, Value)>>) -> Simulation {
    let group = |kind, settings| GroupSpec {
        kind,
        name: kind.into(),
        given: given(settings),
        place: Place::default(),
    };
    let service = Value::Duration(service);
    let database = vec![("read", service.clone()), ("write", service), ("connections", Value::Whole(1))];
    let clients = [("to", Value::Group(0))].into_iter().chain(clients).collect();
    let groups = vec![group("database", database), group("traffic", clients)];
    let links = link.map(|link| LinkSpec { a: 0, b: 1, given: given(link), place: Place::default() });
    let spec = WorldSpec { groups, links: links.into_iter().collect(), ..WorldSpec::default() };
    build(&check(&spec, Time::MAX, &[]).unwrap_or_else(|problems| panic!("{problems:?}")), 1, 0)
}

fn evenly(rate_per_s: f64) -> (&'static str, Value) {
    ("rate", Value::Load(Load::Open(Arrivals::constant(rate_per_s, 0).unwrap())))
}

fn ms(span: u64) -> Value {
    Value::Duration(span * MILLISECOND)
}

fn requests(simulation: &Simulation) -> ClassBook {
    simulation.check_conservation().unwrap();
    let mut all = ClassBook::default();
    simulation
        .book()
        .close(simulation.requests(), simulation.now())
        .iter()
        .for_each(|class| all.merge(class));
    all
}

const DATABASE: NodeId = NodeId(0);
const CLIENTS: NodeId = NodeId(1);

/// One request a second, each 300 ms of work, given up after 100 ms: the work is done all the same.
#[test]
fn a_time_out_does_not_stop_the_server() {
    let mut simulation = world(300 * MILLISECOND, vec![evenly(1.0), ("timeout", ms(100))], None);
    simulation.run_until(10 * SECOND + 500 * MILLISECOND);
    let book = requests(&simulation);
    assert_eq!((book.timed_out, book.succeeded), (10, 0));
    assert_eq!(book.latency.max(), Some(100 * MILLISECOND));
    let server = simulation.readings(DATABASE, false);
    assert_eq!((server.count_of("completions"), server.count_of("reads")), (10, 10));
    assert!((server.area_of("busy") - 3.0).abs() < 1e-9);
    let ledger = simulation.ledger();
    assert_eq!((ledger.late, ledger.abandoned, ledger.answered, ledger.replied), (10, 10, 0, 10));
}

/// Latency counts from the intended start, through all attempts and pauses.
#[test]
fn latency_counts_from_the_intended_start() {
    let retries = vec![("attempts", Value::Whole(3)), ("backoff", ms(50)), ("jitter", Value::Flag(false))];
    let clients = [vec![evenly(1.0), ("timeout", ms(100))], retries].concat();
    let mut simulation = world(20 * MILLISECOND, clients, None);
    simulation.control(DATABASE, Control::new(Control::CRASH_HOST, 0));
    simulation.run_until(SECOND + 110 * MILLISECOND);
    simulation.control(DATABASE, Control::new(Control::RECOVER, 0));
    simulation.run_until(SECOND + 900 * MILLISECOND);
    // Silence for 100 ms, a pause of 50 ms, 20 ms of work.
    let book = requests(&simulation);
    assert_eq!((book.succeeded, book.latency.max()), (1, Some(170 * MILLISECOND)));
    assert_eq!(simulation.readings(CLIENTS, false).count_of("retries"), 1);
}

/// Refused at once, three attempts with pauses of 50 and 100 ms, then an error.
#[test]
fn pauses_double_and_attempts_end() {
    let retries = vec![("attempts", Value::Whole(3)), ("backoff", ms(50)), ("jitter", Value::Flag(false))];
    let mut simulation = world(MILLISECOND, [vec![evenly(1.0)], retries].concat(), None);
    simulation.control(DATABASE, Control::new(Control::CRASH_PROCESS, 0));
    let attempts_until = |simulation: &mut Simulation, at| {
        simulation.run_until(SECOND + at * MILLISECOND);
        simulation.ledger().asked
    };
    let attempts = [1, 49, 51, 149, 151, 900].map(|at| attempts_until(&mut simulation, at));
    assert_eq!(attempts, [1, 1, 2, 2, 3, 3]);
    assert_eq!(requests(&simulation).failed, 1);
}

/// A budget of one fifth pays for one retry in five requests, however many fail.
#[test]
fn a_retry_budget_bounds_the_load() {
    for (budget, retries) in [(None, 200), (Some(0.2), 20)] {
        let mut clients = vec![evenly(10.0), ("attempts", Value::Whole(3))];
        clients.extend(budget.map(|share| ("retry_budget", Value::Share(share))));
        let mut simulation = world(MILLISECOND, clients, None);
        simulation.control(DATABASE, Control::new(Control::CRASH_PROCESS, 0));
        simulation.run_until(10 * SECOND + MILLISECOND);
        assert_eq!(requests(&simulation).failed, 100);
        assert_eq!(simulation.readings(CLIENTS, false).count_of("retries"), retries, "{budget:?}");
    }
}

/// A user waits for the answer, thinks, and asks again: a cycle of 30 + 70 ms.
#[test]
fn closed_users_ask_one_at_a_time() {
    let clients = vec![("users", Value::Whole(1)), ("think", ms(70))];
    let mut simulation = world(30 * MILLISECOND, clients, None);
    simulation.run_until(10 * SECOND);
    let book = requests(&simulation);
    assert_eq!(book.total(), 100);
    assert_eq!(book.latency.quantile(0.5).unwrap() / MILLISECOND, 30);
}

/// With ten users and no pause a single connection is the only limit.
#[test]
fn closed_users_without_a_pause_saturate_the_server() {
    let mut simulation = world(10 * MILLISECOND, vec![("users", Value::Whole(10))], None);
    simulation.run_until(10 * SECOND);
    let server = simulation.readings(DATABASE, false);
    assert!((server.area_of("busy") - 10.0).abs() < 1e-6);
    assert!((server.area_of("queue") - 90.0).abs() < 0.1);
}

/// Requests still open at the end are in the latency as lower bounds.
#[test]
fn what_is_open_at_the_end_is_not_forgotten() {
    let mut simulation = world(MILLISECOND, vec![evenly(1.0)], None);
    simulation.control(DATABASE, Control::new(Control::HANG, 0));
    simulation.run_until(5 * SECOND + 500 * MILLISECOND);
    let book = requests(&simulation);
    assert_eq!((book.in_flight, book.latency.count()), (5, 5));
    assert_eq!(book.latency.max(), Some(4 * SECOND + 500 * MILLISECOND));
    simulation.control(DATABASE, Control::new(Control::RECOVER, 0));
    simulation.run_until(5 * SECOND + 600 * MILLISECOND);
    assert_eq!(requests(&simulation).succeeded, 5, "a hang loses nothing");
}

/// 20 ms there, 20 ms back, and 1,000 bytes at 100,000 bytes per second: 10 ms.
#[test]
fn a_link_takes_its_time() {
    let sizes = vec![("writes", Value::Share(1.0)), ("size", Value::Bytes(1_000))];
    let link = || Some(vec![("latency", ms(20)), ("bandwidth", Value::Bytes(100_000))]);
    let mut simulation = world(5 * MILLISECOND, [vec![evenly(1.0)], sizes].concat(), link());
    simulation.run_until(SECOND + 900 * MILLISECOND);
    assert_eq!(requests(&simulation).latency.max(), Some(55 * MILLISECOND));
}

/// A cut loses what is sent during the cut, in both directions, and nothing else.
#[test]
fn a_cut_link_loses_messages_until_it_is_healed() {
    use scalelab::kernel::transit::{End, LinkCommand};
    let (here, there) = (End::Group(0), End::Group(1));
    let clients = vec![evenly(10.0), ("timeout", ms(50))];
    let mut simulation = world(MILLISECOND, clients, Some(vec![("latency", ms(4))]));
    simulation.run_until(SECOND + 50 * MILLISECOND);
    simulation.link(LinkCommand::Cut(here, there));
    simulation.run_until(2 * SECOND + 50 * MILLISECOND);
    simulation.link(LinkCommand::Slow(0, 1, 2.0));
    simulation.link(LinkCommand::Heal(here, there));
    simulation.run_until(3 * SECOND + 50 * MILLISECOND);
    let book = requests(&simulation);
    assert_eq!((book.succeeded, book.timed_out), (20, 10));
    assert_eq!(simulation.readings(DATABASE, false).count_of("reads"), 20);
    assert_eq!((book.latency.min(), book.latency.max()), (Some(9 * MILLISECOND), Some(50 * MILLISECOND)));
    let slowed = book.latency.quantile(0.6).unwrap() as f64;
    assert!((slowed / 17e6 - 1.0).abs() < 0.005, "8 + 1 + 8 ms, not {slowed} ns");
}

/// The share that gets lost, of both directions together: 1 - 0.9 squared.
#[test]
fn a_lossy_link_loses_its_share() {
    let clients = vec![evenly(1_000.0), ("timeout", ms(50)), ("keys", keys())];
    let mut simulation = world(1_000, clients, Some(vec![("loss", Value::Share(0.1))]));
    simulation.run_until(20 * SECOND);
    let book = requests(&simulation);
    let lost = book.timed_out as f64 / book.total() as f64;
    assert!((lost - 0.19).abs() < 4.0 * (0.19f64 * 0.81 / 20_000.0).sqrt(), "{lost}");
}

/// On connections nothing is lost: of the messages a share p comes later, by r (p + 2 p^2 + 4 p^3 + ..) = r p / (1 - 2p) on average, where r is a
/// round trip and 200 ms. There and back, both directions.
#[test]
fn what_is_lost_on_a_connection_is_sent_again() {
    let (loss, rtt) = (0.1, 0.020);
    let clients = vec![evenly(200.0), ("users", Value::Whole(1)), ("keys", keys())];
    let connection =
        vec![("latency", ms(10)), ("loss", Value::Share(loss)), ("connect", Value::Text("tcp".into()))];
    let mut simulation = world(1_000, clients, Some(connection));
    simulation.run_until(600 * SECOND);
    let book = requests(&simulation);
    assert_eq!((book.timed_out, book.failed), (0, 0));
    assert!(book.in_flight < 1_000, "{} have no answer", book.in_flight);
    let mean = book.latency.mean().unwrap() / 1e9;
    let late = 2.0 * (rtt + 0.2) * loss / (1.0 - 2.0 * loss);
    assert!(((mean - rtt) / late - 1.0).abs() < 0.03, "{} s late, not {late}", mean - rtt);
}

/// Whoever opens a connection for each request may lose the SYN and the SYN-ACK, which are sent again after 1 s, and each flight of TLS: with
/// TLS 1.3 four messages of which each comes (20 + 200) ms p / (1 - 2p) later on average, and two that come 1 s p / (1 - 2p) later.
#[test]
fn what_opens_a_connection_gets_lost_as_well() {
    let (loss, rtt) = (0.1, 0.020);
    let each = loss / (1.0 - 2.0 * loss);
    for (connect, round_trips, flights) in [("tcp", 2.0, 2.0), ("tls13", 3.0, 4.0), ("tls12", 4.0, 6.0)] {
        let clients = vec![evenly(20.0), ("keys", keys())];
        let opened = ("connect", Value::Text(connect.into()));
        let connection = vec![("latency", ms(10)), ("loss", Value::Share(loss)), opened];
        let mut simulation = world(1_000, clients, Some(connection));
        simulation.run_until(3_000 * SECOND);
        let mean = requests(&simulation).latency.mean().unwrap() / 1e9;
        let late = each * (2.0 + flights * (rtt + 0.2));
        let told = mean - round_trips * rtt;
        // One message's standard deviation is 0.5 s, where it is a SYN.
        assert!(
            (told - late).abs() < 4.0 * 0.8 / 60_000.0_f64.sqrt(),
            "{connect}: {told} s late, not {late}"
        );
    }
}

fn keys() -> Value {
    let popularity = Keys::uniform(100).unwrap();
    Value::Keys(KeysPlan { popularity, size: 100, scrambled: true })
}
