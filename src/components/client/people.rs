//! The users of a recorded trace: each client that it names is one of them, so that who comes from an address today came from it yesterday.

use foldhash::fast::FixedState;
use std::collections::HashMap;

/// Numbers of recorded clients, in the order in which they came first.
#[derive(Clone, Debug)]
pub(super) struct People {
    /// Looked up, never iterated.
    numbers: HashMap<u32, u32, FixedState>,
    came: u64,
}

impl People {
    pub fn new() -> Self {
        People { numbers: HashMap::with_hasher(FixedState::with_seed(0)), came: 0 }
    }

    /// The user, from 1 to `users`, who is this client. There are as many users as clients at least (`check_load.rs`).
    pub fn number(&mut self, client: u32, users: u64) -> u32 {
        if let Some(number) = self.numbers.get(&client) {
            return *number;
        }
        let number = 1 + (self.came % users) as u32;
        self.came += 1;
        self.numbers.insert(client, number);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_the_same_user_each_time_it_comes() {
        let mut people = People::new();
        let came: Vec<u32> = [70, 80, 70, 90, 80].iter().map(|client| people.number(*client, 3)).collect();
        assert_eq!(came, [1, 2, 1, 3, 2]);
    }
}
