//! Fixed mixing of 64-bit words. These functions decide every random number of every experiment: they must never change.

/// The fractional part of the golden ratio x 2^64, the increment of SplitMix64.
pub(crate) const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// A strong bijective finaliser: every input bit changes every output bit with probability close to one half. Maps 0 to 0.
///
/// "Mix13" of D. Stafford, "Better Bit Mixing" (2011), as used by SplitMix64: G. L. Steele, D. Lea, C. H. Flood, "Fast Splittable
/// Pseudorandom Number Generators", OOPSLA 2014.
#[inline]
pub const fn mix64(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

/// The hash of a name: FNV-1a with 64 bits (G. Fowler, L. C. Noll, P. Vo, 1991; IETF draft-eastlake-fnv) over its UTF-8 bytes, then
/// [`mix64`], since FNV alone hardly moves the high bits of short names.
pub const fn hash_name(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    let mut index = 0;
    while index < bytes.len() {
        hash = (hash ^ bytes[index] as u64).wrapping_mul(0x0000_0100_0000_01B3);
        index += 1;
    }
    mix64(hash)
}

/// Two words into one. Order matters; for a fixed word on one side it is a bijection of the other.
#[inline]
pub const fn combine(a: u64, b: u64) -> u64 {
    mix64(mix64(a.wrapping_add(GOLDEN)).wrapping_add(b.wrapping_mul(GOLDEN)))
}

/// A uniform number in the open interval (0, 1) from the top 53 bits of `bits`.
///
/// The lowest of the 53 is always set, so the values are the odd multiples of 2^-53: neither 0 nor 1 (adding one half before scaling would
/// round up to 1.0 once in 2^53), symmetric about one half, and `1.0 - unit(bits)` is exact.
#[inline]
pub const fn unit(bits: u64) -> f64 {
    const SCALE: f64 = 1.0 / (1_u64 << 53) as f64;
    ((bits >> 11) | 1) as f64 * SCALE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mix64_is_the_finaliser_of_splitmix64() {
        // First outputs of the reference implementation (S. Vigna) for seed 1234567.
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        for (index, value) in (1..).zip(expected) {
            assert_eq!(mix64(1_234_567_u64.wrapping_add(GOLDEN.wrapping_mul(index))), value);
        }
    }

    #[test]
    fn hash_name_is_mixed_fnv_1a() {
        // Test vectors of the FNV draft.
        assert_eq!(hash_name(""), mix64(0xCBF2_9CE4_8422_2325));
        assert_eq!(hash_name("a"), mix64(0xAF63_DC4C_8601_EC8C));
        assert_eq!(hash_name("foobar"), mix64(0x8594_4171_F739_67E8));
    }

    #[test]
    fn flipping_one_bit_flips_half_of_them() {
        let flips = |before: u64, after: u64| (before ^ after).count_ones();
        let mut total = 0;
        for base in 0..100 {
            for bit in 0..64 {
                total += flips(combine(base, 5), combine(base ^ (1 << bit), 5));
                total += flips(combine(5, base), combine(5, base ^ (1 << bit)));
            }
        }
        let mean = f64::from(total) / 12_800.0;
        assert!((mean - 32.0).abs() < 0.2, "{mean}");
        assert_ne!(combine(1, 2), combine(2, 1));
    }

    #[test]
    fn unit_stays_inside_the_open_interval() {
        assert_eq!(unit(0), f64::EPSILON / 2.0);
        assert_eq!(unit(u64::MAX), 1.0 - f64::EPSILON / 2.0);
        assert_eq!(1.0 - unit(0), unit(u64::MAX));
        assert!((unit(1 << 63) - 0.5).abs() < 1e-15);
    }
}
