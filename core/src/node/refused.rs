//! Commands that exist, and that a node in cluster mode refuses.
//!
//! The rule (Redis 7.0, `db.c: moveCommand, swapdbCommand`, `replication.c: replicaofCommand,
//! failoverCommand`): a cluster has one database and hands out its roles itself, so these answer
//! with an error whatever their arguments are. MOVE has a key, and is redirected before that.

use super::command::{NodeRow, Run};
use crate::data::{Categories, Flags, Group, KeySpec, KeyUse, Reply, Spec};

const fn spec(name: &'static str, arity: i32, usage: &'static str, group: Group) -> Spec {
    Spec {
        name,
        arity,
        flags: Flags::ADMIN.and(Flags::NOSCRIPT).and(Flags::STALE),
        usage,
        summary: "Not in cluster mode.",
        since: "1.0.0",
        group,
        ..Spec::BLANK
    }
}

const FOLLOWS: Flags =
    Flags::ADMIN.and(Flags::NOSCRIPT).and(Flags::STALE).and(Flags::NO_ASYNC_LOADING);
const WRITE_FAST: Flags = Flags::WRITE.and(Flags::FAST);

pub(super) const ROWS: &[NodeRow] = &[
    NodeRow {
        spec: Spec {
            flags: WRITE_FAST,
            keys: KeySpec::ONE,
            uses: &[KeyUse::CHANGES],
            ..spec("move", 3, "key db", Group::Generic)
        },
        run: Run::Reply(|_, _, _, _| Reply::error("ERR MOVE is not allowed in cluster mode")),
    },
    NodeRow {
        spec: Spec {
            flags: WRITE_FAST,
            since: "4.0.0",
            categories: Some(Categories::KEYSPACE.and(Categories::DANGEROUS)),
            ..spec("swapdb", 3, "index1 index2", Group::Server)
        },
        run: Run::Reply(|_, _, _, _| Reply::error("ERR SWAPDB is not allowed in cluster mode")),
    },
    NodeRow {
        spec: Spec {
            flags: FOLLOWS,
            since: "5.0.0",
            ..spec("replicaof", 3, "host port", Group::Server)
        },
        run: Run::Reply(|_, _, _, _| Reply::error("ERR REPLICAOF not allowed in cluster mode.")),
    },
    NodeRow {
        spec: Spec { flags: FOLLOWS, ..spec("slaveof", 3, "host port", Group::Server) },
        run: Run::Reply(|_, _, _, _| Reply::error("ERR REPLICAOF not allowed in cluster mode.")),
    },
    NodeRow {
        spec: Spec {
            since: "6.2.0",
            ..spec("failover", -1, "[TO host port [FORCE]] [ABORT] [TIMEOUT ms]", Group::Server)
        },
        run: Run::Reply(|_, _, _, _| {
            Reply::error(
                "ERR FAILOVER not allowed in cluster mode. Use CLUSTER FAILOVER command instead.",
            )
        }),
    },
];
