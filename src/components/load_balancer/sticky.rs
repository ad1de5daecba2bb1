//! Sticky sessions: who came once comes back to the same server.

use crate::catalog::Policy;
use crate::kernel::{NodeId, Time};
use foldhash::fast::FixedState;
use std::collections::{HashMap, VecDeque};

/// By what clients are known again.
pub(super) const STICKY: &[Policy] = &[
    Policy {
        name: "cookie",
        about: "by a cookie in the browser that names the server",
        source: "HAProxy `cookie .. insert`, nginx sticky cookie",
        wrong_when: "clients keep no cookies (machines), or servers come and go and hold no state",
    },
    Policy {
        name: "address",
        about: "by the client's address, remembered in a table of the balancer",
        source: "HAProxy stick-table type ip",
        wrong_when: "many clients share an address (NAT), or addresses change",
    },
];

/// How clients are known again, and what is remembered of them. Cookies are remembered by the browsers.
#[derive(Clone)]
pub(super) enum Sticky {
    Cookie,
    Address(Table),
}

/// An address that has come to one of the balancer's targets (each backend has a stick-table of its own).
type Comer = (u16, u32);

/// Addresses and their servers, the oldest forgotten first (HAProxy: `stick-table size 1m`).
#[derive(Clone)]
pub(super) struct Table {
    servers: HashMap<Comer, (NodeId, Time), FixedState>,
    /// Who came when; an entry counts if the table says the same.
    order: VecDeque<(Comer, Time)>,
    most: usize,
}

impl Sticky {
    /// Of the chosen kind, remembering at most so many addresses.
    pub fn new(choice: usize, most: usize) -> Self {
        let table = || Table {
            servers: HashMap::with_hasher(FixedState::with_seed(0)),
            order: VecDeque::new(),
            most,
        };
        if STICKY[choice].name == "cookie" { Sticky::Cookie } else { Sticky::Address(table()) }
    }

    /// The server of a target that a client is bound to.
    pub fn server(&self, cookie: NodeId, comer: Comer) -> Option<NodeId> {
        match self {
            Sticky::Cookie => (cookie != NodeId::NONE).then_some(cookie),
            Sticky::Address(table) => table.servers.get(&comer).map(|(server, _)| *server),
        }
    }

    /// A client was served by this server. The cookie is the caller's to set.
    pub fn bind(&mut self, comer: Comer, server: NodeId, now: Time) {
        let Sticky::Address(table) = self else { return };
        let before = table.servers.insert(comer, (server, now));
        if before.is_none_or(|(bound, _)| bound != server) {
            table.order.push_back((comer, now));
        } else if let Some((_, since)) = before {
            table.servers.insert(comer, (server, since));
        }
        while table.order.len() > table.most {
            table.forget_oldest();
        }
    }

    /// The balancer's memory is gone. Cookies are elsewhere.
    pub fn forget(&mut self) {
        if let Sticky::Address(table) = self {
            table.servers.clear();
            table.order.clear();
        }
    }
}

impl Table {
    fn forget_oldest(&mut self) {
        let Some((comer, since)) = self.order.pop_front() else { return };
        if self.servers.get(&comer).is_some_and(|(_, bound)| *bound == since) {
            self.servers.remove(&comer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_address(most: usize) -> Sticky {
        let choice = STICKY.iter().position(|kind| kind.name == "address").unwrap();
        Sticky::new(choice, most)
    }

    #[test]
    fn an_address_is_bound_until_it_is_bound_anew() {
        let mut sticky = by_address(10);
        sticky.bind((0, 7), NodeId(1), 0);
        sticky.bind((0, 7), NodeId(1), 5);
        assert_eq!(sticky.server(NodeId::NONE, (0, 7)), Some(NodeId(1)));
        sticky.bind((0, 7), NodeId(2), 6);
        sticky.bind((1, 7), NodeId(3), 6);
        assert_eq!(sticky.server(NodeId::NONE, (0, 7)), Some(NodeId(2)));
        assert_eq!(sticky.server(NodeId::NONE, (1, 7)), Some(NodeId(3)), "servers of writes");
        assert_eq!(sticky.server(NodeId(1), (0, 8)), None, "cookies do not count");
    }

    #[test]
    fn the_table_is_bounded() {
        let mut sticky = by_address(2);
        for address in 1..=3 {
            sticky.bind((0, address), NodeId(1), u64::from(address));
        }
        assert_eq!(sticky.server(NodeId::NONE, (0, 1)), None);
        assert_eq!(sticky.server(NodeId::NONE, (0, 3)), Some(NodeId(1)));
    }

    #[test]
    fn a_cookie_is_believed() {
        assert_eq!(Sticky::new(0, 1).server(NodeId(4), (0, 9)), Some(NodeId(4)));
        assert_eq!(Sticky::new(0, 1).server(NodeId::NONE, (0, 9)), None);
    }
}
