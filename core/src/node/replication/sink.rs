//! The master's side of replication.
//!
//! The rule (Redis 7.0, `replication.c: syncCommand, masterTryPartialResync,
//! replicationFeedSlaves, replicationCron`): a partial resync is granted when the wanted id is this
//! history's, or the previous one's up to the offset at which it ended, and the backlog has what
//! follows. Otherwise the replica waits; once a second, if somebody has waited for
//! `repl-diskless-sync-delay`, all who wait get one snapshot. The first replica of a master without a
//! backlog begins a new history. The offset grows only while there is a backlog.

use std::net::Ipv4Addr;
use std::sync::Arc;

use bytes::Bytes;

use super::Selected;
use super::backlog::{Backlog, Entry};
use crate::data;
use crate::node::Node;
use crate::node::fact::{Fact, FullSyncReason};
use crate::node::links::Conn;
use crate::node::port::{Effect, Effects, Packet};
use crate::node::stream::{Part, ReplId};
use crate::words::{Addr, ConnId};

/// A replica that is connected to this master.
#[derive(Clone, Debug)]
pub(in crate::node) struct Replica {
    conn: ConnId,
    ip: Ipv4Addr,
    port: u16,
    phase: Phase,
    acked: u64,
    last_ack_s: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Greeted,
    WaitsForSnapshot {
        since_s: u64,
    },
    /// Gets the stream, has not acknowledged any of it.
    Loading,
    Online,
}

impl Replica {
    pub(super) fn conn(&self) -> ConnId {
        self.conn
    }

    pub(super) fn is_online(&self) -> bool {
        self.phase == Phase::Online
    }

    pub(super) fn report(&self) -> (Ipv4Addr, u16, u64) {
        (self.ip, self.port, self.acked)
    }

    fn addr(&self) -> Addr {
        Addr { ip: self.ip, port: self.port, bus_port: 0 }
    }

    fn gets_stream(&self) -> bool {
        matches!(self.phase, Phase::Loading | Phase::Online)
    }
}

impl Node {
    /// What a replica says on its link.
    pub(in crate::node) fn on_replica_part(&mut self, conn: ConnId, part: Part, out: &mut Effects) {
        match part {
            Part::Hello { port } => self.greet_replica(conn, port, out),
            Part::Psync { want } => self.serve_sync(conn, want, out),
            Part::Ack { offset } => self.on_replica_ack(conn, offset, out),
            Part::HelloOk
            | Part::FullResync { .. }
            | Part::Snapshot { .. }
            | Part::Continue { .. }
            | Part::Command { .. } => {}
        }
    }

    fn greet_replica(&mut self, conn: ConnId, port: u16, out: &mut Effects) {
        let Some(Conn::FromClient(client)) = self.conns.get(conn) else { return };
        let ip = client.ip();
        self.conns.remove(conn);
        self.conns.insert(conn, Conn::FromReplica);
        let last_ack_s = self.now.seconds();
        let phase = Phase::Greeted;
        self.replication.replicas.push(Replica { conn, ip, port, phase, acked: 0, last_ack_s });
        out.send(conn, Packet::Replication(Part::HelloOk));
    }

    fn serve_sync(&mut self, conn: ConnId, want: Option<(ReplId, u64)>, out: &mut Effects) {
        let follows = self.replication.source.is_some();
        if follows && !self.replication.is_connected() {
            // No stream to pass on: the replica tries again later.
            self.drop_replica(conn, out);
            return;
        }
        match self.judge_sync(want) {
            Ok(after) => self.continue_stream(conn, after, out),
            Err(why) => self.queue_snapshot(conn, why, out),
        }
    }

    /// Whether the backlog has what follows; the verdict is the offset that the replica has.
    fn judge_sync(&self, want: Option<(ReplId, u64)>) -> Result<u64, FullSyncReason> {
        let (id, next) = want.ok_or(FullSyncReason::FirstSync)?;
        let shared = |(previous, end): (ReplId, u64)| previous == id && next <= end;
        if id != self.replication.replid && !self.replication.previous.is_some_and(shared) {
            return Err(FullSyncReason::OtherHistory);
        }
        let after = next - 1;
        let backlog = self.replication.backlog.as_ref().ok_or(FullSyncReason::BeyondBacklog)?;
        backlog.after(after).map(|_| after).ok_or(FullSyncReason::BeyondBacklog)
    }

    fn continue_stream(&mut self, conn: ConnId, after: u64, out: &mut Effects) {
        let replid = self.replication.replid;
        let missing = self.replication.offset - after;
        let Some(replica) = self.replication.replica_mut(conn) else { return };
        replica.phase = Phase::Online;
        let replica = replica.addr();
        out.note(Fact::PartialSyncGranted { replica, from: after, missing });
        out.send(conn, Packet::Replication(Part::Continue { replid }));
        let entries = self.replication.backlog.as_ref().and_then(|backlog| backlog.after(after));
        for entry in entries.into_iter().flatten() {
            let (args, end) = (entry.args.clone(), entry.end);
            out.send(conn, Packet::Replication(Part::Command { args, end }));
        }
    }

    fn queue_snapshot(&mut self, conn: ConnId, why: FullSyncReason, out: &mut Effects) {
        if self.replication.backlog.is_none() && self.replication.source.is_none() {
            self.replication.replid = ReplId::random(&mut self.dice);
            self.replication.previous = None;
            self.replication.backlog = Some(Backlog::new(self.replication.offset));
        }
        let since_s = self.now.seconds();
        let Some(replica) = self.replication.replica_mut(conn) else { return };
        replica.phase = Phase::WaitsForSnapshot { since_s };
        let replica = replica.addr();
        out.note(Fact::FullSyncStarted { replica, why });
        if self.config.repl_sync_delay_s == 0 {
            self.send_snapshots(out);
        }
    }

    /// One snapshot for all who wait, if one of them has waited long enough.
    fn send_snapshots(&mut self, out: &mut Effects) {
        let now_s = self.now.seconds();
        let delay_s = self.config.repl_sync_delay_s;
        let waited = |replica: &Replica| match replica.phase {
            Phase::WaitsForSnapshot { since_s } => now_s.saturating_sub(since_s) >= delay_s,
            Phase::Greeted | Phase::Loading | Phase::Online => false,
        };
        if !self.replication.replicas.iter().any(waited) {
            return;
        }
        let (replid, offset) = (self.replication.replid, self.replication.offset);
        self.replication.selected = Selected::No;
        for replica in &mut self.replication.replicas {
            if !matches!(replica.phase, Phase::WaitsForSnapshot { .. }) {
                continue;
            }
            replica.phase = Phase::Loading;
            let keyspace = Box::new(self.keyspace.clone());
            let full = Part::FullResync { replid, offset };
            out.send(replica.conn, Packet::Replication(full));
            let snapshot = Part::Snapshot { offset, keyspace };
            out.send(replica.conn, Packet::Replication(snapshot));
        }
    }

    fn on_replica_ack(&mut self, conn: ConnId, offset: u64, out: &mut Effects) {
        let now_s = self.now.seconds();
        let Some(replica) = self.replication.replica_mut(conn) else { return };
        replica.acked = offset;
        replica.last_ack_s = now_s;
        if replica.phase == Phase::Loading {
            replica.phase = Phase::Online;
            out.note(Fact::ReplicaOnline { replica: replica.addr() });
        }
    }

    /// Writes that replicas must follow.
    pub(in crate::node) fn propagate(&mut self, calls: Vec<Vec<Bytes>>, out: &mut Effects) {
        if calls.is_empty() || self.replication.backlog.is_none() {
            return;
        }
        if self.replication.selected == Selected::No {
            self.replication.selected = Selected::Yes;
            self.feed(vec![Bytes::from_static(b"SELECT"), Bytes::from_static(b"0")], out);
        }
        for call in calls {
            self.feed(call, out);
        }
    }

    fn feed(&mut self, args: Vec<Bytes>, out: &mut Effects) {
        self.replication.offset += data::call_len(&args);
        let end = self.replication.offset;
        self.pass_on(&args.into(), end, out);
    }

    /// One command of the stream, into the backlog and to the replicas: a master's own, or what a
    /// replica got from its master.
    pub(super) fn pass_on(&mut self, args: &Arc<[Bytes]>, end: u64, out: &mut Effects) {
        let bytes_max = self.config.repl_backlog_bytes;
        if let Some(backlog) = &mut self.replication.backlog {
            backlog.push(Entry { args: args.clone(), end }, bytes_max);
        }
        for replica in self.replication.replicas.iter().filter(|replica| replica.gets_stream()) {
            let part = Part::Command { args: args.clone(), end };
            out.send(replica.conn, Packet::Replication(part));
        }
    }

    /// A replica's link ended.
    pub(in crate::node) fn on_replica_closed(&mut self, conn: ConnId, out: &mut Effects) {
        let gone = |replica: &Replica| replica.conn == conn;
        if let Some(at) = self.replication.replicas.iter().position(gone) {
            let replica = self.replication.replicas.remove(at);
            out.note(Fact::ReplicaLost { replica: replica.addr() });
        }
    }

    fn drop_replica(&mut self, conn: ConnId, out: &mut Effects) {
        self.conns.remove(conn);
        out.push(Effect::Close { conn });
        self.on_replica_closed(conn, out);
    }

    pub(super) fn drop_replicas(&mut self, out: &mut Effects) {
        let conns: Vec<ConnId> = self.replication.replicas.iter().map(Replica::conn).collect();
        for conn in conns {
            self.drop_replica(conn, out);
        }
    }

    /// Once a second: ping the replicas, send snapshots, drop who does not acknowledge.
    pub(super) fn sink_round(&mut self, out: &mut Effects) {
        let now_s = self.now.seconds();
        let has_replicas = !self.replication.replicas.is_empty();
        let ping_due =
            now_s.saturating_sub(self.replication.last_ping_s) >= self.config.repl_ping_period_s;
        if self.replication.source.is_none() && has_replicas && ping_due {
            self.replication.last_ping_s = now_s;
            self.feed(vec![Bytes::from_static(b"PING")], out);
        }
        let timeout_s = self.config.repl_timeout_s;
        let silent: Vec<ConnId> = (self.replication.replicas.iter())
            .filter(|replica| replica.is_online())
            .filter(|replica| now_s.saturating_sub(replica.last_ack_s) > timeout_s)
            .map(Replica::conn)
            .collect();
        for conn in silent {
            self.drop_replica(conn, out);
        }
        self.send_snapshots(out);
    }

    /// The rounds of both sides (`replicationCron`).
    pub(in crate::node) fn replication_round(&mut self, out: &mut Effects) {
        self.source_round(out);
        self.sink_round(out);
    }
}
