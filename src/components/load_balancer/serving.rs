//! How those who wait at a careful balancer get a server, when one has room again or may be asked again.

use super::careful::Careful;
use super::target::Choice;
use super::waiting::{Line, failed};
use crate::kernel::{Answer, Ctx, Status};

impl Careful {
    pub(super) fn line(&self, place: u32, server: Option<u16>) -> Line {
        let attempt = &self.attempts[place as usize];
        Line { target: attempt.target, server, failed: failed(self.again.barred(attempt)) }
    }

    /// Servers may have room again, or be back.
    pub(super) fn serve_waiting(&mut self, cx: &mut Ctx<'_>) {
        (0..self.targets.len() as u16).for_each(|target| self.serve_lines(target, None, cx));
    }

    /// A server of a target group has room, or any of them may have.
    pub(super) fn serve_lines(&mut self, target: u16, server: Option<u16>, cx: &mut Ctx<'_>) {
        while !self.waiting.is_empty() {
            let fronts = self.waiting.fronts(target, server);
            if !fronts.into_iter().any(|(line, place)| self.serve_front(line, place, cx)) {
                return;
            }
        }
    }

    /// Whether the first of a line has left it.
    fn serve_front(&mut self, line: Line, place: u32, cx: &mut Ctx<'_>) -> bool {
        match self.choose(place, cx) {
            Choice::Full(server) if server == line.server => return false,
            // Its server has gone, or it may go to any now.
            Choice::Full(server) => self.waiting.change(line, Line { server, ..line }),
            Choice::Server(to) => {
                self.waiting.leave(line, cx.now());
                self.send(place, to, cx);
            }
            choice => {
                self.waiting.leave(line, cx.now());
                self.counts.nobody += u64::from(choice == Choice::Nobody);
                self.finish(place, Answer::of(Status::Failed), cx);
            }
        }
        true
    }

    pub(super) fn turn_overdue_away(&mut self, cx: &mut Ctx<'_>) {
        while let Some(place) = self.waiting.overdue(cx.now()) {
            self.counts.rejected += 1;
            self.finish(place, Answer::of(Status::Rejected), cx);
            self.serve_waiting(cx); // who stood behind it may go where it could not
        }
    }
}
