//! What a script's function may see of a world: figures of components since that function last looked.

use super::figures::{FIGURES, is_named};
use super::metric::short;
use super::series::{Change, Figure, known};
use super::terms::Terms;
use crate::catalog::{Problem, did_you_mean, meant};
use crate::components::{Layout, is_front};
use crate::kernel::readings::Reading;
use crate::kernel::{NodeId, Readings, Time, seconds};
use crate::model::{Moment, Part, Whom, selected};
use std::sync::Arc;

/// The readings of all nodes at a time.
#[derive(Clone, Debug, Default)]
pub(super) struct Look {
    pub at: Time,
    pub readings: Arc<Vec<Readings>>,
}

/// What a script's function may see.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The time.
    pub now: Time,
    layout: Arc<Layout>,
    terms: Arc<Terms>,
    since: Time,
    earlier: Arc<Vec<Readings>>,
    later: Arc<Vec<Readings>>,
    /// Seconds between them.
    length: f64,
    /// In a rehearsal every figure is there, at a harmless value.
    rehearses: Option<Moment>,
}

impl View {
    pub(super) fn between(earlier: &Look, later: &Look, layout: &Arc<Layout>, terms: &Arc<Terms>) -> Self {
        View {
            now: later.at,
            layout: layout.clone(),
            terms: terms.clone(),
            since: earlier.at,
            earlier: earlier.readings.clone(),
            later: later.readings.clone(),
            length: seconds(later.at - earlier.at),
            rehearses: None,
        }
    }

    /// Before anything runs, at this moment. Without a layout nothing is known of the components.
    pub(super) fn rehearsal(layout: Option<&Layout>, moment: Moment) -> Self {
        let layout = Arc::new(layout.cloned().unwrap_or_default());
        View { layout, rehearses: Some(moment), ..View::default() }
    }

    /// A figure of a group, a part of it or one of its nodes, by its name, which may leave out the unit; `None` if nothing was measured.
    /// Rates and numbers of nodes add up (what comes to a group counts at its front, where it has one), shares are of what all of them did together, of times the longest counts.
    ///
    /// # Errors
    /// That there is no such figure, or no such part; without a place.
    pub fn figure(&self, group: usize, part: Option<Part>, name: &str) -> Result<Option<f64>, Problem> {
        let named = FIGURES.iter().find(|figure| is_named(figure.name, name));
        let metric = named.ok_or_else(|| unknown(name))?.name;
        let nodes = match self.layout.groups.get(group) {
            Some(_) => selected(&self.layout, group, part, self.rehearses.unwrap_or(Moment::Rehearsal))?,
            None => Vec::new(),
        };
        if self.rehearses.is_some() {
            return Ok(Some(0.0));
        }
        let at_front = part.is_none() && matches!(metric, "arrivals_per_s" | "calls_per_s" | "errors_per_s");
        let of =
            |node: NodeId| self.change(node).figures().into_iter().filter(|figure| figure.name == metric);
        let nodes: Vec<NodeId> = nodes.into_iter().map(|whom| self.find(whom)).collect();
        let is_front = |node: &NodeId| at_front && self.is_front(*node);
        let front: Vec<Figure> = nodes.iter().copied().filter(is_front).flat_map(of).collect();
        Ok(combined(metric, if front.is_empty() { nodes.into_iter().flat_map(of).collect() } else { front }))
    }

    fn is_front(&self, node: NodeId) -> bool {
        self.layout.home(node).is_some_and(|(group, n)| is_front(&self.layout.groups[group], n))
    }

    fn find(&self, whom: Whom) -> NodeId {
        whom.among(|node| match known(&self.later, node.index()).get("primary") {
            Some(Reading::Gauge(epoch)) => *epoch as i64,
            _ => 0,
        })
    }

    fn change(&self, node: NodeId) -> Change<'_> {
        let of = |readings| known(readings, node.index());
        let later = of(&self.later);
        let span = (self.since, self.now);
        let (present, levels) =
            (self.terms.working(node, span, later), self.terms.until_it_left(node, span, later));
        Change { earlier: of(&self.earlier), later, levels, length: self.length, present }
    }
}

fn unknown(name: &str) -> Problem {
    let names = FIGURES.iter().map(|figure| figure.name);
    let whole = |close: &str| {
        names.clone().find(|name| short(name) == close).map(|name| format!("did you mean `{name}`?"))
    };
    let action =
        crate::model::ACTIONS.contains(&name).then(|| format!("it is something to do: write {name}()"));
    let part = match name {
        "primary" | "router" | "coordinator" => Some(format!("write {name}()")),
        "leader" | "master" => Some("write primary()".into()),
        "replicas" | "replica" | "secondary" | "slave" => Some("write replica(1)".into()),
        "shards" => Some("write shard(0)".into()),
        _ => None,
    };
    let meant = || meant::figure(name, names.clone()).map(|name| format!("did you mean `{name}`?"));
    let close = || crate::catalog::closest(name, names.clone().map(short)).and_then(whole);
    let hint = action.or(part).or_else(meant).or_else(close).or_else(|| did_you_mean(name, names.clone()));
    Problem::new(format!("a component has no figure `{name}`")).maybe_hint(hint)
}

/// A figure of several nodes out of those of each.
fn combined(metric: &str, figures: Vec<Figure>) -> Option<f64> {
    let sum = |of: fn(&Figure) -> f64| figures.iter().map(of).sum::<f64>();
    match metric {
        _ if metric.ends_with("_ratio") => {
            let all = sum(|figure| figure.weight);
            (all > 0.0).then(|| sum(|figure| figure.value * figure.weight) / all)
        }
        _ if metric.ends_with("_ms") => figures.iter().map(|figure| figure.value).reduce(f64::max),
        _ => (!figures.is_empty()).then(|| sum(|figure| figure.value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(name: &'static str, value: f64, weight: f64) -> Figure {
        Figure { name, value, weight }
    }

    #[test]
    fn shares_are_of_what_all_did_together() {
        let all = |figures: &[Figure]| combined(figures[0].name, figures.to_vec());
        assert_eq!(all(&[figure("hit_ratio", 0.5, 300.0), figure("hit_ratio", 0.1, 100.0)]), Some(0.4));
        assert_eq!(all(&[figure("hit_ratio", 0.5, 0.0)]), None);
        assert_eq!(all(&[figure("lag_count", 5.0, 1.0), figure("lag_count", 6.0, 1.0)]), Some(11.0));
        assert_eq!(all(&[figure("replica_lag_ms", 5.0, 1.0), figure("replica_lag_ms", 6.0, 1.0)]), Some(6.0));
        assert_eq!(combined("lag_count", Vec::new()), None);
    }

    #[test]
    fn names_may_leave_out_the_unit_and_nothing_else() {
        for (name, meant) in
            [("hit", true), ("hit_ratio", true), ("hi", false), ("queue_len", true), ("queue", false)]
        {
            assert_eq!(FIGURES.iter().any(|figure| is_named(figure.name, name)), meant, "{name}");
        }
        assert!(unknown("utilisation").hint.expect("a guess").contains("utilization"));
    }
}
