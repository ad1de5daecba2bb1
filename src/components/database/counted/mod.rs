//! Databases whose times are counted, not declared: a data model, a buffer pool, a log, locks and connections.

mod ask;
mod buffer;
pub mod cost;
mod data;
pub mod entry;
mod flush;
mod locks;
pub mod log;
pub mod machine;
mod node;
mod several;
pub mod store;
mod task;

pub use ask::{behind, refusal, stores};

use super::model::{self, Portion, Schema, Switches};
use crate::catalog::{Load, Problem, Problems, Settings};
use crate::components::{Group, Site, host};
use crate::kernel::Component;
use crate::parts::pool::Pool;
use crate::parts::station::{Station, StationPlan};
use entry::Plan;
use machine::Machine;
use store::{Recipe, Store};

/// Whether the work of this database is counted.
pub fn is_counted(settings: &Settings) -> bool {
    Plan::new(settings).is_counted()
}

/// Rows at the start, if work is counted and somebody has told.
pub fn rows(site: &Site<'_>) -> Option<u64> {
    let plan = Plan::new(site.settings());
    plan.is_counted().then(|| plan.rows(site.layout.keys_of(site.index))).flatten()
}

/// The data, if work is counted and somebody has told how many rows there are.
pub fn schema(site: &Site<'_>) -> Option<Schema> {
    rows(site).map(|rows| Plan::new(site.settings()).schema(rows))
}

/// Statements served at a time: as the script, the profile or the preset says.
pub fn connections(settings: &Settings) -> u64 {
    let plan = Plan::new(settings);
    if plan.is_counted() { plan.count("connections") } else { settings.count("connections") }.expect("preset")
}

/// Size of a row, 0 if nobody has told.
pub fn row_bytes(settings: &Settings) -> u64 {
    let plan = Plan::new(settings);
    if plan.is_counted() { plan.schema(0).row_bytes } else { settings.bytes("row").unwrap_or(0) }
}

/// The assumed figures that a database rests on. Where times are declared that is the work of moving a row, if rows may move.
pub fn assumptions(settings: &Settings) -> Vec<&'static str> {
    let plan = Plan::new(settings);
    if plan.is_counted() {
        return plan.assumptions();
    }
    let shards = settings.count("shards").unwrap_or(1);
    let moves = settings.count("shards_max").is_some_and(|most| most > shards);
    if moves && !settings.is_given("copy_row") { vec!["copy_row"] } else { Vec::new() }
}

/// A page number has 24 bits, a place 32.
const PAGES_AT_MOST: u64 = 1 << 24;
/// The friends of everybody are kept: 8 bytes for each friendship and both friends.
const FRIENDSHIPS_AT_MOST: u64 = 100_000_000;

/// What can be wrong with a database whose work is counted.
pub fn check(site: &Site<'_>, problems: &mut Problems) {
    let (settings, group) = (site.settings(), site.group());
    let plan = Plan::new(settings);
    let mut say = |message: String, hint: &str| {
        problems.push(Problem::at(&group.place, message).hint(hint));
    };
    if plan.model().is_none() {
        say(
            format!("database \"{}\" has `rows` but no data model", group.name),
            "add `model: \"relational\"` or a profile",
        );
    }
    let Some(rows) = plan.rows(site.layout.keys_of(site.index)) else {
        let message = format!("database \"{}\" does not know how many rows it has", group.name);
        return say(message, "add `rows: 100_000`; only traffic with `keys:` would tell");
    };
    for name in ["read", "write"] {
        if settings.is_given(name) {
            let message = format!("`{name}` declares a time, but with a data model time is counted");
            problems.push(settings.problem(name, message).hint("leave out either it or `model` and `rows`"));
        }
    }
    several::check(site, problems);
    check_keys(site, rows, problems);
    check_sizes(site, &plan, rows, problems);
}

/// Keys beyond the rows come to exist when they are written; if nobody writes, they are a mistake.
fn check_keys(site: &Site<'_>, rows: u64, problems: &mut Problems) {
    let keys = site.layout.keys_of(site.index).unwrap_or(0);
    let may_write = |group: &Group| {
        let recorded = matches!(group.settings.load("rate"), Some(Load::Trace(_)));
        recorded || group.settings.share("writes").is_some_and(|share| share > 0.0)
    };
    if keys > rows && !site.layout.asked_by(site.index).any(may_write) {
        let message = format!("\"{}\" has {rows} rows, but {keys} keys are asked for", site.group().name);
        let place = site.settings().place("rows").unwrap_or(&site.group().place);
        problems.push(
            Problem::at(place, message).hint(format!("set `rows: {keys}`, or let the traffic write them")),
        );
    }
}

/// Settings that only count where work is counted.
const COUNTED_ONLY: &[&str] = &[
    "columns",
    "families",
    "tables",
    "parts",
    "friends",
    "scan",
    "storage",
    "page",
    "buffer",
    "cores",
    "on",
    "disk_parallel",
    "log",
    "sync_every",
    "group_commit",
    "statement_time",
    "step_time",
    "row_time",
    "memory_time",
    "mib_time",
    "page_read_time",
    "fsync_time",
];

/// Settings of counted work on a database with declared times.
pub fn check_unused(site: &Site<'_>, problems: &mut Problems) {
    for name in COUNTED_ONLY.iter().filter(|name| site.settings().is_given(name)) {
        let message = format!("`{name}` counts only where work is counted");
        problems.push(
            site.settings()
                .problem(name, message)
                .hint("add `model: \"relational\"` (or `rows`, with a profile)"),
        );
    }
}

fn check_sizes(site: &Site<'_>, plan: &Plan<'_>, rows: u64, problems: &mut Problems) {
    let (schema, place) = (plan.schema(rows), &site.group().place);
    host::check_guest(site, problems);
    let mut say = |message: String, hint: &str| problems.push(Problem::at(place, message).hint(hint));
    if schema.families > schema.columns {
        let message = format!("{} families for {} columns", schema.families, schema.columns);
        say(message, "a family has at least one column: set `families:`");
    }
    if schema.page_bytes < 64 {
        say(
            format!("a page of {} bytes holds no four entries of an index", schema.page_bytes),
            "set `page: 8.kib`",
        );
        return;
    }
    let document = schema.row_bytes + schema.tables * schema.parts * model::schema::PART_BYTES;
    let many_pages = || rows.saturating_mul(document.div_ceil(schema.page_bytes));
    let pages = rows.checked_div(schema.page_bytes / document).unwrap_or_else(many_pages);
    let parts = rows.saturating_mul(schema.parts.max(1));
    if pages >= PAGES_AT_MOST || parts >= u64::from(u32::MAX) {
        let message = format!("{rows} rows of up to {document} bytes are more than one node can hold here");
        say(message, "lower `rows`, `row` or `parts`, or take larger pages");
    }
    let asked = ask::asked(site.layout);
    if model::needs(&asked).friends && rows.saturating_mul(schema.friends) > FRIENDSHIPS_AT_MOST {
        let message = format!("{rows} rows with {} friends each are too many to keep", schema.friends);
        say(message, "at most 100 million friendships: lower `rows` or `friends`");
    }
}

/// The node of a database whose work is counted.
pub fn build(site: &Site<'_>) -> Box<dyn Component> {
    let machine = machine(site, Some(store(site, Portion::ALL)));
    Box::new(node::Node::new(machine, site.settings().count("capacity")))
}

/// A machine with this data, or one that only keeps a log.
pub fn machine(site: &Site<'_>, store: Option<Store>) -> Machine {
    let plan = Plan::new(site.settings());
    let station = |servers: u64, tag| {
        Station::new(StationPlan { servers: servers as u32, queue: None, discipline: 0 }, tag)
    };
    let count = |name| plan.count(name).expect("preset");
    let own = || station(count("cores"), machine::CPU);
    Machine::new(machine::Parts {
        connections: Pool::new(Some(count("connections")), site.settings().count("queue")),
        appliers: Pool::new(site.settings().count("appliers"), None),
        processor: host::processor_of(site, machine::CPU, own),
        disk: station(count("disk_parallel"), machine::DISK),
        log: log::Log::new(plan.costs().fsync, site.settings().flag("group_commit"), machine::LOG),
        sync_every: plan.sync_every(),
        logs: true,
        keeps: !site.is_disabled("replica_log"),
        store,
    })
}

/// A portion of the data of a database, with its structures: for any node that carries out statements.
pub fn store(site: &Site<'_>, portion: Portion<'_>) -> Store {
    let plan = Plan::new(site.settings());
    let recipe = Recipe {
        model: plan.model().expect("checked"),
        schema: plan.schema(plan.rows(site.layout.keys_of(site.index)).expect("checked")),
        needs: model::needs(&ask::asked(site.layout)),
        switches: switches(site),
    };
    Store::new(recipe, portion, plan.buffer_pages(), plan.costs())
}

fn switches(site: &Site<'_>) -> Switches {
    Switches {
        secondary_index: !site.is_disabled("secondary_index"),
        embedding: !site.is_disabled("embedding"),
        families: !site.is_disabled("column_families"),
        adjacency: !site.is_disabled("adjacency"),
        hashing: !site.is_disabled("hashing"),
    }
}
