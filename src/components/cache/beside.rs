//! A cache beside its store: those who use it ask both, by a plan of their own. Whoever only sends questions on cannot.

use super::store_beside;
use crate::catalog::Problems;
use crate::components::Site;

/// They send on what clients ask.
const SENDERS: [&str; 6] = ["traffic", "dns", "geo_router", "anycast", "load_balancer", "cdn"];

/// Nobody sends questions to such a cache who cannot ask its store as well.
pub(super) fn check(site: &Site<'_>, problems: &mut Problems) {
    let own = &site.layout.groups[site.index];
    if store_beside(own).is_none() {
        return;
    }
    for sender in site.layout.groups.iter().filter(|group| SENDERS.contains(&group.kind)) {
        let Some(setting) = sender.settings.naming(site.index) else { continue };
        let message =
            format!("the cache \"{}\" stands beside its store: only a web tier can use both", own.name);
        let hint = match sender.kind {
            "traffic" => "send the traffic to a web tier, or give the cache `placement: \"inline\"`",
            _ => "name a web tier here, or give the cache `placement: \"inline\"`",
        };
        problems.push(sender.settings.problem(setting, message).hint(hint));
    }
}
