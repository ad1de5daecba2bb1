//! Traces and runs that do not fit each other.

use crate::catalog::Load;
use crate::components::client::WRITES;
use crate::components::site::Group;
use crate::components::{Layout, ways};
use crate::kernel::readings::Reading;
use crate::kernel::{Simulation, Time, time_text};
use crate::model::{TimelineItem, Trigger};
use crate::random::replay::Replay;

/// Says so if a trace is over before the run is.
pub(super) fn trace_ends_early(group: &Group, end: Time, simulation: &Simulation) -> Option<String> {
    let Some(Load::Trace(trace)) = group.settings.load("rate") else { return None };
    let replay = Replay::new(trace.rows.clone(), trace.options).ok()?;
    let length = replay.pass_ns();
    if trace.arrivals.is_some() {
        let sent = |node| {
            simulation.readings(node, false).iter().any(|(name, reading)| {
                name == "requests" && matches!(reading, Reading::Count(sent) if *sent >= replay.rows_used())
            })
        };
        let all = !trace.options.repeat && group.nodes().any(sent);
        return all.then(|| {
            format!(
                "the trace of {} ends early: all its rows have come; `loop: true` begins it again",
                group.name
            )
        });
    }
    if trace.options.repeat || length >= end {
        return None;
    }
    let (length, end) = (time_text(length), time_text(end));
    Some(format!(
        "the trace of {} ends early: after {length} of {end}; `loop: true` begins it again",
        group.name
    ))
}

/// Says so if the writes of a log came to servers that read from a store and write to none: they have succeeded there and changed nothing.
pub(super) fn unstored(layout: &Layout, simulation: &Simulation) -> Vec<String> {
    let written = simulation.book().so_far()[usize::from(WRITES)].total();
    let stores = ["writes", "publishes", "on_write"];
    let reads_only = |group: &Group| {
        let settings = &group.settings;
        group.kind == "web"
            && settings.is_given("reads")
            && !stores.iter().any(|name| settings.is_given(name))
    };
    let told = (0..layout.groups.len()).filter(|web| reads_only(&layout.groups[*web])).filter_map(|web| {
        let comes = |traffic: &&Group| {
            let to = traffic.settings.group("to");
            matches!(traffic.settings.load("rate"), Some(Load::Trace(_)))
                && to.is_some_and(|to| ways::lead_writes(layout, to, web))
        };
        let traffic = layout.groups.iter().find(comes)?;
        Some(format!(
            "the trace of {} holds writes, and {} has `reads` but no `writes`: they reached no store",
            traffic.name, layout.groups[web].name
        ))
    });
    if written > 0 { told.collect() } else { Vec::new() }
}

/// Says so of what happens when all traces are over: it meets no request, and says nothing of what it would do to any.
pub(super) fn after_all(timeline: &[TimelineItem], layout: &Layout) -> Vec<String> {
    let traffics = layout.groups.iter().filter(|group| group.kind == "traffic");
    let Some(over) = traffics.map(over).collect::<Option<Vec<Time>>>().and_then(|all| all.into_iter().max())
    else {
        return Vec::new();
    };
    let late = timeline.iter().filter_map(|item| match item.trigger {
        Trigger::At(time) if time > over => Some((item, time)),
        _ => None,
    });
    let say = |(item, time): (&TimelineItem, Time)| {
        let (line, time, over) = (item.place.line, time_text(time), time_text(over));
        format!("what happens at {time} (line {line}) meets no request: all traces are over after {over}")
    };
    late.map(say).collect()
}

/// When a traffic sends nothing any more, if it is a trace that ends.
fn over(group: &Group) -> Option<Time> {
    let Some(Load::Trace(trace)) = group.settings.load("rate") else { return None };
    let ends = trace.arrivals.is_none() && !trace.options.repeat;
    ends.then(|| Replay::new(trace.rows.clone(), trace.options).ok().map(|replay| replay.pass_ns()))?
}

/// From so many lengths of the run on, what is replayed says little of a trace.
const BARELY: Time = 10;

/// Says so if a run ends long before its trace.
pub(super) fn barely_begun(group: &Group, end: Time) -> Option<String> {
    let Some(Load::Trace(trace)) = group.settings.load("rate") else { return None };
    let length = Replay::new(trace.rows.clone(), trace.options).ok()?.pass_ns();
    if trace.arrivals.is_some() || length / BARELY < end {
        return None;
    }
    let (end, length) = (time_text(end), time_text(length));
    Some(format!(
        "of the trace of {} the first {end} of {length} are replayed; a `speed` fits more of it in, a `limit` says that no more is meant",
        group.name
    ))
}

/// Says so if a trace has a column that seems to be meant and is not looked at.
pub(super) fn column(group: &Group) -> Option<String> {
    let Some(Load::Trace(trace)) = group.settings.load("rate") else { return None };
    let doubt = trace.rows.doubt()?;
    Some(format!("the trace of {}: {doubt}", group.name))
}

/// Says so if a replay sends more than was sent then, and it matters how much that is.
pub(super) fn sent_otherwise(group: &Group, layout: &Layout) -> Option<String> {
    let Some(Load::Trace(trace)) = group.settings.load("rate") else { return None };
    let weighs = |group: &Group| {
        let given = ["egress_price", "access", "mobile_access"];
        group.kind == "cdn" || given.iter().any(|name| group.settings.is_given(name))
    };
    let told = trace.rows.sent_otherwise().filter(|_| layout.groups.iter().any(weighs))?;
    Some(format!("the trace of {}: {told}", group.name))
}
