//! The port of a client to the world: what comes in, what goes out, and what it notes.
//!
//! As with a node, all that a client does is an effect. An effect is brought about by the note
//! before it in the same list, or by the input itself if there is none: a redirect, for example, by
//! the answer that named the other node.

use std::net::SocketAddrV4;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use crate::data::{PrintForm, Protocol, Reply, encode_reply};
use crate::words::{ConnId, Digest, Slot, Span};

/// Where a node serves clients.
pub type Endpoint = SocketAddrV4;

/// A command and its arguments, shared by all who remember it.
pub type Args = Arc<[Bytes]>;

/// What happens to a client.
#[derive(Clone, Debug)]
pub enum ClientInput {
    /// Somebody wants this command answered.
    Ask(Args),
    /// The moment of [`super::Client::wakes_at`] has come.
    Wake,
    LinkUp {
        conn: ConnId,
    },
    LinkRefused {
        conn: ConnId,
    },
    /// The other side closed, or reset, the connection.
    LinkClosed {
        conn: ConnId,
    },
    Received {
        conn: ConnId,
        bytes: Bytes,
    },
}

/// What a client does.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientEffect {
    Connect { conn: ConnId, to: Endpoint },
    Send { conn: ConnId, bytes: Bytes },
    Close { conn: ConnId },
    Note(ClientNote),
}

/// The two ways in which a node sends a client on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Redirect {
    /// For good: the slot lives there.
    Moved,
    /// For this once: the slot is on its way there.
    Ask,
}

/// What a client does after something went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Then {
    /// It asks another node who serves the slot, and tries again.
    TriesAgain,
    /// It tells its user, who has to ask again.
    GivesUp,
}

/// When an answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Timing {
    InTime,
    /// After `(waiting)` had been printed.
    Late,
}

/// How a connection failed a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Failure {
    /// Nobody listens there.
    Refused,
    /// The connection closed before the answer came.
    Closed,
    /// No connection came about in time.
    ConnectTimeout,
    /// No answer came in time.
    ReplyTimeout,
}

/// The keys of a workload are numbered.
pub type KeyNumber = u32;

/// Why a command of the workload came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// The node answered with this error.
    Error(String),
    /// No node answered.
    Failed(Failure),
}

/// What a client notices. Every round trip is one [`ClientNote::Asked`] and what answers it.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientNote {
    /// A command left for a node.
    Asked {
        node: Endpoint,
        args: Args,
    },
    /// The node has sent the client on.
    Redirected {
        kind: Redirect,
        slot: Slot,
        to: Endpoint,
        /// The name of the host, if that was said instead of its address.
        host: Option<Box<str>>,
        timing: Timing,
    },
    /// The last word on a command: what its user sees.
    Answered {
        node: Endpoint,
        reply: Reply,
        /// How a terminal shows it; that depends on the command.
        form: PrintForm,
        round_trips: u32,
        waited: Span,
        timing: Timing,
    },
    /// A command that had no answer within a second.
    Waiting {
        since: Span,
    },
    /// Pub/sub: what nobody asked for at this moment, or the further replies to one command.
    Pushed {
        node: Endpoint,
        news: Reply,
        timing: Timing,
    },
    Failed {
        node: Endpoint,
        how: Failure,
        then: Then,
        timing: Timing,
    },
    /// The map of slots was asked for anew; `changed` says whether it was news.
    CacheRefreshed {
        from: Endpoint,
        runs: u32,
        changed: News,
    },
    /// A write of the workload was acknowledged.
    WriteAcknowledged {
        by: Endpoint,
        key: KeyNumber,
        value: u64,
        waited: Span,
    },
    /// A read of the workload was answered; `acknowledged` is the least value that would be fresh.
    ReadAnswered {
        by: Endpoint,
        key: KeyNumber,
        value: Option<u64>,
        acknowledged: Option<u64>,
        waited: Span,
    },
    /// A command of the workload failed. A write may have happened all the same.
    NotAcknowledged {
        key: KeyNumber,
        why: Refusal,
        waited: Span,
    },
}

/// Whether something heard was known already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum News {
    Known,
    New,
}

impl ClientNote {
    /// Whether this note is the end of a command, after which the next one may be asked.
    pub fn is_last_word(&self) -> bool {
        match self {
            ClientNote::Answered { .. } => true,
            ClientNote::Failed { then, .. } => *then == Then::GivesUp,
            ClientNote::Asked { .. }
            | ClientNote::Redirected { .. }
            | ClientNote::Waiting { .. }
            | ClientNote::Pushed { .. }
            | ClientNote::CacheRefreshed { .. }
            | ClientNote::WriteAcknowledged { .. }
            | ClientNote::ReadAnswered { .. }
            | ClientNote::NotAcknowledged { .. } => false,
        }
    }

    /// Takes the note into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        match self {
            ClientNote::Asked { node, args } => {
                digest.word(1 << 48 | word_of(*node));
                args.iter().for_each(|arg| digest.bytes(arg));
            }
            ClientNote::Redirected { kind, slot, to, host: _, timing } => {
                digest.word(2 << 48 | word_of(*to));
                digest.word(u64::from(slot.number()) << 8 | (*kind as u64) << 1 | *timing as u64);
            }
            ClientNote::Answered { node, reply, form: _, round_trips, waited, timing } => {
                digest.word(3 << 48 | word_of(*node));
                let mut bytes = BytesMut::new();
                encode_reply(reply, Protocol::Resp3, &mut bytes);
                digest.bytes(&bytes);
                digest.word(u64::from(*round_trips) << 1 | *timing as u64);
                digest.word(waited.micros());
            }
            ClientNote::Waiting { since } => digest.word(4 << 48 | since.micros()),
            ClientNote::Pushed { node, news, timing } => {
                digest.word(10 << 48 | word_of(*node));
                let mut bytes = BytesMut::new();
                encode_reply(news, Protocol::Resp3, &mut bytes);
                digest.bytes(&bytes);
                digest.word(*timing as u64);
            }
            ClientNote::Failed { node, how, then, timing } => {
                digest.word(5 << 48 | word_of(*node));
                digest.word((*how as u64) << 2 | (*then as u64) << 1 | *timing as u64);
            }
            ClientNote::CacheRefreshed { from, runs, changed } => {
                digest.word(6 << 48 | word_of(*from));
                digest.word(u64::from(*runs) << 1 | *changed as u64);
            }
            ClientNote::WriteAcknowledged { by, key, value, waited } => {
                digest.word(7 << 48 | word_of(*by));
                digest.word(u64::from(*key));
                digest.word(*value);
                digest.word(waited.micros());
            }
            ClientNote::ReadAnswered { by, key, value, acknowledged, waited } => {
                digest.word(8 << 48 | word_of(*by));
                digest.word(u64::from(*key));
                digest.word(value.map_or(0, |value| value + 1));
                digest.word(acknowledged.map_or(0, |value| value + 1));
                digest.word(waited.micros());
            }
            ClientNote::NotAcknowledged { key, why, waited } => {
                digest.word(9 << 48 | u64::from(*key));
                match why {
                    Refusal::Error(text) => digest.bytes(text.as_bytes()),
                    Refusal::Failed(how) => digest.word(*how as u64),
                }
                digest.word(waited.micros());
            }
        }
    }
}

fn word_of(node: Endpoint) -> u64 {
    u64::from(node.ip().to_bits()) << 16 | u64::from(node.port())
}
