//! Which settings of a world count only beside others, as far as a world that may have mistakes tells.

use super::spec::WorldSpec;
use crate::catalog::{Needed, Place};
use crate::components::queue::needs;
use crate::components::{Layout, client, website};
use std::collections::BTreeSet;

/// Settings that were given and count only beside others. By default nothing is known of them.
#[derive(Debug, Default)]
pub struct Needs {
    /// What components count with that they were given themselves; `None`: not known of any.
    pub own: Option<Vec<Needed>>,
    /// Settings of components that were given something wrong: what they count with may be meant by it.
    pub unclear: Vec<Place>,
    /// What counts with other components; `None`: not known, since some are not right.
    pub joined: Option<Vec<Needed>>,
}

impl Needs {
    /// Those of a world whose groups in `unclear` were given what is not right.
    pub(super) fn of(
        spec: &WorldSpec,
        layout: &Layout,
        unclear: &BTreeSet<usize>,
        of_links: Vec<Needed>,
        is_sound: bool,
    ) -> Self {
        let groups = || layout.groups.iter().enumerate();
        let clear = groups().filter(|(index, _)| !unclear.contains(index));
        let places = unclear.iter().flat_map(|index| spec.groups[*index].given.iter());
        Needs {
            own: Some(clear.flat_map(|(_, group)| group.settings.needed()).collect()),
            unclear: places.map(|given| given.place.clone()).collect(),
            joined: is_sound.then(|| joined(layout, of_links)),
        }
    }
}

fn joined(layout: &Layout, of_links: Vec<Needed>) -> Vec<Needed> {
    let mut needed = of_links;
    let traffics = layout.groups.iter().filter(|group| group.kind == "traffic");
    needed.extend(traffics.filter_map(|traffic| client::position_needs(traffic, layout)));
    let databases = (0..layout.groups.len()).filter(|index| layout.groups[*index].kind == "database");
    needed.extend(databases.filter_map(|database| own_writes(layout, database)));
    let sites = (0..layout.groups.len()).filter(|index| layout.groups[*index].kind == "website");
    needed.extend(sites.flat_map(|site| website::of_holders(layout, site)));
    let queues = (0..layout.groups.len()).filter(|index| layout.groups[*index].kind == "queue");
    needed.extend(queues.flat_map(|queue| needs::of_consumers(layout, queue)));
    needed
}

/// Whoever shall read what he has written must be known again.
fn own_writes(layout: &Layout, database: usize) -> Option<Needed> {
    let settings = &layout.groups[database].settings;
    if settings.chosen("reads") != "read_your_writes" {
        return None;
    }
    let known = layout.asked_by(database).any(client::knows_users);
    settings.needs("reads", "users who are known again", "`users: 10_000` to the traffic", known)
}
