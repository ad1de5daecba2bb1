//! How a request comes into the world. Of most traffics nothing is asked but what and when: they are told apart once, so that none of
//! their requests asks again.

use super::node::Client;
use super::population::place;
use super::source::{Source, WRITE as DRAW_WRITE, Wish};
use super::{READS, WRITES};
use crate::kernel::{Ask, Ctx, Request, RequestId, rarely};
use crate::random::draw::DrawKey;

impl Client {
    /// Finds out what need never be asked of its requests.
    pub(super) fn look_at_itself(&mut self) {
        self.is_bare = self.is_plain
            && matches!(self.source, Source::Open { .. })
            && self.addresses.is_none()
            && self.browsers.is_none()
            && self.population.is_none()
            && self.retry.budget.is_none();
        self.only_reads = self.is_bare && self.writes == 0.0;
    }

    #[inline(always)]
    pub(super) fn issue(&mut self, number: u64, draw: DrawKey, user: u32, cx: &mut Ctx<'_>) {
        if self.only_reads {
            self.issue_as::<true>(number, draw, user, cx);
        } else {
            rarely();
            self.issue_otherwise(number, draw, user, cx);
        }
    }

    #[inline(never)]
    fn issue_otherwise(&mut self, number: u64, draw: DrawKey, user: u32, cx: &mut Ctx<'_>) {
        self.issue_as::<false>(number, draw, user, cx);
    }

    #[inline(always)]
    fn issue_as<const BARE: bool>(&mut self, number: u64, draw: DrawKey, user: u32, cx: &mut Ctx<'_>) {
        let publishes = !BARE && self.publisher.is_some();
        let recorded = if BARE { None } else { self.source.recorded(draw) };
        let wish = recorded.unwrap_or_else(|| {
            let writes = !BARE && self.writes > 0.0 && draw.uniform(DRAW_WRITE, 0) < self.writes;
            // Who reads sends nothing: how large the answer is, its store knows.
            let bytes = if writes || publishes { self.size } else { 0 };
            Wish { key: self.wanted.key(draw, number, cx.now(), writes), writes, bytes, address: 0 }
        });
        self.issued += 1;
        let address = match &self.addresses {
            Some(addresses) if !BARE => addresses.of(user, draw, cx.now()),
            _ => wish.address,
        };
        let mut request = Request::new(cx.node(), number, draw, cx.now(), wish.key);
        request.user = user;
        request.session = user;
        request.address = address;
        request.bytes = wish.bytes;
        request.class = if wish.writes || publishes { WRITES } else { READS };
        request.floor = cx.audit().floor(wish.key);
        request.attempts = 1;
        let ask = self.ask_for(&request, self.to, 0);
        let id = cx.issue(request);
        if BARE {
            cx.ask(Ask { request: id, ..ask });
        } else {
            self.personalise(id, cx);
            self.budget.earn(&self.retry);
            self.set_out(id, cx);
        }
    }

    /// A new request shows what its user's browser remembers, and comes from where its user lives.
    #[inline(never)]
    fn personalise(&mut self, id: RequestId, cx: &mut Ctx<'_>) {
        let Some(request) = cx.request_mut(id) else { return };
        if let Some(browsers) = &mut self.browsers {
            browsers.open(request);
        }
        if let Some(population) = &self.population {
            place(request, population, self.draws, self.addresses.is_some());
        }
    }
}
