//! Time in whole microseconds.
//!
//! A [`Time`] is an instant on some clock: the world's (zero when the world was made) or a node's
//! own (microseconds since the Unix epoch, as that node's clock has it). A [`Span`] is a duration.
//! Both are integers, so that two machines never disagree about them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An instant, in microseconds since its clock's zero.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Time(u64);

/// A duration in microseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Span(u64);

impl Time {
    pub const ZERO: Time = Time(0);
    pub const MAX: Time = Time(u64::MAX);

    pub const fn from_micros(micros: u64) -> Time {
        Time(micros)
    }

    pub const fn from_millis(millis: u64) -> Time {
        Time(millis.saturating_mul(1_000))
    }

    pub const fn micros(self) -> u64 {
        self.0
    }

    pub const fn millis(self) -> u64 {
        self.0 / 1_000
    }

    pub const fn seconds(self) -> u64 {
        self.0 / 1_000_000
    }

    /// How long after `earlier` this instant is; zero if it is not after it.
    pub const fn since(self, earlier: Time) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl std::ops::Add<Span> for Time {
    type Output = Time;

    fn add(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0))
    }
}

impl Span {
    pub const ZERO: Span = Span(0);
    pub const MAX: Span = Span(u64::MAX);

    pub const fn from_micros(micros: u64) -> Span {
        Span(micros)
    }

    pub const fn from_millis(millis: u64) -> Span {
        Span(millis.saturating_mul(1_000))
    }

    pub const fn from_secs(secs: u64) -> Span {
        Span(secs.saturating_mul(1_000_000))
    }

    pub const fn micros(self) -> u64 {
        self.0
    }

    pub const fn millis(self) -> u64 {
        self.0 / 1_000
    }

    /// What is left of it without another; zero if that is longer.
    pub const fn less(self, other: Span) -> Span {
        Span(self.0.saturating_sub(other.0))
    }
}

impl std::ops::Add for Span {
    type Output = Span;

    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl std::ops::Mul<u64> for Span {
    type Output = Span;

    fn mul(self, times: u64) -> Span {
        Span(self.0.saturating_mul(times))
    }
}

/// Prints the shortest exact form that [`Span::from_str`] reads back: `250us`, `900ms`, `1.5s`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit, name) = match self.0 {
            micros if micros < 1_000 => (1, "us"),
            micros if micros < 1_000_000 => (1_000, "ms"),
            _ => (1_000_000, "s"),
        };
        write!(f, "{}", self.0 / unit)?;
        let rest = self.0 % unit;
        if rest > 0 {
            let width = unit.ilog10() as usize;
            let digits = format!("{rest:0width$}");
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        f.write_str(name)
    }
}

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a duration is a number and a unit, as in 250us, 900ms, 5s, 1.5s or 2m")]
pub struct ParseSpanError;

impl FromStr for Span {
    type Err = ParseSpanError;

    /// Reads `NUMBER[.FRACTION]UNIT` with the units us, ms, s, m and h; at most a century.
    fn from_str(text: &str) -> Result<Span, ParseSpanError> {
        let split = text.find(|c: char| c.is_ascii_alphabetic()).ok_or(ParseSpanError)?;
        let (number, unit) = text.split_at(split);
        let unit: u64 = match unit {
            "us" => 1,
            "ms" => 1_000,
            "s" => 1_000_000,
            "m" => 60_000_000,
            "h" => 3_600_000_000,
            _ => return Err(ParseSpanError),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let digits_only =
            |part: &str| (1..=16).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        if !digits_only(whole) || !digits_only(fraction) || fraction.len() > 6 {
            return Err(ParseSpanError);
        }
        let whole: u64 = whole.parse().map_err(|_| ParseSpanError)?;
        let scale = 10u64.pow(fraction.len() as u32);
        let fraction: u64 = fraction.parse().map_err(|_| ParseSpanError)?;
        let micros = whole
            .checked_mul(unit)
            .and_then(|micros| micros.checked_add(fraction * unit / scale))
            .ok_or(ParseSpanError)?;
        const CENTURY: u64 = 100 * 366 * 24 * 3_600_000_000;
        if micros > CENTURY || !(fraction * unit).is_multiple_of(scale) {
            return Err(ParseSpanError);
        }
        Ok(Span(micros))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_prints_as_it_is_read() {
        for text in ["0us", "250us", "900ms", "1.5ms", "5s", "1.5s", "7200s", "1.000001s"] {
            assert_eq!(text.parse::<Span>().unwrap().to_string(), text);
        }
        assert_eq!("2m".parse::<Span>().unwrap(), Span::from_secs(120));
    }

    #[test]
    fn what_is_no_span_is_refused() {
        for text in ["", "5", "s", "5 s", "-5s", "1.s", ".5s", "5x", "99999999999999999s", "0.5us"]
        {
            assert_eq!(text.parse::<Span>(), Err(ParseSpanError), "{text}");
        }
    }
}
