//! Signed tokens (RFC 7519): each request of a user who is logged in carries one, as far as the servers that want it.

use crate::components::{Layout, client, ways, web};
use crate::kernel::request::Requests;
use crate::kernel::transit::Message;
use crate::parts::verbs::LOGIN;

/// Bytes of the tokens that come to each group: to servers that keep sessions in them, and to whoever sends calls on to such. Empty if there are none.
pub fn come_to(layout: &Layout) -> Vec<u32> {
    let of_servers = |to: usize| match layout.groups[to].kind {
        "web" => web::tokens(&layout.groups[to].settings).unwrap_or(0),
        _ => 0,
    };
    let all = 0..layout.groups.len();
    let largest = |group: usize| {
        all.clone().filter(|to| ways::lead(layout, group, *to)).map(of_servers).max().unwrap_or(0)
    };
    let tokens: Vec<u32> = all.clone().map(largest).collect();
    if tokens.iter().any(|bytes| *bytes > 0) { tokens } else { Vec::new() }
}

/// Bytes of the token that a message brings to a group. Who logs in has none yet.
pub(super) fn brought(tokens: &[u32], group: u16, message: &Message, requests: &Requests) -> u32 {
    let bytes = tokens.get(usize::from(group)).copied().unwrap_or(0);
    let shows = || requests.get(message.request).is_some_and(client::shows_session);
    if bytes > 0 && !message.returning && message.verb != LOGIN && shows() { bytes } else { 0 }
}
