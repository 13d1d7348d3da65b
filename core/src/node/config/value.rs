//! What a setting may be, how it is read from a text and shown as one, and what is said if it is
//! not.
//!
//! The rule (Redis 7.0, `config.c: boolConfigSet, numericConfigSet, enumConfigSet,
//! sdsConfigSet`; `util.c: memtoull`): switches and choices are read in any case; a number has
//! digits only; a size may have a unit, where `k` is 1000 and `kb` is 1024. How we differ: bytes
//! that are not UTF-8 become replacement characters.

use super::Config;
use super::rows::ROWS;
use crate::data;
use crate::node::Node;

/// A yes-or-no setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    Yes,
    No,
}

impl Switch {
    pub const fn is_on(self) -> bool {
        matches!(self, Switch::Yes)
    }
}

/// One setting.
pub(super) struct Row {
    pub name: &'static str,
    pub alias: Option<&'static str>,
    pub kind: Kind,
    pub place: Place,
}

/// What a setting may be.
pub(super) enum Kind {
    /// A whole number within bounds.
    Number(i64, i64),
    /// A size in bytes within bounds; above this, nothing changes any more.
    Size(u64, u64),
    Switch,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Any text that this accepts, as it is then shown; or why not.
    Text(fn(&str) -> Result<String, &'static str>),
}

/// Where the value of a setting lies.
pub(super) enum Place {
    /// In a field; greater numbers than the given one act like it.
    Number(fn(&mut Config) -> &mut u64, u64),
    Switch(fn(&mut Config) -> &mut Switch),
    /// In a field that holds one of the words by its place.
    Choice(fn(&Config) -> usize, fn(&mut Config, usize)),
    Text(fn(&mut Config) -> &mut String),
    /// Nowhere but in what is shown; this is shown if it was not set.
    Shown(&'static str),
    /// It is what it is (immutable); this is shown.
    Fixed(&'static str),
    /// It is not to be changed by clients (protected); this is shown.
    Protected(&'static str),
    /// It belongs to the node (immutable).
    Own(fn(&Node) -> String),
}

/// Why a value is not set.
pub(super) enum Refusal {
    /// It is not to be changed at all.
    Fixed(&'static str),
    /// It may not have this value.
    Value(String),
}

/// A value that a setting may have.
enum Value {
    Number(i64),
    Size(u64),
    Switch(Switch),
    Choice(usize),
    Text(String),
}

impl Kind {
    fn check(&self, text: &str) -> Result<Value, String> {
        match self {
            Kind::Number(least, most) => {
                let number = data::parse_integer(text.as_bytes())
                    .ok_or("argument couldn't be parsed into an integer")?;
                within(number, *least, *most).map(Value::Number)
            }
            Kind::Size(least, most) => {
                let bytes = parse_size(text).ok_or("argument must be a memory value")?;
                within(bytes, *least, *most).map(Value::Size)
            }
            Kind::Switch => match &*text.to_ascii_lowercase() {
                "yes" => Ok(Value::Switch(Switch::Yes)),
                "no" => Ok(Value::Switch(Switch::No)),
                _ => Err("argument must be 'yes' or 'no'".to_owned()),
            },
            Kind::Choice(words) => {
                let found = words.iter().position(|word| word.eq_ignore_ascii_case(text));
                found.map(Value::Choice).ok_or_else(|| {
                    let words = words.join(", ");
                    format!("argument(s) must be one of the following: {words}")
                })
            }
            Kind::Text(check) => Ok(Value::Text(check(text)?)),
        }
    }

    fn show(&self, value: &Value) -> String {
        match (self, value) {
            (_, Value::Number(number)) => number.to_string(),
            (_, Value::Size(bytes)) => bytes.to_string(),
            (_, Value::Switch(Switch::Yes)) => "yes".to_owned(),
            (_, Value::Switch(Switch::No)) => "no".to_owned(),
            (Kind::Choice(words), Value::Choice(place)) => words[*place].to_owned(),
            (_, Value::Choice(place)) => place.to_string(),
            (_, Value::Text(text)) => text.clone(),
        }
    }
}

fn within<T: PartialOrd + std::fmt::Display>(value: T, least: T, most: T) -> Result<T, String> {
    if least <= value && value <= most {
        return Ok(value);
    }
    Err(format!("argument must be between {least} and {most} inclusive"))
}

/// A size with its unit. Digits beyond 64 bits count as the greatest number, and no digits as zero.
pub(super) fn parse_size(text: &str) -> Option<u64> {
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (digits, unit) = text.split_at(unit_at);
    let factor = match &*unit.to_ascii_lowercase() {
        "" | "b" => 1,
        "k" => 1_000,
        "kb" => 1 << 10,
        "m" => 1_000_000,
        "mb" => 1 << 20,
        "g" => 1_000_000_000,
        "gb" => 1 << 30,
        _ => return None,
    };
    let number = if digits.is_empty() { 0 } else { digits.parse().unwrap_or(u64::MAX) };
    Some(number.wrapping_mul(factor))
}

impl Row {
    pub(super) fn is_modifiable(&self) -> bool {
        !matches!(self.place, Place::Fixed(_) | Place::Protected(_) | Place::Own(_))
    }

    /// The setting as a text; empty if only the node can tell.
    pub(super) fn read(&self, config: &Config) -> String {
        if let Some(shown) = config.shown.get(self.name) {
            return shown.clone();
        }
        let mut copy = config.clone();
        let value = match &self.place {
            Place::Number(field, _) => Value::Size(*field(&mut copy)),
            Place::Switch(field) => Value::Switch(*field(&mut copy)),
            Place::Choice(read, _) => Value::Choice(read(config)),
            Place::Text(field) => Value::Text(field(&mut copy).clone()),
            Place::Shown(text) | Place::Fixed(text) | Place::Protected(text) => {
                Value::Text((*text).to_owned())
            }
            Place::Own(_) => Value::Text(String::new()),
        };
        self.kind.show(&value)
    }

    pub(super) fn read_of(&self, node: &Node) -> String {
        match &self.place {
            Place::Own(tell) => tell(node),
            _ => self.read(&node.config),
        }
    }

    fn write(&self, config: &mut Config, text: &str) -> Result<(), String> {
        let value = self.kind.check(text)?;
        let shown = self.kind.show(&value);
        config.shown.remove(self.name);
        match (&self.place, value) {
            (Place::Number(field, felt_most), Value::Number(number)) => {
                let number = u64::try_from(number).unwrap_or(0);
                *field(config) = number.min(*felt_most);
                if number > *felt_most {
                    config.shown.insert(self.name, shown);
                }
            }
            (Place::Number(field, felt_most), Value::Size(bytes)) => {
                *field(config) = bytes.min(*felt_most);
                if bytes > *felt_most {
                    config.shown.insert(self.name, shown);
                }
            }
            (Place::Switch(field), Value::Switch(switch)) => *field(config) = switch,
            (Place::Choice(_, write), Value::Choice(place)) => write(config, place),
            (Place::Text(field), Value::Text(text)) => *field(config) = text,
            (Place::Shown(usual), _) if shown == *usual => {}
            (Place::Shown(_), _) => {
                config.shown.insert(self.name, shown);
            }
            (place, _) => unreachable!("{} has no place: {}", self.name, place.name()),
        }
        Ok(())
    }

    /// What would be right, for a person.
    pub(super) fn expects(&self) -> String {
        match self.kind {
            Kind::Number(least, most) => format!("a whole number, {least} to {most}"),
            Kind::Size(..) => "a number of bytes, or one with k, kb, m, mb, g or gb".to_owned(),
            Kind::Switch => "yes or no".to_owned(),
            Kind::Choice(words) => format!("one of {}", words.join(", ")),
            Kind::Text(check) => match check("?") {
                Err(why) => format!("another text: {why}"),
                Ok(_) => "a text".to_owned(),
            },
        }
    }
}

impl Place {
    fn name(&self) -> &'static str {
        match self {
            Place::Number(..) => "a number",
            Place::Switch(_) => "a switch",
            Place::Choice(..) => "a choice",
            Place::Text(_) => "a text",
            Place::Shown(_) => "what is shown",
            Place::Fixed(_) | Place::Protected(_) | Place::Own(_) => "what is fixed",
        }
    }
}

/// A setting under one of its names; the two names of a setting are told apart as Redis does.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    row: &'static Row,
    name: &'static str,
}

impl Entry {
    /// Every setting under each of its names.
    pub(super) fn all() -> impl Iterator<Item = Entry> {
        ROWS.iter().flat_map(|row| {
            let names = std::iter::once(row.name).chain(row.alias);
            names.map(move |name| Entry { row, name })
        })
    }

    pub(super) fn find(name: &[u8]) -> Option<Entry> {
        Entry::all().find(|entry| entry.name.as_bytes().eq_ignore_ascii_case(name))
    }

    pub(super) fn row(self) -> &'static Row {
        self.row
    }

    pub(super) fn name(self) -> &'static str {
        self.name
    }

    /// Why it is not to be changed at all, if so.
    pub(super) fn fixed(self) -> Option<&'static str> {
        match self.row.place {
            Place::Fixed(_) | Place::Own(_) => Some("can't set immutable config"),
            Place::Protected(_) => Some("can't set protected config"),
            _ => None,
        }
    }

    pub(super) fn write(self, config: &mut Config, text: &str) -> Result<(), Refusal> {
        if let Some(why) = self.fixed() {
            return Err(Refusal::Fixed(why));
        }
        self.row.write(config, text).map_err(Refusal::Value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_of_a_thousand_and_of_1024() {
        for (text, bytes) in [
            ("5", Some(5)),
            ("5b", Some(5)),
            ("1k", Some(1_000)),
            ("1kb", Some(1_024)),
            ("1GB", Some(1 << 30)),
            ("", Some(0)),
            ("99999999999999999999", Some(u64::MAX)),
            ("1xb", None),
            ("-1", None),
            ("1 mb", None),
        ] {
            assert_eq!(parse_size(text), bytes, "{text}");
        }
    }
}
