//! Numbers as Redis reads and writes them.
//!
//! The rule (Redis 7.0, `util.c: string2ll`): an integer has one spelling only. No spaces, no plus
//! sign, no leading zeros, no minus zero; it fits in 64 bits. A double goes out with 17 significant
//! digits (`networking.c: addReplyDouble`, `%.17g`), so that it reads back as the same double.

use bytes::BytesMut;

use super::Reply;

/// Reads a 64-bit integer in its one spelling.
pub fn parse_integer(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    match digits {
        [b'0'] if digits.len() == text.len() => return Some(0),
        [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit) => {}
        _ => return None,
    }
    const SURELY_FIT: usize = 18;
    if digits.len() > SURELY_FIT {
        return std::str::from_utf8(text).ok()?.parse().ok();
    }
    let size = digits.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'));
    Some(if digits.len() == text.len() { size } else { -size })
}

/// Writes a whole number in decimal digits.
pub(super) fn push_decimal(mut number: u64, out: &mut BytesMut) {
    const DIGITS_MAX: usize = 20;
    let mut digits = [b'0'; DIGITS_MAX];
    let mut at = DIGITS_MAX - 1;
    while number >= 10 {
        digits[at] += (number % 10) as u8;
        number /= 10;
        at -= 1;
    }
    digits[at] += number as u8;
    out.extend_from_slice(&digits[at..]);
}

/// Reads an integer argument, or gives the error that Redis answers with.
pub(super) fn integer_argument(text: &[u8]) -> Result<i64, Reply> {
    parse_integer(text).ok_or_else(|| Reply::error("ERR value is not an integer or out of range"))
}

/// Writes a double as C's `%.17g` does, and the infinities as `inf` and `-inf`.
pub fn format_double(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string().to_ascii_lowercase();
    }
    if value == 0.0 {
        return if value.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    const DIGITS: i32 = 17;
    let scientific = format!("{value:.16e}");
    let (mantissa, exponent) =
        scientific.split_once('e').expect("the scientific form has an exponent");
    let exponent: i32 = exponent.parse().expect("the exponent is an integer");
    let trimmed = |text: &str| text.trim_end_matches('0').trim_end_matches('.').to_owned();
    if (-4..DIGITS).contains(&exponent) {
        let decimals = (DIGITS - 1 - exponent) as usize;
        let fixed = format!("{value:.decimals$}");
        return if decimals == 0 { fixed } else { trimmed(&fixed) };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", trimmed(mantissa), exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_integer_has_one_spelling() {
        for (text, value) in [
            ("0", Some(0)),
            ("-1", Some(-1)),
            ("9223372036854775807", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            ("11111111111111111111", None),
            ("-0", None),
            ("+5", None),
            ("05", None),
            ("-01", None),
            (" 1", None),
            ("1.5", None),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(parse_integer(text.as_bytes()), value, "{text:?}");
        }
    }

    #[test]
    fn doubles_have_seventeen_digits() {
        for (value, text) in [
            (1.5, "1.5"),
            (3.0, "3"),
            (0.1, "0.10000000000000001"),
            (-0.5, "-0.5"),
            (1e16, "10000000000000000"),
            (1e17, "1e+17"),
            (1.25e300, "1.2500000000000001e+300"),
            (0.0001, "0.0001"),
            (0.00001, "1.0000000000000001e-05"),
            (100.0, "100"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (0.0, "0"),
            (-0.0, "-0"),
        ] {
            assert_eq!(format_double(value), text);
        }
    }
}
