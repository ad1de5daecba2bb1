//! Which way branches mostly go: the compiler guesses it, and often wrong.

/// Called where something happens seldom: that code then lies apart, and what nearly always happens lies in one piece, without a jump over what
/// does not. A processor takes in several times as much between two jumps. (`std::hint::cold_path` does the same, from Rust 1.95 on.)
#[cold]
pub fn rarely() {}
