//! When a message is sent again that a cut has held up, or that has met a silent machine.

use super::retransmission::Timer;
use super::{Network, link};
use crate::components::steps::Step;
use crate::kernel::Time;
use crate::kernel::request::Requests;
use crate::kernel::transit::Message;

impl Network {
    /// When a message on an open connection goes again that was sent first at `sent`; `None`: given up.
    pub(super) fn resend(&self, message: &Message, sent: Time, requests: &Requests) -> Option<Time> {
        Timer::established(self.typical_rtt(message, requests)).next(sent, message.now)
    }

    /// When the SYN goes again for a question that was to be sent at `sent` and has not left yet, its way being free; `None`: given up. The time
    /// until then is spent on connecting.
    pub(super) fn reopen(&mut self, message: &Message, sent: Time, requests: &mut Requests) -> Option<Time> {
        let at = Timer::opening().next(sent, message.now)?;
        let is_free = self.stopped(message).is_none();
        let request = requests.get_mut(message.request).filter(|request| request.client == message.from);
        if let Some(request) = request.filter(|_| is_free) {
            Step::Connect.note(request, at - sent);
        }
        Some(at)
    }

    /// Whether a question that was sent first at `sent` opens a connection, or waits for one that is being opened.
    pub(super) fn is_opening(&self, message: &Message, sent: Time, requests: &Requests) -> bool {
        if message.returning || self.link_of(message).is_none_or(|link| link.connection().is_none()) {
            return false;
        }
        self.owner(message, requests)
            .is_none_or(|user| !self.connections.is_open(link::ends(message, user), sent))
    }

    /// A question that was sent at `message.now` has met silence: no connection has been opened, and what was noted for that has not been spent so.
    pub(super) fn forget_if_opening(&mut self, message: &Message, requests: &mut Requests) {
        let Some(number) =
            self.link_number(message).filter(|_| self.is_opening(message, message.now, requests))
        else {
            return;
        };
        let (tcp, tls) = match self.owner(message, requests) {
            None => self.opening_time(number, message, requests),
            Some(user) => {
                let ends = link::ends(message, user);
                let takes = self.connections.find(ends).map_or(0, |open| open.wait(message.now));
                self.connections.forget(ends);
                let tls = takes.min(self.tls_time(number, message, requests));
                (takes - tls, tls)
            }
        };
        let request = requests.get_mut(message.request).filter(|request| request.client == message.from);
        if let Some(request) = request {
            Step::Connect.take_back(request, tcp);
            Step::Tls.take_back(request, tls);
        }
    }

    /// Whose connection a question takes: a user's, or that of the node that asks (0); nobody's, if a stranger opens one for it.
    pub(super) fn owner(&self, message: &Message, requests: &Requests) -> Option<u32> {
        let request = requests.get(message.request).filter(|request| request.client == message.from);
        request.map_or(Some(0), |request| Some(request.user).filter(|user| *user != 0))
    }

    /// How long TLS takes on a link, more or less.
    pub(super) fn tls_time(&self, number: usize, message: &Message, requests: &Requests) -> Time {
        let round_trips = self.links[number].connection().map_or(0, |(setup, _)| setup.tls_round_trips());
        self.typical_rtt(message, requests) * round_trips
    }

    /// The round trip that the connection has measured, more or less.
    fn typical_rtt(&self, message: &Message, requests: &Requests) -> Time {
        let Some(link) = self.link_of(message) else { return 0 };
        let mapped = if link.is_mapped() { self.way(message, requests) } else { 0 };
        mapped.saturating_add(2 * link.mean_latency())
    }

    fn link_of(&self, message: &Message) -> Option<&link::Link> {
        self.link_number(message).map(|number| &self.links[number])
    }

    /// The link that a message takes, if any.
    pub(super) fn link_number(&self, message: &Message) -> Option<usize> {
        let (from, to) = (self.group[message.from.index()], self.group[message.to.index()]);
        let index = self.between[usize::from(from) * self.groups + usize::from(to)];
        index.checked_sub(1).map(|number| number as usize)
    }
}
