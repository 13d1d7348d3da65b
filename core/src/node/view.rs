//! What others may see of a node, without touching it: for views, invariants and conditions.
//!
//! Nothing here is a protocol rule, and no node ever reads another one through this file.

use serde::{Deserialize, Serialize};

use super::client::Client;
use super::peers::{MYSELF, PeerIdx};
use super::stats::Stat;
use super::{Config, Health, Node, Open, Replication};
use crate::data::Keyspace;
use crate::words::{Addr, ConnId, NodeId, Slot, SlotSet};

/// How one node judges another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Opinion {
    Ok,
    Pfail,
    Fail,
    Handshake,
}

/// What a node believes of one node, itself included.
#[derive(Clone, Debug, PartialEq)]
pub struct Belief<'a> {
    pub id: NodeId,
    pub addr: Addr,
    pub opinion: Opinion,
    pub role: Role,
    pub config_epoch: u64,
    pub slots: &'a SlotSet,
    pub offset: u64,
    /// When anything last came from it, in ms of the node's own clock; 0 if nothing ever did.
    pub heard_ms: u64,
    /// When the pending ping was sent, in ms; 0 if none is pending.
    pub ping_sent_ms: u64,
    pub linked: Linked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Role {
    Master,
    Replica { of: Option<NodeId> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Linked {
    Yes,
    No,
}

impl Node {
    pub fn id(&self) -> NodeId {
        self.peers.me().id
    }

    pub fn is_master(&self) -> bool {
        self.peers.me().is_master()
    }

    /// The master that this node replicates.
    pub fn master(&self) -> Option<NodeId> {
        self.peers.me().master.map(|master| self.peers[master].id)
    }

    pub fn config(&self) -> &Config {
        &self.config
    }

    pub fn health(&self) -> Health {
        self.state.health()
    }

    pub fn current_epoch(&self) -> u64 {
        self.epochs.current()
    }

    /// The current epoch as it stands in nodes.conf.
    pub fn saved_epoch(&self) -> u64 {
        self.saved.epochs().current()
    }

    pub fn last_vote_epoch(&self) -> u64 {
        self.epochs.last_vote()
    }

    /// The config epoch of this node's own slots, or its master's.
    pub fn config_epoch(&self) -> u64 {
        let shard = self.peers.shard_master(MYSELF).unwrap_or(MYSELF);
        self.peers.cold(shard).config_epoch
    }

    pub fn replication(&self) -> &Replication {
        &self.replication
    }

    /// How many commands its process has run, or its counters have counted since they were reset.
    pub fn commands_processed(&self) -> u64 {
        self.stats.of(Stat::Commands)
    }

    /// How much a client has sent that is no whole call yet, in bytes.
    pub fn unused_input(&self, conn: ConnId) -> usize {
        self.client(conn).map_or(0, Client::unused_input)
    }

    pub fn keyspace(&self) -> &Keyspace {
        &self.keyspace
    }

    /// The slots that this node itself serves.
    pub fn own_slots(&self) -> &SlotSet {
        self.peers.cold(MYSELF).slots()
    }

    /// Who, as this node believes, owns a slot.
    pub fn owner_of(&self, slot: Slot) -> Option<NodeId> {
        self.slots.owner(slot).map(|owner| self.peers[owner].id)
    }

    /// The slots that this node has open, and the node at the other side of each.
    pub fn open_slots(&self) -> impl Iterator<Item = (Slot, Open<NodeId>)> + '_ {
        self.open.iter().map(|(slot, open)| (slot, open.map(|peer| self.peers[peer].id)))
    }

    /// What this node believes of every node that it knows, itself first.
    pub fn beliefs(&self) -> impl Iterator<Item = Belief<'_>> {
        self.peers.indices().iter().map(|&index| self.belief(index))
    }

    /// What this node believes of another one; `None` if it does not know it.
    pub fn belief_about(&self, id: NodeId) -> Option<Belief<'_>> {
        self.peers.find(id).map(|index| self.belief(index))
    }

    fn belief(&self, index: PeerIdx) -> Belief<'_> {
        let (peer, cold) = (&self.peers[index], self.peers.cold(index));
        let opinion = match (peer.is_fail(), peer.is_pfail(), peer.in_handshake()) {
            (true, _, _) => Opinion::Fail,
            (false, true, _) => Opinion::Pfail,
            (false, false, true) => Opinion::Handshake,
            (false, false, false) => Opinion::Ok,
        };
        let role = if peer.is_replica() {
            Role::Replica { of: peer.master.map(|master| self.peers[master].id) }
        } else {
            Role::Master
        };
        Belief {
            id: peer.id,
            addr: peer.addr,
            opinion,
            role,
            config_epoch: cold.config_epoch,
            slots: cold.slots(),
            offset: if index == MYSELF { self.replication.offset() } else { cold.repl_offset },
            heard_ms: cold.data_received_ms,
            ping_sent_ms: peer.ping_sent_ms,
            linked: if index == MYSELF || peer.link.is_some() { Linked::Yes } else { Linked::No },
        }
    }
}
