//! Functions and objects of other tools and languages: what is written here instead.

/// Functions that there are not, or not of what they are called on.
const FUNCTIONS: &[(&[&str], &str)] = &[
    (&["after", "delay", "wait", "schedule", "setTimeout"], "write at(5.s, \"what happens\", || ..)"),
    (&["sleep"], "nothing is waited for in a script: write at(5.s, || ..), or every(1.s, || ..)"),
    (&["setInterval", "repeat_every", "loop_every"], "write every(1.s, || ..)"),
    (&["get", "get_or", "param"], "a level stands behind a point: p.ttl"),
    (
        &[
            "postgres",
            "postgresql",
            "mysql",
            "mongodb",
            "mongo",
            "cassandra",
            "dynamodb",
            "aurora",
            "rds",
            "oracle",
            "sql",
        ],
        "write database(\"db\", #{ profile: \"postgresql\" }), or another profile: `scalelab explain profile`",
    ),
    (
        &["redis", "memcached", "memcache", "elasticache"],
        "write cache(\"store\", #{ of: db }), or, as a data store of its own, database(\"db\", #{ profile: \"redis\" })",
    ),
    (&["nginx", "haproxy", "envoy", "alb", "elb", "nlb", "lb"], "write load_balancer(\"lb\", #{ to: site })"),
    (&["cloudfront", "cloudflare", "fastly", "akamai", "varnish"], "write cdn(\"edges\", #{ of: site })"),
    (&["s3", "bucket"], "write web(\"bucket\", #{ service: 20.ms }), and name it as `of` of a cdn"),
    (&["kafka", "rabbitmq", "sqs", "broker", "topic"], "write queue(\"jobs\", #{ kind: \"kafka\" })"),
    (
        &["worker", "workers", "consumer", "lambda_function"],
        "write consumers(\"workers\", #{ of: jobs, service: 100.ms })",
    ),
    (
        &["server", "servers", "app", "service", "api", "ec2", "vm", "pod"],
        "write web(\"site\", #{ service: 5.ms })",
    ),
    (
        &["asg", "hpa", "autoscaling", "auto_scaling_group"],
        "write autoscaler(\"asg\", #{ of: site, max: 20, utilization: 60.percent })",
    ),
    (
        &["client", "users", "load", "producer", "requests"],
        "write traffic(\"users\", #{ to: site, rate: 100.rps })",
    ),
    (&["clouddns", "resolve"], "write dns(\"name\", #{ to: site })"),
    (
        &["window", "between", "during", "timeseries", "over_time"],
        "figures of a part of the run: .phase(\"outage\", 10.minutes, 18.minutes) in the chain, and r.phase(\"outage\").latency_p99; all over time stands in timeseries.csv",
    ),
    (
        &["worst"],
        "there is the best one, all.best(\"latency_p99\"); that a limit holds for all of them says all.where(#{ .. }).latency_p99 < 50.ms, or .expect(..)",
    ),
    (
        &["mean", "avg", "average", "median"],
        "a figure stands for its mean over the replications as it is: r.latency_p99; those of all requests are r.latency_mean and r.latency_p50",
    ),
    (&["expo", "expon", "expovariate", "exponentially"], "write exponential(5.ms)"),
    (&["abs"], "write two checks: r.latency_p99 - r.latency_p50 < 5.ms, and the other way round"),
    (
        &["percentile", "quantile", "p50", "p90", "p95", "p99"],
        "percentiles are figures: r.latency_p50, r.latency_p90, r.latency_p95, r.latency_p99, r.latency_p999",
    ),
    (&["cheapest"], "write best(\"cost_per_hour\")"),
    (&["fastest"], "write best(\"latency_p99\")"),
    (
        &["min", "max", "sort", "sort_by", "rank"],
        "of all variants the best: all.best(\"latency_p99\"); of two numbers: min(a, b)",
    ),
    (
        &["where"],
        "of given levels: all.where(#{ strategy: \"back\" }); by what was measured: all.filter(|r| r.latency_p99 < 50.ms)",
    ),
    (
        &["log", "info", "debug", "echo", "puts", "println", "printf"],
        "write print(\"..\"); in an action note(\"..\"), which stands in events.csv",
    ),
    (
        &["rand", "random", "randint"],
        "what is random is drawn by the simulation: exponential(5.ms), poisson(200.rps), zipf(50_000, 0.9)",
    ),
];

/// Objects whose functions are called, and words before a call.
const OBJECTS: &[(&[&str], &str)] = &[
    (
        &["console", "System", "fmt", "logging"],
        "write print(\"..\"); in an action note(\"..\"), which stands in events.csv",
    ),
    (&["Math", "math"], "functions stand alone: min(a, b), max(a, b), x.round(), x.sqrt()"),
    (
        &["time", "asyncio", "thread"],
        "nothing is waited for in a script: write at(5.s, || ..), or every(1.s, || ..)",
    ),
    (
        &["random", "np", "numpy"],
        "what is random is drawn by the simulation: exponential(5.ms), poisson(200.rps), zipf(50_000, 0.9)",
    ),
    (&["self", "this"], "a component is called by the name that `let` gave it"),
    (&["await", "async"], "nothing is waited for in a script: write at(5.s, || ..), without it"),
];

fn hint(table: &[(&[&str], &'static str)], word: &str) -> Option<&'static str> {
    table.iter().find(|(words, _)| words.contains(&word)).map(|(_, hint)| *hint)
}

/// What is written instead of a function.
pub(super) fn function(name: &str) -> Option<String> {
    hint(FUNCTIONS, name).map(str::to_string)
}

/// What is written instead of an object, or a word before a call.
pub(super) fn object(name: &str) -> Option<&'static str> {
    hint(OBJECTS, name)
}

/// Steps of a component's life that are several actions here.
pub(super) fn life(name: &str) -> Option<String> {
    let hint = match name {
        "deploy" | "rollout" | "roll_out" | "release" | "update" => {
            "servers are taken out and come back: drain() and undrain(), or crash(\"process\") and recover(); a website is published with publish(); scripts/deploys.rhai has whole deploys"
        }
        "leader" | "master" => "write primary()",
        "add_replica" | "add_read_replica" | "scale_reads" => {
            "a database has its replicas from the start: #{ replicas: 2 }; replica(1).replace() puts a new machine in the place of one"
        }
        "slave" | "secondary" | "follower" | "standby" => "write replica(1)",
        "restart" | "reboot" => "write crash(\"process\"), and a little later recover()",
        _ => return None,
    };
    Some(hint.into())
}

/// What a component cannot do, and has as a setting.
pub(super) fn setting(name: &str) -> Option<String> {
    let is_one = !crate::components::kinds_with(name).is_empty();
    is_one.then(|| format!("it is a setting, given where the component is made: #{{ {name}: .. }}"))
}
