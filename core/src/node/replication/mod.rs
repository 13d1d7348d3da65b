//! Replication: the stream of writes from a master to its replicas.
//!
//! The rule (Redis 7.0, `replication.c`): a *replication id* names a history of writes, an *offset*
//! counts its bytes. A master keeps the last part of the stream in a backlog. A replica that asks
//! for a history which the master knows, from an offset which the backlog still has, is served from
//! there (partial resync); any other gets a snapshot first (full resync). A promoted replica begins
//! a new history, but remembers the old id up to its own offset, so that its former fellows need no
//! snapshot.
//!
//! `source` is the replica's side, `sink` the master's. What differs from the real server: REPLCONF
//! and PING of the handshake are one message, and the snapshot is handed over whole, in no time of
//! its own.

mod backlog;
mod sink;
mod source;

use backlog::Backlog;
use sink::Replica;
use source::Source;

use super::stream::ReplId;
use crate::words::{ConnId, Dice, NodeId, Time};

/// What a node knows of its own stream of writes, as master and as replica.
#[derive(Clone, Debug)]
pub struct Replication {
    replid: ReplId,
    /// The history before this one, and the first offset that does not belong to it.
    previous: Option<(ReplId, u64)>,
    offset: u64,
    backlog: Option<Backlog>,
    replicas: Vec<Replica>,
    source: Option<Source>,
    /// Whether the stream selected its database since the last snapshot.
    selected: Selected,
    last_ping_s: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Selected {
    Yes,
    No,
}

/// The words by which ROLE names the state of a replica's link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPhase {
    Connect,
    Connecting,
    Handshake,
    Connected,
}

impl LinkPhase {
    pub const fn name(self) -> &'static str {
        match self {
            LinkPhase::Connect => "connect",
            LinkPhase::Connecting => "connecting",
            LinkPhase::Handshake => "handshake",
            LinkPhase::Connected => "connected",
        }
    }
}

impl Replication {
    pub(super) fn new(dice: &mut Dice) -> Replication {
        Replication {
            replid: NodeId::random(dice),
            previous: None,
            offset: 0,
            backlog: None,
            replicas: Vec::new(),
            source: None,
            selected: Selected::No,
            last_ping_s: 0,
        }
    }

    /// The id of the history that this node's data belongs to.
    pub fn id(&self) -> ReplId {
        self.replid
    }

    /// The bytes of the stream sent (as master) or processed (as replica); 0 for a replica that
    /// never got any (`replicationGetSlaveOffset`).
    pub fn offset(&self) -> u64 {
        match &self.source {
            Some(source) if !source.resumable() => 0,
            Some(_) | None => self.offset,
        }
    }

    /// Where the link to this node's master stands; `None` if it follows nobody.
    pub fn link_phase(&self) -> Option<LinkPhase> {
        self.source.as_ref().map(Source::phase)
    }

    /// Whether this node follows its master's stream right now.
    pub fn is_connected(&self) -> bool {
        self.link_phase() == Some(LinkPhase::Connected)
    }

    /// How old a replica's data is at most, in ms: whole seconds since its master last spoke on the
    /// link, or since the link broke. A replica that never had a link has data as old as time.
    pub(super) fn data_age_ms(&self, now: Time) -> u64 {
        self.source.as_ref().map_or(0, |source| source.silence_s(now.seconds()) * 1_000)
    }

    /// Each online replica's address and acknowledged offset, as ROLE prints them.
    pub fn online_replicas(&self) -> impl Iterator<Item = (std::net::Ipv4Addr, u16, u64)> + '_ {
        self.replicas.iter().filter(|replica| replica.is_online()).map(Replica::report)
    }

    fn replica_mut(&mut self, conn: ConnId) -> Option<&mut Replica> {
        self.replicas.iter_mut().find(|replica| replica.conn() == conn)
    }
}
