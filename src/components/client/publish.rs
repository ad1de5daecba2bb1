//! Traffic that goes to a queue.

use super::node::Client;
use crate::components::queue::publisher::Heard;
use crate::kernel::{Ask, Ctx, NodeId, Reply, Timer};
use crate::parts::verbs::PUBLISH;

impl Client {
    /// Whether an answer leaves the message under way; else it is what the user gets.
    #[inline]
    pub(super) fn is_under_way(&mut self, reply: &mut Reply, cx: &mut Ctx<'_>) -> bool {
        let Some(publisher) = &mut self.publisher else { return false };
        match publisher.heard(reply, cx) {
            Heard::Over => return false,
            Heard::UnderWay => {}
            Heard::Elsewhere(to) => {
                let bytes = cx.request(reply.request).map_or(0, |request| request.bytes);
                let ask = Ask { request: reply.request, bytes, ..Ask::new(NodeId::NONE, PUBLISH, reply.key) };
                publisher.send_to(to, ask, cx);
            }
        }
        true
    }

    /// A timer of the producer: some messages have taken too long.
    #[cold]
    pub(super) fn publish_again(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        while let Some(reply) = self.publisher.as_mut().and_then(|publisher| publisher.on_timer(timer, cx)) {
            self.fail(&reply, cx);
        }
    }
}
