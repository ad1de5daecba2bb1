//! A message as it travels: what is in it, apart from its content.

use crate::components::Site;
use crate::kernel::{Ask, Call, CallId, Ctx, MILLISECOND, Time};

/// A message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Message {
    /// Its number, which it carries wherever it goes (see `audit::messages`).
    pub id: u32,
    /// What it is about: the row, the user, the order; messages of one key want to be processed in order.
    pub key: u64,
    /// Size.
    pub bytes: u32,
}

/// Most messages that a broker holds if nothing bounds it: about half a gigabyte. One more is rejected.
pub const HELD_AT_MOST: usize = 10_000_000;

/// Number of a queue among the queues of its world.
pub fn ordinal(site: &Site<'_>) -> u16 {
    site.layout.groups[..site.index].iter().filter(|group| group.kind == "queue").count() as u16
}

/// The number of the message that a producer sends with this call: the one that the producer has given it, or that its request carries from
/// an earlier attempt; 0 = none yet.
#[inline]
pub fn number(call: CallId, cx: &Ctx<'_>) -> u32 {
    let &Call { token, request, .. } = cx.call(call);
    if token != 0 { token } else { cx.request(request).map_or(0, |request| request.message) }
}

/// A producer numbers a message that it sends for a request, which may be over before the message is through.
pub fn numbered(queue: u16, ask: &Ask, cx: &mut Ctx<'_>) -> u32 {
    let known = cx.request(ask.request).map_or(0, |request| request.message);
    let id = if known != 0 { known } else { cx.audit().messages_mut().number(queue, ask.key) };
    if let Some(request) = cx.request_mut(ask.request) {
        request.message = id;
    }
    id
}

/// A broker takes in the message that a producer sends with this call. A request that is sent again carries the number that
/// its message was given the first time.
#[inline]
pub fn accept(queue: u16, call: CallId, cx: &mut Ctx<'_>) -> Message {
    let known = number(call, cx);
    let &Call { key, bytes, request, .. } = cx.call(call);
    let now = cx.now();
    let id = cx.audit().messages_mut().accept(queue, key, known, now);
    if let Some(request) = cx.request_mut(request) {
        request.message = id;
    }
    Message { id, key, bytes }
}

/// The producer has the broker's word for it.
#[inline]
pub fn acknowledge(id: u32, cx: &mut Ctx<'_>) {
    let now = cx.now();
    cx.audit().messages_mut().acknowledge(id, now);
}

/// The broker holds the message no more.
#[inline]
pub fn release(id: u32, cx: &mut Ctx<'_>) {
    let now = cx.now();
    cx.audit().messages_mut().release(id, now);
}

/// A broker takes in a dead letter that another queue sends with this call.
pub fn inherit(call: CallId, cx: &mut Ctx<'_>) -> Message {
    let (id, key, bytes) = {
        let call = cx.call(call);
        (call.version, call.key, call.bytes)
    };
    let now = cx.now();
    cx.audit().messages_mut().take(id, now);
    Message { id, key, bytes }
}

/// When a dead letter was sent to the first queue, to the millisecond, as the queue says that sends it on with this call.
pub fn first_sent(call: CallId, cx: &Ctx<'_>) -> Time {
    Time::from(cx.call(call).token) * MILLISECOND
}

/// The message is a dead letter now, and on its way to a second queue.
pub fn set_aside(id: u32, cx: &mut Ctx<'_>) {
    cx.audit().messages_mut().set_aside(id);
}

/// The broker sets the message aside for good.
pub fn bury(id: u32, cx: &mut Ctx<'_>) {
    let now = cx.now();
    let messages = cx.audit().messages_mut();
    messages.bury(id, now);
    messages.release(id, now);
}
