//! What happens now: a line of events, first in, first out.

use super::event::Packed;
use super::rarely::rarely;
use std::collections::VecDeque;

/// Events of the present moment. There is mostly none or one, which then needs no ring buffer.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    /// The next one; [`Packed::NOTHING`] if there is none at all.
    next: Packed,
    rest: VecDeque<Packed>,
}

impl Default for Lane {
    fn default() -> Self {
        Lane { next: Packed::NOTHING, rest: VecDeque::new() }
    }
}

impl Lane {
    #[inline(always)]
    pub(super) fn is_empty(&self) -> bool {
        self.next.is_nothing()
    }

    #[inline(always)]
    pub(super) fn push(&mut self, event: Packed) {
        if self.is_empty() {
            self.next = event;
        } else {
            rarely();
            self.push_behind(event);
        }
    }

    #[inline(never)]
    fn push_behind(&mut self, event: Packed) {
        self.rest.push_back(event);
    }

    #[inline(always)]
    pub(super) fn pop(&mut self) -> Packed {
        let event = self.next;
        self.next.clear();
        if !self.rest.is_empty() {
            rarely();
            self.next = self.pop_behind();
        }
        event
    }

    #[inline(never)]
    fn pop_behind(&mut self) -> Packed {
        self.rest.pop_front().unwrap_or(Packed::NOTHING)
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::Event;
    use super::*;

    #[test]
    fn first_in_first_out_and_then_nothing() {
        let mut lane = Lane::default();
        for round in 0..3 {
            assert!(lane.is_empty());
            let events: Vec<Packed> = (0..4).map(|line| Event::Expiry(line + round).into()).collect();
            lane.push(events[0]);
            lane.push(events[1]);
            assert_eq!(lane.pop(), events[0]);
            lane.push(events[2]);
            lane.push(events[3]);
            assert_eq!([lane.pop(), lane.pop(), lane.pop()], [events[1], events[2], events[3]]);
        }
        assert!(lane.pop().is_nothing());
    }
}
