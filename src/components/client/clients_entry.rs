//! What a script can say of who its clients are: `clients([["FR", 3], ["KR", 1]], #{ .. })`.

use crate::catalog::{Entry, Kind, Param, Preset};

const fn share(name: &'static str, about: &'static str) -> Param {
    Param { name, kind: Kind::Share, preset: Preset::Share(0.0), about }
}

const fn place(name: &'static str, preset: &'static str, about: &'static str) -> Param {
    Param { name, kind: Kind::Text, preset: Preset::Absent(preset), about }
}

/// Settings of clients, for `list`, `explain` and whoever reads a script.
pub static CLIENTS: Entry = Entry {
    name: "clients",
    about: "who the clients of a traffic are, for its setting `from`: clients([[\"FR\", 3], [\"KR\", 1]], #{ .. }) with regions or countries and their weights, clients([\"FR\", \"KR\"]) or clients(\"countries\") weighed by their IPv4 addresses",
    chapter: "9",
    headings: &[],
    params: &[
        share(
            "mobile",
            "share of the clients on mobile networks: their way to the network takes `mobile_access` of the traffic, and their addresses are those of their country, or of the `gateway`",
        ),
        share(
            "vpn",
            "share of the clients behind a tunnel: their addresses are those of its `exit`, and their messages go by there",
        ),
        share(
            "nat",
            "share of the clients behind a translator that many share: one address for each `behind` of them, at home or at the `office`",
        ),
        Param {
            name: "behind",
            kind: Kind::Count(1, 65_536),
            preset: Preset::Count(1_000),
            about: "clients behind one translator; counts with `nat`",
        },
        place("exit", "needed if some come by `vpn`", "where tunnels end: a region or country"),
        place("gateway", "in their own country", "where mobile networks come out: a region or country"),
        place("office", "in their own country", "where translators stand: a region or country"),
    ],
    needs: &[],
    actions: &[],
    measures: &[],
};
