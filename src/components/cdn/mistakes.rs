//! What can be wrong with a content delivery network.

use super::profile;
use crate::catalog::{Problems, Settings};
use crate::components::Site;

pub(super) fn check(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let edges = site.group().count;
    if settings.flag("shield") && edges < 2 {
        let problem = settings.problem("shield", "a shield needs at least two edges");
        problems.push(
            problem.hint("write `region: [\"us-east-1\", \"eu-west-1\"]`; the first one is the shield"),
        );
    }
    check_origins(site, problems);
    check_prices(settings, problems);
    if settings.is_given("plan") && profile::of(settings).profile.entry.name != "cloudflare" {
        let problem = settings.problem("plan", "`plan` is for profile \"cloudflare\"");
        problems.push(problem.hint("leave it out, or write `profile: \"cloudflare\"`"));
    }
    if settings.is_given("folders") && super::plan(site).is_some() {
        let problem =
            settings.problem("folders", "the origin is a website: its URLs are /page/7 and /asset/7");
        problems.push(problem.hint("leave `folders` out"));
    }
    let row = settings.group("of").and_then(|origin| row_behind(site, origin, 8));
    if settings.is_given("capacity") && row.is_none() && !site.layout.sized_traffic() {
        let problem =
            settings.problem("capacity", "`capacity` is in bytes, but nothing tells the size of a row");
        problems.push(
            problem.hint("give the database `row: 1.kib`, or bound the number of copies with `items:`"),
        );
    }
}

fn check_origins(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    for setting in ["of", "secondary"] {
        let origin = settings.group(setting).map(|origin| &site.layout.groups[origin]);
        if let Some(origin) = origin.filter(|group| group.count > 1) {
            let message = format!("the origin \"{}\" is {} servers", origin.name, origin.count);
            problems.push(settings.problem(setting, message).hint("put a load_balancer before them"));
        }
    }
    let Some(secondary) = settings.group("secondary") else {
        if settings.is_given("failover_on") {
            let problem = settings.problem("failover_on", "there is no other origin to fail over to");
            problems.push(problem.hint("add `secondary:` another origin"));
        }
        return;
    };
    if settings.group("of") == Some(secondary) {
        let problem = settings.problem("secondary", "the secondary origin is the primary itself");
        problems.push(problem.hint("name another origin, with the same content"));
    }
    if super::plan(site).is_some() {
        let message = "a website has pages of its own: no other origin has them too";
        problems.push(settings.problem("secondary", message).hint("leave `secondary` out"));
    }
}

fn check_prices(settings: &Settings, problems: &mut Problems) {
    let network = profile::of(settings);
    for (setting, own) in [("monthly_bytes", "egress_price"), ("monthly_requests", "request_price")] {
        if !settings.is_given(setting) {
            continue;
        }
        if network.places.is_none() {
            let message =
                format!("profile \"{}\" bills no traffic, however much it is", network.profile.entry.name);
            problems.push(settings.problem(setting, message).hint(format!("leave `{setting}` out")));
        } else if settings.is_given(own) {
            let message = format!("`{setting}` chooses a price from the list, and `{own}` gives one");
            problems.push(settings.problem(setting, message).hint("leave one of them out"));
        }
    }
}

/// Size of a row in the database behind an origin.
fn row_behind(site: &Site<'_>, group: usize, hops: u8) -> Option<u64> {
    let settings = site.of(group).settings();
    let next = ["of", "reads", "to"]
        .iter()
        .flat_map(|name| settings.group(name).into_iter().chain(settings.groups(name)));
    let own = match site.layout.groups[group].kind {
        "database" => settings.bytes("row"),
        "website" => settings.bytes("page_size"),
        _ => None,
    };
    let deeper = |group| if hops == 0 { None } else { row_behind(site, group, hops - 1) };
    own.or_else(|| next.into_iter().find_map(deeper))
}
