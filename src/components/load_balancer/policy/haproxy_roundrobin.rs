//! Dynamic weighted round robin of HAProxy (`balance roundrobin`), for 5:3:2 `abacababac`.
//!
//! A round is as long as the sum of the weights. A server that was chosen comes up again a round divided by its weight later; the remainders
//! are carried along. Who falls into the present round waits in the current line, by position; who does not, for the next round, heaviest first. A
//! server that has had no turn this round fills the holes (fast weighted round robin of HAProxy 2.6, lb_fwrr.c; W. Tarreau 2007).

use super::{Asker, Backend, Balance, Tuning};
use crate::catalog::Policy;

/// How the catalog shows it.
pub const ENTRY: Policy = Policy {
    name: "haproxy_roundrobin",
    about: "weighted round robin with positions in a round, as HAProxy's roundrobin",
    source: "HAProxy 2.6, lb_fwrr.c; 5:3:2 gives abacababac",
    wrong_when: "the servers' powers are not known or change: weights do not feel load",
};

/// Units of one weight: positions are exact to a sixteenth (BE_WEIGHT_SCALE). Servers that warm up have so many of them for each
/// of their weight, from one on.
pub const SCALE: i64 = 16;
/// Largest weight, in units and as such.
const HEAVIEST: i64 = 256 * SCALE;
const RANGE: i64 = 256;

/// In which line a server waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Line {
    /// In none: not in service, or just taken out.
    Out,
    /// No turn yet in this round; heaviest first.
    Fresh,
    /// Has a position in this round.
    Current,
    /// Its next position lies beyond this round.
    Next,
}

#[derive(Clone, Copy, Debug)]
struct Turn {
    line: Line,
    /// Place in its line: smallest first, then who came first.
    order: (i64, u64),
    /// Weight in units; 0 = not in service.
    weight: i64,
    /// Its last and its next position.
    last: i64,
    position: i64,
    /// What the divisions left over.
    remainder: i64,
}

#[derive(Clone, Debug)]
struct RoundRobin {
    turns: Vec<Turn>,
    /// Length of this round and of the next, in units.
    round: i64,
    next_round: i64,
    position: i64,
    /// Counts what enters a line, for ties.
    entered: u64,
    /// Units of what a backend's weight is counted in.
    scale: i64,
}

pub(super) fn make(backends: &[Backend], tuning: &Tuning) -> Box<dyn Balance> {
    let scale = SCALE / i64::from(tuning.parts);
    let mut policy =
        RoundRobin { turns: Vec::new(), round: 0, next_round: 0, position: 0, entered: 0, scale };
    policy.take_in(backends.len());
    for (at, backend) in backends.iter().enumerate() {
        policy.turns[at].weight = scale * i64::from(backend.effective_weight());
        policy.next_round += policy.turns[at].weight;
        if policy.turns[at].weight > 0 {
            policy.line_up_by_weight(at, Line::Fresh);
        }
    }
    policy.round = policy.next_round;
    policy.position = policy.round;
    Box::new(policy)
}

impl RoundRobin {
    fn take_in(&mut self, servers: usize) {
        let turn = Turn { line: Line::Out, order: (0, 0), weight: 0, last: 0, position: 0, remainder: 0 };
        self.turns.resize(servers, turn);
    }

    fn enter(&mut self, at: usize, line: Line, rank: i64) {
        self.entered += 1;
        let turn = &mut self.turns[at];
        turn.line = line;
        turn.order = (rank, self.entered);
    }

    fn line_up_by_weight(&mut self, at: usize, line: Line) {
        self.enter(at, line, HEAVIEST - self.turns[at].weight);
    }

    /// Lines a server up by its position, in this round or the next.
    fn line_up(&mut self, at: usize) {
        let Turn { position, remainder, weight, .. } = self.turns[at];
        if position >= 2 * self.round || position >= self.round + self.next_round {
            self.turns[at].position -= self.round;
            self.line_up_by_weight(at, Line::Next);
        } else {
            // Among those of one position the heavier goes first.
            self.enter(at, Line::Current, RANGE * position + (HEAVIEST + remainder - weight) / SCALE);
        }
    }

    fn first_of(&self, line: Line) -> Option<usize> {
        let waiting = self.turns.iter().enumerate().filter(|(_, turn)| turn.line == line);
        waiting.min_by_key(|(_, turn)| turn.order).map(|(at, _)| at)
    }

    /// Whose position has come; if nobody's has, one without a turn fills the hole.
    fn first(&mut self) -> Option<usize> {
        let current = self.first_of(Line::Current);
        if current.is_some_and(|at| self.turns[at].position <= self.position) {
            return current;
        }
        let Some(fresh) = self.first_of(Line::Fresh) else { return current };
        self.turns[fresh].position = 0;
        self.turns[fresh].remainder = 0;
        Some(fresh)
    }

    /// The round is over: those that wait for the next one have had no turn in it.
    fn begin_round(&mut self) {
        for turn in &mut self.turns {
            turn.line = match turn.line {
                Line::Next => Line::Fresh,
                Line::Fresh => Line::Next,
                line => line,
            };
        }
        self.round = self.next_round;
        self.position = self.round;
    }

    /// Takes a server's turn: it is in no line now, and its position is the next one.
    fn take_turn(&mut self, at: usize) {
        let turn = &mut self.turns[at];
        if turn.position == 0 {
            turn.position = self.position;
        }
        turn.last = turn.position;
        turn.position += self.next_round / turn.weight;
        turn.remainder += self.next_round % turn.weight;
        if turn.remainder >= turn.weight {
            turn.remainder -= turn.weight;
            turn.position += 1;
        }
        turn.line = Line::Out;
        self.position += 1;
    }

    /// Those whose turn came while they could not take it.
    fn line_up_again(&mut self, passed: &[usize], new_round: bool) {
        for &at in passed.iter().rev() {
            if new_round { self.line_up_by_weight(at, Line::Fresh) } else { self.line_up(at) }
        }
    }

    fn change_weight(&mut self, at: usize, weight: i64) {
        let old = std::mem::replace(&mut self.turns[at].weight, weight);
        self.next_round += weight - old;
        if weight == 0 {
            self.turns[at].line = Line::Out;
        } else if old == 0 {
            // Back in service: its first turn comes after its share of what is left of this round.
            let left = (self.next_round + self.round - self.position).max(0);
            self.turns[at].position = self.position + left / weight;
            self.line_up(at);
        } else if self.turns[at].line == Line::Fresh {
            self.line_up_by_weight(at, Line::Fresh);
        } else {
            self.move_up(at);
        }
    }

    /// After a change of weight: the next position, from the last one.
    fn move_up(&mut self, at: usize) {
        let turn = &mut self.turns[at];
        if turn.line == Line::Next {
            turn.position += self.round;
        }
        let step = self.next_round / turn.weight;
        let before = turn.position;
        turn.remainder = 0;
        turn.position = before.min(turn.last + step);
        if turn.position < self.position + 2 {
            turn.position = self.position + step;
        }
        self.line_up(at);
    }
}

impl Balance for RoundRobin {
    fn pick(&mut self, backends: &[Backend], _asker: &mut dyn Asker) -> Option<usize> {
        let (mut new_round, mut passed) = (false, Vec::new());
        let chosen = loop {
            if self.round == 0 {
                self.round = self.next_round;
                self.position = self.round;
            }
            let Some(at) = self.first() else {
                if new_round {
                    break None;
                }
                new_round = true;
                self.begin_round();
                continue;
            };
            self.take_turn(at);
            if backends[at].open {
                self.line_up(at);
                break Some(at);
            }
            passed.push(at);
        };
        self.line_up_again(&passed, new_round);
        chosen
    }

    fn refresh(&mut self, backends: &[Backend]) {
        self.take_in(backends.len());
        for (at, backend) in backends.iter().enumerate() {
            let weight = self.scale * i64::from(backend.effective_weight());
            if weight != self.turns[at].weight {
                self.change_weight(at, weight);
            }
        }
    }

    fn fork(&self) -> Box<dyn Balance> {
        Box::new(self.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::super::{TUNING, sequence, servers, set_usable};
    use super::*;
    use proptest::prelude::*;

    fn of(weights: &[u32], length: usize) -> String {
        let servers = servers(weights);
        sequence(&mut *make(&servers, &TUNING), &servers, length)
    }

    /// Taken down from HAProxy 2.6.12 itself (Debian 12, nbthread 1).
    #[test]
    fn the_sequences_of_haproxy() {
        let real = [
            (&[5, 3, 2][..], "abacababacabacababacabacababacabacababac"),
            (&[1, 1, 1][..], "abcabcabcabcabcabcabcabcabcabcabcabcabca"),
            (&[3, 1][..], "aaabaaabaaabaaabaaabaaabaaabaaabaaabaaab"),
            (&[7, 2, 9][..], "cacacbcacacacacbcacacacbcacacacacbcacaca"),
            (&[256, 1][..], "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
            (&[10, 6, 4][..], "abacababacabacababacabacababacabacababac"),
            (&[1, 2, 3, 4, 5][..], "edcedbecdeaecdbedcedbecdeaecdbedcedbecde"),
            (&[13, 100, 37][..], "bbcbbabcbbbcbbcbbabcbbbcbbcbbabcbbbcbbcb"),
            (&[17, 23, 34, 2, 30, 16][..], "cebcaefcbecabefcdebcaecfbceabcfecaebcfeb"),
            (&[11, 8][..], "aabababaababaabababaabababaababaabababaa"),
            (&[31, 16, 25, 35][..], "dacdabdcadcabdacdadbcdacdabdcadbcadacdba"),
            (&[37, 16][..], "aaabaabaabaaabaabaabaaabaabaabaabaaabaab"),
            (&[14, 27][..], "bbabbabbabbabbabbabbababbabbabbabbabbabb"),
            (&[12, 25, 11, 5][..], "babcbabcbabdbcabbcabbdcbabbcabbcadbbacbb"),
        ];
        for (weights, sequence) in real {
            assert_eq!(of(weights, sequence.len()), sequence, "{weights:?}");
        }
    }

    /// Over whole rounds a server whose weight does not divide them loses a turn in each: 2,240 calls to HAProxy 2.6.12 itself.
    #[test]
    fn whole_rounds_are_those_of_haproxy() {
        let servers = servers(&[3, 16, 16]);
        let picks = sequence(&mut *make(&servers, &TUNING), &servers, 4 * 560);
        assert!(
            picks.starts_with("bcbcbcbcbcbcabcbcbcbcbcabcbcbcbcbcbacbcbcbcbcbcabcbcbcbcbcabcbcbcbcbcb"),
            "{picks}"
        );
        assert_eq!(['a', 'b', 'c'].map(|name| picks.matches(name).count()), [188, 1026, 1026]);
    }

    /// Calls to the first of three equal servers of HAProxy 2.6.12 itself (`slowstart 16s`) in each second after it came back, of about 474.
    const WARMING: [f64; 17] =
        [13., 27., 29., 52., 53., 74., 75., 95., 102., 112., 114., 122., 129., 137., 145., 157., 158.];

    #[test]
    fn who_warms_up_gets_what_haproxy_gives() {
        let parts = SCALE as u32;
        let mut servers = servers(&[parts; 3]);
        let mut policy = make(&servers, &Tuning { parts, ..TUNING });
        set_usable(&mut servers, 0, false);
        policy.refresh(&servers);
        sequence(&mut *policy, &servers, 100);
        set_usable(&mut servers, 0, true);
        for (second, measured) in (0u32..).zip(WARMING) {
            servers[0].weight = (second + 1).min(parts);
            policy.refresh(&servers);
            let got = sequence(&mut *policy, &servers, 474).matches('a').count() as f64;
            assert!((got - measured).abs() <= 4.0, "second {second}: {got} of {measured}");
        }
    }

    #[test]
    fn who_is_down_leaves_its_turns_and_takes_them_again() {
        let mut servers = servers(&[5, 3, 2]);
        let mut policy = make(&servers, &TUNING);
        sequence(&mut *policy, &servers, 13);
        set_usable(&mut servers, 0, false);
        policy.refresh(&servers);
        let without = sequence(&mut *policy, &servers, 500);
        assert_eq!(without.matches('b').count(), 300);
        set_usable(&mut servers, 0, true);
        policy.refresh(&servers);
        sequence(&mut *policy, &servers, 320); // the round in which it came back
        let with = sequence(&mut *policy, &servers, 1000);
        assert_eq!(with.matches('a').count(), 500);
    }

    #[test]
    fn nobody_is_chosen_when_all_are_full() {
        let mut servers = servers(&[5, 3, 2]);
        let mut policy = make(&servers, &TUNING);
        servers.iter_mut().for_each(|server| server.open = false);
        assert_eq!(sequence(&mut *policy, &servers, 2), "--");
        servers.iter_mut().for_each(|server| server.open = true);
        assert_eq!(sequence(&mut *policy, &servers, 3), "abc".replace("bc", "ba"));
    }

    proptest! {
        /// A server that warms up: its weight grows in sixteenths, and so does its share, but for a turn in each round.
        #[test]
        fn who_warms_up_has_the_share_of_its_present_weight(weights in prop::collection::vec(1u32..=40, 2..6), laps in 3u32..9) {
            let parts = SCALE as u32;
            let full: Vec<u32> = weights.iter().map(|weight| weight * parts).collect();
            let mut servers = servers(&full);
            let mut policy = make(&servers, &Tuning { parts, ..TUNING });
            for part in 1..=parts {
                servers[0].weight = weights[0] * part;
                policy.refresh(&servers);
                // The round in which a weight changes is neither of the old nor of the new one.
                let round: u32 = servers.iter().map(|server| server.weight).sum();
                sequence(&mut *policy, &servers, 2 * round as usize / parts as usize + 2);
                let picks = sequence(&mut *policy, &servers, (laps * round) as usize);
                let got = picks.matches('a').count() as f64;
                let due = f64::from(laps * servers[0].weight);
                prop_assert!((got - due).abs() <= f64::from(laps) + 2.0, "part {part}: {got} of {due}");
            }
        }

        #[test]
        fn shares_are_those_of_the_weights(weights in prop::collection::vec(1u32..=256, 1..7)) {
            let total: u32 = weights.iter().sum();
            let round = of(&weights, total as usize);
            for (at, weight) in weights.iter().enumerate() {
                let letter = (b'a' + at as u8) as char;
                let turns = round.matches(letter).count() as i64;
                prop_assert!((turns - i64::from(*weight)).abs() <= 1, "{letter}: {turns} of {total}");
            }
        }
    }
}
