//! Relational: tables joined by keys, found by indexes.

use super::friends::{self, recommend};
use super::schema::{Needs, Portion, Schema};
use super::table::{Groups, Parts, Table, pair, second};
use super::tree::Tree;
use super::work::{Area, Work};
use super::{Found, Model, Question, Switches, Versions};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "relational",
    about: "tables with a B+tree on the primary key, secondary indexes, joins by index",
    source: "Codd, CACM 1970; B+tree: Comer, ACM Computing Surveys 1979; index joins: Selinger et al., SIGMOD 1979",
    wrong_when: "the same k tables are always joined (document), or hops along relations are counted in millions (graph)",
};

/// What it answers.
pub const ANSWERS: &[Question] =
    &[Question::Point, Question::Aggregate, Question::Columns, Question::FriendsOfFriends, Question::Join];

/// Bytes of a row in a wide scan do not depend on how few of its columns are wanted: rows are stored as a whole.
#[derive(Clone)]
struct Relational {
    schema: Schema,
    rows: Table,
    groups: Option<Groups>,
    parts: Vec<Parts>,
    /// (user, friend), both ways: a covering index, as a friendship has nothing else to tell.
    friends: Option<Tree>,
    /// Without its secondary index, a join reads whole tables.
    has_index: bool,
}

/// Builds it.
pub fn build(schema: &Schema, portion: Portion<'_>, needs: Needs, switches: Switches) -> Box<dyn Model> {
    Box::new(Relational {
        schema: *schema,
        rows: Table::new(0, schema, portion, schema.row_bytes),
        groups: needs.groups.then(|| Groups::new(2, schema, portion)),
        friends: needs.friends.then(|| friendships(schema)),
        parts: if needs.parts { Parts::all(4, schema, portion) } else { Vec::new() },
        has_index: switches.secondary_index,
    })
}

fn friendships(schema: &Schema) -> Tree {
    let lists = friends::lists(Area(3), schema);
    let of = |user| lists.peek(user).iter().map(move |friend| (pair(user, u64::from(*friend)), *friend));
    Tree::load(Area(3), schema.page_bytes, (0..schema.rows).flat_map(of))
}

impl Relational {
    fn aggregate(&self, key: u64, versions: Versions<'_>, work: &mut Work) -> Found {
        if !self.rows.fetch(key, work) {
            return Found::default();
        }
        let mut found = Found::row(self.schema.row_sum(key, versions(key)), self.schema.row_bytes);
        for table in &self.parts {
            found.add_parts(table.of(key, &self.schema, work));
        }
        found
    }

    fn columns(&self, key: u64, versions: Versions<'_>, work: &mut Work) -> Found {
        let rows = self.rows.range(key, self.schema.scan, work);
        rows.iter().for_each(|(_, place)| self.rows.read(*place, work));
        Found::columns(&self.schema, rows.iter().map(|(id, _)| *id), versions)
    }

    /// Two self-joins of the friendships.
    fn friends_of_friends(&self, user: u64, work: &mut Work) -> Found {
        let mut own = Vec::new();
        self.friends_of(user, &mut own, work);
        let mut reached = Vec::new();
        for friend in &own {
            self.friends_of(u64::from(*friend), &mut reached, work);
        }
        Found::recommendation(recommend(user as u32, &own, &mut reached))
    }

    fn friends_of(&self, user: u64, into: &mut Vec<u32>, work: &mut Work) {
        let before = into.len();
        let friends = self.friends.as_ref().expect("built for whoever asks");
        friends.walk(pair(user, 0), work, |key, _| {
            let is_own = key >> 32 == user;
            if is_own {
                into.push(second(key) as u32);
            }
            is_own
        });
        into[before..].iter().for_each(|_| work.row(super::schema::EDGE_BYTES));
    }

    fn join(&self, key: u64, work: &mut Work) -> Found {
        let group = self.schema.group(key);
        let groups = self.groups.as_ref().expect("built for whoever asks");
        let mut found = Found::default();
        if !self.has_index {
            // Both tables are read as a whole and joined in memory; what comes out is the same.
            self.rows.scan(work);
            self.parts.iter().take(1).for_each(|table| table.scan(work));
        }
        let mut unseen = Work::default();
        let work = if self.has_index { work } else { &mut unseen };
        let members = groups.members(group, work);
        members.iter().for_each(|(_, place)| self.rows.read(*place, work));
        for (id, _) in members {
            found.rows += 1;
            for table in self.parts.iter().take(1) {
                found.add_parts(table.of(id, &self.schema, work));
            }
        }
        found
    }
}

impl Model for Relational {
    fn ask(&self, question: Question, key: u64, versions: Versions<'_>, work: &mut Work) -> Found {
        match question {
            Question::Point if self.rows.fetch(key, work) => {
                Found::row(self.schema.row_sum(key, versions(key)), self.schema.row_bytes)
            }
            Question::Point => Found::default(),
            Question::Aggregate => self.aggregate(key, versions, work),
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
            self.parts.iter_mut().for_each(|table| drop(table.insert(key, &self.schema, work)));
        }
    }

    fn remove(&mut self, key: u64) {
        self.rows.remove(key);
        self.parts.iter_mut().for_each(|table| table.remove(key, &self.schema));
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
