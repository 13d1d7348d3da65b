//! Gossip: what every ping, pong and meet tells about third nodes.
//!
//! The problem: everybody must hear of everybody, without everybody telling everything. The idea: a
//! message carries a few random entries, and all nodes that the sender suspects.
//!
//! The rule (Redis 7.0, `cluster.c: clusterSendPing, clusterProcessGossipSection`): a tenth of the
//! known nodes, at least 3, are drawn; then every PFAIL node is added, as far as the last tick had
//! counted any, so that a suspicion travels one tick after it arose. Times are whole seconds.

use std::sync::Arc;

use super::bus::{Body, Gossip, Header, Health, Kind, Manual, Message};
use super::fact::Fact;
use super::peers::{Cold, Flags, MYSELF, Peer, PeerIdx, Telling};
use super::port::Effects;
use super::{Node, bus};
use crate::words::{Addr, ConnId, NodeId};

/// How far in the future a gossiped pong time may lie, in ms.
const FUTURE_TOLERANCE_MS: u64 = 500;
/// How many entries' rows are looked up before the first of them is read: while one comes from
/// memory, so do the next ones.
const AHEAD: usize = 16;

/// All that a header follows from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Grounds {
    /// The version of the table of peers.
    peers: u64,
    addr: Addr,
    current_epoch: u64,
    offset: u64,
    state: Health,
    manual: Manual,
}

impl Node {
    /// The header of this node's messages (`clusterBuildMessageHdr`).
    pub(super) fn header(&self) -> Header {
        let me = self.peers.me();
        let shard = self.peers.shard_master(MYSELF).unwrap_or(MYSELF);
        let shard = self.peers.cold(shard);
        let header = Header {
            current_epoch: self.epochs.current(),
            config_epoch: shard.config_epoch,
            offset: self.replication.offset(),
            slots: shard.slots().clone(),
            master: me.master.map(|master| self.peers[master].id),
            flags: me.flags,
            state: self.state.health(),
            manual: self.manual_mark(),
            ..Header::new(me.id, self.announced_addr())
        };
        header.sealed()
    }

    /// A message of this node without gossip.
    pub(super) fn message(&mut self, body: Body) -> bus::Shared {
        Arc::new(Message { header: self.shared_header(), body, hostname: None })
    }

    /// A ping, pong or meet, in the memory of an old one if there is one.
    fn heartbeat(&mut self, kind: Kind, out: &mut Effects) -> bus::Shared {
        let mut message = out.spare().unwrap_or_else(|| self.message(Body::Ping(Vec::new())));
        let blank = Arc::get_mut(&mut message).expect("nobody else has a spare one");
        let mut gossip = std::mem::take(blank.gossip_mut());
        gossip.clear();
        self.choose_gossip(&mut gossip);
        blank.body = match kind {
            Kind::Ping => Body::Ping(gossip),
            Kind::Pong => Body::Pong(gossip),
            Kind::Meet => Body::Meet(gossip),
            _ => unreachable!("only pings, pongs and meets carry gossip"),
        };
        blank.header = self.shared_header();
        blank.hostname = self.announced_hostname();
        message
    }

    /// While the node has nothing new to say of itself, all its messages share one header.
    fn shared_header(&mut self) -> Arc<Header> {
        let grounds = Grounds {
            peers: self.peers.version(),
            addr: self.announced_addr(),
            current_epoch: self.epochs.current(),
            offset: self.replication.offset(),
            state: self.state.health(),
            manual: self.manual_mark(),
        };
        match &self.said {
            Some((said, header)) if *said == grounds => header.clone(),
            Some(_) | None => {
                let header = Arc::new(self.header());
                self.said = Some((grounds, header.clone()));
                header
            }
        }
    }

    /// Sends a ping, pong or meet on a link; a ping to a peer is pending from then on.
    pub(super) fn send_ping(&mut self, conn: ConnId, kind: Kind, out: &mut Effects) {
        if kind == Kind::Ping
            && let Some(super::links::Conn::ToPeer { peer, .. }) = self.conns.get(conn)
        {
            self.peers.ping(*peer, self.now.millis());
        }
        let message = self.heartbeat(kind, out);
        self.send_message(conn, message, out);
    }

    fn choose_gossip(&mut self, chosen: &mut Vec<Gossip>) {
        let known = self.peers.len();
        let mut fresh = known.saturating_sub(2);
        let wanted = (known / 10).max(3).min(fresh);
        let suspects = self.pfail_count;
        chosen.reserve(wanted + suspects);
        self.peers.begin_telling();
        for _ in 0..wanted * 3 {
            if fresh == 0 || chosen.len() >= wanted {
                break;
            }
            match self.peers.tell(self.dice.below(known as u64) as usize) {
                Telling::First(peer) => {
                    chosen.push(entry_about(peer));
                    fresh -= 1;
                }
                Telling::Unfit => fresh -= 1,
                Telling::Again | Telling::Elsewhere => {}
            }
        }
        self.add_suspects(chosen, suspects);
    }

    fn add_suspects(&self, chosen: &mut Vec<Gossip>, mut limit: usize) {
        for &index in self.peers.indices() {
            if limit == 0 {
                break;
            }
            let peer = &self.peers[index];
            if peer.is_pfail() && !peer.flags.any(Flags::HANDSHAKE.with(Flags::NOADDR)) {
                chosen.push(entry_about(peer));
                limit -= 1;
            }
        }
    }

    /// Reads the gossip section of a message; `sender` is `None` if it is not known.
    pub(super) fn process_gossip(
        &mut self,
        message: &Message,
        sender: Option<PeerIdx>,
        out: &mut Effects,
    ) {
        for entries in message.gossip().chunks(AHEAD) {
            let mut rows = [None; AHEAD];
            for (row, entry) in rows.iter_mut().zip(entries) {
                *row = self.peers.find(entry.id);
            }
            for (row, entry) in rows.into_iter().zip(entries) {
                self.read_entry(row, entry, (message.header.sender, sender), out);
            }
        }
    }

    /// Reads one entry; `index` is whom it is about, if that was known a moment ago. The teller has
    /// a name, and a row if it is known.
    fn read_entry(
        &mut self,
        index: Option<PeerIdx>,
        entry: &Gossip,
        teller: (NodeId, Option<PeerIdx>),
        out: &mut Effects,
    ) {
        match (index.or_else(|| self.peers.find(entry.id)), teller.1) {
            (Some(index), _) if self.is_undoubted(index, entry) => self.hear_pong_of(index, entry),
            (Some(index), _) => self.hear_about(index, entry, teller, out),
            (None, Some(sender)) if !entry.flags.any(Flags::NOADDR) => {
                if !self.is_blacklisted(entry.id, sender, out) {
                    self.learn_peer(entry, sender, out);
                }
            }
            (None, _) => {}
        }
    }

    /// Whether neither the sender nor this node nor anybody else doubts that a node lives: so it is
    /// with nearly all entries.
    fn is_undoubted(&self, index: PeerIdx, entry: &Gossip) -> bool {
        !entry.flags.with(self.peers[index].flags).any(Flags::FAIL.with(Flags::PFAIL))
            && self.peers.reports().is_empty()
    }

    /// Somebody had a pong of this node, which need not be asked then.
    fn hear_pong_of(&mut self, index: PeerIdx, entry: &Gossip) {
        let pong_ms = u64::from(entry.pong_received_s) * 1_000;
        let peer = &self.peers[index];
        if peer.ping_sent_ms == 0
            && pong_ms > peer.pong_received_ms
            && pong_ms <= self.now_ms() + FUTURE_TOLERANCE_MS
        {
            self.peers.refresh(index, pong_ms);
        }
    }

    /// An entry about a node that this one knows.
    fn hear_about(
        &mut self,
        index: PeerIdx,
        entry: &Gossip,
        (by, sender): (NodeId, Option<PeerIdx>),
        out: &mut Effects,
    ) {
        let suspected = entry.flags.any(Flags::FAIL.with(Flags::PFAIL));
        if let Some(sender) = sender
            && self.peers[sender].is_master()
            && index != MYSELF
        {
            if suspected {
                self.add_report(index, sender, out);
                self.judge_failure(index, out);
            } else {
                self.drop_report(index, sender, out);
            }
        }
        if !suspected && self.peers[index].ping_sent_ms == 0 && self.valid_reports(index) == 0 {
            self.hear_pong_of(index, entry);
        }
        let believed_failing = self.peers[index].flags.any(Flags::FAIL.with(Flags::PFAIL));
        let usable = !suspected && !entry.flags.any(Flags::NOADDR);
        if believed_failing && usable && self.peers[index].addr != entry.addr {
            // It is not written down for that.
            self.take_address(index, entry.addr, Some(by), out);
        }
    }

    /// A peer says that it is at another address.
    pub(super) fn move_peer(&mut self, index: PeerIdx, addr: Addr, out: &mut Effects) {
        self.take_address(index, addr, None, out);
        self.todo.save();
    }

    /// Takes up another address for a peer: the link to the old one is dropped.
    fn take_address(&mut self, index: PeerIdx, addr: Addr, by: Option<NodeId>, out: &mut Effects) {
        if let Some(link) = self.peers[index].link {
            self.free_link(link, out);
        }
        let peer = &mut self.peers[index];
        peer.addr = addr;
        peer.flags.clear(Flags::NOADDR);
        out.note(Fact::AddressChanged { peer: peer.id, to: addr, by });
    }

    /// An entry about a node that this one does not know: it is added with the flags as told, and
    /// written down when something else is.
    fn learn_peer(&mut self, entry: &Gossip, sender: PeerIdx, out: &mut Effects) {
        self.add_peer(entry.id, entry.addr, entry.flags.without(Flags::MYSELF));
        let from = Some(self.peers[sender].id);
        out.note(Fact::PeerLearned { peer: entry.id, from });
    }

    pub(super) fn add_peer(&mut self, id: NodeId, addr: Addr, flags: Flags) -> PeerIdx {
        self.peers.add(Peer::new(id, addr, flags), Cold::new(self.now.millis()))
    }
}

fn entry_about(peer: &Peer) -> Gossip {
    Gossip {
        id: peer.id,
        ping_sent_s: (peer.ping_sent_ms / 1_000) as u32,
        pong_received_s: (peer.pong_received_ms / 1_000) as u32,
        addr: peer.addr,
        flags: peer.flags,
    }
}
