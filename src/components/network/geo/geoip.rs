//! Where an address is thought to be: a file in MaxMind's format says so.

use super::{Coordinates, countries};
use crate::catalog::GeoIpFile;
use maxminddb::{Reader, WithinOptions};
use serde::Deserialize;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, OnceLock};

/// Country of every IPv4 network, as registries say (see `data/README.md`).
const USUAL: &[u8] = include_bytes!("data/country_ipv4.mmdb");

/// A file that says where addresses are. It may be wrong, as in the world: it is all that a router by address knows.
#[derive(Clone, Debug)]
pub struct GeoIp(Arc<Reader<Bytes>>);

/// The file that comes with the program, or one of the user's.
#[derive(Debug)]
enum Bytes {
    Ours(&'static [u8]),
    Given(Arc<[u8]>),
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        match self {
            Bytes::Ours(bytes) => bytes,
            Bytes::Given(bytes) => bytes,
        }
    }
}

/// What a record may say: flat (as ip-location-db writes) or nested (as MaxMind does).
#[derive(Deserialize)]
struct Record<'a> {
    country_code: Option<&'a str>,
    latitude: Option<f64>,
    longitude: Option<f64>,
    #[serde(borrow)]
    country: Option<Country<'a>>,
    location: Option<Location>,
}

#[derive(Deserialize)]
struct Country<'a> {
    iso_code: Option<&'a str>,
}

#[derive(Deserialize)]
struct Location {
    latitude: Option<f64>,
    longitude: Option<f64>,
}

impl Record<'_> {
    fn country(&self) -> Option<&str> {
        self.country_code.or_else(|| self.country.as_ref()?.iso_code)
    }

    /// The point it names, else the main city of the country.
    fn place(&self) -> Option<Coordinates> {
        let nested = self.location.as_ref();
        let lat = self.latitude.or(nested.and_then(|location| location.latitude));
        let lon = self.longitude.or(nested.and_then(|location| location.longitude));
        let point = lat.zip(lon).map(|(lat, lon)| Coordinates { lat, lon });
        point.or_else(|| Some(countries::find(self.country()?)?.at))
    }
}

/// Records looked at before a file is said to hold no places.
const TRIED: usize = 1_000;

impl GeoIp {
    /// The file that comes with the program.
    pub fn usual() -> GeoIp {
        static READER: OnceLock<GeoIp> = OnceLock::new();
        let open = || GeoIp(Arc::new(Reader::from_source(Bytes::Ours(USUAL)).expect("our own data")));
        READER.get_or_init(open).clone()
    }

    /// A checked file, or the usual one.
    pub fn of(file: Option<&GeoIpFile>) -> GeoIp {
        let given = |file: &GeoIpFile| GeoIp::open(file.bytes.clone()).expect("checked when it was read");
        file.map_or_else(GeoIp::usual, given)
    }

    fn open(bytes: Arc<[u8]>) -> Result<GeoIp, String> {
        let reader = Reader::from_source(Bytes::Given(bytes));
        reader.map(|reader| GeoIp(Arc::new(reader))).map_err(|error| error.to_string())
    }

    /// Looks all through a user's file, so that nothing can be wrong with it later.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn check(bytes: Arc<[u8]>) -> Result<(), String> {
        let geoip = GeoIp::open(bytes)?;
        geoip.0.verify().map_err(|error| error.to_string())?;
        let all = "0.0.0.0/0".parse().expect("all addresses");
        let networks = geoip.0.within(all, WithinOptions::default()).map_err(|error| error.to_string())?;
        let place = |found: Result<maxminddb::LookupResult<'_, Bytes>, maxminddb::MaxMindDbError>| {
            found.ok()?.decode::<Record<'_>>().ok()??.place()
        };
        match networks.take(TRIED).find_map(place) {
            Some(_) => Ok(()),
            None => {
                let kind = &geoip.0.metadata().database_type;
                Err(format!("its records (\"{kind}\") name neither countries nor coordinates"))
            }
        }
    }

    fn record<T>(&self, address: u32, take: impl FnOnce(&Record<'_>) -> Option<T>) -> Option<T> {
        let found = self.0.lookup(IpAddr::V4(Ipv4Addr::from(address))).ok()?;
        take(&found.decode::<Record<'_>>().ok()??)
    }

    /// Where an address is thought to be; `None` if it is 0, unknown to the file, or in a country without a main city.
    pub fn locate(&self, address: u32) -> Option<Coordinates> {
        if address == 0 { None } else { self.record(address, |record| record.place()) }
    }

    /// The country that an address is thought to be in.
    pub fn country(&self, address: u32) -> Option<String> {
        self.record(address, |record| record.country().map(String::from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn most_networks_are_where_they_are_said_to_be_and_some_are_not() {
        let geoip = GeoIp::usual();
        let (mut right, mut all) = (0, 0);
        for country in countries::all() {
            for network in country.networks() {
                all += 1;
                right += usize::from(geoip.country(network | 0x1234).as_deref() == Some(country.code));
            }
        }
        let share = f64::from(right as u32) / f64::from(all as u32);
        // Measured: 875 of 1,057. Small countries, of which each counts as much as a large one, differ most.
        assert!(share > 0.8 && share < 0.9, "two real sources: {right} of {all}");
    }

    #[test]
    fn what_is_no_such_file_is_found_out() {
        let check = |bytes: &[u8]| GeoIp::check(bytes.into());
        assert!(check(b"not a database").unwrap_err().contains("metadata"));
        assert!(check(&USUAL[1 << 20..]).is_err(), "the front is gone");
        assert_eq!(GeoIp::usual().locate(0), None);
    }

    proptest! {
        /// Against the countries' own table: a country's answer is its main city, whatever the address.
        #[test]
        fn an_address_is_thought_to_be_at_its_countrys_main_city(address in 1_u32..) {
            let geoip = GeoIp::usual();
            let expected = geoip.country(address).and_then(|code| countries::all().find(|c| c.code == code));
            prop_assert_eq!(geoip.locate(address), expected.map(|country| country.at));
        }
    }
}
