//! A visit: the page, from the browser or the network, then the assets that it names; they are asked for together.

use super::node::Client;
use super::{READS, WRITES};
use crate::kernel::{Ask, Ctx, NodeId, Reply, RequestId, Status};
use crate::parts::verbs::{LOGIN, READ};

impl Client {
    /// A request looks into its browser first. True if that was all.
    #[inline(never)]
    pub(super) fn found_near(&mut self, id: RequestId, cx: &mut Ctx<'_>) -> bool {
        let now = cx.now();
        let Some((near, request)) = self.near.as_mut().zip(cx.request(id)) else { return false };
        if request.class == WRITES || near.is_visiting(id) {
            return false;
        }
        let Some(version) = near.page(request, now) else { return false };
        self.steps.note(request, now, &self.seen);
        self.have_page(id, version, None, cx)
    }

    /// The page is there; its assets are asked for where it came from. True if nothing has to be asked, or if it has been.
    fn have_page(&mut self, id: RequestId, version: u32, from: Option<NodeId>, cx: &mut Ctx<'_>) -> bool {
        let now = cx.now();
        let Some((near, request)) = self.near.as_mut().zip(cx.request(id)) else { return false };
        if near.site.is_none() {
            self.conclude(id, version, cx);
            return true;
        }
        if near.open(id, request, version, now) {
            self.complete(id, cx);
            return true;
        }
        from.is_some_and(|server| self.send_assets(id, server, cx))
    }

    /// Asks for all assets that a visit still wants. False if the request has no page yet.
    #[inline(never)]
    pub(super) fn send_assets(&mut self, id: RequestId, to: NodeId, cx: &mut Ctx<'_>) -> bool {
        let (now, timeout) = (cx.now(), self.timeout);
        let Some((near, request)) = self.near.as_mut().zip(cx.request(id)) else { return false };
        let user = request.user;
        let Some(visit) = near.visit(id) else { return false };
        let wanted = visit.wanted.clone();
        visit.asked = wanted.len() as u32;
        for key in wanted {
            let version = near.validator(user, key, now);
            cx.ask(Ask { request: id, version, note: version, timeout, ..Ask::new(to, READ, key) });
        }
        true
    }

    /// What the browser says of its copy of what a request is about.
    #[inline(never)]
    pub(super) fn validator(&mut self, id: RequestId, cx: &Ctx<'_>) -> u32 {
        let Some((near, request)) = self.near.as_mut().zip(cx.request(id)) else { return 0 };
        if request.class == READS { near.validator(request.user, request.key, cx.now()) } else { 0 }
    }

    /// An answer for a page or an asset. False if there is nothing more to it than to any other answer.
    #[inline(never)]
    pub(super) fn heard_near(&mut self, reply: &Reply, cx: &mut Ctx<'_>) -> bool {
        let now = cx.now();
        let Some((near, request)) = self.near.as_mut().zip(cx.request(reply.request)) else { return false };
        if near.is_visiting(reply.request) {
            self.heard_asset(reply, cx);
            return true;
        }
        if reply.status != Status::Ok || reply.verb == LOGIN {
            return false;
        }
        if request.class == WRITES {
            near.written(request);
            return false;
        }
        near.learn(request.user, reply, now);
        if near.site.is_none() {
            return false;
        }
        self.steps.note(request, now, &self.seen);
        self.have_page(reply.request, reply.version, Some(reply.callee), cx)
    }

    fn heard_asset(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let (id, now) = (reply.request, cx.now());
        let user = cx.request(id).map_or(0, |request| request.user);
        let near = self.near.as_mut().expect("just asked");
        match reply.status {
            Status::Ok => {
                near.learn(user, reply, now);
                near.asset(id, reply.key, Some(reply.version));
            }
            Status::Missing => near.asset(id, reply.key, None),
            _ => near.visit(id).expect("just seen").failed = true,
        }
        let visit = near.visit(id).expect("just seen");
        visit.asked -= 1;
        if visit.asked > 0 {
            return;
        }
        if !std::mem::take(&mut visit.failed) {
            return self.complete(id, cx);
        }
        self.fail(reply, cx); // another attempt asks for what is still wanted
    }

    /// A request is over; so is its visit.
    #[inline(never)]
    pub(super) fn leave(&mut self, id: RequestId) {
        if let Some(near) = self.near.as_mut().filter(|near| near.is_visiting(id)) {
            near.close(id, false);
        }
    }

    fn complete(&mut self, id: RequestId, cx: &mut Ctx<'_>) {
        let build = self.near.as_mut().expect("a visit is under way").close(id, true);
        self.conclude(id, build, cx);
    }
}
