//! Rules: which function of Redis decides an event.
//!
//! Whoever wants to check an explanation against the source, or against `docs/FIDELITY.md`, needs a
//! name to look for. What people and the network do has no rule; neither have hazards, which no
//! node notices. A test checks that FIDELITY.md tells of every name.

use crate::node::{EpochSet, Fact, ImportReason, ReplicaReason};
use crate::world::client::ClientNote;
use crate::world::event::{Event, EventKind};

const COMMAND: &str = "clusterCommand";
const CRON: &str = "clusterCron";
const ELECTION: &str = "clusterHandleSlaveFailover";
const MARK: &str = "markNodeAsFailingIfNeeded";
const CLEAR: &str = "clearNodeFailureIfNeeded";
const REPORT: &str = "clusterNodeAddFailureReport";
const PACKET: &str = "clusterProcessPacket";
const GOSSIP: &str = "clusterProcessGossipSection";
const HANDSHAKE: &str = "clusterStartHandshake";
const ADDRESS: &str = "nodeUpdateAddressIfNeeded";
const CONNECT: &str = "clusterLinkConnectHandler";
const COLLISION: &str = "clusterHandleConfigEpochCollision";
const ALONE: &str = "clusterBumpConfigEpochWithoutConsensus";
const VERIFY: &str = "verifyClusterConfigWithData";
const MIGRATE: &str = "migrateCommand";
const SLOTS: &str = "clusterUpdateSlotsConfigWith";
const DROPPED_KEYS: &str = "delKeysInSlot";
const UPDATE: &str = "clusterSendUpdate";
const STATE: &str = "clusterUpdateState";
const VOTE: &str = "clusterSendFailoverAuthIfNeeded";
const MANUAL: &str = "clusterHandleManualFailover";
const MANUAL_TIMEOUT: &str = "manualFailoverCheckTimeout";
const HINDRANCE: &str = "clusterLogCantFailover";
const MIGRATION: &str = "clusterHandleSlaveMigration";
const REPLACE: &str = "clusterFailoverReplaceYourMaster";
const ROUTE: &str = "getNodeByQuery";
const EXTENSIONS: &str = "clusterProcessPingExtensions";
const SHARD_CHANNELS: &str = "removeChannelsInSlot";
const DEBUG: &str = "debug.c: debugCommand";
const RESET: &str = "clusterReset";
const SYNC: &str = "replication.c: syncWithMaster";
const RESYNC: &str = "replication.c: masterTryPartialResync";
const REPLICATION_CRON: &str = "replication.c: replicationCron";

/// All names that [`rule_of`] gives.
pub const RULES: [&str; 33] = [
    COMMAND,
    CRON,
    ELECTION,
    MARK,
    CLEAR,
    REPORT,
    PACKET,
    GOSSIP,
    HANDSHAKE,
    ADDRESS,
    CONNECT,
    COLLISION,
    ALONE,
    VERIFY,
    MIGRATE,
    SLOTS,
    DROPPED_KEYS,
    UPDATE,
    STATE,
    VOTE,
    MANUAL,
    MANUAL_TIMEOUT,
    HINDRANCE,
    MIGRATION,
    REPLACE,
    ROUTE,
    RESET,
    DEBUG,
    EXTENSIONS,
    SHARD_CHANNELS,
    SYNC,
    RESYNC,
    REPLICATION_CRON,
];

/// The function of Redis that decides an event, as FIDELITY.md names it.
pub fn rule_of(event: &Event) -> Option<&'static str> {
    match &event.kind {
        EventKind::Fact(fact) => of_fact(fact),
        EventKind::Client(note) => match &**note {
            ClientNote::Redirected { .. } => Some(ROUTE),
            ClientNote::Answered { reply, .. } => {
                let crate::data::Reply::Error(text) = reply else { return None };
                let routed = ["MOVED", "ASK", "CLUSTERDOWN", "CROSSSLOT"];
                routed.iter().any(|lead| text.starts_with(lead)).then_some(ROUTE)
            }
            _ => None,
        },
        _ => None,
    }
}

fn of_fact(fact: &Fact) -> Option<&'static str> {
    Some(match fact {
        Fact::HandshakeStarted { .. } => HANDSHAKE,
        Fact::GossipBlacklisted { .. } => GOSSIP,
        Fact::NodeReset { .. } => RESET,
        Fact::HandshakeExpired { .. } | Fact::LinkDropped { .. } | Fact::PfailSet { .. } => CRON,
        Fact::PeerLearned { from: Some(_), .. } | Fact::ReportDropped { .. } => GOSSIP,
        Fact::AddressChanged { .. } => ADDRESS,
        Fact::FellAsleep { .. } => DEBUG,
        Fact::HostnameHeard { .. } => EXTENSIONS,
        Fact::ShardChannelsClosed { .. } => SHARD_CHANNELS,
        Fact::LinkRefused { .. } | Fact::LinkRestored { .. } => CONNECT,
        Fact::ReportAdded { .. } => REPORT,
        Fact::QuorumMissed { .. } | Fact::FailSet { .. } => MARK,
        Fact::FailCleared { .. } | Fact::FailKept { .. } => CLEAR,
        Fact::PeerLearned { from: None, .. }
        | Fact::PeerIdMismatch { .. }
        | Fact::PfailCleared { .. }
        | Fact::FailHeard { .. }
        | Fact::FailIgnored { .. }
        | Fact::EpochRaised { .. }
        | Fact::ConfigEpochLearned { .. }
        | Fact::UpdateIgnored { .. }
        | Fact::PeerRoleChanged { .. }
        | Fact::VoteReceived { .. }
        | Fact::VoteIgnored { .. }
        | Fact::HandoverBegun { .. }
        | Fact::HandoverRefused { .. }
        | Fact::MasterPaused { .. } => PACKET,
        Fact::CaughtUp { .. } => MANUAL,
        Fact::FailoverTimedOut { .. } => MANUAL_TIMEOUT,
        Fact::ElectionStalled { .. } => HINDRANCE,
        Fact::OrphanSeen { .. }
        | Fact::MigrationRefused { .. }
        | Fact::BecameReplica { why: ReplicaReason::Migration, .. } => MIGRATION,
        Fact::ConfigEpochSet { why: EpochSet::Collision { .. }, .. } => COLLISION,
        Fact::ConfigEpochSet { why: EpochSet::Alone, .. } => ALONE,
        Fact::MigrationStarted { .. }
        | Fact::KeysMigrated { .. }
        | Fact::KeysCopied { .. }
        | Fact::MigrationFailed { .. } => MIGRATE,
        Fact::SlotTakenForKeys { .. }
        | Fact::SlotImporting { why: ImportReason::KeysFound, .. } => VERIFY,
        Fact::ConfigEpochSet { why: EpochSet::ByCommand, .. }
        | Fact::SlotsAssigned { .. }
        | Fact::PeerForgotten { .. }
        | Fact::SlotsFreed { .. }
        | Fact::SlotMigrating { .. }
        | Fact::SlotImporting { why: ImportReason::ByCommand, .. }
        | Fact::SlotClosed { .. }
        | Fact::SlotGiven { .. }
        | Fact::FailoverAccepted { .. }
        | Fact::BecameReplica { why: ReplicaReason::ByCommand, .. } => COMMAND,
        Fact::SlotsMoved { .. } | Fact::BecameReplica { .. } => SLOTS,
        Fact::KeysDropped { .. } => DROPPED_KEYS,
        Fact::UpdateSent { .. } => UPDATE,
        Fact::StateChanged { .. } | Fact::StateHeld { .. } => STATE,
        Fact::ConfigEpochSet { why: EpochSet::Won, .. }
        | Fact::ElectionScheduled { .. }
        | Fact::RankRaised { .. }
        | Fact::ElectionImpossible { .. }
        | Fact::ElectionStarted { .. }
        | Fact::ElectionWon { .. }
        | Fact::ElectionExpired { .. } => ELECTION,
        Fact::VoteGranted { .. } | Fact::VoteRefused { .. } => VOTE,
        Fact::BecameMaster { .. } => REPLACE,
        Fact::SyncAsked { .. } | Fact::FullSyncDone { .. } | Fact::PartialSyncDone { .. } => SYNC,
        Fact::FullSyncStarted { .. } | Fact::PartialSyncGranted { .. } => RESYNC,
        Fact::MasterTimedOut { .. } => REPLICATION_CRON,
        Fact::LinkLost { .. }
        | Fact::ReplicaOnline { .. }
        | Fact::ReplicaLost { .. }
        | Fact::MasterLinkLost { .. }
        | Fact::Logged(_) => return None,
    })
}
