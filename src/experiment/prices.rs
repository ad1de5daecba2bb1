//! What makes costs doubtful.

use crate::catalog::Param;
use crate::components::site::{self, Group};
use crate::components::{Layout, egress, kind};
use crate::kernel::Simulation;

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
pub(super) fn unknown_cost(layout: &Layout, cost: Option<f64>) -> Option<String> {
    let is_priced = layout.groups.iter().any(|group| group.settings.is_given(site::PRICE.name));
    let edge =
        layout.groups.iter().find(|group| group.kind == "cdn").filter(|_| is_priced && cost.is_none())?;
    Some(format!(
        "`cost_per_hour` is not known: nothing tells what {} costs where it is; give it an `egress_price`, or a `region` that its profile has prices of",
        edge.name
    ))
}

/// How the warning begins that a component has no price.
const WITHOUT_PRICE: &str = "costs leave out";

/// Says so of the components whose machines could have a price and have none, if costs are known, be it only what an edge network bills: they are
/// not all that is paid, and a variant with more of the others' looks cheap.
pub(super) fn without_price(layout: &Layout, cost: Option<f64>) -> Option<String> {
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
pub(super) fn unpriced(layout: &Layout, cost: Option<f64>) -> Option<String> {
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
