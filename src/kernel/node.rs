//! What the kernel knows of a node.

/// Whether a node works.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Health {
    /// Works.
    Up,
    /// The process is gone: connections are refused.
    Refusing,
    /// The machine is gone: silence.
    Silent,
    /// Stopped; everything waits for it.
    Hung,
}

/// What the kernel looks at for every message: one word.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    /// Counts crashes: timers of an earlier life do not go off.
    pub(super) epoch: u16,
    pub(super) health: Health,
    /// Whether it has links (see [`Transit::has_link`]).
    pub(super) linked: bool,
}
