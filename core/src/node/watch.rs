//! Watched keys: a transaction that was planned on old values does not run.
//!
//! The problem: a client reads a key, decides, and writes; between the two another one may write.
//! WATCH is the promise that this will be noticed.
//!
//! The rule (Redis 7.0, `multi.c: watchForKey, touchWatchedKey, touchAllWatchedKeysInDb,
//! isWatchedKeyExpired`):
//! 1. A write to a watched key marks whoever watches it; so does a flush, if the key was there.
//! 2. A key whose time is over at EXEC marks as well, deleted or not, unless it was expired when it
//!    began to be watched: then its deletion changes nothing that the client saw.
//! 3. The mark holds until EXEC, DISCARD or UNWATCH; they forget the keys as well.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::Node;
use super::command::CONNECTED;
use super::port::Effects;
use crate::data::{Keyspace, Reply};
use crate::words::{ConnId, Time};

#[derive(Clone, Debug)]
struct Watch {
    conn: ConnId,
    key: Bytes,
    seen: Seen,
}

/// How a key was when it began to be watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Alive,
    Expired,
}

/// Who watches what, in the order in which it began.
#[derive(Clone, Debug, Default)]
pub(super) struct Watches {
    list: Vec<Watch>,
    marked: BTreeSet<ConnId>,
}

impl Watches {
    fn watch(&mut self, conn: ConnId, key: &Bytes, seen: Seen) {
        if !self.list.iter().any(|watch| watch.conn == conn && watch.key == *key) {
            self.list.push(Watch { conn, key: key.clone(), seen });
        }
    }

    /// Forgets a client's keys and its mark (rule 3).
    pub(super) fn forget(&mut self, conn: ConnId) {
        self.list.retain(|watch| watch.conn != conn);
        self.marked.remove(&conn);
    }

    /// Keys changed (rule 1, and the exception of rule 2).
    pub(super) fn touch(&mut self, keys: &[Bytes], keyspace: &Keyspace) {
        if self.list.is_empty() {
            return;
        }
        for watch in self.list.iter_mut().filter(|watch| keys.contains(&watch.key)) {
            if watch.seen == Seen::Expired && keyspace.get_stored(&watch.key).is_none() {
                watch.seen = Seen::Alive;
            } else {
                self.marked.insert(watch.conn);
            }
        }
    }

    pub(super) fn is_marked(&self, conn: ConnId) -> bool {
        self.marked.contains(&conn)
    }

    /// Whether a client's transaction must not run.
    pub(super) fn forbid(&self, conn: ConnId, keyspace: &Keyspace, now: Time) -> bool {
        let expired = |watch: &Watch| {
            watch.conn == conn && watch.seen == Seen::Alive && keyspace.is_expired(&watch.key, now)
        };
        self.marked.contains(&conn) || self.list.iter().any(expired)
    }
}

impl Node {
    /// Keys changed, whoever changed them.
    pub(super) fn touch_keys(&mut self, keys: &[Bytes]) {
        self.watches.touch(keys, &self.keyspace);
    }

    /// All keys gave way to those that are there now, as after a full resync.
    pub(super) fn touch_all_keys(&mut self, before: &Keyspace) {
        let changed = |watch: &Watch| {
            let is_there = |keyspace: &Keyspace| keyspace.get_stored(&watch.key).is_some();
            is_there(before) || is_there(&self.keyspace)
        };
        let watched = self.watches.list.iter().filter(|watch| changed(watch));
        let keys: Vec<Bytes> = watched.map(|watch| watch.key.clone()).collect();
        self.watches.touch(&keys, &self.keyspace);
    }
}

/// WATCH.
pub(super) fn watch(node: &mut Node, conn: ConnId, args: &[Bytes], _: &mut Effects) -> Reply {
    if node.client(conn).expect(CONNECTED).queue().is_some() {
        return Reply::error("ERR WATCH inside MULTI is not allowed");
    }
    if !node.watches.is_marked(conn) {
        for key in &args[1..] {
            let expired = node.keyspace.is_expired(key, node.now);
            node.watches.watch(conn, key, if expired { Seen::Expired } else { Seen::Alive });
        }
    }
    Reply::ok()
}

/// UNWATCH.
pub(super) fn unwatch(node: &mut Node, conn: ConnId, _: &[Bytes], _: &mut Effects) -> Reply {
    node.watches.forget(conn);
    Reply::ok()
}
