//! What clients know of what comes next, so that memory is fetched before it is needed: each user's part of it is looked at so rarely that
//! the processor's caches have lost it. With this, and what the edges foresee, `benches/world` takes 0.66 of the time (four alternating
//! pairs, 0.62-0.72; 2026-11-26).

use super::node::Client;
use super::source::USER;
use crate::kernel::Request;
use crate::random::draw::DrawKey;

impl Client {
    /// The user whose request this is; 0 = nobody in particular.
    #[inline]
    pub(super) fn user_of(&self, draw: DrawKey) -> u32 {
        match self.users {
            0 => 0,
            users => 1 + ((draw.uniform(USER, 0) * users as f64) as u64).min(users - 1) as u32,
        }
    }

    /// The user whose request has just come: the recorded one, or one of those that requests are spread over.
    #[inline]
    pub(super) fn comes(&mut self, draw: DrawKey) -> u32 {
        let recorded = if self.users == 0 { None } else { self.source.person(self.users) };
        recorded.unwrap_or_else(|| self.user_of(draw))
    }

    /// Who comes next is known already, and who comes then.
    #[inline(always)]
    pub(super) fn look_ahead(&self) {
        if self.users == 0 || self.near.is_none() && self.reach.is_none() {
            return;
        }
        let user = |number| self.user_of(self.draws.request(number));
        let (next, after) = (user(self.issued), user(self.issued + 1));
        if let Some(near) = &self.near {
            near.foresee(next, false);
        }
        if let Some(names) = self.reach.as_ref().and_then(|reach| reach.names.as_ref()) {
            names.foresee(next, after);
        }
    }

    /// An answer comes soon: its user's browser will keep it. Whether there is more to fetch then.
    #[inline]
    pub(super) fn answer_comes(&self, request: Option<&Request>) -> bool {
        if let (Some(near), Some(request)) = (&self.near, request) {
            near.foresee(request.user, true);
        }
        false
    }
}
