//! Who asked: 32 bits per client.

use super::number::canonical_integer;
use std::net::Ipv4Addr;

/// A client as 32 bits: an IPv4 address is itself (the first byte highest), a number that fits is itself, nothing and
/// `-` are 0, and any other name is hashed (among 10^5 names expect about one pair to share a hash).
pub(super) fn client_number(name: &[u8]) -> u32 {
    if name.is_empty() || name == b"-" {
        return 0;
    }
    if let Some(number) = canonical_integer(name).and_then(|number| u32::try_from(number).ok()) {
        return number;
    }
    let address = std::str::from_utf8(name).ok().and_then(|text| text.parse::<Ipv4Addr>().ok());
    address.map_or_else(|| hash(name), u32::from)
}

/// FNV-1a (Fowler, Noll, Vo, 1991), 64 bits folded to 32: the same on every machine.
fn hash(name: &[u8]) -> u32 {
    let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    let hash = name.iter().fold(0xcbf2_9ce4_8422_2325, step);
    (hash ^ (hash >> 32)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_numbers_are_themselves() {
        assert_eq!(client_number(b"83.149.9.216"), 0x5395_09d8);
        assert_eq!(client_number(b"17"), 17);
        assert_eq!(client_number(b"-"), 0);
        assert_eq!(client_number(b""), 0);
    }

    #[test]
    fn names_are_hashed_alike_everywhere() {
        assert_eq!(client_number(b"piweba3y.prodigy.com"), client_number(b"piweba3y.prodigy.com"));
        assert_ne!(client_number(b"::1"), client_number(b"::2"));
        // FNV-1a 64 of "a" is af63dc4c8601ec8c (reference vector of the FNV page).
        assert_eq!(client_number(b"a"), 0xaf63_dc4c ^ 0x8601_ec8c);
    }
}
