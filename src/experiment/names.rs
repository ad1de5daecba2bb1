//! Look-ups that nobody answered.

use crate::components::Layout;
use crate::components::site::Group;
use crate::kernel::Simulation;

/// Shares of look-ups below this are told by the figures alone: a name server that is down for a moment is met by some.
const MANY: f64 = 0.01;

/// Says so if many look-ups of a resolver failed: whoever waits for a name sees a site that is down, however healthy its servers are.
pub(super) fn unresolved(group: &Group, layout: &Layout, simulation: &Simulation) -> Option<String> {
    if group.kind != "resolver" {
        return None;
    }
    let sum = |name| group.nodes().map(|node| simulation.readings(node, false).count_of(name)).sum::<u64>();
    let share = sum("lookup_failures") as f64 / sum("resolver_lookups").max(1) as f64;
    let at_one_place = |zone: &&Group| {
        zone.kind == "dns" && zone.settings.is_given("region") && !zone.settings.is_given("anycast")
    };
    let zones = layout.groups.iter().filter(at_one_place).map(|zone| {
        format!("{} has its server in {} alone", zone.name, zone.settings.texts("region").join(", "))
    });
    let zones: Vec<String> = zones.collect();
    let advice = match zones.is_empty() {
        true => String::new(),
        false => format!(" ({}; `anycast: [..]` gives a zone servers at several places)", zones.join(", ")),
    };
    (share > MANY).then(|| {
        format!(
            "users of {} saw names without an address: {:.0} % of its look-ups failed, since no server of a zone answered{advice}",
            group.name,
            100.0 * share
        )
    })
}
