//! The facts of a finished run, from which all metrics are computed.

use super::design::Timing;
use super::nodes::all_readings;
use super::series::known;
use super::totals::Totals;
use crate::audit::{Audit, AuditReport, MessageReport};
use crate::components::client::{READS, WRITES};
use crate::kernel::book::{CLASSES, ClassBook};
use crate::kernel::{Readings, Simulation, Time};

/// What a run has to say about its measured part.
#[derive(Default)]
pub struct Facts {
    /// All requests.
    pub all: ClassBook,
    /// Reading requests.
    pub reads: ClassBook,
    /// Writing requests.
    pub writes: ClassBook,
    /// Requests answered as wanted in the measured part, whenever they were wanted.
    pub completed: u64,
    /// What was stale or lost.
    pub audit: AuditReport,
    /// What became of messages; `None` if there were none.
    pub messages: Option<MessageReport>,
    /// Length of the measured part.
    pub measured: Time,
    /// Length of the warm-up.
    pub warmup: Time,
    /// Cache look-ups: found, not found.
    pub look_ups: (u64, u64),
    /// Work of statements; `None` if no database counts it.
    pub statements: Option<StatementWork>,
    /// Keys that changed places when a group changed, and all that its nodes held then.
    pub keys_moved: (u64, u64),
    /// Callers sent on to another node.
    pub redirects: u64,
    /// Further attempts of clients.
    pub retries: u64,
    /// Answers for which nobody waited any more.
    pub late: u64,
    /// Sessions that the asked server did not know; `None` if no sessions are modelled.
    pub sessions_lost: Option<u64>,
    /// Whether requests come from users who are known again.
    pub knows_users: bool,
    /// Reads of sharded databases, and those of them that all shards had to answer.
    pub routed: (u64, u64),
    /// Writes that shards of databases have done, copies of rows among them.
    pub sharded_writes: u64,
    /// The busiest shard's statements over the mean of all shards.
    pub shard_skew: Option<f64>,
    /// Whole seconds in which writes were wanted and none succeeded; `None` if nobody wrote.
    pub write_outage_s: Option<u64>,
    /// How soon requests are to be answered, if the script says so.
    pub slo: Option<Time>,
    /// What all nodes cost per hour, in US dollars, as far as prices are known.
    pub cost_per_hour: Option<f64>,
    /// Events of the whole run.
    pub events: u64,
    /// What components have counted and timed, all together.
    pub totals: Totals,
}

/// What the statements of all databases touched.
#[derive(Clone, Copy, Debug)]
pub struct StatementWork {
    /// Pages, in memory or not.
    pub pages: u64,
    /// Rows.
    pub rows: u64,
    /// Steps through indexes.
    pub steps: u64,
    /// Pages that were in memory, and pages that were not.
    pub buffer: (u64, u64),
    /// Times that a log was made durable.
    pub fsyncs: u64,
}

/// How far all counts were when a part of a run began.
pub(super) struct Mark {
    /// When.
    pub at: Time,
    /// What nodes told then.
    pub readings: Vec<Readings>,
    classes: [ClassBook; CLASSES],
    completed: u64,
    audit: AuditReport,
    messages: Option<MessageReport>,
    /// Answers for which nobody waited any more.
    pub late: u64,
    write_outage_s: u64,
    events: u64,
}

impl Mark {
    /// Now.
    pub fn now(simulation: &Simulation) -> Self {
        let book = simulation.book();
        Mark {
            at: simulation.now(),
            readings: all_readings(simulation, true),
            classes: book.so_far().clone(),
            completed: book.completed(),
            audit: audit(simulation),
            messages: simulation
                .audits()
                .filter_map(|audit| audit.messages().counted())
                .reduce(MessageReport::and),
            late: simulation.ledger().late,
            write_outage_s: book.outage_seconds(WRITES, simulation.now()),
            events: simulation.events(),
        }
    }
}

fn audit(simulation: &Simulation) -> AuditReport {
    simulation.audits().map(Audit::report).reduce(AuditReport::and).expect("one at least")
}

impl Facts {
    /// Of the part of a run that ends now. The measured part began when counting began; another one has a mark.
    pub(super) fn of(
        simulation: &Simulation,
        timing: &Timing,
        part: Option<&Mark>,
        counts: &Counts<'_>,
    ) -> Self {
        let (book, now) = (simulation.book(), simulation.now());
        let classes = match part {
            Some(mark) => book.close_since(&mark.classes, simulation.requests(), now),
            None => book.close(simulation.requests(), now),
        };
        let mut all = ClassBook::default();
        classes.iter().for_each(|class| all.merge(class));
        let class = |index: u8| classes[index as usize].clone();
        let messages = simulation.audits().filter_map(|audit| audit.messages().report(now));
        let messages = messages.reduce(MessageReport::and);
        let before = |count: fn(&Mark) -> u64| part.map_or(0, count);
        let mut facts = Facts {
            all,
            reads: class(READS),
            writes: class(WRITES),
            completed: book.completed() - before(|mark| mark.completed),
            audit: part.map_or_else(|| audit(simulation), |mark| audit(simulation).since(&mark.audit)),
            messages: match part.and_then(|mark| mark.messages.as_ref()) {
                Some(earlier) => messages.map(|messages| messages.since(earlier)),
                None => messages,
            },
            measured: timing.duration,
            warmup: timing.warmup,
            slo: timing.slo,
            late: simulation.ledger().late - before(|mark| mark.late),
            write_outage_s: (classes[WRITES as usize].total() > 0)
                .then(|| book.outage_seconds(WRITES, now) - before(|mark| mark.write_outage_s)),
            events: simulation.events() - before(|mark| mark.events),
            ..Facts::default()
        };
        counts.enter(&mut facts);
        facts
    }
}

/// What all nodes have counted between two readings.
pub(super) struct Counts<'a> {
    pub earlier: &'a [Readings],
    pub later: &'a [Readings],
}

impl Counts<'_> {
    fn of(&self, metric: &str) -> u64 {
        let change = |(node, later): (usize, &Readings)| {
            later.count_of(metric).saturating_sub(known(self.earlier, node).count_of(metric))
        };
        self.later.iter().enumerate().map(change).sum()
    }

    fn is_told(&self, metric: &str) -> bool {
        self.later.iter().any(|readings| readings.get(metric).is_some())
    }

    fn enter(&self, facts: &mut Facts) {
        let of = |metric: &str| self.of(metric);
        for (node, later) in self.later.iter().enumerate() {
            facts.totals.add(known(self.earlier, node), later);
        }
        // (Whether sessions are found says nothing of the data.)
        let missed = of("misses") - of("session_misses") + of("look_ups_unanswered");
        facts.look_ups = (of("hits") - of("session_hits"), missed);
        facts.retries = of("retries");
        facts.sessions_lost = self.is_told("sessions_lost").then(|| of("sessions_lost"));
        facts.statements = self.is_told("rows_read").then(|| StatementWork {
            pages: of("pages_read"),
            rows: of("rows_read"),
            steps: of("index_steps"),
            buffer: (of("buffer_hits"), of("buffer_misses")),
            fsyncs: of("fsyncs"),
        });
        facts.keys_moved = (of("keys_moved"), of("keys_held"));
        facts.redirects = of("redirects");
        facts.routed = (of("routed_reads"), of("scattered_reads"));
        facts.sharded_writes = of("sharded_writes");
    }
}
