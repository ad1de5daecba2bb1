//! Data models: each carries questions out on a real structure and counts what it touches.
//!
//! The rows are pure functions of their ids (`schema`), so only structure takes memory: trees, hash tables, adjacency. An
//! answer is the same in every model that can give it; what differs is the work. That is the point of this folder: models
//! differ by their structure, not by a declared speed.

mod document;
mod friends;
mod graph;
mod heap;
mod key_value;
#[cfg(test)]
mod portions;
pub mod question;
mod relational;
pub mod schema;
mod table;
mod tree;
#[cfg(test)]
mod truth;
mod wide_column;
pub mod work;

pub use question::{QUESTIONS, Question};
pub use schema::{Needs, Portion, Schema};
pub use work::Work;

use crate::catalog::Policy;
use friends::Recommendation;

/// The version of each row as it stands.
pub type Versions<'a> = &'a dyn Fn(u64) -> u32;

/// A data model with its data.
pub trait Model: Send {
    /// Answers a question about a key, and counts the work.
    fn ask(&self, question: Question, key: u64, versions: Versions<'_>, work: &mut Work) -> Found;
    /// Makes the structures ready for a new version of a row, which may be the first one; counts the work.
    fn write(&mut self, key: u64, work: &mut Work);
    /// Takes a row out, with what it owns. (Space on pages is not used again: nobody vacuums here.)
    fn remove(&mut self, key: u64);
    /// How many rows there are.
    fn stored(&self) -> u64;
    /// An independent copy.
    fn fork(&self) -> Box<dyn Model>;
}

/// What an answer holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Rows and parts in it, or users recommended.
    pub rows: u64,
    /// Sum of all values in it (of friends in common, for a recommendation).
    pub sum: u64,
    /// Its size.
    pub bytes: u64,
    /// The first choice of a recommendation.
    pub best: Option<u32>,
}

/// Bytes of a number in an answer.
const NUMBER_BYTES: u64 = 8;

impl Found {
    fn row(sum: u64, bytes: u64) -> Self {
        Found { rows: 1, sum, bytes, best: None }
    }

    fn add_parts(&mut self, (count, sum): (u64, u64)) {
        self.rows += count;
        self.sum += sum;
        self.bytes += count * schema::PART_BYTES;
    }

    /// Few columns of these rows.
    fn columns(schema: &Schema, ids: impl Iterator<Item = u64>, versions: Versions<'_>) -> Self {
        let columns = schema.few_columns();
        let mut found = Found::default();
        for id in ids {
            let version = versions(id);
            found.rows += 1;
            found.sum += (0..columns).map(|column| schema.value(id, column, version)).sum::<u64>();
            found.bytes += columns * NUMBER_BYTES;
        }
        found
    }

    fn recommendation(found: Recommendation) -> Self {
        let best = found.best.map(|(user, _)| user);
        let bytes = if best.is_some() { NUMBER_BYTES } else { 0 };
        Found { rows: found.candidates, sum: found.common, bytes, best }
    }
}

/// Number and sum of the parts that lie inside their owner's record: reading that has read them.
fn parts_by_rule(schema: &Schema, table: u64, owner: u64) -> (u64, u64) {
    let parts = schema.parts_of(owner);
    (parts, (0..parts).map(|n| schema.amount(table, schema.part(owner, n))).sum())
}

/// Mechanisms that a test may switch off.
#[derive(Clone, Copy, Debug)]
pub struct Switches {
    /// Relational: a join uses a secondary index.
    pub secondary_index: bool,
    /// Document: parts lie inside their owner.
    pub embedding: bool,
    /// Wide-column: each family has its own files.
    pub families: bool,
    /// Graph: vertices hold addresses of their neighbours.
    pub adjacency: bool,
    /// Key-value: values are found by hashing.
    pub hashing: bool,
}

impl Default for Switches {
    fn default() -> Self {
        Switches { secondary_index: true, embedding: true, families: true, adjacency: true, hashing: true }
    }
}

/// A kind of data model.
struct Kind {
    entry: Policy,
    answers: &'static [Question],
    build: fn(&Schema, Portion<'_>, Needs, Switches) -> Box<dyn Model>,
}

macro_rules! kind {
    ($module:ident) => {
        Kind { entry: $module::ENTRY, answers: $module::ANSWERS, build: $module::build }
    };
}

const KINDS: [Kind; 5] =
    [kind!(relational), kind!(key_value), kind!(document), kind!(wide_column), kind!(graph)];

/// The data models, by name.
pub const MODELS: &[Policy] =
    &[relational::ENTRY, key_value::ENTRY, document::ENTRY, wide_column::ENTRY, graph::ENTRY];

/// Whether a model, by index in [`MODELS`], can answer a question at all.
pub fn answers(model: usize, question: Question) -> bool {
    KINDS[model].answers.contains(&question)
}

/// The names of the models that can answer a question.
pub fn models_for(question: Question) -> Vec<&'static str> {
    KINDS.iter().filter(|kind| kind.answers.contains(&question)).map(|kind| kind.entry.name).collect()
}

/// A model, by index in [`MODELS`], with its portion of the data. Friendships are no rows: every node has all of them.
pub fn build(
    model: usize,
    schema: &Schema,
    portion: Portion<'_>,
    needs: Needs,
    switches: Switches,
) -> Box<dyn Model> {
    (KINDS[model].build)(schema, portion, needs, switches)
}

/// The structures that questions need.
pub fn needs(questions: &[Question]) -> Needs {
    let asks = |question| questions.contains(&question);
    Needs {
        parts: asks(Question::Aggregate) || asks(Question::Join),
        groups: asks(Question::Join),
        friends: asks(Question::FriendsOfFriends),
    }
}
