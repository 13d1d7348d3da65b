//! Replication: the stream of writes from a master to its replicas.
//!
//! The rule (Redis 7.0, `replication.c`): a *replication id* names a history of writes, an *offset*
//! counts its bytes. A master keeps the last part of the stream in a backlog. A replica that asks
//! for a history which the master knows, from an offset which the backlog still has, is served from
//! there (partial resync); any other gets a snapshot first (full resync). A promoted replica begins
//! a new history, but remembers the old id up to its own offset, so that its former fellows need no
//! snapshot.
//!
//! `source` is the replica's side, `sink` the master's, `acks` what the master knows of how far its
//! replicas are; `wire` is about replicas that are no simulated nodes. What differs from the real
//! server: the snapshot is handed over whole, in no time of its own.

mod acks;
mod backlog;
mod sink;
mod source;
mod wire;

use acks::Acks;
use backlog::Backlog;
use sink::Replica;
pub(in crate::node) use source::MasterClient;
use source::Source;
pub(super) use wire::{Introduction, ROWS};

use super::Role;
use super::notice::ReplicaState;
use super::stream::ReplId;
use crate::words::{Addr, ConnId, Dice, NodeId, Time};

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
    /// The master as a client, also while its link is down.
    master_client: Option<MasterClient>,
    /// Whether the stream selected its database since the last snapshot.
    selected: Selected,
    /// Since when a master has no replica, in seconds of the node's clock.
    alone_since_s: u64,
    acks: Acks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Selected {
    Yes,
    No,
}

/// A replica as INFO lists it.
#[derive(Clone, Copy, Debug)]
pub(in crate::node) struct Attached {
    pub ip: std::net::Ipv4Addr,
    pub port: u16,
    pub state: ReplicaState,
    pub acked: u64,
    pub lag_s: u64,
}

/// The words by which ROLE names the state of a replica's link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPhase {
    Connect,
    Connecting,
    Handshake,
    Sync,
    Connected,
}

impl LinkPhase {
    pub const fn name(self) -> &'static str {
        match self {
            LinkPhase::Connect => "connect",
            LinkPhase::Connecting => "connecting",
            LinkPhase::Handshake => "handshake",
            LinkPhase::Sync => "sync",
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
            master_client: None,
            selected: Selected::No,
            alone_since_s: 0,
            acks: Acks::Known,
        }
    }

    /// Goes on from what a snapshot says of its place in a history: a replica offers it to its
    /// master, a master keeps it as the one before its own (`server.c: loadDataFromDisk`).
    pub(super) fn recall(&mut self, (id, offset): (ReplId, u64), role: Role, now_s: u64) {
        self.offset = offset;
        self.backlog = Some(Backlog::new(offset));
        self.alone_since_s = now_s;
        match role {
            Role::Master => self.previous = Some((id, offset + 1)),
            Role::Replica { .. } => self.replid = id,
        }
    }

    /// How many replicas have acknowledged everything, of how many.
    pub(super) fn ready_to_close(&self) -> (u64, u64) {
        let all = self.replicas.iter().filter(|replica| replica.is_attached()).count();
        (self.acked_by(self.offset) as u64, all as u64)
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

    /// Whether a replica knows the place of its data in a history.
    pub(in crate::node) fn is_resumable(&self) -> bool {
        self.source.as_ref().is_none_or(Source::resumable)
    }

    /// Where the link to this node's master stands; `None` if it follows nobody.
    pub fn link_phase(&self) -> Option<LinkPhase> {
        self.source.as_ref().map(Source::phase)
    }

    /// Where this node follows its master, which may have moved since; `None` if it follows nobody.
    pub(in crate::node) fn source_addr(&self) -> Option<Addr> {
        self.source.as_ref().map(Source::addr)
    }

    /// Whether this node follows its master's stream right now.
    pub fn is_connected(&self) -> bool {
        self.link_phase() == Some(LinkPhase::Connected)
    }

    /// How old a replica's data is at most, in ms: whole seconds since its master last spoke on the
    /// link, or since the link broke. A replica that never had a link, or that does not know where
    /// its master is, has data as old as time.
    pub(super) fn data_age_ms(&self, now: Time) -> u64 {
        let since = |source: &Source| source.silence_s(now.seconds());
        self.source.as_ref().map_or(now.seconds(), since) * 1_000
    }

    /// Each online replica's address and acknowledged offset, as ROLE prints them.
    pub fn online_replicas(&self) -> impl Iterator<Item = (std::net::Ipv4Addr, u16, u64)> + '_ {
        self.replicas.iter().filter(|replica| replica.is_online()).map(Replica::report)
    }

    /// How many online replicas acknowledged something in the last `lag_s` seconds
    /// (`refreshGoodSlavesCount`).
    pub(super) fn good_replicas(&self, now: Time, lag_s: u64) -> u64 {
        let good =
            |replica: &&Replica| replica.is_online() && replica.silence_s(now.seconds()) <= lag_s;
        self.replicas.iter().filter(good).count() as u64
    }

    /// The id and the end of the history before this one.
    pub(in crate::node) fn second_id(&self) -> Option<(ReplId, u64)> {
        self.previous
    }

    /// The end of the stream as it was sent, or processed, even if the replica's copy is not whole.
    pub(in crate::node) fn stream_offset(&self) -> u64 {
        self.offset
    }

    /// Its first byte and how many there are, if there is a backlog.
    pub(in crate::node) fn backlog_span(&self) -> Option<(u64, u64)> {
        self.backlog.as_ref().map(Backlog::span)
    }

    /// Follows `repl-backlog-size`, which is not less than it may be (`resizeReplicationBacklog`).
    pub(in crate::node) fn resize_backlog(&mut self, bytes_max: &mut u64) {
        *bytes_max = (*bytes_max).max(backlog::BYTES_MIN);
        if let Some(backlog) = &mut self.backlog {
            backlog.trim(*bytes_max);
        }
    }

    pub(in crate::node) fn backlog_bytes(&self) -> u64 {
        self.backlog_span().map_or(0, |(_, bytes)| bytes)
    }

    /// How long the master has been silent.
    pub(in crate::node) fn master_silence_s(&self, now_s: u64) -> Option<u64> {
        self.source.as_ref().map(|source| source.silence_s(now_s))
    }

    /// How long the link to the master has been down; nothing if it never was up.
    pub(in crate::node) fn master_down_s(&self, now_s: u64) -> Option<u64> {
        self.source.as_ref().and_then(|source| source.down_s(now_s))
    }

    /// The master as a client, and its connection, if the stream flows.
    pub(in crate::node) fn master_client(&self) -> Option<(ConnId, &MasterClient)> {
        let conn = self.source.as_ref().filter(|_| self.is_connected())?.conn()?;
        Some((conn, self.master_client.as_ref()?))
    }

    /// Every replica that has asked for the stream.
    pub(in crate::node) fn attached(&self, now_s: u64) -> impl Iterator<Item = Attached> + '_ {
        self.replicas.iter().filter_map(move |replica| replica.attached(now_s))
    }

    /// Whether this connection is that of a replica.
    pub(in crate::node) fn has_replica(&self, conn: ConnId) -> bool {
        self.replicas.iter().any(|replica| replica.conn() == conn)
    }

    fn replica_mut(&mut self, conn: ConnId) -> Option<&mut Replica> {
        self.replicas.iter_mut().find(|replica| replica.conn() == conn)
    }
}
