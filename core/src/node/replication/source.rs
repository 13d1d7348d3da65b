//! The replica's side of replication.
//!
//! The rule (Redis 7.0, `replication.c: replicationSetMaster, connectWithMaster,
//! syncWithMaster, replicationCron`): connect to the master at once, and again after every loss;
//! ping, say on which port one listens, say what one understands, each with an answer before the
//! next; ask for the stream from the offset after one's own; apply what comes, and acknowledge
//! the processed offset every second. A master that says nothing for `repl-timeout` is given up,
//! in whichever stage, and connected to anew at once; one that refuses is tried in each round.
//! A former master offers its own history: if the new master shares it, nothing need be copied.

use std::net::Ipv4Addr;

use bytes::Bytes;

use super::LinkPhase;
use super::acks::is_getack;
use super::backlog::Backlog;
use crate::data::{self, Context, Keyspace, Reply, Role, Seen};
use crate::node::Node;
use crate::node::command;
use crate::node::fact::Fact;
use crate::node::links::{Conn, Refused};
use crate::node::notice::{Gave, Notice};
use crate::node::peers::PeerIdx;
use crate::node::port::{Effect, Effects, Packet, Service};
use crate::node::profile::BrokenRule;
use crate::node::stats::Stat;
use crate::node::stream::{Credentials, Entry, Part, ReplId};
use crate::words::{Addr, ConnId, NodeId};

/// The master that a node follows.
#[derive(Clone, Debug)]
pub(in crate::node) struct Source {
    of: NodeId,
    ip: Ipv4Addr,
    port: u16,
    conn: Option<ConnId>,
    phase: LinkPhase,
    answer: Answer,
    history: History,
    last_io_s: u64,
    down_since_s: u64,
}

/// The master as a client of this node, which sends it commands. It keeps its number as long as the
/// stream goes on (`replicationCreateMasterClient, replicationResurrectCachedMaster`).
#[derive(Clone, Debug)]
pub(in crate::node) struct MasterClient {
    pub id: u64,
    /// When its stream began, in seconds.
    pub since_s: u64,
    /// The name of the last command of the stream; empty if there was none.
    pub last_command: Bytes,
}

/// The answer of the master that comes next, in the handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Pong,
    AuthOk,
    PortOk,
    CapaOk,
    Sync,
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

    pub(super) fn conn(&self) -> Option<ConnId> {
        self.conn
    }

    pub(super) fn addr(&self) -> Addr {
        Addr { ip: self.ip, port: self.port, bus_port: 0 }
    }

    pub(super) fn resumable(&self) -> bool {
        self.history == History::Known
    }

    /// Since when the link is down, if it ever was up.
    pub(super) fn down_s(&self, now_s: u64) -> Option<u64> {
        (self.down_since_s > 0).then(|| now_s.saturating_sub(self.down_since_s))
    }

    pub(super) fn silence_s(&self, now_s: u64) -> u64 {
        let since = match self.phase {
            LinkPhase::Connected => self.last_io_s,
            LinkPhase::Connect | LinkPhase::Connecting | LinkPhase::Handshake | LinkPhase::Sync => {
                self.down_since_s
            }
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
        self.leave_source(out);
        self.disconnect_blocked_clients();
        if self.replication.source.is_none() {
            out.note(Fact::Logged(Notice::OffersHistory));
        }
        let Addr { ip, port, .. } = self.peers[master].addr;
        self.replication.source = Some(Source {
            of: self.peers[master].id,
            ip,
            port,
            conn: None,
            phase: LinkPhase::Connect,
            answer: Answer::Pong,
            history,
            last_io_s: 0,
            down_since_s,
        });
        self.connect_to_source(|to| Notice::Connects { to }, out);
    }

    /// Follows nobody any more, and begins a history of its own (`replicationUnsetMaster`).
    pub(in crate::node) fn stop_replicating(&mut self, out: &mut Effects) {
        if self.replication.source.is_none() {
            return;
        }
        self.leave_source(out);
        let replication = &mut self.replication;
        if replication.source.take().is_some_and(|source| source.resumable()) {
            out.note(Fact::Logged(Notice::ForgetsHistory));
        }
        let (old, until) = (replication.replid, replication.offset + 1);
        let new = ReplId::random(&mut self.dice);
        replication.previous = Some((old, until));
        replication.replid = new;
        replication.alone_since_s = self.now.seconds();
        replication.master_client = None;
        out.note(Fact::Logged(Notice::SecondId { old, until, new }));
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

    /// Gives the link up for good.
    fn leave_source(&mut self, out: &mut Effects) {
        if self.replication.is_connected() {
            out.note(Fact::Logged(Notice::MasterLeft));
        }
        self.drop_source_link(out);
    }

    fn drop_source_link(&mut self, out: &mut Effects) {
        let Some(source) = &mut self.replication.source else { return };
        if let Some(conn) = source.conn.take() {
            self.conns.remove(conn);
            out.push(Effect::Close { conn });
        }
    }

    /// `notice` is what the log says of it.
    fn connect_to_source(&mut self, notice: fn(Addr) -> Notice, out: &mut Effects) {
        let now_s = self.now.seconds();
        let Some(source) = &mut self.replication.source else { return };
        let conn = self.conns.next_id();
        source.conn = Some(conn);
        source.last_io_s = now_s;
        source.phase = LinkPhase::Connecting;
        let (to, port) = (source.ip, source.port);
        out.note(Fact::Logged(notice(source.addr())));
        self.conns.insert(conn, Conn::ToMaster);
        out.push(Effect::Connect { conn, to, port, service: Service::Client });
    }

    pub(in crate::node) fn on_source_link_up(&mut self, conn: ConnId, out: &mut Effects) {
        let now_s = self.now.seconds();
        let Some(source) = &mut self.replication.source else { return };
        source.phase = LinkPhase::Handshake;
        source.answer = Answer::Pong;
        source.last_io_s = now_s;
        out.note(Fact::Logged(Notice::ConnectFired));
        out.send(conn, Packet::Replication(Part::Ping));
    }

    /// The link ended. After a loss the next attempt is made at once, otherwise in the next round
    /// (`replicationHandleMasterDisconnection`, `syncWithMaster`, `readSyncBulkPayload`).
    pub(in crate::node) fn on_source_link_closed(&mut self, refused: Refused, out: &mut Effects) {
        let Some(source) = &mut self.replication.source else { return };
        source.conn = None;
        let before = std::mem::replace(&mut source.phase, LinkPhase::Connect);
        match (before, source.answer) {
            (LinkPhase::Connected, _) => self.stream_lost(out),
            (LinkPhase::Sync, _) => {
                out.note(Fact::Logged(Notice::TransferBroken));
                self.connect_to_source(|to| Notice::ReconnectsAfterFailure { to }, out);
            }
            (LinkPhase::Handshake, Answer::Sync) => {
                out.note(Fact::Logged(Notice::SyncUnanswered));
            }
            (LinkPhase::Handshake, _) => out.note(Fact::Logged(Notice::HandshakeBroken)),
            (LinkPhase::Connect | LinkPhase::Connecting, _) => {
                if refused == Refused::Yes {
                    out.note(Fact::Logged(Notice::ConnectRefused));
                }
            }
        }
    }

    /// The stream does not come any more: it is asked for anew at once.
    fn stream_lost(&mut self, out: &mut Effects) {
        let offset = self.replication.offset();
        let Some(source) = &mut self.replication.source else { return };
        source.phase = LinkPhase::Connect;
        source.down_since_s = self.now.seconds();
        let of = source.of;
        out.note(Fact::MasterLinkLost { of, offset });
        self.connect_to_source(|to| Notice::Reconnects { to }, out);
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
            Part::Pong | Part::Ok => self.go_on_with_handshake(conn, out),
            Part::Denied => self.on_denied(out),
            Part::NoStream => self.wait_for_round(Notice::SyncPutOff, out),
            Part::FullResync { replid, offset } => self.expect_snapshot(replid, offset, out),
            Part::Snapshot { offset, keyspace } => self.load_snapshot(offset, *keyspace, out),
            Part::Continue { replid } => self.resume_stream(replid, out),
            Part::Commands(entries) => {
                self.stats.count(Stat::Reads);
                entries.into_iter().for_each(|entry| self.apply_command(entry, out));
            }
            Part::Newline
            | Part::Auth(_)
            | Part::Ping
            | Part::Port { .. }
            | Part::Capa
            | Part::Psync { .. }
            | Part::Ack { .. } => {}
        }
    }

    /// One stage of the handshake after the other.
    fn go_on_with_handshake(&mut self, conn: ConnId, out: &mut Effects) {
        let port = self.peers.me().addr.port;
        let credentials = self.credentials();
        let Some(source) = &mut self.replication.source else { return };
        if source.answer == Answer::Pong {
            out.note(Fact::Logged(Notice::MasterGreeted));
        }
        match (source.answer, credentials) {
            (Answer::Pong, Some(credentials)) => {
                source.answer = Answer::AuthOk;
                out.send(conn, Packet::Replication(Part::Auth(Box::new(credentials))));
            }
            (Answer::Pong | Answer::AuthOk, _) => {
                source.answer = Answer::PortOk;
                out.send(conn, Packet::Replication(Part::Port { port }));
            }
            (Answer::PortOk, _) => {
                source.answer = Answer::CapaOk;
                out.send(conn, Packet::Replication(Part::Capa));
            }
            (Answer::CapaOk, _) => {
                source.answer = Answer::Sync;
                self.ask_for_stream(conn, out);
            }
            (Answer::Sync, _) => {}
        }
    }

    /// What this node says to be let in by its master, if it has a password for that.
    fn credentials(&self) -> Option<Credentials> {
        let (user, password) = (&self.config.master_user, &self.config.master_auth);
        let user = if user.is_empty() { "default" } else { user };
        let given = || Credentials { user: user.to_owned(), password: password.clone() };
        (!password.is_empty()).then(given)
    }

    /// The master does not let this node in: it is tried again in the next round.
    fn on_denied(&mut self, out: &mut Effects) {
        let wrong = !self.config.master_auth.is_empty();
        let gave = if wrong { Gave::WrongPassword } else { Gave::NoPassword };
        self.wait_for_round(Notice::Denied { gave }, out);
    }

    /// Nothing comes of this link: another one is tried in the next round.
    fn wait_for_round(&mut self, why: Notice, out: &mut Effects) {
        out.note(Fact::Logged(why));
        self.drop_source_link(out);
        if let Some(source) = &mut self.replication.source {
            source.phase = LinkPhase::Connect;
        }
    }

    fn expect_snapshot(&mut self, replid: ReplId, offset: u64, out: &mut Effects) {
        let Some(source) = &mut self.replication.source else { return };
        source.phase = LinkPhase::Sync;
        out.note(Fact::Logged(Notice::FullResync { replid, offset }));
        out.note(Fact::Logged(Notice::Receives));
        if std::mem::replace(&mut source.history, History::None) == History::Known {
            out.note(Fact::Logged(Notice::ForgetsHistory));
        }
        self.replication.replid = replid;
        self.replication.previous = None;
        self.replication.offset = offset;
        self.drop_replicas(out);
    }

    fn ask_for_stream(&mut self, conn: ConnId, out: &mut Effects) {
        let Some(source) = &self.replication.source else { return };
        let next = self.replication.offset + 1;
        let want = source.resumable().then_some((self.replication.replid, next));
        let (of, offset) = (source.of, self.replication.offset());
        out.note(Fact::SyncAsked { of, replid: want.map(|(replid, _)| replid), offset });
        out.send(conn, Packet::Replication(Part::Psync { want }));
    }

    fn load_snapshot(&mut self, offset: u64, keyspace: Keyspace, out: &mut Effects) {
        let before = std::mem::replace(&mut self.keyspace, keyspace);
        self.touch_all_keys(&before);
        self.rewrite_file();
        self.replication.offset = offset;
        self.replication.backlog = Some(Backlog::new(offset));
        let keys = self.keyspace.len() as u64;
        self.replication.master_client = None;
        if let Some(of) = self.source_connected() {
            out.note(Fact::FullSyncDone { of, offset, keys });
        }
        self.acknowledge(out);
    }

    fn resume_stream(&mut self, replid: ReplId, out: &mut Effects) {
        out.note(Fact::Logged(Notice::Continued));
        let replication = &mut self.replication;
        if replication.replid != replid {
            replication.previous = Some((replication.replid, replication.offset + 1));
            replication.replid = replid;
            out.note(Fact::Logged(Notice::ReplidChanged { to: replid }));
            self.drop_replicas(out);
        }
        let replication = &mut self.replication;
        let offset = replication.offset;
        replication.backlog.get_or_insert_with(|| Backlog::new(offset));
        if let Some(of) = self.source_connected() {
            out.note(Fact::PartialSyncDone { of, offset });
        }
        self.acknowledge(out);
    }

    /// The link follows the stream from now on; whose stream it is.
    fn source_connected(&mut self) -> Option<NodeId> {
        if self.replication.master_client.is_none() {
            let (id, since_s) = (self.number_client(), self.now.seconds());
            let last_command = Bytes::new();
            self.replication.master_client = Some(MasterClient { id, since_s, last_command });
        }
        let source = self.replication.source.as_mut()?;
        source.phase = LinkPhase::Connected;
        source.history = History::Known;
        Some(source.of)
    }

    fn apply_command(&mut self, entry: Entry, out: &mut Effects) {
        let args = &entry.args;
        let mut reply = Reply::Null;
        if is_getack(args) {
            self.acknowledge(out);
        } else if !is_stream_control(args) {
            reply = self.apply_change(args);
            self.append([&**args]);
        }
        if let Ok(command) = command::find(args) {
            self.stats.ran(command.spec().name, &reply, Seen::default());
            self.show_applied(command.spec(), args);
        }
        if let (Some(client), Some(name)) = (&mut self.replication.master_client, args.first()) {
            client.last_command = name.clone();
        }
        self.replication.offset += data::call_len(args);
        self.stats.add(Stat::StreamBytesIn, data::call_len(args));
        if self.profile.breaks(BrokenRule::CountsTwice) {
            self.replication.offset += data::call_len(args);
        }
        self.pass_on(entry, out);
    }

    /// What the stream asks to be done to the data, or to libraries, of which there are none.
    fn apply_change(&mut self, args: &[Bytes]) -> Reply {
        if args[0].eq_ignore_ascii_case(b"function") {
            self.stats.changed(1);
            return Reply::ok();
        }
        let mut context = Context::new(self.now, Role::Applying);
        let outcome = data::execute(&mut self.keyspace, &mut context, args);
        self.touch_keys(&outcome.touched);
        self.stats.changed(outcome.propagate.len() as u64);
        outcome.reply
    }

    fn acknowledge(&mut self, out: &mut Effects) {
        let Some(source) = &self.replication.source else { return };
        let offset = self.replication.offset;
        if let (Some(conn), LinkPhase::Connected) = (source.conn, source.phase) {
            self.stats.count(Stat::Writes);
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
            LinkPhase::Connecting
            | LinkPhase::Handshake
            | LinkPhase::Sync
            | LinkPhase::Connected => now_s.saturating_sub(source.last_io_s) > timeout_s,
        };
        if silent {
            self.give_source_up(out);
        } else if source.phase == LinkPhase::Connect {
            self.connect_to_source(|to| Notice::Connects { to }, out);
        } else {
            self.acknowledge(out);
        }
    }
}

impl Node {
    /// The master has been silent for too long: it is connected to anew.
    fn give_source_up(&mut self, out: &mut Effects) {
        let Some(source) = &self.replication.source else { return };
        let (of, phase) = (source.of, source.phase);
        match phase {
            LinkPhase::Connected => out.note(Fact::MasterTimedOut { of }),
            LinkPhase::Sync => out.note(Fact::Logged(Notice::TransferTimedOut)),
            LinkPhase::Connect | LinkPhase::Connecting | LinkPhase::Handshake => {
                out.note(Fact::Logged(Notice::HandshakeTimedOut));
            }
        }
        self.drop_source_link(out);
        match phase {
            LinkPhase::Connected => self.stream_lost(out),
            _ => self.connect_to_source(|to| Notice::ReconnectsAfterFailure { to }, out),
        }
    }
}

/// What is in the stream only for its own sake: PING and SELECT change no key.
fn is_stream_control(args: &[Bytes]) -> bool {
    matches!(args.first().map(|name| &name[..]), Some(b"PING" | b"SELECT" | b"MULTI" | b"EXEC"))
}
