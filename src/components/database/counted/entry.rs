//! Settings of a database whose work is counted. What the script does not say, the profile does; else the preset holds.

use super::cost::{self, Costs};
use super::log;
use crate::catalog::{Kind, Param, Policy, Preset, Settings};
use crate::components::database::model::{MODELS, Schema};
use crate::kernel::Time;
use crate::profiles::{self, Profile, Worth};

/// Where rows and structures live.
pub const STORAGES: &[Policy] = &[
    Policy {
        name: "disk",
        about: "on pages of a disk, as many of them in memory as the buffer holds",
        source: "Gray and Reuter, Transaction Processing 1993",
        wrong_when: "everything fits in memory and a log is enough to survive",
    },
    Policy {
        name: "memory",
        about: "in memory, the disk holds the log only: no pages are read",
        source: "Garcia-Molina and Salem, Main memory database systems, IEEE TKDE 1992; Redis",
        wrong_when: "the data is larger than the memory that is paid for",
    },
];

const fn count(name: &'static str, low: i64, high: i64, preset: i64, about: &'static str) -> Param {
    Param { name, kind: Kind::Count(low, high), preset: Preset::Count(preset), about }
}

/// The data model.
pub const MODEL: Param = Param {
    name: "model",
    kind: Kind::Choice(MODELS),
    preset: Preset::Absent(
        "that of the profile; without model, rows and such a profile, times are declared (`read`, `write`)",
    ),
    about: "counted work: statements run on real structures of this model, and take the time of what they touch",
};
/// Number of rows.
pub const ROWS: Param = Param {
    name: "rows",
    kind: Kind::Count(1, 100_000_000),
    preset: Preset::Absent("the keys of the traffic"),
    about: "counted work: rows at the start; a write to a key beyond them adds one",
};
/// Columns of a row.
pub const COLUMNS: Param = count(
    "columns",
    1,
    1_000,
    10,
    "counted work: columns of a row (10 of 100 bytes: YCSB, Cooper et al., SoCC 2010)",
);
/// Column families.
pub const FAMILIES: Param = count(
    "families",
    1,
    100,
    5,
    "wide_column: families that the columns are spread over, each in its own files",
);
/// Child tables.
pub const TABLES: Param = count(
    "tables",
    0,
    16,
    3,
    "counted work: child tables in which a row owns parts (what an aggregate joins)",
);
/// Parts.
pub const PARTS: Param =
    count("parts", 0, 1_000, 5, "counted work: parts that a row owns in each child table, of 100 bytes");
/// Friends.
pub const FRIENDS: Param = count(
    "friends",
    2,
    1_000,
    20,
    "counted work: mean number of friends, spread by a power law (Barabasi and Albert, Science 1999)",
);
/// Rows of a scan.
pub const SCAN: Param =
    count("scan", 1, 1_000_000, 100, "counted work: rows that the question \"columns\" looks at");
/// Size of a page.
pub const PAGE: Param = Param {
    name: "page",
    kind: Kind::Bytes,
    preset: Preset::Absent("that of the profile, or 8 KiB (PostgreSQL: manual, ch. 73.6)"),
    about: "counted work: size of a page, the unit of disk and buffer",
};
/// The buffer pool.
pub const BUFFER: Param = Param {
    name: "buffer",
    kind: Kind::Bytes,
    preset: Preset::Absent(
        "that of the profile, or 128 MiB (shared_buffers of PostgreSQL, innodb_buffer_pool_size of MySQL)",
    ),
    about: "counted work: memory for pages; empty at t = 0 and after a crash",
};
/// Where rows live.
pub const STORAGE: Param = Param {
    name: "storage",
    kind: Kind::Choice(STORAGES),
    preset: Preset::Choice("disk"),
    about: "counted work: where rows and structures live",
};
/// Processors.
pub const CORES: Param = count("cores", 1, 4_096, 1, "counted work: processors of the node");
/// How many pages the disk reads at a time.
pub const DISK_PARALLEL: Param =
    count("disk_parallel", 1, 4_096, 32, "counted work: pages that the disk reads at a time (assumed)");
/// How often the log goes to disk.
pub const SYNC_EVERY: Param = Param {
    name: "sync_every",
    kind: Kind::Duration,
    preset: Preset::Duration(1_000_000_000),
    about: "log \"interval\": the pause between two looks at what is to go to disk, which goes there then (1 s: Redis, appendfsync everysec)",
};
/// Whether commits share an fsync.
pub const GROUP_COMMIT: Param = Param {
    name: "group_commit",
    kind: Kind::Flag,
    preset: Preset::Flag(true),
    about: "log \"commit\": commits that wait share one fsync (DeWitt et al., SIGMOD 1984)",
};

/// Settings with their profile.
#[derive(Clone, Copy)]
pub struct Plan<'a> {
    settings: &'a Settings,
    profile: Option<&'static Profile>,
}

impl<'a> Plan<'a> {
    /// The settings of a database.
    pub fn new(settings: &'a Settings) -> Self {
        let profile = settings.is_given("profile").then(|| profiles::database(settings.choice("profile")));
        Plan { settings, profile }
    }

    /// Whether work is counted; if not, times are declared.
    pub fn is_counted(&self) -> bool {
        let given = |name| self.settings.is_given(name);
        let declares = given("read") || given("write");
        let declared = self.profile.is_none_or(|profile| profile.times.is_some());
        given("model") || given("rows") || (!declares && !declared)
    }

    /// What the profile says about a setting on which the script is silent.
    fn profiled(&self, name: &str) -> Option<&'static Worth> {
        if self.settings.is_given(name) {
            return None;
        }
        let figures = self.profile?.figures.iter();
        figures.filter(|figure| figure.name == name).map(|figure| &figure.worth).next()
    }

    /// A whole number.
    pub fn count(&self, name: &str) -> Option<u64> {
        match self.profiled(name) {
            Some(Worth::Count(count)) => Some(*count),
            _ => self.settings.count(name),
        }
    }

    /// A share.
    pub fn share(&self, name: &str) -> f64 {
        match self.profiled(name) {
            Some(Worth::Share(share)) => *share,
            _ => self.settings.share(name).expect("preset"),
        }
    }

    /// A span of time, if the script or the profile tells it.
    pub fn told(&self, name: &str) -> Option<Time> {
        match self.profiled(name) {
            Some(Worth::Time(time)) => Some(*time),
            _ if self.settings.is_given(name) => self.settings.duration(name),
            _ => None,
        }
    }

    /// A span of time.
    pub fn time(&self, name: &str) -> Time {
        match self.profiled(name) {
            Some(Worth::Time(time)) => *time,
            _ => self.settings.duration(name).expect("preset"),
        }
    }

    fn bytes(&self, name: &str, preset: u64) -> u64 {
        match self.profiled(name) {
            Some(Worth::Bytes(bytes)) => *bytes,
            _ => self.settings.bytes(name).unwrap_or(preset),
        }
    }

    /// The name of a policy.
    pub fn choice(&self, name: &str, policies: &[Policy]) -> &'static str {
        match self.profiled(name) {
            Some(Worth::Choice(choice)) => choice,
            _ => policies[self.settings.choice(name)].name,
        }
    }

    /// The data model, by index; `None` if neither script nor profile names one.
    pub fn model(&self) -> Option<usize> {
        if self.settings.is_given("model") {
            return Some(self.settings.choice("model"));
        }
        let name = self.profile?.model;
        MODELS.iter().position(|policy| policy.name == name)
    }

    /// Rows at the start, if the script or the traffic (`keys`) tells.
    pub fn rows(&self, keys: Option<u64>) -> Option<u64> {
        self.settings.count("rows").or(keys)
    }

    /// The data.
    pub fn schema(&self, rows: u64) -> Schema {
        let count = |name| self.count(name).expect("preset");
        let columns = count("columns");
        Schema {
            rows,
            columns,
            row_bytes: self.bytes("row", columns * 100),
            families: count("families"),
            tables: count("tables"),
            parts: count("parts"),
            friends: count("friends"),
            scan: count("scan"),
            page_bytes: self.bytes("page", 8 << 10),
        }
    }

    /// Pages in memory; `None` = everything is there.
    pub fn buffer_pages(&self) -> Option<u64> {
        let on_disk = self.choice("storage", STORAGES) == "disk";
        on_disk.then(|| self.bytes("buffer", 128 << 20) / self.bytes("page", 8 << 10))
    }

    /// How often the log goes to disk, if not at each commit.
    pub fn sync_every(&self) -> Option<Time> {
        (self.choice("log", log::LOGS) == "interval").then(|| self.time("sync_every"))
    }

    /// The unit costs.
    pub fn costs(&self) -> Costs {
        Costs {
            statement: self.time("statement_time"),
            step: self.time("step_time"),
            row: self.time("row_time"),
            memory: self.time("memory_time"),
            mib: self.time("mib_time"),
            page_read: self.time("page_read_time"),
            fsync: self.time("fsync_time"),
        }
    }

    /// The figures it rests on that nobody has measured: assumed presets, and figures that the profile assumes.
    pub fn assumptions(&self) -> Vec<&'static str> {
        let overridden = |name: &str| self.settings.is_given(name) || self.profiled(name).is_some();
        let needs_disk = self.buffer_pages().is_some();
        let presets = cost::ASSUMED.iter().copied();
        let presets = presets.filter(|name| !overridden(name) && (needs_disk || *name != "disk_parallel"));
        let figures = self.profile.into_iter().flat_map(|profile| profile.figures);
        let assumed = figures.filter(|figure| figure.is_assumed() && self.profiled(figure.name).is_some());
        presets.chain(assumed.map(|figure| figure.name)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a profile sets is a setting of the component, of the right kind; what it notes is none.
    #[test]
    fn profiles_set_what_can_be_set() {
        for index in 0..profiles::DATABASES.len() {
            let profile = profiles::database(index);
            let name = profile.entry.name;
            assert!(MODELS.iter().any(|model| model.name == profile.model), "{name}");
            for figure in profile.figures {
                let params = crate::components::database::KIND.entry.params;
                let param = params.iter().find(|param| param.name == figure.name);
                let fits = match (&figure.worth, param.map(|param| param.kind)) {
                    (Worth::Note(_), _) => true,
                    (Worth::Time(time), Some(Kind::Duration)) => *time > 0,
                    (Worth::Bytes(bytes), Some(Kind::Bytes)) => *bytes > 0,
                    (Worth::Count(count), Some(Kind::Count(low, high))) => {
                        (low..=high).contains(&(*count as i64))
                    }
                    (Worth::Share(share), Some(Kind::Share)) => (0.0..=1.0).contains(share),
                    (Worth::Choice(choice), Some(Kind::Choice(policies))) => {
                        policies.iter().any(|policy| policy.name == *choice)
                    }
                    _ => false,
                };
                assert!(fits, "{name}.{}", figure.name);
            }
        }
    }
}
