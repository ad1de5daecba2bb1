//! Single stations: a web server's processors, a database's connections.

use crate::common::evenly;
use crate::queue::{Queue, check};
use scalelab::random::variate::{Constant, Erlang, Hyperexponential, Lognormal, Uniform};

/// W = 1 / (mu - lambda), P(T > t) = exp(-(mu - lambda) t) (Kleinrock, Queueing Systems 1, 1975, ch. 3).
#[test]
fn m_m_1() {
    check(vec![
        Queue::new("rho 0.1", 0.1, 2e5, [0.1, 0.01111111111, 1.111111111]).percentiles([
            0.770163534,
            3.328591415,
            5.116855762,
        ]),
        Queue::new("rho 0.5", 0.5, 6e4, [0.5, 0.5, 2.0]).percentiles([1.386294361, 5.991464547, 9.210340372]),
        Queue::new("rho 0.8", 0.8, 2e5, [0.8, 3.2, 5.0]).percentiles([3.465735903, 14.97866137, 23.02585093]),
        Queue::new("rho 0.8 again", 0.8, 2e5, [0.8, 3.2, 5.0]).percentiles([
            3.465735903,
            14.97866137,
            23.02585093,
        ]),
        Queue::new("rho 0.95", 0.95, 2e5, [0.95, 18.05, 20.0]).percentiles([
            13.86294361,
            59.91464547,
            92.10340372,
        ]),
    ]);
}

/// Erlang C (Erlang 1917).
#[test]
fn m_m_c() {
    check(vec![
        Queue::new("2 servers, rho 0.3", 0.6, 4e4, [0.3, 0.05934065934, 1.098901099])
            .served_by(2)
            .percentiles([0.7820589487, 3.219398957, 4.864998711]),
        Queue::new("2 servers, rho 0.7", 1.4, 5e4, [0.7, 1.345098039, 1.960784314]).served_by(2),
        Queue::new("3 servers, rho 0.7", 2.1, 4e4, [0.7, 1.148803828, 1.547049442]).served_by(3),
        Queue::new("5 servers, rho 0.7", 3.5, 3e4, [0.7, 0.881622529, 1.251892151]).served_by(5),
        Queue::new("10 servers, rho 0.7", 7.0, 1.5e4, [0.7, 0.5173728371, 1.073910405]).served_by(10),
        Queue::new("10 servers, rho 0.9", 9.0, 2e4, [0.9, 6.018583717, 1.668731524]).served_by(10),
        Queue::new("50 servers, rho 0.9", 45.0, 4e3, [0.9, 3.274780205, 1.072772893]).served_by(50),
    ]);
}

/// Truncated birth and death (Kleinrock 1975, ch. 3.5 and 3.6).
#[test]
fn m_m_c_k() {
    let k = |name, rate, length, servers, most, blocking, figures| {
        Queue::new(name, rate, length, figures).served_by(servers).bounded(most, blocking)
    };
    check(vec![
        k("1 of 1", 1.0, 2e4, 1, 1, 0.5, [0.5, 0.0, 1.0]),
        k("1 of 2", 0.8, 2e4, 1, 2, 0.262295082, [0.5901639344, 0.262295082, 1.444444444]),
        k("1 of 5", 1.0, 2e4, 1, 5, 0.1666666667, [0.8333333333, 1.666666667, 3.0]).percentiles([
            2.569885633,
            7.263942924,
            9.774580686,
        ]),
        k("1 of 10, overloaded", 1.2, 3e4, 1, 10, 0.1925864951, [0.9688962058, 5.741812473, 6.926137844]),
        k("2 of 4", 2.4, 2e4, 2, 4, 0.298720756, [0.8415350928, 0.8463754754, 1.502875924]),
        k("3 of 10", 3.0, 2e4, 3, 10, 0.1011235955, [0.8988764045, 2.831460674, 2.05]),
        k(
            "5 of 10, twice too much",
            10.0,
            1e4,
            5,
            10,
            0.5017781764,
            [0.9964436472, 4.045586547, 1.812005086],
        ),
        k("10 of 20", 12.0, 1e4, 10, 20, 0.1796659157, [0.9844009012, 6.260488923, 1.635969442]),
    ]);
}

/// Erlang B holds for every distribution of service times (Sevastyanov 1957).
#[test]
fn erlang_loss_is_insensitive() {
    let loss = |name, rate, length, servers, blocking, rho| {
        Queue::new(name, rate, length, [rho, 0.0, 1.0]).served_by(servers).bounded(servers, blocking)
    };
    let mixed =
        || Hyperexponential::new(vec![(0.8872983346, 1.0 / 1.774596669), (0.1127016654, 1.0 / 0.2254033308)]);
    check(vec![
        loss("5 servers", 4.5, 1e4, 5, 0.2430210018, 0.6812810984),
        loss("5 servers, constant", 4.5, 1e4, 5, 0.2430210018, 0.6812810984).service(constant()),
        loss("10 servers, mixed", 10.0, 1e4, 10, 0.2145823431, 0.7854176569).service(mixed().unwrap()),
        loss("20 servers, lognormal", 18.0, 1e4, 20, 0.1092128459, 0.8017084387)
            .service(Lognormal::from_mean_cv(1.0, 1.0).unwrap()),
        loss("100 servers", 90.0, 2e3, 100, 0.02695738046, 0.8757383576),
    ]);
}

fn constant() -> Constant {
    Constant::new(1.0).unwrap()
}

/// Pollaczek-Khinchine for one server (Khinchine 1932); several servers: Crommelin 1932 as in Franx 2001.
#[test]
fn constant_service() {
    check(vec![
        Queue::new("M/D/1, rho 0.5", 0.5, 3e4, [0.5, 0.25, 1.5]).service(constant()).percentiles([
            1.0,
            3.050638407,
            4.336255957,
        ]),
        Queue::new("M/D/1, rho 0.8", 0.8, 6e4, [0.8, 1.6, 3.0]).service(constant()).percentiles([
            2.275939873,
            7.620324997,
            11.35588679,
        ]),
        Queue::new("M/D/2, rho 0.7", 1.4, 4e4, [0.7, 0.6910546476, 1.493610463])
            .service(constant())
            .served_by(2),
        Queue::new("M/D/3, rho 0.8", 2.4, 3e4, [0.8, 1.32936054, 1.553900225])
            .service(constant())
            .served_by(3),
        Queue::new("M/D/10, rho 0.8", 8.0, 1e4, [0.8, 0.8786223177, 1.10982779])
            .service(constant())
            .served_by(10),
    ]);
}

/// Wq = lambda E[S^2] / (2 (1 - rho)) (Pollaczek 1930, Khinchine 1932).
#[test]
fn m_g_1() {
    let mixed =
        Hyperexponential::new(vec![(0.7886751346, 1.0 / 1.577350269), (0.2113248654, 1.0 / 0.4226497308)]);
    let lognormal = |variation| Lognormal::from_mean_cv(1.0, variation).unwrap();
    check(vec![
        Queue::new("lognormal, scv 0.25", 0.7, 5e4, [0.7, 1.020833333, 2.458333333]).service(lognormal(0.5)),
        Queue::new("lognormal, scv 1", 0.8, 3e5, [0.8, 3.2, 5.0]).service(lognormal(1.0)),
        Queue::new("uniform", 0.8, 1e5, [0.8, 2.133333333, 3.666666667])
            .service(Uniform::new(0.0, 2.0).unwrap()),
        Queue::new("hyperexponential, scv 2", 0.7, 2e5, [0.7, 2.45, 4.5]).service(mixed.unwrap()),
        Queue::new("Erlang-2", 0.5, 4e4, [0.5, 0.375, 1.75])
            .service(Erlang::new(2, 1.0).unwrap())
            .percentiles([1.357785296, 4.581304785, 6.819076441]),
        Queue::new("Erlang-4", 0.7, 6e4, [0.7, 1.020833333, 2.458333333])
            .service(Erlang::new(4, 1.0).unwrap()),
    ]);
}

/// W = E[S] / (1 - rho), whatever the distribution (Kleinrock 1967; Sakata, Noguchi & Oizumi 1971).
#[test]
fn processor_sharing() {
    let share =
        |name, rate, length, figures| Queue::new(name, rate, length, figures).discipline("processor_sharing");
    let mixed =
        Hyperexponential::new(vec![(0.7886751346, 1.0 / 1.577350269), (0.2113248654, 1.0 / 0.4226497308)]);
    check(vec![
        share("exponential, rho 0.5", 0.5, 5e4, [0.5, 0.5, 2.0]),
        share("exponential, rho 0.8", 0.8, 1.5e5, [0.8, 3.2, 5.0]),
        share("constant, rho 0.8", 0.8, 1.5e5, [0.8, 3.2, 5.0]).service(constant()),
        share("hyperexponential, rho 0.7", 0.7, 1.5e5, [0.7, 0.7 / 0.3 - 0.7, 1.0 / 0.3])
            .service(mixed.unwrap()),
    ]);
}

/// Last in, first out without pre-emption has the mean of first in, first out (Kleinrock, Queueing Systems 2, 1976).
#[test]
fn last_in_first_out_has_the_same_mean() {
    check(vec![
        Queue::new("rho 0.7", 0.7, 2e5, [0.7, 0.49 / 0.3, 1.0 / 0.3]).discipline("lifo"),
        Queue::new("2 servers", 1.4, 1e5, [0.7, 1.345098039, 1.960784314]).served_by(2).discipline("lifo"),
    ]);
}

/// Arrivals at equal distances: W = 1 / (mu (1 - sigma)), sigma = exp(-(1 - sigma) / rho) (Lindley 1952).
#[test]
fn d_m_1() {
    let even = |queue: Queue, rate| Queue { load: evenly(rate), ..queue };
    check(vec![
        even(Queue::new("rho 0.5", 0.5, 3e4, [0.5, 0.1275004875, 1.255000975]), 0.5).percentiles([
            0.8699003874,
            3.759646924,
            5.779493073,
        ]),
        even(Queue::new("rho 0.8", 0.8, 8e4, [0.8, 1.354184672, 2.69273084]), 0.8).percentiles([
            1.86645879,
            8.066700681,
            12.40048378,
        ]),
    ]);
}
