//! Judgements of checks: a comparison holds only if the whole interval does.

use super::compare::{CONFIDENCE, is_unresolved, pairs};
use super::doubts::MANY_OPEN;
use super::estimate::{Estimate, Unlike, is_share_answered};
use super::metric::{METRICS, find_metric};
use crate::stats::{Interval, paired_difference};

/// A comparison that a check makes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sense {
    /// Less than.
    Less,
    /// At most.
    AtMost,
    /// More than.
    More,
    /// At least.
    AtLeast,
    /// Equal in every replication.
    Equal,
    /// Different: the interval leaves the value out.
    Unequal,
}

/// Whether a comparison holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// The whole interval says so.
    Holds,
    /// The whole interval says the contrary.
    Fails,
    /// The interval holds both, or there are too few replications.
    Undecided,
}

/// The outcome of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// Whether it holds.
    pub standing: Standing,
    /// The measured mean.
    pub value: Option<f64>,
    /// What it was compared with.
    pub limit: Option<f64>,
    /// In words.
    pub detail: String,
}

/// What has to be in a world for some figures to be measured.
const UNMEASURED: [(&str, &str); 9] = [
    ("messages_", ": there is no queue in it"),
    ("message_", ": there is no queue in it"),
    ("queue_", ": there is no queue in it"),
    (
        "cost_per_hour",
        ": nothing in it has a price (`price_per_hour`), or what some of it costs is not known",
    ),
    ("cache_", ": no cache was asked"),
    ("lookup", ": no names were looked up"),
    ("read_your_writes", ": it needs `users`"),
    ("monotonic_read", ": it needs `users`"),
    ("sessions_", ": nobody keeps sessions"),
];

impl Estimate {
    /// Compares with a number in the metric's unit.
    pub fn against(&self, sense: Sense, limit: f64) -> Judgement {
        if self.unended > 0 {
            return self.without_end(sense, limit);
        }
        if matches!(sense, Sense::Equal | Sense::Unequal) {
            return self.equal(sense, limit);
        }
        let mut standing = self.interval().map_or(Standing::Undecided, |i| stand(sense, &i, limit));
        let mut detail = match (self.interval(), self.samples.is_empty()) {
            (_, true) => format!("{} was not measured{}", self.name(), self.why_not()),
            (None, _) => format!("{} was measured once: one replication decides nothing", self.name()),
            (Some(i), _) => {
                let ends = self.possible([i.low(), i.high()]);
                let digits = telling(ends, limit);
                let [mean, low, high, limit] =
                    [i.mean, ends[0], ends[1], limit].map(|value| rounded(value, digits));
                format!("{} is {mean} [{low}, {high}], limit {limit}", self.name())
            }
        };
        for why in self.in_doubt(limit).into_iter().chain(self.survivors()) {
            // (What fails with those that say too little fails with the others all the more.)
            standing = if standing == Standing::Holds { Standing::Undecided } else { standing };
            detail += &why;
        }
        if let Some((why, _)) = self.unanswered(sense).filter(|(_, surely)| standing != *surely) {
            standing = Standing::Undecided;
            detail += &why;
        }
        Judgement { standing, value: self.mean(), limit: Some(limit), detail }
    }

    /// The ends of an interval as far as there can be such values: Student's knows nothing of them.
    fn possible(&self, [low, high]: [f64; 2]) -> [f64; 2] {
        let low = if self.is_at_least_0() { low.max(0.0) } else { low };
        [low, if self.is_at_most_1() { high.min(1.0) } else { high }]
    }

    /// Why there is nothing to compare, as far as its name tells.
    fn why_not(&self) -> &'static str {
        let begins = |beginning: &&(&str, &str)| self.metric.starts_with(beginning.0);
        if !self.metric.contains(' ') && find_metric(&self.metric).is_err() {
            return ": this component does not tell it";
        }
        UNMEASURED.iter().find(begins).map_or("", |(_, why)| why)
    }

    /// Why a share that was 0 or 1 in every run need not lie beyond a limit: where nothing varies, Student's interval has no width. What has
    /// not happened in n cases has a probability of up to 1 - 0.025^(1/n) (the end of the interval of C. J. Clopper, E. S. Pearson, Biometrika 26,
    /// 1934). That it is 0 or 1 itself says no more than that it was so each time.
    fn in_doubt(&self, limit: f64) -> Option<String> {
        let (cases, first) = (self.of.filter(|of| *of > 0.0)?, self.samples.first()?.1);
        let is_edge = [0.0, 1.0].contains(&first) && self.samples.iter().all(|(_, value)| *value == first);
        let unseen = 1.0 - libm::pow((1.0 - CONFIDENCE) / 2.0, 1.0 / cases);
        let is_near = (limit - first).abs() < unseen && limit != first;
        (is_edge && is_near).then(|| {
            format!("; of {} none was otherwise, and up to {} % may be", short(cases), short(100.0 * unseen))
        })
    }

    /// Why the runs in which something was answered say little of how long answers take, if in others nothing was.
    fn survivors(&self) -> Option<String> {
        let (measured, all) = (self.samples.len(), self.samples.len() + self.unmeasured);
        let times_answers = self.metric.contains("latency") || self.metric.contains("first_byte");
        (self.unmeasured > 0 && measured > 1 && times_answers)
            .then(|| format!("; nothing was answered in {} of {all} replications", all - measured))
    }

    /// Why the requests that had an answer when the runs ended say little of all, if many had none yet, and what they say all the same: those wait for
    /// longer, or for ever.
    fn unanswered(&self, sense: Sense) -> Option<(String, Standing)> {
        let share = 100.0 * self.open;
        let is_lower = matches!(sense, Sense::Less | Sense::AtMost);
        let surely =
            if is_lower == is_share_answered(&self.metric) { Standing::Holds } else { Standing::Fails };
        // (Of what was computed from several, it may be either.)
        let surely = if self.metric.contains(' ') { Standing::Undecided } else { surely };
        let why =
            format!("; {} % of the requests were still without an answer at the end", short(share.round()));
        (self.open > MANY_OPEN).then_some((why, surely))
    }

    /// What was not over in some replications has no mean that could be below anything, or equal to it.
    fn without_end(&self, sense: Sense, limit: f64) -> Judgement {
        let standing = match sense {
            _ if self.turned => Standing::Undecided,
            Sense::Less | Sense::AtMost | Sense::Equal => Standing::Fails,
            _ => Standing::Undecided,
        };
        let (ended, all) = (self.samples.len(), self.samples.len() + self.unended);
        let mean = self.mean().map_or(String::new(), |mean| format!(" ({} in the others)", short(mean)));
        let detail = format!(
            "{} has no end in {} of {all} replications{mean}, limit {}",
            self.name(),
            all - ended,
            short(limit)
        );
        Judgement { standing, value: self.mean(), limit: Some(limit), detail }
    }

    /// Equal means equal in every replication.
    fn equal(&self, sense: Sense, limit: f64) -> Judgement {
        let equal = self.samples.iter().filter(|(_, value)| *value == limit).count();
        let all = self.samples.len();
        let standing = match (sense, all) {
            (_, 0 | 1) if equal == all => Standing::Undecided,
            (Sense::Equal, _) if equal == all => Standing::Holds,
            (Sense::Equal, _) => Standing::Fails,
            _ => self.interval().map_or(Standing::Undecided, |i| stand(sense, &i, limit)),
        };
        let detail = match all {
            0 => format!("{} was not measured", self.name()),
            _ => format!("{} is {} in {equal} of {all} replications", self.name(), short(limit)),
        };
        Judgement { standing, value: self.mean(), limit: Some(limit), detail }
    }

    /// Compares with another estimate, replication by replication.
    ///
    /// # Errors
    ///
    /// They count different things.
    pub fn against_estimate(&self, sense: Sense, other: &Estimate) -> Result<Judgement, Unlike> {
        let other = other.in_unit(self.unit)?;
        let (a, b) = pairs(&self.samples, &other.samples);
        let difference = paired_difference(&a, &b, CONFIDENCE);
        let mut standing = difference.as_ref().map_or(Standing::Undecided, |d| stand(sense, d, 0.0));
        let unresolved = difference.as_ref().filter(|d| self.is_unresolved(&other.metric, d.mean, &b));
        if unresolved.is_some() && !matches!(sense, Sense::Equal) {
            standing = Standing::Undecided;
        }
        // Of what has no end here and there only the lucky ones are compared.
        if self.unended + other.unended > 0 {
            standing = Standing::Undecided;
        }
        let detail = match &difference {
            _ if self.unended + other.unended > 0 => {
                let (own, theirs) = (self.unended, other.unended);
                format!(
                    "{} has no end in {own} replications, and in {theirs} of what it is compared with",
                    self.name()
                )
            }
            None => format!("{} has fewer than two pairs of replications", self.name()),
            Some(d) => {
                let mean = |values: &[f64]| short(values.iter().sum::<f64>() / values.len() as f64);
                let interval = format!("{} [{}, {}]", short(d.mean), short(d.low()), short(d.high()));
                let whose =
                    if other.name() == self.name() { String::new() } else { format!(" of {}", other.name()) };
                let (own, theirs) = (mean(&a), mean(&b));
                let less = unresolved.map_or("", |_| ", less than percentiles are known to (0.4 %)");
                format!("{} is {own} against {theirs}{whose}, a difference of {interval}{less}", self.name())
            }
        };
        Ok(Judgement { standing, value: self.mean(), limit: other.mean(), detail })
    }
}

impl Estimate {
    /// Whether a difference to such values of another metric is one that percentiles cannot show.
    fn is_unresolved(&self, other: &str, difference: f64, values: &[f64]) -> bool {
        let percentile = |column: &str| METRICS.iter().find(|metric| metric.column == column);
        let (Some(own), Some(_)) = (percentile(&self.metric), percentile(other)) else { return false };
        is_unresolved(own, difference, values.iter().sum::<f64>() / values.len() as f64)
    }
}

/// Where an interval stands to a limit. An interval of no width (equal in every replication) is decided.
fn stand(sense: Sense, interval: &Interval, limit: f64) -> Standing {
    let (low, high) = (interval.low(), interval.high());
    let (holds, fails) = match sense {
        Sense::Less => (high < limit, low >= limit),
        Sense::AtMost => (high <= limit, low > limit),
        Sense::More => (low > limit, high <= limit),
        Sense::AtLeast => (low >= limit, high < limit),
        Sense::Equal => (low == limit && high == limit, low > limit || high < limit),
        Sense::Unequal => (low > limit || high < limit, low == limit && high == limit),
    };
    match (holds, fails) {
        (true, _) => Standing::Holds,
        (_, true) => Standing::Fails,
        _ => Standing::Undecided,
    }
}

/// Four significant digits are enough for a message.
pub fn short(value: f64) -> String {
    rounded(value, 4)
}

/// So many significant digits that an interval's ends look as unlike a limit as they are: at most nine.
fn telling(ends: [f64; 2], limit: f64) -> i32 {
    let is_told = |digits: &i32| {
        ends.iter().all(|end| *end == limit || rounded(*end, *digits) != rounded(limit, *digits))
    };
    (4..9).find(is_told).unwrap_or(9)
}

fn rounded(value: f64, digits: i32) -> String {
    if value == 0.0 || !value.is_finite() {
        return format!("{value}");
    }
    let digits = digits - 1 - (libm::floor(libm::log10(value.abs())) as i32).clamp(-6, digits - 1);
    let text = format!("{value:.*}", digits.max(0) as usize);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_string() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn estimate(values: &[f64]) -> Estimate {
        let samples = values.iter().enumerate().map(|(r, v)| (r as u64, *v)).collect();
        Estimate::measured("latency_p50_ms", samples)
    }

    #[test]
    fn what_is_shown_is_possible_and_tells_why() {
        let share = |values: &[f64]| {
            let samples = values.iter().enumerate().map(|(r, v)| (r as u64, *v)).collect();
            Estimate::measured("availability_ratio", samples)
        };
        let detail = |values: &[f64], limit: f64| share(values).against(Sense::More, limit).detail;
        assert_eq!(detail(&[1.0, 0.9, 1.0], 0.9), "availability_ratio is 0.9667 [0.8232, 1], limit 0.9");
        assert_eq!(detail(&[0.1, 0.0, 0.1], 0.01), "availability_ratio is 0.06667 [0, 0.2101], limit 0.01");
        let near = detail(&[0.999004, 0.998998, 0.999001], 0.999);
        assert_eq!(near, "availability_ratio is 0.999 [0.99899, 0.99901], limit 0.999");
    }

    #[test]
    fn what_has_not_happened_in_few_cases_is_not_shown_to_be_rare() {
        let never = |cases: f64| Estimate {
            of: Some(cases),
            ..Estimate::measured("availability_ratio", vec![(0, 1.0), (1, 1.0), (2, 1.0)])
        };
        // 1 - 0.025^(1/500) = 0.00735 (the rule of three, at 97.5 %).
        let judged = never(500.0).against(Sense::More, 0.993);
        assert_eq!(judged.standing, Standing::Undecided);
        assert!(
            judged.detail.ends_with("of 500 none was otherwise, and up to 0.7351 % may be"),
            "{}",
            judged.detail
        );
        assert_eq!(never(500.0).against(Sense::More, 0.992).standing, Standing::Holds);
        assert_eq!(never(5_000.0).against(Sense::More, 0.999).standing, Standing::Holds);
        assert_eq!(
            never(500.0).against(Sense::AtLeast, 1.0).standing,
            Standing::Holds,
            "so it was each time"
        );
        let sometimes = Estimate { samples: vec![(0, 1.0), (1, 0.9999)], ..never(500.0) };
        assert!(
            !sometimes.against(Sense::More, 0.993).detail.contains("otherwise"),
            "its interval has a width"
        );
        assert_eq!(never(500.0).each(|share| share * 100.0, "x * 100".into()).of, None);
    }

    #[test]
    fn those_that_were_answered_do_not_speak_for_the_many_that_still_wait() {
        let some = |open| Estimate {
            open,
            metric: "availability_ratio".into(),
            ..estimate(&[0.9994, 0.9993, 0.9995])
        };
        let judged = some(0.67).against(Sense::More, 0.99);
        assert_eq!(judged.standing, Standing::Undecided);
        assert!(judged.detail.ends_with("; 67 % of the requests were still without an answer at the end"));
        assert_eq!(some(0.67).against(Sense::More, 0.9999).standing, Standing::Fails);
        assert_eq!(some(0.05).against(Sense::More, 0.99).standing, Standing::Holds);
        assert_eq!(
            some(0.67).against(Sense::Less, 0.9999).standing,
            Standing::Holds,
            "the others make it less still"
        );
        let slow =
            |open| Estimate { open, metric: "latency_p99_ms".into(), ..estimate(&[400.0, 410.0, 405.0]) };
        assert_eq!(slow(0.67).against(Sense::Less, 500.0).standing, Standing::Undecided);
        assert_eq!(slow(0.67).against(Sense::More, 300.0).standing, Standing::Holds);
    }

    #[test]
    fn those_that_were_answered_do_not_speak_for_the_others() {
        let some = Estimate { unmeasured: 2, ..estimate(&[10.0, 11.0, 10.5]) };
        let judged = some.against(Sense::Less, 20.0);
        assert_eq!(judged.standing, Standing::Undecided);
        assert!(
            judged.detail.ends_with("; nothing was answered in 2 of 5 replications"),
            "{}",
            judged.detail
        );
        assert_eq!(some.against(Sense::Less, 5.0).standing, Standing::Fails);
        let other = Estimate { metric: "stale_age_p99_ms".into(), ..some };
        assert_eq!(
            other.against(Sense::Less, 20.0).standing,
            Standing::Holds,
            "nothing was stale in the others"
        );
    }

    #[test]
    fn the_whole_interval_must_hold() {
        let clear = estimate(&[10.0, 11.0, 10.5]);
        assert_eq!(clear.against(Sense::Less, 20.0).standing, Standing::Holds);
        assert_eq!(clear.against(Sense::Less, 5.0).standing, Standing::Fails);
        assert_eq!(clear.against(Sense::Less, 11.0).standing, Standing::Undecided);
        assert_eq!(clear.against(Sense::More, 5.0).standing, Standing::Holds);
    }

    #[test]
    fn one_replication_is_undecided() {
        let once = estimate(&[10.0]);
        assert_eq!(once.against(Sense::Less, 20.0).standing, Standing::Undecided);
        assert_eq!(estimate(&[0.0]).against(Sense::Equal, 0.0).standing, Standing::Undecided);
        assert_eq!(estimate(&[]).against(Sense::Equal, 0.0).standing, Standing::Undecided);
    }

    #[test]
    fn what_never_ended_is_below_nothing() {
        let some = Estimate { unended: 2, ..estimate(&[10.0, 11.0]) };
        let judged = some.against(Sense::Less, 20.0);
        assert_eq!(judged.standing, Standing::Fails);
        assert_eq!(
            judged.detail,
            "latency_p50_ms has no end in 2 of 4 replications (10.5 in the others), limit 20"
        );
        assert_eq!(some.against(Sense::More, 5.0).standing, Standing::Undecided);
        assert_eq!(some.against(Sense::Equal, 10.0).standing, Standing::Fails);
        let all = estimate(&[30.0, 31.0, 32.0, 33.0]);
        assert_eq!(some.against_estimate(Sense::Less, &all).unwrap().standing, Standing::Undecided);
    }

    #[test]
    fn equal_to_zero_means_zero_every_time() {
        assert_eq!(estimate(&[0.0, 0.0]).against(Sense::Equal, 0.0).standing, Standing::Holds);
        assert_eq!(estimate(&[0.0, 1.0]).against(Sense::Equal, 0.0).standing, Standing::Fails);
    }

    #[test]
    fn pairs_decide_where_single_intervals_overlap() {
        let a = estimate(&[10.0, 20.0, 30.0]);
        let b = estimate(&[11.0, 21.2, 31.1]);
        assert_eq!(a.against_estimate(Sense::Less, &b).unwrap().standing, Standing::Holds);
        assert_eq!(b.against_estimate(Sense::Less, &a).unwrap().standing, Standing::Fails);
    }

    /// Percentiles are read off buckets of 0.4 %; what is computed otherwise is not.
    #[test]
    fn percentiles_that_differ_by_less_than_a_bucket_are_not_told_apart() {
        let of = |metric: &str, values: [f64; 3]| Estimate { metric: metric.into(), ..estimate(&values) };
        let near = |metric| {
            of(metric, [10.0, 20.0, 30.0]).against_estimate(Sense::Less, &of(metric, [10.05, 20.05, 30.05]))
        };
        let judged = near("latency_p50_ms").unwrap();
        assert_eq!(judged.standing, Standing::Undecided);
        assert!(judged.detail.ends_with(", less than percentiles are known to (0.4 %)"), "{}", judged.detail);
        assert_eq!(near("latency_mean_ms").unwrap().standing, Standing::Holds);
        let same = of("latency_p50_ms", [10.0, 20.0, 30.0]);
        assert_eq!(same.against_estimate(Sense::AtMost, &same).unwrap().standing, Standing::Holds);
        let far = of("latency_p50_ms", [10.2, 20.2, 30.2]);
        assert_eq!(
            of("latency_p50_ms", [10.0, 20.0, 30.0]).against_estimate(Sense::Less, &far).unwrap().standing,
            Standing::Holds
        );
    }

    #[test]
    fn numbers_are_short() {
        let texts: Vec<String> = [0.0, 12345.678, 1.23456, 0.000123456, 100.0].map(short).to_vec();
        assert_eq!(texts, ["0", "12346", "1.235", "0.0001235", "100"]);
    }
}
