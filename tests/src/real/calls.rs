//! Calls at random: every command of the table, mostly right and often wrong.
//!
//! A command's usage is its grammar, so that a new row is tried as soon as it is there. What its
//! words may stand for is listed below: keys are few, so that calls meet; numbers and times are
//! often at the edges. A time to live is either over or far from it, and two of them are hardly
//! ever the same: no reply depends on the milliseconds between two servers' clocks.

use bytes::Bytes;
use hashslot_core::data::{Context, Keyspace, Reply, Role, execute, rows};
use hashslot_core::words::{Dice, Time};

const KEYS: [&str; 8] = ["a", "b", "c", "{t}1", "{t}2", "", "10", "ключ"];

const VALUES: [&[u8]; 19] = [
    b"",
    b"0",
    b"1",
    b"-1",
    b"10",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"9223372036854775806",
    b"010",
    b" 1",
    b"1.5",
    b"text",
    b"a\0b\xff\r\n",
    "ß".as_bytes(),
    b"\"quoted\"",
    b"a value that is longer than the forty-four bytes of a short string",
    b"-32769",
    b"2147483648",
    b"again and again and again and again and again and again and again and again",
];

/// What RESTORE takes for a time to live: none, far away, over, or no time. A short one would be
/// over on one server and not yet on the other.
const TTLS: [&str; 9] =
    ["0", "0", "0", "9999999999000", "9999999998500", "9223372036854775807", "-1", "x", ""];

/// Payloads that are none: of version 11, with a wrong checksum, too short, and three with a right
/// footer around an unknown encoding, a string that is cut off and a packed one that is none.
const ODD_PAYLOADS: [&[u8]; 6] = [
    b"\x00\xc0\n\x0b\x00n\x9fWE\x0e\xaec\xbb",
    b"\x00\xc0\n\n\x00n\x9fWE\x0e\xaec\xba",
    b"",
    b"\x00\xc4\x0a\x00\xac\xb0\xf0\xa3\xc8\xb0\x58\x5b",
    b"\x00\x3f\x0a\x00\x7d\x34\x91\x2f\xe7\xc6\x64\x3b",
    b"\x00\xc3\x02\x05\x20\x00\x0a\x00\x5c\x79\x60\xac\x56\x25\x50\x6d",
];

const FREQUENCIES: [&str; 6] = ["0", "255", "7", "256", "-1", "x"];

const STEPS: [&str; 12] = [
    "0",
    "1",
    "-1",
    "7",
    "-7",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "+5",
    "05",
    "x",
    "",
];

/// Places in a string.
const PLACES: [&str; 11] = [
    "0",
    "1",
    "-1",
    "3",
    "-3",
    "100",
    "-100",
    "9223372036854775807",
    "-9223372036854775808",
    "x",
    "",
];

/// Where SETRANGE begins: near, or so far that nothing may be there.
const OFFSETS: [&str; 8] = ["0", "1", "5", "40", "-1", "536870912", "x", ""];

const FLOATS: [&str; 16] = [
    "0.1",
    "-0.1",
    "3.0e3",
    "1e20",
    "1e-5",
    "10000.1",
    "-1.",
    ".5",
    "+7",
    "123456789.123456789",
    "1e4932",
    "inf",
    "-inf",
    "1 ",
    "x",
    "",
];

/// Spans of time that are no good, or good for ever.
const ODD_SPANS: [&str; 9] = [
    "0",
    "-1",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775",
    "-9223372036854775",
    "9223370000000000",
    "x",
    "",
];

/// How a moment begins that a call named, and not a clock.
pub const FAR: &str = "99999999";

/// Moments: long ago, far away, or no moments at all. Those far away begin like [`FAR`].
const SECONDS: [&str; 12] = [
    "1",
    "1",
    "1",
    "0",
    "-1",
    "9999999999",
    "9999999998",
    "9999999997",
    "9223372036854775807",
    "9223372036854775",
    "x",
    "",
];

const MILLIS: [&str; 12] = [
    "1",
    "1",
    "1",
    "0",
    "-1",
    "9999999999000",
    "9999999998500",
    "9999999998499",
    "9223372036854775807",
    "-9223372036854775808",
    "1.5",
    "",
];

const PATTERNS: [&str; 20] = [
    "*", "**", "a", "?", "[ab]", "[^a]", "[a-c]", "{t}*", "*1", "", "[", "\\a", "nope", "[^", "??",
    "[9-0]*", "{t}[^1]", "[к-ч]*", "*?0", "{*}?",
];

const CURSORS: [&str; 10] = ["0", "0", "0", "0", "-0", "", "x", " 0", "0x", "18446744073709551616"];

const COUNTS: [&str; 9] = ["1", "2", "10", "100", "9223372036854775807", "0", "-1", "x", "010"];

const TYPES: [&str; 6] = ["string", "STRING", "list", "none", "nope", ""];

/// What stands where it should not.
const ODD_WORDS: [&str; 12] =
    ["", "0", "-1", "NX", "GET", "EX", "COUNT", "foo", "a'b", "two\r\nlines", "x\0y", "ß"];

/// Calls without end, the same for the same seed.
pub struct Calls {
    dice: Dice,
    commands: Vec<(&'static str, Vec<Part>)>,
}

/// A part of a command's usage.
pub enum Part {
    /// A word in capitals, or what stands for an argument.
    Word(&'static str),
    /// `[a|b c]`: one of several, or none.
    Choice(Vec<Vec<&'static str>>),
    /// `[a b ...]`: any number of times.
    Repeat(Vec<&'static str>),
}

impl Part {
    fn of_group(group: &'static str) -> Part {
        match group.strip_suffix(" ...") {
            Some(words) => Part::Repeat(words.split(' ').collect()),
            None => Part::Choice(group.split('|').map(|one| one.split(' ').collect()).collect()),
        }
    }
}

/// The parts of a usage.
pub fn parts_of(usage: &'static str) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = usage;
    while !rest.is_empty() {
        let (part, after) = match rest.strip_prefix('[') {
            Some(group) => {
                let (group, after) = group.split_once(']').expect("a bracket is closed");
                (Part::of_group(group), after)
            }
            None => {
                let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
                (Part::Word(word), after)
            }
        };
        parts.push(part);
        rest = after.trim_start();
    }
    parts
}

impl Calls {
    pub fn new(seed: u64) -> Calls {
        let commands = rows().map(|row| (row.name, parts_of(row.usage))).collect();
        Calls { dice: Dice::new(seed, "calls", 0), commands }
    }

    /// One in so many.
    fn rarely(&mut self, one_in: u64) -> bool {
        self.dice.below(one_in) == 0
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.dice.below(items.len() as u64) as usize]
    }

    fn right_call(&mut self) -> Vec<Bytes> {
        let commands = std::mem::take(&mut self.commands);
        let mut index = self.dice.below(commands.len() as u64) as usize;
        // There is little to see on a server that is always empty.
        while commands[index].0.starts_with("flush") && !self.rarely(4) {
            index = self.dice.below(commands.len() as u64) as usize;
        }
        let (name, parts) = &commands[index];
        let mut call: Vec<Bytes> = name.split('|').map(|word| self.any_case(word)).collect();
        for part in parts {
            self.push_part(&mut call, part);
        }
        self.commands = commands;
        call
    }

    fn push_part(&mut self, call: &mut Vec<Bytes>, part: &Part) {
        match part {
            Part::Word(word) => call.push(self.argument(word)),
            Part::Choice(choices) => {
                let times = [0, 0, 0, 1, 1, 1, 1, 2][self.dice.below(8) as usize];
                for _ in 0..times {
                    let chosen = self.dice.below(choices.len() as u64) as usize;
                    self.push_words(call, &choices[chosen]);
                }
            }
            Part::Repeat(words) => {
                while !self.rarely(2) {
                    self.push_words(call, words);
                }
            }
        }
    }

    fn push_words(&mut self, call: &mut Vec<Bytes>, words: &[&str]) {
        for word in words {
            let argument = self.argument(word);
            call.push(argument);
        }
    }

    fn argument(&mut self, word: &str) -> Bytes {
        let text: &[&str] = match word {
            _ if word.bytes().all(|byte| byte.is_ascii_uppercase()) => return self.any_case(word),
            "serialized-value" => return self.payload(),
            "ttl" if self.rarely(4) => return self.span(1_000),
            "ttl" => &TTLS,
            "frequency" => &FREQUENCIES,
            "value" | "message" => return Bytes::from_static(self.pick(&VALUES)),
            "seconds" => return self.span(1),
            "milliseconds" => return self.span(1_000),
            "key" | "newkey" | "source" | "destination" | "key1" | "key2" => &KEYS,
            "start" | "end" => &PLACES,
            "offset" => &OFFSETS,
            "float" => &FLOATS,
            "len" => &["0", "1", "2", "5", "-1", "x"],
            "destination-db" => &["0", "0", "-1", "16", "x", "", "4294967296"],
            "increment" | "decrement" => &STEPS,
            "unix-time-seconds" => &SECONDS,
            "unix-time-milliseconds" => &MILLIS,
            "pattern" => &PATTERNS,
            "cursor" => &CURSORS,
            "count" => &COUNTS,
            "type" => &TYPES,
            unknown => panic!("say above what a `{unknown}` in a usage may be"),
        };
        Bytes::from(self.pick(text).to_owned())
    }

    /// What DUMP says of a value, or nothing of the kind.
    fn payload(&mut self) -> Bytes {
        if self.rarely(5) {
            return Bytes::from_static(self.pick(&ODD_PAYLOADS));
        }
        let mut keyspace = Keyspace::new();
        let mut context = Context::new(Time::ZERO, Role::Master);
        let mut run = |call: [&'static [u8]; 3], len: usize| {
            let call = call.map(Bytes::from_static);
            execute(&mut keyspace, &mut context, &call[..len]).reply
        };
        run([b"SET", b"k", self.pick(&VALUES)], 3);
        match run([b"DUMP", b"k", b""], 2) {
            Reply::Bulk(payload) => payload,
            other => panic!("{other:?} is no payload"),
        }
    }

    /// A span of 1,000 seconds or more, in units of which a second has so many; or an odd one.
    fn span(&mut self, units: u64) -> Bytes {
        if self.rarely(4) {
            return Bytes::from_static(self.pick(&ODD_SPANS).as_bytes());
        }
        (1_000 * units + self.dice.below(1_000_000 * units)).to_string().into()
    }

    fn any_case(&mut self, word: &str) -> Bytes {
        match self.dice.below(4) {
            0 => word.to_ascii_uppercase(),
            1 => word[..1].to_ascii_uppercase() + word[1..].to_ascii_lowercase().as_str(),
            _ => word.to_ascii_lowercase(),
        }
        .into()
    }

    fn odd_word(&mut self) -> Bytes {
        Bytes::from_static(self.pick(&ODD_WORDS).as_bytes())
    }

    /// Makes a call wrong, more likely than not.
    fn spoil(&mut self, call: &mut Vec<Bytes>) {
        let position = self.dice.below(call.len() as u64) as usize;
        match self.dice.below(5) {
            0 if call.len() > 1 => drop(call.pop()),
            1 if position > 0 => call[position] = self.odd_word(),
            2 if position > 0 => call.swap(1, position),
            3 => {
                let words = self.dice.below(6);
                let name = ["foo", "get ", "", "two\r\nwords", "ß"][position % 5];
                *call = vec![Bytes::from_static(name.as_bytes())];
                call.extend((0..words).map(|_| self.odd_word()));
            }
            _ => call.push(self.odd_word()),
        }
    }
}

impl Iterator for Calls {
    type Item = Vec<Bytes>;

    fn next(&mut self) -> Option<Vec<Bytes>> {
        let mut call = self.right_call();
        if self.rarely(6) {
            self.spoil(&mut call);
        }
        Some(call)
    }
}
