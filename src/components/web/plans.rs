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
    let [mut reads, writes, login, check] = entry::plans(site.settings());
    let asks = |step: &Step| matches!(step, Step::Read | Step::Ask(_));
    let reads_data = site.settings().is_given("reads") && reads.iter().any(asks);
    if site.layout.sized_traffic() && !reads_data {
        reads.push(Step::Page);
    }
    if site.settings().flag("etag") && revalidation::is_asked(site.layout) {
        reads.push(Step::Compare);
    }
    let mut steps = Vec::new();
    let mut append = |plan: Vec<Step>| {
        let begin = steps.len() as u32;
        steps.extend(plan.into_iter().map(Some).chain([None]));
        begin
    };
    let begins = std::array::from_fn(|plan| {
        let asks = |step: &Step| match step {
            Step::Read if (1..WRITES).contains(&plan) => Step::Ask(Question::of(plan).verb()),
            step => *step,
        };
        append(if plan == WRITES { writes.clone() } else { reads.iter().map(asks).collect() })
    });
    let others = [append(login), append(check)];
    (steps, begins, others)
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
