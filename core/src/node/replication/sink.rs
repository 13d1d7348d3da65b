//! The master's side of replication.
//!
//! The rule (Redis 7.0, `replication.c: syncCommand, masterTryPartialResync,
//! replicationFeedSlaves, replicationCron`): a partial resync is granted when the wanted id is this
//! history's, or the previous one's up to the offset at which it ended, and the backlog has what
//! follows. Otherwise the replica waits; once a second, if somebody has waited for
//! `repl-diskless-sync-delay`, all who wait get one snapshot. The first replica of a master without
//! a backlog begins a new history. The offset grows only while there is a backlog; a master that
//! had no replica for `repl-backlog-ttl` frees it, and takes a new id at once, because whatever it
//! does from then on is not counted. Every `repl-ping-replica-period` rounds of the process, not
//! seconds since the last ping, a PING goes into the stream; but not while clients are paused for a
//! manual failover: the offset has to stand still.

use std::net::Ipv4Addr;

use bytes::Bytes;

use super::backlog::{self, Backlog};
use super::wire::{Asked, End, Introduction, Wants};
use super::{Attached, Replication, Selected};
use crate::data::{self, Reply, Seen};
use crate::node::Node;
use crate::node::fact::{Fact, FullSyncReason};
use crate::node::links::Conn;
use crate::node::notice::{Held, NotContinued, Notice, ReplicaState};
use crate::node::port::{Effect, Effects, Packet};
use crate::node::stats::Stat;
use crate::node::stream::{Entry, Part, ReplId};
use crate::words::{Addr, ConnId};

/// The rounds of replication come once a second, at every tenth tick.
const TICKS_PER_ROUND: u64 = 10;

/// A replica that is connected to this master.
#[derive(Clone, Debug)]
pub(in crate::node) struct Replica {
    conn: ConnId,
    ip: Ipv4Addr,
    port: u16,
    phase: Phase,
    speech: Speech,
    acked: u64,
    last_ack_s: u64,
}

/// In which terms a replica is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speech {
    /// In values: it is a node.
    Parts,
    Bytes(Introduction),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Said on which port it listens; no replica yet.
    Greeted,
    WaitsForSnapshot {
        since_s: u64,
    },
    /// Gets the stream, has not acknowledged any of it.
    Loading,
    Online,
}

impl Replica {
    /// A replica that speaks bytes.
    pub(super) fn on_wire(conn: ConnId, ip: Ipv4Addr, said: Introduction, now_s: u64) -> Replica {
        let (port, phase) = (said.port, Phase::Greeted);
        let speech = Speech::Bytes(said);
        Replica { conn, ip, port, phase, speech, acked: 0, last_ack_s: now_s }
    }

    pub(super) fn conn(&self) -> ConnId {
        self.conn
    }

    pub(super) fn is_online(&self) -> bool {
        self.phase == Phase::Online
    }

    pub(super) fn has_acked(&self, offset: u64) -> bool {
        self.is_online() && self.acked >= offset
    }

    /// How long ago it acknowledged, if it is online.
    pub(super) fn lag_s(&self, now_s: u64) -> Option<u64> {
        self.is_online().then(|| now_s.saturating_sub(self.last_ack_s))
    }

    /// As INFO lists it, once it has asked for the stream.
    pub(super) fn attached(&self, now_s: u64) -> Option<Attached> {
        let state = match self.phase {
            Phase::Greeted => return None,
            Phase::WaitsForSnapshot { .. } | Phase::Loading => ReplicaState::WaitsForSnapshot,
            Phase::Online => ReplicaState::Online,
        };
        let (ip, port, acked) = self.report();
        Some(Attached { ip, port, state, acked, lag_s: self.lag_s(now_s).unwrap_or(0) })
    }

    pub(super) fn report(&self) -> (Ipv4Addr, u16, u64) {
        (self.ip, self.port, self.acked)
    }

    /// For how long it has acknowledged nothing.
    pub(super) fn silence_s(&self, now_s: u64) -> u64 {
        now_s.saturating_sub(self.last_ack_s)
    }

    fn addr(&self) -> Addr {
        Addr { ip: self.ip, port: self.port, bus_port: 0 }
    }

    /// Whether it has asked for the stream.
    pub(super) fn is_attached(&self) -> bool {
        self.phase != Phase::Greeted
    }

    /// Whether it gets its snapshot at once: it is not made for others as well.
    fn is_hasty(&self) -> bool {
        matches!(self.speech, Speech::Bytes(said) if said.end == End::Counted)
    }

    /// Whether it wanted nothing but the snapshot.
    fn leaves_after_snapshot(&self) -> bool {
        matches!(self.speech, Speech::Bytes(said) if said.wants == Wants::SnapshotOnly)
    }

    /// Who was told how long the snapshot is needs not say that it has it.
    fn phase_after_snapshot(&self) -> Phase {
        if self.is_hasty() || !self.acknowledges() { Phase::Online } else { Phase::Loading }
    }

    /// Whether it says how far it is.
    fn acknowledges(&self) -> bool {
        !matches!(self.speech, Speech::Bytes(said) if said.asked == Asked::Sync)
    }

    fn tell(&self, entry: &Entry, out: &mut Effects) {
        match self.speech {
            Speech::Parts => out.send_entry(self.conn, entry.clone()),
            Speech::Bytes(_) => out.send(self.conn, Packet::Client(data::encode_call(&entry.args))),
        }
    }

    fn gets_stream(&self) -> bool {
        matches!(self.phase, Phase::Loading | Phase::Online)
    }
}

impl Node {
    /// What a replica says on its link.
    pub(in crate::node) fn on_replica_part(&mut self, conn: ConnId, part: Part, out: &mut Effects) {
        let unknown = self.client(conn).is_some_and(|client| self.must_log_in(client));
        let now_s = self.now.seconds();
        if let Some(command) = part.command() {
            self.stats.count(Stat::Reads);
            self.stats.ran(command, &Reply::Null, Seen::default());
            if let Some(Conn::FromReplica(client)) = self.conns.get_mut(conn) {
                client.hear(command, now_s);
            }
        }
        match part {
            Part::Ping => out.send(conn, Packet::Replication(Part::Pong)),
            Part::Auth(given) => {
                let let_in = self.log_in(conn, given.user.as_bytes(), given.password.as_bytes());
                let answer = if let_in.is_ok() { Part::Ok } else { Part::Denied };
                out.send(conn, Packet::Replication(answer));
            }
            _ if unknown => out.send(conn, Packet::Replication(Part::Denied)),
            Part::Port { port } => self.greet_replica(conn, port, out),
            Part::Capa => out.send(conn, Packet::Replication(Part::Ok)),
            Part::Psync { want } => self.serve_sync(conn, want, out),
            Part::Ack { offset } => self.on_replica_ack(conn, offset, out),
            Part::Pong
            | Part::Denied
            | Part::NoStream
            | Part::Ok
            | Part::Newline
            | Part::FullResync { .. }
            | Part::Snapshot { .. }
            | Part::Continue { .. }
            | Part::Commands(_) => {}
        }
    }

    fn greet_replica(&mut self, conn: ConnId, port: u16, out: &mut Effects) {
        let Some(mut client) = self.client(conn).cloned() else { return };
        let (ip, last_ack_s) = (client.ip(), self.now.seconds());
        client.hear("replconf", last_ack_s);
        self.forget_client(conn);
        self.conns.insert(conn, Conn::FromReplica(Box::new(client)));
        let phase = Phase::Greeted;
        self.replication.replicas.push(Replica {
            conn,
            ip,
            port,
            phase,
            speech: Speech::Parts,
            acked: 0,
            last_ack_s,
        });
        out.send(conn, Packet::Replication(Part::Ok));
    }

    pub(super) fn serve_sync(
        &mut self,
        conn: ConnId,
        want: Option<(ReplId, u64)>,
        out: &mut Effects,
    ) {
        let follows = self.replication.source.is_some();
        if follows && !self.replication.is_connected() {
            return out.send(conn, Packet::Replication(Part::NoStream));
        }
        match self.judge_sync(want) {
            Ok(after) => self.continue_stream(conn, after, out),
            Err(why) => {
                self.stats.count(Stat::SyncFull);
                self.stats.add(Stat::SyncPartialErr, u64::from(want.is_some()));
                self.note_full_sync(conn, want, why, out);
                self.queue_snapshot(conn, out);
            }
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
        backlog.reaches(after).then_some(after).ok_or(FullSyncReason::BeyondBacklog)
    }

    fn note_full_sync(
        &mut self,
        conn: ConnId,
        want: Option<(ReplId, u64)>,
        why: FullSyncReason,
        out: &mut Effects,
    ) {
        let Some(replica) = self.replication.replica_mut(conn).map(|replica| replica.addr()) else {
            return;
        };
        out.note(Fact::FullSyncStarted { replica, why });
        out.note(Fact::Logged(Notice::NotContinued(self.not_continued(replica, want))));
    }

    fn not_continued(&self, replica: Addr, want: Option<(ReplId, u64)>) -> NotContinued {
        let Replication { replid: own, previous, offset, .. } = self.replication;
        let Some((id, asked)) = want else { return NotContinued::NothingKnown { replica } };
        match previous {
            Some((second, end)) if id == second && id != own && asked > end => {
                NotContinued::BeyondSecondId { asked, end }
            }
            Some((second, _)) if id == own || id == second => {
                let held = if asked > offset + 1 { Held::NotYet } else { Held::Before };
                NotContinued::NotInBacklog { replica, asked, held }
            }
            None if id == own => {
                let held = if asked > offset + 1 { Held::NotYet } else { Held::Before };
                NotContinued::NotInBacklog { replica, asked, held }
            }
            Some(_) | None => {
                let second = previous.map(|(second, _)| second);
                NotContinued::OtherId { asked: id, own, second }
            }
        }
    }

    fn continue_stream(&mut self, conn: ConnId, after: u64, out: &mut Effects) {
        let replid = self.replication.replid;
        let missing = self.replication.offset - after;
        let Some(replica) = self.replication.replica_mut(conn) else { return };
        replica.phase = Phase::Online;
        let (replica, speech) = (replica.addr(), replica.speech);
        self.stats.count(Stat::SyncPartialOk);
        out.note(Fact::PartialSyncGranted { replica, from: after, missing });
        self.tell_replica(conn, Part::Continue { replid }, out);
        let missed = self.replication.backlog.as_ref().and_then(|backlog| backlog.after(after));
        let Some(missed) = missed.filter(|missed| !missed.is_empty()) else { return };
        out.send(
            conn,
            match speech {
                Speech::Parts => {
                    Packet::Replication(Part::Commands(backlog::entries(missed, after)))
                }
                Speech::Bytes(_) => Packet::Client(missed),
            },
        );
    }

    fn queue_snapshot(&mut self, conn: ConnId, out: &mut Effects) {
        if self.replication.backlog.is_none() && self.replication.source.is_none() {
            self.replication.replid = ReplId::random(&mut self.dice);
            self.replication.previous = None;
            self.replication.backlog = Some(Backlog::new(self.replication.offset));
            out.note(Fact::Logged(Notice::BacklogMade { replid: self.replication.replid }));
        }
        let since_s = self.now.seconds();
        let Some(replica) = self.replication.replica_mut(conn) else { return };
        replica.phase = Phase::WaitsForSnapshot { since_s };
        if self.config.repl_sync_delay_s == 0 || replica.is_hasty() {
            self.send_snapshots(out);
        } else {
            out.note(Fact::Logged(Notice::SnapshotDelayed));
        }
    }

    /// One snapshot for all who wait, if one of them has waited long enough.
    fn send_snapshots(&mut self, out: &mut Effects) {
        let now_s = self.now.seconds();
        let delay_s = self.config.repl_sync_delay_s;
        let waited = |replica: &Replica| match replica.phase {
            Phase::WaitsForSnapshot { since_s } => {
                replica.is_hasty() || now_s.saturating_sub(since_s) >= delay_s
            }
            Phase::Greeted | Phase::Loading | Phase::Online => false,
        };
        if !self.replication.replicas.iter().any(waited) {
            return;
        }
        let (replid, offset) = (self.replication.replid, self.replication.offset);
        self.replication.selected = Selected::No;
        self.stats.count(Stat::Forks);
        out.note(Fact::Logged(Notice::SnapshotBegun));
        let waiting =
            |replica: &&mut Replica| matches!(replica.phase, Phase::WaitsForSnapshot { .. });
        let mut served = Vec::new();
        for replica in self.replication.replicas.iter_mut().filter(waiting) {
            replica.phase = replica.phase_after_snapshot();
            served.push((replica.conn, replica.leaves_after_snapshot()));
        }
        for &(conn, leaves) in &served {
            let keyspace = Box::new(self.keyspace.clone());
            self.tell_replica(conn, Part::FullResync { replid, offset }, out);
            self.tell_replica(conn, Part::Snapshot { offset, keyspace }, out);
            if leaves {
                self.drop_replica(conn, out);
            }
        }
        let replicas = served.len() as u64;
        out.note(Fact::Logged(Notice::SnapshotRead { replicas }));
    }

    pub(super) fn on_replica_ack(&mut self, conn: ConnId, offset: u64, out: &mut Effects) {
        let now_s = self.now.seconds();
        let Some(replica) = self.replication.replica_mut(conn) else { return };
        replica.acked = replica.acked.max(offset);
        replica.last_ack_s = now_s;
        if replica.phase == Phase::Loading {
            replica.phase = Phase::Online;
            let replica = replica.addr();
            out.note(Fact::Logged(Notice::SnapshotDone));
            out.note(Fact::Logged(Notice::Streamed { replica }));
            out.note(Fact::ReplicaOnline { replica });
        }
    }

    /// Writes that replicas must follow; what a replica writes of its own goes nowhere.
    pub(in crate::node) fn propagate(&mut self, calls: Vec<Vec<Bytes>>, out: &mut Effects) {
        self.append(calls.iter().map(Vec::as_slice));
        let follows = self.replication.source.is_some();
        if calls.is_empty() || follows || self.replication.backlog.is_none() {
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

    pub(super) fn feed(&mut self, args: Vec<Bytes>, out: &mut Effects) {
        self.replication.offset += data::call_len(&args);
        let end = self.replication.offset;
        self.pass_on(Entry { args: args.into(), end }, out);
    }

    /// One command of the stream, into the backlog and to the replicas: a master's own, or what a
    /// replica got from its master.
    pub(super) fn pass_on(&mut self, entry: Entry, out: &mut Effects) {
        let bytes = data::call_len(&entry.args);
        for replica in self.replication.replicas.iter().filter(|replica| replica.gets_stream()) {
            self.stats.add(Stat::StreamBytesOut, bytes);
            replica.tell(&entry, out);
        }
        let bytes_max = self.config.repl_backlog_bytes;
        if let Some(backlog) = &mut self.replication.backlog {
            backlog.push(&entry, bytes_max);
        }
    }

    /// A replica's link ended.
    pub(in crate::node) fn on_replica_closed(&mut self, conn: ConnId, out: &mut Effects) {
        let gone = |replica: &Replica| replica.conn == conn;
        if let Some(at) = self.replication.replicas.iter().position(gone) {
            let replica = self.replication.replicas.remove(at);
            if replica.phase != Phase::Greeted {
                out.note(Fact::ReplicaLost { replica: replica.addr() });
            }
            if self.replication.replicas.is_empty() {
                self.replication.alone_since_s = self.now.seconds();
            }
        }
    }

    fn drop_replica(&mut self, conn: ConnId, out: &mut Effects) {
        self.forget_client(conn);
        out.push(Effect::Close { conn });
        self.on_replica_closed(conn, out);
    }

    pub(super) fn drop_replicas(&mut self, out: &mut Effects) {
        let conns: Vec<ConnId> = self.replication.replicas.iter().map(Replica::conn).collect();
        for conn in conns {
            self.drop_replica(conn, out);
        }
    }

    /// Once a second: ping the replicas, drop who does not acknowledge, send snapshots.
    pub(super) fn sink_round(&mut self, out: &mut Effects) {
        let now_s = self.now.seconds();
        let has_replicas = self.replication.replicas.iter().any(Replica::is_attached);
        let rounds = self.ticks / TICKS_PER_ROUND;
        let ping_due = rounds.is_multiple_of(self.config.repl_ping_period_s.max(1));
        let pings = self.replication.source.is_none() && has_replicas && ping_due;
        if pings && !self.stream_stands_still() {
            self.feed(vec![Bytes::from_static(b"PING")], out);
        }
        let timeout_s = self.config.repl_timeout_s;
        let silent: Vec<ConnId> = (self.replication.replicas.iter())
            .filter(|replica| replica.is_online() && replica.acknowledges())
            .filter(|replica| now_s.saturating_sub(replica.last_ack_s) > timeout_s)
            .map(Replica::conn)
            .collect();
        for conn in silent {
            if let Some(replica) = self.replication.replica_mut(conn).map(|replica| replica.addr())
            {
                out.note(Fact::Logged(Notice::ReplicaTimedOut { replica }));
            }
            self.drop_replica(conn, out);
        }
        self.free_backlog_if_alone(out);
        self.send_snapshots(out);
        self.keep_waiting_replicas(out);
    }

    /// Without a backlog nothing is counted any more, so the history ends with it.
    fn free_backlog_if_alone(&mut self, out: &mut Effects) {
        let after_s = self.config.repl_backlog_ttl_s;
        let replication = &mut self.replication;
        let alone_s = self.now.seconds().saturating_sub(replication.alone_since_s);
        let is_alone = replication.replicas.is_empty() && replication.source.is_none();
        if replication.backlog.is_none() || !is_alone || after_s == 0 || alone_s <= after_s {
            return;
        }
        replication.backlog = None;
        replication.previous = None;
        replication.replid = ReplId::random(&mut self.dice);
        out.note(Fact::Logged(Notice::BacklogFreed { after_s }));
    }

    /// Something for those who still wait for their snapshot to hear.
    fn keep_waiting_replicas(&mut self, out: &mut Effects) {
        let waiting = |replica: &&Replica| matches!(replica.phase, Phase::WaitsForSnapshot { .. });
        let waiting = self.replication.replicas.iter().filter(waiting);
        for conn in waiting.map(Replica::conn).collect::<Vec<ConnId>>() {
            self.tell_replica(conn, Part::Newline, out);
        }
    }

    /// The rounds of both sides (`replicationCron`).
    pub(in crate::node) fn replication_round(&mut self, out: &mut Effects) {
        self.source_round(out);
        self.sink_round(out);
    }
}
