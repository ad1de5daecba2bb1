//! Numbers as traces write them, read exactly: no detour over floating point.

const NANOSECONDS: u32 = 9;
/// Digits taken into account on either side of the decimal point; both together fit in an `i128`.
const WHOLE_DIGITS: usize = 19;
const FRACTION_DIGITS: usize = 18;

/// A decimal number of seconds (`12`, `-0.25`, `1.5e3`) in nanoseconds, cut off beyond them; none if it is not one.
pub(super) fn nanoseconds(text: &[u8]) -> Option<i128> {
    let (negative, text) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, text),
    };
    let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (&text[..at], std::str::from_utf8(&text[at + 1..]).ok()?.parse::<i16>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = match mantissa.iter().position(|&byte| byte == b'.') {
        Some(at) => (&mantissa[..at], &mantissa[at + 1..]),
        None => (mantissa, &[][..]),
    };
    if whole.len() > WHOLE_DIGITS
        || whole.len() + fraction.len() == 0
        || !fraction.iter().all(u8::is_ascii_digit)
    {
        return None;
    }
    let fraction = &fraction[..fraction.len().min(FRACTION_DIGITS)];
    let digits = whole
        .iter()
        .chain(fraction)
        .try_fold(0i128, |sum, &digit| digit.is_ascii_digit().then(|| 10 * sum + i128::from(digit - b'0')))?;
    let value = shifted(digits, i32::from(exponent) + NANOSECONDS as i32 - fraction.len() as i32)?;
    Some(if negative { -value } else { value })
}

/// `digits * 10^places`, cut off towards zero; none if it is too large.
fn shifted(digits: i128, places: i32) -> Option<i128> {
    match 10i128.checked_pow(places.unsigned_abs()) {
        Some(factor) if places >= 0 => digits.checked_mul(factor),
        Some(factor) => Some(digits / factor),
        None if places < 0 || digits == 0 => Some(0),
        None => None,
    }
}

/// A whole number without leading zeros, so that number and text determine each other.
pub(super) fn canonical_integer(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 20 || (text[0] == b'0' && text.len() > 1) {
        return None;
    }
    text.iter().try_fold(0u64, |sum, &digit| {
        digit.is_ascii_digit().then_some(())?;
        sum.checked_mul(10)?.checked_add(u64::from(digit - b'0'))
    })
}

/// A size in bytes: digits, possibly with `.0` as pandas writes them. What exceeds `u32` is told as `u32::MAX`.
pub(super) fn size_bytes(text: &[u8]) -> Option<u32> {
    let end = text.iter().position(|&byte| byte == b'.').unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty()
        || !digits.iter().all(u8::is_ascii_digit)
        || !rest.iter().skip(1).all(|&byte| byte == b'0')
    {
        return None;
    }
    let add = |sum: u32, digit: &u8| sum.saturating_mul(10).saturating_add(u32::from(digit - b'0'));
    Some(digits.iter().fold(0, add))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn seconds_are_read_exactly() {
        for (text, ns) in [
            ("0", 0),
            ("12", 12_000_000_000),
            ("0.1", 100_000_000),
            (".5", 500_000_000),
            ("5.", 5_000_000_000),
            ("-1.25", -1_250_000_000),
            ("+2", 2_000_000_000),
            ("1438387200.000000001", 1_438_387_200_000_000_001),
            ("0.0000000019", 1),
            ("1.23e-05", 12_300),
            ("1E3", 1_000_000_000_000),
            ("7e-400", 0),
            ("0.30000000000000000000000000000004", 300_000_000),
        ] {
            assert_eq!(nanoseconds(text.as_bytes()), Some(ns), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "",
            "-",
            ".",
            "e5",
            "1e",
            "nan",
            "inf",
            "1,5",
            "1 2",
            "0x10",
            "1.2.3",
            "1e99",
            "99999999999999999999",
            "1.x",
        ] {
            assert_eq!(nanoseconds(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn integers_are_canonical() {
        assert_eq!(canonical_integer(b"0"), Some(0));
        assert_eq!(canonical_integer(b"18446744073709551615"), Some(u64::MAX));
        for text in ["", "00", "007", "18446744073709551616", "-1", "+1", "1a"] {
            assert_eq!(canonical_integer(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn sizes_saturate_and_may_end_in_point_zero() {
        assert_eq!(size_bytes(b"512"), Some(512));
        assert_eq!(size_bytes(b"512.0"), Some(512));
        assert_eq!(size_bytes(b"99999999999999999999999"), Some(u32::MAX));
        for text in ["", "-5", "1.5", "x", ".0", "1.0.0"] {
            assert_eq!(size_bytes(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_nanosecond_survives_writing_and_reading(seconds in 0u64..10_000_000_000, ns in 0u32..1_000_000_000) {
            let text = format!("{seconds}.{ns:09}");
            prop_assert_eq!(nanoseconds(text.as_bytes()), Some(i128::from(seconds) * 1_000_000_000 + i128::from(ns)));
        }

        #[test]
        fn any_bytes_are_answered(text: Vec<u8>) {
            let _ = (nanoseconds(&text), canonical_integer(&text), size_bytes(&text));
        }
    }
}
