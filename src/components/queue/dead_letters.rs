//! Messages that a queue gives up: set aside for good, or sent to a second queue where they can be consumed.
//!
//! A letter stays with its queue until the second one has it; without an answer it is sent again, so that it may arrive twice, as with
//! the at-least-once strategy of RabbitMQ's quorum queues. Idealised: letters under way survive a crash of their queue. What is left of
//! their time is the second queue's affair: RabbitMQ begins anew (its guide to dead letter exchanges: the expiration is taken off), and
//! so does a FIFO queue of SQS; a standard one counts from when they were first sent (AWS, SQS Developer Guide, "Setting-up dead-letter
//! queue retention").

use super::message::{self, Message};
use super::semantics;
use crate::catalog::{Kind, Param, Preset, Problems};
use crate::components::Site;
use crate::kernel::{Ask, Ctx, MILLISECOND, NodeId, Reply, SECOND, Status, Time, TimeoutClass, Timer};
use crate::parts::verbs::DEAD_LETTER;
use std::collections::BTreeMap;

/// Patience with the second queue, and pause before a letter is sent again. Ours: neither broker publishes its own.
const PATIENCE: Time = SECOND;

pub(super) const TO: Param = Param {
    name: "dead_letters_to",
    kind: Kind::Group(&["queue"]),
    preset: Preset::Absent("none: dead letters are set aside for good"),
    about: "rabbitmq (x-dead-letter-exchange), sqs (RedrivePolicy): the queue, of the same kind, that dead letters go to; one without an answer within 1 s is sent again, and may arrive twice",
};

#[derive(Clone, Copy)]
struct Letter {
    message: Message,
    /// When its queue took it in, in milliseconds, as SQS counts (SentTimestamp); more than 49 days are 49 days.
    sent_ms: u32,
}

/// The dead letters of a queue.
#[derive(Clone)]
pub struct DeadLetters {
    to: Option<NodeId>,
    /// Tag of the owner's timer for letters that are sent again.
    tag: u16,
    timeout: Option<TimeoutClass>,
    under_way: BTreeMap<u32, Letter>,
    next: u32,
    count: u64,
}

impl DeadLetters {
    /// Of the queue of this site; timers with this tag are for [`DeadLetters::send_again`].
    pub fn new(site: &Site<'_>, tag: u16) -> Self {
        let to = site.settings().group("dead_letters_to").map(|queue| site.layout.first(queue));
        DeadLetters { to, tag, timeout: None, under_way: BTreeMap::new(), next: 0, count: 0 }
    }

    /// Whether they go to a second queue.
    pub fn are_sent(&self) -> bool {
        self.to.is_some()
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// A message that the queue took in at `sent` is a dead letter now.
    pub fn send(&mut self, message: Message, sent: Time, cx: &mut Ctx<'_>) {
        self.count += 1;
        if self.to.is_none() {
            return message::bury(message.id, cx);
        }
        message::set_aside(message.id, cx);
        let note = self.next;
        self.next = self.next.wrapping_add(1);
        let sent_ms = u32::try_from(sent / MILLISECOND).unwrap_or(u32::MAX);
        self.under_way.insert(note, Letter { message, sent_ms });
        self.ask(note, cx);
    }

    fn ask(&mut self, note: u32, cx: &mut Ctx<'_>) {
        let (Some(to), Some(letter)) = (self.to, self.under_way.get(&note)) else { return };
        let (Message { id, key, bytes }, token) = (letter.message, letter.sent_ms);
        let timeout = Some(*self.timeout.get_or_insert_with(|| cx.timeout_class(PATIENCE)));
        cx.ask(Ask { version: id, bytes, note, token, timeout, ..Ask::new(to, DEAD_LETTER, key) });
    }

    /// The second queue has it, or has no room for it and it is gone; any other answer is none.
    pub fn answered(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        if !matches!(reply.status, Status::Ok | Status::Rejected) {
            return cx.timer_in(PATIENCE, Timer { tag: self.tag, data: u64::from(reply.note) });
        }
        if let Some(letter) = self.under_way.remove(&reply.note) {
            message::release(letter.message.id, cx);
        }
    }

    /// The pause is over.
    pub fn send_again(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        self.ask(timer.data as u32, cx);
    }

    /// The queue is back after a crash: answers and timers are gone.
    pub fn recover(&mut self, cx: &mut Ctx<'_>) {
        let notes: Vec<u32> = self.under_way.keys().copied().collect();
        notes.into_iter().for_each(|note| self.ask(note, cx));
    }
}

/// The second queue is of the same kind, and something can go there.
pub(super) fn check(site: &Site<'_>, problems: &mut Problems) {
    let settings = site.settings();
    let Some(to) = settings.group("dead_letters_to") else { return };
    let (kind, second) = (semantics(settings), site.of(to));
    if !matches!(kind, "rabbitmq" | "sqs") {
        return; // it has no dead letters, and has been told so
    }
    let mut wrong = |message: String, hint: &str| {
        problems.push(settings.problem("dead_letters_to", message).hint(hint));
    };
    if semantics(second.settings()) != kind {
        let message = format!("dead letters of a queue of kind \"{kind}\" go to one of the same kind");
        wrong(message, "let consumers of that queue publish elsewhere what should go elsewhere");
    } else if kind == "sqs" && second.settings().flag("fifo") != settings.flag("fifo") {
        let message =
            "dead letters of a FIFO queue go to a FIFO queue, those of a standard queue to a standard one";
        wrong(message.into(), "make `fifo` the same for both");
    }
    let causes: &[&str] =
        if kind == "sqs" { &["max_deliveries"] } else { &["max_deliveries", "ttl", "length"] };
    if !causes.iter().any(|cause| settings.is_given(cause)) {
        let message = "no message of this queue ever becomes a dead letter".to_string();
        wrong(message, "add `max_deliveries: 5`");
    }
}
