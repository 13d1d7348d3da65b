//! Facts: what a node notices, and says about itself.
//!
//! Every change of a belief or a role is noted as a fact, and so is every "no": a vote refused, a
//! quorum not reached, an election not possible. The world turns facts into events; `view::explain`
//! turns events into sentences and chains of causes. Silence sends no message, so a fact born of a
//! timeout says since when.

use serde::{Deserialize, Serialize};

use super::bus::Health;
use crate::words::{Addr, NodeId, Slot};

/// What a node noticed. Times are in milliseconds of the node's own clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact {
    // Knowing others.
    HandshakeStarted { with: Addr },
    HandshakeExpired { with: Addr },
    PeerLearned { peer: NodeId, from: Option<NodeId> },
    PeerIdMismatch { peer: NodeId, found: NodeId },
    AddressChanged { peer: NodeId, to: Addr },
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
    FailIgnored { from: NodeId },
    // Epochs and slots.
    EpochRaised { from: u64, to: u64, by: NodeId },
    ConfigEpochLearned { peer: NodeId, epoch: u64 },
    ConfigEpochSet { epoch: u64, why: EpochSet },
    SlotsMoved { from: Option<NodeId>, to: NodeId, count: u16, first: Slot, epoch: u64 },
    SlotsAssigned { count: u16, first: Slot },
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
    ElectionStarted { epoch: u64, needed: u64 },
    VoteGranted { to: NodeId, epoch: u64 },
    VoteRefused { to: NodeId, why: VoteRefused },
    VoteReceived { from: NodeId, epoch: u64, have: u64, needed: u64 },
    VoteIgnored { from: NodeId, why: VoteIgnored },
    ElectionWon { epoch: u64, have: u64, needed: u64 },
    ElectionExpired { epoch: u64, have: u64, needed: u64 },
    BecameMaster { of: NodeId, epoch: u64, slots: u16 },
    BecameReplica { of: NodeId, why: ReplicaReason },
    // Replication.
    SyncAsked { of: NodeId, offset: u64 },
    FullSyncStarted { replica: Addr, why: FullSyncReason },
    PartialSyncGranted { replica: Addr, from: u64, missing: u64 },
    FullSyncDone { of: NodeId, offset: u64, keys: u64 },
    PartialSyncDone { of: NodeId, offset: u64 },
    ReplicaOnline { replica: Addr },
    ReplicaLost { replica: Addr },
    MasterLinkLost { of: NodeId, offset: u64 },
    MasterTimedOut { of: NodeId },
    KeysDropped { count: u64 },
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
    Collision { with: NodeId },
    Won,
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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FullSyncReason {
    FirstSync,
    OtherHistory,
    BeyondBacklog,
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
                | Fact::PeerIdMismatch { .. }
        )
    }

    /// The node that this fact is about, other than the one that noticed it.
    pub fn subject(&self) -> Option<NodeId> {
        match *self {
            Fact::PeerLearned { peer, .. }
            | Fact::PeerIdMismatch { peer, .. }
            | Fact::AddressChanged { peer, .. }
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
            Fact::SlotsMoved { to, .. } => Some(to),
            Fact::UpdateSent { about, .. } | Fact::UpdateIgnored { about, .. } => Some(about),
            Fact::ElectionScheduled { master, .. } | Fact::ElectionImpossible { master, .. } => {
                Some(master)
            }
            Fact::VoteGranted { to, .. } | Fact::VoteRefused { to, .. } => Some(to),
            Fact::VoteReceived { from, .. } | Fact::VoteIgnored { from, .. } => Some(from),
            Fact::FailIgnored { from } => Some(from),
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
            | Fact::EpochRaised { .. }
            | Fact::ConfigEpochSet { .. }
            | Fact::SlotsAssigned { .. }
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
            | Fact::KeysDropped { .. } => None,
        }
    }
}
