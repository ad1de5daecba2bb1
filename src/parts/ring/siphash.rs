//! SipHash-1-3 with the key 0 (Aumasson and Bernstein, INDOCRYPT 2012): the hash of Rust's standard tables, written
//! down here because the standard library does not promise to keep it.

/// The hash of these pieces one behind the other.
pub fn siphash13(pieces: &[&[u8]]) -> u64 {
    let mut state =
        [0x736f_6d65_7073_6575, 0x646f_7261_6e64_6f6d, 0x6c79_6765_6e65_7261, 0x7465_6462_7974_6573];
    let (mut word, mut length) = (0u64, 0u64);
    for byte in pieces.iter().copied().flatten() {
        word |= u64::from(*byte) << (8 * (length % 8));
        length += 1;
        if length.is_multiple_of(8) {
            absorb(&mut state, word);
            word = 0;
        }
    }
    absorb(&mut state, word | (length << 56));
    state[2] ^= 0xff;
    (0..3).for_each(|_| round(&mut state));
    state[0] ^ state[1] ^ state[2] ^ state[3]
}

fn absorb(state: &mut [u64; 4], word: u64) {
    state[3] ^= word;
    round(state);
    state[0] ^= word;
}

fn round([a, b, c, d]: &mut [u64; 4]) {
    *a = a.wrapping_add(*b);
    *c = c.wrapping_add(*d);
    *b = b.rotate_left(13) ^ *a;
    *d = d.rotate_left(16) ^ *c;
    *a = a.rotate_left(32).wrapping_add(*d);
    *c = c.wrapping_add(*b);
    *d = d.rotate_left(21) ^ *a;
    *b = b.rotate_left(17) ^ *c;
    *c = c.rotate_left(32);
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::{DefaultHasher, Hasher};

    /// Today's standard library still agrees.
    #[test]
    fn as_in_the_standard_library() {
        for text in ["", "a", "seven..", "eight...", "nine.....", "a longer text of more than two words"] {
            let mut hasher = DefaultHasher::new();
            hasher.write(text.as_bytes());
            hasher.write_u8(0xff);
            assert_eq!(siphash13(&[text.as_bytes(), &[0xff]]), hasher.finish(), "{text}");
        }
    }
}
