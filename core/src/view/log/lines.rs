//! The table of the log: what each fact is there.
//!
//! The rule (Redis 7.0, wherever `serverLog` is called): the levels and the exact texts. A fact
//! without a line is one that the real server does not tell of, or only at the level debug.

use super::replication;
use crate::node::{
    EpochSet, Fact, FailCleared, FailoverWay, Health, ImportReason, ReplicaReason, UpdateIgnored,
    VoteRefused,
};
use crate::words::{Addr, NodeId};

/// How loud a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Verbose,
    Notice,
    Warning,
}

pub(super) use Level::{Notice as NOTICE, Verbose as VERBOSE, Warning as WARNING};

impl Level {
    pub(super) const fn mark(self) -> char {
        match self {
            Level::Verbose => '-',
            Level::Notice => '*',
            Level::Warning => '#',
        }
    }
}

pub(super) type Line = (Level, String);

pub(super) fn one(level: Level, text: impl Into<String>) -> Vec<Line> {
    vec![(level, text.into())]
}

pub(super) fn addr(addr: Addr) -> String {
    format!("{}:{}", addr.ip, addr.port)
}

/// What a fact is in the log of the node that listens on `port`.
pub(super) fn lines_of(fact: &Fact, port: u16) -> Vec<Line> {
    match fact {
        Fact::Logged(notice) => replication::of_notice(notice, port),
        Fact::AddressChanged { peer, to, by: None } => {
            one(WARNING, format!("Address updated for node {peer}, now {}", addr(*to)))
        }
        Fact::ReportAdded { peer, by, .. } => {
            one(VERBOSE, format!("Node {by} reported node {peer} as not reachable."))
        }
        Fact::ReportDropped { peer, by } => {
            one(VERBOSE, format!("Node {by} reported node {peer} is back online."))
        }
        Fact::FailSet { peer, .. } => {
            one(NOTICE, format!("Marking node {peer} as failing (quorum reached)."))
        }
        Fact::FailHeard { peer, from } => {
            one(NOTICE, format!("FAIL message received from {from} about {peer}"))
        }
        Fact::FailIgnored { from, about } => {
            one(NOTICE, format!("Ignoring FAIL message from unknown node {from} about {about}"))
        }
        Fact::FailCleared { peer, why } => one(NOTICE, fail_cleared(*peer, *why)),
        Fact::ConfigEpochSet { epoch, why } => epoch_set(*epoch, *why),
        Fact::SlotTakenForKeys { slot } => one(
            WARNING,
            format!("I have keys for unassigned slot {slot}. Taking responsibility for it."),
        ),
        Fact::SlotImporting { slot, why: ImportReason::KeysFound, .. } => one(
            WARNING,
            format!(
                "I have keys for slot {slot}, but the slot is assigned to another node. \
                 Setting it to importing state."
            ),
        ),
        Fact::UpdateSent { to, about } => stale_claim(*to, *about),
        Fact::UpdateIgnored { why: UpdateIgnored::AboutMyself, .. } => {
            one(WARNING, "Discarding UPDATE message about myself.")
        }
        Fact::StateChanged { to, .. } => {
            let state = if *to == Health::Ok { "ok" } else { "fail" };
            one(WARNING, format!("Cluster state changed: {state}"))
        }
        Fact::ElectionScheduled { .. }
        | Fact::RankRaised { .. }
        | Fact::ElectionStalled { .. }
        | Fact::ElectionStarted { .. }
        | Fact::VoteGranted { .. }
        | Fact::VoteRefused { .. }
        | Fact::ElectionWon { .. } => of_election(fact),
        Fact::FailoverAccepted { .. }
        | Fact::HandoverBegun { .. }
        | Fact::MasterPaused { .. }
        | Fact::CaughtUp { .. }
        | Fact::FailoverTimedOut { .. } => of_manual_failover(fact),
        Fact::BecameReplica { of, why } => became_replica(*of, *why),
        Fact::SyncAsked { .. }
        | Fact::FullSyncStarted { .. }
        | Fact::PartialSyncGranted { .. }
        | Fact::FullSyncDone { .. }
        | Fact::PartialSyncDone { .. }
        | Fact::ReplicaOnline { .. }
        | Fact::ReplicaLost { .. }
        | Fact::MasterLinkLost { .. }
        | Fact::MasterTimedOut { .. } => replication::of_replication(fact),
        _ => Vec::new(),
    }
}

/// What is written before an UPDATE, whether or not there is a link to send it on.
pub(super) fn stale_claim(to: NodeId, about: NodeId) -> Vec<Line> {
    one(
        VERBOSE,
        format!("Node {to} has old slots configuration, sending an UPDATE message about {about}"),
    )
}

fn fail_cleared(peer: NodeId, why: FailCleared) -> String {
    let what = match why {
        FailCleared::ReplicaReachable => "replica is reachable again.",
        FailCleared::MasterWithoutSlots => "master without slots is reachable again.",
        FailCleared::NobodyServesItsSlots => {
            "is reachable again and nobody is serving its slots after some time."
        }
    };
    format!("Clear FAIL state for node {peer}: {what}")
}

fn epoch_set(epoch: u64, why: EpochSet) -> Vec<Line> {
    match why {
        EpochSet::ByCommand => {
            one(WARNING, format!("configEpoch set to {epoch} via CLUSTER SET-CONFIG-EPOCH"))
        }
        EpochSet::Alone => one(WARNING, format!("New configEpoch set to {epoch}")),
        EpochSet::Won => {
            one(WARNING, format!("configEpoch set to {epoch} after successful failover"))
        }
        EpochSet::Collision { with } => one(
            VERBOSE,
            format!("WARNING: configEpoch collision with node {with}. configEpoch set to {epoch}"),
        ),
    }
}

fn became_replica(of: NodeId, why: ReplicaReason) -> Vec<Line> {
    match why {
        ReplicaReason::ByCommand => Vec::new(),
        ReplicaReason::SlotsTaken => one(
            WARNING,
            format!("Configuration change detected. Reconfiguring myself as a replica of {of}"),
        ),
        ReplicaReason::SubReplica => one(
            WARNING,
            format!("I'm a sub-replica! Reconfiguring myself as a replica of grandmaster {of}"),
        ),
        ReplicaReason::Migration => one(WARNING, format!("Migrating to orphaned master {of}")),
    }
}

fn of_election(fact: &Fact) -> Vec<Line> {
    let text = match fact {
        Fact::ElectionScheduled { delay_ms, rank, offset, .. } => format!(
            "Start of election delayed for {delay_ms} milliseconds (rank #{rank}, offset {offset})."
        ),
        Fact::RankRaised { rank, added_ms } => {
            format!("Replica rank updated to #{rank}, added {added_ms} milliseconds of delay.")
        }
        Fact::ElectionStalled { why, .. } => match why.log_text() {
            Some(why) => format!("Currently unable to failover: {why}"),
            None => return Vec::new(),
        },
        Fact::ElectionStarted { epoch, .. } => {
            format!("Starting a failover election for epoch {epoch}.")
        }
        Fact::ElectionWon { .. } => "Failover election won: I'm the new master.".to_owned(),
        Fact::VoteGranted { to, epoch } => {
            format!("Failover auth granted to {to} for epoch {epoch}")
        }
        Fact::VoteRefused { to, why } => match denied(*why) {
            Some(why) => format!("Failover auth denied to {to}: {why}"),
            None => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    one(WARNING, text)
}

fn of_manual_failover(fact: &Fact) -> Vec<Line> {
    let text = match fact {
        Fact::FailoverAccepted { way, .. } => match way {
            FailoverWay::Plain => "Manual failover user request accepted.".to_owned(),
            FailoverWay::Force => "Forced failover user request accepted.".to_owned(),
            FailoverWay::Takeover => "Taking over the master (user request).".to_owned(),
        },
        Fact::HandoverBegun { replica, .. } => {
            format!("Manual failover requested by replica {replica}.")
        }
        Fact::MasterPaused { offset, .. } => {
            format!("Received replication offset for paused master manual failover: {offset}")
        }
        Fact::CaughtUp { .. } => {
            "All master replication stream processed, manual failover can start.".to_owned()
        }
        Fact::FailoverTimedOut { .. } => "Manual failover timed out.".to_owned(),
        _ => return Vec::new(),
    };
    one(WARNING, text)
}

fn denied(why: VoteRefused) -> Option<String> {
    Some(match why {
        VoteRefused::NoSlots => return None,
        VoteRefused::OldEpoch { request, mine } => {
            format!("reqEpoch ({request}) < curEpoch({mine})")
        }
        VoteRefused::AlreadyVoted { epoch } => format!("already voted for epoch {epoch}"),
        VoteRefused::IsMaster => "it is a master node".to_owned(),
        VoteRefused::UnknownMaster => "I don't know its master".to_owned(),
        VoteRefused::MasterUp { .. } => "its master is up".to_owned(),
        VoteRefused::VotedRecently { wait_ms, .. } => {
            format!("can't vote about this master before {wait_ms} milliseconds")
        }
        VoteRefused::SlotEpoch { slot, owner, request } => {
            format!("slot {slot} epoch ({owner}) > reqEpoch ({request})")
        }
    })
}
