//! Write strategies: a list of steps around "ack", the point at which the caller stops waiting.

use crate::catalog::{Policy, Value, did_you_mean, meant, one_of};
use crate::kernel::{SECOND, Time};

/// The named strategies.
pub const STRATEGIES: &[Policy] = &[
    Policy {
        name: "through",
        about: "store, then cache, then ack: reads find the new value",
        source: "Jouppi 1993 (write-through); chapter 6.6",
        wrong_when: "most written data is never read: the cache fills with it",
    },
    Policy {
        name: "around",
        about: "store, then ack: the cache keeps the old value until it expires",
        source: "Jouppi 1993 (write-around); chapter 6.7",
        wrong_when: "readers must not see old values for up to the TTL",
    },
    Policy {
        name: "aside",
        about: "store, then remove from the cache, then ack: the next read loads the new value",
        source: "Nishtala et al., Scaling Memcache at Facebook, NSDI 2013 (look-aside); chapter 6.5",
        wrong_when: "hot keys are written often: every write costs a miss",
    },
    Policy {
        name: "back",
        about: "cache, then ack, store later: the cheapest write (a row that others have written meanwhile is left alone)",
        source: "Jouppi 1993 (write-back); chapter 6.8",
        wrong_when: "an acknowledged write must survive a crash of the cache",
    },
];

/// Names of the steps.
pub const STEPS: [&str; 4] = ["store", "cache", "invalidate", "ack"];

/// One step of a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    /// Write to the store and wait.
    Store,
    /// Write to the cache and wait.
    Cache,
    /// Remove from the cache and wait.
    Invalidate,
    /// Tell a bus; no strategy names it, whoever has a bus puts it in (see [`WritePlan::announce`]).
    Announce,
    /// The caller has its answer.
    Ack,
}

/// A write strategy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WritePlan {
    /// What is done, in this order.
    pub steps: Vec<Step>,
    /// Write-back: the cache stores dirty data this long after a write at the latest.
    pub flush_after: Option<Time>,
}

/// Flush interval of the named strategy `back`, as in DESIGN section 6.
const BACK_FLUSHES_AFTER: Time = SECOND;

impl WritePlan {
    /// The named strategy or the list of steps; the text says what is wrong and what to write instead.
    pub fn parse(value: &Value) -> Result<WritePlan, (String, Option<String>)> {
        match value {
            Value::Text(name) => WritePlan::named(name).ok_or_else(|| {
                let names = STRATEGIES.iter().map(|strategy| strategy.name);
                (format!("there is no write strategy \"{name}\""), meant::choice(name, names))
            }),
            Value::List(steps) => WritePlan::listed(steps),
            other => Err((format!("a write strategy cannot be {}", other.describe()), None)),
        }
    }

    /// The same, with an announcement before the caller has its answer.
    pub fn announce(mut self) -> WritePlan {
        let ack = self.steps.iter().position(|step| *step == Step::Ack).unwrap_or(self.steps.len());
        self.steps.insert(ack, Step::Announce);
        self
    }

    fn named(name: &str) -> Option<WritePlan> {
        use Step::{Ack, Cache, Invalidate, Store};
        let (steps, flush_after) = match name {
            "through" => (vec![Store, Cache, Ack], None),
            "around" => (vec![Store, Ack], None),
            "aside" => (vec![Store, Invalidate, Ack], None),
            "back" => (vec![Cache, Ack], Some(BACK_FLUSHES_AFTER)),
            _ => return None,
        };
        Some(WritePlan { steps, flush_after })
    }

    fn listed(list: &[Value]) -> Result<WritePlan, (String, Option<String>)> {
        let mut plan = WritePlan { steps: Vec::new(), flush_after: None };
        for item in list {
            match item {
                Value::Text(name) => plan.steps.push(step(name)?),
                Value::Step(later) if later.step == "store" => plan.flush_after = Some(later.delay),
                Value::Step(_) => return Err(("only \"store\" can come later".into(), None)),
                other => return Err((format!("a step cannot be {}", other.describe()), None)),
            }
        }
        plan.validate().map_err(|message| (message, None))?;
        Ok(plan)
    }

    /// Rules that make a list of steps a write: one ack, one store, and a cache write before a late store.
    fn validate(&self) -> Result<(), String> {
        let count = |step| self.steps.iter().filter(|s| **s == step).count();
        if count(Step::Ack) != 1 {
            return Err("a write strategy needs \"ack\" exactly once".into());
        }
        if count(Step::Store) + usize::from(self.flush_after.is_some()) != 1 {
            return Err("a write strategy stores exactly once: \"store\" or later(1.s, \"store\")".into());
        }
        let cached_first = self.steps.first() == Some(&Step::Cache);
        if self.flush_after.is_some() && !cached_first {
            return Err("a late store needs \"cache\" as the first step: that is where the data waits".into());
        }
        if self.flush_after.is_none() && self.caches_first() {
            return Err("put \"store\" before \"cache\", or store late: later(1.s, \"store\")".into());
        }
        if count(Step::Cache) > 1 || count(Step::Invalidate) > 1 {
            return Err("a write strategy takes each step at most once".into());
        }
        Ok(())
    }

    /// Whether the cache is told before the store.
    fn caches_first(&self) -> bool {
        let place = |wanted| self.steps.iter().position(|step| *step == wanted);
        match (place(Step::Cache), place(Step::Store)) {
            (Some(cache), Some(store)) => cache < store,
            (Some(_), None) => true,
            _ => false,
        }
    }
}

fn step(name: &str) -> Result<Step, (String, Option<String>)> {
    match name {
        "store" => Ok(Step::Store),
        "cache" => Ok(Step::Cache),
        "invalidate" => Ok(Step::Invalidate),
        "ack" => Ok(Step::Ack),
        _ => {
            let hint = did_you_mean(name, STEPS);
            let known = STEPS.map(|step| format!("\"{step}\""));
            let message = format!("there is no step \"{name}\"; steps are {}", one_of(&known));
            Err((message, hint))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::PlannedStep;

    fn text(name: &str) -> Value {
        Value::Text(name.into())
    }

    fn list(names: &[&str]) -> Value {
        Value::List(names.iter().map(|name| text(name)).collect())
    }

    #[test]
    fn names_are_lists_of_steps() {
        for (name, steps) in [
            ("through", vec!["store", "cache", "ack"]),
            ("around", vec!["store", "ack"]),
            ("aside", vec!["store", "invalidate", "ack"]),
        ] {
            assert_eq!(WritePlan::parse(&text(name)), WritePlan::parse(&list(&steps)), "{name}");
        }
        let later = Value::Step(PlannedStep { delay: SECOND, step: "store".into() });
        let back = Value::List(vec![text("cache"), text("ack"), later]);
        assert_eq!(WritePlan::parse(&text("back")), WritePlan::parse(&back));
    }

    #[test]
    fn senseless_lists_are_refused() {
        for steps in [
            vec!["store"],
            vec!["ack"],
            vec!["store", "ack", "ack"],
            vec!["store", "store", "ack"],
            vec!["cache", "store", "ack"],
            vec!["store", "cache", "cache", "ack"],
        ] {
            assert!(WritePlan::parse(&list(&steps)).is_err(), "{steps:?}");
        }
        let (message, hint) = WritePlan::parse(&list(&["stor", "ack"])).unwrap_err();
        assert!(message.contains("\"stor\""));
        assert_eq!(hint.unwrap(), "did you mean `store`?");
        let (_, hint) = WritePlan::parse(&text("trough")).unwrap_err();
        assert_eq!(hint.unwrap(), "did you mean `through`?");
    }
}
