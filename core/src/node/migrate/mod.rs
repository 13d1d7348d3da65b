//! MIGRATE: keys leave this node for another one, and this node waits until they are there.
//!
//! The problem: a key that moves must never be at two nodes or at none, for anybody who asks. The
//! idea: the source sends the values to the target as a client would, and does *nothing else* until
//! the target has answered. Only then it deletes what was taken. Whoever asks meanwhile waits.
//!
//! The rule (Redis 7.0, `cluster.c: migrateCommand, migrateGetSocket`):
//! 1. The options are read, then timeout and database. A timeout of 0 or less means a second.
//! 2. Keys that are not here are left out; if none is left the answer is NOKEY.
//! 3. A connection to the target is opened, or one that was used in the last ten seconds is used
//!    again. On it go AUTH if it was asked for, SELECT unless the database is the last one, and
//!    RESTORE-ASKING for each key, with the rest of its time to live; all at once.
//! 4. Each reply is waited for as long as the timeout says. A key whose reply is no error is
//!    deleted, unless COPY was said; what replicas get is DEL. If AUTH or SELECT failed, no key is.
//! 5. The first error of the target is the answer, after all replies are read. A connection that
//!    ends before the first key was answered is tried once more; a timeout is not.
//!
//! `order` reads the call, `run` lets it run, `targets` keeps the connections.
//!
//! How we differ: a real process also waits while it connects to an address that nobody answers
//! for; its replies to earlier calls of the same input leave only afterwards.

mod order;
mod run;
mod targets;

use std::collections::VecDeque;

use bytes::Bytes;

use super::Node;
use super::command::{NodeRow, Run};
use super::connection::Answer;
use super::fact::Fact;
use super::port::Effects;
use crate::data::{Categories, Flags, Group, KeySpec, KeyUse, Reply, Spec};
use crate::words::ConnId;
use order::Order;
use run::Migration;
use targets::Targets;

pub(super) const ROWS: &[NodeRow] = &[NodeRow {
    spec: Spec {
        name: "migrate",
        arity: -6,
        flags: Flags::WRITE.and(Flags::MOVABLE_KEYS),
        keys: KeySpec::new(3, 3, 1),
        usage: "host port key| destination-db timeout [COPY] [REPLACE] \
                [AUTH password|AUTH2 username password] [KEYS key [key ...]]",
        summary: "Atomically transfer a key from a Redis instance to another one.",
        since: "2.6.0",
        group: Group::Generic,
        uses: &[KeyUse::TAKES, KeyUse::TAKES_SOME],
        tips: &["nondeterministic_output"],
        categories: Some(Categories::KEYSPACE.and(Categories::DANGEROUS)),
    },
    run: Run::Answer(migrate),
}];

/// What moves, and the connections on which it does.
#[derive(Clone, Debug, Default)]
pub(super) struct Migrations {
    /// The first one runs, the others wait for it.
    queue: VecDeque<Migration>,
    targets: Targets,
}

fn migrate(node: &mut Node, client: ConnId, args: &[Bytes], out: &mut Effects) -> Answer {
    let order = match Order::parse(args) {
        Ok(order) => order,
        Err(error) => return error.into(),
    };
    let keys: Vec<Bytes> = order.keys.iter().filter(|key| node.has_key(key)).cloned().collect();
    let Some(first) = keys.first() else { return Reply::simple("NOKEY").into() };
    let slot = crate::words::slot_of_key(first);
    out.note(Fact::MigrationStarted { slot, to_port: order.port, count: keys.len() as u64 });
    node.migrations.queue.push_back(Migration::new(client, args, order, keys));
    if node.migrations.queue.len() == 1 {
        node.begin_migration(out);
    }
    Answer::Later
}
