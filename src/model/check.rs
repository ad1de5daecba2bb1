//! Finds every mistake in the description of a world, all at once.

use super::needs::Needs;
use super::places;
use super::spec::{GroupSpec, LinkSpec, Trigger, WorldSpec};
use crate::catalog::{self, Given, Needed, Others, Place, Problem, Problems, Settings, StandIn};
use crate::components::network::{self, LinkPlan};
use crate::components::site::Group;
use crate::components::{self, Joined, Layout, Site, kind, kinds_with};
use crate::kernel::{NEVER, NodeId, Time, time_text};
use std::collections::BTreeSet;

/// A world without mistakes.
#[derive(Debug)]
pub struct Checked {
    /// Its groups.
    pub layout: Layout,
    /// Its links: two groups and what lies between.
    pub links: Vec<(usize, usize, LinkPlan)>,
}

/// What is known of a world that has been looked at, whether it can be built or not.
#[derive(Debug)]
pub struct Looked {
    /// All that is wrong with it.
    pub problems: Problems,
    /// Its components, if what each of them was given is right.
    pub world: Option<Checked>,
    /// What there is of it, if something is not right.
    pub sketch: Option<Sketch>,
    /// Its settings that count only beside others.
    pub needs: Needs,
}

/// A world some of whose components were given what is not right.
#[derive(Debug)]
pub struct Sketch(pub(super) Layout);

/// Checks a world that runs until `end` (warm-up included). `disabled` names mechanisms that a test has switched off.
pub fn check(spec: &WorldSpec, end: Time, disabled: &[String]) -> Result<Checked, Problems> {
    let looked = look(spec, end, disabled);
    match looked.world {
        Some(world) if looked.problems.is_empty() => Ok(world),
        _ => Err(looked.problems),
    }
}

/// Looks for all mistakes of a world, as [`check`] does, and tells what is known of it in spite of them.
pub fn look(spec: &WorldSpec, end: Time, disabled: &[String]) -> Looked {
    let mut problems = spec.problems.clone();
    check_names(&spec.groups, &mut problems);
    let mut unsound = Problems::new();
    let (mut layout, unclear) = lay_out(spec, end, disabled, StandIn::Near, &mut unsound);
    let has_places = places::settle(spec, &mut layout, StandIn::Near, &mut unsound);
    let is_sound = unsound.is_empty();
    problems.extend(unsound);
    let mut of_links = Vec::new();
    let links = check_links(spec, &layout, &mut of_links, &mut problems);
    let joined = |(a, b, plan): &(usize, usize, LinkPlan)| Joined {
        a: *a,
        b: *b,
        takes_time: plan.takes_time(),
        loses: plan.loses_for_good(),
    };
    layout.links = links.iter().map(joined).collect();
    check_timeline(spec, end, &mut problems);
    if !spec.groups.iter().any(|group| group.kind == "traffic") {
        let problem = Problem::new("the world has no traffic");
        problems.push(problem.hint("add traffic(\"users\", #{ to: .., rate: 200.rps })"));
    }
    let mut told = check_sites(&layout, has_places);
    if layout.groups.iter().any(|group| group.settings.has_stand_ins()) {
        for stand_in in [StandIn::Large, StandIn::Small] {
            let again = with_other_values(spec, end, disabled, &layout, stand_in);
            told.retain(|problem| again.contains(problem));
        }
    }
    problems.extend(told);
    check_twice_linked(spec, &mut problems);
    for problem in problems.iter_mut().filter(|problem| problem.place.is_none()) {
        problem.place.clone_from(&spec.place);
    }
    // A description that went wrong may have taken another way than the one that is meant.
    let is_meant = spec.problems.is_empty();
    let needs =
        if is_meant { Needs::of(spec, &layout, &unclear, of_links, is_sound) } else { Needs::default() };
    let (world, sketch) = match is_sound && is_meant {
        true => (Some(Checked { layout, links }), None),
        false => (None, Some(Sketch(layout))),
    };
    Looked { problems, world, sketch, needs }
}

/// What is wrong with components beside others, if other values stand in for those that cannot be: what is told only with the first ones, nobody wrote.
fn with_other_values(
    spec: &WorldSpec,
    end: Time,
    disabled: &[String],
    first: &Layout,
    stand_in: StandIn,
) -> Problems {
    let mut known = Problems::new();
    let (mut layout, _) = lay_out(spec, end, disabled, stand_in, &mut known);
    let has_places = places::settle(spec, &mut layout, stand_in, &mut known);
    layout.links.clone_from(&first.links);
    check_sites(&layout, has_places)
}

/// What is wrong with components beside others. That can be looked at as soon as it is known, of each by itself, what it is: a figure that cannot be has
/// another one in its place, of which nothing is told.
fn check_sites(layout: &Layout, has_places: bool) -> Problems {
    let mut problems = Problems::new();
    let sites = || (0..layout.groups.len()).map(|index| Site { layout, index });
    let is_whole = has_places && sites().all(|site| site.settings().are_complete());
    for site in sites().filter(|site| site.settings().are_complete()) {
        let mut told = Problems::new();
        components::check_alone(&site, &mut told);
        if is_whole {
            (kind(site.group().kind).expect("kinds come from the table").check)(&site, &mut told);
        }
        let says_nothing = |problem: &Problem| {
            sites().any(|other| other.settings().speaks_of_a_stand_in(problem, site.settings()))
        };
        problems.extend(told.into_iter().filter(|problem| !says_nothing(problem)));
    }
    problems
}

/// What timeseries.csv calls the requests as a whole.
pub const ALL: &str = "all";

fn check_names(groups: &[GroupSpec], problems: &mut Problems) {
    for (index, group) in groups.iter().enumerate() {
        let name = &group.name;
        if let Some(first) = groups[..index].iter().find(|other| other.name == *name) {
            let message = format!("there are two components of the name \"{name}\"");
            let hint = format!("the first one, a {}, is made in line {}", first.kind, first.place.line);
            problems.push(Problem::at(&group.place, message).hint(hint));
        }
        if name == ALL {
            let message = format!("\"{ALL}\" cannot name a component");
            let hint = "timeseries.csv calls all requests together so; take another name";
            problems.push(Problem::at(&group.place, message).hint(hint));
        }
        if name.is_empty() || name.contains(['/', ',', '"']) || name.contains(char::is_control) {
            let message = format!("\"{name}\" cannot name a component");
            let hint = "names are not empty and hold no slash, comma, quote or line end";
            problems.push(Problem::at(&group.place, message).hint(hint));
        }
    }
}

/// The groups, and which of them were given what is not right.
fn lay_out(
    spec: &WorldSpec,
    end: Time,
    disabled: &[String],
    stand_in: StandIn,
    problems: &mut Problems,
) -> (Layout, BTreeSet<usize>) {
    let mut layout = Layout { disabled: disabled.to_vec(), end, ..Layout::default() };
    let (mut first, mut unclear) = (0u64, BTreeSet::new());
    for (index, group) in spec.groups.iter().enumerate() {
        let before = problems.len();
        let settings = check_group(spec, index, stand_in, problems);
        if problems.len() > before {
            unclear.insert(index);
        }
        let count = (kind(group.kind).expect("kinds come from the table").nodes)(&settings);
        let aides = components::aides(group.kind, &settings);
        layout.groups.push(Group {
            name: group.name.clone(),
            kind: group.kind,
            settings,
            first: first.min(u64::from(u16::MAX)) as u16,
            count,
            aides,
            grown: Vec::new(),
            left: Vec::new(),
            place: group.place.clone(),
        });
        first += count + aides.1;
    }
    if first >= NodeId::NONE.index() as u64 {
        problems.push(Problem::new(format!("{first} nodes are more than a world can hold (65,534)")));
    }
    (layout, unclear)
}

/// What is wrong with the settings of the components that have been described, in a world that is not whole.
pub fn mistakes_so_far(spec: &WorldSpec) -> Problems {
    let mut problems = spec.problems.clone();
    for index in 0..spec.groups.len() {
        check_group(spec, index, StandIn::Near, &mut problems);
    }
    problems
}

/// A component may use those made before it: so there is no circle.
fn check_group(spec: &WorldSpec, index: usize, stand_in: StandIn, problems: &mut Problems) -> Settings {
    let group = &spec.groups[index];
    let entry = kind(group.kind).expect("kinds come from the table").entry;
    let kind_of = |other: usize| (other < index).then(|| spec.groups[other].kind);
    let others = Others { kind_of: &kind_of, kinds_with, stand_in };
    catalog::check(entry, &group.name, &group.given, &group.place, others, problems)
}

fn check_links(
    spec: &WorldSpec,
    layout: &Layout,
    needed: &mut Vec<Needed>,
    problems: &mut Problems,
) -> Vec<(usize, usize, LinkPlan)> {
    let mut links = Vec::new();
    let network = spec.network.as_ref();
    let network =
        network.map(|(given, place)| link_plan(layout, "network", (given, place), needed, problems));
    if let Some(plan) = &network {
        let groups = spec.groups.len();
        let pairs = (0..groups).flat_map(|a| (a..groups).map(move |b| (a, b)));
        let pairs = pairs.filter(|(a, b)| machine(spec, *a).is_none_or(|on| machine(spec, *b) != Some(on)));
        // An anycast address is no machine: what is sent to it goes to one of its sites.
        let address = |group: usize| spec.groups[group].kind == "anycast";
        let pairs = pairs.filter(|(a, b)| !address(*a) && !address(*b));
        links.extend(pairs.map(|(a, b)| (a, b, plan.clone())));
    }
    links.extend(places::ways(spec, layout, network, needed, problems)); // later ones take the place of earlier ones
    for LinkSpec { a, b, given, place } in &spec.links {
        let plan = link_plan(layout, "link", (given, place), needed, problems);
        links.push((*a, *b, LinkPlan { mapped: places::are_mapped(layout, [*a, *b]), ..plan }));
    }
    links
}

/// A second link between the same two would take the place of the first without a word.
fn check_twice_linked(spec: &WorldSpec, problems: &mut Problems) {
    for (at, LinkSpec { a, b, place, .. }) in spec.links.iter().enumerate() {
        let joins = |link: &&LinkSpec| [(*a, *b), (*b, *a)].contains(&(link.a, link.b));
        let Some(first) = spec.links[..at].iter().find(joins) else { continue };
        let [a, b] = [*a, *b].map(|group| &spec.groups[group].name);
        let line = first.place.line;
        let problem = Problem::at(
            place,
            format!("\"{a}\" and \"{b}\" are linked twice; the first time in line {line}"),
        );
        problems.push(problem.hint("a link is the same in both directions: write one"));
    }
}

/// The host that a group stands on, or is: what is on one machine needs no network.
fn machine(spec: &WorldSpec, group: usize) -> Option<usize> {
    if spec.groups[group].kind == "host" {
        return Some(group);
    }
    let on = spec.groups[group].given.iter().find(|given| given.name == "on")?;
    if let catalog::Value::Group(host) = on.value { Some(host) } else { None }
}

/// What the settings of a link say.
pub(super) fn link_plan(
    layout: &Layout,
    name: &str,
    (given, place): (&[Given], &Place),
    needed: &mut Vec<Needed>,
    problems: &mut Problems,
) -> LinkPlan {
    let others = Others { kind_of: &|_| None, kinds_with, stand_in: StandIn::Near };
    let settings = catalog::check(&network::ENTRY, name, given, place, others, problems);
    needed.extend(settings.needed());
    let sized =
        "a size: `row` of a database, `size` of a traffic that writes, `page_size` of a website, a trace";
    needed.extend(settings.needs(
        "bandwidth",
        "sizes, and nothing in this world has one",
        sized,
        layout.has_sizes(),
    ));
    LinkPlan::of(&settings)
}

/// An event calls the script and looks at all components: more of one kind would take longer than all requests.
const HAPPENS_AT_MOST: Time = 1_000_000;
/// The end of a world that is only looked at, because nobody has said when it ends: no moment is too late in it.
pub const UNKNOWN_END: Time = NEVER / 4;

fn check_timeline(spec: &WorldSpec, end: Time, problems: &mut Problems) {
    for item in &spec.timeline {
        match item.trigger {
            Trigger::At(at) if at >= end => {
                let message = format!("at({}) comes after the end at {}", time_text(at), time_text(end));
                let hint = "t = 0 is the start of the warm-up; the end is warmup + duration";
                problems.push(Problem::at(&item.place, message).hint(hint));
            }
            Trigger::Every(period) if period >= end => {
                let (period, end) = (time_text(period), time_text(end));
                let problem =
                    Problem::at(&item.place, format!("every({period}) comes after the end at {end}"));
                problems
                    .push(problem.hint("it happens first when its period is over: give it a shorter one"));
            }
            Trigger::Every(0) => {
                let problem = Problem::at(&item.place, "every(0) would happen for ever at once");
                problems.push(problem.hint("give it a period, such as every(5.s, ..)"));
            }
            Trigger::Every(period) if end < UNKNOWN_END && end / period > HAPPENS_AT_MOST => {
                let (times, period) = (end / period, time_text(period));
                let message =
                    format!("every({period}) would happen {times} times until the end at {}", time_text(end));
                let longer = time_text(end.div_ceil(HAPPENS_AT_MOST));
                let hint = format!("at most {HAPPENS_AT_MOST} times: {longer} or longer");
                problems.push(Problem::at(&item.place, message).hint(hint));
            }
            _ => {}
        }
    }
}
