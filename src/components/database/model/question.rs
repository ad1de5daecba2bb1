//! What can be asked of a database, apart from writing: the five questions on which the data models differ.

use crate::catalog::Policy;
use crate::parts::verbs::{ASK, READ};

/// A question about a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Question {
    /// The row under the key.
    Point,
    /// The row with everything it owns.
    Aggregate,
    /// Two columns of many rows, from the key on.
    Columns,
    /// Whom the key's friends know.
    FriendsOfFriends,
    /// The members of the key's group, with their parts.
    Join,
}

const ALL: [Question; 5] =
    [Question::Point, Question::Aggregate, Question::Columns, Question::FriendsOfFriends, Question::Join];

/// The questions, by name.
pub const QUESTIONS: &[Policy] = &[
    Policy {
        name: "point",
        about: "the row under the key, all columns",
        source: "YCSB's read: Cooper et al., SoCC 2010",
        wrong_when: "never wrong: every model answers it; a key-value store does little else",
    },
    Policy {
        name: "aggregate",
        about: "the row with everything it owns in the child tables: an order with its lines",
        source: "aggregates: Evans, Domain-Driven Design 2003; Sadalage and Fowler, NoSQL Distilled 2012",
        wrong_when: "the parts are also read without their owner",
    },
    Policy {
        name: "columns",
        about: "two columns of `scan` rows, from the key on: a sum over many rows",
        source: "column stores: Copeland and Khoshafian, SIGMOD 1985; families: Chang et al., Bigtable, OSDI 2006",
        wrong_when: "whole rows are wanted",
    },
    Policy {
        name: "friends_of_friends",
        about: "whom the friends know: the best recommendation, two hops away",
        source: "friend recommendation: Liben-Nowell and Kleinberg, CIKM 2003 (common neighbours)",
        wrong_when: "somebody with very many friends asks: the answer grows with the squares of degrees",
    },
    Policy {
        name: "join",
        about: "the members of the key's group, found by a secondary index, with their parts of one table",
        source: "joins: Codd, CACM 1970; by index (nested loop): Selinger et al., SIGMOD 1979",
        wrong_when: "the tables lie on many nodes",
    },
];

impl Question {
    /// By index in [`QUESTIONS`].
    pub fn of(index: usize) -> Self {
        ALL[index]
    }

    /// By name.
    pub fn named(name: &str) -> Option<Self> {
        QUESTIONS.iter().position(|policy| policy.name == name).map(Question::of)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        QUESTIONS[self as usize].name
    }

    /// The verb of a call that asks it.
    #[inline]
    pub fn verb(self) -> u16 {
        if self == Question::Point { READ } else { ASK + self as u16 }
    }

    /// The question that a verb asks, if it asks one.
    #[inline]
    pub fn of_verb(verb: u16) -> Option<Self> {
        if verb == READ {
            return Some(Question::Point);
        }
        ALL.into_iter().skip(1).find(|question| question.verb() == verb)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_verbs_and_questions_are_one_to_one() {
        assert_eq!(QUESTIONS.len(), ALL.len());
        for (index, question) in ALL.into_iter().enumerate() {
            assert_eq!(Question::of(index), question);
            assert_eq!(Question::named(question.name()), Some(question));
            assert_eq!(Question::of_verb(question.verb()), Some(question));
        }
        assert_eq!(Question::of_verb(crate::parts::verbs::WRITE), None);
    }
}
