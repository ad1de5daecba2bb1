//! URLs of objects, and which of them a purge means.
//!
//! Keys are numbers; a purge by prefix compares digits instead of writing every URL down. `tests::slow` does write them down.

use crate::components::website::plan::{Object, Plan};

/// Numbers in a prefix are below this, so that two of them travel in one control.
const NUMBERS: u64 = 1 << 29;

/// How keys become URLs.
#[derive(Clone, Debug)]
pub(super) enum Urls {
    /// `/12`
    Plain,
    /// `/3/12`: as many folders, a key lies in the one that its remainder says.
    Folders(u64),
    /// Those of a site.
    Site(Box<Plan>),
}

/// What an object's URL consists of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Parts {
    class: u64,
    first: u64,
    second: Option<u64>,
}

const PLAIN: u64 = 0;
const PAGE: u64 = 1;
const ASSET: u64 = 2;

/// What a number in a URL must be like.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Digits {
    Any,
    Is(u64),
    /// Its decimal digits begin with those of this one (not 0).
    Begins(u64),
}

impl Digits {
    /// Of the digits that a prefix ends with; nothing: any number will do. `None`: no number is written so.
    fn of_end(text: &str) -> Option<Digits> {
        match text {
            "" => Some(Digits::Any),
            "0" => Some(Digits::Is(0)),
            _ => number(text).map(Digits::Begins),
        }
    }

    fn allows(self, mut value: u64) -> bool {
        match self {
            Digits::Any => true,
            Digits::Is(number) => value == number,
            Digits::Begins(number) => {
                while value > number {
                    value /= 10;
                }
                value == number
            }
        }
    }

    /// Whether some number below the limit is allowed: if any is, the shortest is.
    fn is_below(self, limit: u64) -> bool {
        match self {
            Digits::Any => true,
            Digits::Is(number) | Digits::Begins(number) => number < limit,
        }
    }

    fn bits(self) -> u64 {
        match self {
            Digits::Any => 0,
            Digits::Is(number) => 1 << 29 | number,
            Digits::Begins(number) => 2 << 29 | number,
        }
    }

    fn of_bits(bits: u64) -> Digits {
        let number = bits & (NUMBERS - 1);
        match bits >> 29 & 3 {
            0 => Digits::Any,
            1 => Digits::Is(number),
            _ => Digits::Begins(number),
        }
    }
}

/// A number as URLs write it: no sign, no zero in front.
fn number(text: &str) -> Option<u64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain)
}

/// All URLs that begin alike.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Prefix {
    class: u64,
    first: Digits,
    second: Digits,
}

impl Prefix {
    /// As the argument of a control.
    pub fn bits(self) -> u64 {
        self.class << 62 | self.first.bits() << 31 | self.second.bits()
    }

    /// Of such an argument.
    pub fn of_bits(bits: u64) -> Prefix {
        let class = bits >> 62;
        Prefix { class, first: Digits::of_bits(bits >> 31), second: Digits::of_bits(bits) }
    }
}

/// Text that begins with `head`, or with which `head` begins: what is left after it.
fn after<'a>(text: &'a str, head: &str) -> Option<&'a str> {
    text.strip_prefix(head).or_else(|| head.starts_with(text).then_some(""))
}

impl Urls {
    /// Number of an object's page, asset or key, and the version that its URL names.
    fn parts(&self, key: u64) -> Parts {
        match self {
            Urls::Plain => Parts { class: PLAIN, first: key, second: None },
            Urls::Folders(folders) => Parts { class: PLAIN, first: key % folders, second: Some(key) },
            Urls::Site(plan) => match plan.object(key) {
                Object::Page(page) => Parts { class: PAGE, first: page.into(), second: None },
                Object::Asset(asset, version) => {
                    let second = plan.versioning.separator().map(|_| version.into());
                    Parts { class: ASSET, first: asset.into(), second }
                }
            },
        }
    }

    /// Whether an object's URL begins so.
    pub fn begins(&self, key: u64, prefix: Prefix) -> bool {
        let parts = self.parts(key);
        let second = match (prefix.second, parts.second) {
            (Digits::Any, _) => true,
            (digits, Some(second)) => digits.allows(second),
            (_, None) => false,
        };
        parts.class == prefix.class && prefix.first.allows(parts.first) && second
    }

    /// The tag of an object out of so many: the remainder of its number.
    pub fn tag(&self, key: u64, tags: u64) -> u64 {
        let parts = self.parts(key);
        match self {
            Urls::Site(_) => parts.first % tags,
            Urls::Plain | Urls::Folders(_) => key % tags,
        }
    }

    /// The URL of a key.
    pub fn url(&self, key: u64) -> String {
        match self {
            Urls::Plain => format!("/{key}"),
            Urls::Folders(folders) => format!("/{}/{key}", key % folders),
            Urls::Site(plan) => plan.url(key),
        }
    }

    /// The prefix of this text; `None`: no URL begins so, or all do (`"/"`). `keys` bounds the keys that there are.
    pub fn prefix(&self, text: &str, keys: u64) -> Option<Prefix> {
        let parsed = match self {
            Urls::Plain => two(text.strip_prefix('/')?, None, PLAIN)?,
            Urls::Folders(_) => two(text.strip_prefix('/')?, Some("/"), PLAIN)?,
            Urls::Site(_) if text.len() < 2 => return None,
            Urls::Site(plan) => match after(text, "/page/") {
                Some(rest) => two(rest, None, PAGE)?,
                None => two(after(text, "/asset/")?, plan.versioning.separator(), ASSET)?,
            },
        };
        self.exists(parsed, keys).then_some(parsed)
    }

    fn exists(&self, prefix: Prefix, keys: u64) -> bool {
        let Prefix { class, first, second } = prefix;
        match self {
            Urls::Plain => first.is_below(keys),
            Urls::Folders(folders) => {
                let fits = match (first, second) {
                    (Digits::Is(folder), Digits::Is(key)) => key % folders == folder,
                    _ => true,
                };
                fits && first.is_below((*folders).min(keys)) && second.is_below(keys)
            }
            Urls::Site(plan) => {
                first.is_below(if class == PAGE { plan.pages.into() } else { plan.assets.into() })
            }
        }
    }

    /// The key of a whole URL; `None`: there is no such object.
    pub fn key(&self, text: &str, keys: u64) -> Option<u64> {
        let last = |text: &str| number(text.rsplit('/').next()?);
        let key = match self {
            Urls::Plain | Urls::Folders(_) => last(text).filter(|key| *key < keys)?,
            Urls::Site(plan) => {
                if text.starts_with("/page/") {
                    plan.key(Object::Page(last(text).filter(|page| *page < plan.pages.into())? as u32))
                } else {
                    let name = text.strip_prefix("/asset/")?;
                    let (asset, version) = match plan.versioning.separator() {
                        None => (name, "0"),
                        Some(separator) => name.split_once(separator)?,
                    };
                    let asset = number(asset).filter(|asset| *asset < plan.assets.into())?;
                    let version = number(version).filter(|version| *version < NUMBERS)?;
                    plan.key(Object::Asset(asset as u32, version as u32))
                }
            }
        };
        (self.url(key) == text).then_some(key)
    }
}

/// One number, or two with a separator between, of which the text may show only the beginning.
fn two(text: &str, separator: Option<&str>, class: u64) -> Option<Prefix> {
    let end = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (first, rest) = text.split_at(end);
    let prefix = |first, second| Some(Prefix { class, first, second });
    let small = |digits: &str| digits.is_empty() || digits.parse().is_ok_and(|n: u64| n < NUMBERS);
    if rest.is_empty() {
        return prefix(Digits::of_end(Some(first).filter(|first| small(first))?)?, Digits::Any);
    }
    let second = after(rest, separator?).filter(|second| small(second))?;
    prefix(Digits::Is(number(first).filter(|_| small(first))?), Digits::of_end(second)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::components::website::versioning::Versioning;
    use proptest::prelude::*;

    const KEYS: u64 = 3_000;

    /// Each way of writing URLs, and its keys.
    fn all() -> Vec<(Urls, Vec<u64>)> {
        let keys: Vec<u64> = (0..KEYS).collect();
        let site = |versioning| {
            let plan = Plan::example(300, 40, versioning);
            let pages = 0..300u64;
            let assets = (0..40).flat_map(|asset| (0..25).map(move |version| (asset, version)));
            let versions = if versioning == Versioning::None { 1 } else { 25 };
            let assets = assets.filter(|(_, version)| *version < versions);
            let keys = pages.chain(assets.map(|(asset, version)| plan.key(Object::Asset(asset, version))));
            let keys = keys.collect::<Vec<u64>>();
            (Urls::Site(Box::new(plan)), keys)
        };
        let mut all = vec![(Urls::Plain, keys.clone()), (Urls::Folders(12), keys)];
        all.extend([Versioning::None, Versioning::Manual, Versioning::Build, Versioning::Hash].map(site));
        all
    }

    fn found(urls: &Urls, keys: &[u64], prefix: &str) -> Vec<u64> {
        match urls.prefix(prefix, KEYS) {
            Some(prefix) => keys.iter().copied().filter(|key| urls.begins(*key, prefix)).collect(),
            None => Vec::new(),
        }
    }

    /// Writes every URL down.
    fn slow(urls: &Urls, keys: &[u64], prefix: &str) -> Vec<u64> {
        keys.iter().copied().filter(|key| urls.url(*key).starts_with(prefix)).collect()
    }

    proptest! {
        /// Prefixes of real URLs, whole ones and such with another end.
        #[test]
        fn a_prefix_is_what_a_slow_scan_finds(which in 0usize..6, at in 0usize..10_000, cut in 2usize..14, end in "[0-9/?v=-]{0,2}") {
            let (urls, keys) = &all()[which];
            let url = urls.url(keys[at % keys.len()]);
            let prefix = format!("{}{end}", &url[..cut.min(url.len())]);
            prop_assert_eq!(found(urls, keys, &prefix), slow(urls, keys, &prefix), "{}", prefix);
        }

        #[test]
        fn a_prefix_travels_in_a_number(which in 0usize..6, at in 0usize..10_000, cut in 2usize..14) {
            let (urls, keys) = &all()[which];
            let url = urls.url(keys[at % keys.len()]);
            let prefix = urls.prefix(&url[..cut.min(url.len())], KEYS).unwrap();
            prop_assert_eq!(Prefix::of_bits(prefix.bits()), prefix);
        }
    }

    #[test]
    fn every_url_names_its_key_and_no_other_text_does() {
        for (urls, keys) in all() {
            for key in keys {
                assert_eq!(urls.key(&urls.url(key), KEYS), Some(key));
            }
            for wrong in [
                "",
                "/",
                "7",
                "/07",
                "/7/",
                "/page/",
                "/page/300",
                "/asset/40",
                "/asset/7-",
                "/9999999",
                "/1/12",
            ] {
                assert_eq!(urls.key(wrong, KEYS), None, "{urls:?} {wrong}");
            }
        }
    }
}
