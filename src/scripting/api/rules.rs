//! What words of the language mean, where an example alone would not tell.

/// By word: sentences for `explain`.
pub const RULES: &[(&str, &[&str])] = &[
    (
        "at",
        &[
            "t = 0 is the start of the simulation, warm-up included; the end is warmup + duration, and nothing happens at or after it",
            "what happens at t comes before all requests of t; several in the order of the script",
            "the label stands in events.csv",
            "figures of components are those of the time since the run began",
        ],
    ),
    (
        "every",
        &[
            "for the first time after one period, then after each, until the end; at most 1,000,000 times a run",
            "figures of components (`shop.queue_len`, `shop[0].queue_len`, `db.primary().utilization`) are those of the time since it last happened; of several nodes rates and numbers add up, shares are of what all did together",
        ],
    ),
    (
        "when",
        &[
            "the condition is looked at once each simulated second, first at t = 1 s",
            "it happens when the condition holds and did not hold at the look before (rising edge), as often as that comes",
            "figures of components are plain numbers: shares of 1, times in ms, rates per second: db.replica_lag > 1000",
            "figures of components are those of the last second; one that was not measured in it makes every comparison false",
            "a condition that holds at no look of any run is told as a warning",
        ],
    ),
    (
        "expect",
        &[
            "judged for each variant: passed if the whole 95 % interval over the replications says so, undecided if it holds both",
            "one replication decides nothing; `== 0` means 0 in every replication",
            "metrics can be added, subtracted, divided by each other and scaled: r.latency_p99 < r.latency_p50 * 3, r.latency_p99 - r.latency_p50 > 5.ms, 1 - r.availability < 0.1.percent; each term is computed within each replication, and a ratio's mean is the mean of the replications' ratios",
            "`!`, `&&`, `||` and `if` are refused: write the opposite comparison, or two checks",
        ],
    ),
    (
        "expect_for",
        &["as expect, for the variants with these levels; levels that no variant has are a mistake"],
    ),
    (
        "claim",
        &[
            "judged once, over all variants, on differences replication by replication: passed if the whole 95 % interval says so",
            "two selections are compared like with like: variants that agree in every factor that varies on both sides form a pair, if that matches them one to one; otherwise each is compared with each",
            "of several pairs or variants all must hold; the message names the first that does not, and counts the others",
            "metrics can be scaled, added, subtracted and divided, as in expect: all.where(#{ cores: 4 }).latency_p50 * 2 < all.where(#{ cores: 1 }).latency_p50",
        ],
    ),
    (
        "where",
        &[
            "the variants that have all these levels; names are those of vary and variant, levels are written as there (5.s, 20.percent, exponential(2.ms), #{ items: 10 })",
            "in a comparison of two selections each variant is compared with the one that agrees with it in all other factors: all.where(#{ rate: 90.rps }).m > all.where(#{ rate: 50.rps }).m compares at equal numbers of cores; if there is no such partner for each, each is compared with each",
        ],
    ),
    (
        "best",
        &[
            "the variant with the best mean, if it is better than every other by paired differences",
            "otherwise those it is not better than are candidates too: a level in which all candidates agree is decided, everything else is undecided",
        ],
    ),
    (
        "filter",
        &[
            "the variants for which the comparison holds for sure, as in expect: all.filter(|r| r.latency_p99 < 200.ms).best(\"cost_per_hour\").servers == 4 asks for the cheapest one that is fast enough",
            "what is said of them is undecided as long as a variant that it is undecided of could change it; of no variant nothing holds",
            "in filter, some, all, find, index_of, retain and drain of a list a comparison of measured figures is refused: it is no truth value",
        ],
    ),
    (
        "of",
        &[
            "figures of one component, by its name in quotes: sums of counts over its nodes, means of shares, largest of percentiles",
            "beside the columns of components.csv these are what its component measures (`scalelab explain cache`): r.of(\"cache\").evictions, r.of(\"buyers\").errors",
        ],
    ),
    (
        "network",
        &[
            "between all components that have no link of their own and do not stand on one machine; between those that have a region beside what the map says, unless regions(\"aws\", #{ .. }) tells itself how they are linked",
        ],
    ),
    (
        "region",
        &[
            "all who stand there, in at, every and when: crash() ends their machines (crash(\"process\"): they refuse), hang(), recover(); until then nobody starts there, be it by recover(), add_node(), replace() or an autoscaler; users and resolvers are not of it",
            "of a component at several places the nodes that stand there; its router or coordinator only if all of it stands there, or `coordinator_region` says so",
        ],
    ),
    (
        "regions",
        &[
            "the map that `region:` and `regions:` of components and traffic are names of",
            "of a file: the first line names the targets, the first column the sources, cells are round-trip times in ms",
            "between places for which the map has no figure, round trips take 24.78 ms and 0.015509 ms for each km of great circle (least squares over the AWS matrix, r2 0.70; with Azure's 25.91 and 0.014301, r2 0.78)",
            "where a file has another figure for the way back, that in the row of whoever asks counts, for the question and for its answer",
        ],
    ),
    (
        "clients",
        &[
            "a country is where its city with the most addresses is (DB-IP 2026-06)",
            "from a country to a region goes the open internet: round trips of 26.29 ms and 0.017072 ms for each km of great circle (least squares between 246 cities, WonderProxy 2020, r2 0.72: an average over all distances, long for near places); `access` of the traffic comes on top",
            "clients in a region (clients([\"eu-west-3\"])) have the round trips of that region, and `access`",
        ],
    ),
    (
        "variant",
        &[
            "a variant of its own, by name; the world reads its levels as p.size, and every variant needs all that it reads",
            "beside vary(..) each variant is combined with each level",
        ],
    ),
    (
        "baseline",
        &[
            "the variant that the others are compared with, replication by replication, in the table and in comparison.csv; the first one if nothing is said",
            "if several have these levels, each of the others is compared with the one that agrees with it in the most other factors: .baseline(#{ replicas: 0 }) beside .vary(\"users\", [..]) compares at equal numbers of users",
        ],
    ),
    (
        "replications",
        &[
            "runs of each variant: 5 if nothing is said; `-r` of `scalelab run` replaces it",
            "the n-th runs of all variants draw the same random numbers (common random numbers), so that what differs is the design",
            "intervals are Student's over the replications; one alone has none",
        ],
    ),
    (
        "warmup",
        &[
            "simulated first and not measured: requests count that were due after it",
            "none if nothing is said; a warning says so where latencies or hit ratios still drift behind it",
        ],
    ),
    (
        "duration",
        &["what is measured, behind the warm-up; what is still open at the end is counted as in flight"],
    ),
    (
        "phase",
        &[
            "a part of what is measured, with figures of its own: r.phase(\"outage\").latency_p99, r.phase(\"outage\").of(\"db\").utilization, all.phase(..) in claims; tables of their own; phases.csv",
            "t = 0 is the start of the warm-up, as for at(..); phases may overlap, and a crash at the very moment in which one begins is in it",
            "a request belongs to the phase in which it ended, as in timeseries.csv; what is open when it ends counts with the time it has taken so far",
            "largest values (queue_len_max) and queue_drain are known of the whole only",
        ],
    ),
    (
        "slo",
        &[
            "how soon a request is to be answered (service level objective): r.slo is the share that was, as in r.slo > 99.percent; of a traffic r.of(\"buyers\").slo, of a phase r.phase(\"rush\").slo",
            "what fails, is turned away or is given up is not in time; users wait as long as their `timeout` says, whatever the objective",
        ],
    ),
    ("window", &["length of a row of timeseries.csv; about 120 in a run if nothing is said"]),
    (
        "seed",
        &[
            "all random numbers follow from it, the number of the replication and who draws; `--seed` replaces it",
            "the same script with the same seed gives the same bytes, on every machine and any number of threads",
        ],
    ),
    (
        "world",
        &[
            "called once for each run with the levels of its variant; it says what there is and what happens: nothing runs while it is called",
        ],
    ),
    ("note", &["a row of events.csv with the time at which it is said: in at(..), every(..) or when(..)"]),
    (
        "trace",
        &[
            "speed: recorded times are divided by it, and nothing else: at `speed: 5` a `ttl` of 60 s spans five minutes of the log, and an hour costs what five times the load does (`ttl: 12.s` and a fifth of the price are those of the log)",
            "rate: when rows come whose trace tells no times",
            "writes: the share of rows that are turned into writes, drawn for each; limit: rows from the beginning, all others are left",
            "bootstrap: each replication draws anew when requests come, by blocks of the trace's times; what they ask for comes in its order (of a trace without times each begins anywhere); false: as it is",
            "loop: it begins again at its end; on_error: \"skip\" counts lines that make no sense instead of refusing them, and sorts lines that are at most 10,000 lines from their place in time (Apache's tell when a request began, and are written when it ended)",
            "its first row comes at t = 0, whatever its time is: two traces of one clock that do not begin together are not told of each other; put reads and writes into one file",
            "keys are numbered from 0 in the order in which they first stand in it",
        ],
    ),
    (
        "zipf",
        &[
            "the key of rank k is wanted in proportion to 1 / k^exponent; which key has which rank is drawn for each replication (the same in all variants), unless unscrambled()",
        ],
    ),
    (
        "working_set",
        &[
            "so many keys are wanted at a time, all alike; each comes in, is wanted for so long, and is left for the next",
        ],
    ),
    (
        "sequential",
        &["scans and crawls: the worst that can come to a cache that throws out what was used longest ago"],
    ),
    ("slow_link", &["time on the way is so many times as long; slow_link(a, b, 1) ends it"]),
    (
        "partition",
        &[
            "nothing passes between the two, until heal(a, b): what goes over connections (`connect`) is sent again by TCP when it is healed, all else is lost",
            "partition(region(\"a\"), region(\"b\")): between the servers of two regions, region(\"a\").partition(): of this one and all others; users reach both as before (where they are sent); a database's callers over there know no longer who leads (see `coordinator_region`)",
            "db.primary() is whoever is primary then: after a failover db.primary().heal() heals another one than db.primary().partition() cut off; name it, as db.replica(0)",
        ],
    ),
    (
        "heal",
        &[
            "everything passes again between the two, or between a region and all others; what is said of db.primary() is said of whoever is primary then",
        ],
    ),
    (
        "vary",
        &[
            "each combination of the levels of all factors is a variant; the first one is the baseline unless baseline(..) says another",
            "the world reads the level as p.ttl; a factor that no run looks at is told as a warning",
        ],
    ),
];
