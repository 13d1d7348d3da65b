//! Connections: who is at the other end of each, and what it is for.
//!
//! The rule (Redis 7.0, `cluster.c: clusterLink`): a node opens one bus link to every node that it
//! knows and accepts one from each; what is asked on a link is answered on it, everything else goes
//! out on the link that the node opened. An accepted link is nobody's until the first message from
//! a known sender. What was said on a link in the turn in which it is freed does not leave.

use std::net::Ipv4Addr;

use super::client::Client;
use super::peers::{PeerIdx, Peers};
use super::port::{Effect, Effects, Packet, Service};
use super::{Node, bus, fact::Fact};
use crate::words::{ByConn, ConnId};

/// What a connection is for.
#[derive(Clone, Debug)]
pub(super) enum Conn {
    /// This node's bus link to a peer.
    ToPeer { peer: PeerIdx, created_ms: u64, state: LinkState },
    /// A bus link that a peer opened; nobody's until a known sender speaks.
    FromPeer { peer: Option<PeerIdx>, from: Ipv4Addr, at: Ipv4Addr, created_ms: u64 },
    /// A client, or a replica that has not asked for the stream yet.
    FromClient(Box<Client>),
    /// The replication link to this node's master.
    ToMaster,
    /// The replication link of a replica, which came as a client.
    FromReplica(Box<Client>),
    /// This node as a client of the node to which its keys migrate.
    ToTarget,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LinkState {
    Connecting,
    Up,
}

/// The open connections of a node, in the order of their ids.
#[derive(Clone, Debug, Default)]
pub(super) struct Conns {
    list: ByConn<Conn>,
    opened: u32,
}

impl Conns {
    pub(super) fn get(&self, id: ConnId) -> Option<&Conn> {
        self.list.get(id)
    }

    pub(super) fn get_mut(&mut self, id: ConnId) -> Option<&mut Conn> {
        self.list.get_mut(id)
    }

    pub(super) fn insert(&mut self, id: ConnId, conn: Conn) {
        self.list.insert(id, conn);
    }

    pub(super) fn remove(&mut self, id: ConnId) -> Option<Conn> {
        self.list.remove(id)
    }

    /// Every connection, in the order of the ids.
    pub(super) fn all(&self) -> impl Iterator<Item = (ConnId, &Conn)> {
        self.list.iter()
    }

    /// A name for a connection that the node is about to open.
    pub(super) fn next_id(&mut self) -> ConnId {
        self.opened += 1;
        ConnId(self.opened)
    }

    /// How many connections at the client port are served, that to this node's master included.
    pub(super) fn served(&self) -> u64 {
        let served = |conn: &Conn| {
            matches!(conn, Conn::FromClient(_) | Conn::FromReplica(_) | Conn::ToMaster)
        };
        self.list.iter().filter(|(_, conn)| served(conn)).count() as u64
    }

    /// The clients, replicas not counted.
    pub(super) fn clients(&self) -> impl Iterator<Item = &Client> {
        self.list.iter().filter_map(|(_, conn)| match conn {
            Conn::FromClient(client) => Some(&**client),
            _ => None,
        })
    }
}

impl Node {
    /// Opens the bus link to a peer (`clusterNodeCronHandleReconnect`).
    pub(super) fn open_link(&mut self, peer: PeerIdx, out: &mut Effects) {
        let conn = self.conns.next_id();
        let created_ms = self.now_ms();
        let state = LinkState::Connecting;
        self.conns.insert(conn, Conn::ToPeer { peer, created_ms, state });
        self.peers[peer].link = Some(conn);
        let addr = self.peers[peer].addr;
        let service = Service::Bus;
        out.push(Effect::Connect { conn, to: addr.ip, port: addr.bus_port, service });
    }

    /// Closes a bus link of either direction, and unties it from its peer (`freeClusterLink`).
    pub(super) fn free_link(&mut self, conn: ConnId, out: &mut Effects) {
        let Some(freed) = self.conns.remove(conn) else { return };
        untie(&mut self.peers, conn, &freed);
        out.take_back(conn);
        out.push(Effect::Close { conn });
    }

    /// Ties an accepted link to the peer that speaks on it; an older one of the same peer is closed
    /// (`setClusterNodeToInboundClusterLink`).
    pub(super) fn tie_inbound(&mut self, conn: ConnId, peer: PeerIdx, out: &mut Effects) {
        if let Some(Conn::FromPeer { peer: tied, .. }) = self.conns.get_mut(conn) {
            *tied = Some(peer);
        }
        if let Some(older) = self.peers.cold_mut(peer).inbound.replace(conn)
            && older != conn
        {
            self.free_link(older, out);
            self.peers.cold_mut(peer).inbound = Some(conn);
        }
    }

    /// A bus link of this node's own is established: MEET or PING at once, and keep the time of a
    /// ping that was pending before (`clusterLinkConnectHandler`).
    pub(super) fn on_peer_link_up(&mut self, conn: ConnId, peer: PeerIdx, out: &mut Effects) {
        if let Some(Conn::ToPeer { state, .. }) = self.conns.get_mut(conn) {
            *state = LinkState::Up;
        }
        let pending_ms = self.peers[peer].ping_sent_ms;
        let meets = self.peers[peer].flags.any(super::peers::Flags::MEET);
        self.send_ping(conn, if meets { bus::Kind::Meet } else { bus::Kind::Ping }, out);
        if pending_ms != 0 {
            self.peers.ping(peer, pending_ms);
        }
        self.peers[peer].flags.clear(super::peers::Flags::MEET);
        if self.peers.cold(peer).seldom().link_lost {
            self.peers.cold_mut(peer).seldom_mut().link_lost = false;
            out.note(Fact::LinkRestored { peer: self.peers[peer].id });
        }
    }

    /// A bus link closed, or could not be opened. Said once per silence.
    pub(super) fn on_bus_link_closed(&mut self, conn: ConnId, refused: Refused, out: &mut Effects) {
        let Some(freed) = self.conns.remove(conn) else { return };
        untie(&mut self.peers, conn, &freed);
        let Conn::ToPeer { peer, .. } = freed else { return };
        let id = self.peers[peer].id;
        let lost = &mut self.peers.cold_mut(peer).seldom_mut().link_lost;
        match refused {
            Refused::Yes if !*lost => out.note(Fact::LinkRefused { peer: id }),
            Refused::No if !*lost => out.note(Fact::LinkLost { peer: id }),
            Refused::Yes | Refused::No => {}
        }
        *lost = true;
    }

    /// Sends one message to every node that this one has a link to (`clusterBroadcastMessage`).
    pub(super) fn broadcast(&mut self, message: &bus::Shared, out: &mut Effects) {
        for at in 0..self.peers.indices().len() {
            let peer = &self.peers[self.peers.indices()[at]];
            let Some(link) = peer.link else { continue };
            if peer.in_handshake() {
                continue;
            }
            self.send_message(link, message.clone(), out);
        }
    }

    /// Puts a message on a link and counts it.
    pub(super) fn send_message(&mut self, conn: ConnId, message: bus::Shared, out: &mut Effects) {
        self.counters.count_sent(message.kind());
        out.send(conn, Packet::Bus(message));
    }
}

/// Whether a link ended because nobody listened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    Yes,
    No,
}

fn untie(peers: &mut Peers, conn: ConnId, freed: &Conn) {
    match *freed {
        Conn::ToPeer { peer, .. } => {
            if peers[peer].link == Some(conn) {
                peers[peer].link = None;
            }
        }
        Conn::FromPeer { peer: Some(peer), .. } => {
            let inbound = &mut peers.cold_mut(peer).inbound;
            if *inbound == Some(conn) {
                *inbound = None;
            }
        }
        Conn::FromPeer { peer: None, .. }
        | Conn::FromClient(_)
        | Conn::ToMaster
        | Conn::FromReplica(_)
        | Conn::ToTarget => {}
    }
}
