//! The tick: what a node does ten times a second without being asked.
//!
//! The rule (Redis 7.0, `cluster.c: clusterCron`, `replication.c: replicationCron`):
//! 1. First pass over the peers: count the suspects, end handshakes that took too long, open
//!    missing links.
//! 2. Every tenth tick, ping one of five random peers: the one whose last pong is oldest.
//! 3. Second pass: drop links on which nothing comes, ping whoever has been silent for half of
//!    node-timeout, suspect whoever is silent for longer than node-timeout.
//!    A master that was asked to hand over pings the replica that asked, every time.
//! 4. A manual failover that took too long ends. A replica sees to its election, and to masters
//!    that have no replica; whoever has news, or is in state fail, evaluates the state.
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
const TICKS_PER_SECOND: u64 = 10;

impl Node {
    pub(super) fn on_tick(&mut self, out: &mut Effects) {
        self.ticks += 1;
        self.stats.sample(self.now_ms());
        self.expire_keys(out);
        self.persist(out);
        self.check_pause();
        if self.ticks.is_multiple_of(TICKS_PER_SECOND) {
            self.replication_round(out);
            self.close_unused_targets(out);
        }
        self.see_to_links(out);
        if self.ticks.is_multiple_of(TICKS_PER_SECOND) {
            self.ping_random_peer(out);
        }
        let census = self.count_orphans();
        self.watch_peers(out);
        if self.peers.me().is_replica() {
            self.follow_master(out);
        }
        self.end_late_failover(out);
        if self.peers.me().is_replica() {
            self.see_to_manual_failover(out);
            self.handle_election(out);
            self.consider_migration(&census, out);
        }
        if self.todo.has_state_update() || self.state.health() == Health::Fail {
            self.todo.clear_state_update();
            self.update_state(out);
        }
    }

    /// Rule 1. If nothing has changed since the last time, and nobody was in handshake then, there
    /// is nothing to do.
    fn see_to_links(&mut self, out: &mut Effects) {
        if self.linked_at == Some(self.peers.version()) {
            return;
        }
        let now_ms = self.now_ms();
        let handshake_ms = self.config.node_timeout_ms.max(HANDSHAKE_LEAST_MS);
        self.pfail_count = 0;
        let mut in_handshake = false;
        let mut place = 0;
        while let Some(&index) = self.peers.indices().get(place) {
            let peer = &self.peers[index];
            place += 1;
            if index == MYSELF || peer.flags.any(Flags::NOADDR) {
                continue;
            }
            self.pfail_count += usize::from(peer.is_pfail());
            in_handshake |= peer.in_handshake();
            let since_ms = |index| now_ms.saturating_sub(self.peers.cold(index).created_ms);
            if peer.in_handshake() && since_ms(index) > handshake_ms {
                out.note(Fact::HandshakeExpired { with: peer.addr });
                self.delete_peer(index, out);
                place -= 1;
            } else if peer.link.is_none() {
                self.open_link(index, out);
            }
        }
        self.linked_at = (!in_handshake).then(|| self.peers.version());
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

    /// Rule 3. Mostly nothing is pending and every pong is young.
    fn watch_peers(&mut self, out: &mut Effects) {
        let hands_over = self.hands_over();
        let half_ms = self.config.node_timeout_ms / 2;
        let old_ms = self.now_ms().saturating_sub(half_ms);
        for place in 1..self.peers.len() {
            let index = self.peers.indices()[place];
            let peer = &self.peers[index];
            if peer.ping_sent_ms != 0 || peer.pong_received_ms < old_ms || hands_over {
                self.watch_peer(index, out);
            }
        }
    }

    fn watch_peer(&mut self, index: PeerIdx, out: &mut Effects) {
        if self.peers[index].flags.any(Flags::NOADDR.with(Flags::HANDSHAKE)) {
            return;
        }
        let waits = self.peers[index].ping_sent_ms != 0;
        if waits {
            self.drop_silent_link(index, out);
        }
        let peer = &self.peers[index];
        let pong_age_ms = self.now_ms().saturating_sub(peer.pong_received_ms);
        let is_due = !waits && pong_age_ms > self.config.node_timeout_ms / 2;
        match peer.link {
            Some(link) if is_due || self.hands_over_to(peer.id) => {
                self.send_ping(link, Kind::Ping, out);
            }
            Some(_) | None if waits => self.suspect_if_silent(index, out),
            Some(_) | None => {}
        }
    }

    /// A link as old as node-timeout, on which a ping has waited for half of it and nothing came:
    /// the connection itself may be the problem, so it is made anew.
    fn drop_silent_link(&mut self, index: PeerIdx, out: &mut Effects) {
        let now_ms = self.now_ms();
        let timeout_ms = self.config.node_timeout_ms;
        let peer = &self.peers[index];
        let age = |since_ms: u64| now_ms.saturating_sub(since_ms);
        let silent_ms = age(self.peers.cold(index).data_received_ms);
        let is_quiet = peer.ping_sent_ms != 0
            && age(peer.ping_sent_ms) > timeout_ms / 2
            && silent_ms > timeout_ms / 2;
        let (true, Some(link)) = (is_quiet, peer.link) else { return };
        let Some(Conn::ToPeer { created_ms, .. }) = self.conns.get(link) else { return };
        if age(*created_ms) > timeout_ms {
            out.note(Fact::LinkDropped { peer: peer.id, silent_ms });
            self.peers.cold_mut(index).seldom_mut().link_lost = true;
            self.free_link(link, out);
        }
    }

    /// Forgets a peer with all that hangs on it (`clusterDelNode`).
    pub(super) fn delete_peer(&mut self, index: PeerIdx, out: &mut Effects) {
        self.slots.free_all_of(&mut self.peers, index);
        self.open.forget(index);
        if let Some(link) = self.peers[index].link {
            self.free_link(link, out);
        }
        if let Some(link) = self.peers.cold(index).inbound {
            self.free_link(link, out);
        }
        self.peers.remove(index);
    }
}
