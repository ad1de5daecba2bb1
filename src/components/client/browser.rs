//! What the browsers of a traffic's users remember: cookies that bind to a server, and sessions.
//!
//! A session is a number: the user below, and above how often he has logged in (it counts round, and is never 0), so that a server that
//! remembers an earlier login is told from the one that knows the present one.

use crate::components::{Group, Site};
use crate::kernel::{NodeId, Request};

/// Bits of a user's number: `users` is at most ten million.
const USER_BITS: u32 = 24;

/// Of all users, by number; grows to the largest one that has come.
#[derive(Clone, Debug)]
pub(super) struct Browsers {
    users: Vec<Browser>,
    sessions: bool,
    pub lost: u64,
    pub logins: u64,
}

#[derive(Clone, Copy, Debug)]
struct Browser {
    cookie: NodeId,
    /// The login that holds, counted from 1; 0 = not logged in.
    login: u8,
    /// How often the user has logged in, counted round.
    logins: u8,
}

impl Browsers {
    /// `None` if nothing in the world gives cookies or keeps sessions.
    pub fn new(site: &Site<'_>) -> Option<Self> {
        let given =
            |group: &Group, kind: &str, name: &str| group.kind == kind && group.settings.is_given(name);
        let groups = &site.layout.groups;
        let cookies = groups.iter().any(|group| given(group, "load_balancer", "sticky"));
        let sessions = groups.iter().any(|group| given(group, "web", "sessions"));
        (cookies || sessions).then_some(Browsers { users: Vec::new(), sessions, lost: 0, logins: 0 })
    }

    fn browser(&mut self, user: u32) -> &mut Browser {
        if user as usize >= self.users.len() {
            let empty = Browser { cookie: NodeId::NONE, login: 0, logins: 0 };
            self.users.resize((user as usize + 1).next_power_of_two(), empty);
        }
        &mut self.users[user as usize]
    }

    /// A request shows what its browser remembers. Requests of nobody remember nothing.
    pub fn open(&mut self, request: &mut Request) {
        let sessions = self.sessions;
        if request.user == 0 {
            return;
        }
        let browser = *self.browser(request.user);
        request.cookie = browser.cookie;
        if sessions {
            request.session = session(request.user, browser.login);
        }
    }

    /// The answer has come; the cookie that it sets, if it does, stays. One that the request has only shown is older than what other
    /// requests may have been given since (RFC 6265: browsers keep what `Set-Cookie` says, nothing else).
    pub fn close(&mut self, request: &mut Request) {
        if std::mem::take(&mut request.has_new_cookie) && request.user != 0 {
            self.browser(request.user).cookie = request.cookie;
        }
    }

    /// The server does not know the session, if one was shown. The request will try to log in; false if it has done so before.
    pub fn denied(&mut self, request: &mut Request) -> bool {
        let shown = (request.session >> USER_BITS) as u8;
        let browser = self.browser(request.user);
        // Of several requests that show the same lost session, one finds out.
        let lost = shown != 0 && browser.login == shown;
        if lost {
            browser.login = 0;
        }
        browser.logins = browser.logins.checked_add(1).unwrap_or(1);
        let next = browser.logins;
        self.lost += u64::from(lost);
        let first = request.logins == 0;
        request.logins = request.logins.saturating_add(1);
        request.session = session(request.user, next);
        first
    }

    /// The user is logged in.
    pub fn welcome(&mut self, request: &Request) {
        self.logins += 1;
        self.browser(request.user).login = (request.session >> USER_BITS) as u8;
    }

    /// Whether sessions are kept anywhere.
    pub fn knows_sessions(&self) -> bool {
        self.sessions
    }
}

/// Whether a request shows a session: its user is logged in.
pub fn shows_session(request: &Request) -> bool {
    request.session >> USER_BITS != 0
}

fn session(user: u32, login: u8) -> u32 {
    if login == 0 { 0 } else { user | u32::from(login) << USER_BITS }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::draw::DrawKey;

    fn browsers() -> Browsers {
        Browsers { users: Vec::new(), sessions: true, lost: 0, logins: 0 }
    }

    fn request(user: u32) -> Request {
        let mut request = Request::new(NodeId(0), 0, DrawKey(0), 0, 0);
        request.user = user;
        request
    }

    #[test]
    fn a_session_is_lost_once() {
        let mut browsers = browsers();
        let mut first = request(7);
        browsers.open(&mut first);
        assert_eq!(first.session, 0);
        assert!(browsers.denied(&mut first));
        assert_eq!(browsers.lost, 0, "nothing was shown yet");
        browsers.welcome(&first);
        let (mut a, mut b) = (request(7), request(7));
        browsers.open(&mut a);
        browsers.open(&mut b);
        assert_eq!(a.session, first.session);
        assert!(browsers.denied(&mut a) && browsers.denied(&mut b));
        assert_eq!(browsers.lost, 1);
        assert!(!browsers.denied(&mut a), "one login per request");
    }

    #[test]
    fn a_cookie_that_was_only_shown_does_not_come_back() {
        let mut browsers = browsers();
        let mut older = request(7);
        older.cookie = NodeId(1);
        let mut newer = request(7);
        (newer.cookie, newer.has_new_cookie) = (NodeId(2), true);
        browsers.close(&mut newer);
        browsers.close(&mut older);
        let mut next = request(7);
        browsers.open(&mut next);
        assert_eq!(next.cookie, NodeId(2));
    }

    #[test]
    fn nobody_remembers_nothing() {
        let mut browsers = browsers();
        let mut of_nobody = request(0);
        of_nobody.cookie = NodeId(4);
        of_nobody.has_new_cookie = true;
        browsers.close(&mut of_nobody);
        let mut next = request(0);
        browsers.open(&mut next);
        assert_eq!((next.cookie, next.session), (NodeId::NONE, 0));
    }
}
