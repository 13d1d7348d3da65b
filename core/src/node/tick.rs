//! The tick: what a node does ten times a second without being asked.
//!
//! The rule (Redis 7.0, `cluster.c: clusterCron`, `replication.c: replicationCron`):
//! 1. First pass over the peers: count the suspects, end handshakes that took too long, open missing
//!    links.
//! 2. Every tenth tick, ping one of five random peers: the one whose last pong is oldest.
//! 3. Second pass: drop links on which nothing comes, ping whoever has been silent for half of
//!    node-timeout, suspect whoever is silent for longer than node-timeout.
//! 4. A replica sees to its election; whoever has news, or is in state fail, evaluates the state.
//!
//! Once a second replication does its own rounds.

use super::Node;
use super::bus::{Health, Kind};
use super::fact::Fact;
use super::links::Conn;
use super::peers::{Flags, MYSELF, PeerIdx};
use super::port::Effects;

/// A handshake is given up after node-timeout, but not before this, in ms.
const HANDSHAKE_LEAST_MS: u64 = 1_000;
const RANDOM_PEERS: usize = 5;

impl Node {
    pub(super) fn on_tick(&mut self, out: &mut Effects) {
        self.ticks += 1;
        self.expire_keys(out);
        if self.ticks % 10 == 0 {
            self.replication_round(out);
        }
        self.update_own_flags();
        self.see_to_links(out);
        if self.ticks % 10 == 0 {
            self.ping_random_peer(out);
        }
        for place in 0..self.peers.len() {
            self.watch_peer(self.peers.indices()[place], out);
        }
        if self.peers.me().is_replica() {
            self.follow_master(out);
            self.handle_election(out);
        }
        if self.todo.has_state_update() || self.state.health() == Health::Fail {
            self.todo.clear_state_update();
            self.update_state(out);
        }
    }

    fn update_own_flags(&mut self) {
        let no_failover = self.config.replica_no_failover.is_on();
        let flags = &mut self.peers[MYSELF].flags;
        flags.clear(Flags::NOFAILOVER);
        if no_failover {
            flags.set(Flags::NOFAILOVER);
        }
    }

    /// Rule 1.
    fn see_to_links(&mut self, out: &mut Effects) {
        let now_ms = self.now_ms();
        let handshake_ms = self.config.node_timeout_ms.max(HANDSHAKE_LEAST_MS);
        self.pfail_count = 0;
        for index in self.peers.indices().to_vec() {
            let peer = &self.peers[index];
            if index == MYSELF || peer.flags.any(Flags::NOADDR) {
                continue;
            }
            self.pfail_count += usize::from(peer.is_pfail());
            let age_ms = now_ms.saturating_sub(self.peers.cold(index).created_ms);
            if peer.in_handshake() && age_ms > handshake_ms {
                out.note(Fact::HandshakeExpired { with: peer.addr });
                self.delete_peer(index, out);
            } else if peer.link.is_none() {
                self.open_link(index, out);
            }
        }
    }

    /// Rule 2.
    fn ping_random_peer(&mut self, out: &mut Effects) {
        let mut oldest: Option<PeerIdx> = None;
        for _ in 0..RANDOM_PEERS {
            let known = self.peers.len() as u64;
            let index = self.peers.indices()[self.dice.below(known) as usize];
            let peer = &self.peers[index];
            if index == MYSELF
                || peer.link.is_none()
                || peer.ping_sent_ms != 0
                || peer.in_handshake()
            {
                continue;
            }
            if oldest.is_none_or(|best| peer.pong_received_ms < self.peers[best].pong_received_ms) {
                oldest = Some(index);
            }
        }
        if let Some(link) = oldest.and_then(|index| self.peers[index].link) {
            self.send_ping(link, Kind::Ping, out);
        }
    }

    /// Rule 3.
    fn watch_peer(&mut self, index: PeerIdx, out: &mut Effects) {
        let unwatched = Flags::NOADDR.with(Flags::HANDSHAKE);
        if index == MYSELF || self.peers[index].flags.any(unwatched) {
            return;
        }
        self.drop_silent_link(index, out);
        let now_ms = self.now_ms();
        let peer = &self.peers[index];
        let half_ms = self.config.node_timeout_ms / 2;
        let pong_age_ms = now_ms.saturating_sub(peer.pong_received_ms);
        if let (Some(link), 0) = (peer.link, peer.ping_sent_ms)
            && pong_age_ms > half_ms
        {
            self.send_ping(link, Kind::Ping, out);
            return;
        }
        if peer.ping_sent_ms != 0 {
            self.suspect_if_silent(index, out);
        }
    }

    /// A link as old as node-timeout, on which a ping has waited for half of it and nothing came: the
    /// connection itself may be the problem, so it is made anew.
    fn drop_silent_link(&mut self, index: PeerIdx, out: &mut Effects) {
        let now_ms = self.now_ms();
        let timeout_ms = self.config.node_timeout_ms;
        let peer = &self.peers[index];
        let Some(link) = peer.link else { return };
        let Some(Conn::ToPeer { created_ms, .. }) = self.conns.get(link) else { return };
        let age = |since_ms: u64| now_ms.saturating_sub(since_ms);
        let silent_ms = age(peer.data_received_ms);
        if age(*created_ms) > timeout_ms
            && peer.ping_sent_ms != 0
            && age(peer.ping_sent_ms) > timeout_ms / 2
            && silent_ms > timeout_ms / 2
        {
            out.note(Fact::LinkDropped { peer: peer.id, silent_ms });
            self.peers.cold_mut(index).link_lost = true;
            self.free_link(link, out);
        }
    }

    /// Forgets a peer with all that hangs on it (`clusterDelNode`).
    pub(super) fn delete_peer(&mut self, index: PeerIdx, out: &mut Effects) {
        self.slots.free_all_of(&mut self.peers, index);
        if let Some(link) = self.peers[index].link {
            self.free_link(link, out);
        }
        if let Some(link) = self.peers.cold(index).inbound {
            self.free_link(link, out);
        }
        self.peers.remove(index);
    }
}
