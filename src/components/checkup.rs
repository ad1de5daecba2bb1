//! Health checks of sites by whoever sends users to them: a zone, a router, an anycast address.

use super::{Site, site};
use crate::catalog::{Kind, Param, Preset, Problem, Problems, Settings};
use crate::kernel::{Ask, Ctx, NodeId, Reply, SECOND, Status, Time, TimeoutClass, Timer, time_text};
use crate::parts::verbs::READ;

/// How long a check waits; a setting of all kinds that check sites.
pub const TIMEOUT: Param = Param {
    name: "check_timeout",
    kind: Kind::Duration,
    preset: Preset::Duration(4 * SECOND),
    about: "how long a health check waits (Route 53: 4 s to connect)",
};
/// Checks in a row that change a verdict; a setting of all kinds that check sites.
pub const FALL: Param = Param {
    name: "fall",
    kind: Kind::Count(1, 10),
    preset: Preset::Count(3),
    about: "checks in a row that change the verdict, either way (Route 53, Global Accelerator, ExaBGP: 3)",
};

/// What is believed of some sites, and how it is found out.
#[derive(Clone)]
pub struct Checkup {
    sites: Vec<NodeId>,
    interval: Time,
    timeout_length: Time,
    timeout: Option<TimeoutClass>,
    fall: u64,
    healthy: Vec<bool>,
    /// Verdicts in a row that speak against what is believed of each site.
    against: Vec<u64>,
    failed: u64,
}

impl Checkup {
    /// Checks each of these once per interval; all are believed to be well at first.
    pub fn new(settings: &Settings, interval: Time, sites: Vec<NodeId>) -> Self {
        Checkup {
            interval,
            timeout_length: settings.duration(TIMEOUT.name).expect("preset"),
            timeout: None,
            fall: settings.count(FALL.name).expect("preset"),
            healthy: vec![true; sites.len()],
            against: vec![0; sites.len()],
            sites,
            failed: 0,
        }
    }

    /// Each site is first checked at a moment of its own within an interval: nobody keeps the checks of different sites in step (Route 53,
    /// Developer Guide, "How Route 53 determines whether a health check is healthy": its checkers do not coordinate).
    pub fn start(&mut self, tag: u16, cx: &mut Ctx<'_>) {
        self.timeout = Some(cx.timeout_class(self.timeout_length));
        for at in 0..self.sites.len() as u64 {
            cx.timer_in(cx.phase(self.interval, at), Timer { tag, data: at });
        }
    }

    /// A check of the site that the timer is for, and the next one after an interval. The note of a reply is the number of its site.
    pub fn ask(&self, timer: Timer, cx: &mut Ctx<'_>) {
        let site = self.sites[timer.data as usize];
        cx.ask(Ask { note: timer.data as u32, timeout: self.timeout, ..Ask::new(site, READ, 0) });
        cx.timer_in(self.interval, timer);
    }

    /// A check has its verdict; so many in a row against what is believed change it. The site that has changed.
    pub fn hear(&mut self, reply: &Reply, cx: &mut Ctx<'_>) -> Option<usize> {
        let (at, works) = (reply.note as usize, matches!(reply.status, Status::Ok | Status::Missing));
        self.failed += u64::from(!works);
        let (healthy, against) = (&mut self.healthy[at], &mut self.against[at]);
        *against = if works == *healthy { 0 } else { *against + 1 };
        if *against < self.fall {
            return None;
        }
        (*healthy, *against) = (works, 0);
        cx.tell("health", format!("address {at} is {}", if works { "healthy" } else { "unhealthy" }));
        Some(at)
    }

    /// What is believed of a site.
    pub fn is_healthy(&self, at: usize) -> bool {
        self.healthy[at]
    }

    /// Checks that failed so far.
    pub fn failed(&self) -> u64 {
        self.failed
    }
}

/// Mistakes in how sites are checked, if they are: an interval as long as the run finds nothing.
pub fn check(site: &Site<'_>, interval: Option<Time>, problems: &mut Problems) {
    let (settings, end) = (site.settings(), site.layout.end);
    if let Some(interval) = interval.filter(|interval| *interval >= end) {
        let (long, run) = (time_text(interval), time_text(end));
        let message = format!(
            "a health check each {long} is no shorter than the whole run ({run}): it would find nothing"
        );
        let problem = match settings.is_given("check") {
            true => settings.problem("check", message),
            false => Problem::at(&site.group().place, message),
        };
        problems.push(problem.hint("give it a shorter `check`, or let it run for longer"));
    }
}

/// That coordinates are known of all places of these groups: who goes by distance would send everybody to the first site.
pub fn check_coordinates(
    site: &Site<'_>,
    setting: &str,
    groups: &[usize],
    who: &str,
    problems: &mut Problems,
) {
    let map = &site.layout.map;
    let is_unknown = |place: &String| map.find(place).is_some_and(|place| map.coordinates(place).is_none());
    let mut places = groups.iter().flat_map(|group| site.layout.groups[*group].places());
    if let Some(place) = places.find(is_unknown) {
        let message = format!("{who} goes by distance, and the map has no coordinates of \"{place}\"");
        let hint =
            "add them: regions(\"map.csv\", #{ coordinates: \"places.csv\" }), with name,latitude,longitude";
        problems.push(site.settings().problem(setting, message).hint(hint));
    }
}

/// Where the nodes of some groups are, and that all of them are somewhere.
pub fn check_places(site: &Site<'_>, who: &str, problems: &mut Problems) {
    let settings = site.settings();
    let placed = |group: &usize| !site.layout.groups[*group].places().is_empty();
    for group in settings.groups("to").iter().filter(|group| !placed(group)) {
        let name = &site.layout.groups[*group].name;
        let message = format!("{who} needs to know where all sites are, and \"{name}\" is nowhere");
        problems
            .push(settings.problem("to", message).hint(format!("give \"{name}\" a `{}`", site::REGION.name)));
    }
}

/// Who sends each client to the nearest site sends all of a place to one server: others of its group there would never be asked.
pub fn check_one_each(site: &Site<'_>, who: &str, problems: &mut Problems) {
    let (settings, layout) = (site.settings(), site.layout);
    let places = layout.node_places();
    for group in settings.groups("to") {
        let mut own: Vec<u16> = layout.groups[group].first_nodes().map(|node| places[node.index()]).collect();
        let count = own.len();
        own.sort_unstable();
        own.dedup();
        if own.len() < count {
            let message = format!(
                "{who} sends whoever is near to one server, and \"{}\" has {count} at {}",
                layout.groups[group].name,
                if own.len() == 1 { "one place".into() } else { format!("{} places", own.len()) }
            );
            let hint = match layout.groups[group].kind {
                "cdn" => "give it one edge in each region: an edge serves as many as come",
                _ => "put a load_balancer before those of each place",
            };
            problems.push(settings.problem("to", message).hint(hint));
        }
    }
}
