//! The facts of a finished run, from which all metrics are computed.

use super::totals::Totals;
use crate::audit::{Audit, AuditReport, MessageReport};
use crate::components::client::{READS, WRITES};
use crate::kernel::book::ClassBook;
use crate::kernel::{Simulation, Time};

/// What a run has to say about its measured part.
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
    /// Copies of writes sent to other shards by routers.
    pub mirrored: u64,
    /// The busiest shard's statements over the mean of all shards.
    pub shard_skew: Option<f64>,
    /// Whole seconds in which writes were wanted and none succeeded; `None` if nobody wrote.
    pub write_outage_s: Option<u64>,
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

impl Facts {
    /// Reads the books of a simulation that has come to its end.
    pub fn of(
        simulation: &Simulation,
        warmup: Time,
        measured: Time,
        look_ups: (u64, u64),
        retries: u64,
        totals: Totals,
    ) -> Self {
        let classes = simulation.book().close(simulation.requests(), simulation.now());
        let mut all = ClassBook::default();
        classes.iter().for_each(|class| all.merge(class));
        let class = |index: u8| classes[index as usize].clone();
        Facts {
            all,
            reads: class(READS),
            writes: class(WRITES),
            completed: simulation.book().completed(),
            audit: simulation.audits().map(Audit::report).reduce(AuditReport::and).expect("one at least"),
            messages: simulation
                .audits()
                .filter_map(|audit| audit.messages().report(simulation.now()))
                .reduce(MessageReport::and),
            measured,
            warmup,
            look_ups,
            statements: None,
            keys_moved: (0, 0),
            redirects: 0,
            retries,
            late: simulation.ledger().late,
            sessions_lost: None,
            knows_users: false,
            routed: (0, 0),
            mirrored: 0,
            shard_skew: None,
            write_outage_s: (classes[WRITES as usize].total() > 0)
                .then(|| simulation.book().outage_seconds(WRITES, simulation.now())),
            cost_per_hour: None,
            events: simulation.events(),
            totals,
        }
    }
}
