//! Questions over connections: who opens one, and how long they take to leave.

use super::connection::Ends;
use super::retransmission::Timer;
use super::{Network, link};
use crate::components::steps::Step;
use crate::kernel::request::Requests;
use crate::kernel::transit::Message;
use crate::kernel::{Request, Time};
use crate::parts::verbs;

/// What is known of the way of a question.
#[derive(Clone, Copy)]
pub(super) struct Hop {
    /// Its link.
    pub number: usize,
    pub luck: Option<link::Luck>,
    /// Whose connection it takes.
    pub ends: Ends,
    pub rtt: Time,
}

impl Network {
    /// Time from when a question is sent until its last byte has left: a connection is opened for it if there is none, and as long as questions
    /// follow one another over one, they keep the window that it has got, as answers do.
    pub(super) fn send_question(
        &mut self,
        hop: Hop,
        message: &Message,
        request: Option<&mut Request>,
    ) -> Time {
        let set_up = self.connect(hop, message.now, request);
        let timeout = Timer::established(hop.rtt).first();
        let begins = message.now.saturating_add(set_up);
        let open = self.connections.find(hop.ends);
        let doubled = open.as_ref().map_or(0, |open| open.questions.doubled(begins, timeout));
        let (transfer, doubled) = self.links[hop.number].transfer(message.bytes, hop.rtt, doubled);
        if let Some(open) = open {
            open.questions.sent(begins.saturating_add(transfer), doubled);
        }
        set_up.saturating_add(transfer)
    }

    /// Time that opening a connection takes, or what is left of it for who comes meanwhile; 0 if one is open for this message. Whoever has no
    /// name is a new visitor each time, with a connection of the request's own. A server that refuses is found out only after the whole set-up.
    fn connect(
        &mut self,
        Hop { number, luck, ends, rtt }: Hop,
        now: Time,
        request: Option<&mut Request>,
    ) -> Time {
        let link = &self.links[number];
        let (setup, idle) = link.connection().expect("who connects has connections");
        let stranger = request.as_deref().is_some_and(|request| request.user == 0);
        let mut tls = rtt * setup.tls_round_trips();
        let mut open = || {
            let (tcp, whole_tls) = link.opening(luck, rtt);
            tls = whole_tls;
            tcp.saturating_add(tls)
        };
        let takes = if stranger { open() } else { self.connections.send(ends, now, idle, open) };
        if let Some(request) = request {
            let tls = takes.min(tls); // the last part
            Step::Connect.note(request, takes - tls);
            Step::Tls.note(request, tls);
        }
        takes
    }

    /// Whether a question that was sent at `message.now` and is given up at `now` still waits for its connection to be opened.
    pub(super) fn stops_connecting(&mut self, message: &Message, now: Time, requests: &mut Requests) -> bool {
        let Some(number) = self.link_number(message) else { return false };
        if message.returning || self.links[number].connection().is_none() || verbs::is_datagram(message.verb)
        {
            return false;
        }
        if self.stopped(message).is_some() {
            return self.is_opening(message, message.now, requests);
        }
        let (left, tls) = self.left_to_open(number, message, now, requests);
        let request = requests.get_mut(message.request).filter(|request| request.client == message.from);
        if let Some(request) = request.filter(|_| left > 0) {
            let of_tls = left.min(tls);
            Step::Tls.take_back(request, of_tls);
            Step::Connect.take_back(request, left - of_tls);
        }
        left > 0
    }

    /// How long it still takes at `now` until the connection is open for a question that was sent at `message.now`, and how much of that TLS may
    /// take.
    fn left_to_open(
        &mut self,
        number: usize,
        message: &Message,
        now: Time,
        requests: &Requests,
    ) -> (Time, Time) {
        if let Some(user) = self.owner(message, requests) {
            let open = self.connections.find(link::ends(message, user));
            return (open.map_or(0, |open| open.wait(now)), self.tls_time(number, message, requests));
        }
        // What was noted for the first attempt is all its own, however often the SYN went.
        let request = requests.get(message.request).filter(|request| request.attempts == 1);
        let noted = request.map(|request| (Step::Connect.of(request), Step::Tls.of(request)));
        let (tcp, tls) = noted.unwrap_or_else(|| self.opening_time(number, message, requests));
        (tcp.saturating_add(tls).saturating_sub(now - message.now), tls)
    }

    /// How long opening a connection takes for a question of somebody without a name, who has one for each: TCP's part and TLS's.
    pub(super) fn opening_time(
        &mut self,
        number: usize,
        message: &Message,
        requests: &Requests,
    ) -> (Time, Time) {
        let luck = self.links[number].luck(message, requests, &mut self.backgrounds[number]);
        let rtt = 2 * self.one_way(number, message, requests);
        self.links[number].opening(luck, rtt)
    }

    /// Time on the way over a link, there or back, without anything that is sent.
    #[inline]
    pub(super) fn one_way(&mut self, number: usize, message: &Message, requests: &Requests) -> Time {
        let link = &self.links[number];
        let own = link.latency(message, requests, || &mut self.backgrounds[number]);
        let mapped = if link.is_mapped() { self.way(message, requests) / 2 } else { 0 };
        link.slowed(own + mapped)
    }
}
