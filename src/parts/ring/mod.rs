//! Which server has which key: maps from keys to servers that change as little as they can when servers come and go.
//!
//! Balancers, caches and sharded stores share them. Every map is a pure function of the list of servers and the key
//! (only `slots` also remembers who had what before), and equals what real clients compute.

mod hash;
mod jump;
mod ketama;
#[cfg(test)]
mod laws;
mod maglev;
mod md5;
mod modulo;
mod rendezvous;
mod siphash;
pub mod slots;

use crate::catalog::Policy;
pub use jump::bucket as jump_bucket;
pub use slots::{SLOTS, SlotTable, slot_of_number};

/// A server of a ring.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Server {
    /// What [`Ring::place`] answers: the owner's own number for it.
    pub id: u16,
    /// What is hashed: its host, or `host:port`.
    pub name: String,
    /// Its share, relative to the others; at least 1.
    pub weight: u32,
}

impl Server {
    /// A server of weight 1.
    pub fn new(id: u16, name: impl Into<String>) -> Self {
        Server { id, name: name.into(), weight: 1 }
    }
}

/// A way to give keys to servers.
pub trait Placement: Send + Sync {
    /// These are the servers from now on; there is at least one.
    fn arrange(&mut self, servers: &[Server]);
    /// The id of the server that has the key. Asked only after [`Placement::arrange`].
    fn place(&self, key: &[u8]) -> u16;
    /// An independent copy.
    fn fork(&self) -> Box<dyn Placement>;
}

type Make = fn() -> Box<dyn Placement>;

/// Registration: one line for each policy; whether it takes weights.
const TABLE: &[(Policy, Make, bool)] = &[
    (ketama::ENTRY, ketama::make, true),
    (modulo::ENTRY, modulo::make, false),
    (jump::ENTRY, jump::make, false),
    (rendezvous::ENTRY, rendezvous::make, true),
    (maglev::ENTRY, maglev::make, true),
    (slots::ENTRY, slots::make, true),
];

/// The policies, for the catalog.
pub const POLICIES: &[Policy] = &{
    let mut policies = [TABLE[0].0; TABLE.len()];
    let mut at = 0;
    while at < TABLE.len() {
        policies[at] = TABLE[at].0;
        at += 1;
    }
    policies
};

/// What is wrong with these weights under the policy by index: a message and a hint.
pub fn weights_problem(choice: usize, weights: &[u32]) -> Option<(String, String)> {
    let (policy, _, takes_weights) = &TABLE[choice];
    let first = weights.first()?;
    if !takes_weights && weights.iter().any(|weight| weight != first) {
        let able: Vec<String> =
            TABLE.iter().filter(|row| row.2).map(|row| format!("\"{}\"", row.0.name)).collect();
        let message = format!("\"{}\" knows no weights: every server has the same share", policy.name);
        return Some((message, format!("leave them out, or choose {}", crate::catalog::one_of(&able))));
    }
    let at = policy.name == "ketama" && ketama::points(weights).contains(&0);
    at.then(|| {
        let message =
            "the smallest weight is too small: ketama would give its server no point and no key".into();
        (message, "a weight below 1/40 of the mean weight comes to no point (libmemcached)".into())
    })
}

/// Servers and a way to give keys to them.
pub struct Ring {
    servers: Vec<Server>,
    placement: Box<dyn Placement>,
}

impl Ring {
    /// A ring with the policy by index in [`POLICIES`].
    pub fn new(choice: usize, servers: Vec<Server>) -> Self {
        let mut ring = Ring { servers, placement: TABLE[choice].1() };
        ring.arrange();
        ring
    }

    /// A ring with the policy by name.
    pub fn by_name(name: &str, servers: Vec<Server>) -> Option<Self> {
        POLICIES.iter().position(|policy| policy.name == name).map(|choice| Ring::new(choice, servers))
    }

    fn arrange(&mut self) {
        if !self.servers.is_empty() {
            self.placement.arrange(&self.servers);
        }
    }

    /// The id of the server that has a key, written in decimal as clients write it; `None` if there is no server.
    pub fn place(&self, key: u64) -> Option<u16> {
        match self.servers.as_slice() {
            [only] => Some(only.id), // no matter how the key is written
            _ => self.place_text(Decimal::of(key).as_bytes()),
        }
    }

    /// The id of the server that has the key of this text; `None` if there is no server.
    pub fn place_text(&self, key: &[u8]) -> Option<u16> {
        match self.servers.as_slice() {
            [] => None,
            [only] => Some(only.id),
            _ => Some(self.placement.place(key)),
        }
    }

    /// The servers, in the order in which they came.
    pub fn servers(&self) -> &[Server] {
        &self.servers
    }

    /// A server comes, behind the others; one with an id that is there already is not added again.
    pub fn add(&mut self, server: Server) {
        self.insert(self.servers.len(), server);
    }

    /// The same, but at this place in the order.
    pub fn insert(&mut self, at: usize, server: Server) {
        if self.servers.iter().all(|other| other.id != server.id) {
            self.servers.insert(at, server);
            self.arrange();
        }
    }

    /// A server goes; false if it was not there. Those behind it move up.
    pub fn remove(&mut self, id: u16) -> bool {
        let before = self.servers.len();
        self.servers.retain(|server| server.id != id);
        let was_there = self.servers.len() < before;
        if was_there {
            self.arrange();
        }
        was_there
    }
}

impl Clone for Ring {
    fn clone(&self) -> Self {
        Ring { servers: self.servers.clone(), placement: self.placement.fork() }
    }
}

impl std::fmt::Debug for Ring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Ring({:?})", self.servers)
    }
}

/// A number in decimal digits, without an allocation.
pub struct Decimal {
    digits: [u8; 20],
    from: usize,
}

impl Decimal {
    /// The digits of `number`.
    pub fn of(mut number: u64) -> Self {
        let mut text = Decimal { digits: [0; 20], from: 20 };
        loop {
            text.from -= 1;
            text.digits[text.from] = b'0' + (number % 10) as u8;
            number /= 10;
            if number == 0 {
                return text;
            }
        }
    }

    /// As text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.digits[self.from..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals() {
        for number in [0, 7, 10, 12_345, u64::MAX] {
            assert_eq!(Decimal::of(number).as_bytes(), number.to_string().as_bytes());
        }
    }

    #[test]
    fn a_ring_without_servers_has_no_answer_and_gets_one_with_the_first() {
        for policy in POLICIES {
            let mut ring = Ring::by_name(policy.name, Vec::new()).unwrap();
            assert_eq!(ring.place(1), None, "{}", policy.name);
            ring.add(Server::new(9, "a"));
            ring.add(Server::new(9, "a"));
            assert_eq!((ring.place(1), ring.servers().len()), (Some(9), 1), "{}", policy.name);
            assert!(ring.remove(9) && !ring.remove(9));
            assert_eq!(ring.place(1), None, "{}", policy.name);
            ring.add(Server::new(4, "b"));
            assert_eq!(ring.place(1), Some(4), "{}", policy.name);
        }
    }

    #[test]
    fn weights_that_do_not_fit() {
        let problem = |name: &str, weights: &[u32]| {
            let choice = POLICIES.iter().position(|policy| policy.name == name).unwrap();
            weights_problem(choice, weights).map(|(message, _)| message)
        };
        assert_eq!(problem("modulo", &[3, 3]), None);
        assert!(problem("modulo", &[5, 3]).unwrap().contains("knows no weights"));
        assert!(problem("jump", &[5, 3]).is_some());
        assert_eq!(problem("ketama", &[5, 3, 2]), None);
        assert!(problem("ketama", &[1, 1000, 1000]).unwrap().contains("no point"));
        assert_eq!(problem("rendezvous", &[1, 1000, 1000]), None);
        assert_eq!(problem("maglev", &[]), None);
    }
}
