//! The tiers that the servers of a balancer belong to: whoever joins a tier weighs what its lightest server weighs, and follows it.
//!
//! (Balancers differ: a target group has one weight for all its members, and nginx and HAProxy give 1 to a server of which nothing is said.)

use super::super::Site;

/// The tier of each server.
#[derive(Clone, Debug, Default)]
pub(super) struct Tiers {
    of: Vec<u16>,
    /// So many were there at the start; weights are given to them.
    began: usize,
}

impl Tiers {
    /// Of the servers of these groups, in their order.
    pub fn new(site: &Site<'_>, groups: &[usize]) -> Self {
        let tier = |group: &usize| vec![*group as u16; site.layout.groups[*group].doors().count()];
        let of: Vec<u16> = groups.iter().flat_map(tier).collect();
        Tiers { began: of.len(), of }
    }

    /// One more server of a tier; its weight, if `weight` tells those of the others.
    pub fn join(&mut self, tier: u16, weight: impl Fn(usize) -> u32) -> u32 {
        self.of.push(tier);
        self.lightest(tier, weight)
    }

    fn lightest(&self, tier: u16, weight: impl Fn(usize) -> u32) -> u32 {
        (0..self.began).filter(|at| self.of[*at] == tier).map(weight).min().unwrap_or(1)
    }

    /// A server has got another weight: who follows, and the weight of those.
    pub fn follow(&self, at: usize, weight: impl Fn(usize) -> u32) -> (Vec<usize>, u32) {
        let tier = self.of[at];
        let followers = (self.began..self.of.len()).filter(|other| self.of[*other] == tier);
        (followers.collect(), self.lightest(tier, weight))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_joins_weighs_what_the_lightest_of_its_tier_weighs() {
        let mut tiers = Tiers { of: vec![4, 4, 7, 7], began: 4 };
        let weights = [9, 1, 0, 0];
        assert_eq!(tiers.join(4, |at| weights[at]), 1);
        assert_eq!(tiers.join(7, |at| weights[at]), 0);
        assert_eq!(tiers.join(9, |at| weights[at]), 1, "a tier that began without servers");
        assert_eq!(tiers.follow(2, |_| 5), (vec![5], 5));
        assert_eq!(tiers.follow(0, |at| [3, 8][at]), (vec![4], 3));
    }
}
