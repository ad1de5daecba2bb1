//! Distributions without a mean or a variance: what is averaged of them has no interval that holds what it says.

use crate::catalog::Kind;
use crate::components::site::Group;
use crate::random::variate::Variate;

/// Says so of the first such distribution among the settings of a group.
pub(super) fn heavy_tails(group: &Group) -> Option<String> {
    let params = group.settings.entry().params.iter();
    let variates = params.filter(|param| matches!(param.kind, Kind::Variate));
    variates.filter_map(|param| doubt(&group.name, param.name, group.settings.variate(param.name)?)).next()
}

fn doubt(group: &str, setting: &str, variate: Variate) -> Option<String> {
    let lacks = match (variate.mean().is_finite(), variate.variance().is_finite()) {
        (true, true) => return None,
        (true, false) => {
            "no variance (a pareto's shape is 2 or less): means and what queues depend on settle so slowly that their intervals are too narrow"
        }
        (false, _) => {
            "no mean (a pareto's shape is 1 or less): what is measured grows with the length of the run"
        }
    };
    Some(format!("`{setting}` of {group} has {lacks}; medians are right, and an empirical([..]) has an end"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::variate::Pareto;

    #[test]
    fn what_has_moments_is_not_told() {
        let told = |shape: f64| doubt("web", "service", Pareto::new(1e6, shape).unwrap().into());
        assert_eq!(told(2.5), None);
        assert!(told(1.5).unwrap().contains("no variance"));
        assert!(told(0.9).unwrap().starts_with("`service` of web has no mean"));
    }
}
