//! Graph: vertices that hold the addresses of their neighbours.

use super::friends::{self, recommend};
use super::heap::Lists;
use super::schema::{EDGE_BYTES, Needs, Portion, Schema};
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
    /// From the place of a vertex to its parts, for each child table, and the parts themselves.
    owns: Vec<(Lists, Parts)>,
    /// The friends of each vertex, by its id.
    friends: Option<Lists>,
    /// Without addresses, every hop is a look-up in the index.
    has_addresses: bool,
}

/// Builds it.
pub fn build(schema: &Schema, portion: Portion<'_>, needs: Needs, switches: Switches) -> Box<dyn Model> {
    let tables = if needs.parts { schema.tables } else { 0 };
    let owns = |table: u64| {
        let area = 4 + 3 * table as u8;
        (edges_to_parts(Area(area), schema, portion), Parts::new(area + 1, table, schema, portion))
    };
    Box::new(Graph {
        schema: *schema,
        rows: Table::new(0, schema, portion, schema.row_bytes),
        groups: needs.groups.then(|| Groups::new(2, schema, portion)),
        owns: (0..tables).map(owns).collect(),
        friends: needs.friends.then(|| friends::lists(Area(3), schema)),
        has_addresses: switches.adjacency,
    })
}

/// The parts of each vertex lie as [`Parts::new`] lays them.
fn edges_to_parts(area: Area, schema: &Schema, portion: Portion<'_>) -> Lists {
    let owners = portion.ids(schema).count() as u64;
    let begins = (0..=owners).map(|place| (place * schema.parts) as u32).collect();
    let parts = |place| (0..schema.parts).map(move |n| (n * owners + place) as u32);
    let items = (0..owners).flat_map(parts).collect();
    Lists::new(area, EDGE_BYTES, schema.page_bytes, begins, items)
}

impl Graph {
    /// The parts that hang on a vertex.
    fn parts_of(&self, owner: (u64, u32), tables: usize, found: &mut Found, work: &mut Work) {
        for (edges, parts) in self.owns.iter().take(tables) {
            let places = edges.read(u64::from(owner.1), work);
            places.iter().for_each(|_| work.step());
            found.add_parts(parts.read(owner.0, places, &self.schema, work));
        }
    }

    fn columns(&self, key: u64, versions: Versions<'_>, work: &mut Work) -> Found {
        let rows = self.rows.range(key, self.schema.scan, work);
        rows.iter().for_each(|(_, place)| self.rows.read(*place, work));
        Found::columns(&self.schema, rows.iter().map(|(id, _)| *id), versions)
    }

    fn friends_of_friends(&self, user: u64, work: &mut Work) -> Found {
        if self.rows.find(user, work).is_none() {
            return Found::default();
        }
        let own = self.neighbours(user as u32, work).to_vec();
        let mut reached = Vec::new();
        for friend in &own {
            if !self.has_addresses {
                self.rows.find(u64::from(*friend), work);
            }
            work.step();
            reached.extend_from_slice(self.neighbours(*friend, work));
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
            self.parts_of((id, place), 1, &mut found, work);
        }
        found
    }
}

impl Model for Graph {
    fn ask(&self, question: Question, key: u64, versions: Versions<'_>, work: &mut Work) -> Found {
        match question {
            Question::Point | Question::Aggregate => {
                let Some(place) = self.rows.find(key, work) else { return Found::default() };
                self.rows.read(place, work);
                let mut found = Found::row(self.schema.row_sum(key, versions(key)), self.schema.row_bytes);
                if question == Question::Aggregate {
                    self.parts_of((key, place), self.owns.len(), &mut found, work);
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
        if is_new {
            for (edges, parts) in &mut self.owns {
                let places = parts.insert(key, &self.schema, work);
                edges.push(&places);
            }
        }
    }

    fn remove(&mut self, key: u64) {
        self.rows.remove(key);
        self.owns.iter_mut().for_each(|(_, parts)| parts.remove(key, &self.schema));
        if let Some(groups) = &mut self.groups {
            groups.remove(self.schema.group(key), key);
        }
    }

    fn stored(&self) -> u64 {
        self.rows.len()
    }

    fn fork(&self) -> Box<dyn Model> {
        Box::new(self.clone())
    }
}
