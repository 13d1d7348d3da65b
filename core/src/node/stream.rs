//! What travels between a master and its replica.
//!
//! The rule (Redis 7.0, `replication.c`): the replica connects to the master's client port, pings,
//! says on which port it listens and what it understands, and asks with PSYNC for the part of the
//! stream that it lacks. It gets either that part or a whole snapshot, and from then on the stream
//! of commands; it acknowledges the processed offset every second. Offsets count the RESP bytes of
//! the commands.

use std::sync::Arc;

use bytes::Bytes;

use crate::data::Keyspace;
use crate::words::{Digest, NodeId};

/// A replication id: 160 random bits that name one history of writes.
pub type ReplId = NodeId;

/// What a replica says to be let in.
#[derive(Clone, Debug)]
pub struct Credentials {
    pub user: String,
    pub password: String,
}

/// One command of the stream.
#[derive(Clone, Debug)]
pub struct Entry {
    pub args: Arc<[Bytes]>,
    /// The offset after it.
    pub end: u64,
}

/// One part of the conversation on a replication link.
#[derive(Clone, Debug)]
pub enum Part {
    Ping,
    Pong,
    /// AUTH, with `masterauth`.
    Auth(Box<Credentials>),
    /// The master does not know who this is, or the password is wrong.
    Denied,
    /// The master follows somebody itself, and has no stream to pass on just now.
    NoStream,
    /// REPLCONF listening-port.
    Port {
        port: u16,
    },
    /// REPLCONF capa.
    Capa,
    /// The answer to each REPLCONF.
    Ok,
    /// An empty line for a replica that waits for its snapshot, so that it does not give up.
    Newline,
    /// Asks to continue `replid` from `offset` on (the next byte wanted), or for everything.
    Psync {
        want: Option<(ReplId, u64)>,
    },
    /// A snapshot will follow when the master has made one.
    FullResync {
        replid: ReplId,
        offset: u64,
    },
    Snapshot {
        offset: u64,
        keyspace: Box<Keyspace>,
    },
    /// The stream goes on after `offset`, under this id.
    Continue {
        replid: ReplId,
    },
    /// The next commands of the stream, at least one.
    Commands(Vec<Entry>),
    Ack {
        offset: u64,
    },
}

impl Part {
    /// The command as which a replica says it, if a replica does.
    pub(super) const fn command(&self) -> Option<&'static str> {
        match self {
            Part::Ping => Some("ping"),
            Part::Auth(_) => Some("auth"),
            Part::Port { .. } | Part::Capa | Part::Ack { .. } => Some("replconf"),
            Part::Psync { .. } => Some("psync"),
            _ => None,
        }
    }

    pub const fn name(&self) -> &'static str {
        match self {
            Part::Ping => "ping",
            Part::Pong => "pong",
            Part::Auth(_) => "auth",
            Part::Denied => "denied",
            Part::NoStream => "nostream",
            Part::Port { .. } => "port",
            Part::Capa => "capa",
            Part::Ok => "ok",
            Part::Newline => "newline",
            Part::Psync { .. } => "psync",
            Part::FullResync { .. } => "fullresync",
            Part::Snapshot { .. } => "snapshot",
            Part::Continue { .. } => "continue",
            Part::Commands(_) => "command",
            Part::Ack { .. } => "ack",
        }
    }

    /// Takes the part into a digest.
    pub fn digest(&self, digest: &mut Digest) {
        digest.bytes(self.name().as_bytes());
        match self {
            Part::Ping
            | Part::Pong
            | Part::Denied
            | Part::NoStream
            | Part::Capa
            | Part::Ok
            | Part::Newline => {}
            Part::Auth(credentials) => {
                digest.bytes(credentials.user.as_bytes());
                digest.bytes(credentials.password.as_bytes());
            }
            Part::Port { port } => digest.word(u64::from(*port)),
            Part::Psync { want: None } => digest.word(0),
            Part::Psync { want: Some((id, offset)) } | Part::FullResync { replid: id, offset } => {
                digest.bytes(id.as_bytes());
                digest.word(*offset);
            }
            Part::Continue { replid } => digest.bytes(replid.as_bytes()),
            Part::Snapshot { offset, keyspace } => {
                digest.word(*offset);
                digest.word(keyspace.len() as u64);
            }
            Part::Commands(entries) => {
                for entry in entries {
                    digest.word(entry.end);
                    entry.args.iter().for_each(|arg| digest.bytes(arg));
                }
            }
            Part::Ack { offset } => digest.word(*offset),
        }
    }
}
