//! Countries as places of clients: where, how many addresses, and some of them.

use super::map::Coordinates;

/// A country.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Country {
    /// ISO 3166 code, two capital letters.
    pub code: &'static str,
    /// Its city with the most addresses.
    pub at: Coordinates,
    /// IPv4 addresses.
    pub addresses: u64,
    /// Some of its /16 networks.
    prefixes: &'static str,
}

const DATA: &str = include_str!("data/countries.csv");
const REGIONS: &str = include_str!("data/region_countries.csv");

/// All countries, those with the most addresses first.
pub fn all() -> impl Iterator<Item = Country> {
    DATA.lines().skip(1).filter_map(parse)
}

/// The country of this code.
pub fn find(code: &str) -> Option<Country> {
    if code.len() == 2 { all().find(|country| country.code == code) } else { None }
}

/// First addresses of the /16 networks that are at home at a place: a country, or a cloud's region, whose hosts have addresses of its
/// country. None for regions that only a user's own map knows.
pub fn networks_at(place: &str) -> Vec<u32> {
    let of_region = || {
        let mut rows = REGIONS.lines().skip(1).filter_map(|row| row.split_once(','));
        rows.find(|(region, _)| *region == place).and_then(|(_, code)| find(code))
    };
    let country = find(place).or_else(of_region);
    country.map_or_else(Vec::new, |country| country.networks().collect())
}

/// An address in one of these networks; 0 if there are none.
pub fn address_in(networks: &[u32], bits: u64) -> u32 {
    match networks.len() as u64 {
        0 => 0,
        n => networks[((bits >> 32) % n) as usize] | (bits as u32 & 0xFFFF),
    }
}

fn parse(line: &'static str) -> Option<Country> {
    let mut cells = line.split(',');
    let code = cells.next()?;
    let at = Coordinates { lat: cells.next()?.parse().ok()?, lon: cells.next()?.parse().ok()? };
    Some(Country { code, at, addresses: cells.next()?.parse().ok()?, prefixes: cells.next()? })
}

impl Country {
    /// The first address of each of its /16 networks.
    pub fn networks(&self) -> impl Iterator<Item = u32> {
        self.prefixes.split(' ').filter_map(|prefix| {
            let address: std::net::Ipv4Addr = prefix.strip_suffix("/16")?.parse().ok()?;
            Some(u32::from(address))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_is_complete() {
        assert!(all().count() > 150);
        for country in all() {
            assert!(country.code.len() == 2 && country.addresses > 0, "{country:?}");
            assert!(country.networks().count() >= 1, "{country:?}");
            assert!(country.networks().all(|network| network & 0xFFFF == 0));
        }
        assert_eq!(DATA.lines().count(), all().count() + 1, "no line is lost");
        for row in REGIONS.lines().skip(1) {
            assert!(!networks_at(row.split(',').next().unwrap()).is_empty(), "{row}");
        }
        assert_eq!(networks_at("eu-central-1"), networks_at("DE"));
        assert_eq!(address_in(&networks_at("nowhere"), 7), 0);
        assert!(find("KR").is_some() && find("XX").is_none() && find("FRA").is_none());
    }
}
