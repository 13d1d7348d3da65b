//! What a fact says: from what a node noticed to a sentence.

use super::names::Names;
use super::sentence::{Sentence, counted, spoken_ms};
use crate::node::{
    ElectionImpossible, EpochSet, Fact, FailCleared, FailoverWay, FullSyncReason, HandoverRefused,
    Health, ImportReason, MigrationFailure, MigrationRefused, ReplicaReason, ResetKind, StateHeld,
    StateReason, UpdateIgnored, VoteIgnored, VoteRefused,
};

/// The sentence of a fact that `node` noticed.
pub fn sentence_of(fact: &Fact, node: &str, names: &Names) -> Sentence {
    let say = |key: &str| Sentence::new(key).with("node", node);
    let name = |id| names.node(id);
    match fact {
        Fact::HandshakeStarted { with } => say("handshake-started").with("peer", with.port),
        Fact::HandshakeExpired { with } => say("handshake-expired").with("peer", with.port),
        Fact::PeerLearned { peer, from: Some(from) } => {
            say("peer-learned").with("peer", name(*peer)).with("from", name(*from))
        }
        Fact::PeerLearned { peer, from: None } => say("peer-met").with("peer", name(*peer)),
        Fact::PeerIdMismatch { peer, .. } => say("peer-id-mismatch").with("peer", name(*peer)),
        Fact::AddressChanged { peer, to, by: Some(by) } => {
            let say = say("address-told").with("by", name(*by));
            say.with("peer", name(*peer)).with("to", to.port)
        }
        Fact::AddressChanged { peer, to, by: None } => {
            say("address-changed").with("peer", name(*peer)).with("to", to.port)
        }
        Fact::PeerForgotten { peer } => say("peer-forgotten").with("peer", name(*peer)),
        Fact::GossipBlacklisted { peer, from, .. } => {
            say("gossip-blacklisted").with("peer", name(*peer)).with("from", name(*from))
        }
        Fact::NodeReset { kind: ResetKind::Soft } => say("reset-soft"),
        Fact::NodeReset { kind: ResetKind::Hard } => say("reset-hard"),
        Fact::HostnameHeard { peer, hostname: Some(hostname) } => {
            say("hostname-heard").with("peer", name(*peer)).with("hostname", hostname)
        }
        Fact::HostnameHeard { peer, hostname: None } => {
            say("hostname-gone").with("peer", name(*peer))
        }
        Fact::FellAsleep { span_ms } => say("fell-asleep").with("span", spoken_ms(*span_ms)),
        Fact::ShardChannelsClosed { count, slot } => say("shard-channels-closed")
            .with("channels", counted(*count, "shard channel"))
            .with("slot", slot),
        Fact::LinkLost { peer } => say("link-lost").with("peer", name(*peer)),
        Fact::LinkRefused { peer } => say("link-refused").with("peer", name(*peer)),
        Fact::LinkRestored { peer } => say("link-restored").with("peer", name(*peer)),
        Fact::LinkDropped { peer, silent_ms } => {
            say("link-dropped").with("peer", name(*peer)).with("silent", spoken_ms(*silent_ms))
        }
        Fact::PfailSet { .. }
        | Fact::PfailCleared { .. }
        | Fact::ReportAdded { .. }
        | Fact::ReportDropped { .. }
        | Fact::QuorumMissed { .. }
        | Fact::FailSet { .. }
        | Fact::FailHeard { .. }
        | Fact::FailCleared { .. }
        | Fact::FailKept { .. }
        | Fact::FailIgnored { .. } => failure(fact, say, names),
        Fact::EpochRaised { from, to, by } => {
            say("epoch-raised").with("from", from).with("to", to).with("peer", name(*by))
        }
        Fact::ConfigEpochLearned { peer, epoch } => {
            say("config-epoch-learned").with("peer", name(*peer)).with("epoch", epoch)
        }
        Fact::ConfigEpochSet { epoch, why } => match why {
            EpochSet::ByCommand => say("config-epoch-command"),
            EpochSet::Alone => say("config-epoch-alone"),
            EpochSet::Won => say("config-epoch-won"),
            EpochSet::Collision { with } => say("config-epoch-collision").with("peer", name(*with)),
        }
        .with("epoch", epoch),
        Fact::SlotMigrating { .. }
        | Fact::SlotImporting { .. }
        | Fact::SlotClosed { .. }
        | Fact::SlotGiven { .. }
        | Fact::SlotTakenForKeys { .. } => open_slots(fact, say, names),
        Fact::MigrationStarted { .. }
        | Fact::KeysMigrated { .. }
        | Fact::KeysCopied { .. }
        | Fact::MigrationFailed { .. } => migration(fact, say),
        Fact::SlotsMoved { .. }
        | Fact::SlotsAssigned { .. }
        | Fact::SlotsFreed { .. }
        | Fact::UpdateSent { .. }
        | Fact::UpdateIgnored { .. }
        | Fact::PeerRoleChanged { .. }
        | Fact::KeysDropped { .. } => ownership(fact, say, names),
        Fact::StateChanged { to, why } => state(*to, *why, say, names),
        Fact::StateHeld { why: StateHeld::Writable, .. } => say("state-held-writable"),
        Fact::StateHeld { why: StateHeld::Rejoin, .. } => say("state-held-rejoin"),
        Fact::ElectionScheduled { .. }
        | Fact::RankRaised { .. }
        | Fact::ElectionImpossible { .. }
        | Fact::ElectionStalled { .. }
        | Fact::ElectionStarted { .. }
        | Fact::ElectionWon { .. }
        | Fact::ElectionExpired { .. } => election(fact, say, names),
        Fact::VoteGranted { to, epoch } => {
            say("vote-granted").with("peer", name(*to)).with("epoch", epoch)
        }
        Fact::VoteReceived { from, have, needed, .. } => {
            say("vote-received").with("peer", name(*from)).with("have", have).with("needed", needed)
        }
        Fact::VoteRefused { to, why } => vote_refused(*why, say, names, &name(*to)),
        Fact::VoteIgnored { from, why } => match why {
            VoteIgnored::NotAVoter => say("vote-ignored-voter"),
            VoteIgnored::OldEpoch { .. } => say("vote-ignored-epoch"),
            VoteIgnored::NoElection => say("vote-ignored-none"),
        }
        .with("peer", name(*from)),
        Fact::BecameMaster { of, epoch, slots } => say("became-master")
            .with("peer", name(*of))
            .with("slots", counted(u64::from(*slots), "slot"))
            .with("epoch", epoch),
        Fact::BecameReplica { of, why } => match why {
            ReplicaReason::ByCommand => say("became-replica-command"),
            ReplicaReason::SlotsTaken => say("became-replica-slots"),
            ReplicaReason::SubReplica => say("became-replica-sub"),
            ReplicaReason::Migration => say("became-replica-migration"),
        }
        .with("peer", name(*of)),
        Fact::Logged(_) => say("logged"),
        Fact::FailoverAccepted { .. }
        | Fact::HandoverBegun { .. }
        | Fact::HandoverRefused { .. }
        | Fact::MasterPaused { .. }
        | Fact::CaughtUp { .. }
        | Fact::FailoverTimedOut { .. } => manual_failover(fact, say, names),
        Fact::OrphanSeen { master } => say("orphan-seen").with("peer", name(*master)),
        Fact::MigrationRefused { master, why } => match why {
            MigrationRefused::StateFail => say("migration-refused-state"),
            MigrationRefused::Barrier { left, barrier } => {
                say("migration-refused-barrier").with("left", left).with("barrier", barrier)
            }
            MigrationRefused::AnotherGoes { who } => {
                say("migration-refused-other").with("who", name(*who))
            }
        }
        .with("peer", name(*master)),
        Fact::SyncAsked { .. }
        | Fact::FullSyncStarted { .. }
        | Fact::PartialSyncGranted { .. }
        | Fact::FullSyncDone { .. }
        | Fact::PartialSyncDone { .. }
        | Fact::ReplicaOnline { .. }
        | Fact::ReplicaLost { .. }
        | Fact::MasterLinkLost { .. }
        | Fact::MasterTimedOut { .. } => replication(fact, say, names),
    }
}

fn failure(fact: &Fact, say: impl Fn(&str) -> Sentence, names: &Names) -> Sentence {
    let name = |id| names.node(id);
    match fact {
        Fact::PfailSet { peer, silent_ms, .. } => {
            say("pfail-set").with("peer", name(*peer)).with("silent", spoken_ms(*silent_ms))
        }
        Fact::PfailCleared { peer } => say("pfail-cleared").with("peer", name(*peer)),
        Fact::ReportAdded { peer, by, .. } => {
            say("report-added").with("peer", name(*peer)).with("by", name(*by))
        }
        Fact::ReportDropped { peer, by } => {
            say("report-dropped").with("peer", name(*peer)).with("by", name(*by))
        }
        Fact::QuorumMissed { peer, have, needed } => say("quorum-missed")
            .with("peer", name(*peer))
            .with("have", counted(*have, "master"))
            .with("needed", needed),
        Fact::FailSet { peer, have, needed } => say("fail-set")
            .with("peer", name(*peer))
            .with("have", counted(*have, "master"))
            .with("needed", needed),
        Fact::FailHeard { peer, from } => {
            say("fail-heard").with("peer", name(*peer)).with("from", name(*from))
        }
        Fact::FailCleared { peer, why } => match why {
            FailCleared::ReplicaReachable => say("fail-cleared-replica"),
            FailCleared::MasterWithoutSlots => say("fail-cleared-slotless"),
            FailCleared::NobodyServesItsSlots => say("fail-cleared-nobody"),
        }
        .with("peer", name(*peer)),
        Fact::FailKept { peer, .. } => say("fail-kept").with("peer", name(*peer)),
        Fact::FailIgnored { about, .. } => say("fail-ignored").with("peer", name(*about)),
        other => unreachable!("{other:?} is no fact about failures"),
    }
}

fn ownership(fact: &Fact, say: impl Fn(&str) -> Sentence, names: &Names) -> Sentence {
    let name = |id| names.node(id);
    match fact {
        Fact::SlotsMoved { from, to, count, epoch, .. } => match from {
            Some(from) => say("slots-moved").with("from", name(*from)),
            None => say("slots-taken"),
        }
        .with("peer", name(*to))
        .with("slots", counted(u64::from(*count), "slot"))
        .with("epoch", epoch),
        Fact::SlotsAssigned { count, .. } => {
            say("slots-assigned").with("slots", counted(u64::from(*count), "slot"))
        }
        Fact::SlotsFreed { count, .. } => {
            say("slots-freed").with("slots", counted(u64::from(*count), "slot"))
        }
        Fact::UpdateSent { to, about } => {
            say("update-sent").with("to", name(*to)).with("peer", name(*about))
        }
        Fact::UpdateIgnored { about, why } => match why {
            UpdateIgnored::AboutMyself => return say("update-ignored-self"),
            UpdateIgnored::UnknownNode => say("update-ignored-unknown"),
            UpdateIgnored::UnknownSender => say("update-ignored-sender"),
            UpdateIgnored::NotNewer { known, reported } => {
                say("update-ignored-newer").with("known", known).with("reported", reported)
            }
        }
        .with("peer", name(*about)),
        Fact::PeerRoleChanged { peer, master: Some(master) } => {
            say("peer-now-replica").with("peer", name(*peer)).with("master", name(*master))
        }
        Fact::PeerRoleChanged { peer, master: None } => {
            say("peer-now-master").with("peer", name(*peer))
        }
        Fact::KeysDropped { count } => say("keys-dropped").with("keys", counted(*count, "key")),
        other => unreachable!("{other:?} is no fact about ownership"),
    }
}

fn open_slots(fact: &Fact, say: impl Fn(&str) -> Sentence, names: &Names) -> Sentence {
    let name = |id| names.node(id);
    match fact {
        Fact::SlotMigrating { slot, to } => {
            say("slot-migrating").with("slot", slot).with("peer", name(*to))
        }
        Fact::SlotImporting { slot, from, why } => match why {
            ImportReason::ByCommand => say("slot-importing"),
            ImportReason::KeysFound => say("slot-importing-found"),
        }
        .with("slot", slot)
        .with("peer", name(*from)),
        Fact::SlotClosed { slot } => say("slot-closed").with("slot", slot),
        Fact::SlotGiven { slot, to, .. } => {
            say("slot-given").with("slot", slot).with("peer", name(*to))
        }
        Fact::SlotTakenForKeys { slot } => say("slot-taken-for-keys").with("slot", slot),
        other => unreachable!("{other:?} is no fact about an open slot"),
    }
}

fn migration(fact: &Fact, say: impl Fn(&str) -> Sentence) -> Sentence {
    let (key, slot, to_port, count) = match fact {
        Fact::MigrationStarted { slot, to_port, count } => {
            ("migration-started", slot, to_port, Some(count))
        }
        Fact::KeysMigrated { slot, to_port, count } => {
            ("keys-migrated", slot, to_port, Some(count))
        }
        Fact::KeysCopied { slot, to_port, count } => ("keys-copied", slot, to_port, Some(count)),
        Fact::MigrationFailed { slot, to_port, why } => {
            let key = match why {
                MigrationFailure::Unreachable => "migration-unreachable",
                MigrationFailure::Silent => "migration-silent",
                MigrationFailure::Refused => "migration-refused",
            };
            (key, slot, to_port, None)
        }
        other => unreachable!("{other:?} is no fact about a migration"),
    };
    let sentence = say(key).with("slot", slot).with("peer", to_port);
    match count {
        Some(count) => sentence.with("keys", counted(*count, "key")),
        None => sentence,
    }
}

fn state(to: Health, why: StateReason, say: impl Fn(&str) -> Sentence, names: &Names) -> Sentence {
    match (to, why) {
        (Health::Ok, _) | (Health::Fail, StateReason::AllCovered) => say("state-ok"),
        (Health::Fail, StateReason::SlotUnassigned(slot)) => {
            say("state-fail-slot").with("slot", slot)
        }
        (Health::Fail, StateReason::OwnerFailed(peer)) => {
            say("state-fail-owner").with("peer", names.node(peer))
        }
        (Health::Fail, StateReason::Minority { reachable, size }) => {
            say("state-fail-minority").with("reachable", reachable).with("size", size)
        }
    }
}

fn election(fact: &Fact, say: impl Fn(&str) -> Sentence, names: &Names) -> Sentence {
    match fact {
        Fact::ElectionScheduled { delay_ms, rank, offset, .. } => say("election-scheduled")
            .with("delay", spoken_ms(*delay_ms))
            .with("rank", rank)
            .with("offset", offset),
        Fact::RankRaised { rank, added_ms } => {
            say("rank-raised").with("rank", rank).with("added", spoken_ms(*added_ms))
        }
        Fact::ElectionStarted { epoch, needed } => {
            say("election-started").with("epoch", epoch).with("needed", counted(*needed, "vote"))
        }
        Fact::ElectionWon { epoch, have, needed } => say("election-won")
            .with("epoch", epoch)
            .with("have", counted(*have, "vote"))
            .with("needed", needed),
        Fact::ElectionExpired { epoch, have, needed } => say("election-expired")
            .with("epoch", epoch)
            .with("have", counted(*have, "vote"))
            .with("needed", needed),
        Fact::ElectionImpossible { master, why } => match *why {
            ElectionImpossible::DataTooOld { age_ms, limit_ms } => say("data-too-old")
                .with("age", spoken_ms(age_ms))
                .with("limit", spoken_ms(limit_ms)),
            ElectionImpossible::NoFailover => say("election-no-failover"),
            ElectionImpossible::MasterWithoutSlots => {
                say("election-no-slots").with("peer", names.node(*master))
            }
            ElectionImpossible::WaitingDelay { left_ms } => {
                say("election-waits-delay").with("left", spoken_ms(left_ms))
            }
            ElectionImpossible::WaitingVotes { have, needed } => {
                say("election-waits-votes").with("have", have).with("needed", needed)
            }
            ElectionImpossible::Expired { retry_in_ms } => {
                say("election-expired-wait").with("left", spoken_ms(retry_in_ms))
            }
        },
        Fact::ElectionStalled { why, .. } => {
            say("election-stalled").with("why", why.log_text().unwrap_or_default())
        }
        other => unreachable!("{other:?} is no fact about an election"),
    }
}

fn manual_failover(fact: &Fact, say: impl Fn(&str) -> Sentence, names: &Names) -> Sentence {
    let name = |id| names.node(id);
    match fact {
        Fact::FailoverAccepted { master, way } => match way {
            FailoverWay::Plain => say("failover-accepted-plain"),
            FailoverWay::Force => say("failover-accepted-force"),
            FailoverWay::Takeover => say("failover-accepted-takeover"),
        }
        .with("peer", name(*master)),
        Fact::HandoverBegun { replica, offset } => {
            say("handover-begun").with("peer", name(*replica)).with("offset", offset)
        }
        Fact::HandoverRefused { by, why } => match why {
            HandoverRefused::UnknownSender => say("handover-refused-stranger"),
            HandoverRefused::NotMyReplica => say("handover-refused").with("peer", name(*by)),
        },
        Fact::MasterPaused { master, offset, mine } => say("master-paused")
            .with("peer", name(*master))
            .with("offset", offset)
            .with("mine", mine),
        Fact::CaughtUp { master, offset } => {
            say("caught-up").with("peer", name(*master)).with("offset", offset)
        }
        Fact::FailoverTimedOut { peer } => say("failover-timed-out").with("peer", name(*peer)),
        other => unreachable!("{other:?} is no fact about a manual failover"),
    }
}

fn vote_refused(
    why: VoteRefused,
    say: impl Fn(&str) -> Sentence,
    names: &Names,
    peer: &str,
) -> Sentence {
    match why {
        VoteRefused::NoSlots => return say("vote-refused-slots"),
        VoteRefused::OldEpoch { request, mine } => {
            say("vote-refused-epoch").with("request", request).with("mine", mine)
        }
        VoteRefused::AlreadyVoted { epoch } => say("vote-refused-twice").with("epoch", epoch),
        VoteRefused::IsMaster => say("vote-refused-master"),
        VoteRefused::UnknownMaster => say("vote-refused-unknown"),
        VoteRefused::MasterUp { master } => {
            say("vote-refused-up").with("master", names.node(master))
        }
        VoteRefused::VotedRecently { master, wait_ms } => say("vote-refused-recent")
            .with("master", names.node(master))
            .with("wait", spoken_ms(wait_ms)),
        VoteRefused::SlotEpoch { slot, owner, request } => say("vote-refused-slot")
            .with("slot", slot)
            .with("owner", owner)
            .with("request", request),
    }
    .with("peer", peer)
}

fn replication(fact: &Fact, say: impl Fn(&str) -> Sentence, names: &Names) -> Sentence {
    let name = |id| names.node(id);
    match fact {
        Fact::SyncAsked { of, offset, .. } => {
            say("sync-asked").with("peer", name(*of)).with("offset", offset)
        }
        Fact::FullSyncStarted { replica, why } => match why {
            FullSyncReason::FirstSync => say("full-sync-first"),
            FullSyncReason::OtherHistory => say("full-sync-history"),
            FullSyncReason::BeyondBacklog => say("full-sync-backlog"),
        }
        .with("peer", Names::addr(*replica)),
        Fact::PartialSyncGranted { replica, missing, .. } => {
            say("partial-sync-granted").with("peer", Names::addr(*replica)).with("missing", missing)
        }
        Fact::FullSyncDone { of, offset, keys } => say("full-sync-done")
            .with("peer", name(*of))
            .with("offset", offset)
            .with("keys", counted(*keys, "key")),
        Fact::PartialSyncDone { of, offset } => {
            say("partial-sync-done").with("peer", name(*of)).with("offset", offset)
        }
        Fact::ReplicaOnline { replica } => {
            say("replica-online").with("peer", Names::addr(*replica))
        }
        Fact::ReplicaLost { replica } => say("replica-lost").with("peer", Names::addr(*replica)),
        Fact::MasterLinkLost { of, offset } => {
            say("master-link-lost").with("peer", name(*of)).with("offset", offset)
        }
        Fact::MasterTimedOut { of } => say("master-timed-out").with("peer", name(*of)),
        other => unreachable!("{other:?} is no fact about replication"),
    }
}
