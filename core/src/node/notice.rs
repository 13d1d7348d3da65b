//! Notices: what a node writes in its log and nowhere else.
//!
//! A log of the real server has lines that tell of no belief and no role: the stages of a
//! handshake, a snapshot under way, the end of a backlog. A learner who reads logs wants them; one
//! who follows a failover does not. So they are facts of one kind, [`Fact::Logged`], which lists
//! and timelines leave out and `view::log` prints.
//!
//! [`Fact::Logged`]: super::Fact::Logged

use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

use super::stream::ReplId;
use crate::words::{Addr, NodeId, Slot};

/// One thing that is worth a line of the log, or a few.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    // The process.
    Started {
        id: NodeId,
        identity: Identity,
    },
    Ready,
    OwnAddress {
        ip: Ipv4Addr,
    },
    ConfigRewritten,
    /// A node under handshake turns out to be one that is known.
    KnownAlready {
        peer: NodeId,
    },
    /// CLUSTER RESET HARD sets the own epoch to 0, and gives another id.
    HardReset {
        id: NodeId,
    },
    /// A message of the type to which this node is deaf.
    MessageDropped,
    // A replica and its master.
    /// A master that becomes a replica offers its own history.
    OffersHistory,
    Connects {
        to: Addr,
    },
    Reconnects {
        to: Addr,
    },
    ReconnectsAfterFailure {
        to: Addr,
    },
    ConnectFired,
    ConnectRefused,
    MasterGreeted,
    /// The master does not let this replica in.
    Denied {
        gave: Gave,
    },
    /// The link ended before the master had answered everything.
    HandshakeBroken,
    HandshakeTimedOut,
    /// The link ended before the master had answered PSYNC.
    SyncUnanswered,
    /// The master has no stream to pass on just now.
    SyncPutOff,
    /// The link ended before the snapshot came.
    TransferBroken,
    TransferTimedOut,
    /// The link to the master is given up by the replica itself.
    MasterLeft,
    FullResync {
        replid: ReplId,
        offset: u64,
    },
    Receives,
    ForgetsHistory,
    Continued,
    ReplidChanged {
        to: ReplId,
    },
    SecondId {
        old: ReplId,
        until: u64,
        new: ReplId,
    },
    // Slots.
    EpochForImport {
        slot: Slot,
    },
    /// An UPDATE that there is no link to send on.
    UpdateUnsent {
        to: NodeId,
        about: NodeId,
    },
    // A master and its replicas.
    NotContinued(NotContinued),
    BacklogMade {
        replid: ReplId,
    },
    SnapshotDelayed,
    SnapshotBegun,
    SnapshotRead {
        replicas: u64,
    },
    SnapshotDone,
    Streamed {
        replica: Addr,
    },
    ReplicaTimedOut {
        replica: Addr,
    },
    BacklogFreed {
        after_s: u64,
    },
    // The disk.
    SavePoint {
        changes: u64,
        seconds: u64,
    },
    SaveBegun,
    SaveDone,
    Saved,
    Loaded {
        keys: u64,
        from: LoadedFrom,
    },
    ShutdownAsked,
    WaitsForReplicas,
    ReplicaLags {
        replica: Addr,
        behind: u64,
        lag_s: u64,
        state: ReplicaState,
    },
    ReplicasInSync {
        ready: u64,
        all: u64,
    },
    AofForced,
    FinalSave,
    Bye,
}

/// How far a replica is in the eyes of its master.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplicaState {
    WaitsForSnapshot,
    Online,
}

impl ReplicaState {
    /// As INFO and the log name it.
    pub const fn name(self) -> &'static str {
        match self {
            ReplicaState::WaitsForSnapshot => "wait_bgsave",
            ReplicaState::Online => "online",
        }
    }
}

/// What a replica gave to its master to be let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Gave {
    NoPassword,
    WrongPassword,
}

/// Which file the keys came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LoadedFrom {
    Snapshot,
    AppendOnlyFile,
}

/// Where a node has its id from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Identity {
    Loaded,
    Made,
}

/// Why a replica is not served from the backlog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NotContinued {
    NothingKnown { replica: Addr },
    OtherId { asked: ReplId, own: ReplId, second: Option<ReplId> },
    BeyondSecondId { asked: u64, end: u64 },
    NotInBacklog { replica: Addr, asked: u64, held: Held },
}

/// Whether the history has so much at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Held {
    Before,
    NotYet,
}
