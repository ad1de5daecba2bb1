//! Signed tokens (RFC 7519): each request of a user who is logged in carries one, as far as the servers that want it.

use super::Home;
use crate::components::{Layout, client, ways, web};
use crate::kernel::request::Requests;
use crate::kernel::transit::Message;
use crate::parts::verbs::LOGIN;

/// Bytes of the token that comes to a group: to servers that keep sessions in it, and to whoever sends calls on to such; 0 = none.
pub fn comes_to(layout: &Layout, group: usize) -> u32 {
    let of_servers = |to: usize| match layout.groups[to].kind {
        "web" => web::tokens(&layout.groups[to].settings).unwrap_or(0),
        _ => 0,
    };
    if !ways::told(layout, group).is_empty() {
        return 0; // Who only tells the way is asked without it.
    }
    let led_to = (0..layout.groups.len()).filter(|to| ways::lead(layout, group, *to));
    led_to.map(of_servers).max().unwrap_or(0)
}

/// Bytes of the token that a message brings to a group. Who logs in has none yet.
pub(super) fn brought(to: Option<&Home>, message: &Message, requests: &Requests) -> u32 {
    let bytes = to.map_or(0, |home| home.token);
    let shows = || requests.get(message.request).is_some_and(client::shows_session);
    if bytes > 0 && !message.returning && message.verb != LOGIN && shows() { bytes } else { 0 }
}
