//! The steps of every kind of request, one plan behind the other.

use super::{Step, entry};
use crate::components::database::model::Question;
use crate::components::{Site, revalidation};
use crate::parts::verbs::{READ, WRITE};

/// Plans: the five questions, the first of them plain reads, and writes.
pub(super) const PLANS: usize = 6;
pub(super) const WRITES: usize = PLANS - 1;

/// The plans one behind the other, and where each begins; then where logins and health checks do.
pub(super) fn plans(site: &Site<'_>) -> (Vec<Option<Step>>, [u32; PLANS], [u32; 2]) {
    let [reads, writes, login, check] = entry::plans(site.settings());
    let compares = site.settings().flag("etag") && revalidation::is_asked(site.layout);
    let mut steps = Vec::new();
    let mut append = |plan: Vec<Step>| {
        let begin = steps.len() as u32;
        steps.extend(plan.into_iter().map(Some).chain([None]));
        begin
    };
    let begins = std::array::from_fn(|plan| {
        if plan == WRITES {
            return append(writes.clone());
        }
        let asks = |step: &Step| match step {
            Step::Read if plan > 0 => Step::Ask(Question::of(plan).verb()),
            step => *step,
        };
        let mut steps: Vec<Step> = reads.iter().map(asks).collect();
        let page = site.layout.sized_traffic() && !brings_row(site, &steps);
        steps.extend(page.then_some(Step::Page).into_iter().chain(compares.then_some(Step::Compare)));
        append(steps)
    });
    let others = [append(login), append(check)];
    (steps, begins, others)
}

/// Whether the last thing that is read is a row: that weighs what a trace says. The answer to another question weighs what was found, and
/// where nothing is read nothing weighs anything; the page made of it weighs what the trace says all the same.
fn brings_row(site: &Site<'_>, steps: &[Step]) -> bool {
    let data = steps.iter().rev().find(|step| matches!(step, Step::Read | Step::Ask(_)));
    site.settings().is_given("reads") && matches!(data, Some(Step::Read))
}

/// How often each step stands in its plan before: the same thing is not done twice in the same time.
pub(super) fn repeats(steps: &[Option<Step>]) -> Vec<u8> {
    let before = |at: usize| {
        let plan = steps[..at].iter().rev().take_while(|step| step.is_some());
        plan.filter(|step| **step == steps[at]).count().min(usize::from(u8::MAX)) as u8
    };
    (0..steps.len()).map(before).collect()
}

/// The plan for a request that asks with this verb.
#[inline]
pub(super) fn plan_of(verb: u16) -> usize {
    match verb {
        READ => 0,
        WRITE => WRITES,
        _ => Question::of_verb(verb).map_or(0, |question| question as usize),
    }
}
