//! Receiving a bus message: the order of its effects.
//!
//! The rule (Redis 7.0, `cluster.c: clusterProcessPacket`): first who sent it, then its epochs and
//! offset; a ping or meet is answered at once on the same link, before the rest of it is read; then
//! handshake, address, pong, role, slots, collision, gossip.

use std::net::Ipv4Addr;

use super::Node;
use super::bus::{Body, Header, Kind, Message, Shared};
use super::fact::Fact;
use super::links::Conn;
use super::notice::Notice;
use super::peers::{Flags, MYSELF, PeerIdx};
use super::port::Effects;
use crate::words::{Addr, ConnId};

/// The link on which a message came.
#[derive(Clone, Copy)]
struct Via {
    conn: ConnId,
    side: Side,
    from: Ipv4Addr,
}

/// Which side opened the link.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Mine(PeerIdx),
    /// Whose it is, if somebody known has spoken on it; and this node's own address there.
    Theirs {
        tied: Option<PeerIdx>,
        at: Ipv4Addr,
    },
}

impl Node {
    pub(super) fn on_bus_message(&mut self, conn: ConnId, message: &Shared, out: &mut Effects) {
        let Some(via) = self.via(conn) else { return };
        self.counters.count_received(message.kind());
        if self.deaf_to == Some(message.kind()) {
            return out.note(Fact::Logged(Notice::MessageDropped));
        }
        let header = &message.header;
        let sender = self.sender_of(via, header);
        if let Some(sender) = sender {
            if let Side::Theirs { tied, .. } = via.side
                && tied != Some(sender)
            {
                self.tie_inbound(conn, sender, out);
            }
            self.peers.hear(sender, self.now_ms());
            if !self.peers[sender].in_handshake() {
                self.learn_epochs(sender, header, out);
                self.peers.hear_offset(sender, header.offset);
                self.hear_of_pause(sender, header, out);
            }
        }
        match &message.body {
            Body::Ping(_) | Body::Pong(_) | Body::Meet(_) => {
                self.on_heartbeat(via, message, sender, out);
            }
            Body::Fail(failing) => self.on_fail(sender, header, *failing, out),
            Body::AuthRequest => self.on_auth_request(sender, header, out),
            Body::AuthAck => self.on_vote(sender, header.current_epoch, out),
            Body::Update(update) => self.on_update(sender, update, out),
            Body::MfStart => self.on_handover_request(conn, sender, header, out),
            Body::Publish(_) | Body::PublishShard(_) => self.on_publication(sender, message),
        }
    }

    fn via(&self, conn: ConnId) -> Option<Via> {
        match *self.conns.get(conn)? {
            Conn::ToPeer { peer, .. } => {
                Some(Via { conn, side: Side::Mine(peer), from: self.peers[peer].addr.ip })
            }
            Conn::FromPeer { peer: tied, from, at, .. } => {
                Some(Via { conn, side: Side::Theirs { tied, at }, from })
            }
            Conn::FromClient(_) | Conn::ToMaster | Conn::FromReplica(_) | Conn::ToTarget => None,
        }
    }

    /// Who a link belongs to, or else whose name the header states, if it is known
    /// (`getNodeFromLinkAndMsg`).
    fn sender_of(&self, via: Via, header: &Header) -> Option<PeerIdx> {
        let tied = match via.side {
            Side::Mine(peer) => Some(peer),
            Side::Theirs { tied, .. } => tied,
        };
        match tied {
            Some(peer) if !self.peers[peer].in_handshake() => Some(peer),
            Some(_) | None => self.peers.find(header.sender),
        }
    }

    fn on_heartbeat(
        &mut self,
        via: Via,
        message: &Message,
        sender: Option<PeerIdx>,
        out: &mut Effects,
    ) {
        let kind = message.kind();
        if kind != Kind::Pong {
            self.learn_own_address(via, kind, out);
            if kind == Kind::Meet && sender.is_none() {
                self.meet_back(via, &message.header, out);
                self.process_gossip(message, None, out);
            }
            self.send_ping(via.conn, Kind::Pong, out);
        }
        if let Side::Mine(peer) = via.side
            && !self.know_peer(via, peer, sender, &message.header, out)
        {
            return;
        }
        if let (Some(sender), Kind::Ping) = (sender, kind)
            && !self.peers[sender].in_handshake()
        {
            self.update_address(via, sender, &message.header, out);
        }
        if let (Side::Mine(peer), Kind::Pong) = (via.side, kind) {
            self.hear_pong(peer, out);
        }
        let Some(sender) = sender else { return };
        self.peers.copy_flag(sender, Flags::NOFAILOVER, message.header.flags);
        self.learn_role(sender, &message.header, out);
        self.learn_slots(sender, &message.header, out);
        self.settle_collision(sender, &message.header, out);
        self.process_gossip(message, Some(sender), out);
        self.learn_hostname(sender, message, out);
    }

    /// A node learns its own address from the socket on which it is met, or pinged if it has none;
    /// one that announces another knows it already.
    fn learn_own_address(&mut self, via: Via, kind: Kind, out: &mut Effects) {
        let Side::Theirs { at, .. } = via.side else { return };
        if self.announces_ip() {
            return;
        }
        let known = self.peers.me().addr.ip;
        if (kind == Kind::Meet || known.is_unspecified()) && known != at {
            self.peers[MYSELF].addr.ip = at;
            out.note(Fact::Logged(Notice::OwnAddress { ip: at }));
            self.todo.save();
        }
    }

    /// A MEET from a stranger: a handshake back.
    fn meet_back(&mut self, via: Via, header: &Header, out: &mut Effects) {
        let ip = if header.addr.ip.is_unspecified() { via.from } else { header.addr.ip };
        let addr = Addr { ip, ..header.addr };
        let id = crate::words::NodeId::random(&mut self.dice);
        self.add_peer(id, addr, Flags::HANDSHAKE);
        out.note(Fact::HandshakeStarted { with: addr });
        self.todo.save();
    }

    /// The name in an answer on my own link: ends a handshake, or must be the name that I know.
    /// Whether the message is to be read further.
    fn know_peer(
        &mut self,
        via: Via,
        peer: PeerIdx,
        sender: Option<PeerIdx>,
        header: &Header,
        out: &mut Effects,
    ) -> bool {
        if !self.peers[peer].in_handshake() {
            return self.check_name(via.conn, peer, header, out);
        }
        if let Some(known) = sender {
            out.note(Fact::Logged(Notice::KnownAlready { peer: self.peers[known].id }));
            self.update_address(via, known, header, out);
            self.delete_peer(peer, out);
            return false;
        }
        self.peers.rename(peer, header.sender);
        let flags = &mut self.peers[peer].flags;
        flags.clear(Flags::HANDSHAKE);
        flags.set(if header.flags.any(Flags::MASTER) { Flags::MASTER } else { Flags::REPLICA });
        out.note(Fact::PeerLearned { peer: header.sender, from: None });
        self.todo.save();
        // The sender had no name yet when this message came, so only its pong counts.
        true
    }

    /// Another node answers at a peer's address: the peer is somewhere else, nobody knows where.
    fn check_name(
        &mut self,
        conn: ConnId,
        peer: PeerIdx,
        header: &Header,
        out: &mut Effects,
    ) -> bool {
        if self.peers[peer].id == header.sender {
            return true;
        }
        out.note(Fact::PeerIdMismatch { peer: self.peers[peer].id, found: header.sender });
        self.peers[peer].flags.set(Flags::NOADDR);
        let addr = &mut self.peers[peer].addr;
        *addr = Addr { ip: Ipv4Addr::UNSPECIFIED, port: 0, bus_port: 0 };
        self.free_link(conn, out);
        self.todo.save();
        false
    }

    /// A known node says on a link that is not this node's own to it that it is at another address
    /// (`nodeUpdateAddressIfNeeded`).
    fn update_address(&mut self, via: Via, sender: PeerIdx, header: &Header, out: &mut Effects) {
        if matches!(via.side, Side::Mine(peer) if peer == sender) || sender == MYSELF {
            return;
        }
        let ip = if header.addr.ip.is_unspecified() { via.from } else { header.addr.ip };
        let addr = Addr { ip, ..header.addr };
        if self.peers[sender].addr == addr {
            return;
        }
        self.move_peer(sender, addr, out);
        if self.peers.me().master == Some(sender) {
            self.replicate(sender, out);
        }
        self.todo.update_state();
    }
}
