//! What a network asks for: bytes sent to users, requests, purges. In trillionths of a US dollar, so that a byte has a whole price in
//! every list.

use super::profile;
use crate::catalog::Settings;
use crate::components::Site;
use crate::components::egress::{DOLLAR, GIGABYTE};
use crate::kernel::SECOND;
use crate::profiles::network::PlacePrice;

/// Requests are billed by so many.
const REQUESTS: f64 = 10_000.0;

/// The prices of one edge, in trillionths of a dollar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Prices {
    /// Of a byte; `None` if it is not known.
    pub byte: Option<f64>,
    /// Of a request of a user; 0 if it is not known.
    pub request: f64,
    /// Of a purge; what is free of them, [`free_purges`] says.
    pub purge: u64,
}

/// A month, as clouds bill it: a twelfth of 8,760 hours.
pub const MONTH: f64 = 730.0 * 3_600.0 * SECOND as f64;

fn place_of(places: &'static [PlacePrice], region: &str) -> Option<usize> {
    let fits = |place: &PlacePrice| place.regions.iter().any(|begin| region.starts_with(begin));
    places.iter().position(fits)
}

/// A dollar's worth in trillionths.
fn trillionths(dollars: f64) -> f64 {
    dollars * DOLLAR as f64
}

/// What a month of traffic costs on average, in dollars per gigabyte and per request.
fn list_prices(settings: &Settings, place: &PlacePrice, free_share: f64) -> (f64, f64) {
    let network = profile::of(settings);
    let gigabyte = match settings.bytes("monthly_bytes") {
        Some(bytes) => {
            let gigabytes = bytes as f64 / GIGABYTE;
            place.month(gigabytes, network.free_gb * free_share) / gigabytes
        }
        None => place.per_gb[0] as f64 / 1e3,
    };
    let paid = settings
        .count("monthly_requests")
        .map_or(1.0, |requests| (1.0 - network.free_requests * free_share / requests as f64).max(0.0));
    (gigabyte, place.requests as f64 / 1e4 / REQUESTS * paid)
}

impl Prices {
    /// Those of the n-th edge of a network.
    pub fn new(site: &Site<'_>, edge: usize) -> Self {
        let settings = site.settings();
        let network = profile::of(settings);
        let listed = match network.places {
            Some(places) => listed(settings, places, edge),
            // The plans that are sold on the site do not meter; an enterprise's contract is its own.
            None => (profile::plan_of(settings) != "enterprise").then_some((0.0, 0.0)),
        };
        let gigabyte = settings.number("egress_price").or(listed.map(|(gigabyte, _)| gigabyte));
        let own = settings.number("request_price").map(|price| price / REQUESTS);
        let request = own.or(listed.map(|(_, request)| request));
        Prices {
            byte: gigabyte.map(|price| trillionths(price) / GIGABYTE),
            request: request.map_or(0.0, trillionths),
            purge: network.purge_price * (DOLLAR / 1_000),
        }
    }

    /// What has been used costs this; `None` if a price is not known.
    pub fn cost(&self, egress: u64, requests: u64, purges: u64) -> Option<u64> {
        let traffic = self.byte? * egress as f64 + self.request * requests as f64;
        Some((traffic.round() as u64).saturating_add(purges.saturating_mul(self.purge)))
    }
}

/// What is not billed, in dollars, of so many purges in so many seconds: these are a part of a month, and have their part of what is free in it.
pub fn free_purges(settings: &Settings, purges: u64, seconds: f64) -> f64 {
    let network = profile::of(settings);
    let month = settings.count("free_purges").unwrap_or(network.free_purges) as f64;
    (month * seconds / (MONTH / SECOND as f64)).min(purges as f64) * network.purge_price as f64 / 1e3
}

/// The price region of the n-th edge, if its gigabytes are taken to be those of the list's first tier.
pub fn first_tier_of(settings: &Settings, edge: usize) -> Option<usize> {
    let is_own = ["egress_price", "monthly_bytes"].iter().any(|name| settings.is_given(name));
    let region = settings.texts("region").get(edge)?.clone();
    profile::of(settings).places.filter(|_| !is_own).and_then(|places| place_of(places, &region))
}

/// How much less, as a share, a gigabyte costs than the first one does, in a month in which a price region sends so many bytes.
pub fn rebate(settings: &Settings, place: usize, bytes: f64) -> f64 {
    profile::of(settings).places.map_or(0.0, |places| rebate_of(&places[place], bytes / GIGABYTE))
}

fn rebate_of(place: &PlacePrice, gigabytes: f64) -> f64 {
    let first = gigabytes * place.per_gb[0] as f64 / 1e3;
    if first > 0.0 { 1.0 - place.month(gigabytes, 0.0) / first } else { 0.0 }
}

/// The plan whose own fee nobody tells.
pub fn plan_with_fee(settings: &Settings) -> Option<&'static str> {
    let plan = profile::plan_of(settings);
    let is_known = settings.is_given("price_per_hour") || matches!(plan, "free" | "enterprise");
    (profile::of(settings).places.is_none() && !is_known).then_some(plan)
}

/// Prices of a gigabyte and of a request at an edge, by the list. What is free in a month is spread evenly over the price regions that
/// the network has edges in.
fn listed(settings: &Settings, places: &'static [PlacePrice], edge: usize) -> Option<(f64, f64)> {
    let regions = settings.texts("region");
    let region = regions.get(edge % regions.len().max(1)).map_or("", String::as_str);
    let mut all: Vec<usize> = regions.iter().filter_map(|region| place_of(places, region)).collect();
    all.sort_unstable();
    all.dedup();
    let place = place_of(places, region)?;
    Some(list_prices(settings, &places[place], 1.0 / all.len() as f64))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::profiles::NETWORKS;

    #[test]
    fn regions_have_the_prices_of_the_list() {
        let places = NETWORKS[1].places.unwrap();
        let price =
            |region| place_of(places, region).map(|place| (places[place].per_gb[0], places[place].requests));
        assert_eq!(price("us-east-1"), Some((85, 100)));
        assert_eq!(price("eu-central-1"), Some((85, 120)));
        assert_eq!(price("sa-east-1"), Some((110, 220)));
        assert_eq!([price("ap-northeast-1"), price("ap-northeast-2")], [(114, 120), (120, 120)].map(Some));
        assert_eq!([price("ap-southeast-2"), price("ap-southeast-1")], [(114, 125), (120, 120)].map(Some));
        assert_eq!([price("ap-south-1"), price("af-south-1")], [(109, 120), (110, 120)].map(Some));
        assert_eq!(price("francecentral"), None);
    }

    /// 10 TB at $0.085 and 40 TB at $0.080: 4,050 for 50 TB, 4.7 % less than all at the first price.
    #[test]
    fn many_bytes_cost_less_each() {
        let places = NETWORKS[1].places.unwrap();
        let place = &places[place_of(places, "us-east-1").unwrap()];
        let of = |terabytes: f64| rebate_of(place, terabytes * 1e3);
        assert!(of(0.0) == 0.0 && of(10.0).abs() < 1e-12);
        assert!((of(50.0) - (1.0 - 4_050.0 / 4_250.0)).abs() < 1e-12);
    }

    #[test]
    fn what_is_known_is_added_up() {
        let prices = Prices { byte: Some(85.0), request: 1e6, purge: DOLLAR / 200 };
        assert_eq!(prices.cost(1_000, 3, 5), Some(85_000 + 3_000_000 + 5 * DOLLAR / 200));
        assert_eq!(Prices { byte: None, ..prices }.cost(1_000, 3, 5), None);
    }
}
