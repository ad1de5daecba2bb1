//! Where requests come from: arrivals of their own, users one at a time, or a recorded trace.

use super::super::Site;
use super::keyspace;
use super::people::People;
use crate::audit::Audit;
use crate::catalog::{KeysPlan, Load, TraceLoad};
use crate::kernel::prefetch::prefetch;
use crate::kernel::{Ctx, Time};
use crate::random::arrivals::Arrivals;
use crate::random::draw::DrawKey;
use crate::random::keys::{Keys, Keyspace};
use crate::random::mix::combine;
use crate::random::replay::{Replay, ReplayOptions, TraceOp, TraceRow};
use crate::random::stream::Stream;
use crate::random::variate::Variate;

/// Purposes of the draws of a request, apart from those of components (which are hashes of names).
pub(super) const KEY: u64 = 1;
pub(super) const WRITE: u64 = 2;
pub(super) const USER: u64 = 3;
pub(super) const JITTER: u64 = 4;
pub(super) const THINK: u64 = 5;
pub(super) const ADDRESS: u64 = 6;

/// What a request will be about.
pub(super) struct Wish {
    pub key: u64,
    pub writes: bool,
    pub bytes: u32,
    pub address: u32,
}

/// When the rows of a trace without times come.
pub(super) type Pace = (Arrivals, Stream);

/// When requests come and what they want.
#[derive(Clone)]
pub(super) enum Source {
    /// At times of their own.
    Open { arrivals: Arrivals, stream: Stream },
    /// From users who wait for their answers.
    Closed,
    /// As recorded.
    Trace {
        load: TraceLoad,
        replay: Option<Box<Replay>>,
        next: Option<TraceRow>,
        pace: Option<Box<Pace>>,
        people: Box<People>,
    },
}

/// Which keys, and how often.
#[derive(Clone)]
pub(super) struct Wanted {
    popularity: Keys,
    keyspace: Keyspace,
    by: By,
    /// Number and key of the next request, drawn before it comes.
    next: (u64, u64),
}

/// Of no request.
const NOT_DRAWN: (u64, u64) = (u64::MAX, 0);

/// What the popularity of keys changes with.
#[derive(Clone, Copy)]
enum By {
    Nothing,
    Number,
    Time,
    /// The number of the newest key: a write inserts the next one.
    Inserts(u64),
}

impl Wanted {
    pub fn new(plan: Option<&KeysPlan>, seeds: (u64, u64)) -> Self {
        let one = KeysPlan { popularity: Keys::uniform(1).expect("one key"), size: 1, scrambled: false };
        let plan = plan.unwrap_or(&one);
        Wanted {
            popularity: plan.popularity.clone(),
            keyspace: keyspace(plan, seeds),
            by: match plan.popularity {
                Keys::Sequential(_) => By::Number,
                Keys::WorkingSet(_) => By::Time,
                Keys::Latest(_) => By::Inserts(plan.size - 1),
                _ => By::Nothing,
            },
            next: NOT_DRAWN,
        }
    }

    /// Whether the key of the next request can be told already.
    #[inline(always)]
    pub fn is_foreseen(&self) -> bool {
        self.keyspace.size() > 1 && matches!(self.by, By::Nothing)
    }

    /// The request with this number comes next: its key is drawn, and the audit's memory of it fetched.
    #[inline]
    pub fn foresee(&mut self, draw: DrawKey, number: u64, audit: &Audit) {
        let key = self.draw(draw, number, 0, false);
        self.next = (number, key);
        let (keys, place) = audit.looks_at(key);
        prefetch(keys, place);
    }

    /// The key of the request with this number that comes `now`.
    #[inline(always)]
    pub fn key(&mut self, draw: DrawKey, number: u64, now: Time, writes: bool) -> u64 {
        if self.keyspace.size() == 1 {
            return 0;
        }
        if self.next.0 == number { self.next.1 } else { self.draw(draw, number, now, writes) }
    }

    #[inline]
    fn draw(&mut self, draw: DrawKey, number: u64, now: Time, writes: bool) -> u64 {
        let mut tries = 0;
        let mut next = || {
            tries += 1;
            draw.uniform(KEY, tries)
        };
        let rank = match self.by {
            By::Nothing => self.popularity.rank(&mut next),
            By::Number => self.popularity.rank_at(&mut next, number),
            By::Time => self.popularity.rank_at(&mut next, now),
            By::Inserts(newest) if writes => {
                self.by = By::Inserts(newest.wrapping_add(1));
                newest.wrapping_add(1) % self.keyspace.size()
            }
            By::Inserts(newest) => self.popularity.rank_at(&mut next, newest),
        };
        self.keyspace.id(rank)
    }
}

/// Streams get their names when the simulation starts.
fn unopened() -> Stream {
    Stream::named(0, 0, "opened when the simulation starts")
}

impl Source {
    pub fn new(site: &Site<'_>) -> Self {
        match site.settings().load("rate") {
            Some(Load::Open(arrivals)) => Source::Open { arrivals: arrivals.clone(), stream: unopened() },
            Some(Load::Trace(load)) => {
                let pace = load.arrivals.as_ref().map(|arrivals| Box::new((arrivals.clone(), unopened())));
                let people = Box::new(People::new());
                Source::Trace { load: load.clone(), replay: None, next: None, pace, people }
            }
            None => Source::Closed,
        }
    }

    /// Opens streams; each replication replays blocks of the trace of its own.
    pub fn start(&mut self, name: &str, cx: &Ctx<'_>) {
        match self {
            Source::Open { stream, .. } => *stream = cx.stream(&format!("{name}/arrivals")),
            Source::Trace { load, replay, pace, .. } => {
                if let Some(pace) = pace {
                    pace.1 = cx.stream(&format!("{name}/arrivals"));
                }
                let (seed, replication) = cx.seeds();
                let blocks = load.bootstrap.then(|| combine(seed, replication));
                let options = ReplayOptions { bootstrap: blocks, ..load.options };
                let rows = Replay::new(load.rows.clone(), options);
                *replay = Some(Box::new(rows.expect("the options were checked with the script")));
            }
            Source::Closed => {}
        }
    }

    /// When the next request comes, if that has nothing to do with the one that comes now: it may be asked before that is looked at.
    #[inline(always)]
    pub fn draw_next(&mut self, now: Time) -> Option<Time> {
        match self {
            Source::Open { arrivals, stream } => arrivals.next(now, stream),
            _ => None,
        }
    }

    /// When the next request of a trace comes; `None` at its end, and for other loads.
    #[inline(never)]
    pub fn next_recorded(&mut self, now: Time) -> Option<Time> {
        let Source::Trace { replay, next, pace, .. } = self else { return None };
        *next = replay.as_mut().and_then(Iterator::next);
        let row = (*next)?;
        match pace {
            None => Some(row.time_ns.max(now)),
            Some(pace) => pace.0.next(now, &mut pace.1),
        }
    }

    /// Which of so many users the request that has just come is of, if the trace says so.
    pub fn person(&mut self, users: u64) -> Option<u32> {
        let Source::Trace { next: Some(row), people, .. } = self else { return None };
        (row.client != 0).then(|| people.number(row.client, users))
    }

    /// What the request that has just come wants, if the trace says so.
    #[inline]
    pub fn recorded(&self, draw: DrawKey) -> Option<Wish> {
        let Source::Trace { load, next: Some(row), .. } = self else { return None };
        let writes = match load.writes {
            Some(share) => draw.uniform(WRITE, 0) < share,
            None => row.op == TraceOp::Set,
        };
        Some(Wish { key: row.key, writes, bytes: row.bytes, address: row.client })
    }
}

/// Pauses that the one under way at the start is chosen from.
const CANDIDATES: usize = 16;

/// What is left at the start of the pause that a user is in: users begin in the middle of one, not all at once. A moment meets a long pause
/// more often than a short one, in proportion to its length, and anywhere in it (the inspection paradox: Feller, vol. II, ch. XI.4); the long
/// ones are chosen among some by their length (sampling-importance resampling, Rubin 1987). What is left of an exponential pause is one.
pub(super) fn rest_of_pause(think: &Variate, draw: DrawKey) -> Time {
    let pause = |number: usize| think.sample_ns(draw.uniform(THINK, number as u64));
    if matches!(think, Variate::Exponential(_)) {
        return pause(0);
    }
    let [which, rest] = [0, 1].map(|more| draw.uniform(THINK, (CANDIDATES + more) as u64));
    let pauses: [Time; CANDIDATES] = std::array::from_fn(pause);
    let all: f64 = pauses.iter().map(|pause| *pause as f64).sum();
    let mut left = which * all;
    let chosen = pauses.iter().find(|pause| {
        left -= **pause as f64;
        left < 0.0
    });
    (*chosen.unwrap_or(&pauses[0]) as f64 * rest) as Time
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::variate::{Erlang, Exponential};

    /// Mean of what is left: E[X^2] / (2 E[X]), and of a constant pause each part is as likely.
    #[test]
    fn users_begin_anywhere_in_a_pause() {
        let mean_rest = |think: &Variate| {
            let rests =
                (0..20_000).map(|user| rest_of_pause(think, traffic_key(3, 0, 1).request(user)) as f64);
            rests.sum::<f64>() / 20_000.0
        };
        let constant = Variate::constant(1_000_000);
        assert!((mean_rest(&constant) / 5e5 - 1.0).abs() < 0.02);
        let fourth = (0..20_000)
            .filter(|user| rest_of_pause(&constant, traffic_key(3, 0, 1).request(*user)) < 250_000);
        assert!((4_700..5_300).contains(&fourth.count()));
        // Erlang of four stages: E[X^2] = (1 + 1/4) E[X]^2.
        let erlang = Variate::from(Erlang::new(4, 1e6).expect("a distribution"));
        assert!((mean_rest(&erlang) / 6.25e5 - 1.0).abs() < 0.03, "{}", mean_rest(&erlang));
        let exponential = Variate::from(Exponential::new(1e6).expect("a distribution"));
        assert!((mean_rest(&exponential) / 1e6 - 1.0).abs() < 0.03);
    }
    use crate::random::draw::traffic_key;

    const KEYS: u64 = 50;

    /// What YCSB's workload D does (`CoreWorkload` with `SkewedLatestGenerator`): an insert takes the next key, a read one as far behind the
    /// newest as Zipf's law says.
    #[test]
    fn writes_of_the_law_latest_insert_and_reads_follow_the_newest() {
        let plan =
            KeysPlan { popularity: Keys::latest(KEYS, 0.99).expect("a law"), size: KEYS, scrambled: false };
        let mut wanted = Wanted::new(Some(&plan), (1, 0));
        let draws = traffic_key(7, 0, 1);
        let (mut newest, mut ages, reads) = (KEYS - 1, [0_u32; KEYS as usize], 200_000);
        let mut read = 0;
        for number in 0.. {
            let draw = draws.request(number);
            let writes = draw.uniform(WRITE, 0) < 0.05;
            let key = wanted.key(draw, number, 0, writes);
            if writes {
                newest = (newest + 1) % KEYS;
                assert_eq!(key, newest, "the next one, in place of the oldest");
            } else {
                ages[((newest + KEYS - key) % KEYS) as usize] += 1;
                read += 1;
            }
            if read == reads {
                break;
            }
        }
        let weight = |age: usize| libm::pow((age + 1) as f64, -0.99);
        let all: f64 = (0..KEYS as usize).map(weight).sum();
        for (age, times) in ages.iter().enumerate() {
            let expected = f64::from(reads) * weight(age) / all;
            assert!(
                (f64::from(*times) - expected).abs() < 5.0 * expected.sqrt(),
                "{age}: {times}, {expected}"
            );
        }
    }
}
