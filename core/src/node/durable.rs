//! What survives a restart: the contents of nodes.conf.
//!
//! The rule (Redis 7.0, `cluster.c: clusterSaveConfig, clusterLoadConfig`): the nodes that are
//! known, with flags, masters, config epochs and slots, and this node's current epoch and last
//! vote. It is written before anything that depends on it leaves the machine. Nodes in handshake
//! are left out; after loading, replicas have config epoch 0, and the current epoch is at least the
//! greatest config epoch.

use super::Node;
use super::epoch::Epochs;
use super::peers::{Cold, Flags, MYSELF, Peer, Peers};
use super::slots::SlotTable;
use crate::words::{Addr, NodeId, SlotSet};

/// The contents of a node's nodes.conf.
#[derive(Clone, Debug, Default)]
pub struct Durable {
    nodes: Vec<Saved>,
    epochs: Epochs,
}

#[derive(Clone, Debug)]
struct Saved {
    id: NodeId,
    addr: Addr,
    flags: Flags,
    master: Option<NodeId>,
    config_epoch: u64,
    slots: SlotSet,
    pinged: Pinged,
}

/// Whether a ping was pending when the file was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pinged {
    Yes,
    No,
}

impl Durable {
    pub fn epochs(&self) -> Epochs {
        self.epochs
    }

    /// The table of peers and slots that a node has after loading this, at `now_ms` of its clock.
    pub(super) fn load(&self, now_ms: u64) -> (Peers, SlotTable, Epochs) {
        let (me, others) = self.nodes.split_first().expect("a node saves itself first");
        let mut peers = Peers::new(me.peer(now_ms), me.cold(now_ms));
        for saved in others {
            peers.add(saved.peer(now_ms), saved.cold(now_ms));
        }
        let mut slots = SlotTable::default();
        let mut epochs = self.epochs;
        for saved in &self.nodes {
            let index = peers.find(saved.id).expect("it was just added");
            let master = saved.master.and_then(|master| peers.find(master));
            peers.set_master(index, master);
            for slot in saved.slots.iter() {
                slots.bind(&mut peers, slot, index);
            }
            epochs.raise_to(peers.cold(index).config_epoch);
        }
        (peers, slots, epochs)
    }
}

impl Saved {
    fn of(peers: &Peers, index: super::peers::PeerIdx) -> Saved {
        let (peer, cold) = (&peers[index], peers.cold(index));
        Saved {
            id: peer.id,
            addr: peer.addr,
            flags: peer.flags.without(Flags::MEET),
            master: peer.master.map(|master| peers[master].id),
            config_epoch: cold.config_epoch,
            slots: cold.slots.clone(),
            pinged: if peer.ping_sent_ms == 0 { Pinged::No } else { Pinged::Yes },
        }
    }

    /// A pending ping counts from the moment of loading.
    fn peer(&self, now_ms: u64) -> Peer {
        Peer {
            id: self.id,
            flags: self.flags.without(Flags::MIGRATE_TO),
            master: None,
            addr: self.addr,
            ping_sent_ms: if self.pinged == Pinged::Yes { now_ms } else { 0 },
            pong_received_ms: now_ms,
            data_received_ms: 0,
            link: None,
        }
    }

    fn cold(&self, now_ms: u64) -> Cold {
        let failed = self.flags.any(Flags::FAIL);
        Cold {
            config_epoch: if self.flags.any(Flags::REPLICA) { 0 } else { self.config_epoch },
            created_ms: now_ms,
            fail_time_ms: if failed { now_ms } else { 0 },
            ..Cold::default()
        }
    }
}

impl Node {
    /// Writes nodes.conf.
    pub(super) fn save(&mut self) {
        let known = self.peers.indices().iter().copied();
        let kept = known.filter(|&index| index == MYSELF || !self.peers[index].in_handshake());
        let nodes = kept.map(|index| Saved::of(&self.peers, index)).collect();
        self.saved = std::sync::Arc::new(Durable { nodes, epochs: self.epochs });
        self.todo.clear_save();
    }

    /// nodes.conf as it was last written: what a restart will read.
    pub fn durable(&self) -> std::sync::Arc<Durable> {
        self.saved.clone()
    }
}
