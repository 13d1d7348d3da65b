//! The connections on which keys have moved, kept for the next ones: rule 3.

use bytes::{Bytes, BytesMut};

use crate::words::ConnId;

/// How long a connection is kept after its last use, in seconds.
const KEPT_S: u64 = 10;

/// A connection to a target.
#[derive(Clone, Debug)]
pub(super) struct Target {
    host: Bytes,
    port: Bytes,
    pub(super) conn: ConnId,
    /// The database that it was told to use last, if that went well.
    pub(super) database: Option<i64>,
    pub(super) input: BytesMut,
    used_s: u64,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Targets {
    list: Vec<Target>,
}

impl Targets {
    /// The connection to a host and port, as they were spelled, which is used now.
    pub(super) fn reuse(&mut self, host: &[u8], port: &[u8], now_s: u64) -> Option<ConnId> {
        let found = self.list.iter_mut().find(|target| target.host == host && target.port == port);
        found.map(|target| {
            target.used_s = now_s;
            target.conn
        })
    }

    pub(super) fn add(&mut self, conn: ConnId, host: Bytes, port: Bytes, now_s: u64) {
        let (database, input) = (None, BytesMut::new());
        self.list.push(Target { host, port, conn, database, input, used_s: now_s });
    }

    pub(super) fn get_mut(&mut self, conn: ConnId) -> Option<&mut Target> {
        self.list.iter_mut().find(|target| target.conn == conn)
    }

    pub(super) fn remove(&mut self, conn: ConnId) {
        self.list.retain(|target| target.conn != conn);
    }

    /// Those that were not used for too long (`cluster.c: migrateCloseTimedoutSockets`).
    pub(super) fn take_unused(&mut self, now_s: u64) -> Vec<ConnId> {
        let unused = |target: &Target| now_s.saturating_sub(target.used_s) > KEPT_S;
        let taken = self.list.iter().filter(|target| unused(target)).map(|target| target.conn);
        let taken = taken.collect();
        self.list.retain(|target| !unused(target));
        taken
    }
}
