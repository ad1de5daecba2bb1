//! The facts of a finished run, from which all metrics are computed.

use crate::audit::{AuditReport, MessageReport};
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
    /// Further attempts of clients.
    pub retries: u64,
    /// Answers for which nobody waited any more.
    pub late: u64,
    /// Events of the whole run.
    pub events: u64,
}

impl Facts {
    /// Reads the books of a simulation that has come to its end.
    pub fn of(
        simulation: &Simulation,
        warmup: Time,
        measured: Time,
        look_ups: (u64, u64),
        retries: u64,
    ) -> Self {
        let classes = simulation.book().close(simulation.requests(), simulation.now());
        let mut all = ClassBook::default();
        classes.iter().for_each(|class| all.merge(class));
        let class = |index: u8| classes[index as usize].clone();
        Facts {
            all,
            reads: class(READS),
            writes: class(WRITES),
            audit: simulation.audit().report(),
            messages: simulation.audit().messages().report(),
            measured,
            warmup,
            look_ups,
            retries,
            late: simulation.ledger().late,
            events: simulation.events(),
        }
    }
}
