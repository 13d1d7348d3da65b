//! The lines of the log about the disk, and about the end of a process.
//!
//! The rule (Redis 7.0, `rdb.c`, `server.c: serverCron, loadDataFromDisk, prepareForShutdown,
//! finishShutdown`). How we differ: sizes of memory and numbers of children are made up, files are
//! as old as nothing, and loading takes no time.

use super::lines::{Line, NOTICE, WARNING, addr, one};
use crate::node::{LoadedFrom, Notice};

pub(super) fn of_disk(notice: &Notice, port: u16) -> Vec<Line> {
    match notice {
        Notice::SavePoint { changes, seconds } => {
            one(NOTICE, format!("{changes} changes in {seconds} seconds. Saving..."))
        }
        Notice::SaveBegun => {
            one(NOTICE, format!("Background saving started by pid {}", child(port)))
        }
        Notice::SaveDone => one(NOTICE, "Background saving terminated with success"),
        Notice::Saved => one(NOTICE, "DB saved on disk"),
        Notice::Loaded { keys, from } => loaded(*keys, *from),
        Notice::ShutdownAsked => one(WARNING, "User requested shutdown..."),
        Notice::WaitsForReplicas => one(NOTICE, "Waiting for replicas before shutting down."),
        Notice::ReplicaLags { replica, behind, lag_s, state } => one(
            NOTICE,
            format!(
                "Lagging replica {} reported offset {behind} behind master, lag={lag_s}, state={}.",
                addr(*replica),
                state.name()
            ),
        ),
        Notice::ReplicasInSync { ready, all } => {
            one(NOTICE, format!("{ready} of {all} replicas are in sync when shutting down."))
        }
        Notice::AofForced => one(NOTICE, "Calling fsync() on the AOF file."),
        Notice::FinalSave => one(NOTICE, "Saving the final RDB snapshot before exiting."),
        Notice::Bye => one(WARNING, "Redis is now ready to exit, bye bye..."),
        _ => Vec::new(),
    }
}

fn child(port: u16) -> u16 {
    40_000 + port % 10_000
}

fn loaded(keys: u64, from: LoadedFrom) -> Vec<Line> {
    let texts = match from {
        LoadedFrom::Snapshot => vec![
            "Loading RDB produced by version 7.0.15".to_owned(),
            "RDB age 0 seconds".to_owned(),
            "RDB memory usage when created 1.75 Mb".to_owned(),
            format!("Done loading RDB, keys loaded: {keys}, keys expired: 0."),
            "DB loaded from disk: 0.000 seconds".to_owned(),
        ],
        LoadedFrom::AppendOnlyFile => {
            vec!["DB loaded from append only file: 0.000 seconds".to_owned()]
        }
    };
    texts.into_iter().map(|text| (NOTICE, text)).collect()
}
