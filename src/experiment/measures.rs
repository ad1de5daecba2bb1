//! What nodes count beside the columns of components.csv: the measures that `explain` lists for their component.

use super::result::Measured;
use super::series::Change;
use crate::components;
use crate::kernel::readings::Reading;

/// The measures of a node of this kind, in the order of the catalog: counts over the measured part, levels at its end. What the node does not
/// tell (it has no such policy, or it is the front of a group) is left out.
pub(super) fn of(kind: &str, change: &Change<'_>) -> Vec<Measured> {
    let listed = components::kind(kind).map_or(&[][..], |kind| kind.entry.measures);
    let told = |name: &str| {
        let reading = name.strip_suffix("_count").unwrap_or(name);
        match change.later.get(reading).or_else(|| change.later.get(name))? {
            Reading::Count(_) if change.later.get(reading).is_some() => Some(change.count(reading) as f64),
            Reading::Count(_) => Some(change.count(name) as f64),
            Reading::Gauge(level) | Reading::Maximum(level) => Some(*level),
            _ => None,
        }
    };
    let measured = |name: &str| told(name).map(|value| Measured { measure: name.into(), value });
    listed.iter().filter_map(|measure| measured(measure.name)).collect()
}
