//! The policies once more, as plainly as their papers say them: lists that are searched, nothing kept that can be counted.

/// An item as a policy sees it.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    pub key: u64,
    pub weight: u64,
    /// What the policy counts: uses, a mark.
    pub uses: u64,
    /// When it was used last, by a count of all uses.
    pub used: u64,
}

/// A list of items, the oldest first.
#[derive(Clone, Debug, Default)]
pub struct Row(pub Vec<Seen>);

impl Row {
    fn weight(&self) -> u64 {
        self.0.iter().map(|item| item.weight).sum()
    }
    fn find(&mut self, key: u64) -> Option<&mut Seen> {
        self.0.iter_mut().find(|item| item.key == key)
    }
    fn take(&mut self, key: u64) -> Option<Seen> {
        let at = self.0.iter().position(|item| item.key == key)?;
        Some(self.0.remove(at))
    }
    fn move_to_end(&mut self, key: u64) -> bool {
        let item = self.take(key);
        self.0.extend(item);
        item.is_some()
    }
    /// As a row of ghosts.
    fn remember(&mut self, item: Seen, capacity: u64) {
        while item.weight <= capacity && self.weight() + item.weight > capacity {
            self.0.remove(0);
        }
        if item.weight <= capacity {
            self.0.push(item);
        }
    }
}

/// The order of one policy.
#[derive(Clone, Debug)]
pub enum Slow {
    /// One row, of which the least by some measure goes.
    Least {
        row: Row,
        measure: fn(&Seen) -> (u64, u64),
        moment: u64,
    },
    Clock(Row),
    /// The row, and the key under the hand.
    Sieve(Row, Option<u64>),
    S3Fifo {
        small: Row,
        main: Row,
        ghost: Row,
        capacity: u64,
        has_evicted: bool,
        returns: bool,
    },
    TwoQ {
        fresh: Row,
        lasting: Row,
        ghost: Row,
        capacity: u64,
        returns: bool,
    },
    Arc {
        lists: [Row; 2],
        ghosts: [Row; 2],
        target: f64,
        capacity: u64,
        from: Option<usize>,
        incoming: u64,
    },
    /// Window, probation, protected.
    WTinyLfu {
        lists: [Row; 3],
        wishes: Wishes,
        capacity: u64,
        incoming: u64,
    },
}

/// Exact counts of wishes, aged: what the sketch counts as long as no two keys share its cells.
#[derive(Clone, Debug)]
pub struct Wishes {
    /// Key, whether the doorkeeper knows it, further wishes.
    known: Vec<(u64, bool, u64)>,
    total: u64,
    size: u64,
}

impl Wishes {
    fn of(items: u64) -> Self {
        Wishes { known: Vec::new(), total: 0, size: items.max(16) }
    }
    fn count(&mut self, key: u64) {
        match self.known.iter_mut().find(|(other, ..)| *other == key) {
            Some((_, true, more)) => *more = (*more + 1).min(15),
            Some((_, door, _)) => *door = true,
            None => self.known.push((key, true, 0)),
        }
        self.total += 1;
        if self.total >= 10 * self.size {
            self.total /= 2;
            self.known.iter_mut().for_each(|(_, door, more)| (*door, *more) = (false, *more / 2));
        }
    }
    fn of_key(&self, key: u64) -> u64 {
        self.known
            .iter()
            .find(|(other, ..)| *other == key)
            .map_or(0, |(_, door, more)| more + u64::from(*door))
    }
}

impl Slow {
    pub fn of(policy: &str, capacity: u64, items: Option<u64>) -> Option<Slow> {
        let row = Row::default;
        let least = |measure| Some(Slow::Least { row: row(), measure, moment: 0 });
        match policy {
            "fifo" => least(|_| (0, 0)),
            "lru" => least(|item| (0, item.used)),
            "lfu" => least(|item| (item.uses, item.used)),
            "clock" => Some(Slow::Clock(row())),
            "sieve" => Some(Slow::Sieve(row(), None)),
            "s3fifo" => Some(Slow::S3Fifo {
                small: row(),
                main: row(),
                ghost: row(),
                capacity,
                has_evicted: false,
                returns: false,
            }),
            "2q" => Some(Slow::TwoQ { fresh: row(), lasting: row(), ghost: row(), capacity, returns: false }),
            "arc" => Some(Slow::Arc {
                lists: [row(), row()],
                ghosts: [row(), row()],
                target: 0.0,
                capacity,
                from: None,
                incoming: 0,
            }),
            "w_tinylfu" => Some(Slow::WTinyLfu {
                lists: [row(), row(), row()],
                wishes: Wishes::of(items.unwrap_or(0)),
                capacity,
                incoming: 0,
            }),
            _ => None,
        }
    }

    /// A key that is not there is about to come in.
    pub fn expect(&mut self, key: u64, weight: u64) {
        match self {
            Slow::S3Fifo { ghost, returns, .. } | Slow::TwoQ { ghost, returns, .. } => {
                *returns = ghost.take(key).is_some();
            }
            Slow::Arc { ghosts, target, capacity, from, incoming, .. } => {
                let [once, often] = [ghosts[0].weight() as f64, ghosts[1].weight() as f64];
                *incoming = weight;
                *from = (0..2).find(|at| ghosts[*at].take(key).is_some());
                match from {
                    Some(0) => *target = (*target + (often / once).max(1.0)).min(*capacity as f64),
                    Some(_) => *target = (*target - (once / often).max(1.0)).max(0.0),
                    None => {}
                }
            }
            Slow::WTinyLfu { wishes, incoming, .. } => {
                *incoming = weight;
                wishes.count(key);
            }
            _ => {}
        }
    }

    pub fn insert(&mut self, key: u64, weight: u64) {
        let mut item = Seen { key, weight, uses: 0, used: 0 };
        match self {
            Slow::Least { row, moment, .. } => {
                *moment += 1;
                (item.uses, item.used) = (1, *moment);
                row.0.push(item);
            }
            Slow::Clock(row) | Slow::Sieve(row, _) => row.0.push(item),
            Slow::S3Fifo { small, main, capacity, has_evicted, returns, .. } => {
                let share = *capacity / 10;
                let full = small.weight() >= share && !*has_evicted;
                let row = if *returns || full || weight > share { main } else { small };
                row.0.push(item);
            }
            Slow::TwoQ { fresh, lasting, returns, .. } => {
                let row = if *returns { lasting } else { fresh };
                row.0.push(item);
            }
            Slow::Arc { lists, from, .. } => lists[usize::from(from.is_some())].0.push(item),
            Slow::WTinyLfu { lists, wishes, capacity, .. } => {
                let items = lists.iter().map(|row| row.0.len() as u64).sum::<u64>() + 1;
                if items > wishes.size {
                    *wishes = Wishes::of(2 * items);
                }
                lists[0].0.push(item);
                while lists[0].weight() > window(*capacity) && lists[0].0.len() > 1 {
                    let oldest = lists[0].0.remove(0);
                    lists[1].0.push(oldest);
                }
            }
        }
    }

    pub fn hit(&mut self, key: u64) {
        match self {
            Slow::Least { row, moment, .. } => {
                *moment += 1;
                let item = row.find(key).expect("it is there");
                item.uses += 1;
                item.used = *moment;
            }
            Slow::Clock(row) | Slow::Sieve(row, _) => row.find(key).expect("it is there").uses = 1,
            Slow::S3Fifo { small, main, .. } => {
                small.find(key).or(main.find(key)).expect("it is there").uses += 1;
            }
            Slow::TwoQ { lasting, .. } => {
                lasting.move_to_end(key);
            }
            Slow::Arc { lists, .. } => {
                let item = lists[0].take(key).or_else(|| lists[1].take(key)).expect("it is there");
                lists[1].0.push(item);
            }
            Slow::WTinyLfu { lists, wishes, capacity, .. } => {
                wishes.count(key);
                if let Some(item) = lists[1].take(key) {
                    lists[2].0.push(item);
                    let most = ((*capacity - window(*capacity)) as f64 * 0.8) as u64;
                    while lists[2].weight() > most {
                        let oldest = lists[2].0.remove(0);
                        lists[1].0.push(oldest);
                    }
                }
                let _ = lists[0].move_to_end(key) || lists[2].move_to_end(key);
            }
        }
    }

    /// Takes out what goes next; its key.
    pub fn evict(&mut self) -> u64 {
        match self {
            Slow::Least { row, measure, .. } => {
                let at = (0..row.0.len()).min_by_key(|at| measure(&row.0[*at])).expect("an item");
                row.0.remove(at).key
            }
            Slow::Clock(row) => loop {
                let item = row.0.remove(0);
                if item.uses == 0 {
                    return item.key;
                }
                row.0.push(Seen { uses: 0, ..item });
            },
            Slow::Sieve(row, hand) => loop {
                let at = hand.and_then(|key| row.0.iter().position(|item| item.key == key)).unwrap_or(0);
                *hand = row.0.get(at + 1).map(|item| item.key);
                if row.0[at].uses == 0 {
                    return row.0.remove(at).key;
                }
                row.0[at].uses = 0;
            },
            Slow::S3Fifo { small, main, ghost, capacity, has_evicted, .. } => {
                *has_evicted = true;
                s3fifo(small, main, ghost, *capacity)
            }
            Slow::TwoQ { fresh, lasting, ghost, capacity, .. } => {
                if fresh.weight() <= *capacity / 4 && !lasting.0.is_empty() {
                    return lasting.0.remove(0).key;
                }
                let item = fresh.0.remove(0);
                ghost.remember(item, *capacity / 2);
                item.key
            }
            Slow::Arc { lists, ghosts, target, capacity, from, incoming } => {
                arc(lists, ghosts, *target, *capacity, *from, *incoming)
            }
            Slow::WTinyLfu { lists, wishes, capacity, incoming } => {
                let overflows = lists[0].weight() + *incoming > window(*capacity);
                let main = if lists[1].0.is_empty() { 2 } else { 1 };
                match (lists[0].0.first().copied(), lists[main].0.first().copied()) {
                    (_, None) => lists[0].0.remove(0).key,
                    (Some(candidate), Some(victim)) if overflows => {
                        lists[0].0.remove(0);
                        if wishes.of_key(candidate.key) <= wishes.of_key(victim.key) {
                            return candidate.key;
                        }
                        lists[1].0.push(candidate);
                        lists[main].0.remove(0).key
                    }
                    _ => lists[main].0.remove(0).key,
                }
            }
        }
    }

    pub fn remove(&mut self, key: u64) {
        match self {
            Slow::Sieve(row, hand) => {
                let at = row.0.iter().position(|item| item.key == key).expect("it is there");
                if *hand == Some(key) {
                    *hand = row.0.get(at + 1).map(|item| item.key);
                }
                row.0.remove(at);
            }
            _ => {
                self.rows().into_iter().find_map(|row| row.take(key)).expect("it is there");
            }
        }
    }

    /// An item that is there is to weigh so much more.
    pub fn grows(&mut self, by: u64) {
        match self {
            // As for one that returns: what counts is where T1 should end, not what is not known at all.
            Slow::Arc { from, incoming, .. } => (*from, *incoming) = (Some(0), by),
            Slow::WTinyLfu { incoming, .. } => *incoming = by,
            _ => {}
        }
    }

    /// Its item weighs so much now.
    pub fn weigh(&mut self, key: u64, weight: u64) {
        let mut rows = self.rows();
        rows.iter_mut().find_map(|row| row.find(key)).expect("it is there").weight = weight;
    }

    /// The rows of items, without ghosts.
    fn rows(&mut self) -> Vec<&mut Row> {
        match self {
            Slow::Least { row, .. } | Slow::Clock(row) | Slow::Sieve(row, _) => vec![row],
            Slow::S3Fifo { small, main, .. } => vec![small, main],
            Slow::TwoQ { fresh, lasting, .. } => vec![fresh, lasting],
            Slow::Arc { lists, .. } => lists.iter_mut().collect(),
            Slow::WTinyLfu { lists, .. } => lists.iter_mut().collect(),
        }
    }
}

fn window(capacity: u64) -> u64 {
    ((capacity as f64 * 0.01) as u64).max(1)
}

fn s3fifo(small: &mut Row, main: &mut Row, ghost: &mut Row, capacity: u64) -> u64 {
    let share = capacity / 10;
    if main.weight() <= capacity - share {
        while !small.0.is_empty() {
            let item = small.0.remove(0);
            if item.uses < 2 {
                ghost.remember(item, (capacity as f64 * 0.9) as u64);
                return item.key;
            }
            main.0.push(Seen { uses: 0, ..item });
        }
    }
    while !main.0.is_empty() {
        let item = main.0.remove(0);
        if item.uses == 0 {
            return item.key;
        }
        main.0.push(Seen { uses: item.uses.min(3) - 1, ..item });
    }
    s3fifo(small, main, ghost, u64::MAX)
}

fn arc(
    lists: &mut [Row; 2],
    ghosts: &mut [Row; 2],
    target: f64,
    capacity: u64,
    from: Option<usize>,
    incoming: u64,
) -> u64 {
    let [once, often] = [lists[0].weight(), lists[1].weight()];
    if from.is_none() {
        if once + ghosts[0].weight() + incoming > capacity {
            if ghosts[0].0.is_empty() && !lists[0].0.is_empty() {
                return lists[0].0.remove(0).key;
            }
            ghosts[0].0.drain(..1.min(ghosts[0].0.len()));
        } else if once + often + ghosts[0].weight() + ghosts[1].weight() >= 2 * capacity {
            ghosts[1].0.drain(..1.min(ghosts[1].0.len()));
        }
    }
    let over = once as f64 > target || (once as f64 == target && from == Some(1));
    let at = usize::from(!((over && !lists[0].0.is_empty()) || lists[1].0.is_empty()));
    let item = lists[at].0.remove(0);
    ghosts[at].remember(item, capacity);
    item.key
}
