//! `all.filter(|r| r.latency_p99 < 200.ms)`: the variants that do what is asked for, for sure; and those of which the intervals do not tell.

use super::best::{of_nobody, unsure};
use super::results::{All, Check};
use crate::experiment::Standing;
use crate::scripting::convert::Scripted;
use crate::scripting::desk::desk;
use crate::scripting::errors::fail;
use crate::scripting::onward;
use crate::scripting::unlike::kind;
use rhai::{Dynamic, Engine, FnPtr, NativeCallContext};

/// A variant of which it is undecided whether it does what a filter asks for, and why.
#[derive(Clone)]
pub(super) struct Doubtful {
    pub variant: usize,
    pub why: String,
}

impl All {
    /// That what is selected is known for sure, and is something: nothing can be said of it else.
    pub(super) fn decided(&self) -> Scripted<()> {
        match self.doubtful.first() {
            Some(doubtful) => Err(unsure(doubtful.why.clone())),
            None if self.variants.is_empty() => Err(of_nobody(NOBODY)),
            None => Ok(()),
        }
    }

    fn keep(&self, cx: &NativeCallContext<'_>, test: &FnPtr) -> Scripted<All> {
        let mut kept = All { variants: Vec::new(), ..self.clone() };
        let nothing_ran = self.finished.record.results.is_empty();
        if nothing_ran {
            onward::hangs();
        }
        let looked = desk(|desk| std::mem::take(&mut desk.check.looked));
        let mut any_measured = false;
        for variant in self.variants.iter().copied() {
            let value: Dynamic = test.call_within_context(cx, (self.one(variant),))?;
            let is_measured = desk(|desk| std::mem::take(&mut desk.check.looked));
            any_measured |= is_measured;
            let standing = match (value.clone().try_cast::<Check>(), value.as_bool()) {
                (None, Err(_)) => return Err(no_test()),
                // (Levels are known before anything has run.)
                _ if nothing_ran && is_measured => Standing::Holds,
                (Some(Check(judgement)), _) if judgement.standing == Standing::Undecided => {
                    let why = format!("of {} it is undecided: {}", self.label(variant), judgement.detail);
                    kept.doubtful.push(Doubtful { variant, why });
                    continue;
                }
                (Some(Check(judgement)), _) => judgement.standing,
                (None, Ok(does)) => {
                    if does {
                        Standing::Holds
                    } else {
                        Standing::Fails
                    }
                }
            };
            if standing == Standing::Holds {
                kept.variants.push(variant);
            }
        }
        desk(|desk| desk.check.looked = looked || any_measured || kept.variants.is_empty());
        Ok(kept)
    }
}

fn no_test() -> Box<rhai::EvalAltResult> {
    let hint = "write one comparison: all.filter(|r| r.latency_p99 < 200.ms)";
    fail("`filter` needs a function that compares a figure", Some(hint.into()))
}

pub(super) fn register(engine: &mut Engine) {
    kind::<Nobody>(engine, "result");
    engine.register_indexer_get(|nobody: &mut Nobody, name: &str| nobody.get(name));
    engine.register_fn("of", |_: Nobody, _component: &str| -> Scripted<All> { Err(of_nobody(NOBODY)) });
    engine.register_fn("filter", |cx: NativeCallContext, all: All, test: FnPtr| all.keep(&cx, &test));
    engine.register_fn("len", |all: All| -> Scripted<rhai::INT> {
        if !all.doubtful.is_empty() {
            all.decided()?;
        }
        Ok(all.variants.len() as rhai::INT)
    });
    engine.register_fn("variants", |all: All| -> Scripted<rhai::Array> {
        if !all.doubtful.is_empty() || all.variants.is_empty() {
            all.decided()?;
        }
        Ok(all.variants.iter().map(|variant| Dynamic::from(all.one(*variant))).collect())
    });
}

/// Why nothing is said of nobody.
const NOBODY: &str = "no variant does what `filter` asks for";

/// The best of no variant.
#[derive(Clone)]
pub(super) struct Nobody;

impl Nobody {
    pub(super) fn any() -> Dynamic {
        desk(|desk| desk.check.best.push(NOBODY.into()));
        Dynamic::from(Nobody)
    }

    /// It has no level and no figure: whatever is said of them does not hold.
    fn get(&self, _name: &str) -> Scripted<Dynamic> {
        Err(of_nobody(NOBODY))
    }
}
