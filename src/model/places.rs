//! Puts groups and clients on the map, and ways between them.

use super::check::link_plan;
use super::region;
use super::spec::{MapSpec, WorldSpec};
use crate::catalog::{self, Needed, Problem, Problems, StandIn, did_you_mean, meant};
use crate::components::network::geo::{Geography, Map};
use crate::components::network::{AccessPlan, Home, LinkPlan, SETUPS, Setup, tokens};
use crate::components::{self, Layout};
use std::sync::Arc;

/// Map of a world that says nothing about it.
const USUAL: &str = "aws";

/// Finds the places of all groups on the map. Mistakes are added to `problems`.
pub(super) fn settle(
    spec: &WorldSpec,
    layout: &mut Layout,
    stand_in: StandIn,
    problems: &mut Problems,
) -> bool {
    let used: Vec<(usize, String)> = (0..layout.groups.len())
        .flat_map(|group| layout.groups[group].places().into_iter().map(move |name| (group, name)))
        .collect();
    if used.is_empty() {
        return true;
    }
    let usual = || Arc::new(Map::preset(USUAL).expect("it comes with the program"));
    let map = spec.map.as_ref().map_or_else(usual, |map| map.map.clone());
    let free = map.names().filter(|name| used.iter().all(|(_, other)| other != name));
    let mut others = free.skip(usize::from(stand_in != StandIn::Near));
    let mut places: Vec<String> = Vec::new();
    for (group, mut name) in used.clone() {
        if !map.knows(&name) {
            let (setting, problem) = unknown(&map, layout, group, &name);
            problems.extend((!catalog::is_stand_in(&name)).then_some(problem));
            let Some(instead) = others.next() else { return false };
            layout.groups[group].settings.take_instead(setting, &name, instead);
            name = instead.into();
        }
        if !places.contains(&name) {
            places.push(name);
        }
    }
    match Geography::new(&map, places) {
        Ok(geography) => {
            layout.map = Arc::new(geography);
            true
        }
        // (A hole beside a place that nobody named.)
        Err(_) if layout.groups.iter().any(|group| group.settings.has_stand_ins()) => false,
        Err((from, to)) => {
            let message = format!(
                "the map has no round-trip time from \"{from}\" to \"{to}\", and no coordinates of both"
            );
            let problem =
                Problem { place: spec.map.as_ref().map(|map| map.place.clone()), ..Problem::new(message) };
            problems.push(
                problem.hint("fill the hole, or add `coordinates: \"file.csv\"` (name,latitude,longitude)"),
            );
            false
        }
    }
}

/// What is said of a place that is not there, and which setting names it.
fn unknown(map: &Map, layout: &Layout, group: usize, name: &str) -> (&'static str, Problem) {
    let settings = &layout.groups[group].settings;
    let says = |setting: &&str| {
        settings.text(setting) == Some(name) || settings.texts(setting).iter().any(|text| text == name)
    };
    let setting = ["region", "anycast", components::COORDINATOR_REGION].into_iter().find(says);
    let setting = setting.unwrap_or("from");
    let problem = settings.problem(setting, format!("the map has no region or country \"{name}\""));
    let close = meant::place(name, map.names())
        .or_else(|| catalog::closest(name, map.names()))
        .map(|close| format!("did you mean `{close}`?"));
    let all = did_you_mean(name, map.names());
    let countries = "countries have codes such as \"FR\"";
    let others = match all {
        Some(regions) if setting == "from" => format!("{countries}; of regions {regions}"),
        regions => regions.unwrap_or_else(|| countries.into()),
    };
    (setting, problem.hint(close.unwrap_or(others)))
}

/// Ways between all pairs of groups that are somewhere and have no link of their own: as the map's call says, or else as `network` does.
pub(super) fn ways(
    spec: &WorldSpec,
    layout: &Layout,
    network: Option<LinkPlan>,
    needed: &mut Vec<Needed>,
    problems: &mut Problems,
) -> Vec<(usize, usize, LinkPlan)> {
    let says_something = spec.map.as_ref().is_some_and(|map| !map.given.is_empty());
    let plan = match network {
        Some(network) if !says_something => network,
        _ => way_plan(spec.map.as_ref(), layout, needed, problems),
    };
    let placed: Vec<usize> =
        (0..layout.groups.len()).filter(|group| !layout.groups[*group].places().is_empty()).collect();
    let pairs = placed.iter().enumerate().flat_map(|(n, a)| placed[n..].iter().map(move |b| (*a, *b)));
    let linked =
        |a, b| spec.links.iter().any(|link| (link.a, link.b) == (a, b) || (link.b, link.a) == (a, b));
    let plan = |a, b| LinkPlan { mapped: are_mapped(layout, [a, b]), ..plan.clone() };
    pairs.filter(|(a, b)| !linked(*a, *b)).map(|(a, b)| (a, b, plan(a, b))).collect()
}

/// Whether the map says how far two groups are from each other.
pub(super) fn are_mapped(layout: &Layout, groups: [usize; 2]) -> bool {
    let ignored = layout.disabled.iter().any(|name| name == "distance");
    !ignored && groups.into_iter().all(|group| !layout.groups[group].places().is_empty())
}

fn way_plan(
    spec: Option<&MapSpec>,
    layout: &Layout,
    needed: &mut Vec<Needed>,
    problems: &mut Problems,
) -> LinkPlan {
    let (given, place) = spec.map_or_else(Default::default, |spec| (spec.given.clone(), spec.place.clone()));
    let mut plan = link_plan(layout, "the map", (&given, &place), needed, problems);
    if layout.disabled.iter().any(|name| name == "connections") {
        plan.connect = Setup::of(SETUPS.iter().position(|setup| setup.name == "none").expect("it is one"));
    }
    plan
}

/// Where the nodes of each group are.
pub(super) fn homes(layout: &Layout) -> Vec<Home> {
    let home = |group: usize| {
        let settings = &layout.groups[group].settings;
        let access = layout.groups[group].clients().map(|clients| AccessPlan {
            fixed: settings.variate("access").expect("preset"),
            mobile: settings.variate("mobile_access").expect("preset"),
            outlets: layout.outlets(&clients),
        });
        let token = tokens::comes_to(layout, group);
        let of_users = !region::is_of_servers(&layout.groups[group]);
        Home { access, of_users, token, ..layout.home_of(group) }
    };
    (0..layout.groups.len()).map(home).collect()
}
