//! Facts: what a node notices, and says about itself.
//!
//! Every change of a belief or a role is noted as a fact, and so is every "no": a vote refused, a
//! quorum not reached, an election not possible. The world turns facts into events; `view::explain`
//! turns events into sentences and chains of causes. Silence sends no message, so a fact born of a
//! timeout says since when.

use serde::{Deserialize, Serialize};

use super::bus::Health;
use super::notice::Notice;
use super::stream::ReplId;
use crate::words::{Addr, NodeId, Slot};

/// What a node noticed. Times are in milliseconds of the node's own clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact {
    // Knowing others.
    HandshakeStarted { with: Addr },
    HandshakeExpired { with: Addr },
    PeerLearned { peer: NodeId, from: Option<NodeId> },
    PeerIdMismatch { peer: NodeId, found: NodeId },
    AddressChanged { peer: NodeId, to: Addr, by: Option<NodeId> },
    HostnameHeard { peer: NodeId, hostname: Option<Box<str>> },
    PeerForgotten { peer: NodeId },
    GossipBlacklisted { peer: NodeId, from: NodeId, until_ms: u64 },
    NodeReset { kind: ResetKind },
    LinkLost { peer: NodeId },
    LinkRefused { peer: NodeId },
    LinkDropped { peer: NodeId, silent_ms: u64 },
    LinkRestored { peer: NodeId },
    // Failure detection.
    PfailSet { peer: NodeId, silent_ms: u64, ping_sent_ms: u64 },
    PfailCleared { peer: NodeId },
    ReportAdded { peer: NodeId, by: NodeId, have: u64, needed: u64 },
    ReportDropped { peer: NodeId, by: NodeId },
    QuorumMissed { peer: NodeId, have: u64, needed: u64 },
    FailSet { peer: NodeId, have: u64, needed: u64 },
    FailHeard { peer: NodeId, from: NodeId },
    FailCleared { peer: NodeId, why: FailCleared },
    FailKept { peer: NodeId, until_ms: u64 },
    FailIgnored { from: NodeId, about: NodeId },
    // What a person told it to do.
    FellAsleep { span_ms: u64 },
    // Pub/sub.
    ShardChannelsClosed { count: u64, slot: Slot },
    // Epochs and slots.
    EpochRaised { from: u64, to: u64, by: NodeId },
    ConfigEpochLearned { peer: NodeId, epoch: u64 },
    ConfigEpochSet { epoch: u64, why: EpochSet },
    SlotsMoved { from: Option<NodeId>, to: NodeId, count: u16, first: Slot, epoch: u64 },
    SlotsAssigned { count: u16, first: Slot },
    SlotsFreed { count: u16, first: Slot },
    // Slots that are moved by hand.
    SlotMigrating { slot: Slot, to: NodeId },
    SlotImporting { slot: Slot, from: NodeId, why: ImportReason },
    SlotClosed { slot: Slot },
    SlotGiven { slot: Slot, from: Option<NodeId>, to: NodeId },
    SlotTakenForKeys { slot: Slot },
    MigrationStarted { slot: Slot, to_port: u16, count: u64 },
    KeysMigrated { slot: Slot, to_port: u16, count: u64 },
    KeysCopied { slot: Slot, to_port: u16, count: u64 },
    MigrationFailed { slot: Slot, to_port: u16, why: MigrationFailure },
    UpdateSent { to: NodeId, about: NodeId },
    UpdateIgnored { about: NodeId, why: UpdateIgnored },
    PeerRoleChanged { peer: NodeId, master: Option<NodeId> },
    // The state of the cluster, as this node sees it.
    StateChanged { to: Health, why: StateReason },
    StateHeld { why: StateHeld, until_ms: u64 },
    // Elections.
    ElectionScheduled { master: NodeId, delay_ms: u64, rank: u64, offset: u64 },
    RankRaised { rank: u64, added_ms: u64 },
    ElectionImpossible { master: NodeId, why: ElectionImpossible },
    ElectionStalled { master: NodeId, why: ElectionImpossible },
    ElectionStarted { epoch: u64, needed: u64 },
    VoteGranted { to: NodeId, epoch: u64 },
    VoteRefused { to: NodeId, why: VoteRefused },
    VoteReceived { from: NodeId, epoch: u64, have: u64, needed: u64 },
    VoteIgnored { from: NodeId, why: VoteIgnored },
    ElectionWon { epoch: u64, have: u64, needed: u64 },
    ElectionExpired { epoch: u64, have: u64, needed: u64 },
    BecameMaster { of: NodeId, epoch: u64, slots: u16 },
    BecameReplica { of: NodeId, why: ReplicaReason },
    // Succession by command.
    FailoverAccepted { master: NodeId, way: FailoverWay },
    HandoverBegun { replica: NodeId, offset: u64 },
    HandoverRefused { by: NodeId, why: HandoverRefused },
    MasterPaused { master: NodeId, offset: u64, mine: u64 },
    CaughtUp { master: NodeId, offset: u64 },
    FailoverTimedOut { peer: NodeId },
    // Replicas that go where one is missing.
    OrphanSeen { master: NodeId },
    MigrationRefused { master: NodeId, why: MigrationRefused },
    // Replication.
    SyncAsked { of: NodeId, replid: Option<ReplId>, offset: u64 },
    FullSyncStarted { replica: Addr, why: FullSyncReason },
    PartialSyncGranted { replica: Addr, from: u64, missing: u64 },
    FullSyncDone { of: NodeId, offset: u64, keys: u64 },
    PartialSyncDone { of: NodeId, offset: u64 },
    ReplicaOnline { replica: Addr },
    ReplicaLost { replica: Addr },
    MasterLinkLost { of: NodeId, offset: u64 },
    MasterTimedOut { of: NodeId },
    KeysDropped { count: u64 },
    // What only stands in the log.
    Logged(Notice),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResetKind {
    /// The node keeps its name and its epochs.
    Soft,
    Hard,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailCleared {
    ReplicaReachable,
    MasterWithoutSlots,
    NobodyServesItsSlots,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum EpochSet {
    ByCommand,
    /// Taken without asking anybody.
    Alone,
    Collision {
        with: NodeId,
    },
    Won,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImportReason {
    ByCommand,
    /// A restarted node found keys of the slot among its own.
    KeysFound,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MigrationFailure {
    /// No connection could be made.
    Unreachable,
    /// The target did not answer, or not to the end.
    Silent,
    /// The target answered with an error.
    Refused,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UpdateIgnored {
    AboutMyself,
    UnknownNode,
    UnknownSender,
    NotNewer { known: u64, reported: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StateReason {
    AllCovered,
    SlotUnassigned(Slot),
    OwnerFailed(NodeId),
    Minority { reachable: u64, size: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StateHeld {
    /// A restarted master waits before it serves.
    Writable,
    /// A master back from a minority waits before it serves.
    Rejoin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ElectionImpossible {
    DataTooOld { age_ms: u64, limit_ms: u64 },
    NoFailover,
    MasterWithoutSlots,
    WaitingDelay { left_ms: u64 },
    WaitingVotes { have: u64, needed: u64 },
    Expired { retry_in_ms: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VoteRefused {
    NoSlots,
    OldEpoch { request: u64, mine: u64 },
    AlreadyVoted { epoch: u64 },
    IsMaster,
    UnknownMaster,
    MasterUp { master: NodeId },
    VotedRecently { master: NodeId, wait_ms: u64 },
    SlotEpoch { slot: Slot, owner: u64, request: u64 },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum VoteIgnored {
    NotAVoter,
    OldEpoch { vote: u64, election: u64 },
    NoElection,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReplicaReason {
    ByCommand,
    SlotsTaken,
    SubReplica,
    /// The master had no replica left.
    Migration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FullSyncReason {
    FirstSync,
    OtherHistory,
    BeyondBacklog,
}

/// The three forms of CLUSTER FAILOVER.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailoverWay {
    /// With the master's help, and the votes of a majority.
    Plain,
    /// Without the master's help.
    Force,
    /// Without anybody's.
    Takeover,
}

/// Why a master does not hand over to who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HandoverRefused {
    UnknownSender,
    NotMyReplica,
}

/// Why a replica does not go to a master that has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MigrationRefused {
    StateFail,
    /// Its master has `left` good replicas, and keeps `barrier`.
    Barrier {
        left: u64,
        barrier: u64,
    },
    /// Another replica has the smaller id.
    AnotherGoes {
        who: NodeId,
    },
}

impl ElectionImpossible {
    /// What the log says of it; some reasons are never written down.
    pub const fn log_text(&self) -> Option<&'static str> {
        match self {
            ElectionImpossible::DataTooOld { .. } => Some(
                "Disconnected from master for longer than allowed. Please check the \
                 'cluster-replica-validity-factor' configuration option.",
            ),
            ElectionImpossible::WaitingDelay { .. } => {
                Some("Waiting the delay before I can start a new failover.")
            }
            ElectionImpossible::Expired { .. } => Some("Failover attempt expired."),
            ElectionImpossible::WaitingVotes { .. } => {
                Some("Waiting for votes, but majority still not reached.")
            }
            ElectionImpossible::NoFailover | ElectionImpossible::MasterWithoutSlots => None,
        }
    }
}

impl Fact {
    /// Whether this fact is a "no": something that did not happen, and why.
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Fact::QuorumMissed { .. }
                | Fact::FailKept { .. }
                | Fact::FailIgnored { .. }
                | Fact::UpdateIgnored { .. }
                | Fact::StateHeld { .. }
                | Fact::ElectionImpossible { .. }
                | Fact::VoteRefused { .. }
                | Fact::VoteIgnored { .. }
                | Fact::HandoverRefused { .. }
                | Fact::MigrationRefused { .. }
                | Fact::PeerIdMismatch { .. }
                | Fact::GossipBlacklisted { .. }
        )
    }

    /// Whether it only stands in the log.
    pub fn is_logged_only(&self) -> bool {
        matches!(self, Fact::Logged(_))
    }

    /// The node that this fact is about, other than the one that noticed it.
    pub fn subject(&self) -> Option<NodeId> {
        match *self {
            Fact::PeerLearned { peer, .. }
            | Fact::PeerIdMismatch { peer, .. }
            | Fact::AddressChanged { peer, .. }
            | Fact::HostnameHeard { peer, .. }
            | Fact::PeerForgotten { peer }
            | Fact::GossipBlacklisted { peer, .. }
            | Fact::LinkLost { peer }
            | Fact::LinkRefused { peer }
            | Fact::LinkDropped { peer, .. }
            | Fact::LinkRestored { peer }
            | Fact::PfailSet { peer, .. }
            | Fact::PfailCleared { peer }
            | Fact::ReportAdded { peer, .. }
            | Fact::ReportDropped { peer, .. }
            | Fact::QuorumMissed { peer, .. }
            | Fact::FailSet { peer, .. }
            | Fact::FailHeard { peer, .. }
            | Fact::FailCleared { peer, .. }
            | Fact::FailKept { peer, .. }
            | Fact::ConfigEpochLearned { peer, .. }
            | Fact::PeerRoleChanged { peer, .. } => Some(peer),
            Fact::SlotsMoved { to, .. }
            | Fact::SlotGiven { to, .. }
            | Fact::SlotMigrating { to, .. } => Some(to),
            Fact::SlotImporting { from, .. } => Some(from),
            Fact::UpdateSent { about, .. } | Fact::UpdateIgnored { about, .. } => Some(about),
            Fact::ElectionScheduled { master, .. }
            | Fact::ElectionImpossible { master, .. }
            | Fact::ElectionStalled { master, .. }
            | Fact::FailoverAccepted { master, .. }
            | Fact::MasterPaused { master, .. }
            | Fact::CaughtUp { master, .. }
            | Fact::OrphanSeen { master }
            | Fact::MigrationRefused { master, .. } => Some(master),
            Fact::HandoverBegun { replica: peer, .. }
            | Fact::HandoverRefused { by: peer, .. }
            | Fact::FailoverTimedOut { peer } => Some(peer),
            Fact::VoteGranted { to, .. } | Fact::VoteRefused { to, .. } => Some(to),
            Fact::VoteReceived { from, .. } | Fact::VoteIgnored { from, .. } => Some(from),
            Fact::FailIgnored { from, .. } => Some(from),
            Fact::BecameMaster { of, .. }
            | Fact::BecameReplica { of, .. }
            | Fact::SyncAsked { of, .. }
            | Fact::FullSyncDone { of, .. }
            | Fact::PartialSyncDone { of, .. }
            | Fact::MasterLinkLost { of, .. }
            | Fact::MasterTimedOut { of } => Some(of),
            Fact::StateChanged { why: StateReason::OwnerFailed(peer), .. } => Some(peer),
            Fact::HandshakeStarted { .. }
            | Fact::HandshakeExpired { .. }
            | Fact::NodeReset { .. }
            | Fact::ShardChannelsClosed { .. }
            | Fact::FellAsleep { .. }
            | Fact::EpochRaised { .. }
            | Fact::ConfigEpochSet { .. }
            | Fact::SlotsAssigned { .. }
            | Fact::SlotsFreed { .. }
            | Fact::SlotClosed { .. }
            | Fact::SlotTakenForKeys { .. }
            | Fact::MigrationStarted { .. }
            | Fact::KeysMigrated { .. }
            | Fact::KeysCopied { .. }
            | Fact::MigrationFailed { .. }
            | Fact::StateChanged { .. }
            | Fact::StateHeld { .. }
            | Fact::RankRaised { .. }
            | Fact::ElectionStarted { .. }
            | Fact::ElectionWon { .. }
            | Fact::ElectionExpired { .. }
            | Fact::FullSyncStarted { .. }
            | Fact::PartialSyncGranted { .. }
            | Fact::ReplicaOnline { .. }
            | Fact::ReplicaLost { .. }
            | Fact::KeysDropped { .. }
            | Fact::Logged(_) => None,
        }
    }
}
