//! Units of quantities, and what others write for them.

use super::param::Kind;

/// Units of time in nanoseconds.
pub const TIMES: [(&str, f64); 13] = [
    ("ns", 1.0),
    ("us", 1e3),
    ("ms", 1e6),
    ("s", 1e9),
    ("second", 1e9),
    ("seconds", 1e9),
    ("minute", 60e9),
    ("minutes", 60e9),
    ("h", 3600e9),
    ("hour", 3600e9),
    ("hours", 3600e9),
    ("day", 86_400e9),
    ("days", 86_400e9),
];

/// Units of size in bytes.
pub const SIZES: [(&str, f64); 9] = [
    ("bytes", 1.0),
    ("kb", 1e3),
    ("mb", 1e6),
    ("gb", 1e9),
    ("tb", 1e12),
    ("kib", 1024.0),
    ("mib", 1_048_576.0),
    ("gib", 1_073_741_824.0),
    ("tib", 1_099_511_627_776.0),
];

/// Units of rate per second.
pub const RATES: [(&str, f64); 5] = [
    ("rps", 1.0),
    ("per_s", 1.0),
    ("per_minute", 1.0 / 60.0),
    ("per_hour", 1.0 / 3_600.0),
    ("per_day", 1.0 / 86_400.0),
];

/// What people of other tools write, and what it is here.
const MEANT: [(&str, &str); 33] = [
    ("min", "minutes"),
    ("mins", "minutes"),
    ("m", "minutes"),
    ("sec", "s"),
    ("secs", "s"),
    ("hr", "hours"),
    ("hrs", "hours"),
    ("d", "days"),
    ("msec", "ms"),
    ("millis", "ms"),
    ("milliseconds", "ms"),
    ("usec", "us"),
    ("micros", "us"),
    ("microseconds", "us"),
    ("µs", "us"),
    ("nanos", "ns"),
    ("nanoseconds", "ns"),
    ("b", "bytes"),
    ("byte", "bytes"),
    ("pct", "percent"),
    ("qps", "rps"),
    ("hz", "rps"),
    ("per_second", "rps"),
    ("rpm", "per_minute"),
    ("per_min", "per_minute"),
    ("rph", "per_hour"),
    ("per_h", "per_hour"),
    ("rpd", "per_day"),
    ("/s", "rps"),
    ("req/s", "rps"),
    ("/min", "per_minute"),
    ("/h", "per_hour"),
    ("%", "percent"),
];

/// The unit that somebody else's word stands for, in lower case.
pub fn meant(word: &str) -> Option<&'static str> {
    MEANT.iter().find(|(other, _)| *other == word).map(|(_, unit)| *unit)
}

/// The units that a setting of this kind takes.
fn of_kind(kind: &Kind) -> Vec<&'static str> {
    let names = |table: &[(&'static str, f64)]| table.iter().map(|(name, _)| *name).collect();
    match kind {
        Kind::Duration | Kind::DurationOrZero | Kind::Variate => names(&TIMES),
        Kind::Bytes | Kind::BytesOrZero | Kind::Message => names(&SIZES),
        Kind::Rate | Kind::Load => names(&RATES),
        Kind::Share => vec!["percent"],
        _ => Vec::new(),
    }
}

/// A quantity in quotes as it is written here, if a setting of this kind takes it: `"64MB"` is 64.mb, and so is `"64 M"` where bytes are wanted.
pub(super) fn unquoted(text: &str, kind: &Kind) -> Option<String> {
    let text = text.trim();
    let (number, unit) = text.split_at(text.find(|c: char| !(c.is_ascii_digit() || c == '.'))?);
    let (own, unit) = (of_kind(kind), unit.trim().to_lowercase());
    let of_bytes = || SIZES.iter().map(|(name, _)| *name).find(|name| *name == format!("{unit}b"));
    let candidates = [own.iter().copied().find(|name| *name == unit), meant(&unit), of_bytes()];
    let unit = candidates.into_iter().flatten().find(|unit| own.contains(unit))?;
    number.parse::<f64>().ok().map(|_| format!("{number}.{unit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_in_quotes_is_told_where_it_fits() {
        let told = |text: &str, kind: Kind| unquoted(text, &kind);
        assert_eq!(told("64MB", Kind::Bytes).as_deref(), Some("64.mb"));
        assert_eq!(told("64 M", Kind::Bytes).as_deref(), Some("64.mb"));
        assert_eq!(told("5m", Kind::Duration).as_deref(), Some("5.minutes"));
        assert_eq!(told("2.5 sec", Kind::Variate).as_deref(), Some("2.5.s"));
        assert_eq!(told("50/s", Kind::Load).as_deref(), Some("50.rps"));
        assert_eq!(told("5 %", Kind::Share).as_deref(), Some("5.percent"));
        for (text, kind) in [
            ("64MB", Kind::Load),
            ("5ms", Kind::Bytes),
            ("4", Kind::Bytes),
            ("ms", Kind::Duration),
            ("1.2.3ms", Kind::Duration),
        ] {
            assert_eq!(told(text, kind), None, "{text}");
        }
    }
}
