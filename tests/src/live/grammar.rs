//! Calls at random to the nodes of a cluster: every command that is known, mostly right.
//!
//! A command's usage is its grammar, as for the data commands (`real/calls.rs`). What its words may
//! stand for depends on the node that is asked: most keys are its own, some are on their way to
//! another node, and now and then one is somebody else's. A call may be made wrong: a word too many
//! or too few, or an odd one.

use bytes::Bytes;
use hashslot_core::node::specs;
use hashslot_core::words::Dice;

use crate::real::calls::{Part, parts_of};

/// Tags in the slots that each node has to do with, by the node's place.
pub type Tags = Vec<Vec<String>>;

/// A command and how it is written.
struct Command {
    /// As in the table: `cluster|nodes`.
    name: &'static str,
    usage: &'static str,
    parts: Vec<Part>,
}

/// Makes calls.
pub struct Grammar {
    commands: Vec<Command>,
    tags: Tags,
    ids: Vec<String>,
    /// Calls for which a usage is no recipe, each with the place of its node.
    recipes: Vec<(usize, Vec<Bytes>)>,
}

/// Commands that end a connection, let time pass, tear the stage down, or show another machine;
/// what of them is refused is tried all the same.
pub const ONLY_WRONG: &[&str] = &[
    "cluster|meet",
    "cluster|forget",
    "cluster|reset",
    "cluster|failover",
    "cluster|replicate",
    "cluster|addslots",
    "cluster|addslotsrange",
    "cluster|delslots",
    "cluster|delslotsrange",
    "cluster|flushslots",
    "cluster|set-config-epoch",
    "cluster|bumpepoch",
    "cluster|setslot",
    "client|kill",
    "client|pause",
    "client|reply",
    "client|unblock",
    "client|no-evict",
    "client|tracking",
    "function|restore",
    "config|set",
    "config|rewrite",
    "config|resetstat",
    "debug",
    "hello",
    "wait",
    "migrate",
    "shutdown",
    "restore",
    "restore-asking",
];

/// Commands that are left out: a connection that has sent one gets what it has not asked for, or
/// ends; or a child process is at work for a while.
pub const LEFT_OUT: &[&str] = &[
    "subscribe",
    "psubscribe",
    "ssubscribe",
    "unsubscribe",
    "punsubscribe",
    "sunsubscribe",
    "monitor",
    "quit",
    "reset",
    "psync",
    "sync",
    "replconf",
    "failover",
    "bgsave",
    "bgrewriteaof",
    "save",
    "shutdown",
];

const VALUES: &[&str] = &[
    "",
    "0",
    "1",
    "-1",
    "10",
    "9223372036854775807",
    "text",
    "1.5",
    "010",
    " 1",
    "\"quoted\"",
    "ß",
    "a value that is longer than the forty-four bytes of a short string",
];
const NUMBERS: &[&str] = &["0", "1", "2", "7", "-1", "100", "-7"];
const ODD: &[&str] =
    &["", "x", "-1", "9223372036854775808", "NX", "a'b", "two\r\nlines", "x\0y", "ß", "+5", "05"];
const FAR: &[&str] = &["9999999999", "9999999998", "9999999997"];
const FAR_MS: &[&str] = &["9999999999000", "9999999998500", "9999999998499"];
const PATTERNS: &[&str] = &["*", "{*}1", "nope", "?", "{[a-m]*", "*2", ""];
const CHANNELS: &[&str] = &["news", "a", "{x}", "ß"];

impl Grammar {
    pub fn new(tags: Tags, ids: Vec<String>, recipes: Vec<(usize, Vec<Bytes>)>) -> Grammar {
        let commands = specs().filter(|spec| !LEFT_OUT.contains(&spec.name)).map(|spec| Command {
            name: spec.name,
            usage: spec.usage,
            parts: parts_of(spec.usage),
        });
        Grammar { commands: commands.collect(), tags, ids, recipes }
    }

    /// The names of all commands that are tried.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.commands.iter().map(|command| command.name)
    }

    /// A call to the node of this place.
    pub fn call(&self, node: usize, dice: &mut Dice) -> Vec<Bytes> {
        let command = &self.commands[dice.below(self.commands.len() as u64) as usize];
        self.call_of(command, node, dice)
    }

    /// A call that is written out, and the place of the node that it goes to.
    pub fn recipe(&self, dice: &mut Dice) -> (usize, Vec<Bytes>) {
        pick(&self.recipes, dice).clone()
    }

    /// A call of this command.
    pub fn call_named(&self, name: &str, node: usize, dice: &mut Dice) -> Vec<Bytes> {
        let command = self.commands.iter().find(|command| command.name == name);
        self.call_of(command.expect("it is a command that is tried"), node, dice)
    }

    fn call_of(&self, command: &Command, node: usize, dice: &mut Dice) -> Vec<Bytes> {
        let mut call: Vec<Bytes> =
            command.name.split('|').map(|word| any_case(word, dice)).collect();
        let tag = self.tag(node, dice);
        let is_rest = |part: &&Part| matches!(part, Part::Word("]"));
        for part in command.parts.iter().filter(|part| !is_rest(part)) {
            self.push_part(&mut call, part, &tag, dice);
        }
        let only_wrong = ONLY_WRONG.contains(&command.name);
        if only_wrong || dice.below(12) == 0 {
            spoil(&mut call, command, only_wrong, dice);
        }
        call
    }

    /// A tag whose slot is, most of the time, one that this node has to do with.
    fn tag(&self, node: usize, dice: &mut Dice) -> String {
        let node = match dice.below(30) {
            0 => dice.below(self.tags.len() as u64) as usize,
            _ => node,
        };
        pick(&self.tags[node], dice).clone()
    }

    fn push_part(&self, call: &mut Vec<Bytes>, part: &Part, tag: &str, dice: &mut Dice) {
        match part {
            Part::Word(word) => call.push(self.argument(word, tag, dice)),
            Part::Choice(choices) => {
                let times = [0, 0, 0, 1, 1, 1, 1, 2][dice.below(8) as usize];
                for _ in 0..times {
                    let chosen = pick(choices, dice);
                    call.extend(chosen.iter().map(|word| self.argument(word, tag, dice)));
                }
            }
            Part::Repeat(words) => {
                while dice.below(2) == 1 {
                    call.extend(words.iter().map(|word| self.argument(word, tag, dice)));
                }
            }
        }
    }

    fn argument(&self, word: &str, tag: &str, dice: &mut Dice) -> Bytes {
        let is_fixed = word.bytes().all(|byte| !byte.is_ascii_lowercase());
        let text = match word {
            _ if is_fixed => return any_case(&word.to_ascii_lowercase(), dice),
            "key" | "newkey" | "source" | "destination" | "key1" | "key2" => self.key(tag, dice),
            "node-id" | "id" => pick(&self.ids, dice).clone(),
            "slot" => self.slot(tag, dice),
            "seconds" => (1_000 + dice.below(1_000_000)).to_string(),
            "milliseconds" => (1_000_000 + dice.below(1_000_000_000)).to_string(),
            "unix-time-seconds" => (*pick(FAR, dice)).to_owned(),
            "unix-time-milliseconds" => (*pick(FAR_MS, dice)).to_owned(),
            "pattern" => (*pick(PATTERNS, dice)).to_owned(),
            "channel" | "shardchannel" => (*pick(CHANNELS, dice)).to_owned(),
            "cursor" | "index" | "protover" => "0".to_owned(),
            "value" | "message" => (*pick(VALUES, dice)).to_owned(),
            _ => (*pick(NUMBERS, dice)).to_owned(),
        };
        Bytes::from(text)
    }

    fn key(&self, tag: &str, dice: &mut Dice) -> String {
        match dice.below(50) {
            0 => {
                let tags: &Vec<String> = pick(&self.tags, dice);
                format!("{{{}}}1", pick(tags, dice))
            }
            _ => format!("{{{tag}}}{}", dice.below(4)),
        }
    }

    fn slot(&self, tag: &str, dice: &mut Dice) -> String {
        match dice.below(4) {
            0 => dice.below(16_384).to_string(),
            _ => hashslot_core::words::slot_of_key(tag.as_bytes()).to_string(),
        }
    }
}

fn pick<'a, T>(items: &'a [T], dice: &mut Dice) -> &'a T {
    &items[dice.below(items.len() as u64) as usize]
}

fn any_case(word: &str, dice: &mut Dice) -> Bytes {
    match dice.below(4) {
        0 => word.to_ascii_uppercase().into(),
        _ => Bytes::copy_from_slice(word.as_bytes()),
    }
}

/// Makes a call wrong, more likely than not; surely, by a number of words that cannot be, if it
/// must not be right.
fn spoil(call: &mut Vec<Bytes>, command: &Command, surely: bool, dice: &mut Dice) {
    let odd = |dice: &mut Dice| Bytes::from_static(pick(ODD, dice).as_bytes());
    if surely {
        // Without a word it may be right if it needs none; an odd one is never right.
        call.truncate(command.name.matches('|').count() + 1);
        let needs_none = command.usage.is_empty() || command.usage.starts_with('[');
        if needs_none || dice.below(2) == 0 {
            call.push(odd(dice));
        }
        return;
    }
    let position = dice.below(call.len() as u64) as usize;
    match dice.below(4) {
        0 if call.len() > 1 => drop(call.pop()),
        1 if position > 0 => call[position] = odd(dice),
        2 => {
            *call = vec![Bytes::from_static(b"nope")];
            call.extend((0..dice.below(4)).map(|_| odd(dice)));
        }
        _ => call.push(odd(dice)),
    }
}
