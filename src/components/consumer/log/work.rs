//! What the worker does with the messages of a share, and what time does.

use super::{AGAIN, BEAT, HEARTBEAT_INTERVAL, Phase, REJOIN, Reader, Share};
use crate::components::consumer::source::Incoming;
use crate::components::queue::kafka::Place;
use crate::kernel::{Ctx, Timer};

impl Reader {
    /// One message of a partition at a time, so that their order holds however many threads the worker has.
    pub(super) fn feed(&mut self, index: usize, got: &mut Vec<Incoming>, cx: &mut Ctx<'_>) {
        let share = &mut self.shares[index];
        if let Some(incoming) = share.batch.pop_front() {
            share.busy = Some(incoming);
            got.push(incoming);
            return;
        }
        self.poll_if_idle(got, cx); // its part of what was polled is done
    }

    pub fn settle(&mut self, done: &Incoming, well: bool, got: &mut Vec<Incoming>, cx: &mut Ctx<'_>) {
        let Place { offset, epoch, .. } = Place::from_key(done.receipt);
        let is_it = |share: &Share| share.busy.is_some_and(|busy| busy.receipt == done.receipt);
        let Some(index) = self.shares.iter().position(is_it) else {
            return; // of a share it has lost meanwhile
        };
        self.release_busy(index, cx);
        let share = &mut self.shares[index];
        if well || self.ack_before {
            (share.position, share.behind, share.moved) = (offset + 1, epoch, true);
        } else {
            self.release_batch(index, cx);
        }
        match self.phase {
            Phase::Member if well || self.ack_before => self.feed(index, got, cx),
            Phase::Member => {
                // It seeks back to what it could not process, and begins there again.
                let place = self.shares[index].place();
                self.shares[index].moved = false;
                self.commit(place, cx);
                self.again(index, false, cx);
                self.poll_if_idle(got, cx);
            }
            _ if !self.shares[index].batch.is_empty() => self.feed(index, got, cx),
            _ => self.join_if_idle(cx),
        }
    }

    pub fn on_timer(&mut self, timer: Timer, cx: &mut Ctx<'_>) {
        match timer.tag {
            BEAT => {
                if self.phase == Phase::Left {
                    return;
                }
                // Also while it finishes what it has in hand (the client's heartbeat thread stands still only once it has asked to join).
                if matches!(self.phase, Phase::Member | Phase::Revoking) && !self.expelled {
                    if self.is_overdue(cx.now()) { self.give_up(cx) } else { self.give_sign(cx) }
                }
                cx.timer_in(HEARTBEAT_INTERVAL, timer);
            }
            REJOIN if timer.data == u64::from(self.id) && self.phase == Phase::Joining => self.join(cx),
            AGAIN if (timer.data >> 32) as u32 == self.generation && self.phase == Phase::Member => {
                let partition = timer.data as u16;
                let Some(index) = self.shares.iter().position(|share| share.partition == partition) else {
                    return;
                };
                self.shares[index].pauses = false;
                match timer.data >> 16 & 1 {
                    1 => self.ask_offset(partition, cx),
                    _ => self.ask(index, cx),
                }
            }
            _ => {}
        }
    }
}
