//! The constants that components and policies carry.

use super::need::Need;
use super::param::Param;

/// A kind of component, as the catalog shows it.
#[derive(Debug)]
pub struct Entry {
    /// Name of its constructor in a script.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Rows of the chapter that it serves.
    pub chapter: &'static str,
    /// Headings under which `explain` shows settings, and which; those under none come first.
    pub headings: &'static [(&'static str, &'static [&'static str])],
    /// Its settings.
    pub params: &'static [Param],
    /// Those of them that count only beside others.
    pub needs: &'static [Need],
    /// What can be done to it while a simulation runs.
    pub actions: &'static [Action],
    /// What it measures, apart from its station.
    pub measures: &'static [Measure],
}

impl Entry {
    /// Whether it has a setting of this name.
    pub fn has(&self, setting: &str) -> bool {
        self.params.iter().any(|param| param.name == setting)
    }

    /// What a setting counts with, if it counts only with something.
    pub fn counts_with(&self, setting: &str) -> Option<&'static str> {
        self.needs.iter().find(|need| need.settings.contains(&setting)).map(|need| need.with)
    }

    /// The heading of a setting.
    pub fn heading(&self, setting: &str) -> Option<&'static str> {
        self.headings.iter().find(|(_, settings)| settings.contains(&setting)).map(|(heading, _)| *heading)
    }
}

/// Something that a script can do to a group while a simulation runs.
#[derive(Debug)]
pub struct Action {
    /// Its name.
    pub name: &'static str,
    /// How to write it.
    pub usage: &'static str,
    /// One line about it.
    pub about: &'static str,
}

/// A figure that a component tells.
#[derive(Debug)]
pub struct Measure {
    /// Its name, with its unit.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
}

/// A policy: one way to decide something, by somebody, not always the right one.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Its name in a script.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// Its paper or inventor.
    pub source: &'static str,
    /// When it is the wrong choice.
    pub wrong_when: &'static str,
}
