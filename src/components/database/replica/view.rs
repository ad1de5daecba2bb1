//! What the coordinator tells the router: who leads, and who is there.

use super::router::Router;
use super::wire::unpack;
use crate::kernel::{Answer, CallId, Ctx};

impl Router {
    /// The view of a shard.
    pub(super) fn take_view(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let (epoch, shard, start) = unpack(call.key);
        let (bits, primary) = (call.version, call.note as usize);
        let state = &mut self.shards[shard as usize];
        if epoch >= state.epoch {
            let is_new = epoch > state.epoch;
            (state.epoch, state.primary) = (epoch, primary);
            if !self.lasting {
                state.start = start as u32;
            }
            for (at, seen) in state.members.iter_mut().enumerate() {
                seen.up = bits & (1 << at) != 0;
            }
            if is_new && !self.lasting {
                self.copy_anew("a shard has another primary", cx);
            }
        }
        cx.reply(id, Answer::ok(0, 0));
    }
}
