//! Settings of a site that count only beside others, or with those who keep copies of its files.

use crate::catalog::{Need, Needed};
use crate::components::{Layout, ways};

/// What they need of the site itself.
pub(super) const NEEDS: &[Need] = &[Need {
    settings: &["cores"],
    with: "a `service`",
    add: "`service: 1.ms`",
    is_met: |settings| settings.is_given("service"),
}];

/// What they need of edges and browsers.
pub fn of_holders(layout: &Layout, site: usize) -> Vec<Needed> {
    let group = &layout.groups[site];
    let leads_here = |other: usize| ways::lead(layout, other, site);
    let edges = (0..layout.groups.len()).any(|at| layout.groups[at].kind == "cdn" && leads_here(at));
    let visits = layout.groups.iter().filter(|group| group.settings.group("to").is_some_and(leads_here));
    let browsers = visits.into_iter().any(|group| group.settings.is_given("browser_slots"));
    let of_edges = format!("cdn(\"edges\", #{{ of: {} }})", group.name);
    let keepers = "`browser_slots: 32` to the traffic";
    let needs = |setting, with, add: &str, is_met| group.settings.needs(setting, with, add, is_met);
    let needs = [
        needs("page_s_maxage", "an edge that keeps pages", &of_edges, edges),
        needs("page_max_age", "browsers or edges that keep pages", keepers, edges || browsers),
        needs("asset_max_age", "browsers or edges that keep assets", keepers, edges || browsers),
    ];
    needs.into_iter().flatten().collect()
}
