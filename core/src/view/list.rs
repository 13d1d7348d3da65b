//! The list of events: what happened, a sentence each, as far as a filter lets it through.

use serde::{Deserialize, Serialize};

use super::names::Names;
use super::timeline::{Told, is_news, tell};
use crate::node::Fact;
use crate::words::Time;
use crate::world::event::{Event, EventKind};
use crate::world::trace::Trace;

/// What a person wants to read about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum EventKinds {
    #[default]
    All,
    /// What was done to the cluster.
    Steps,
    /// Suspicions, reports, verdicts, and whether nodes serve.
    Failures,
    /// Elections and votes, granted and refused.
    Votes,
    /// Who owns what, and epochs.
    Slots,
    Replication,
    /// Who reaches whom.
    Links,
    Clients,
}

impl EventKinds {
    pub const ALL: [EventKinds; 8] = [
        EventKinds::All,
        EventKinds::Steps,
        EventKinds::Failures,
        EventKinds::Votes,
        EventKinds::Slots,
        EventKinds::Replication,
        EventKinds::Links,
        EventKinds::Clients,
    ];

    fn of(event: &Event) -> EventKinds {
        match &event.kind {
            EventKind::Step(_) | EventKind::Refused(_) | EventKind::Life(_) => EventKinds::Steps,
            EventKind::Client(_) | EventKind::Hazard(_) => EventKinds::Clients,
            EventKind::Fact(fact) => EventKinds::of_fact(fact),
            _ => EventKinds::Links,
        }
    }

    fn of_fact(fact: &Fact) -> EventKinds {
        match fact {
            Fact::PfailSet { .. }
            | Fact::PfailCleared { .. }
            | Fact::ReportAdded { .. }
            | Fact::ReportDropped { .. }
            | Fact::QuorumMissed { .. }
            | Fact::FailSet { .. }
            | Fact::FailHeard { .. }
            | Fact::FailCleared { .. }
            | Fact::FailKept { .. }
            | Fact::FailIgnored { .. }
            | Fact::StateChanged { .. }
            | Fact::StateHeld { .. } => EventKinds::Failures,
            Fact::ElectionScheduled { .. }
            | Fact::RankRaised { .. }
            | Fact::ElectionImpossible { .. }
            | Fact::ElectionStalled { .. }
            | Fact::FailoverAccepted { .. }
            | Fact::HandoverBegun { .. }
            | Fact::HandoverRefused { .. }
            | Fact::MasterPaused { .. }
            | Fact::CaughtUp { .. }
            | Fact::FailoverTimedOut { .. }
            | Fact::ElectionStarted { .. }
            | Fact::ElectionWon { .. }
            | Fact::ElectionExpired { .. }
            | Fact::VoteGranted { .. }
            | Fact::VoteReceived { .. }
            | Fact::VoteRefused { .. }
            | Fact::VoteIgnored { .. } => EventKinds::Votes,
            Fact::EpochRaised { .. }
            | Fact::ConfigEpochLearned { .. }
            | Fact::ConfigEpochSet { .. }
            | Fact::SlotsMoved { .. }
            | Fact::SlotsAssigned { .. }
            | Fact::SlotsFreed { .. }
            | Fact::SlotMigrating { .. }
            | Fact::SlotImporting { .. }
            | Fact::SlotClosed { .. }
            | Fact::SlotGiven { .. }
            | Fact::SlotTakenForKeys { .. }
            | Fact::MigrationStarted { .. }
            | Fact::KeysMigrated { .. }
            | Fact::KeysCopied { .. }
            | Fact::MigrationFailed { .. }
            | Fact::UpdateSent { .. }
            | Fact::UpdateIgnored { .. }
            | Fact::PeerRoleChanged { .. }
            | Fact::KeysDropped { .. }
            | Fact::ShardChannelsClosed { .. }
            | Fact::BecameMaster { .. }
            | Fact::BecameReplica { .. } => EventKinds::Slots,
            Fact::SyncAsked { .. }
            | Fact::FullSyncStarted { .. }
            | Fact::PartialSyncGranted { .. }
            | Fact::FullSyncDone { .. }
            | Fact::PartialSyncDone { .. }
            | Fact::ReplicaOnline { .. }
            | Fact::ReplicaLost { .. }
            | Fact::MasterLinkLost { .. }
            | Fact::MasterTimedOut { .. }
            | Fact::OrphanSeen { .. }
            | Fact::MigrationRefused { .. }
            | Fact::Logged(_) => EventKinds::Replication,
            Fact::HandshakeStarted { .. }
            | Fact::HandshakeExpired { .. }
            | Fact::PeerLearned { .. }
            | Fact::PeerIdMismatch { .. }
            | Fact::AddressChanged { .. }
            | Fact::HostnameHeard { .. }
            | Fact::PeerForgotten { .. }
            | Fact::GossipBlacklisted { .. }
            | Fact::NodeReset { .. }
            | Fact::FellAsleep { .. }
            | Fact::LinkLost { .. }
            | Fact::LinkRefused { .. }
            | Fact::LinkRestored { .. }
            | Fact::LinkDropped { .. } => EventKinds::Links,
        }
    }
}

/// Events near the moment that is shown.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EventList {
    /// Oldest first.
    pub rows: Vec<Told>,
    /// How many more the filter lets through before the first and after the last row.
    pub before: usize,
    pub after: usize,
}

/// So many rows are told on each side of the moment.
const ROWS_MAX: usize = 150;

/// What the filter lets through, as much as lies near `position`.
pub fn event_list(
    trace: &Trace,
    names: &Names,
    origin: Time,
    position: usize,
    (kinds, of, text): (EventKinds, Option<&str>, &str),
) -> EventList {
    let text = text.trim().to_lowercase();
    let passes = |&at: &usize| {
        let Some(event) = trace.get(at) else { return false };
        is_news(event)
            && (kinds == EventKinds::All || EventKinds::of(event) == kinds)
            && of.is_none_or(|of| names.actor(event.id.owner) == of)
            && (text.is_empty()
                || super::sentence_of(event, names).english().to_lowercase().contains(&text))
    };
    let found: Vec<usize> = (trace.start()..trace.len()).filter(passes).collect();
    let here = found.partition_point(|&at| at <= position);
    let (first, last) =
        (here.saturating_sub(ROWS_MAX), here.saturating_add(ROWS_MAX).min(found.len()));
    let rows = found[first..last].iter().filter_map(|&at| tell(trace, at, origin, names));
    EventList { rows: rows.collect(), before: first, after: found.len() - last }
}
