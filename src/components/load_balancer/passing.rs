//! The call that is being passed on, as a policy may see it.

use super::policy::Asker;
use crate::kernel::{Ctx, RequestId, Time};

/// A call and its request.
pub(super) struct Passing<'a, 'b> {
    pub request: RequestId,
    pub key: u64,
    /// Of the draws so far.
    pub purpose: u64,
    pub cx: &'a mut Ctx<'b>,
}

impl Asker for Passing<'_, '_> {
    #[inline]
    fn uniform(&mut self) -> f64 {
        self.purpose = self.purpose.wrapping_add(1);
        self.cx.draw(self.request, self.purpose, self.key)
    }

    fn address(&self) -> u32 {
        self.cx.request(self.request).map_or(0, |request| request.address)
    }

    fn key(&self) -> u64 {
        self.key
    }

    fn now(&self) -> Time {
        self.cx.now()
    }
}
