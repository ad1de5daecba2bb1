//! The way to a server, where clients have to find it: they ask a resolver, a router, or choose themselves.

use super::names::Way;
use super::node::Client;
use crate::components::steps::Step;
use crate::kernel::{Ask, Ctx, Outcome, Reply, RequestId, Status};

impl Client {
    /// An attempt begins, and its way is not always the same.
    #[inline(never)]
    pub(super) fn find(&mut self, id: RequestId, cx: &mut Ctx<'_>) {
        let (Some(reach), Some(request)) = (&mut self.reach, cx.request(id)) else { return };
        let way = reach.find(request, cx);
        self.go(id, way, cx);
    }

    /// To the server, or first to somebody who knows which.
    #[inline(never)]
    fn go(&mut self, id: RequestId, way: Way, cx: &mut Ctx<'_>) {
        match way {
            Way::Server(server) => self.send(id, server, cx),
            Way::Resolver(resolver, question) => {
                let (Some(reach), Some(request)) = (&self.reach, cx.request(id)) else { return };
                let ask = reach.question(request, resolver, question);
                cx.ask(Ask { request: id, timeout: self.timeout, ..ask });
            }
            Way::Nowhere => self.finish(id, Outcome::Failed, cx),
        }
    }

    /// A resolver has answered, or has not.
    #[inline(never)]
    pub(super) fn resolved(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let now = cx.now();
        let Some(request) = cx.request_mut(reply.request) else { return };
        Step::Lookup.note(request, now - reply.asked);
        match (&mut self.reach, reply.status) {
            (Some(reach), Status::Ok | Status::Missing) => {
                let way = reach.learn(reply, cx.request(reply.request).expect("just seen"), cx);
                self.go(reply.request, way, cx);
            }
            _ => self.fail(reply, cx),
        }
    }
}
