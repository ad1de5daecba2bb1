//! What a purge is about: one URL, all that begin alike, all with a tag, or everything.

use super::url::{Prefix, Urls};
use super::urls;
use crate::catalog::Value;
use crate::components::Site;
use crate::components::cache::shelf::Shelf;
use crate::kernel::Control;

/// A purge.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purge {
    All,
    Key(u64),
    Prefix(Prefix),
    Tag(u64),
}

/// First of the verbs of purges.
const FIRST: u16 = Control::FIRST_OWN;

impl Purge {
    /// Which kind, and its argument: as controls and timers carry them.
    pub fn packed(self) -> (u16, u64) {
        match self {
            Purge::All => (0, 0),
            Purge::Key(key) => (1, key),
            Purge::Prefix(prefix) => (2, prefix.bits()),
            Purge::Tag(tag) => (3, tag),
        }
    }

    /// The same back.
    pub fn unpacked(kind: u16, data: u64) -> Option<Purge> {
        match kind {
            0 => Some(Purge::All),
            1 => Some(Purge::Key(data)),
            2 => Some(Purge::Prefix(Prefix::of_bits(data))),
            3 => Some(Purge::Tag(data)),
            _ => None,
        }
    }

    /// As a control.
    pub fn control(self) -> Control {
        let (kind, data) = self.packed();
        Control::new(FIRST + kind, data)
    }

    /// Of a control.
    pub fn of(control: Control) -> Option<Purge> {
        Purge::unpacked(control.verb.checked_sub(FIRST)?, control.arg)
    }

    /// Removes what it is about, and says how many copies that were.
    pub fn carry_out(self, shelf: &mut dyn Shelf, urls: &Urls, tags: u64) -> u64 {
        let before = shelf.len();
        match self {
            Purge::All => shelf.clear(),
            Purge::Key(key) => {
                shelf.delete(key);
            }
            Purge::Prefix(prefix) => delete(shelf, &|key| urls.begins(key, prefix)),
            Purge::Tag(tag) => delete(shelf, &|key| urls.tag(key, tags) == tag),
        }
        before - shelf.len()
    }
}

fn delete(shelf: &mut dyn Shelf, doomed: &dyn Fn(u64) -> bool) {
    let mut keys = Vec::new();
    shelf.each(&mut |item| keys.extend(doomed(item.key).then_some(item.key)));
    keys.sort_unstable(); // the order in which places become free must not hang on the table's
    for key in keys {
        shelf.delete(key);
    }
}

const USAGE: &str = "`invalidate` takes a key (7), a URL (\"/7\"), the beginning of URLs (\"/7*\"), a tag (\"tag:3\") or \"all\"";

/// What a script's argument means. A purge of what cannot exist is a slip of the pen; one of what no edge holds is not: it is
/// taken, paid for, and removes nothing.
pub(super) fn parse(site: &Site<'_>, arguments: &[Value]) -> Result<Purge, String> {
    let (urls, keys) = (urls(site), site.layout.keys().unwrap_or(u64::MAX));
    match arguments {
        [Value::Whole(key)] if *key >= 0 => match *key as u64 {
            key if key >= keys => Err(format!("there is no key {key}: the traffic wants keys below {keys}")),
            key => Ok(Purge::Key(key)),
        },
        [Value::Text(text)] => match text.as_str() {
            "all" | "*" | "/*" => Ok(Purge::All),
            text if text.starts_with("tag:") => tag(site, &text[4..]),
            text => url(&urls, keys, text),
        },
        _ => Err(USAGE.into()),
    }
}

fn tag(site: &Site<'_>, number: &str) -> Result<Purge, String> {
    let name = &site.group().name;
    let Some(tags) = site.settings().count("tags") else {
        return Err(format!("the objects of \"{name}\" carry no tags: give the cdn `tags: 100`"));
    };
    match number.parse() {
        Ok(tag) if tag < tags => Ok(Purge::Tag(tag)),
        _ => Err(format!("there is no tag \"{number}\": the tags of \"{name}\" are 0 to {}", tags - 1)),
    }
}

/// What a trace keeps of URLs.
const OF_LOGS: &str = "those of a log are numbered, in the order in which they first stand in it";

fn url(urls: &Urls, keys: u64, text: &str) -> Result<Purge, String> {
    if !text.starts_with('/') {
        return Err(format!("\"{text}\" is no URL; {USAGE}"));
    }
    let like = urls.url(0);
    match text.strip_suffix('*') {
        Some(begin) => urls.prefix(begin, keys).map(Purge::Prefix).ok_or_else(|| {
            format!("no URL begins with \"{begin}\", now or ever: URLs here are like \"{like}\" ({OF_LOGS})")
        }),
        None => urls.key(text, keys).map(Purge::Key).ok_or_else(|| {
            format!("there is no URL \"{text}\", now or ever: URLs here are like \"{like}\" ({OF_LOGS})")
        }),
    }
}
