//! What a network asks for: bytes sent to users, and purges. In trillionths of a US dollar, so that a byte has a whole price.

use super::profile;
use crate::components::Site;

/// A dollar.
pub const DOLLAR: u64 = 1_000_000_000_000;
/// Bytes of a gigabyte as it is billed: taken as 10^9 (assumed; price lists do not say).
const GIGABYTE: f64 = 1e9;

/// The prices of one edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Prices {
    /// Of a byte; `None` if it is not known.
    pub byte: Option<u64>,
    /// Of a purge that is not free.
    pub purge: u64,
    /// Purges that are free.
    pub free_purges: u64,
}

/// CloudFront, data transfer out to the internet, first 10 TB of a month, in thousandths of a dollar per GB
/// (aws.amazon.com/cloudfront/pricing, pay as you go, stored copy, undated). First the beginnings of region names; the first that
/// fits counts.
const CLOUDFRONT: &[(&[&str], u64)] = &[
    (&["us-", "ca-", "mx-"], 85),
    (&["eu-", "il-"], 85),
    (&["af-", "me-"], 110),
    (&["sa-"], 110),
    (&["ap-northeast-1", "ap-northeast-3"], 114),
    (&["ap-southeast-2", "ap-southeast-4", "ap-southeast-6"], 114),
    (&["ap-south-"], 109),
    (&["ap-"], 120),
];

/// What a gigabyte costs at a place, in thousandths of a dollar.
fn list_price(choice: usize, plan: &str, region: &str) -> Option<u64> {
    if profile::is_cloudflare(choice) {
        // The plans that are sold on the site do not meter; an enterprise's contract is its own.
        return (plan != "enterprise").then_some(0);
    }
    let fits = |begins: &&[&str]| begins.iter().any(|begin| region.starts_with(begin));
    CLOUDFRONT.iter().find(|(begins, _)| fits(begins)).map(|(_, price)| *price)
}

impl Prices {
    /// Those of the n-th edge of a network.
    pub fn new(site: &Site<'_>, edge: usize) -> Self {
        let settings = site.settings();
        let (choice, plan) = (settings.choice("profile"), profile::plan_of(settings));
        let regions = settings.texts("region");
        let region = regions.get(edge % regions.len().max(1)).map_or("", String::as_str);
        let listed = list_price(choice, plan, region).map(|thousandths| thousandths as f64 / 1e3);
        let gigabyte = settings.number("egress_price").or(listed);
        let (purge, free) = profile::purge_price(choice);
        Prices {
            byte: gigabyte.map(|price| (price * DOLLAR as f64 / GIGABYTE).round() as u64),
            purge,
            free_purges: settings.count("free_purges").unwrap_or(free),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_have_the_prices_of_the_list() {
        let price = |region| list_price(1, "free", region);
        assert_eq!([price("us-east-1"), price("eu-central-1"), price("sa-east-1")], [85, 85, 110].map(Some));
        assert_eq!([price("ap-northeast-1"), price("ap-northeast-2")], [114, 120].map(Some));
        assert_eq!([price("ap-southeast-2"), price("ap-southeast-1")], [114, 120].map(Some));
        assert_eq!([price("ap-south-1"), price("af-south-1")], [109, 110].map(Some));
        assert_eq!(price("francecentral"), None);
        assert_eq!((list_price(0, "pro", ""), list_price(0, "enterprise", "")), (Some(0), None));
    }
}
