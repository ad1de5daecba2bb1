//! How those who wait at a careful balancer get a server, when one has room again or may be asked again.

use super::careful::Careful;
use super::target::Choice;
use super::waiting::Line;
use crate::kernel::{Answer, Ctx, Status};

impl Careful {
    pub(super) fn line(&self, place: u32, server: Option<u16>) -> Line {
        Line { target: self.attempts[place as usize].target, server }
    }

    /// Servers may have room again, or be back.
    pub(super) fn serve_waiting(&mut self, cx: &mut Ctx<'_>) {
        (0..self.targets.len() as u16).for_each(|target| self.serve_lines(target, None, cx));
    }

    /// A server of a target group has room, or any of them may have.
    pub(super) fn serve_lines(&mut self, target: u16, server: Option<u16>, cx: &mut Ctx<'_>) {
        while !self.waiting.is_empty() {
            let fronts = self.waiting.fronts(target, server);
            if !fronts.into_iter().any(|line| self.serve_line(line, cx)) {
                return;
            }
        }
    }

    /// Whether somebody has left a line: the first one, unless servers have failed it that have room now; then who stands behind it.
    fn serve_line(&mut self, line: Line, cx: &mut Ctx<'_>) -> bool {
        let mut at = 0;
        while let Some(place) = self.waiting.nth(line, at) {
            if self.serve(line, at, place, cx) {
                return true;
            }
            if self.attempts[place as usize].failures == 0 {
                return false;
            }
            at += 1;
        }
        false
    }

    /// Whether this one has left its line.
    fn serve(&mut self, line: Line, at: usize, place: u32, cx: &mut Ctx<'_>) -> bool {
        match self.choose(place, cx) {
            Choice::Full(server) if server == line.server => return false,
            // Its server has gone, or it may go to any now.
            Choice::Full(server) => self.waiting.change((line, at), Line { server, ..line }),
            Choice::Server(to) => {
                self.waiting.leave(line, at, cx.now());
                self.send(place, to, cx);
            }
            choice => {
                self.waiting.leave(line, at, cx.now());
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
