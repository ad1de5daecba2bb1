//! A cache in front of its store: it runs whole reads and writes itself. The steps come back to it as calls of their own.

use super::node::Node;
use crate::components::revalidation::if_none_match;
use crate::kernel::{Answer, CallId, Control, Ctx, Reply, Status, Time};
use crate::parts::plan::{Access, Operation, Progress, Route, drop_promises};
use crate::parts::verbs::{READ, WRITE};

/// Reads and writes that the cache runs itself.
#[derive(Clone)]
pub(super) struct Inline {
    pub access: Access,
    operations: Vec<Operation>,
    free: Vec<u32>,
    /// Whether somebody asks "only if it has changed".
    compares: bool,
}

impl Node {
    pub(super) fn run_inline(&mut self, id: CallId, cx: &mut Ctx<'_>) {
        let call = cx.call(id);
        let (verb, key, request, bytes) = (call.verb, call.key, call.request, call.bytes);
        debug_assert!(matches!(verb, READ | WRITE), "a cache takes no verb {verb}");
        let Some(inline) = &mut self.inline else {
            debug_assert!(false, "callers of a cache aside run their plans themselves");
            return cx.reply(id, Answer::of(Status::Failed));
        };
        let note = inline.free.pop().unwrap_or(inline.operations.len() as u32);
        let mut operation = Operation::new(id, request, key, if verb == WRITE { bytes } else { 0 }, note);
        operation.serve(call);
        match inline.operations.get_mut(note as usize) {
            Some(slot) => *slot = operation,
            None => inline.operations.push(operation),
        }
        let operation = &mut inline.operations[note as usize];
        let progress = match verb {
            WRITE => inline.access.write(operation, cx),
            _ => {
                inline.access.read(operation, cx);
                Progress::Waits
            }
        };
        inline.go_on(note, progress, cx);
    }
}

impl Inline {
    pub fn new(access: Access, compares: bool) -> Self {
        Inline { access, operations: Vec::new(), free: Vec::new(), compares }
    }

    pub fn start(&mut self, timeout: Option<Time>, cx: &mut Ctx<'_>) {
        self.access.start(timeout, cx);
        self.access.cache = Some(Route::One(cx.node()));
    }

    pub fn on_reply(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let operation = &mut self.operations[reply.note as usize];
        let progress = self.access.on_reply(operation, reply, cx);
        self.go_on(reply.note, progress, cx);
        while let Some((note, answer)) = self.access.pop_landed() {
            self.go_on(note, Progress::Done(answer), cx);
        }
    }

    /// An operation has paused long enough.
    pub fn poll(&mut self, note: u32, cx: &mut Ctx<'_>) {
        self.access.poll(&mut self.operations[note as usize], cx);
    }

    pub fn crash(&mut self, control: &Control, cx: &mut Ctx<'_>) {
        drop_promises(self.operations.drain(..), cx);
        self.free.clear();
        self.access.on_control(control, cx);
    }

    fn go_on(&mut self, note: u32, progress: Progress, cx: &mut Ctx<'_>) {
        let operation = &mut self.operations[note as usize];
        match progress {
            Progress::Waits => {}
            Progress::Acked(answer) => {
                cx.reply(operation.parent, answer);
                let progress = self.access.resume(operation, cx);
                self.go_on(note, progress, cx);
            }
            Progress::Done(mut answer) => {
                if self.compares {
                    compare(&mut answer, operation.parent, cx);
                }
                if !operation.parent.is_none() {
                    cx.reply(operation.parent, answer);
                }
                self.free.push(note);
            }
        }
    }
}

/// What the caller holds already is not sent again.
#[cold]
fn compare(answer: &mut Answer, parent: CallId, cx: &Ctx<'_>) {
    let asked = !parent.is_none() && cx.is_open(parent) && answer.status == Status::Ok;
    if asked && cx.call(parent).verb == READ && cx.call(parent).version == if_none_match(answer.version) {
        answer.bytes = 0;
    }
}
