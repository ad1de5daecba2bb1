//! Who the clients are: where they live, how they come to the network, and from which address.

use crate::catalog::ClientsPlan;
use crate::components::network::geo::{Geography, countries};
use crate::kernel::Request;
use crate::random::draw::{DrawKey, TrafficKey};
use crate::random::mix::combine;

/// How a client comes to the network.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Access {
    /// A line of its own.
    #[default]
    Fixed,
    /// A mobile network: its address is one of its carrier's gateway.
    Mobile,
    /// Through a tunnel that ends elsewhere: its address says where the tunnel ends.
    Vpn,
    /// Behind a translator that many share: one address for all of them.
    Nat,
}

impl Access {
    /// As a number, for a request.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// Of a number.
    pub fn of(code: u8) -> Access {
        [Access::Fixed, Access::Mobile, Access::Vpn, Access::Nat][usize::from(code & 3)]
    }
}

/// One client, as far as the network sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Visitor {
    /// Where it is; 0 = nowhere in particular.
    pub place: u16,
    /// Which of the population's homes that is.
    pub home: u16,
    /// How it comes.
    pub access: Access,
    /// Its IPv4 address as servers see it; 0 = none is modelled.
    pub address: u32,
}

/// Purposes of the draws of a client.
const PLACE: u64 = 16;
const ACCESS: u64 = 17;
const ADDRESS: u64 = 18;

#[derive(Clone, Debug)]
struct Home {
    /// Weight of this home, and with all before it.
    weight: f64,
    until: f64,
    place: u16,
    networks: Vec<u32>,
}

/// The clients of one traffic.
#[derive(Clone, Debug)]
pub struct Population {
    homes: Vec<Home>,
    mobile: f64,
    vpn: f64,
    nat: f64,
    behind: u64,
    /// How many clients there are; 0 = each is somebody new.
    users: u64,
    /// Networks where clients come out, by how they come; none = those of their homes.
    outlets: [Vec<u32>; 4],
}

impl Population {
    /// A checked plan for so many users (0 = each client is somebody new), with its places on the map.
    pub fn new(plan: &ClientsPlan, users: u64, geography: &Geography) -> Self {
        let mut until = 0.0;
        let home = |(name, weight): &(String, f64)| {
            until += weight;
            let place = geography.find(name).unwrap_or(0);
            Home { weight: *weight, until, place, networks: countries::networks_at(name) }
        };
        let homes = plan.homes.iter().map(home).collect();
        let outlets = plan.outlets().map(|place| place.map_or_else(Vec::new, countries::networks_at));
        let ClientsPlan { mobile, vpn, nat, behind, .. } = *plan;
        Population { homes, mobile, vpn, nat, behind, users, outlets }
    }

    /// The client that these draws make: the same in every variant.
    pub fn visitor(&self, draw: DrawKey) -> Visitor {
        let total = self.homes.last().map_or(0.0, |home| home.until);
        let at = draw.uniform(PLACE, 0) * total;
        let index = self.homes.partition_point(|home| home.until <= at).min(self.homes.len() - 1);
        let home = &self.homes[index];
        let access = self.access(draw.uniform(ACCESS, 0));
        let bits = draw.bits(ADDRESS, 0);
        let networks = self.networks(index, access);
        let bits = match access {
            // One translator serves so many; which one it is, is all that its clients' addresses tell.
            Access::Nat => combine(ADDRESS, bits % self.translators(index, networks)),
            Access::Fixed | Access::Mobile | Access::Vpn => bits,
        };
        let address = countries::address_in(networks, bits);
        Visitor { place: home.place, home: index as u16, access, address }
    }

    /// The networks in which a client's address lies: those of its home, or of where its tunnel or carrier comes out.
    fn networks(&self, home: usize, access: Access) -> &[u32] {
        let outlet = &self.outlets[usize::from(access.code())];
        if outlet.is_empty() { &self.homes[home].networks } else { outlet }
    }

    /// The address that stands for one of a traffic's `addresses` where this client is: users in different countries share none.
    fn local(&self, visitor: &Visitor, address: u32) -> u32 {
        let networks = self.networks(usize::from(visitor.home), visitor.access);
        match countries::address_in(networks, combine(ADDRESS, u64::from(address))) {
            0 => address, // a place without networks: the address says nothing of it
            local => local,
        }
    }

    fn access(&self, uniform: f64) -> Access {
        match uniform {
            u if u < self.mobile => Access::Mobile,
            u if u < self.mobile + self.vpn => Access::Vpn,
            u if u < self.mobile + self.vpn + self.nat => Access::Nat,
            _ => Access::Fixed,
        }
    }

    /// How many translators the clients of a home share: each has `behind` of them. Of clients who are always new nobody knows how many
    /// there are: then all addresses of these networks are translators of as many each.
    fn translators(&self, home: usize, networks: &[u32]) -> u64 {
        let most = ((networks.len() as u64) << 16) / self.behind;
        if self.users == 0 {
            return most.max(1);
        }
        // An office has the clients of all homes.
        let at_home = self.outlets[usize::from(Access::Nat.code())].is_empty();
        let total = self.homes.last().map_or(1.0, |home| home.until);
        let share = if at_home { self.homes[home].weight / total } else { 1.0 };
        let clients = self.users as f64 * share * self.nat;
        ((clients / self.behind as f64).round() as u64).clamp(1, most.max(1))
    }
}

/// The draws of users are those of requests that never come: numbered from here downwards.
const VISITORS: u64 = u64::MAX / 2;

/// Gives a request the place, access and address of its client: always the same for one user, anybody's if it has none. Addresses of a
/// trace are what they are; `drawn` ones stand for addresses where the client is.
pub(super) fn place(request: &mut Request, population: &Population, draws: TrafficKey, drawn: bool) {
    let draw = match request.user {
        0 => request.draw,
        user => draws.request(VISITORS - u64::from(user)),
    };
    let visitor = population.visitor(draw);
    request.region = visitor.place;
    request.access = visitor.access.code();
    request.address = match request.address {
        0 => visitor.address,
        address if drawn => population.local(&visitor, address),
        // Whoever is said to be elsewhere than where the log was written has an address there.
        recorded if visitor.address == 0 => recorded,
        _ => visitor.address,
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::network::geo::Map;
    use crate::random::draw::traffic_key;
    use std::collections::BTreeMap;

    fn plan() -> ClientsPlan {
        let homes = vec![("FR".to_string(), 3.0), ("KR".to_string(), 1.0)];
        ClientsPlan {
            homes,
            mobile: 0.3,
            vpn: 0.1,
            nat: 0.2,
            behind: 16_384,
            exit: Some("US".into()),
            ..ClientsPlan::at("FR")
        }
    }

    fn visitors(plan: &ClientsPlan) -> Vec<Visitor> {
        visitors_of(plan, 0)
    }

    fn visitors_of(plan: &ClientsPlan, users: u64) -> Vec<Visitor> {
        let places = ["FR", "KR", "US"].map(String::from).to_vec();
        let geography = Geography::new(&Map::preset("aws").unwrap(), places).unwrap();
        let population = Population::new(plan, users, &geography);
        (0..20_000).map(|user| population.visitor(traffic_key(1, 0, 0).request(user))).collect()
    }

    #[test]
    fn shares_are_as_planned() {
        let all = visitors(&plan());
        let share =
            |holds: &dyn Fn(&Visitor) -> bool| all.iter().filter(|v| holds(v)).count() as f64 / 20_000.0;
        let near = |share: f64, planned: f64| (share - planned).abs() < 0.015;
        assert!(near(share(&|v| v.place == 1), 0.75) && near(share(&|v| v.place == 2), 0.25));
        assert!(near(share(&|v| v.access == Access::Mobile), 0.3));
        assert!(near(share(&|v| v.access == Access::Vpn), 0.1));
        assert!(near(share(&|v| v.access == Access::Nat), 0.2));
    }

    #[test]
    fn addresses_are_those_of_the_country_or_of_the_tunnels_end_and_shared_behind_a_translator() {
        let of = |code: &str| -> Vec<u32> { countries::find(code).unwrap().networks().collect() };
        let mut shared: BTreeMap<u32, u32> = BTreeMap::new();
        for visitor in visitors(&plan()) {
            let home = if visitor.place == 1 { "FR" } else { "KR" };
            let country = if visitor.access == Access::Vpn { "US" } else { home };
            assert!(of(country).contains(&(visitor.address & 0xFFFF_0000)), "{visitor:?}");
            if visitor.access == Access::Nat {
                *shared.entry(visitor.address).or_default() += 1;
            }
        }
        assert!(shared.len() <= 2 * 8 * 4, "a /16 is behind four addresses: {}", shared.len());
        assert!(shared.values().all(|clients| *clients > 10), "{shared:?}");
    }

    /// Of 20,000 users a fifth sits behind translators, 3,000 in France and 1,000 in Korea, or all in one office.
    #[test]
    fn so_many_share_a_translator_as_the_plan_says() {
        let shared = |plan: &ClientsPlan| {
            let mut shared: BTreeMap<u32, u32> = BTreeMap::new();
            for visitor in visitors_of(plan, 20_000).iter().filter(|visitor| visitor.access == Access::Nat) {
                *shared.entry(visitor.address).or_default() += 1;
            }
            shared
        };
        let plan = ClientsPlan { behind: 1_000, ..plan() };
        let (at_home, at_work) =
            (shared(&plan), shared(&ClientsPlan { office: Some("US".into()), ..plan.clone() }));
        assert_eq!((at_home.len(), at_work.len()), (4, 4), "{at_home:?} {at_work:?}");
        let near = |clients: &u32| (850..1_150).contains(clients);
        assert!(at_home.values().all(near) && at_work.values().all(near), "{at_home:?} {at_work:?}");
        assert_eq!(shared(&ClientsPlan { behind: 60_000, ..plan }).len(), 2, "one for each country");
    }

    /// A log was written elsewhere than where its clients are said to be.
    #[test]
    fn recorded_addresses_give_way_to_those_of_the_place() {
        let geography = Geography::new(&Map::preset("aws").unwrap(), vec!["FR".to_string()]).unwrap();
        let population = Population::new(&ClientsPlan::at("FR"), 0, &geography);
        let draws = traffic_key(1, 0, 0);
        let mut request = Request::new(crate::kernel::NodeId(0), 0, draws.request(1), 0, 0);
        request.address = 0x0102_0304;
        place(&mut request, &population, draws, false);
        let french: Vec<u32> = countries::find("FR").unwrap().networks().collect();
        assert!(french.contains(&(request.address & 0xFFFF_0000)), "{:x}", request.address);
    }

    #[test]
    fn given_addresses_lie_where_their_clients_are() {
        let plan = ClientsPlan::at("FR");
        let places = vec!["FR".to_string()];
        let geography = Geography::new(&Map::preset("aws").unwrap(), places).unwrap();
        let population = Population::new(&plan, 0, &geography);
        let visitor = population.visitor(traffic_key(1, 0, 0).request(1));
        let french: Vec<u32> = countries::find("FR").unwrap().networks().collect();
        let local: BTreeMap<u32, u32> = (1..1001).map(|n| (n, population.local(&visitor, n << 8))).collect();
        assert!(local.values().all(|address| french.contains(&(address & 0xFFFF_0000))));
        let mut different: Vec<u32> = local.into_values().collect();
        different.sort_unstable();
        different.dedup();
        assert!(different.len() > 990, "{}", different.len());
    }

    #[test]
    fn a_code_is_an_access() {
        for access in [Access::Fixed, Access::Mobile, Access::Vpn, Access::Nat] {
            assert_eq!(Access::of(access.code()), access);
        }
    }
}
