//! Graph: vertices that hold the addresses of their neighbours.

use super::friends::{self, recommend};
use super::heap::Lists;
use super::schema::{EDGE_BYTES, Needs, Schema};
use super::table::{Groups, Parts, Table};
use super::work::{Area, Work};
use super::{Found, Model, Question, Switches, Versions};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "graph",
    about: "vertices with adjacency lists: a hop follows an address, only the start is looked up in an index",
    source: "index-free adjacency: Rodriguez and Neubauer, The graph traversal pattern, 2010; JanusGraph data layout",
    wrong_when: "questions range over all rows, or one vertex has so many neighbours that its list is the whole answer",
};

/// What it answers.
pub const ANSWERS: &[Question] =
    &[Question::Point, Question::Aggregate, Question::Columns, Question::FriendsOfFriends, Question::Join];

#[derive(Clone)]
struct Graph {
    schema: Schema,
    rows: Table,
    groups: Option<Groups>,
    /// From a vertex to its parts, for each child table, and the parts themselves.
    owns: Vec<(Lists, Parts)>,
    friends: Option<Lists>,
    /// Without addresses, every hop is a look-up in the index.
    has_addresses: bool,
}

/// Builds it.
pub fn build(schema: &Schema, needs: Needs, switches: Switches) -> Box<dyn Model> {
    let tables = if needs.parts { schema.tables } else { 0 };
    let owns = |table: u64| {
        let area = 4 + 3 * table as u8;
        (edges_to_parts(Area(area), schema), Parts::new(area + 1, table, schema))
    };
    Box::new(Graph {
        schema: *schema,
        rows: Table::new(0, schema.rows, schema.row_bytes, schema.page_bytes),
        groups: needs.groups.then(|| Groups::new(2, schema)),
        owns: (0..tables).map(owns).collect(),
        friends: needs.friends.then(|| friends::lists(Area(3), schema)),
        has_addresses: switches.adjacency,
    })
}

fn edges_to_parts(area: Area, schema: &Schema) -> Lists {
    let begins = (0..=schema.rows).map(|row| (row * schema.parts) as u32).collect();
    let parts = |owner| (0..schema.parts).map(move |n| schema.part(owner, n) as u32);
    let items = (0..schema.rows).flat_map(parts).collect();
    Lists::new(area, EDGE_BYTES, schema.page_bytes, begins, items)
}

impl Graph {
    /// The parts that hang on a vertex.
    fn parts_of(&self, owner: u64, tables: usize, found: &mut Found, work: &mut Work) {
        for (edges, parts) in self.owns.iter().take(tables) {
            let places = edges.read(owner, work);
            places.iter().for_each(|_| work.step());
            found.add_parts(parts.read(places, &self.schema, work));
        }
    }

    fn columns(&self, key: u64, versions: Versions<'_>, work: &mut Work) -> Found {
        let rows = self.rows.range(key, self.schema.scan, work);
        rows.iter().for_each(|(_, place)| self.rows.read(*place, work));
        Found::columns(&self.schema, rows.iter().map(|(id, _)| *id), versions)
    }

    fn friends_of_friends(&self, user: u64, work: &mut Work) -> Found {
        let Some(start) = self.rows.find(user, work) else { return Found::default() };
        let own = self.neighbours(start, work).to_vec();
        let mut reached = Vec::new();
        for friend in &own {
            let there = match self.has_addresses {
                true => Some(*friend),
                false => self.rows.find(u64::from(*friend), work),
            };
            work.step();
            reached.extend_from_slice(self.neighbours(there.expect("friends exist"), work));
        }
        Found::recommendation(recommend(user as u32, &own, &mut reached))
    }

    /// The friends at a vertex: each edge is looked at.
    fn neighbours(&self, vertex: u32, work: &mut Work) -> &[u32] {
        let friends = self.friends.as_ref().expect("built for whoever asks");
        let list = friends.read(u64::from(vertex), work);
        list.iter().for_each(|_| work.row(EDGE_BYTES));
        list
    }

    fn join(&self, key: u64, work: &mut Work) -> Found {
        let groups = self.groups.as_ref().expect("built for whoever asks");
        let mut found = Found::default();
        for (id, place) in groups.members(self.schema.group(key), work) {
            self.rows.read(place, work);
            found.rows += 1;
            self.parts_of(id, 1, &mut found, work);
        }
        found
    }
}

impl Model for Graph {
    fn ask(&self, question: Question, key: u64, versions: Versions<'_>, work: &mut Work) -> Found {
        match question {
            Question::Point | Question::Aggregate => {
                if !self.rows.fetch(key, work) {
                    return Found::default();
                }
                let mut found = Found::row(self.schema.row_sum(key, versions(key)), self.schema.row_bytes);
                if question == Question::Aggregate {
                    self.parts_of(key, self.owns.len(), &mut found, work);
                }
                found
            }
            Question::Columns => self.columns(key, versions, work),
            Question::FriendsOfFriends => self.friends_of_friends(key, work),
            Question::Join => self.join(key, work),
        }
    }

    fn write(&mut self, key: u64, work: &mut Work) {
        let (place, is_new) = self.rows.write(key, work);
        if let (Some(groups), true) = (&mut self.groups, is_new) {
            groups.insert(self.schema.group(key), key, place, work);
        }
    }

    fn fork(&self) -> Box<dyn Model> {
        Box::new(self.clone())
    }
}
