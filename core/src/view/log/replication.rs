//! The lines of the log about replication, and those that tell of nothing else.
//!
//! The rule (Redis 7.0, `replication.c`, `networking.c: freeClient`, `server.c: main`): each stage
//! of a resync has its line on both sides.

use super::disk;
use super::lines::{Line, NOTICE, VERBOSE, WARNING, addr, one, stale_claim};
use crate::node::{Fact, Gave, Held, Identity, NotContinued, Notice};
use crate::words::NodeId;

pub(super) fn of_replication(fact: &Fact) -> Vec<Line> {
    match fact {
        Fact::SyncAsked { replid: Some(replid), offset, .. } => one(
            NOTICE,
            format!("Trying a partial resynchronization (request {replid}:{}).", offset + 1),
        ),
        Fact::SyncAsked { replid: None, .. } => {
            one(NOTICE, "Partial resynchronization not possible (no cached master)")
        }
        Fact::FullSyncStarted { replica, .. } => {
            one(NOTICE, format!("Replica {} asks for synchronization", addr(*replica)))
        }
        Fact::PartialSyncGranted { replica, from, missing } => vec![
            (NOTICE, format!("Replica {} asks for synchronization", addr(*replica))),
            (
                NOTICE,
                format!(
                    "Partial resynchronization request from {} accepted. \
                     Sending {missing} bytes of backlog starting from offset {}.",
                    addr(*replica),
                    from + 1
                ),
            ),
        ],
        Fact::FullSyncDone { keys, .. } => [
            "MASTER <-> REPLICA sync: Flushing old data".to_owned(),
            "MASTER <-> REPLICA sync: Loading DB in memory".to_owned(),
            "Loading RDB produced by version 7.0.15".to_owned(),
            "RDB age 0 seconds".to_owned(),
            "RDB memory usage when created 1.75 Mb".to_owned(),
            format!("Done loading RDB, keys loaded: {keys}, keys expired: 0."),
            "MASTER <-> REPLICA sync: Finished with success".to_owned(),
        ]
        .map(|text| (NOTICE, text))
        .to_vec(),
        Fact::PartialSyncDone { .. } => {
            one(NOTICE, "MASTER <-> REPLICA sync: Master accepted a Partial Resynchronization.")
        }
        Fact::ReplicaOnline { replica } => {
            one(NOTICE, format!("Synchronization with replica {} succeeded", addr(*replica)))
        }
        Fact::ReplicaLost { replica } => {
            one(WARNING, format!("Connection with replica {} lost.", addr(*replica)))
        }
        Fact::MasterLinkLost { .. } => vec![
            (WARNING, "Connection with master lost.".to_owned()),
            (NOTICE, "Caching the disconnected master state.".to_owned()),
        ],
        Fact::MasterTimedOut { .. } => one(WARNING, "MASTER timeout: no data nor PING received..."),
        _ => Vec::new(),
    }
}

pub(super) fn of_notice(notice: &Notice, port: u16) -> Vec<Line> {
    match notice {
        Notice::Started { id, identity } => started(*id, *identity, port),
        Notice::OwnAddress { ip } => {
            one(WARNING, format!("IP address for this node updated to {ip}"))
        }
        Notice::EpochForImport { slot } => {
            one(WARNING, format!("configEpoch updated after importing slot {slot}"))
        }
        Notice::UpdateUnsent { to, about } => stale_claim(*to, *about),
        Notice::NotContinued(why) => not_continued(*why),
        Notice::BacklogMade { replid } => one(
            NOTICE,
            format!(
                "Replication backlog created, my new replication IDs are '{replid}' and '{}'",
                "0".repeat(40)
            ),
        ),
        Notice::SnapshotDelayed => one(NOTICE, "Delay next BGSAVE for diskless SYNC"),
        Notice::SnapshotBegun => vec![
            (NOTICE, "Starting BGSAVE for SYNC with target: replicas sockets".to_owned()),
            (NOTICE, format!("Background RDB transfer started by pid {}", 40_000 + port % 10_000)),
        ],
        Notice::SnapshotRead { replicas } => one(
            WARNING,
            format!("Diskless rdb transfer, done reading from pipe, {replicas} replicas still up."),
        ),
        Notice::SnapshotDone => one(NOTICE, "Background RDB transfer terminated with success"),
        Notice::Streamed { replica } => one(
            NOTICE,
            format!(
                "Streamed RDB transfer with replica {} succeeded (socket). Waiting for REPLCONF \
                 ACK from slave to enable streaming",
                addr(*replica)
            ),
        ),
        Notice::ReplicaTimedOut { replica } => one(
            WARNING,
            format!("Disconnecting timedout replica (streaming sync): {}", addr(*replica)),
        ),
        Notice::BacklogFreed { after_s } => one(
            NOTICE,
            format!(
                "Replication backlog freed after {after_s} seconds without connected replicas."
            ),
        ),
        Notice::Ready => one(NOTICE, "Ready to accept connections"),
        Notice::KnownAlready { peer } => one(
            VERBOSE,
            format!("Handshake: we already know node {peer}, updating the address if needed."),
        ),
        Notice::HardReset { id } => vec![
            (WARNING, "configEpoch set to 0 via CLUSTER RESET HARD".to_owned()),
            (NOTICE, format!("Node hard reset, now I'm {id}")),
        ],
        Notice::ConfigRewritten => one(WARNING, "CONFIG REWRITE executed with success."),
        Notice::MessageDropped => one(WARNING, "Dropping packet that matches debug drop filter"),
        Notice::SavePoint { .. }
        | Notice::SaveBegun
        | Notice::SaveDone
        | Notice::Saved
        | Notice::Loaded { .. }
        | Notice::ShutdownAsked
        | Notice::WaitsForReplicas
        | Notice::ReplicaLags { .. }
        | Notice::ReplicasInSync { .. }
        | Notice::AofForced
        | Notice::FinalSave
        | Notice::Bye => disk::of_disk(notice, port),
        other => of_own_sync(other),
    }
}

/// What a replica says of its link to the master.
fn of_own_sync(notice: &Notice) -> Vec<Line> {
    let began = || (NOTICE, "MASTER <-> REPLICA sync started".to_owned());
    match notice {
        Notice::OffersHistory => one(
            NOTICE,
            "Before turning into a replica, using my own master parameters to synthesize a cached \
             master: I may be able to synchronize with the new master with just a partial \
             transfer.",
        ),
        Notice::Connects { to } => {
            vec![(NOTICE, format!("Connecting to MASTER {}", addr(*to))), began()]
        }
        Notice::Reconnects { to } => {
            vec![(NOTICE, format!("Reconnecting to MASTER {}", addr(*to))), began()]
        }
        Notice::ReconnectsAfterFailure { to } => {
            let text = format!("Reconnecting to MASTER {} after failure", addr(*to));
            vec![(NOTICE, text), began()]
        }
        Notice::ConnectFired => one(NOTICE, "Non blocking connect for SYNC fired the event."),
        Notice::ConnectRefused => {
            one(WARNING, "Error condition on socket for SYNC: Connection refused")
        }
        Notice::MasterGreeted => one(NOTICE, "Master replied to PING, replication can continue..."),
        Notice::HandshakeBroken => {
            unread("Master did not respond to command during SYNC handshake")
        }
        Notice::SyncUnanswered => unread("Master did not reply to PSYNC, will try later"),
        Notice::SyncPutOff => one(
            NOTICE,
            "Master is currently unable to PSYNC but should be in the future: -NOMASTERLINK Can't \
             SYNC while not connected with my master",
        ),
        Notice::TransferBroken => one(WARNING, "I/O error reading bulk count from MASTER: Success"),
        Notice::HandshakeTimedOut => one(WARNING, "Timeout connecting to the MASTER..."),
        Notice::Denied { gave: Gave::WrongPassword } => one(
            WARNING,
            "Unable to AUTH to MASTER: -WRONGPASS invalid username-password pair or user is \
             disabled.",
        ),
        Notice::Denied { gave: Gave::NoPassword } => {
            one(WARNING, "Unexpected reply to PSYNC from master: -NOAUTH Authentication required.")
        }
        Notice::TransferTimedOut => one(
            WARNING,
            "Timeout receiving bulk data from MASTER... If the problem persists try to set the \
             'repl-timeout' parameter in redis.conf to a larger value.",
        ),
        Notice::MasterLeft => vec![
            (WARNING, "Connection with master lost.".to_owned()),
            (NOTICE, "Caching the disconnected master state.".to_owned()),
        ],
        Notice::FullResync { replid, offset } => {
            one(NOTICE, format!("Full resync from master: {replid}:{offset}"))
        }
        Notice::Receives => one(
            NOTICE,
            "MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF to disk",
        ),
        Notice::ForgetsHistory => one(NOTICE, "Discarding previously cached master state."),
        Notice::Continued => one(NOTICE, "Successful partial resynchronization with master."),
        Notice::ReplidChanged { to } => {
            one(WARNING, format!("Master replication ID changed to {to}"))
        }
        Notice::SecondId { old, until, new } => one(
            WARNING,
            format!(
                "Setting secondary replication ID to {old}, valid up to offset: {until}. \
                 New replication ID is {new}"
            ),
        ),
        _ => Vec::new(),
    }
}

/// The link ended where an answer was to come.
fn unread(so: &str) -> Vec<Line> {
    let read = "Failed to read response from the server: Success";
    vec![(WARNING, read.to_owned()), (WARNING, so.to_owned())]
}

fn started(id: NodeId, identity: Identity, port: u16) -> Vec<Line> {
    let found = match identity {
        Identity::Loaded => format!("Node configuration loaded, I'm {id}"),
        Identity::Made => format!("No cluster configuration found, I'm {id}"),
    };
    vec![
        (NOTICE, found),
        (NOTICE, format!("Running mode=cluster, port={port}.")),
        (WARNING, "Server initialized".to_owned()),
    ]
}

fn not_continued(why: NotContinued) -> Vec<Line> {
    let nobody = || "0".repeat(40);
    match why {
        NotContinued::NothingKnown { replica } => {
            one(NOTICE, format!("Full resync requested by replica {}", addr(replica)))
        }
        NotContinued::OtherId { asked, own, second } => one(
            NOTICE,
            format!(
                "Partial resynchronization not accepted: Replication ID mismatch (Replica asked \
                 for '{asked}', my replication IDs are '{own}' and '{}')",
                second.map_or_else(nobody, |second| second.to_string())
            ),
        ),
        NotContinued::BeyondSecondId { asked, end } => one(
            NOTICE,
            format!(
                "Partial resynchronization not accepted: Requested offset for second ID was \
                 {asked}, but I can reply up to {end}"
            ),
        ),
        NotContinued::NotInBacklog { replica, asked, held } => {
            let replica = addr(replica);
            let mut lines = one(
                NOTICE,
                format!(
                    "Unable to partial resync with replica {replica} for lack of backlog \
                     (Replica request was: {asked})."
                ),
            );
            if held == Held::NotYet {
                lines.push((
                    WARNING,
                    format!(
                        "Warning: replica {replica} tried to PSYNC with an offset that is greater \
                         than the master replication offset."
                    ),
                ));
            }
            lines
        }
    }
}
