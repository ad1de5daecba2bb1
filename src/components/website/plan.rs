//! What a site consists of in each of its builds: which assets a page needs, what has changed, and under which URL it is.
//!
//! All of it is computed from the site's name, the replication and the number of the build, so that server, edges and browsers agree without
//! telling each other, and every variant publishes the same changes. Build 0 is there from the start.

use super::versioning::Versioning;
use crate::components::Site;
use crate::kernel::Time;
use crate::random::mix::{combine, unit};

/// The first key that is an asset: pages lie below.
const ASSETS: u64 = 1 << 31;
/// Keys are below this: they fit into 32 bits, as browsers keep them.
const KEYS: u64 = 1 << 32;
/// Most assets of a site.
pub const ASSETS_AT_MOST: i64 = 10_000;
/// Most builds of a site: so that all keys fit.
pub const BUILDS_AT_MOST: u32 = ((KEYS - ASSETS) / ASSETS_AT_MOST as u64) as u32 - 1;

/// What is under a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Object {
    /// A page.
    Page(u32),
    /// An asset, and the version that its URL names (0 if it names none).
    Asset(u32, u32),
}

/// How long copies are fresh, as the site's headers say; `None` = they do not say.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Ages {
    /// Pages, for browsers (`max-age`); `None`: to be asked about each time.
    pub page: Option<Time>,
    /// Pages, for edges (`s-maxage`).
    pub page_shared: Option<Time>,
    /// Assets, for everybody.
    pub asset: Option<Time>,
}

/// A site, as plain data.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Number of pages; their keys are below.
    pub pages: u32,
    /// Number of assets.
    pub assets: u32,
    per_page: u32,
    /// How versions are named.
    pub versioning: Versioning,
    changes: f64,
    forgets: f64,
    keeps: u32,
    purpose: u64,
    page_bytes: u32,
    asset_bytes: u32,
    ages: Ages,
    /// Whether browsers need not ask about a fresh asset even when the user reloads the page.
    pub immutable: bool,
}

impl Plan {
    /// Of a checked site.
    pub fn new(site: &Site<'_>) -> Self {
        let settings = site.settings();
        let number = |name: &str| settings.count(name).expect("checked") as u32;
        let bytes = |name: &str| settings.bytes(name).unwrap_or(0).min(u64::from(u32::MAX)) as u32;
        let page = settings.duration("page_max_age");
        let versioned = !site.is_disabled("asset_versions");
        Plan {
            pages: number("pages"),
            assets: number("assets"),
            per_page: number("per_page").min(number("assets")),
            versioning: Versioning::of(if versioned { settings.choice("versioning") } else { 0 }),
            changes: settings.share("changes").expect("checked"),
            forgets: settings.share("forgets").expect("preset"),
            keeps: settings.count("keeps").map_or(u32::MAX, |builds| builds as u32),
            purpose: site.lot("changes"),
            page_bytes: bytes("page_size"),
            asset_bytes: bytes("asset_size"),
            ages: Ages {
                page,
                page_shared: settings.duration("page_s_maxage").or(page),
                asset: settings.duration("asset_max_age"),
            },
            immutable: settings.flag("immutable"),
        }
    }

    /// What is under a key.
    pub fn object(&self, key: u64) -> Object {
        match key.checked_sub(ASSETS) {
            None => Object::Page(key as u32),
            Some(n) => {
                let assets = u64::from(self.assets);
                Object::Asset((n % assets) as u32, (n / assets) as u32)
            }
        }
    }

    /// The key of what is there; another version of an asset has another URL, and so another key.
    pub fn key(&self, object: Object) -> u64 {
        match object {
            Object::Page(page) => u64::from(page),
            Object::Asset(asset, version) => {
                ASSETS + u64::from(version) * u64::from(self.assets) + u64::from(asset)
            }
        }
    }

    /// The URL of what is under a key.
    pub fn url(&self, key: u64) -> String {
        match (self.object(key), self.versioning.separator()) {
            (Object::Page(page), _) => format!("/page/{page}"),
            (Object::Asset(asset, version), Some(separator)) => format!("/asset/{asset}{separator}{version}"),
            (Object::Asset(asset, _), None) => format!("/asset/{asset}"),
        }
    }

    /// The assets that a page needs, in every build the same.
    pub fn assets_of(&self, page: u32) -> impl Iterator<Item = u32> + use<> {
        let first = combine(self.purpose, u64::from(page)) % u64::from(self.assets);
        let assets = u64::from(self.assets);
        (0..u64::from(self.per_page)).map(move |n| ((first + n) % assets) as u32)
    }

    /// How many.
    pub fn per_page(&self) -> u32 {
        self.per_page
    }

    fn draw(&self, what: u64, asset: u32, build: u32) -> f64 {
        unit(combine(combine(self.purpose, what), (u64::from(asset) << 32) | u64::from(build)))
    }

    /// Whether a build brought a new content of an asset.
    pub fn is_changed(&self, asset: u32, build: u32) -> bool {
        self.draw(1, asset, build) < self.changes
    }

    fn is_raised(&self, asset: u32, build: u32) -> bool {
        self.is_changed(asset, build) && self.draw(2, asset, build) >= self.forgets
    }

    /// The build that an asset's content in this build is from.
    pub fn content(&self, asset: u32, build: u32) -> u32 {
        (1..=build).rev().find(|build| self.is_changed(asset, *build)).unwrap_or(0)
    }

    /// The version of an asset that the pages of a build name.
    pub fn named(&self, asset: u32, build: u32) -> u32 {
        match self.versioning {
            Versioning::None => 0,
            Versioning::Manual => (1..=build).rev().find(|build| self.is_raised(asset, *build)).unwrap_or(0),
            Versioning::Build => build,
            Versioning::Hash => self.content(asset, build),
        }
    }

    /// What the server has under a key while this build is published: the build that the content is from; `None` = nothing.
    pub fn serve(&self, key: u64, build: u32) -> Option<u32> {
        match self.object(key) {
            Object::Page(page) => (page < self.pages).then_some(build),
            Object::Asset(asset, _) if !self.versioning.has_files() => Some(self.content(asset, build)),
            Object::Asset(asset, version) => {
                let oldest = self.named(asset, build.saturating_sub(self.keeps));
                let was_named = version <= build && self.named(asset, version) == version;
                (was_named && version >= oldest).then(|| self.content(asset, version))
            }
        }
    }

    /// Size of what is under a key.
    pub fn bytes(&self, key: u64) -> u32 {
        if key < ASSETS { self.page_bytes } else { self.asset_bytes }
    }

    /// How long a copy is fresh in a browser; `None`: it must be asked about each time.
    pub fn age_in_browser(&self, key: u64) -> Option<Time> {
        if key < ASSETS { self.ages.page } else { self.ages.asset }
    }

    /// How long a copy is fresh at an edge, if the headers say it.
    pub fn age_at_edge(&self, key: u64) -> Option<Time> {
        if key < ASSETS { self.ages.page_shared } else { self.ages.asset }
    }
}

#[cfg(test)]
impl Plan {
    /// A site whose builds change 30 % of its assets, of which half are forgotten.
    pub fn example(pages: u32, assets: u32, versioning: Versioning) -> Plan {
        Plan {
            pages,
            assets,
            per_page: 5,
            versioning,
            changes: 0.3,
            forgets: 0.5,
            keeps: u32::MAX,
            purpose: 7,
            page_bytes: 0,
            asset_bytes: 0,
            ages: Ages::default(),
            immutable: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plan(versioning: Versioning, keeps: u32) -> Plan {
        Plan { keeps, ..Plan::example(50, 40, versioning) }
    }

    proptest! {
        #[test]
        fn a_key_is_an_object_and_back(asset in 0u32..40, version in 0..BUILDS_AT_MOST, page in 0u32..50) {
            let plan = plan(Versioning::Hash, 0);
            for object in [Object::Asset(asset, version), Object::Page(page)] {
                prop_assert!(plan.key(object) < KEYS);
                prop_assert_eq!(plan.object(plan.key(object)), object);
            }
        }

        /// With files of their own, what a page names is what it was made for, as long as the file is kept.
        #[test]
        fn a_page_gets_what_it_names_or_nothing(asset in 0u32..40, page_of in 0u32..20, later in 0u32..20, keeps in 0u32..20) {
            for versioning in [Versioning::Build, Versioning::Hash] {
                let plan = plan(versioning, keeps);
                let key = plan.key(Object::Asset(asset, plan.named(asset, page_of)));
                let served = plan.serve(key, page_of + later);
                if later <= keeps {
                    prop_assert_eq!(served, Some(plan.content(asset, page_of)));
                } else {
                    prop_assert!(served.is_none_or(|content| content == plan.content(asset, page_of)));
                }
            }
        }

        /// Deleted at once, an old file is gone as soon as no page of the present build names it.
        #[test]
        fn what_is_not_kept_is_gone(asset in 0u32..40, build in 1u32..20) {
            let plan = plan(Versioning::Hash, 0);
            let old = plan.named(asset, build - 1);
            let gone = plan.serve(plan.key(Object::Asset(asset, old)), build).is_none();
            prop_assert_eq!(gone, plan.is_changed(asset, build));
        }
    }

    #[test]
    fn without_files_of_their_own_old_names_get_the_new_content() {
        let plan = plan(Versioning::Manual, u32::MAX);
        let changed = (0..40).find(|asset| plan.is_changed(*asset, 1)).unwrap();
        let old = plan.key(Object::Asset(changed, 0));
        assert_eq!((plan.serve(old, 0), plan.serve(old, 1)), (Some(0), Some(1)));
        let forgotten = (0..40).filter(|asset| plan.is_changed(*asset, 1) && plan.named(*asset, 1) == 0);
        assert!(forgotten.count() > 0, "half of them are forgotten");
    }

    #[test]
    fn the_assets_of_a_page_are_different_ones() {
        let mut assets: Vec<u32> = plan(Versioning::None, 0).assets_of(3).collect();
        assets.sort_unstable();
        assets.dedup();
        assert_eq!(assets.len(), 5);
    }
}
