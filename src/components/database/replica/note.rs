//! What a router notes with a statement that it has sent.

/// Bits of a note that count tries; above them two bits for the resharding during which a write was sent.
pub(super) const TRIES: u32 = 0x3F;

/// Whom a statement was sent to, at which try.
pub(super) fn note(shard: usize, member: usize, tries: u32) -> u32 {
    (shard as u32) << 16 | (member as u32) << 8 | tries
}

/// The shard, the member and the tries of a note.
pub(super) fn place(note: u32) -> (usize, usize, u32) {
    ((note >> 16) as usize, (note >> 8) as usize & 0xFF, note & 0xFF)
}

/// The resharding during which a write was sent: 1 to 3 in turn, 0 for none.
pub(super) fn generation(note: u32) -> u32 {
    note >> 6 & 3
}
