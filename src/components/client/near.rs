//! What is near a user: the browser's cache, and the visit to a page with its assets.

use super::browser_cache::BrowserCaches;
use crate::components::revalidation::{self, if_none_match};
use crate::components::website::{self, Object, Plan};
use crate::components::{Layout, Site, ways};
use crate::kernel::{NodeId, Readings, Reply, Request, RequestId, SECOND, Time};
use crate::random::mix::hash_name;
use foldhash::fast::FixedState;
use std::collections::HashMap;

/// Draw that says whether a user reloads the page.
const RELOAD: u64 = hash_name("browser reload");

/// Where an answer came from, the nearest first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tier {
    Browser,
    Edge,
    Cache,
    Origin,
}

/// Of all users of one traffic.
#[derive(Clone)]
pub(super) struct Near {
    caches: Option<BrowserCaches>,
    max_age: Time,
    reloads: f64,
    /// Whether those that are asked understand "only if it has changed".
    conditional: bool,
    pub site: Option<Plan>,
    /// Of each node that the world begins with.
    tiers: Vec<Tier>,
    visits: Vec<Visit>,
    free: Vec<u32>,
    of_request: HashMap<u64, u32, FixedState>,
    pub counts: Counts,
}

/// A page whose assets are still wanted.
#[derive(Clone, Default)]
pub(super) struct Visit {
    /// Version of the page: the build that it is from.
    pub build: u32,
    /// Keys of the assets that are wanted.
    pub wanted: Vec<u64>,
    /// Questions under way.
    pub asked: u32,
    /// Some question was not answered.
    pub failed: bool,
    fit: Fit,
}

/// How the assets fit the page.
#[derive(Clone, Copy, Default)]
struct Fit {
    old: bool,
    new: bool,
    missing: bool,
}

#[derive(Clone, Default)]
pub(super) struct Counts {
    lookups: u64,
    hits: u64,
    revalidated: u64,
    answered: [u64; 4],
    pages: u64,
    broken: u64,
    old_asset: u64,
    new_asset: u64,
    missing: u64,
    assets: u64,
    old_assets: u64,
}

impl Near {
    /// `None` if there is nothing near: neither browser caches, nor a site, nor edges.
    pub fn new(site: &Site<'_>) -> Option<Self> {
        let (settings, layout) = (site.settings(), site.layout);
        let to = settings.group("to").expect("required");
        let slots = settings.count("browser_slots").filter(|_| !site.is_disabled("browser_cache"));
        let origin = website::behind(layout, to);
        if slots.is_none() && !has_edges(layout, to) {
            return None;
        }
        let users = settings.count("users").unwrap_or(0);
        Some(Near {
            caches: slots.map(|slots| BrowserCaches::new(users, slots as usize)),
            max_age: settings.duration("max_age").unwrap_or(0),
            reloads: settings.share("reloads").expect("preset"),
            conditional: revalidation::is_asked(layout) && revalidation::is_understood(layout, to),
            site: origin.map(|origin| Plan::new(&site.of(origin))),
            tiers: tiers(layout),
            visits: Vec::new(),
            free: Vec::new(),
            of_request: HashMap::with_hasher(FixedState::with_seed(0)),
            counts: Counts::default(),
        })
    }

    /// The version of a copy that may be used without asking; `immutable`: even if the user reloads the page.
    fn fresh(&mut self, request: &Request, key: u64, immutable: bool, now: Time) -> Option<u32> {
        let caches = self.caches.as_mut().filter(|_| request.user != 0)?;
        self.counts.lookups += 1;
        let held = caches.get(request.user, key, now).filter(|held| held.fresh)?;
        if self.reloads > 0.0 && !immutable && request.draw.uniform(RELOAD, 0) < self.reloads {
            return None;
        }
        self.counts.hits += 1;
        self.counts.answered[Tier::Browser as usize] += 1;
        Some(held.version)
    }

    /// The same for what a request is about. A second attempt does not look again.
    pub fn page(&mut self, request: &Request, now: Time) -> Option<u32> {
        if request.attempts > 1 {
            return None;
        }
        self.fresh(request, request.key, false, now)
    }

    /// A user will soon look into the browser, or has an answer for it.
    #[inline]
    pub fn foresee(&self, user: u32, has_answer: bool) {
        if let Some(caches) = &self.caches {
            caches.foresee(user, if has_answer { 3 } else { 1 });
        }
    }

    /// What to say of the copy that the browser has (see [`if_none_match`]).
    pub fn validator(&mut self, user: u32, key: u64, now: Time) -> u32 {
        let caches = self.caches.as_mut().filter(|_| self.conditional && user != 0);
        let held = caches.and_then(|caches| caches.get(user, key, now));
        held.map_or(0, |held| if_none_match(held.version))
    }

    /// An answer has come: the browser keeps it, for what is left of its life (the edge tells its Age).
    pub fn learn(&mut self, user: u32, reply: &Reply, now: Time) {
        let tier = self.tiers.get(reply.answered_by.index()).copied().unwrap_or(Tier::Origin);
        self.counts.answered[tier as usize] += 1;
        let Some(caches) = self.caches.as_mut().filter(|_| user != 0) else { return };
        // (The note of the question is what it said of the copy; what the slot holds now may have come meanwhile.)
        self.counts.revalidated += u64::from(reply.note != 0 && reply.note == if_none_match(reply.version));
        let life = match &self.site {
            Some(site) => site.age_in_browser(reply.key).unwrap_or(0),
            None => self.max_age,
        };
        let age = if reply.redirect == NodeId::NONE { 0 } else { u64::from(reply.redirect.0) * SECOND };
        let until = now + life.saturating_sub(age);
        caches.put(user, reply.key, reply.version, until);
    }

    /// A write has been done: the browser's copy is old (RFC 9111, 4.4).
    pub fn written(&mut self, request: &Request) {
        if let Some(caches) = &mut self.caches {
            caches.remove(request.user, request.key);
        }
    }

    /// A request has its page of this build: the browser looks for its assets. True if it has them all.
    pub fn open(&mut self, id: RequestId, request: &Request, build: u32, now: Time) -> bool {
        let site = self.site.take().expect("only sites have pages");
        let mut visit = Visit { build, ..Visit::default() };
        for asset in site.assets_of(request.key as u32) {
            let key = site.key(Object::Asset(asset, site.named(asset, build)));
            match self.fresh(request, key, site.immutable, now) {
                Some(content) => self.fits(&site, &mut visit, asset, content),
                None => visit.wanted.push(key),
            }
        }
        self.site = Some(site);
        let done = visit.wanted.is_empty();
        let index = self.free.pop().unwrap_or_else(|| {
            self.visits.push(Visit::default());
            self.visits.len() as u32 - 1
        });
        self.visits[index as usize] = visit;
        self.of_request.insert(id.to_bits(), index);
        done
    }

    fn fits(&mut self, site: &Plan, visit: &mut Visit, asset: u32, content: u32) {
        let made_for = site.content(asset, visit.build);
        visit.fit.old |= content < made_for;
        visit.fit.new |= content > made_for;
        self.counts.assets += 1;
        self.counts.old_assets += u64::from(content < made_for);
    }

    /// Whether a request has its page and wants the assets.
    pub fn is_visiting(&self, id: RequestId) -> bool {
        self.site.is_some() && self.of_request.contains_key(&id.to_bits())
    }

    /// The visit that a request has come to.
    pub fn visit(&mut self, id: RequestId) -> Option<&mut Visit> {
        self.site.as_ref()?;
        let index = *self.of_request.get(&id.to_bits())?;
        Some(&mut self.visits[index as usize])
    }

    /// An asset is there (its content's build), or there is no such file.
    pub fn asset(&mut self, id: RequestId, key: u64, content: Option<u32>) {
        let index = self.of_request[&id.to_bits()] as usize;
        let mut visit = std::mem::take(&mut self.visits[index]);
        visit.wanted.retain(|wanted| *wanted != key);
        let site = self.site.take().expect("only sites have assets");
        if let (Object::Asset(asset, _), Some(content)) = (site.object(key), content) {
            self.fits(&site, &mut visit, asset, content);
        }
        self.site = Some(site);
        visit.fit.missing |= content.is_none();
        self.visits[index] = visit;
    }

    /// The visit is over, with its page complete or not. The build of its page.
    pub fn close(&mut self, id: RequestId, complete: bool) -> u32 {
        let index = self.of_request.remove(&id.to_bits()).expect("it is open");
        self.free.push(index);
        let Visit { build, fit, .. } = std::mem::take(&mut self.visits[index as usize]);
        if complete {
            self.counts.pages += 1;
            self.counts.broken += u64::from(fit.old || fit.new || fit.missing);
            self.counts.old_asset += u64::from(fit.old);
            self.counts.new_asset += u64::from(fit.new);
            self.counts.missing += u64::from(fit.missing);
        }
        build
    }

    pub fn measure(&self, out: &mut Readings) {
        let counts = &self.counts;
        if self.caches.is_some() {
            out.count("browser_lookups", counts.lookups);
            out.count("browser_hits", counts.hits);
            out.count("browser_revalidated", counts.revalidated);
        }
        let names = ["answered_browser", "answered_edge", "answered_cache", "answered_origin"];
        names.into_iter().zip(counts.answered).for_each(|(name, count)| out.count(name, count));
        out.count("answered_anywhere", counts.answered.iter().sum());
        if self.site.is_some() {
            out.count("pages", counts.pages);
            out.count("broken_pages", counts.broken);
            out.count("pages_old_asset", counts.old_asset);
            out.count("pages_new_asset", counts.new_asset);
            out.count("pages_missing_asset", counts.missing);
            out.count("assets", counts.assets);
            out.count("old_assets", counts.old_assets);
        }
    }
}

/// Whether there are edges or a site behind a group.
fn has_edges(layout: &Layout, to: usize) -> bool {
    let on = ways::next(layout, to);
    matches!(layout.groups[to].kind, "cdn" | "website")
        || !on.is_empty() && on.iter().all(|to| has_edges(layout, *to))
}

fn tiers(layout: &Layout) -> Vec<Tier> {
    let tier = |kind: &str| match kind {
        "cdn" => Tier::Edge,
        "cache" => Tier::Cache,
        _ => Tier::Origin,
    };
    let nodes = |group: &crate::components::Group| group.count + group.aides.1;
    layout.groups.iter().flat_map(|group| (0..nodes(group)).map(move |_| tier(group.kind))).collect()
}
