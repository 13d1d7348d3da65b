//! A node's log: when it said what.
//!
//! `31926:M 20 Nov 2026 19:13:14.646 # Failover election won: I'm the new master.`

use serde::Serialize;

/// A line of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LogLine {
    pub stamp: Stamp,
    pub role: char,
    /// `.` debug, `-` verbose, `*` notice, `#` warning.
    pub level: char,
    pub text: String,
}

/// A time of day, in milliseconds since midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Stamp(u32);

const DAY_MS: u32 = 86_400_000;

impl Stamp {
    fn parse(text: &str) -> Option<Stamp> {
        let (hours, rest) = text.split_once(':')?;
        let (minutes, rest) = rest.split_once(':')?;
        let (seconds, millis) = rest.split_once('.')?;
        let number = |text: &str| text.parse::<u32>().ok();
        let minutes = number(hours)? * 60 + number(minutes)?;
        Some(Stamp((minutes * 60 + number(seconds)?) * 1_000 + number(millis)?))
    }

    /// The time of a day that is this many milliseconds old.
    pub fn of_day(millis: u32) -> Stamp {
        Stamp(millis % DAY_MS)
    }

    /// How long after `other` this is, if it is within half a day.
    pub fn millis_since(self, other: Stamp) -> i64 {
        let forward = (DAY_MS + self.0 - other.0) % DAY_MS;
        match forward <= DAY_MS / 2 {
            true => i64::from(forward),
            false => i64::from(forward) - i64::from(DAY_MS),
        }
    }
}

impl LogLine {
    /// Reads a line; `None` if it is no line of its own, such as a part of the logo.
    pub fn parse(line: &str) -> Option<LogLine> {
        let (who, rest) = line.split_once(' ')?;
        let (_, role) = who.split_once(':')?;
        let mut words = rest.splitn(6, ' ');
        let [_day, _month, _year] = [words.next()?, words.next()?, words.next()?];
        let stamp = Stamp::parse(words.next()?)?;
        let level = words.next()?.chars().next()?;
        let text = words.next().unwrap_or("").to_owned();
        Some(LogLine { stamp, role: role.chars().next()?, level, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read_and_a_logo_is_not() {
        let line = "31926:M 20 Nov 2026 19:13:14.646 # Failover election won: I'm the new master.";
        let read = LogLine::parse(line).unwrap();
        assert_eq!((read.role, read.level), ('M', '#'));
        assert_eq!(read.text, "Failover election won: I'm the new master.");
        assert_eq!(LogLine::parse("      `-._    `-._`-.__.-'_.-'    _.-'"), None);
    }

    #[test]
    fn times_are_told_apart_over_midnight() {
        let [before, after] = ["23:59:59.900", "00:00:00.100"].map(|t| Stamp::parse(t).unwrap());
        assert_eq!((after.millis_since(before), before.millis_since(after)), (200, -200));
    }
}
