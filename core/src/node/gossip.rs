//! Gossip: what every ping, pong and meet tells about third nodes.
//!
//! The problem: everybody must hear of everybody, without everybody telling everything. The idea: a
//! message carries a few random entries, and all nodes that the sender suspects.
//!
//! The rule (Redis 7.0, `cluster.c: clusterSendPing, clusterProcessGossipSection`): a tenth of the
//! known nodes, at least 3, are drawn; then every PFAIL node is added, as far as the last tick had
//! counted any, so that a suspicion travels one tick after it arose. Times are whole seconds.

use std::sync::Arc;

use super::bus::{Body, Gossip, Header, Kind, Message};
use super::fact::Fact;
use super::peers::{Cold, Flags, MYSELF, Peer, PeerIdx};
use super::port::Effects;
use super::{Node, bus};
use crate::words::{Addr, ConnId};

/// How far in the future a gossiped pong time may lie, in ms.
const FUTURE_TOLERANCE_MS: u64 = 500;

impl Node {
    /// The header of this node's messages (`clusterBuildMessageHdr`).
    pub(super) fn header(&self) -> Header {
        let me = self.peers.me();
        let shard = self.peers.shard_master(MYSELF).unwrap_or(MYSELF);
        let shard = self.peers.cold(shard);
        Header {
            sender: me.id,
            // The address in the header stays empty: the receiver takes the socket's.
            addr: Addr { ip: std::net::Ipv4Addr::UNSPECIFIED, ..me.addr },
            current_epoch: self.epochs.current(),
            config_epoch: shard.config_epoch,
            offset: self.replication.offset(),
            slots: shard.slots.clone(),
            master: me.master.map(|master| self.peers[master].id),
            flags: me.flags,
            state: self.state.health(),
        }
    }

    pub(super) fn message(&self, body: Body) -> bus::Shared {
        Arc::new(Message { header: self.header(), body })
    }

    /// Sends a ping, pong or meet on a link; a ping to a peer is pending from then on.
    pub(super) fn send_ping(&mut self, conn: ConnId, kind: Kind, out: &mut Effects) {
        if kind == Kind::Ping
            && let Some(super::links::Conn::ToPeer { peer, .. }) = self.conns.get(conn)
        {
            let peer = *peer;
            self.peers[peer].ping_sent_ms = self.now_ms();
        }
        let gossip = self.choose_gossip();
        let body = match kind {
            Kind::Ping => Body::Ping(gossip),
            Kind::Pong => Body::Pong(gossip),
            Kind::Meet => Body::Meet(gossip),
            Kind::Fail | Kind::AuthRequest | Kind::AuthAck | Kind::Update => {
                unreachable!("only pings, pongs and meets carry gossip")
            }
        };
        let message = self.message(body);
        self.send_message(conn, message, out);
    }

    fn choose_gossip(&mut self) -> Vec<Gossip> {
        let known = self.peers.len();
        let mut fresh = known.saturating_sub(2);
        let wanted = (known / 10).max(3).min(fresh);
        let suspects = self.pfail_count;
        let mut chosen: Vec<PeerIdx> = Vec::with_capacity(wanted + suspects);
        for _ in 0..wanted * 3 {
            if fresh == 0 || chosen.len() >= wanted {
                break;
            }
            let index = self.peers.indices()[self.dice.below(known as u64) as usize];
            let peer = &self.peers[index];
            if index == MYSELF || peer.is_pfail() {
                continue;
            }
            if unfit_for_gossip(peer, self.peers.cold(index)) {
                fresh -= 1;
            } else if !chosen.contains(&index) {
                chosen.push(index);
                fresh -= 1;
            }
        }
        self.add_suspects(&mut chosen, suspects);
        chosen.iter().map(|&index| entry_about(&self.peers[index])).collect()
    }

    fn add_suspects(&self, chosen: &mut Vec<PeerIdx>, mut limit: usize) {
        for &index in self.peers.indices() {
            if limit == 0 {
                break;
            }
            let peer = &self.peers[index];
            if peer.is_pfail() && !peer.flags.any(Flags::HANDSHAKE.with(Flags::NOADDR)) {
                chosen.push(index);
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
        for entry in message.gossip() {
            match (self.peers.find(entry.id), sender) {
                (Some(index), _) => self.hear_about(index, entry, sender, out),
                (None, Some(sender)) if !entry.flags.any(Flags::NOADDR) => {
                    self.learn_peer(entry, sender, out);
                }
                (None, _) => {}
            }
        }
    }

    /// An entry about a node that this one knows.
    fn hear_about(
        &mut self,
        index: PeerIdx,
        entry: &Gossip,
        sender: Option<PeerIdx>,
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
            let pong_ms = u64::from(entry.pong_received_s) * 1_000;
            let newest = self.now_ms() + FUTURE_TOLERANCE_MS;
            let peer = &mut self.peers[index];
            if pong_ms <= newest && pong_ms > peer.pong_received_ms {
                peer.pong_received_ms = pong_ms;
            }
        }
        let believed_failing = self.peers[index].flags.any(Flags::FAIL.with(Flags::PFAIL));
        let usable = !suspected && !entry.flags.any(Flags::NOADDR);
        if believed_failing && usable && self.peers[index].addr != entry.addr {
            self.move_peer(index, entry.addr, out);
        }
    }

    /// Takes up another address for a peer: the link to the old one is dropped.
    pub(super) fn move_peer(&mut self, index: PeerIdx, addr: Addr, out: &mut Effects) {
        if let Some(link) = self.peers[index].link {
            self.free_link(link, out);
        }
        let peer = &mut self.peers[index];
        peer.addr = addr;
        peer.flags.clear(Flags::NOADDR);
        out.note(Fact::AddressChanged { peer: peer.id, to: addr });
        self.todo.save();
    }

    /// An entry about a node that this one does not know: it is added with the flags as told.
    fn learn_peer(&mut self, entry: &Gossip, sender: PeerIdx, out: &mut Effects) {
        let flags = entry.flags.without(Flags::MYSELF.with(Flags::MIGRATE_TO));
        self.add_peer(entry.id, entry.addr, flags);
        let from = Some(self.peers[sender].id);
        out.note(Fact::PeerLearned { peer: entry.id, from });
        self.todo.save();
    }

    pub(super) fn add_peer(
        &mut self,
        id: crate::words::NodeId,
        addr: Addr,
        flags: Flags,
    ) -> PeerIdx {
        let peer = Peer {
            id,
            flags,
            master: None,
            addr,
            ping_sent_ms: 0,
            pong_received_ms: 0,
            data_received_ms: 0,
            link: None,
        };
        self.peers.add(peer, Cold { created_ms: self.now_ms(), ..Cold::default() })
    }
}

/// In handshake, without an address, or neither linked nor serving: not worth telling.
fn unfit_for_gossip(peer: &Peer, cold: &Cold) -> bool {
    peer.flags.any(Flags::HANDSHAKE.with(Flags::NOADDR))
        || (peer.link.is_none() && cold.slots.is_empty())
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
