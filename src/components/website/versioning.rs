//! How a page names the version of an asset that it was made for.

use crate::catalog::Policy;

/// The ways, for the catalog.
pub const VERSIONINGS: &[Policy] = &[
    Policy {
        name: "none",
        about: "an asset keeps its URL: /asset/7",
        source: "how files are served without more ado",
        wrong_when: "assets change while copies of them are fresh somewhere",
    },
    Policy {
        name: "manual",
        about: "somebody raises ?v=2 by hand: /asset/7?v=2; the server has one file and does not look at it",
        source: "RFC 3986, 3.4 (the query is part of the URL, and so of the cache key)",
        wrong_when: "somebody forgets (`forgets`): copies under the old URL stay fresh; old pages get the new file, which caches keep under the old URL",
    },
    Policy {
        name: "build",
        about: "all assets get a new URL with each build: /asset/7-12",
        source: "Ruby on Rails and others: a release folder or number",
        wrong_when: "builds are frequent and most files do not change: every copy everywhere is useless after each",
    },
    Policy {
        name: "hash",
        about: "an asset gets a new URL when its content changes: /asset/7-3",
        source: "webpack, Caching: [contenthash] in file names",
        wrong_when: "old files are deleted at once (`keeps: 0`) while old pages are still read",
    },
];

/// One of [`VERSIONINGS`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Versioning {
    /// One URL for ever.
    None,
    /// By hand, in the query.
    Manual,
    /// By build.
    Build,
    /// By content.
    Hash,
}

impl Versioning {
    /// By index in [`VERSIONINGS`].
    pub fn of(choice: usize) -> Self {
        match VERSIONINGS[choice].name {
            "manual" => Versioning::Manual,
            "build" => Versioning::Build,
            "hash" => Versioning::Hash,
            _ => Versioning::None,
        }
    }

    /// What stands between an asset's number and its version; `None` if the URL names no version.
    pub fn separator(self) -> Option<&'static str> {
        match self {
            Versioning::None => None,
            Versioning::Manual => Some("?v="),
            Versioning::Build | Versioning::Hash => Some("-"),
        }
    }

    /// Whether the server keeps a file of its own for each version.
    pub fn has_files(self) -> bool {
        matches!(self, Versioning::Build | Versioning::Hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_a_way_of_its_own() {
        let ways: Vec<Versioning> = (0..VERSIONINGS.len()).map(Versioning::of).collect();
        assert_eq!(ways, [Versioning::None, Versioning::Manual, Versioning::Build, Versioning::Hash]);
    }
}
