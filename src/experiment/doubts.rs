//! What makes the figures of a run doubtful.

use super::behind::behind;
use super::by_queue::by_queue;
use super::design::Plan;
use super::heavy_tails::heavy_tails;
use super::idle_cuts::{IDLE_CUT, IDLE_LINK};
use super::idle_settings::{IDLE_DISCIPLINE, UNPUBLISHED, discipline, unpublished};
use super::ignored::{astray, cut_short, without_partition};
use super::left_waiting::left_waiting;
use super::names::unresolved;
use super::nowhere::nowhere;
use super::prices::{UNPRICED, UNSENT, sizeless, unsent};
use super::resharding::still_resharding;
use super::traces::{barely_begun, column, sent_otherwise, trace_ends_early, unstored};
use super::unspread::{only_written, parted, unspread};
use super::without_effect::WITHOUT_EFFECT;
use crate::audit::AuditReport;
use crate::catalog::{Load, Param, Preset, percent};
use crate::components::database::{counted, replica};
use crate::components::site::Group;
use crate::components::{Layout, kind, queue, ways};
use crate::kernel::book::ClassBook;
use crate::kernel::readings::Reading;
use crate::kernel::{NodeId, SECOND, Simulation, Time};
use crate::model::{TimelineItem, Trigger};

/// What is doubtful about the components of a run that has come to its end.
pub(super) fn about_groups(plan: &Plan, layout: &Layout, simulation: &Simulation, end: Time) -> Vec<String> {
    let groups = || layout.groups.iter();
    let mut doubts: Vec<String> = groups().filter_map(synthetic_writes).collect();
    doubts.extend(groups().filter_map(synthetic_times));
    doubts.extend(groups().filter_map(discipline));
    doubts.extend(groups().filter_map(|group| unpublished(group, simulation)));
    doubts.extend(groups().filter_map(left_out));
    doubts.extend(groups().filter_map(put_in_order));
    doubts.extend(groups().filter_map(|group| assumed(group, simulation)));
    doubts.extend((0..layout.groups.len()).filter_map(|index| travelled(index, layout)));
    doubts.extend((0..layout.groups.len()).filter_map(|index| unasked(index, layout, simulation)));
    doubts.extend((0..layout.groups.len()).filter_map(|index| unsent(index, layout)));
    doubts.extend(groups().filter_map(|group| strangers(group, simulation)));
    doubts.extend(groups().filter_map(|group| hurries(group, simulation)));
    doubts.extend(groups().filter_map(|group| trace_ends_early(group, end, simulation)));
    doubts.extend(groups().filter_map(|group| barely_begun(group, end)));
    doubts.extend(groups().filter_map(column));
    doubts.extend(groups().filter_map(|group| sent_otherwise(group, layout)));
    doubts.extend(groups().filter_map(|group| unresolved(group, layout, simulation)));
    doubts.extend((0..layout.groups.len()).filter_map(|index| wait_for_ever(index, layout)));
    doubts.extend(groups().filter_map(|group| left_waiting(group, simulation, end)));
    doubts.extend(groups().filter_map(published));
    doubts.extend(groups().filter_map(heavy_tails));
    doubts.extend((0..layout.groups.len()).filter_map(|index| sizeless(index, layout, simulation)));
    doubts.extend(groups().filter_map(|group| held_for_nobody(group, simulation)));
    doubts.extend(groups().filter_map(|group| astray(group, simulation)));
    doubts.extend(groups().filter_map(|group| without_partition(group, layout)));
    doubts.extend(groups().filter_map(|group| behind(group, simulation, end)));
    doubts.extend(groups().filter_map(|group| still_resharding(group, simulation, end)));
    doubts.extend(groups().filter_map(|group| cut_short(group, end)));
    doubts.extend(by_queue(plan, layout));
    doubts.extend(unspread(layout));
    doubts.extend(parted(layout));
    doubts.extend(only_written(layout));
    doubts.extend(nowhere(layout));
    doubts.extend(unstored(layout, simulation));
    doubts
}

/// Says so if writes were drawn for a trace that has none of its own.
fn synthetic_writes(group: &Group) -> Option<String> {
    let Some(Load::Trace(trace)) = group.settings.load("rate") else { return None };
    let share = percent(trace.writes?);
    Some(format!("the writes of {} are synthetic: drawn for {share} % of the rows of the trace", group.name))
}

/// Says so if the times of a trace were drawn, since it has none of its own.
fn synthetic_times(group: &Group) -> Option<String> {
    let Some(Load::Trace(trace)) = group.settings.load("rate") else { return None };
    trace.arrivals.as_ref()?;
    Some(format!("the times of {} are synthetic: its trace has none", group.name))
}

/// Says so if lines of a trace were skipped.
fn left_out(group: &Group) -> Option<String> {
    let Some(Load::Trace(trace)) = group.settings.load("rate") else { return None };
    let (lines, first) = trace.rows.left_out()?;
    Some(format!("{}: {lines} lines of {} were skipped; {first}", group.name, trace.path))
}

/// Says so if lines of a trace were put in order.
fn put_in_order(group: &Group) -> Option<String> {
    let Some(Load::Trace(trace)) = group.settings.load("rate") else { return None };
    let (lines, farthest) = trace.rows.displaced()?;
    let (name, path, farthest) = (&group.name, &trace.path, farthest as f64 / SECOND as f64);
    let out_of_place = format!("up to {lines} of them were out of place, by {farthest} s at most ({name})");
    Some(format!("the lines of {path} were sorted by time: {out_of_place}"))
}

/// Says so if users without pauses were answered in no time: their load is what was assumed for them.
fn hurries(group: &Group, simulation: &Simulation) -> Option<String> {
    let count: u64 = group.nodes().map(|node| simulation.readings(node, false).count_of("hurries")).sum();
    let assumed =
        "asked again after 1 us each time (assumed); give them a `think` time, or a link with a latency";
    (count > 0).then(|| {
        format!("{}: {count} requests were answered in no time, and their users {assumed}", group.name)
    })
}

/// Says so if a database rests on figures that nobody has measured.
fn assumed(group: &Group, simulation: &Simulation) -> Option<String> {
    let mut assumed = match group.kind {
        "database" => counted::assumptions(&group.settings),
        _ => return None,
    };
    // Whether a member is filled from another one is not known before the run.
    let copied = || group.nodes().any(|node| simulation.readings(node, false).count_of("copied_rows") > 0);
    let declared = !counted::is_counted(&group.settings) && !group.settings.is_given("copy_row");
    if declared && assumed.is_empty() && copied() {
        assumed.push("copy_row");
    }
    let names = assumed.join("`, `");
    (!assumed.is_empty()).then(|| {
        format!("figures rest on assumptions: `{names}` of {}; give your own to be rid of this", group.name)
    })
}

/// How the warning begins that a component is not used in a run.
pub const UNASKED: &str = "nobody asks";
/// How it begins that a condition never held.
const NEVER: &str = "the condition of";
/// How it begins that a level was not looked at.
pub const UNREAD: &str = "nothing looks at";
/// How it begins that a figure was never measured.
pub const UNMEASURED: &str = "nothing measured";

/// Whether a warning is worth showing only if all runs have it: a variant may do without a component, an event or a level on purpose.
pub fn only_if_always(warning: &str) -> bool {
    [
        UNASKED,
        NEVER,
        UNREAD,
        UNMEASURED,
        UNSENT,
        IDLE_CUT,
        IDLE_LINK,
        WITHOUT_EFFECT,
        IDLE_DISCIPLINE,
        UNPUBLISHED,
    ]
    .iter()
    .any(|begin| warning.starts_with(begin))
}

/// Says so if the condition of a `when` held at no look.
pub(super) fn never_held(item: &TimelineItem, happened: bool) -> Option<String> {
    let is_when = matches!(item.trigger, Trigger::When(_));
    (is_when && !happened).then(|| {
        let label = if item.label.is_empty() { String::new() } else { format!(" \"{}\"", item.label) };
        let line = item.place.line;
        format!("{NEVER} when{label} in line {line} never held: it is looked at once a simulated second")
    })
}

/// Says so if no other component names this one and nothing ever came to it: most likely somebody forgot to.
fn unasked(index: usize, layout: &Layout, simulation: &Simulation) -> Option<String> {
    let group = &layout.groups[index];
    let named = layout.groups.iter().any(|other| other.settings.names(index));
    let idle = |node: NodeId| {
        let readings = simulation.readings(node, false);
        readings.iter().all(|(_, reading)| !matches!(reading, Reading::Count(1..)))
    };
    let asks_itself = matches!(group.kind, "traffic" | "autoscaler" | "consumers");
    let unasked = !named && !asks_itself && group.nodes().chain(group.aides()).all(idle);
    let is_paid_for = group.settings.known_number("price_per_hour").is_some_and(|price| price > 0.0);
    unasked.then(|| match is_paid_for {
        // A variant may do without it on purpose, but then it should not pay for it.
        true => format!(
            "{} is paid for, and idle: no component names it, nothing came to it, and its price is in `cost_per_hour`; make it only where it is needed",
            group.name
        ),
        false => format!("{UNASKED} {}: no component names it, and nothing came to it", group.name),
    })
}

/// Says so if users who send one request at a time wait without end for what a link has lost: each of them who does sends nothing more.
fn wait_for_ever(index: usize, layout: &Layout) -> Option<String> {
    let group = &layout.groups[index];
    if group.kind != "traffic" || group.settings.is_given("rate") {
        return None;
    }
    let waiting = waiting_chain(index, layout);
    let joins = |a: usize, b: usize| {
        let asks = layout.groups[a].settings.names(b) || ways::lead(layout, a, b);
        a != b && asks && !is_kafka(&layout.groups[b]) && layout.link(a, b).is_some_and(|link| link.loses)
    };
    let from = waiting.iter().copied();
    let (a, b) =
        from.flat_map(|a| (0..layout.groups.len()).map(move |b| (a, b))).find(|(a, b)| joins(*a, *b))?;
    let [group, a, b] = [index, a, b].map(|index| layout.groups[index].name.as_str());
    Some(format!(
        "users of {group} wait for ever when a message between {a} and {b} is lost: fewer and fewer are left; give {a} a `timeout`"
    ))
}

/// Says so if a balancer that counts its open calls keeps some open for nobody: their server has died in silence, or goes on for those who gave up.
fn held_for_nobody(group: &Group, simulation: &Simulation) -> Option<String> {
    let counts = || {
        group.settings.is_given("connections")
            || matches!(group.settings.chosen("policy"), "least_connections" | "power_of_two")
    };
    if group.kind != "load_balancer" || gives_up(group) || !counts() {
        return None;
    }
    let sum = |name| group.nodes().map(|node| simulation.readings(node, false).count_of(name)).sum::<u64>();
    let held = (sum("calls") - sum("answered")).saturating_sub(simulation.requests().len() as u64);
    (held > 0).then(|| {
        format!(
            "calls of {0} are still open for which no client waits: they count at their servers for ever; give {0} a `timeout` (nginx: 60 s)",
            group.name
        )
    })
}

/// A group and those that it waits for, and that these wait for in turn, without a time-out on the way.
fn waiting_chain(first: usize, layout: &Layout) -> Vec<usize> {
    let is_patient = |group: usize| !gives_up(&layout.groups[group]);
    let mut chain = if is_patient(first) { vec![first] } else { Vec::new() };
    let mut at = 0;
    while let Some(group) = chain.get(at).copied() {
        let named =
            |other: &usize| layout.groups[group].settings.names(*other) || ways::lead(layout, group, *other);
        let more: Vec<usize> =
            (0..layout.groups.len()).filter(named).filter(|other| is_patient(*other)).collect();
        for other in more {
            if !chain.contains(&other) {
                chain.push(other);
            }
        }
        at += 1;
    }
    chain
}

/// Producers of such a queue try again, and give up.
pub(super) fn is_kafka(group: &Group) -> bool {
    group.kind == "queue" && queue::semantics(&group.settings) == "kafka"
}

/// Whether a group waits for an answer only so long.
pub(super) fn gives_up(group: &Group) -> bool {
    let params = kind(group.kind).map_or(&[] as &[Param], |kind| kind.entry.params);
    let usual =
        params.iter().any(|param| param.name == "timeout" && matches!(param.preset, Preset::Duration(_)));
    usual || group.settings.is_given("timeout")
}

/// Look-ups from which on it is no accident that all went to a resolver.
const MANY: u64 = 20;

/// Says so if each request of a traffic paid a look-up, because each came from somebody new.
fn strangers(group: &Group, simulation: &Simulation) -> Option<String> {
    if group.kind != "traffic" || group.settings.is_given("users") {
        return None;
    }
    let readings = simulation.readings(NodeId(group.first), false);
    let [all, paid] = ["lookups", "lookups_resolver"].map(|name| readings.count_of(name));
    (all >= MANY && all == paid).then(|| {
        format!(
            "every request of {} asked first where to go: without `users` each comes from somebody new, who knows no address; add `users: 10_000`",
            group.name
        )
    })
}

/// How the warning begins that a router is not where the members are.
const TRAVELLED: &str = "the way from router to members takes time";

/// Says so if messages between the router of a database and its members travel: beside a variant where they do not, this one looks slow.
/// Members at several places are reached from each caller's with every policy.
fn travelled(index: usize, layout: &Layout) -> Option<String> {
    let group = &layout.groups[index];
    let measures = group.kind == "database" && replica::measures(&group.settings);
    (measures && !replica::is_scattered(layout, index)).then(|| {
        format!(
            "{TRAVELLED}: in {} with reads \"nearest\", and in no time with other policies; latencies of the two are not comparable",
            group.name
        )
    })
}

/// How the warning begins that a profile's published times are used.
const PUBLISHED: &str = "no work is counted";

/// Says so if a database takes the times that somebody has published for its profile: beside a variant whose work is counted, it looks slow.
fn published(group: &Group) -> Option<String> {
    let profiled = group.kind == "database" && group.settings.is_given("profile");
    let given = ["read", "write"].iter().any(|name| group.settings.is_given(name));
    (profiled && !given && !counted::is_counted(&group.settings)).then(|| {
        format!(
            "{PUBLISHED} in {0}: it takes the times published for profile \"{1}\" (see explain {1}), and is not comparable with variants that count; give {0} `rows`",
            group.name,
            group.settings.chosen("profile")
        )
    })
}

/// Whether a warning is worth showing only if some runs have it and others do not: it is about comparing them.
pub fn only_if_partly(warning: &str) -> bool {
    [UNPRICED, TRAVELLED, PUBLISHED].iter().any(|begin| warning.starts_with(begin))
}

/// A share of requests without an answer that is no matter of those few that are under way when the run ends.
pub(super) const MANY_OPEN: f64 = 0.1;

/// Says so if many requests had no answer yet when the run ended.
pub(super) fn unfinished(all: &ClassBook) -> Option<String> {
    let share = all.in_flight as f64 / all.total().max(1) as f64;
    (share > MANY_OPEN).then(|| {
        format!(
            "many requests were still without an answer at the end: {:.0} %; more comes than is served, or the run is too short. \
             Throughput is of those that were answered; for availability those that wait count as others ended that had waited as long",
            100.0 * share
        )
    })
}

/// Says so if most requests that ended got no answer: their latencies are those of the clients' patience.
pub(super) fn mostly_unanswered(all: &ClassBook) -> Option<String> {
    let without = all.timed_out + all.failed + all.rejected;
    let share = without as f64 / (without + all.succeeded).max(1) as f64;
    (share > 0.5).then(|| {
        format!(
            "most requests got no answer: {:.0} % timed out, failed or were rejected. Latencies hold the time-outs as long as clients waited, \
             and no errors: a limit for them says little; check `availability` too",
            100.0 * share
        )
    })
}

/// Ages known by a lower bound only, from which share on a 99th percentile may be one.
const MANY_BOUNDS: f64 = 0.01;

/// Says so if the ages of many stale reads are lower bounds.
pub(super) fn bounded_ages(audit: &AuditReport) -> Option<String> {
    let share = audit.lower_bound_count as f64 / audit.stale_age.count().max(1) as f64;
    let text = "more than 1 % of the ages of stale reads are lower bounds: nothing was kept yet of the writes in between; a longer warm-up helps";
    (share > MANY_BOUNDS).then(|| text.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_that_ends_with_a_tenth_unanswered_is_doubtful() {
        let book = |succeeded, in_flight| ClassBook { succeeded, in_flight, ..ClassBook::default() };
        assert_eq!(unfinished(&book(0, 0)), None);
        assert_eq!(unfinished(&book(90, 10)), None);
        let late = |succeeded, timed_out| ClassBook { succeeded, timed_out, ..ClassBook::default() };
        assert_eq!(mostly_unanswered(&late(50, 50)), None);
        assert!(mostly_unanswered(&late(49, 51)).is_some_and(|text| text.contains("51 % timed out")));
        let mut audit = AuditReport::new(0);
        (0..200).for_each(|n| audit.stale_age.record(n));
        assert_eq!(
            (bounded_ages(&audit), bounded_ages(&AuditReport { lower_bound_count: 2, ..audit.clone() })),
            (None, None)
        );
        assert!(bounded_ages(&AuditReport { lower_bound_count: 3, ..audit }).is_some());
        assert!(unfinished(&book(80, 20)).is_some_and(|text| text.contains("at the end: 20 %;")));
    }
}
