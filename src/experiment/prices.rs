//! What makes costs doubtful.

use crate::catalog::Param;
use crate::components::site::{self, Group};
use crate::components::{Layout, cdn, egress, kind};
use crate::kernel::{Simulation, Time};
use std::collections::BTreeMap;

/// How it begins that a price counts nothing.
pub(super) const UNSENT: &str = "no client is answered by";

/// How the warning begins that what clients are sent has no price.
pub(super) const UNPRICED: &str = "what clients are sent has no price";

/// Says so if what a component sends to clients has a price, and it sends them nothing: who stands before it does.
pub(super) fn unsent(index: usize, layout: &Layout) -> Option<String> {
    let group = &layout.groups[index];
    let doors = egress::doors(layout);
    if !group.settings.is_given(egress::PRICE.name) || doors.contains(&index) {
        return None;
    }
    let names: Vec<&str> = doors.iter().map(|door| layout.groups[*door].name.as_str()).collect();
    Some(format!(
        "{UNSENT} {} itself: its `egress_price` counts nothing; give it to whoever answers them (here {})",
        group.name,
        names.join(", ")
    ))
}

/// Says so if what a component sends to clients has a price, and it has answered without sending a byte: nothing says how large the answers are.
pub(super) fn sizeless(index: usize, layout: &Layout, simulation: &Simulation) -> Option<String> {
    let group = &layout.groups[index];
    if !group.settings.is_given(egress::PRICE.name) || unsent(index, layout).is_some() {
        return None;
    }
    let sum = |name| group.nodes().map(|node| simulation.readings(node, false).count_of(name)).sum::<u64>();
    (sum("answered") > 0 && sum("egress_bytes") == 0).then(|| {
        format!("{UNSENT} {0} with a single byte: its `egress_price` counts nothing; answers have the size that a store behind {0} gives them (`row`, `size`, a trace's)", group.name)
    })
}

/// Says so if costs are not known because those of an edge network are not.
fn unknown_cost(layout: &Layout, cost: Option<f64>) -> Option<String> {
    let is_priced = layout.groups.iter().any(|group| group.settings.is_given(site::PRICE.name));
    let edge =
        layout.groups.iter().find(|group| group.kind == "cdn").filter(|_| is_priced && cost.is_none())?;
    Some(format!(
        "`cost_per_hour` is not known: nothing tells what {} costs where it is; give it an `egress_price`, or a `region` that its profile has prices of",
        edge.name
    ))
}

/// A rebate that matters: below it, other prices are known no better.
const MUCH_LESS: f64 = 0.1;

/// Says so if an edge network sends so much from a price region that a gigabyte costs less in such a month.
fn beyond_first_tier(group: &Group, simulation: &Simulation, end: Time) -> Option<String> {
    let mut sent: BTreeMap<usize, f64> = BTreeMap::new();
    for (edge, node) in group.nodes().enumerate().filter(|_| group.kind == "cdn") {
        if let Some(place) = cdn::first_tier_of(&group.settings, edge) {
            *sent.entry(place).or_default() +=
                simulation.readings(node, false).count_of("egress_bytes") as f64;
        }
    }
    let (place, bytes) =
        sent.into_iter().reduce(|most, other| if other.1 > most.1 { other } else { most })?;
    let month = bytes * (cdn::MONTH / end as f64);
    let rebate = cdn::rebate(&group.settings, place, month);
    (rebate > MUCH_LESS).then(|| {
        format!(
            "{0} sends so much that a gigabyte costs less than the first one of a month, whose price it has: at this rate {1:.0} TB a month, {2:.0} % less; `monthly_bytes: {3:.0}.gb` takes the list's tiers",
            group.name,
            month / 1e12,
            100.0 * rebate,
            month / 1e9
        )
    })
}

/// What makes costs doubtful, if they are known or should be.
pub(super) fn about_costs(
    layout: &Layout,
    simulation: &Simulation,
    cost: Option<f64>,
    end: Time,
) -> Vec<String> {
    let tiers = layout.groups.iter().filter_map(|group| beyond_first_tier(group, simulation, end));
    let all = [unknown_cost, unpriced, without_price, without_fee].map(|doubt| doubt(layout, cost));
    all.into_iter().flatten().chain(tiers).collect()
}

/// Says so if costs are known but for the fee of a plan.
fn without_fee(layout: &Layout, cost: Option<f64>) -> Option<String> {
    cost?;
    let edges = layout.groups.iter().filter(|group| group.kind == "cdn");
    let mut of_plans = edges.filter_map(|group| Some((group, cdn::plan_with_fee(&group.settings)?)));
    let (group, plan) = of_plans.next()?;
    Some(format!(
        "costs leave out what the plan \"{plan}\" of {0} itself costs: give it to {0} as `price_per_hour`, a month being 730 hours",
        group.name
    ))
}

/// How the warning begins that a component has no price.
const WITHOUT_PRICE: &str = "costs leave out";

/// Says so of the components whose machines could have a price and have none, if costs are known, be it only what an edge network bills: they are
/// not all that is paid, and a variant with more of the others' looks cheap.
fn without_price(layout: &Layout, cost: Option<f64>) -> Option<String> {
    cost?;
    let free = |group: &&Group| {
        let params = kind(group.kind).map_or(&[] as &[Param], |kind| kind.entry.params);
        let may = params.iter().any(|param| param.name == site::PRICE.name);
        may && group.kind != "cdn"
            && !group.settings.is_given(site::PRICE.name)
            && group.settings.group("on").is_none()
    };
    let names: Vec<&str> = layout.groups.iter().filter(free).map(|group| group.name.as_str()).collect();
    (!names.is_empty()).then(|| {
        let names = names.join(", ");
        format!("{WITHOUT_PRICE} {names}: add a `price_per_hour`; 0.0 says that it costs nothing here")
    })
}

/// Says so if costs are known, and not what is sent to clients costs: beside a variant that pays for its traffic, this one looks cheap.
fn unpriced(layout: &Layout, cost: Option<f64>) -> Option<String> {
    cost?;
    let free = |group: &&Group| {
        matches!(group.kind, "web" | "load_balancer" | "website")
            && !group.settings.is_given(egress::PRICE.name)
    };
    let doors = egress::doors(layout);
    let names: Vec<&str> = doors
        .iter()
        .map(|group| &layout.groups[*group])
        .filter(free)
        .map(|group| group.name.as_str())
        .collect();
    (!names.is_empty()).then(|| {
        let names = names.join(", ");
        format!("{UNPRICED}: `cost_per_hour` is comparable with that of other variants only if {names} has an `egress_price`")
    })
}
