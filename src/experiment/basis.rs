//! In what a component's arrivals are counted.

use super::series::Change;

impl Change<'_> {
    /// What its arrivals are counted in: the requests or calls that it tells of, else the jobs of its processors. (A request may be several
    /// jobs, or none.)
    pub(super) fn basis(&self) -> &'static str {
        let told = |metric: &&&str| self.later.get(metric).is_some();
        ["requests", "calls"].iter().find(told).copied().unwrap_or("arrivals")
    }

    /// What came.
    pub fn arrivals(&self) -> Option<u64> {
        self.known(self.basis())
    }

    /// What of it was answered, with errors or without; `None` where that is not counted. Jobs that are turned away are answered at once.
    pub fn completions(&self) -> Option<u64> {
        match self.basis() {
            "arrivals" => Some(self.known("completions")? + self.known("rejected").unwrap_or(0)),
            _ => self.known("answered"),
        }
    }

    /// Errors answered. A component that counts its errors counts those it turned away among them.
    pub fn errors(&self) -> Option<u64> {
        self.known("errors").or(self.known("rejected"))
    }
}
