//! The replica's side of replication.
//!
//! The rule (Redis 7.0, `replication.c: replicationSetMaster, connectWithMaster,
//! syncWithMaster, replicationCron`): connect to the master at once, and again after every loss;
//! say hello, ask for the stream from the offset after one's own; apply what comes, and acknowledge
//! the processed offset every second. A master that says nothing for `repl-timeout` is given up.
//! A former master offers its own history: if the new master shares it, nothing need be copied.

use std::net::Ipv4Addr;
use std::sync::Arc;

use bytes::Bytes;

use super::LinkPhase;
use super::backlog::Backlog;
use crate::data::{self, Context, Keyspace, Role};
use crate::node::Node;
use crate::node::fact::Fact;
use crate::node::links::Conn;
use crate::node::peers::PeerIdx;
use crate::node::port::{Effect, Effects, Packet, Service};
use crate::node::profile::BrokenRule;
use crate::node::stream::{Part, ReplId};
use crate::words::{Addr, ConnId, NodeId};

/// The master that a node follows.
#[derive(Clone, Debug)]
pub(in crate::node) struct Source {
    of: NodeId,
    ip: Ipv4Addr,
    port: u16,
    conn: Option<ConnId>,
    phase: LinkPhase,
    history: History,
    last_io_s: u64,
    down_since_s: u64,
}

/// Whether a replica has data of which it knows the place in a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum History {
    None,
    Known,
}

impl Source {
    pub(super) fn phase(&self) -> LinkPhase {
        self.phase
    }

    pub(super) fn resumable(&self) -> bool {
        self.history == History::Known
    }

    pub(super) fn silence_s(&self, now_s: u64) -> u64 {
        let since = match self.phase {
            LinkPhase::Connected => self.last_io_s,
            LinkPhase::Connect | LinkPhase::Connecting | LinkPhase::Handshake => self.down_since_s,
        };
        now_s.saturating_sub(since)
    }
}

impl Node {
    /// Follows a master from now on (`replicationSetMaster`).
    pub(in crate::node) fn replicate(&mut self, master: PeerIdx, out: &mut Effects) {
        let history = match &self.replication.source {
            Some(source) => source.history,
            None => History::Known,
        };
        let down_since_s = match &self.replication.source {
            Some(source) if source.phase != LinkPhase::Connected => source.down_since_s,
            Some(_) => self.now.seconds(),
            None => 0,
        };
        self.drop_source_link(out);
        let Addr { ip, port, .. } = self.peers[master].addr;
        self.replication.source = Some(Source {
            of: self.peers[master].id,
            ip,
            port,
            conn: None,
            phase: LinkPhase::Connect,
            history,
            last_io_s: 0,
            down_since_s,
        });
        self.connect_to_source(out);
    }

    /// Follows nobody any more, and begins a history of its own (`replicationUnsetMaster`).
    pub(in crate::node) fn stop_replicating(&mut self, out: &mut Effects) {
        self.drop_source_link(out);
        self.replication.source = None;
        let replication = &mut self.replication;
        replication.previous = Some((replication.replid, replication.offset + 1));
        replication.replid = ReplId::random(&mut self.dice);
        replication.selected = super::Selected::No;
        self.drop_replicas(out);
    }

    /// A replica without a stream to follow, whose master has an address by now, follows it
    /// (`clusterCron`).
    pub(in crate::node) fn follow_master(&mut self, out: &mut Effects) {
        let Some(master) = self.peers.me().master else { return };
        let known = !self.peers[master].addr.ip.is_unspecified();
        if self.replication.source.is_none() && known {
            self.replicate(master, out);
        }
    }

    fn drop_source_link(&mut self, out: &mut Effects) {
        let Some(source) = &mut self.replication.source else { return };
        if let Some(conn) = source.conn.take() {
            self.conns.remove(conn);
            out.push(Effect::Close { conn });
        }
    }

    fn connect_to_source(&mut self, out: &mut Effects) {
        let Some(source) = &mut self.replication.source else { return };
        let conn = self.conns.next_id();
        source.conn = Some(conn);
        source.phase = LinkPhase::Connecting;
        let (to, port) = (source.ip, source.port);
        self.conns.insert(conn, Conn::ToMaster);
        out.push(Effect::Connect { conn, to, port, service: Service::Client });
    }

    pub(in crate::node) fn on_source_link_up(&mut self, conn: ConnId, out: &mut Effects) {
        let now_s = self.now.seconds();
        let Some(source) = &mut self.replication.source else { return };
        source.phase = LinkPhase::Handshake;
        source.last_io_s = now_s;
        let port = self.peers.me().addr.port;
        out.send(conn, Packet::Replication(Part::Hello { port }));
    }

    /// The link ended; after a loss the next attempt is made at once, after a refusal in the next
    /// round (`replicationHandleMasterDisconnection`).
    pub(in crate::node) fn on_source_link_closed(&mut self, out: &mut Effects) {
        let offset = self.replication.offset();
        let now_s = self.now.seconds();
        let Some(source) = &mut self.replication.source else { return };
        source.conn = None;
        let before = std::mem::replace(&mut source.phase, LinkPhase::Connect);
        if before == LinkPhase::Connected {
            source.down_since_s = now_s;
            let of = source.of;
            out.note(Fact::MasterLinkLost { of, offset });
            self.connect_to_source(out);
        }
    }

    /// The master's answers and its stream.
    pub(in crate::node) fn on_source_part(&mut self, conn: ConnId, part: Part, out: &mut Effects) {
        let now_s = self.now.seconds();
        let Some(source) = &mut self.replication.source else { return };
        if source.conn != Some(conn) {
            return;
        }
        source.last_io_s = now_s;
        match part {
            Part::HelloOk => self.ask_for_stream(conn, out),
            Part::FullResync { replid, offset } => {
                source.history = History::None;
                self.replication.replid = replid;
                self.replication.previous = None;
                self.replication.offset = offset;
                self.drop_replicas(out);
            }
            Part::Snapshot { offset, keyspace } => self.load_snapshot(offset, *keyspace, out),
            Part::Continue { replid } => self.resume_stream(replid, out),
            Part::Command { args, end } => self.apply_command(&args, end, out),
            Part::Hello { .. } | Part::Psync { .. } | Part::Ack { .. } => {}
        }
    }

    fn ask_for_stream(&mut self, conn: ConnId, out: &mut Effects) {
        let Some(source) = &self.replication.source else { return };
        let next = self.replication.offset + 1;
        let want = source.resumable().then_some((self.replication.replid, next));
        out.note(Fact::SyncAsked { of: source.of, offset: self.replication.offset() });
        out.send(conn, Packet::Replication(Part::Psync { want }));
    }

    fn load_snapshot(&mut self, offset: u64, keyspace: Keyspace, out: &mut Effects) {
        self.keyspace = keyspace;
        self.replication.offset = offset;
        self.replication.backlog = Some(Backlog::new(offset));
        let keys = self.keyspace.len() as u64;
        if let Some(of) = self.source_connected() {
            out.note(Fact::FullSyncDone { of, offset, keys });
        }
        self.acknowledge(out);
    }

    fn resume_stream(&mut self, replid: ReplId, out: &mut Effects) {
        let replication = &mut self.replication;
        if replication.replid != replid {
            replication.previous = Some((replication.replid, replication.offset + 1));
            replication.replid = replid;
        }
        let offset = replication.offset;
        replication.backlog.get_or_insert_with(|| Backlog::new(offset));
        if let Some(of) = self.source_connected() {
            out.note(Fact::PartialSyncDone { of, offset });
        }
        self.acknowledge(out);
    }

    /// The link follows the stream from now on; whose stream it is.
    fn source_connected(&mut self) -> Option<NodeId> {
        let source = self.replication.source.as_mut()?;
        source.phase = LinkPhase::Connected;
        source.history = History::Known;
        Some(source.of)
    }

    fn apply_command(&mut self, args: &Arc<[Bytes]>, end: u64, out: &mut Effects) {
        if !is_stream_control(args) {
            let mut context = Context::new(self.now, Role::Applying);
            data::execute(&mut self.keyspace, &mut context, args);
        }
        self.replication.offset += data::call_len(args);
        if self.profile.breaks(BrokenRule::CountsTwice) {
            self.replication.offset += data::call_len(args);
        }
        self.pass_on(args, end, out);
    }

    fn acknowledge(&mut self, out: &mut Effects) {
        let Some(source) = &self.replication.source else { return };
        let offset = self.replication.offset;
        if let (Some(conn), LinkPhase::Connected) = (source.conn, source.phase) {
            out.send(conn, Packet::Replication(Part::Ack { offset }));
        }
    }

    /// Once a second: give up a silent master, try again, acknowledge.
    pub(super) fn source_round(&mut self, out: &mut Effects) {
        let now_s = self.now.seconds();
        let timeout_s = self.config.repl_timeout_s;
        let Some(source) = &self.replication.source else { return };
        let silent = match source.phase {
            LinkPhase::Connect => false,
            LinkPhase::Connecting | LinkPhase::Handshake | LinkPhase::Connected => {
                source.last_io_s != 0 && now_s.saturating_sub(source.last_io_s) > timeout_s
            }
        };
        if silent {
            out.note(Fact::MasterTimedOut { of: source.of });
            self.drop_source_link(out);
            self.on_source_link_closed(out);
        } else if source.phase == LinkPhase::Connect {
            self.connect_to_source(out);
        } else {
            self.acknowledge(out);
        }
    }
}

/// What is in the stream only for its own sake: PING and SELECT change no key.
fn is_stream_control(args: &[Bytes]) -> bool {
    matches!(args.first().map(|name| &name[..]), Some(b"PING" | b"SELECT" | b"MULTI" | b"EXEC"))
}
