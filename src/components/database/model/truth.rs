//! The obvious evaluation of every question, and the obvious count of its work, against all models.

use super::schema::small;
use super::schema::{EDGE_BYTES, PART_BYTES};
use super::table::pair;
use super::tree::ENTRY_BYTES;
use super::work::Area;
use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Every version that was ever written; rows that are there.
struct Facts {
    schema: Schema,
    versions: BTreeMap<u64, u32>,
    friends: Vec<Vec<u64>>,
}

impl Facts {
    fn new(schema: Schema) -> Self {
        let lists = friends::lists(Area(0), &schema);
        let of = |row| lists.peek(row).iter().map(|friend| u64::from(*friend)).collect();
        let versions = (0..schema.rows).map(|id| (id, 0)).collect();
        Facts { schema, versions, friends: (0..schema.rows).map(of).collect() }
    }

    fn version(&self, id: u64) -> u32 {
        self.versions.get(&id).copied().unwrap_or(0)
    }

    fn friends(&self, id: u64) -> &[u64] {
        self.friends.get(id as usize).map_or(&[], Vec::as_slice)
    }

    /// Number, sum and bytes of the parts of an owner, found among all parts of a table.
    fn parts(&self, table: u64, owner: u64) -> (u64, u64) {
        let all = 0..self.schema.rows * self.schema.parts;
        let own: Vec<u64> = all.filter(|part| part % self.schema.rows == owner).collect();
        (own.len() as u64, own.iter().map(|part| self.schema.amount(table, *part)).sum())
    }

    fn point(&self, key: u64) -> Found {
        match self.versions.get(&key) {
            None => Found::default(),
            Some(version) => {
                let sum = (0..self.schema.columns).map(|column| self.schema.value(key, column, *version));
                Found { rows: 1, sum: sum.sum(), bytes: self.schema.row_bytes, best: None }
            }
        }
    }

    fn with_parts(&self, mut found: Found, tables: u64, owner: u64) -> Found {
        for table in 0..tables {
            let (count, sum) = self.parts(table, owner);
            found.rows += count;
            found.sum += sum;
            found.bytes += count * PART_BYTES;
        }
        found
    }

    fn columns(&self, key: u64) -> Found {
        let mut found = Found::default();
        for (id, version) in self.versions.range(key..).take(self.schema.scan as usize) {
            found.rows += 1;
            found.sum += self.schema.value(*id, 0, *version) + self.schema.value(*id, 1, *version);
            found.bytes += 16;
        }
        found
    }

    /// For everybody: how many of the user's friends know them.
    fn friends_of_friends(&self, user: u64) -> Found {
        let mut found = Found::default();
        let mut most = 0;
        for other in 0..self.schema.rows {
            let common =
                self.friends(user).iter().filter(|f| self.friends(**f).contains(&other)).count() as u64;
            if common == 0 || other == user || self.friends(user).contains(&other) {
                continue;
            }
            found.rows += 1;
            found.sum += common;
            found.bytes = 8;
            if common > most {
                most = common;
                found.best = Some(other as u32);
            }
        }
        found
    }

    fn join(&self, key: u64) -> Found {
        let group = self.schema.group(key);
        let members = self.versions.keys().filter(|id| self.schema.group(**id) == group);
        members.fold(Found::default(), |found, id| {
            let one =
                self.with_parts(Found { rows: found.rows + 1, ..found }, self.schema.tables.min(1), *id);
            Found { best: None, ..one }
        })
    }

    fn answer(&self, question: Question, key: u64) -> Found {
        match question {
            Question::Point => self.point(key),
            Question::Aggregate if self.point(key).rows == 0 => Found::default(),
            Question::Aggregate => self.with_parts(self.point(key), self.schema.tables, key),
            Question::Columns => self.columns(key),
            Question::FriendsOfFriends => self.friends_of_friends(key),
            Question::Join => self.join(key),
        }
    }
}

const QUESTIONS: [Question; 5] =
    [Question::Point, Question::Aggregate, Question::Columns, Question::FriendsOfFriends, Question::Join];

fn switches() -> impl Strategy<Value = Switches> {
    prop::collection::vec(any::<bool>(), 5).prop_map(|on| Switches {
        secondary_index: on[0],
        embedding: on[1],
        families: on[2],
        adjacency: on[3],
        hashing: on[4],
    })
}

fn schemas() -> impl Strategy<Value = Schema> {
    (1..70u64, 20..400u64, 1..5u64, 0..4u64, 0..4u64, 1..9u64, 1..40u64).prop_map(
        |(rows, row_bytes, families, tables, parts, friends, scan)| Schema {
            row_bytes,
            families,
            tables,
            parts,
            friends,
            scan,
            ..small(rows)
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Whatever was written, and whatever mechanism is off, all models say what is so.
    #[test]
    fn every_answer_is_the_obvious_one(schema in schemas(), switches in switches(),
                                       writes in prop::collection::vec(0..90u64, 0..40),
                                       asked in prop::collection::vec(0..95u64, 1..8)) {
        let mut facts = Facts::new(schema);
        let mut models: Vec<_> = (0..MODELS.len())
            .map(|model| build(model, &schema, Portion::ALL, needs(&QUESTIONS), switches))
            .collect();
        for (version, key) in (1..).zip(writes) {
            facts.versions.insert(key, version);
            models.iter_mut().for_each(|model| model.write(key, &mut Work::default()));
        }
        for (index, model) in models.iter().enumerate() {
            for question in QUESTIONS.into_iter().filter(|question| answers(index, *question)) {
                for key in &asked {
                    let found = model.ask(question, *key, &|id| facts.version(id), &mut Work::default());
                    let expected = facts.answer(question, *key);
                    prop_assert_eq!(found, expected, "{} {:?} {}", MODELS[index].name, question, key);
                }
            }
        }
    }
}

// ---- the count

/// An index as a sorted list: its pages are runs of it, those above are runs of runs.
struct Index {
    name: &'static str,
    keys: Vec<u64>,
    capacity: usize,
}

/// What was touched: structure, level, page.
#[derive(Default)]
struct Tally {
    steps: u64,
    rows: u64,
    bytes: u64,
    pages: Vec<(String, u64, u64)>,
}

impl Tally {
    fn touch(&mut self, structure: &str, level: u64, page: u64) {
        self.pages.push((structure.to_string(), level, page));
    }

    fn row(&mut self, bytes: u64) {
        self.rows += 1;
        self.bytes += bytes;
    }

    fn counts(mut self) -> (u64, u64, u64, u64) {
        self.pages.dedup();
        (self.steps, self.rows, self.bytes, self.pages.len() as u64)
    }
}

impl Index {
    fn new(name: &'static str, page_bytes: u64, keys: impl Iterator<Item = u64>) -> Self {
        Index { name, keys: keys.collect(), capacity: (page_bytes / ENTRY_BYTES) as usize }
    }

    /// From the root to the leaf where a key belongs.
    fn descend(&self, key: u64, tally: &mut Tally) -> usize {
        let at = self.keys.iter().rposition(|other| *other <= key).unwrap_or(0);
        let mut path = vec![at / self.capacity];
        let mut pages = self.keys.len().div_ceil(self.capacity).max(1);
        while pages > 1 {
            path.push(path.last().unwrap() / self.capacity);
            pages = pages.div_ceil(self.capacity);
        }
        for (level, page) in path.iter().enumerate().rev() {
            tally.steps += 1;
            tally.touch(self.name, level as u64, *page as u64);
        }
        path[0]
    }

    /// The keys from one on, as long as `wanted` says so.
    fn walk(&self, from: u64, mut wanted: impl FnMut(u64) -> bool, tally: &mut Tally) -> Vec<u64> {
        let leaf = self.descend(from, tally);
        let found: Vec<u64> =
            self.keys.iter().copied().filter(|key| *key >= from).take_while(|key| wanted(*key)).collect();
        tally.steps += found.len() as u64;
        // It ends where it sees an entry that is not wanted, or at the last leaf.
        let begin = self.keys.iter().filter(|key| **key < from).count();
        let end = (begin + found.len()).min(self.keys.len().saturating_sub(1)) / self.capacity;
        (leaf + 1..=end).for_each(|page| tally.touch(self.name, 0, page as u64));
        found
    }

    fn under(&self, a: u64, tally: &mut Tally) -> Vec<u64> {
        self.walk(pair(a, 0), |key| key >> 32 == a, tally).into_iter().map(|key| key & 0xFFFF_FFFF).collect()
    }
}

/// A record on its page or pages.
fn record(name: &str, place: u64, bytes: u64, page_bytes: u64, tally: &mut Tally) {
    let pages = if bytes > page_bytes {
        let each = bytes.div_ceil(page_bytes);
        place * each..(place + 1) * each
    } else {
        let page = place / (page_bytes / bytes);
        page..page + 1
    };
    pages.for_each(|page| tally.touch(name, 0, page));
}

/// The structures, as lists.
struct Obvious {
    facts: Facts,
    rows: Index,
    groups: Index,
    parts: Vec<Index>,
    friendships: Index,
}

const PART_NAMES: [&str; 3] = ["parts 0", "parts 1", "parts 2"];
const PART_INDEXES: [&str; 3] = ["by owner 0", "by owner 1", "by owner 2"];

impl Obvious {
    fn new(schema: Schema) -> Self {
        let facts = Facts::new(schema);
        let page = schema.page_bytes;
        let mut groups: Vec<u64> = (0..schema.rows).map(|id| pair(schema.group(id), id)).collect();
        groups.sort_unstable();
        let owned = || (0..schema.rows).flat_map(move |owner| (0..schema.parts).map(move |n| pair(owner, n)));
        let known = |user: u64| facts.friends(user).iter().map(move |friend| pair(user, *friend));
        let friendships: Vec<u64> = (0..schema.rows).flat_map(known).collect();
        Obvious {
            rows: Index::new("primary", page, 0..schema.rows),
            groups: Index::new("groups", page, groups.into_iter()),
            parts: (0..schema.tables as usize)
                .map(|table| Index::new(PART_INDEXES[table], page, owned()))
                .collect(),
            friendships: Index::new("friendships", page, friendships.into_iter()),
            facts,
        }
    }

    fn schema(&self) -> &Schema {
        &self.facts.schema
    }

    /// A row read at its place (rows lie in the order of their ids).
    fn read(&self, id: u64, bytes: u64, tally: &mut Tally) {
        record("rows", id, bytes, self.schema().page_bytes, tally);
        tally.row(bytes);
    }

    fn fetch(&self, id: u64, bytes: u64, tally: &mut Tally) {
        self.rows.descend(id, tally);
        self.read(id, bytes, tally);
    }

    fn part(&self, table: usize, place: u64, tally: &mut Tally) {
        record(PART_NAMES[table], place, PART_BYTES, self.schema().page_bytes, tally);
        tally.row(PART_BYTES);
    }

    fn parts_by_index(&self, table: usize, owner: u64, tally: &mut Tally) {
        for n in self.parts[table].under(owner, tally) {
            self.part(table, n * self.schema().rows + owner, tally);
        }
    }

    /// Addresses in the owner's list of edges, then the parts.
    fn parts_by_address(&self, table: usize, owner: u64, tally: &mut Tally) {
        let schema = *self.schema();
        for n in 0..schema.parts {
            let byte = (owner * schema.parts + n) * EDGE_BYTES;
            tally.touch(["owns 0", "owns 1", "owns 2"][table], 0, byte / schema.page_bytes);
            tally.steps += 1;
        }
        (0..schema.parts).for_each(|n| self.part(table, n * schema.rows + owner, tally));
    }

    fn scan(&self, key: u64, bytes: u64, tally: &mut Tally) {
        let mut count = 0;
        let limit = self.schema().scan;
        let ids = self.rows.walk(
            key,
            |_| {
                count += 1;
                count <= limit
            },
            tally,
        );
        ids.iter().for_each(|id| self.read(*id, bytes, tally));
    }

    /// The pages of a user's edges.
    fn edges(&self, user: u64, tally: &mut Tally) {
        let before: u64 = (0..user).map(|other| self.facts.friends(other).len() as u64).sum();
        for at in before..before + self.facts.friends(user).len() as u64 {
            tally.touch("edges", 0, at * EDGE_BYTES / self.schema().page_bytes);
        }
    }

    /// The user, then each friend.
    fn hops(&self, user: u64) -> Vec<u64> {
        std::iter::once(user).chain(self.facts.friends(user).iter().copied()).collect()
    }

    fn relational(&self, question: Question, key: u64, tally: &mut Tally) {
        let bytes = self.schema().row_bytes;
        match question {
            Question::Point => self.fetch(key, bytes, tally),
            Question::Aggregate => {
                self.fetch(key, bytes, tally);
                (0..self.parts.len()).for_each(|table| self.parts_by_index(table, key, tally));
            }
            Question::Columns => self.scan(key, bytes, tally),
            Question::FriendsOfFriends => {
                for user in self.hops(key) {
                    let friends = self.friendships.under(user, tally);
                    friends.iter().for_each(|_| tally.row(EDGE_BYTES));
                }
            }
            Question::Join => {
                let members = self.groups.under(self.schema().group(key), tally);
                members.iter().for_each(|id| self.read(*id, bytes, tally));
                for id in members {
                    (0..self.parts.len().min(1)).for_each(|table| self.parts_by_index(table, id, tally));
                }
            }
        }
    }

    fn document(&self, question: Question, key: u64, tally: &mut Tally) {
        let schema = self.schema();
        let bytes = schema.row_bytes + schema.tables * schema.parts * PART_BYTES;
        match question {
            Question::Point | Question::Aggregate => self.fetch(key, bytes, tally),
            Question::Columns => self.scan(key, bytes, tally),
            Question::FriendsOfFriends => {
                for user in self.hops(key) {
                    self.rows.descend(user, tally);
                    self.edges(user, tally);
                    self.facts.friends(user).iter().for_each(|_| tally.row(EDGE_BYTES));
                }
            }
            Question::Join => {
                let members = self.groups.under(schema.group(key), tally);
                members.iter().for_each(|id| self.read(*id, bytes, tally));
            }
        }
    }

    fn graph(&self, question: Question, key: u64, tally: &mut Tally) {
        let bytes = self.schema().row_bytes;
        match question {
            Question::Point => self.fetch(key, bytes, tally),
            Question::Aggregate => {
                self.fetch(key, bytes, tally);
                (0..self.parts.len()).for_each(|table| self.parts_by_address(table, key, tally));
            }
            Question::Columns => self.scan(key, bytes, tally),
            Question::FriendsOfFriends => {
                self.rows.descend(key, tally);
                for (hop, user) in self.hops(key).into_iter().enumerate() {
                    tally.steps += u64::from(hop > 0);
                    self.edges(user, tally);
                    self.facts.friends(user).iter().for_each(|_| tally.row(EDGE_BYTES));
                }
            }
            Question::Join => {
                for id in self.groups.under(self.schema().group(key), tally) {
                    self.read(id, bytes, tally);
                    if !self.parts.is_empty() {
                        self.parts_by_address(0, id, tally);
                    }
                }
            }
        }
    }

    /// One file: its block index, then the block.
    fn block(&self, file: u64, key: u64, bytes: u64, tally: &mut Tally) {
        let page = self.schema().page_bytes;
        let rows = (page / bytes).max(1);
        let index = Index::new("blocks", page, (0..self.schema().rows).step_by(rows as usize));
        let mut of_file = Tally::default();
        index.descend(key, &mut of_file);
        record("block", key / rows * rows, bytes, page, &mut of_file);
        tally.steps += of_file.steps + 1; // the memory is asked first
        let named =
            of_file.pages.into_iter().map(|(name, level, page)| (format!("{name} {file}"), level, page));
        tally.pages.extend(named);
    }

    fn wide_column(&self, question: Question, key: u64, tally: &mut Tally) {
        let schema = *self.schema();
        let bytes = schema.family_bytes();
        match question {
            Question::Columns => {
                // Two columns: of one family, if it has as many, else of two.
                for file in
                    0..if schema.columns.div_ceil(schema.families) >= 2 { 1 } else { schema.columns.min(2) }
                {
                    self.block(file, key, bytes, tally);
                    for id in key..(key + schema.scan).min(schema.rows) {
                        record(&format!("block {file}"), id, bytes, schema.page_bytes, tally);
                        tally.row(bytes);
                    }
                }
            }
            _ => {
                for file in 0..schema.families {
                    self.block(file, key, bytes, tally);
                    tally.row(bytes);
                }
                if question == Question::Aggregate && schema.parts > 0 {
                    for table in 0..schema.tables {
                        self.block(100 + table, key, schema.parts * PART_BYTES, tally);
                        (0..schema.parts).for_each(|_| tally.row(PART_BYTES));
                    }
                }
            }
        }
    }

    /// One page and at least one probe: how many is the hash table's business (tested there).
    fn key_value(&self, key: u64, tally: &mut Tally) {
        self.read(key, self.schema().row_bytes, tally);
    }

    fn count(&self, model: &str, question: Question, key: u64) -> Tally {
        let mut tally = Tally::default();
        match model {
            "relational" => self.relational(question, key, &mut tally),
            "document" => self.document(question, key, &mut tally),
            "graph" => self.graph(question, key, &mut tally),
            "wide_column" => self.wide_column(question, key, &mut tally),
            _ => self.key_value(key, &mut tally),
        }
        tally
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn every_count_is_the_obvious_one(schema in schemas(), keys in prop::collection::btree_set(0..70u64, 1..10)) {
        let obvious = Obvious::new(schema);
        let keys: BTreeSet<u64> = keys.into_iter().filter(|key| *key < schema.rows).collect();
        for (index, policy) in MODELS.iter().enumerate() {
            let model = build(index, &schema, Portion::ALL, needs(&QUESTIONS), Switches::default());
            for question in QUESTIONS.into_iter().filter(|question| answers(index, *question)) {
                for key in &keys {
                    let mut work = Work::default();
                    model.ask(question, *key, &|_| 0, &mut work);
                    let counted = (work.index_steps, work.rows, work.bytes, work.pages().len() as u64);
                    let mut tally = obvious.count(policy.name, question, *key);
                    if policy.name == "key_value" {
                        tally.steps = work.index_steps.max(1);
                    }
                    prop_assert_eq!(counted, tally.counts(), "{} {:?} {}", policy.name, question, key);
                }
            }
        }
    }
}
