//! Settings and actions of databases of several nodes.

use super::{mode, reads, sharding, split};
use crate::catalog::{Action, Kind, Need, Param, Preset, Settings};
use crate::components;
use crate::components::site::{CRASH, HANG, RECOVER, SLOW};
use crate::kernel::{MICROSECOND, MILLISECOND, SECOND, Time};
use crate::parts::station;

/// What can be done to a database or one of its parts.
pub const NEEDS: &[Need] = &[
    station::FIRST_NEED,
    Need {
        settings: &["reads"],
        with: "replicas",
        add: "`replicas: 2`",
        is_met: |settings| has_replicas(settings) || settings.chosen("reads") == "primary",
    },
    Need {
        settings: &["sharding", "shard_key", "queries"],
        with: "several shards",
        add: "`shards: 4`",
        is_met: |settings| super::Shape::of(settings).shards > 1,
    },
    Need {
        settings: &["apply", "appliers", "failover", "fencing", "replication"],
        with: "replicas",
        add: "`replicas: 2`",
        is_met: has_replicas,
    },
    Need {
        settings: &["apply", "appliers", "log_entries"],
        with: "a log, which replication \"quorum\" has not",
        add: "another `replication`",
        is_met: |settings| !super::Shape::of(settings).leaderless,
    },
    Need {
        settings: &["split_over", "split_reads"],
        with: "rows in parts (`split`)",
        add: "`split: 1`",
        is_met: |settings| settings.is_given("split"),
    },
    Need {
        settings: &["query_by"],
        with: "`queries`",
        add: "`queries: 10.percent`",
        is_met: |settings| settings.is_given("queries"),
    },
    Need {
        settings: &["failover", "fencing"],
        with: "a primary, which replication \"quorum\" has not",
        add: "another `replication`",
        is_met: |settings| !super::Shape::of(settings).leaderless,
    },
    Need {
        settings: &[components::COORDINATOR_REGION],
        with: "a coordinator, which databases of one node and replication \"majority\" and \"quorum\" have not",
        add: "`replicas: 2`, or another `replication`",
        is_met: |settings| {
            let shape = super::Shape::of(settings);
            !shape.is_single() && shape.is_coordinated()
        },
    },
    Need {
        settings: &[components::COORDINATOR_REGION],
        with: "members that are somewhere",
        add: "`region: [\"eu-central-1\", \"us-east-1\"]`",
        is_met: |settings| settings.is_given("region"),
    },
    Need {
        settings: &["heartbeat", "down_after"],
        with: "replicas or shards",
        add: "`replicas: 2`",
        is_met: |settings| has_replicas(settings) || settings.count("shards") > Some(1),
    },
    Need {
        settings: &["election_spread"],
        with: "replication \"majority\"",
        add: "`replication: \"majority\"`",
        is_met: |settings| super::Shape::of(settings).elected,
    },
    Need {
        settings: &["copy_row", "copy_rate"],
        with: "replicas or shards",
        add: "`replicas: 2`",
        is_met: |settings| {
            has_replicas(settings) || settings.count("shards") > Some(1) || settings.is_given("shards_max")
        },
    },
    Need {
        settings: &["max_lag"],
        with: "reads \"lag_bounded\"",
        add: "`reads: \"lag_bounded\"`",
        is_met: |settings| settings.chosen("reads") == "lag_bounded",
    },
];

fn has_replicas(settings: &Settings) -> bool {
    settings.count("replicas") > Some(0)
}

/// What can be done to it.
pub const ACTIONS: &[Action] = &[
    CRASH,
    RECOVER,
    HANG,
    SLOW,
    Action {
        name: "promote",
        usage: "promote(), as in db.replica(1).promote()",
        about: "this member becomes primary; the old one, if it lives, hands over first",
    },
    Action {
        name: "replace",
        usage: "replace(), as in db.replica(1).replace()",
        about: "a new machine with an empty disk: its rows are copied from the primary (replication \"quorum\": from as many copies as a write may have missed, and one)",
    },
    Action {
        name: "partition",
        usage: "partition(), as in db.primary().partition(), or partition(db.primary(), db.replica(1))",
        about: "cut off from the other members and the coordinator, not from callers",
    },
    Action {
        name: "reshard",
        usage: "reshard(8), as in db.reshard(8)",
        about: "another number of shards, at most `shards_max`: rows move while they are served; until the old copies are erased, answers to scans and joins over several shards may hold a row twice (MongoDB: orphaned documents with read concern \"available\")",
    },
    Action { name: "heal", usage: "heal(), as in db.primary().heal()", about: "the end of it" },
];

/// Settings of replication.
pub const REPLICAS: Param = Param {
    name: "replicas",
    kind: Kind::Count(0, 15),
    preset: Preset::Count(0),
    about: "copies beside the primary (Aurora: up to 15)",
};
/// Number of shards.
pub const SHARDS: Param = Param {
    name: "shards",
    kind: Kind::Count(1, 1024),
    preset: Preset::Count(1),
    about: "parts that the rows are divided into, each with a primary and replicas of its own",
};
/// Shards that resharding may use.
pub const SHARDS_MAX: Param = Param {
    name: "shards_max",
    kind: Kind::Count(1, 1024),
    preset: Preset::Absent("as many as `shards`"),
    about: "shards for which there are machines: reshard(n) uses the others",
};
/// Which shard has which row.
pub const SHARDING: Param = Param {
    name: "sharding",
    kind: Kind::Choice(sharding::SHARDING),
    preset: Preset::Choice("hash"),
    about: "which shard has which row, unless given as the profile says",
};
/// By which attribute.
pub const SHARD_KEY: Param = Param {
    name: "shard_key",
    kind: Kind::Choice(sharding::KEYS),
    preset: Preset::Choice("id"),
    about: "the attribute of a row that decides where it lies",
};
/// Queries by attribute.
pub const QUERIES: Param = Param {
    name: "queries",
    kind: Kind::Share,
    preset: Preset::Share(0.0),
    about: "share of reads that ask for all rows with the same value of `query_by`; the others ask for one row",
};
/// Which attribute queries name.
pub const QUERY_BY: Param = Param {
    name: "query_by",
    kind: Kind::Choice(sharding::KEYS),
    preset: Preset::Choice("user"),
    about: "the attribute that queries name: if it is not the shard key, all shards are asked",
};
/// Copies of rows by another attribute.
pub const DENORMALISED: Param = Param {
    name: "denormalised",
    kind: Kind::Flag,
    preset: Preset::Flag(false),
    about: "each row has a copy where `query_by` would put it, written after the answer: queries ask one shard",
};
/// Rows with a shard of their own.
pub const DEDICATED: Param = Param {
    name: "dedicated",
    kind: Kind::Count(0, 1000),
    preset: Preset::Count(0),
    about: "so many of the most popular rows have the last shard for themselves, if there are several",
};
/// Rows that all shards have.
pub const COPIED: Param = Param {
    name: "copied",
    kind: Kind::Count(0, 1000),
    preset: Preset::Count(0),
    about: "so many of the most popular rows have a copy in every shard: reads are spread, a write goes to its row's own shard and from there to all others at a time; after an asynchronous failover of a shard its copies may be older until they are written again",
};
/// Rows that lie in parts.
pub const SPLIT: Param = Param {
    name: "split",
    kind: Kind::Count(0, 1000),
    preset: Preset::Count(0),
    about: "so many of the most popular rows are split, as counters are: a write changes one of several parts",
};
/// How many parts.
pub const SPLIT_OVER: Param = Param {
    name: "split_over",
    kind: Kind::Count(2, 1024),
    preset: Preset::Absent("as many as `shards`"),
    about: "parts of a split row, each in a shard of its own",
};
/// How they are read.
pub const SPLIT_READS: Param = Param {
    name: "split_reads",
    kind: Kind::Choice(split::SPLIT_READS),
    preset: Preset::Choice("sum"),
    about: "what a read of a split row asks",
};
/// Room of a shard.
pub const CAPACITY: Param = Param {
    name: "capacity",
    kind: Kind::Count(1, i64::MAX),
    preset: Preset::Absent("no bound"),
    about: "rows that a shard has room for: those that were written (counted work: those of the start as well); a write of a new one beyond is rejected",
};
/// When a write is done.
pub const REPLICATION: Param = Param {
    name: "replication",
    kind: Kind::Choice(mode::MODES),
    preset: Preset::Choice("async"),
    about: "when a client is told that its write is done, unless given as the profile says (asynchronous: the default of MySQL and PostgreSQL)",
};
/// When a primary stops waiting.
pub const SEMI_SYNC_TIMEOUT: Param = Param {
    name: "semi_sync_timeout",
    kind: Kind::Duration,
    preset: Preset::Duration(10 * SECOND),
    about: "for replication \"semi_sync\": a write that has waited so long for a replica makes the primary answer all that wait, and go on asynchronously until a replica has caught up (MySQL 8.0, ch. 19.4.10.2: rpl_semi_sync_source_timeout 10000 ms)",
};
/// Copies that make a read.
pub const READ_QUORUM: Param = Param {
    name: "r",
    kind: Kind::Count(1, 16),
    preset: Preset::Absent("a majority of the copies"),
    about: "for replication \"quorum\": copies that make a read; so many are asked, the nearest to the caller, of equals by lot (Cassandra), and others only if one of them fails",
};
/// Copies that make a write.
pub const WRITE_QUORUM: Param = Param {
    name: "w",
    kind: Kind::Count(1, 16),
    preset: Preset::Absent("a majority of the copies"),
    about: "for replication \"quorum\": copies that make a write",
};
/// When a read asks one copy more.
pub const SPECULATIVE_RETRY: Param = Param {
    name: "speculative_retry",
    kind: Kind::Duration,
    preset: Preset::Absent(
        "by `speculative_percentile`; without that a read waits for those it has asked, a dead one for `down_after`",
    ),
    about: "for replication \"quorum\": a read that has no quorum after so long asks one copy more (Cassandra, speculative_retry: '50ms'; CASSANDRA-14293)",
};
/// When a read asks one copy more, by how long others have taken.
pub const SPECULATIVE_PERCENTILE: Param = Param {
    name: "speculative_percentile",
    kind: Kind::Count(1, 99),
    preset: Preset::Absent("as the profile says, else never"),
    about: "for replication \"quorum\", without `speculative_retry`: a read that has taken longer than so many of 100 reads asks one copy more (Cassandra, speculative_retry: '99p': computed every 5 s, what is a minute old counts half; 2.5 s until then; reads that have asked one more count too: a copy that stays slow moves it up)",
};
/// Who answers reads.
pub const READS: Param = Param {
    name: "reads",
    kind: Kind::Choice(reads::READS),
    preset: Preset::Choice("primary"),
    about: "which member answers a read",
};
/// For `reads: "lag_bounded"`.
pub const MAX_LAG: Param = Param {
    name: "max_lag",
    kind: Kind::Duration,
    preset: Preset::Absent("required for reads: \"lag_bounded\""),
    about: "how far behind a replica may be that answers reads",
};
/// How often `reads: "nearest"` measures.
pub const PING_EVERY: Param = Param {
    name: "ping_every",
    kind: Kind::Duration,
    preset: Preset::Duration(10 * SECOND),
    about: "for reads \"nearest\": how long after the answer to a ping the router pings that member again, at least 500 ms (MongoDB, server-monitoring.md: heartbeatFrequencyMS 10000, minHeartbeatFrequencyMS 500)",
};
/// Who counts as near.
pub const LOCAL_THRESHOLD: Param = Param {
    name: "local_threshold",
    kind: Kind::Duration,
    preset: Preset::Duration(15 * MILLISECOND),
    about: "for reads \"nearest\": members whose round trip is at most so much longer than the shortest are asked as well (MongoDB, server-selection.md: localThresholdMS 15)",
};
/// `ping_every` at least: minHeartbeatFrequencyMS.
pub const PING_EVERY_AT_LEAST: Time = 500 * MILLISECOND;

/// Work of an applier.
pub const APPLY_TIME: Param = Param {
    name: "apply",
    kind: Kind::Variate,
    preset: Preset::Absent("as long as a write; 0 with shared storage, where only cached pages are renewed"),
    about: "work of a replica's appliers for each entry of the log, where times are declared: beside its `connections`, so that reads lose nothing by it (with a `model` both share processor and disk)",
};
/// Number of appliers.
pub const APPLIERS: Param = Param {
    name: "appliers",
    kind: Kind::Count(1, 1024),
    preset: Preset::Count(4),
    about: "entries applied at a time; they show in order (MySQL 8.0.27: replica_parallel_workers = 4)",
};
/// `heartbeat` where members elect their leader: etcd.io/docs/v3.5/tuning, read 2026-11: 100 ms.
pub const ELECTED_HEARTBEAT: Time = 100 * MILLISECOND;
/// `down_after` where members elect their leader: the same: 1000 ms.
pub const ELECTED_DOWN_AFTER: Time = SECOND;

/// Time between two looks.
pub const HEARTBEAT: Param = Param {
    name: "heartbeat",
    kind: Kind::Duration,
    preset: Preset::Duration(SECOND),
    about: "how often the coordinator asks whether members live (Redis Sentinel: every second; replication \"majority\": how often the leader tells that it does, 100 ms unless given, as etcd)",
};
/// When the coordinator gives up on a member.
pub const DOWN_AFTER: Param = Param {
    name: "down_after",
    kind: Kind::Duration,
    preset: Preset::Duration(30 * SECOND),
    about: "silence after which a member counts as dead, from the first question that it does not answer: a crash between two of them is found out from `down_after` to `down_after` and a heartbeat later, one with a question on its way already earlier by that way (Redis Sentinel: down-after-milliseconds 30000; replication \"majority\": shortest election time-out, see `election_spread`, 1 s unless given, as etcd)",
};
/// How far election time-outs lie apart.
pub const ELECTION_SPREAD: Param = Param {
    name: "election_spread",
    kind: Kind::Share,
    preset: Preset::Share(1.0),
    about: "for replication \"majority\": election time-outs are drawn from `down_after` to so much more of it, unless given as the profile says (Raft, Ongaro and Ousterhout 2014, 5.2: 150 to 300 ms; MongoDB: replElectionTimeoutOffsetLimitFraction 0.15)",
};
/// Whether the coordinator promotes.
pub const FAILOVER: Param = Param {
    name: "failover",
    kind: Kind::Flag,
    preset: Preset::Flag(true),
    about: "whether a replica is promoted by itself when the primary is dead",
};
/// Whether a deposed primary stops.
pub const FENCING: Param = Param {
    name: "fencing",
    kind: Kind::Flag,
    preset: Preset::Flag(true),
    about: "whether a primary stops when it hears nothing of the coordinator for `down_after`; else: split brain, among those who hear nothing either: callers go where the coordinator says, but for those in a region that is cut off from it, who go where it said before",
};
/// Where the coordinator stands.
pub const COORDINATOR_REGION: Param = Param {
    name: components::COORDINATOR_REGION,
    kind: Kind::Text,
    preset: Preset::Absent(
        "where its members are, if that is one region; of several: as far as the first one, and cut off from none",
    ),
    about: "the region of who watches the members and appoints primaries (Orchestrator, Sentinel, etcd beside Patroni): in a region that is cut off from it all members count as dead, and nobody hears who leads since",
};
/// How much log is kept.
pub const LOG_ENTRIES: Param = Param {
    name: "log_entries",
    kind: Kind::Count(100, 1 << 24),
    preset: Preset::Count(1 << 16),
    about: "entries of the log that a member keeps; who is further behind is copied anew (assumed)",
};
/// Cost of a copy.
pub const COPY_ROW: Param = Param {
    name: "copy_row",
    kind: Kind::Duration,
    preset: Preset::Duration(10 * MICROSECOND),
    about: "work of the source for each row of a copy, where times are declared (with a `model` it is counted; assumed: rows of 1 KiB read at 100 MB/s); a shard reads the rows of a resharding one after another, through one connection, up to 64 at a time, and the shard that gets a row spends a `write` on it, as the old one does when it erases it",
};
/// Throttle of a copy.
pub const COPY_RATE: Param = Param {
    name: "copy_rate",
    kind: Kind::Rate,
    preset: Preset::Absent("as fast as the source reads"),
    about: "most rows per second that a copy asks for",
};
