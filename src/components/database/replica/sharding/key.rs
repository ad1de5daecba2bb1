//! The shard key: which attribute of a row decides where it lies.
//!
//! Attributes are pure functions of the row's number (see `random::keys::attribute`): nothing is stored. How many values
//! each has, and how uneven they are, is assumed; what follows from it is measured.

use crate::catalog::Policy;
use crate::random::keys::attribute;
use crate::random::mix::hash_name;

/// The attributes, in the order in which scripts see them.
pub const KEYS: &[Policy] = &[
    Policy {
        name: "id",
        about: "the row's own number: as many values as rows",
        source: "MongoDB 6.0 manual, ch. Shard Keys (cardinality, frequency, monotonicity)",
        wrong_when: "queries ask for all rows of a user",
    },
    Policy {
        name: "user",
        about: "the user whose row it is: twenty rows each (assumed)",
        source: "MongoDB 6.0 manual, ch. Shard Keys",
        wrong_when: "some users have far more rows, or far more readers, than others",
    },
    Policy {
        name: "tenant",
        about: "the customer's company: one per thousand rows, the first ones far larger (assumed: share of rank r ~ 1/sqrt(r))",
        source: "Citus manual, multi-tenant applications",
        wrong_when: "one tenant is larger than a shard",
    },
    Policy {
        name: "country",
        about: "the user's country: twenty values, the largest with a third of all rows (assumed)",
        source: "MongoDB 6.0 manual, ch. Shard Keys (low cardinality)",
        wrong_when: "there are more shards than countries that matter",
    },
];

/// An attribute of a keyspace.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyPart {
    /// Index in [`KEYS`].
    choice: usize,
    purpose: u64,
    /// Number of values, at least 1.
    pub values: u64,
}

impl KeyPart {
    /// An attribute by index, of so many rows.
    pub fn new(choice: usize, rows: u64) -> Self {
        let values = match KEYS[choice].name {
            "user" => rows / 20,
            "tenant" => rows / 1000,
            "country" => 20,
            _ => rows,
        };
        KeyPart { choice, purpose: hash_name(KEYS[choice].name), values: values.max(1) }
    }

    /// The row's own number.
    #[cfg(test)]
    pub fn own(rows: u64) -> Self {
        KeyPart::new(0, rows)
    }

    /// The value of a row, below `values`.
    #[inline]
    pub fn of(self, row: u64) -> u64 {
        if self.choice == 0 {
            return row;
        }
        // A uniform number of the row; its square and cube give the uneven attributes.
        let even = attribute(row, self.purpose, 1 << 20) as f64 / (1u64 << 20) as f64;
        let share = match KEYS[self.choice].name {
            "tenant" => even * even,
            "country" => even * even * even,
            _ => even,
        };
        ((share * self.values as f64) as u64).min(self.values - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn largest(choice: usize) -> f64 {
        let part = KeyPart::new(choice, 100_000);
        let mut rows = vec![0u32; part.values as usize];
        (0..100_000).for_each(|row| rows[part.of(row) as usize] += 1);
        f64::from(*rows.iter().max().unwrap()) / 1e5
    }

    #[test]
    fn the_largest_value_has_the_share_that_is_told() {
        assert_eq!(largest(0), 1e-5);
        assert!(largest(1) < 0.001);
        assert!((largest(2) - 0.1).abs() < 0.01, "sqrt(1/100)");
        assert!((largest(3) - 0.368).abs() < 0.01, "cbrt(1/20)");
    }
}
