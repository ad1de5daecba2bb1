//! `expect`, `expect_for`, `claim`: rehearsed before anything runs, judged afterwards.

use super::levels::matches;
use super::rehearsed::{Supposed, new_ones};
use super::results::{All, Check, One};
use crate::catalog::{Problem, Problems, did_you_mean};
use crate::experiment::{Asked, CheckRow, Judgement, Plan, Standing};
use crate::scripting::desk::{Checking, Definition, Expect, ExpectKind, desk};
use crate::scripting::engine::refill;
use crate::scripting::errors::{Words, explain, verdict};
use crate::scripting::session::{Finished, Record};
use crate::scripting::weighed::hangs_on_values;
use rhai::{Dynamic, Engine, Map};
use std::rc::Rc;
use std::sync::Arc;

/// What is known of checks before anything has run.
pub(in crate::scripting) struct Probed {
    /// The components that they ask for.
    pub asked: Vec<Asked>,
    /// The metrics that they look at.
    pub judged: Vec<usize>,
    /// What is wrong with them.
    pub problems: Problems,
}

/// Calls every check on an empty result, so that unknown metrics and wrong units are found before anything runs.
pub(in crate::scripting) fn probe(
    engine: &Engine,
    words: &[String],
    plan: &Plan,
    params: &[Map],
    definition: &Definition,
) -> Probed {
    let record = Record { plan: plan.clone(), results: Arc::default() };
    let empty = Rc::new(Finished::new(Arc::new(record), params.to_vec()));
    let (mut problems, mut asked) = (Problems::new(), Vec::new());
    for expect in &definition.expects {
        let unmatched = unmatched(expect, plan, params);
        let is_unmatched = unmatched.is_some();
        problems.extend(unmatched);
        let (before, mut looked) = (problems.len(), false);
        // What is wrong is wrong for all variants, but they may differ in their components.
        let kind = if is_unmatched { &ExpectKind::Each } else { &expect.kind };
        for (at, (_, subject)) in subjects(&empty, kind).into_iter().enumerate() {
            let call = |check| rehearsed(engine, words, expect, subject.clone(), check);
            let found = call(Checking::default());
            looked |= found.looked;
            asked.extend(asks(&empty, expect, false));
            let mut own = found.amiss;
            if found.asks_for_the_best {
                let otherwise = call(Checking { answer: true, ..Checking::default() });
                new_ones(&mut own, otherwise.amiss);
                suppose(engine, words, expect, subject, params.len()).tell(&mut own);
                asked.extend(asks(&empty, expect, true));
            }
            problems.extend(own.into_iter().filter(|_| at == 0));
        }
        if problems.len() == before && !looked {
            problems.push(unmeasured(expect));
        }
    }
    Probed { asked, judged: empty.judged.take(), problems }
}

/// The components that a check has asked for since the last time.
fn asks(empty: &Finished, expect: &Expect, of_the_best: bool) -> Vec<Asked> {
    let place = &expect.callback.place;
    let asked = empty.asked.take().into_iter();
    asked
        .map(|(variant, component, figure)| Asked {
            variant,
            component,
            figure,
            of_the_best,
            place: place.clone(),
        })
        .collect()
}

/// What a check comes by when it is called before anything has run, with what `check` supposes; what is wrong with it is `amiss`.
fn rehearsed(
    engine: &Engine,
    words: &[String],
    expect: &Expect,
    subject: Dynamic,
    check: Checking,
) -> Checking {
    desk(|desk| desk.check = Checking { is_rehearsed: true, ..check });
    let wrong = judged(engine, words, expect, subject).err();
    let mut check = desk(|desk| std::mem::take(&mut desk.check));
    // (What ended it stands before what was noted on the way, as it always did.)
    check.amiss.splice(0..0, wrong.into_iter().flatten());
    check
}

/// Calls a check once for each variant as if that were the best: what stands behind, and in either branch, is found as well.
fn suppose(
    engine: &Engine,
    words: &[String],
    expect: &Expect,
    subject: Dynamic,
    variants: usize,
) -> Supposed {
    let mut found = Supposed::default();
    for variant in 0..variants {
        let check = Checking { supposed: Some(variant), ..Checking::default() };
        let check = rehearsed(engine, words, expect, subject.clone(), check);
        found.note(check.amiss, check.perhaps);
    }
    found
}

/// That a check is for variants that there are not.
fn unmatched(expect: &Expect, plan: &Plan, params: &[Map]) -> Option<Problem> {
    let ExpectKind::For(levels) = &expect.kind else { return None };
    if params.iter().any(|map| matches(map, levels)) {
        return None;
    }
    let message = format!("the check \"{}\" is for levels that no variant has", expect.text);
    // (Whoever writes `variant` or `name` is told that variants are found by their levels.)
    let is_factor =
        |name: &str| ["variant", "name"].contains(&name) || plan.factors.iter().any(|factor| factor == name);
    if let Some(name) = levels.keys().find(|name| !is_factor(name)) {
        let message = format!("{message}: nothing is varied that is called `{name}`");
        let hint = did_you_mean(name, plan.factors.iter().map(String::as_str));
        return Some(Problem::at(&expect.callback.place, message).maybe_hint(hint));
    }
    let labels = plan.variants.iter().map(|variant| variant.label.as_str()).collect::<Vec<_>>();
    let hint = format!("variants are {}; they are found by their levels, not by name", labels.join(", "));
    Some(Problem::at(&expect.callback.place, message).hint(hint))
}

/// The outcome of all checks.
pub(in crate::scripting) fn judge(
    engine: &Engine,
    words: &[String],
    finished: &Rc<Finished>,
    definition: &Definition,
) -> Result<Vec<CheckRow>, Problems> {
    let mut rows = Vec::new();
    for expect in &definition.expects {
        for (variant, subject) in subjects(finished, &expect.kind) {
            desk(|desk| desk.check = Checking::default());
            let judgement = judged(engine, words, expect, subject)?;
            rows.push(row(expect, variant, judgement));
        }
    }
    Ok(rows)
}

/// What a check is called with: each variant it is about, or all together.
fn subjects(finished: &Rc<Finished>, kind: &ExpectKind) -> Vec<(String, Dynamic)> {
    let label = |variant: usize| finished.record.plan.variants[variant].label.clone();
    let variants = |wanted: &Map| {
        let fits = |variant: &usize| matches(&finished.params[*variant], wanted);
        let one = |variant| (label(variant), Dynamic::from(One::of(finished.clone(), variant)));
        (0..finished.params.len()).filter(fits).map(one).collect()
    };
    match kind {
        ExpectKind::Each => variants(&Map::new()),
        ExpectKind::For(wanted) => variants(wanted),
        ExpectKind::Claim => vec![(String::new(), Dynamic::from(All::of(finished.clone())))],
    }
}

fn judged(
    engine: &Engine,
    words: &[String],
    expect: &Expect,
    subject: Dynamic,
) -> Result<Judgement, Problems> {
    refill();
    let value = match expect.callback.call(engine, (subject,)) {
        Ok(value) => value,
        Err(error) => {
            if let Some((standing, why)) = verdict(&error) {
                return Ok(plain(standing, why));
            }
            // What is done with a level that is not known yet is no mistake.
            if desk(|desk| desk.check.stands_for_others()) {
                return Ok(plain(Standing::Undecided, String::new()));
            }
            let source = desk(|desk| desk.source.clone());
            let mut problems = explain(&error, &Words { functions: words, source: &source });
            for problem in &mut problems {
                problem.place.get_or_insert(expect.callback.place.clone());
                problem.ends = false; // no other check is hidden by it
            }
            if desk(|desk| desk.check.supposed.is_some()) && hangs_on_values(&error) {
                desk(|desk| desk.check.perhaps.extend(problems));
                return Ok(plain(Standing::Undecided, String::new()));
            }
            return Err(problems);
        }
    };
    if let Some(Check(judgement)) = value.clone().try_cast::<Check>() {
        return Ok(judgement);
    }
    match value.as_bool() {
        Ok(true) => Ok(plain(Standing::Holds, desk(|desk| desk.check.best.join("; ")))),
        Ok(false) => Ok(plain(Standing::Fails, desk(|desk| desk.check.best.join("; ")))),
        Err(_) if desk(|desk| desk.check.stands_for_others()) => {
            Ok(plain(Standing::Undecided, String::new()))
        }
        Err(_) => Err(vec![unmeasured(expect)]),
    }
}

/// A check says something about what was measured: neither a word nor a figure alone does.
fn unmeasured(expect: &Expect) -> Problem {
    let example = match expect.kind {
        ExpectKind::Claim => "|all| all.where(#{ .. }).latency_p99 < 200.ms",
        _ => "|r| r.latency_p99 < 200.ms",
    };
    let message = format!("the check \"{}\" must compare a measured figure", expect.text);
    Problem::at(&expect.callback.place, message).hint(format!("write {example}"))
}

fn plain(standing: Standing, detail: String) -> Judgement {
    Judgement { standing, value: None, limit: None, detail }
}

fn row(expect: &Expect, variant: String, judgement: Judgement) -> CheckRow {
    let passed = match judgement.standing {
        Standing::Holds => Some(true),
        Standing::Fails => Some(false),
        Standing::Undecided => None,
    };
    CheckRow {
        check: expect.text.clone(),
        variant,
        value: judgement.value,
        limit: judgement.limit,
        passed,
        detail: judgement.detail,
    }
}
