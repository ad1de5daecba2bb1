//! The description of a world, as a script writes it.

use crate::catalog::{Given, Place, Problems};
use crate::components::network::geo::Map;
use crate::kernel::Time;
use std::sync::Arc;

/// A world before it is checked.
#[derive(Clone, Debug, Default)]
pub struct WorldSpec {
    /// Components, in the order of the script.
    pub groups: Vec<GroupSpec>,
    /// Links between them.
    pub links: Vec<LinkSpec>,
    /// The link between all groups that have none of their own.
    pub network: Option<(Vec<Given>, Place)>,
    /// The map that regions are on; none = that of AWS.
    pub map: Option<MapSpec>,
    /// What happens to it.
    pub timeline: Vec<TimelineItem>,
    /// Mistakes found while it was described.
    pub problems: Problems,
    /// Where it is described.
    pub place: Option<Place>,
}

/// A map, and how messages travel on it.
#[derive(Clone, Debug)]
pub struct MapSpec {
    /// The map.
    pub map: Arc<Map>,
    /// Settings of all ways on it, as written.
    pub given: Vec<Given>,
    /// Where.
    pub place: Place,
}

/// A component as a script names it; it may stand for several nodes.
#[derive(Clone, Debug)]
pub struct GroupSpec {
    /// Name of the kind.
    pub kind: &'static str,
    /// Its own name.
    pub name: String,
    /// Its settings as written.
    pub given: Vec<Given>,
    /// Where.
    pub place: Place,
}

/// A link between two components.
#[derive(Clone, Debug)]
pub struct LinkSpec {
    /// One end, by index.
    pub a: usize,
    /// The other end.
    pub b: usize,
    /// Its settings as written.
    pub given: Vec<Given>,
    /// Where.
    pub place: Place,
}

/// Something that happens while the simulation runs.
#[derive(Clone, Debug)]
pub struct TimelineItem {
    /// When.
    pub trigger: Trigger,
    /// Its name in events.csv.
    pub label: String,
    /// Number of the script's function to call.
    pub callback: usize,
    /// Where.
    pub place: Place,
}

/// When something happens.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Trigger {
    /// Once.
    At(Time),
    /// Again and again, first after one period.
    Every(Time),
    /// Each time a condition becomes true; asked once per simulated second. The number is that of the condition's function.
    When(usize),
}
