//! Document: a row and everything it owns in one record.

use super::friends::{self, recommend};
use super::heap::Lists;
use super::schema::{EDGE_BYTES, Needs, PART_BYTES, Portion, Schema};
use super::table::{Groups, Parts, Table};
use super::tree::Tree;
use super::work::{Area, Work};
use super::{Found, Model, Question, Switches, Versions};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "document",
    about: "documents with their parts embedded, a B+tree on _id, secondary indexes",
    source: "Sadalage and Fowler, NoSQL Distilled 2012; MongoDB manual, Data Modeling: Embedded Data",
    wrong_when: "the parts are read without their owner, or few fields of many documents are: whole documents are read",
};

/// What it answers.
pub const ANSWERS: &[Question] =
    &[Question::Point, Question::Aggregate, Question::Columns, Question::FriendsOfFriends, Question::Join];

#[derive(Clone)]
struct Document {
    schema: Schema,
    rows: Table,
    groups: Option<Groups>,
    /// Only with the mechanism switched off: parts in collections of their own.
    parts: Vec<Parts>,
    /// One document per user with the list of friends, and the index on its _id.
    friends: Option<(Tree, Lists)>,
}

/// Builds it.
pub fn build(schema: &Schema, portion: Portion<'_>, needs: Needs, switches: Switches) -> Box<dyn Model> {
    let embedded = if switches.embedding { schema.tables * schema.parts * PART_BYTES } else { 0 };
    let apart = needs.parts && !switches.embedding;
    Box::new(Document {
        schema: *schema,
        rows: Table::new(0, schema, portion, schema.row_bytes + embedded),
        groups: needs.groups.then(|| Groups::new(2, schema, portion)),
        friends: needs.friends.then(|| {
            let ids = (0..schema.rows).map(|id| (id, id as u32));
            (Tree::load(Area(3), schema.page_bytes, ids), friends::lists(Area(4), schema))
        }),
        parts: if apart { Parts::all(5, schema, portion) } else { Vec::new() },
    })
}

impl Document {
    /// The parts of a document that has been fetched.
    fn parts_of(&self, owner: u64, tables: u64, found: &mut Found, work: &mut Work) {
        if !self.parts.is_empty() {
            let tables = self.parts.iter().take(tables as usize);
            tables.for_each(|table| found.add_parts(table.of(owner, &self.schema, work)));
            return;
        }
        for table in 0..tables {
            found.add_parts(super::parts_by_rule(&self.schema, table, owner));
        }
    }

    fn columns(&self, key: u64, versions: Versions<'_>, work: &mut Work) -> Found {
        let rows = self.rows.range(key, self.schema.scan, work);
        rows.iter().for_each(|(_, place)| self.rows.read(*place, work));
        Found::columns(&self.schema, rows.iter().map(|(id, _)| *id), versions)
    }

    fn friends_of_friends(&self, user: u64, work: &mut Work) -> Found {
        let own = self.friends_of(user, work).to_vec();
        let mut reached = Vec::new();
        for friend in &own {
            reached.extend_from_slice(self.friends_of(u64::from(*friend), work));
        }
        Found::recommendation(recommend(user as u32, &own, &mut reached))
    }

    /// One fetch for a whole list of friends; each of them is looked at all the same, to count the common ones (MongoDB: `$unwind`, `$group`).
    fn friends_of(&self, user: u64, work: &mut Work) -> &[u32] {
        let (index, lists) = self.friends.as_ref().expect("built for whoever asks");
        let Some(place) = index.find(user, work) else { return &[] };
        let list = lists.read(u64::from(place), work);
        list.iter().for_each(|_| work.row(EDGE_BYTES));
        list
    }

    fn join(&self, key: u64, work: &mut Work) -> Found {
        let groups = self.groups.as_ref().expect("built for whoever asks");
        let mut found = Found::default();
        for (id, place) in groups.members(self.schema.group(key), work) {
            self.rows.read(place, work);
            found.rows += 1;
            self.parts_of(id, self.schema.tables.min(1), &mut found, work);
        }
        found
    }
}

impl Model for Document {
    fn ask(&self, question: Question, key: u64, versions: Versions<'_>, work: &mut Work) -> Found {
        match question {
            Question::Point | Question::Aggregate => {
                if !self.rows.fetch(key, work) {
                    return Found::default();
                }
                let mut found = Found::row(self.schema.row_sum(key, versions(key)), self.schema.row_bytes);
                if question == Question::Aggregate {
                    self.parts_of(key, self.schema.tables, &mut found, work);
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
