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
//! This file has the types; `prompt` reads a line up to its prompt, `verbs` has the rows of what
//! may follow `$`, `scan` reads words, `print` writes the text.

mod print;
mod prompt;
pub(in crate::world) mod scan;
mod verbs;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::words::Span;

use super::condition::Condition;
pub use verbs::{MESSAGE_KINDS, VERBS, Verb};

/// What one asks of the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// A client sends a command, and time runs until the reply is there (at most a second).
    Command { client: ClientName, args: Vec<Bytes> },
    /// A new client comes to be.
    Client { name: Name, kind: ClientKind, via: Port },
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
    /// What is sent between two of them does not arrive.
    Cut { from: Party, to: Party, way: Way },
    /// Cuts, partitions and slow links end: all of them, or those between two.
    Heal(Option<(Party, Party)>),
    /// Only nodes of one group hear each other; those that are not named form a group of their own.
    Partition(Vec<Vec<Port>>),
    /// What is sent takes this long from now on.
    Slow { from: Party, to: Party, way: Way, latency: Span, jitter: Span },
    /// Bus messages of one kind are lost, singly; everything else arrives.
    Drop { kind: MessageKind, from: Port, to: Port, way: Way },
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
    Config { node: Port, name: Setting, value: Bytes },
    /// Time passes.
    Run(Span),
    /// Time passes until the condition holds, at most `within`.
    RunUntil { condition: Condition, within: Span },
}

impl Step {
    /// How long `run until` waits when the line does not say.
    pub const WITHIN_DEFAULT: Span = Span::from_secs(60);
    /// How long one line may let time pass: longer runs take several lines.
    pub const RUN_MAX: Span = Span::from_secs(3_600);
    /// How many commands a second a workload sends at most, and on how many keys.
    pub const WORKLOAD_RATE_MAX: u32 = 10_000;
    pub const WORKLOAD_KEYS_MAX: u32 = 100_000;
    /// How many keys a workload uses when the line does not say.
    pub const WORKLOAD_KEYS_DEFAULT: u32 = 100;

    /// How long it lets time pass at most, if that is its purpose.
    pub fn time_max(&self) -> Span {
        match self {
            Step::Run(span) | Step::RunUntil { within: span, .. } => *span,
            _ => Span::ZERO,
        }
    }
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
    /// The file in which the node keeps its table.
    NodesConf(Port),
    /// What the node has noticed.
    Facts(Port),
    /// What a real server would have written to its log.
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

/// A client's name: a letter, then letters, digits, `-` and `_`; at most 32 in all; neither `cli`
/// nor `outside`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(String);

impl Name {
    pub fn parse(text: &str) -> Option<Name> {
        let is_name = text.starts_with(|c: char| c.is_ascii_alphabetic())
            && text.len() <= 32
            && text.bytes().all(is_name_byte)
            && !matches!(text, "cli" | Party::OUTSIDE);
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

/// One end of a path: a node, or the programs outside of the simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Party {
    Node(Port),
    Outside,
}

impl Party {
    /// The name of all programs outside.
    pub const OUTSIDE: &str = "outside";

    pub const fn node(self) -> Option<Port> {
        match self {
            Party::Node(port) => Some(port),
            Party::Outside => None,
        }
    }
}

impl From<Port> for Party {
    fn from(port: Port) -> Party {
        Party::Node(port)
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
    /// A nodes.conf that ends in the middle of a line: it does not start.
    TornConfig,
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
    MfStart,
    Publish,
    PublishShard,
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
    /// The nodes that the line names.
    pub fn ports(&self) -> Vec<Port> {
        match self {
            Line::Step(step) => step.ports(),
            Line::Ask(
                Ask::Why(node) | Ask::NodesConf(node) | Ask::Facts(node) | Ask::Log(node),
            ) => vec![*node],
            Line::Ask(Ask::Events { node, .. } | Ask::Beliefs(node)) => {
                node.iter().copied().collect()
            }
            Line::Ask(Ask::Writes | Ask::Digest) => Vec::new(),
        }
    }
}

impl Step {
    /// The nodes that the step names.
    pub fn ports(&self) -> Vec<Port> {
        match self {
            Step::Command { client, .. } => match client {
                ClientName::Node(node) => vec![*node],
                ClientName::Cli | ClientName::Named(_) => Vec::new(),
            },
            Step::Client { via: node, .. }
            | Step::Kill(node)
            | Step::Crash(node)
            | Step::Restart { node, .. }
            | Step::Pause(node)
            | Step::Resume(node)
            | Step::Roll { node, .. }
            | Step::Clock { node, .. }
            | Step::AddNode(node)
            | Step::Config { node, .. } => vec![*node],
            Step::Cut { from, to, .. }
            | Step::Heal(Some((from, to)))
            | Step::Slow { from, to, .. } => {
                [from, to].into_iter().filter_map(|party| party.node()).collect()
            }
            Step::Drop { from, to, .. } => vec![*from, *to],
            Step::Partition(groups) => groups.iter().flatten().copied().collect(),
            Step::RunUntil { condition, .. } => condition.ports(),
            Step::Heal(None)
            | Step::Undrop
            | Step::Workload { .. }
            | Step::WorkloadOff
            | Step::Run(_) => Vec::new(),
        }
    }
}
