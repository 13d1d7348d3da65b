//! The arguments of a command, read off its usage, as COMMAND DOCS tells them.
//!
//! A usage is a row of words: one in capitals is said as it is, any other stands for a value.
//! `[...]` may be left out, `|` parts what excludes each other, and `[key ...]` after `key` says
//! that there may be more of them.

use crate::data::Spec;

/// One argument, or several that belong together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Argument {
    pub name: String,
    pub kind: Kind,
    /// The word that stands before it, or that it is.
    pub token: Option<String>,
    /// Which key specification it falls under, if it is a key.
    pub key_spec: Option<usize>,
    pub parts: Vec<Argument>,
    may_miss: Times,
    may_repeat: Times,
}

/// Whether something holds of an argument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Times {
    #[default]
    No,
    Yes,
}

/// What an argument is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    #[default]
    Text,
    Integer,
    Double,
    Key,
    Pattern,
    UnixTime,
    Token,
    OneOf,
    Block,
}

impl Kind {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Kind::Text => "string",
            Kind::Integer => "integer",
            Kind::Double => "double",
            Kind::Key => "key",
            Kind::Pattern => "pattern",
            Kind::UnixTime => "unix-time",
            Kind::Token => "pure-token",
            Kind::OneOf => "oneof",
            Kind::Block => "block",
        }
    }

    /// What a word that stands for a value means.
    fn of_word(word: &str) -> Kind {
        match word {
            "key" | "newkey" | "source" | "destination" | "key1" | "key2" => Kind::Key,
            "pattern" => Kind::Pattern,
            "unix-time-seconds" | "unix-time-milliseconds" => Kind::UnixTime,
            "seconds" | "milliseconds" | "ttl" | "frequency" | "cursor" | "count" | "timeout"
            | "numreplicas" | "increment" | "decrement" | "offset" | "start" | "end" | "port"
            | "destination-db" | "index" | "index1" | "index2" | "db" | "slot" | "start-slot"
            | "end-slot" | "config-epoch" | "protover" | "client-id" | "cluster-bus-port"
            | "len" | "ms" => Kind::Integer,
            "float" => Kind::Double,
            _ => Kind::Text,
        }
    }
}

/// Where in a usage a text stands: in brackets `|` needs no spaces around it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Outside,
    InBrackets,
}

impl Argument {
    /// All arguments of a command.
    pub(super) fn read_all(spec: &Spec) -> Vec<Argument> {
        let mut arguments = read(spec.usage, Place::Outside);
        let mut keys_seen = 0;
        number_keys(&mut arguments, spec.uses.len(), &mut keys_seen);
        arguments
    }

    pub(super) fn flags(&self) -> impl Iterator<Item = &'static str> {
        let rows = [(self.may_miss, "optional"), (self.may_repeat, "multiple")];
        rows.into_iter().filter(|&(holds, _)| holds == Times::Yes).map(|(_, name)| name)
    }

    fn value(word: &str) -> Argument {
        Argument { name: word.to_owned(), kind: Kind::of_word(word), ..Argument::default() }
    }

    fn token(word: &str) -> Argument {
        let (name, token) = (word.to_ascii_lowercase(), Some(word.to_owned()));
        Argument { name, kind: Kind::Token, token, ..Argument::default() }
    }

    fn one_of(parts: Vec<Argument>) -> Argument {
        let names: Vec<&str> = parts.iter().map(|part| &*part.name).collect();
        Argument { name: names.join("_"), kind: Kind::OneOf, parts, ..Argument::default() }
    }

    /// Several as one; one alone stays as it is.
    fn block(mut parts: Vec<Argument>) -> Option<Argument> {
        if parts.len() < 2 {
            return parts.pop();
        }
        let names: Vec<&str> = parts.iter().map(|part| &*part.name).collect();
        let name = names.join("_");
        Some(Argument { name, kind: Kind::Block, parts, ..Argument::default() })
    }
}

/// Keys have one specification in common, or each its own.
fn number_keys(arguments: &mut [Argument], specs: usize, seen: &mut usize) {
    for argument in arguments {
        if argument.kind == Kind::Key && specs > 0 {
            argument.key_spec = Some((*seen).min(specs - 1));
            *seen += 1;
        }
        number_keys(&mut argument.parts, specs, seen);
    }
}

fn read(text: &str, place: Place) -> Vec<Argument> {
    let alternatives = alternatives(text, place);
    if alternatives.len() < 2 {
        return read_row(text, place);
    }
    let one_each = alternatives.into_iter().filter_map(|one| Argument::block(read_row(one, place)));
    vec![Argument::one_of(one_each.collect())]
}

/// The text between bars that stand in no brackets.
fn alternatives(text: &str, place: Place) -> Vec<&str> {
    let (mut depth, mut begin, mut found) = (0, 0, Vec::new());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'<' => depth += 1,
            b']' | b'>' => depth -= 1,
            b'|' if depth == 0 && (place == Place::InBrackets || text[..at].ends_with(' ')) => {
                found.push(text[begin..at].trim());
                begin = at + 1;
            }
            _ => {}
        }
    }
    found.push(text[begin..].trim());
    found
}

/// The words and bracketed groups of a text.
fn items(text: &str) -> Vec<&str> {
    let (mut depth, mut begin, mut found) = (0, 0, Vec::new());
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'[' | b'<' => depth += 1,
            b']' | b'>' => depth -= 1,
            b' ' if depth == 0 => {
                found.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    found.push(&text[begin..]);
    found.retain(|item| !item.is_empty());
    found
}

fn is_token(item: &str) -> bool {
    let upper = |byte: u8| byte.is_ascii_uppercase();
    item.bytes().any(upper) && !item.bytes().any(|byte| byte.is_ascii_lowercase() || byte == b'[')
}

/// What follows one after the other.
fn read_row(text: &str, place: Place) -> Vec<Argument> {
    let items = items(text);
    if place == Place::InBrackets
        && let [token, values @ ..] = &items[..]
        && is_token(token)
        && values.len() > 1
        && values.iter().all(|value| !is_token(value) && !value.starts_with('['))
    {
        let block = Argument::block(read_row(&values.join(" "), Place::Outside));
        return block.map(|block| with_token(block, token)).into_iter().collect();
    }
    let (mut found, mut token): (Vec<Argument>, Option<&str>) = (Vec::new(), None);
    for item in items {
        if let Some(group) = item.strip_prefix('[').and_then(|group| group.strip_suffix(']')) {
            found.extend(token.take().map(Argument::token));
            add_group(&mut found, group);
        } else if is_token(item) && !item.contains('|') {
            found.extend(token.replace(item).map(Argument::token));
        } else if item != "..." {
            let one = read_word(item);
            found.push(match token.take() {
                Some(token) => with_token(one, token),
                None => one,
            });
        }
    }
    found.extend(token.map(Argument::token));
    found
}

fn with_token(argument: Argument, token: &str) -> Argument {
    Argument { token: Some(token.to_owned()), ..argument }
}

/// A word, or words of which one is to be chosen.
fn read_word(item: &str) -> Argument {
    let item = item.strip_prefix('<').and_then(|item| item.strip_suffix('>')).unwrap_or(item);
    let one =
        |word: &str| if is_token(word) { Argument::token(word) } else { Argument::value(word) };
    let words: Vec<&str> = item.split('|').filter(|word| !word.is_empty()).collect();
    match words[..] {
        [word] => one(word),
        _ => Argument::one_of(words.into_iter().map(one).collect()),
    }
}

/// A group in brackets: it says that what stands before it may be repeated, or is something of its
/// own that may be left out.
fn add_group(found: &mut Vec<Argument>, group: &str) {
    let repeated = group.strip_suffix(" ...");
    let words = read(repeated.unwrap_or(group), Place::InBrackets);
    let may_repeat = if repeated.is_some() { Times::Yes } else { Times::No };
    let before = found.len().checked_sub(words.len()).filter(|_| repeated.is_some());
    if let Some(begin) = before
        && found[begin..] == words[..]
    {
        let parts = found.split_off(begin);
        let several = Argument::block(parts).map(|block| Argument { may_repeat, ..block });
        found.extend(several);
        return;
    }
    let one = Argument::block(words);
    let group = one.map(|one| Argument {
        may_miss: Times::Yes,
        may_repeat: if one.may_repeat == Times::Yes { Times::Yes } else { may_repeat },
        ..one
    });
    found.extend(group);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One line for an argument and its parts.
    fn told(argument: &Argument) -> String {
        let mut text = argument.name.clone();
        text += ":";
        text += argument.kind.name();
        text.extend(argument.token.iter().map(|token| format!("={token}")));
        text.extend(argument.flags().map(|flag| format!(" {flag}")));
        if !argument.parts.is_empty() {
            let parts: Vec<String> = argument.parts.iter().map(told).collect();
            text += &format!("({})", parts.join(", "));
        }
        text
    }

    #[test]
    fn arguments_are_read_off_the_usage() {
        for (usage, expected) in [
            ("key", "key:key"),
            ("key [key ...]", "key:key multiple"),
            ("key value [key value ...]", "key_value:block multiple(key:key, value:string)"),
            ("[channel [channel ...]]", "channel:string optional multiple"),
            ("[message]", "message:string optional"),
            ("[NX|XX]", "nx_xx:oneof optional(nx:pure-token=NX, xx:pure-token=XX)"),
            ("[GET]", "get:pure-token=GET optional"),
            (
                "key [EX seconds|PERSIST]",
                "key:key, seconds_persist:oneof optional(seconds:integer=EX, \
                 persist:pure-token=PERSIST)",
            ),
            ("<ON|OFF>", "on_off:oneof(on:pure-token=ON, off:pure-token=OFF)"),
            (
                "[AUTH username password]",
                "username_password:block=AUTH optional(username:string, password:string)",
            ),
            ("host key| timeout", "host:string, key:key, timeout:integer"),
            ("slot IMPORTING node-id", "slot:integer, node-id:string=IMPORTING"),
        ] {
            let arguments: Vec<String> = read(usage, Place::Outside).iter().map(told).collect();
            assert_eq!(arguments.join(", "), expected, "{usage}");
        }
    }

    #[test]
    fn every_usage_is_read() {
        for spec in super::super::everything() {
            let arguments = Argument::read_all(spec);
            assert_eq!(arguments.is_empty(), spec.usage.is_empty(), "{}", spec.name);
        }
    }
}
