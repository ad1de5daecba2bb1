//! Connections that are kept alive: who has one to whom, until when.

use crate::kernel::transit::LOST;
use crate::kernel::{MILLISECOND, NodeId, Time};
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// One end, the other end, and whose it is: users behind one traffic have their own each.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) struct Ends(u64);

impl Ends {
    pub fn new(from: NodeId, to: NodeId, user: u32) -> Self {
        Ends((u64::from(from.0) << 48) | (u64::from(to.0) << 32) | u64::from(user))
    }
}

/// The window of one who sends over a connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Window {
    /// When something was last sent, in milliseconds from the start.
    sent_ms: u32,
    /// How often it has doubled since the connection was opened.
    doubled: u8,
}

impl Window {
    /// How often it has doubled, as far as that still holds at `now`: for each retransmission time-out in which nothing was sent it is halved,
    /// down to the initial one (RFC 5681, 4.1 resets it after one; Linux, `tcp_cwnd_restart`).
    pub fn doubled(&self, now: Time, timeout: Time) -> u8 {
        if self.doubled == 0 {
            return 0;
        }
        let silent = now.saturating_sub(Time::from(self.sent_ms) * MILLISECOND);
        self.doubled.saturating_sub((silent / timeout.max(1)).min(u64::from(u8::MAX)) as u8)
    }

    /// Something is sent whose last byte leaves at `at`.
    pub fn sent(&mut self, at: Time, doubled: u8) {
        self.sent_ms = (at / MILLISECOND).min(u64::from(u32::MAX)) as u32;
        self.doubled = doubled;
    }
}

/// One connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    /// From when on it carries anything: until then it is being opened.
    ready: Time,
    /// When it is closed if nothing more comes.
    until: Time,
    /// Of who has opened it and asks, and of who answers.
    pub questions: Window,
    pub answers: Window,
}

impl Open {
    /// How long it carries nothing yet, from `now` on.
    pub fn wait(&self, now: Time) -> Time {
        self.ready.saturating_sub(now)
    }

    /// An answer whose last byte leaves at `sent` and arrives at `at`: the connection has been in use until then.
    pub fn answer(&mut self, (sent, at): (Time, Time), idle: Time, doubled: u8) {
        self.until = self.until.max(at.saturating_add(idle));
        self.answers.sent(sent, doubled);
    }
}

/// The connections of a world. One carries all calls of its owner at a time, as HTTP/2 does.
#[derive(Clone, Debug)]
pub(super) struct Connections {
    /// Looked up; swept, but in no order that matters.
    open: HashMap<Ends, Open, FixedState>,
    /// At so many the closed ones are swept out: twice as many as were open after the last time.
    sweep_at: usize,
    /// When each node last came back after a crash: what was opened before is gone.
    back: Vec<Time>,
}

const SWEEP_FIRST_AT: usize = 1 << 12;

impl Connections {
    pub fn new() -> Self {
        Connections {
            open: HashMap::with_hasher(FixedState::with_seed(0)),
            sweep_at: SWEEP_FIRST_AT,
            back: Vec::new(),
        }
    }

    /// Something is sent at `now`. How long it must wait for a connection: `set_up` if it is the one to open it, 0 if one is open. One is kept
    /// from now on, until `idle` after `now`; none if opening it is given up ([`LOST`]): who comes next tries anew.
    pub fn send(&mut self, ends: Ends, now: Time, idle: Time, set_up: impl FnOnce() -> Time) -> Time {
        if self.open.len() >= self.sweep_at {
            self.sweep(now);
        }
        let before = self.open.get(&ends).copied();
        let back = self.back_since(ends);
        let open = before.filter(|open| open.until > now && open.until.saturating_sub(idle) >= back);
        let until = now.saturating_add(idle);
        if let Some(open) = open {
            self.open.insert(ends, Open { until: open.until.max(until), ..open });
            return open.ready.saturating_sub(now);
        }
        let set_up = set_up();
        if set_up < LOST {
            let ready = now.saturating_add(set_up);
            let (questions, answers) = Default::default();
            self.open.insert(ends, Open { ready, until, questions, answers });
        }
        set_up
    }

    /// Whether one between these ends was open at `now`, not just being opened.
    pub fn is_open(&self, ends: Ends, now: Time) -> bool {
        self.open.get(&ends).is_some_and(|open| open.ready < now && open.until > now)
    }

    /// There is none between these ends after all.
    pub fn forget(&mut self, ends: Ends) {
        self.open.remove(&ends);
    }

    /// The connection between these ends, if there is one.
    pub fn find(&mut self, ends: Ends) -> Option<&mut Open> {
        self.open.get_mut(&ends)
    }

    fn back_since(&self, ends: Ends) -> Time {
        let back = |node: u64| self.back.get((node & 0xFFFF) as usize).copied().unwrap_or(0);
        back(ends.0 >> 48).max(back(ends.0 >> 32))
    }

    /// A node is back after a crash.
    pub fn restart(&mut self, node: NodeId, now: Time) {
        if self.back.len() <= node.index() {
            self.back.resize(node.index() + 1, 0);
        }
        self.back[node.index()] = now;
    }

    /// What is closed goes: whether it does depends on nothing but itself, so the map's order does not show.
    fn sweep(&mut self, now: Time) {
        self.open.retain(|_, open| open.until > now);
        self.sweep_at = (2 * self.open.len()).max(SWEEP_FIRST_AT);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const IDLE: Time = 100;
    const SET_UP: Time = 5;

    fn ends(user: u32) -> Ends {
        Ends::new(NodeId(1), NodeId(2), user)
    }

    #[test]
    fn a_connection_lives_until_it_has_been_idle() {
        let mut connections = Connections::new();
        assert_eq!(connections.send(ends(1), 0, IDLE, || SET_UP), SET_UP);
        assert_eq!(connections.send(ends(1), 99, IDLE, || SET_UP), 0);
        assert_eq!(connections.send(ends(2), 99, IDLE, || SET_UP), SET_UP, "everybody has their own");
        assert_eq!(connections.send(ends(1), 199, IDLE, || SET_UP), SET_UP);
        connections.find(ends(1)).expect("open").answer((250, 250), IDLE, 0);
        assert_eq!(connections.send(ends(1), 349, IDLE, || SET_UP), 0, "the answer kept it alive");
    }

    #[test]
    fn who_comes_while_it_is_opened_waits_for_the_rest() {
        let mut connections = Connections::new();
        let sent = [0, 10, 29, 30].map(|now| connections.send(ends(1), now, IDLE, || 30));
        assert_eq!(sent, [30, 20, 1, 0]);
    }

    #[test]
    fn who_gives_up_leaves_nothing_to_wait_for() {
        let mut connections = Connections::new();
        let sent = [LOST, SET_UP, SET_UP].map(|set_up| connections.send(ends(1), 0, IDLE, || set_up));
        assert_eq!(sent, [LOST, SET_UP, SET_UP], "the second one opens it, the third one waits");
        assert_eq!(connections.send(ends(1), SET_UP, IDLE, || LOST), 0);
    }

    #[test]
    fn a_window_is_halved_for_each_time_out_of_silence() {
        let mut connections = Connections::new();
        let (idle, timeout) = (1_000_000 * MILLISECOND, 300 * MILLISECOND);
        connections.send(ends(1), 0, idle, || 0);
        let open = connections.find(ends(1)).expect("open");
        open.answer((50 * MILLISECOND, 100 * MILLISECOND), idle, 3);
        let doubled = |ms: u64| open.answers.doubled(ms * MILLISECOND, timeout);
        assert_eq!([100, 349, 350, 649, 650, 5_000].map(doubled), [3, 3, 2, 2, 1, 0]);
        let later = 2_000_000 * MILLISECOND;
        assert_eq!(connections.send(ends(1), later, idle, || SET_UP), SET_UP);
        assert_eq!(
            connections.find(ends(1)).expect("open").answers.doubled(later, timeout),
            0,
            "another connection"
        );
    }

    #[test]
    fn a_crash_ends_what_was_open_and_what_was_tried_meanwhile() {
        let mut connections = Connections::new();
        connections.send(ends(1), 0, IDLE, || 0);
        connections.send(ends(1), 20, IDLE, || 0);
        connections.restart(NodeId(2), 30);
        assert_eq!(connections.send(ends(1), 40, IDLE, || SET_UP), SET_UP);
        assert_eq!(connections.send(ends(1), 50, IDLE, || SET_UP), 0);
    }

    proptest! {
        /// Against a list of all uses; sweeping must not show.
        #[test]
        fn sweeping_does_not_show(uses in proptest::collection::vec((0_u32..20, SET_UP..60), 1..300)) {
            let mut connections = Connections::new();
            connections.sweep_at = 4;
            let (mut now, mut log) = (0, Vec::new());
            for (user, later) in uses {
                now += later;
                let last = log.iter().rev().find(|(other, _)| *other == user).map(|(_, at)| *at);
                let expected = last.is_some_and(|at: Time| now < at + IDLE);
                prop_assert_eq!(connections.send(ends(user), now, IDLE, || SET_UP) == 0, expected);
                log.push((user, now));
            }
        }
    }
}
