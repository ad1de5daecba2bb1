//! Access logs in the common and combined formats of nginx and Apache:
//! `host ident user [10/Oct/2000:13:55:36 -0700] "GET /url HTTP/1.0" 200 2326 "referer" "agent"`.
//! What follows the size is not looked at, so the formats' many extensions are read too.

use super::client::client_number;
use super::format::{Fault, Parts, SizeOf, is_status};
use super::number::size_bytes;
use crate::random::replay::TraceOp;

const MONTHS: [&[u8; 3]; 12] =
    [b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec"];

/// Takes a line apart. Times count from 1970 UTC; the key is the URL with its query string.
pub(super) fn parse(line: &[u8]) -> Result<Parts<'_>, Fault> {
    let (host, rest) = split_at(line, b" ").ok_or("it has no host before a blank")?;
    let (_, rest) = split_at(rest, b"[").ok_or("it has no [time]")?;
    let (time, rest) = split_at(rest, b"]").ok_or("it has no [time]")?;
    let seconds = unix_seconds(time).ok_or("the time is not like [10/Oct/2000:13:55:36 -0700]")?;
    let rest = rest.trim_ascii_start().strip_prefix(b"\"").ok_or("it has no \"request\" after the time")?;
    let (request, rest) = rest.split_at(closing_quote(rest).ok_or("the quote of the request is not closed")?);
    let (op, url, method) = method_and_url(request)?;
    let mut numbers = rest[1..].split(|&byte| byte == b' ').filter(|cell| !cell.is_empty());
    let status = numbers.next().unwrap_or_default();
    if !is_status(status) {
        return Err("the status is not a number of three digits".into());
    }
    let bytes = match numbers.next() {
        Some(b"-") => 0,
        text => text.and_then(size_bytes).ok_or("the size is neither a whole number of bytes nor -")?,
    };
    Ok(Parts {
        time_ns: Some(i128::from(seconds) * 1_000_000_000),
        key: url,
        bytes,
        size: SizeOf::answer(method, status),
        client: client_number(host),
        op,
    })
}

/// What stands before and after the first `mark` (one byte).
fn split_at<'a>(text: &'a [u8], mark: &[u8; 1]) -> Option<(&'a [u8], &'a [u8])> {
    let at = text.iter().position(|byte| byte == &mark[0])?;
    Some((&text[..at], &text[at + 1..]))
}

/// Place of the quote that ends a request; Apache writes quotes inside it as `\"`.
fn closing_quote(text: &[u8]) -> Option<usize> {
    let mut escaped = false;
    text.iter().position(|&byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    })
}

/// `METHOD url PROTOCOL`; the protocol may be missing (HTTP/0.9) and old servers let blanks into the URL.
/// The operation, the URL, and the method.
fn method_and_url(request: &[u8]) -> Result<(TraceOp, &[u8], &[u8]), Fault> {
    let (method, rest) = split_at(request, b" ").ok_or("the request has no URL")?;
    if method.is_empty() || !method.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'-') {
        return Err("the request does not begin with a method".into());
    }
    let last = rest.iter().rposition(|&byte| byte == b' ');
    let url = match last {
        Some(at) if rest[at + 1..].starts_with(b"HTTP/") => &rest[..at],
        _ => rest,
    };
    let op = match method {
        b"GET" | b"HEAD" => TraceOp::Get,
        b"POST" | b"PUT" | b"PATCH" | b"DELETE" => TraceOp::Set,
        _ => TraceOp::Other,
    };
    match url.trim_ascii() {
        b"" => Err("the request has no URL".into()),
        url => Ok((op, url, method)),
    }
}

/// `10/Oct/2000:13:55:36 -0700` as seconds since 1970 UTC.
fn unix_seconds(text: &[u8]) -> Option<i64> {
    let &[
        d1,
        d2,
        b'/',
        m1,
        m2,
        m3,
        b'/',
        y1,
        y2,
        y3,
        y4,
        b':',
        h1,
        h2,
        b':',
        n1,
        n2,
        b':',
        s1,
        s2,
        b' ',
        sign,
        zh1,
        zh2,
        zn1,
        zn2,
    ] = text
    else {
        return None;
    };
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(&[m1, m2, m3]))?;
    let year = 100 * two_digits(y1, y2, 99)? + two_digits(y3, y4, 99)?;
    let day = two_digits(d1, d2, days_in_month(year, month))?;
    let (hour, minute) = (two_digits(h1, h2, 23)?, two_digits(n1, n2, 59)?);
    let second = two_digits(s1, s2, 60)?; // a leap second counts as the next one
    let zone = 3_600 * two_digits(zh1, zh2, 23)? + 60 * two_digits(zn1, zn2, 59)?;
    let zone = match sign {
        b'+' => zone,
        b'-' => -zone,
        _ => return None,
    };
    if day == 0 {
        return None;
    }
    Some(86_400 * days_since_1970(year, month as i64 + 1, day) + 3_600 * hour + 60 * minute + second - zone)
}

fn two_digits(tens: u8, ones: u8, most: i64) -> Option<i64> {
    if !(tens.is_ascii_digit() && ones.is_ascii_digit()) {
        return None;
    }
    let value = i64::from(10 * (tens - b'0') + (ones - b'0'));
    (value <= most).then_some(value)
}

/// Days of a month (0 = January) in the Gregorian calendar.
fn days_in_month(year: i64, month: usize) -> i64 {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        1 => 28 + i64::from(leap),
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01, months from 1: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms" (2013),
/// `days_from_civil`, for years from 0 on. Years begin in March, so the leap day is the last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = 365 * year_of_era + year_of_era / 4 - year_of_era / 100 + day_of_year;
    146_097 * era + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const COMMON: &str =
        r#"127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326"#;

    fn request(request: &str) -> Result<(TraceOp, String), Fault> {
        let line = format!("h - - [01/Jan/1970:00:00:00 +0000] \"{request}\" 200 -");
        parse(line.as_bytes()).map(|parts| (parts.op, String::from_utf8_lossy(parts.key).into_owned()))
    }

    #[test]
    fn the_line_of_the_apache_manual_is_read() {
        let expected = Parts {
            size: SizeOf::Whole,
            time_ns: Some(971_211_336_000_000_000),
            key: b"/apache_pb.gif",
            bytes: 2326,
            client: 0x7f00_0001,
            op: TraceOp::Get,
        };
        assert_eq!(parse(COMMON.as_bytes()), Ok(expected));
    }

    #[test]
    fn combined_lines_and_extensions_are_read_alike() {
        let combined = format!(r#"{COMMON} "http://a/b.html" "Mozilla/4.08 [en] \"x\"" 0.003"#);
        assert_eq!(parse(combined.as_bytes()), parse(COMMON.as_bytes()));
    }

    #[test]
    fn methods_become_operations_and_urls_keep_their_query() {
        assert_eq!(request("POST /a?b=c&d HTTP/1.1"), Ok((TraceOp::Set, "/a?b=c&d".into())));
        assert_eq!(request("OPTIONS * HTTP/1.1"), Ok((TraceOp::Other, "*".into())));
        assert_eq!(request("GET /two words HTTP/1.0"), Ok((TraceOp::Get, "/two words".into())));
        assert_eq!(request("GET /old"), Ok((TraceOp::Get, "/old".into())));
        assert_eq!(request(r#"GET /quo\"ted HTTP/1.1"#), Ok((TraceOp::Get, r#"/quo\"ted"#.into())));
    }

    #[test]
    fn requests_without_a_url_are_refused() {
        for text in ["-", "", "GET ", "GET  HTTP/1.1", r"\x16\x03\x01 x", " /x"] {
            assert!(request(text).is_err(), "{text}");
        }
    }

    #[test]
    fn zones_leap_days_and_wrong_times() {
        assert_eq!(unix_seconds(b"01/Jan/1970:01:00:00 +0100"), Some(0));
        assert_eq!(unix_seconds(b"29/Feb/2000:00:00:00 +0000"), Some(951_782_400));
        for text in [
            "29/Feb/1900:00:00:00 +0000",
            "00/Jan/1970:00:00:00 +0000",
            "31/Apr/2020:00:00:00 +0000",
            "01/Foo/2020:00:00:00 +0000",
            "01/Jan/2020:24:00:00 +0000",
            "01/Jan/2020:00:00:00 0000",
            "2020-01-01T00:00:00Z",
            "01/Jan/2020:00:00:00 *0000",
        ] {
            assert_eq!(unix_seconds(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn days_equal_counting_them() {
        let mut days = 0;
        for year in 1970..2400 {
            for month in 0..12 {
                for day in 1..=days_in_month(year, month) {
                    assert_eq!(days_since_1970(year, month as i64 + 1, day), days);
                    days += 1;
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_mutation_is_answered(at in 0..COMMON.len(), byte: u8, cut in 0..COMMON.len()) {
            let mut line = COMMON.as_bytes().to_vec();
            line[at] = byte;
            let _ = parse(&line);
            let _ = parse(&line[..cut]);
        }
    }
}
