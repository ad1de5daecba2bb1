//! A server does not know the user: the login, and then what was wanted.

use super::node::Client;
use crate::kernel::{Ask, Ctx, Outcome, Reply};
use crate::parts::verbs::LOGIN;

impl Client {
    /// The server does not know the user: a login, once for each request.
    #[cold]
    pub(super) fn log_in(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        let browsers = self.browsers.as_mut();
        let Some((browsers, request)) = browsers.zip(cx.request_mut(reply.request)) else { return };
        if request.user == 0 || !browsers.denied(request) {
            return self.finish(reply.request, Outcome::Failed, cx);
        }
        let ask = Ask::new(reply.callee, LOGIN, request.key);
        cx.ask(Ask { request: reply.request, timeout: self.timeout, ..ask });
    }

    /// The user is logged in: now what was wanted.
    #[cold]
    pub(super) fn logged_in(&mut self, reply: &Reply, cx: &mut Ctx<'_>) {
        if let Some((browsers, request)) = self.browsers.as_mut().zip(cx.request_mut(reply.request)) {
            browsers.welcome(request);
            browsers.close(request);
        }
        self.attempt(reply.request, cx);
    }
}
