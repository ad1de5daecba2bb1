//! A message as it travels: what is in it, apart from its content.

use crate::components::Site;
use crate::kernel::prefetch::prefetch;
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

/// The number of the message that a producer sends with this call; 0 = it has none (a test without a producer).
#[inline]
pub fn number(call: CallId, cx: &Ctx<'_>) -> u32 {
    cx.call(call).token
}

/// A producer numbers a message before it sends it: copies may be under way when nobody waits for them any more, and arrive in any order. What is
/// sent again for the same request, which sends so many others `before`, is the same message, whichever server sends it. A client's request is
/// open while it sends; a server's may be over.
#[inline]
pub fn numbered(queue: u16, before: u8, ask: &Ask, cx: &mut Ctx<'_>) -> u32 {
    if !ask.parent.is_none() && !ask.request.is_none() {
        return cx.audit().messages_mut().number_for(ask.request.to_bits(), before, queue, ask.key);
    }
    let known = cx.request(ask.request).map_or(0, |request| request.message);
    if known != 0 {
        return known;
    }
    let messages = cx.audit().messages_mut();
    let (orders, place) = messages.looks_at(queue, ask.key);
    prefetch(orders, place);
    let id = messages.number(queue, ask.key);
    if let Some(request) = cx.request_mut(ask.request) {
        request.message = id;
    }
    id
}

/// A broker takes in the message that a producer sends with this call.
#[inline]
pub fn accept(queue: u16, call: CallId, cx: &mut Ctx<'_>) -> Message {
    let known = number(call, cx);
    let &Call { key, bytes, .. } = cx.call(call);
    let now = cx.now();
    let id = cx.audit().messages_mut().accept(queue, key, known, now);
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
