//! A Step is what one asks of the world, and it is a line of text.
//!
//! One grammar serves lessons, golden scripts, the shell, share links and bug reports. A line opens
//! with a prompt that says who acts:
//!
//! - `7000> GET k`: a plain client of that node, which shows redirects as errors;
//! - `> GET k`: `redis-cli -c`, which follows them;
//! - `NAME> GET k`: a client made by `$ client NAME ...`;
//! - `$ kill 7001`: the hand of the person, through one of the [`VERBS`].
//!
//! `parse(print(step)) == step` holds for any bytes in the arguments. A line that changes nothing,
//! but has an answer to print, is an [`Ask`]; a [`Line`] is either.
//!
//! - [`mod@self`]: the types; `print`: their text; `verbs`: the rows of the grammar; `scan`: words.

mod print;
pub(in crate::world) mod scan;
mod verbs;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::words::{Span, TextError, split_args};

use super::condition::Condition;
pub use verbs::{VERBS, Verb};

/// What one asks of the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A client sends a command, and time runs until the reply is there (at most a second).
    Command {
        client: ClientName,
        args: Vec<Bytes>,
    },
    /// A new client comes to be.
    Client {
        name: Name,
        kind: ClientKind,
        via: Port,
    },
    /// The process ends at once, unsaved: connections to it are refused.
    Kill(Port),
    /// The machine ends: silence.
    Crash(Port),
    /// A killed or crashed node is started again.
    Restart { node: Port, data: Data },
    /// The process stands still; its connections stay open (SIGSTOP).
    Pause(Port),
    /// The process goes on (SIGCONT).
    Resume(Port),
    /// What is sent between two nodes does not arrive.
    Cut { from: Port, to: Port, way: Way },
    /// Cuts, partitions and slow links end: all of them, or those between two nodes.
    Heal(Option<(Port, Port)>),
    /// Only nodes of one group hear each other; those that are not named form a group of their own.
    Partition(Vec<Vec<Port>>),
    /// What is sent takes this long from now on.
    Slow {
        from: Port,
        to: Port,
        way: Way,
        latency: Span,
        jitter: Span,
    },
    /// Bus messages of one kind are lost, singly; everything else arrives.
    Drop {
        kind: MessageKind,
        from: Port,
        to: Port,
        way: Way,
    },
    /// No kind of message is dropped any more.
    Undrop,
    /// The node's next random draw of this kind has this value.
    Roll { node: Port, what: Draw, value: Span },
    /// The node's clock jumps.
    Clock { node: Port, offset: Offset },
    /// A new, empty node in cluster mode that knows nobody.
    AddNode(Port),
    /// Clients write and read `keys` keys at this rate.
    Workload { rate_per_second: u32, keys: u32 },
    /// The workload stops.
    WorkloadOff,
    /// A setting of one node is changed.
    Config {
        node: Port,
        name: Setting,
        value: Bytes,
    },
    /// Time passes.
    Run(Span),
    /// Time passes until the condition holds, at most `within`.
    RunUntil { condition: Condition, within: Span },
}

impl Step {
    /// How long `run until` waits when the line does not say.
    pub const WITHIN_DEFAULT: Span = Span::from_secs(60);
    /// How many keys a workload uses when the line does not say.
    pub const WORKLOAD_KEYS_DEFAULT: u32 = 100;
}

/// A question about the world: it changes nothing and lets no time pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// What happened (at a node), the last so many events.
    Events { node: Option<Port>, last: u32 },
    /// The chain of causes behind a node's last change of role or state.
    Why(Port),
    /// What each node (or one) believes of the others.
    Beliefs(Option<Port>),
    /// The ledger of acknowledged writes: kept and lost.
    Writes,
    /// The digest of the run so far.
    Digest,
    /// What the node has written to its log.
    Log(Port),
}

impl Ask {
    /// How many events are shown when the line does not say.
    pub const EVENTS_DEFAULT: u32 = 20;
}

/// A line of a script: something to do, or something to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    Step(Step),
    Ask(Ask),
}

/// Who sends a command.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClientName {
    /// `redis-cli -c`, the one behind the bare prompt.
    Cli,
    /// A plain client of this node.
    Node(Port),
    /// A client that a step has made.
    Named(Name),
}

/// A client's name: a letter, then letters, digits, `-` and `_`; at most 32 in all; never `cli`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(String);

impl Name {
    pub fn parse(text: &str) -> Option<Name> {
        let is_name = text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.len() <= 32
            && text.bytes().all(is_name_byte)
            && text != "cli";
        is_name.then(|| Name(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'
}

/// The name of a node's setting as in redis.conf: lower-case letters, digits and `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting(String);

impl Setting {
    pub fn parse(text: &str) -> Option<Setting> {
        let is_setting_byte =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_setting = text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.len() <= 64
            && text.bytes().all(is_setting_byte);
        is_setting.then(|| Setting(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A node, named by the port on which it serves clients. Its bus port lies 10,000 above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Port(u16);

impl Port {
    /// The highest port that leaves room for the bus port.
    pub const MAX: u16 = 55_535;

    pub const fn new(number: u16) -> Option<Port> {
        match number {
            1..=Port::MAX => Some(Port(number)),
            _ => None,
        }
    }

    pub const fn number(self) -> u16 {
        self.0
    }

    /// Reads a port in its one spelling: digits, no sign, no leading zeros.
    pub fn parse(text: &str) -> Option<Port> {
        Port::new(u16::try_from(scan::whole_number(text)?).ok()?)
    }
}

impl From<Port> for u16 {
    fn from(port: Port) -> u16 {
        port.0
    }
}

impl TryFrom<u16> for Port {
    type Error = &'static str;

    fn try_from(number: u16) -> Result<Port, &'static str> {
        Port::new(number).ok_or("a node's port lies between 1 and 55535")
    }
}

/// How a client treats a redirect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ClientKind {
    /// Shows it as an error.
    Plain,
    /// Follows it, and stays there.
    Follow,
    /// Follows it, and remembers which node serves the slot.
    Aware,
}

/// What a node finds on its disk when it starts again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Data {
    /// All that it had saved.
    Keep,
    /// Its nodes.conf, but no keys.
    Empty,
    /// Neither its nodes.conf nor keys: it starts as a stranger.
    LostConfig,
}

/// Which way between two nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Way {
    OneWay,
    BothWays,
}

/// The kinds of message that may be dropped by kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MessageKind {
    Ping,
    Pong,
    Meet,
    Fail,
    Update,
    AuthReq,
    AuthAck,
    /// What a master sends to its replica.
    Replication,
}

/// The random draws that a step may force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Draw {
    /// How long a replica waits between FAIL and its request for votes, rank included.
    ElectionDelay,
}

/// How far a clock jumps, forwards or backwards, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Offset(i64);

impl Offset {
    pub const fn from_micros(micros: i64) -> Offset {
        Offset(micros)
    }

    pub const fn micros(self) -> i64 {
        self.0
    }
}

impl Line {
    /// Reads a line with its prompt.
    pub fn parse(text: &str) -> Result<Line, TextError> {
        match Prompt::of(text)? {
            (Prompt::Hand, rest) => verbs::parse(&text[rest..]).map_err(|e| shift(e, text, rest)),
            (Prompt::Client(client), rest) => {
                parse_command(client, &text[rest..]).map_err(|e| shift(e, text, rest))
            }
        }
    }

    /// Reads a line whose `$ ` may be left out, as after `counter:` or at the prompt of a shell.
    pub fn parse_bare(text: &str) -> Result<Line, TextError> {
        match Prompt::begins(text) {
            true => Line::parse(text),
            false => verbs::parse(text),
        }
    }

    /// Whether a line of a transcript is a step: whether it opens with a prompt.
    pub fn has_prompt(text: &str) -> bool {
        Prompt::begins(text)
    }
}

impl Step {
    /// Reads a line that must be a step.
    pub fn parse(text: &str) -> Result<Step, TextError> {
        match Line::parse(text)? {
            Line::Step(step) => Ok(step),
            Line::Ask(_) => Err(TextError::new(
                1,
                text.chars().count(),
                "this asks, but does nothing",
                "a step is expected here, as in `$ run 1s` or `7000> GET k`",
            )),
        }
    }
}

enum Prompt {
    Hand,
    Client(ClientName),
}

impl Prompt {
    /// The prompt of a line, and the byte at which the rest begins.
    fn of(text: &str) -> Result<(Prompt, usize), TextError> {
        let end = Prompt::end(text).ok_or_else(Prompt::missing)?;
        let Some(speaker) = text[..end].strip_suffix('>') else {
            return Ok((Prompt::Hand, end));
        };
        match ClientName::parse(speaker) {
            Some(client) => Ok((Prompt::Client(client), end)),
            None => Err(TextError::new(
                1,
                speaker.chars().count(),
                format!("`{speaker}` names neither a node nor a client"),
                "write a node's port, as in `7000> GET k`, or a name that begins with a letter",
            )),
        }
    }

    fn begins(text: &str) -> bool {
        Prompt::end(text).is_some()
    }

    /// The byte after `$` or `NAME>`, if that is followed by a space or the end.
    fn end(text: &str) -> Option<usize> {
        let bytes = text.as_bytes();
        let end = match bytes.first()? {
            b'$' => 1,
            _ => bytes.iter().position(|&byte| !is_name_byte(byte))? + 1,
        };
        let is_prompt = matches!(bytes[end - 1], b'$' | b'>');
        let is_apart = matches!(bytes.get(end), None | Some(b' '));
        (is_prompt && is_apart).then_some(end)
    }

    fn missing() -> TextError {
        TextError::new(
            1,
            0,
            "a step begins with a prompt",
            "write `7000> COMMAND`, `> COMMAND` or `$ VERB`",
        )
    }
}

impl ClientName {
    /// Reads what stands before the `>` of a prompt.
    pub fn parse(text: &str) -> Option<ClientName> {
        match text {
            "" | "cli" => Some(ClientName::Cli),
            _ => match Port::parse(text) {
                Some(port) => Some(ClientName::Node(port)),
                None => Name::parse(text).map(ClientName::Named),
            },
        }
    }
}

fn parse_command(client: ClientName, text: &str) -> Result<Line, TextError> {
    let args = split_args(text)?;
    if args.is_empty() {
        let message = "a command is missing after the prompt";
        let help = "write a Redis command, as in `7000> GET k`";
        return Err(TextError::new(2, 0, message, help));
    }
    Ok(Line::Step(Step::Command { client, args }))
}

fn shift(error: TextError, text: &str, bytes: usize) -> TextError {
    error.shifted(text[..bytes].chars().count())
}
