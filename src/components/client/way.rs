//! The way to a server, where there is more on it: clients look nearby, ask a resolver or a router, or choose themselves; a queue takes it over.

use super::names::Way;
use super::node::Client;
use crate::components::steps::Step;
use crate::kernel::{Ask, Ctx, NodeId, Outcome, Reply, RequestId, Status};
use crate::parts::verbs::{LOCATE, LOGIN, LOOKUP};

impl Client {
    /// An attempt begins where there is more on the way than a server.
    #[inline(never)]
    pub(super) fn set_out_otherwise(&mut self, id: RequestId, cx: &mut Ctx<'_>) {
        if self.near.is_some() && self.found_near(id, cx) {
            return;
        }
        match &self.reach {
            None => self.send(id, self.to, cx),
            Some(_) => self.find(id, cx),
        }
    }

    #[inline(never)]
    fn send(&mut self, id: RequestId, to: NodeId, cx: &mut Ctx<'_>) {
        if self.near.is_some() && self.send_assets(id, to, cx) {
            return;
        }
        let version = if self.near.is_some() { self.validator(id, cx) } else { 0 };
        let Some(ask) = self.question(id, to, version, cx) else { return };
        match &mut self.publisher {
            Some(publisher) => publisher.send(ask, 0, cx),
            None => _ = cx.ask(ask),
        }
    }

    /// An attempt begins, and its way is not always the same.
    #[inline(never)]
    fn find(&mut self, id: RequestId, cx: &mut Ctx<'_>) {
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

    /// An answer that is more, or less, than what was wanted; or any, where there is more on the way.
    #[inline(never)]
    pub(super) fn hear(&mut self, mut reply: Reply, cx: &mut Ctx<'_>) {
        if matches!(reply.verb, LOOKUP | LOCATE) {
            return self.resolved(&reply, cx);
        }
        if self.publisher.is_some() && self.is_under_way(&mut reply, cx) {
            return;
        }
        if self.near.is_some() && self.heard_near(&reply, cx) {
            return;
        }
        match reply.status {
            Status::Ok | Status::Missing if reply.verb != LOGIN => self.succeed(&reply, cx),
            Status::Ok | Status::Missing => self.logged_in(&reply, cx),
            Status::Denied => self.log_in(&reply, cx),
            _ => self.fail(&reply, cx),
        }
    }

    /// A resolver has answered, or has not.
    #[inline(never)]
    fn resolved(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
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
