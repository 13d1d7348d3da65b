//! What survives a restart: the contents of nodes.conf.
//!
//! The rule (Redis 7.0, `cluster.c: clusterSaveConfig, clusterLoadConfig`): the nodes that are
//! known, with flags, masters, config epochs and slots, the slots that this node has open, its
//! current epoch and its last vote. It is written before anything that depends on it leaves the
//! machine. Nodes in handshake are left out; after loading, who follows a master has config epoch
//! 0, and the current epoch is at least the greatest config epoch.

use std::sync::Arc;

use super::Node;
use super::epoch::Epochs;
use super::kept::Kept;
use super::open_slots::{Open, OpenSlots};
use super::peers::{Cold, Flags, MYSELF, Peer, PeerIdx, Peers};
use super::slots::SlotTable;
use crate::words::{Addr, NodeId, Slot, SlotSet};

/// The contents of a node's nodes.conf.
#[derive(Clone, Debug, Default)]
pub struct Durable {
    pub(super) nodes: Kept,
    pub(super) open: Vec<(Slot, Open<NodeId>)>,
    pub(super) epochs: Epochs,
}

/// What a node begins with.
pub(super) struct Loaded {
    pub(super) peers: Peers,
    pub(super) slots: SlotTable,
    pub(super) open: OpenSlots,
    pub(super) epochs: Epochs,
}

impl Loaded {
    /// The beginning of a node without a nodes.conf.
    pub(super) fn of(peers: Peers) -> Loaded {
        let (slots, open) = (SlotTable::default(), OpenSlots::default());
        Loaded { peers, slots, open, epochs: Epochs::default() }
    }
}

/// One node, as it was known when the file was written.
#[derive(Clone, Debug)]
pub(super) struct Saved {
    pub(super) id: NodeId,
    pub(super) addr: Addr,
    pub(super) flags: Flags,
    pub(super) hostname: Option<Arc<str>>,
    pub(super) master: Option<NodeId>,
    /// Of its shard.
    pub(super) config_epoch: u64,
    pub(super) slots: SlotSet,
    pub(super) ping_sent_ms: u64,
    pub(super) pong_received_ms: u64,
    pub(super) linked: bool,
}

impl Durable {
    pub fn epochs(&self) -> Epochs {
        self.epochs
    }

    /// The table of peers and slots that a node has after loading this, at `now_ms` of its clock.
    pub(super) fn load(&self, now_ms: u64) -> Loaded {
        let mut others = self.nodes.iter();
        let me = others.next().expect("a node saves itself first");
        let mut peers = Peers::new(me.peer(now_ms), me.cold(now_ms));
        for saved in others {
            peers.add(saved.peer(now_ms), saved.cold(now_ms));
        }
        let mut slots = SlotTable::default();
        let mut epochs = self.epochs;
        for saved in self.nodes.iter() {
            let index = peers.find(saved.id).expect("it was just added");
            let master = saved.master.and_then(|master| peers.find(master));
            peers.set_master(index, master);
            for slot in saved.slots.iter() {
                slots.bind(&mut peers, slot, index);
            }
            epochs.raise_to(peers.cold(index).config_epoch);
        }
        let open = self.load_open(&peers);
        Loaded { peers, slots, open, epochs }
    }

    fn load_open(&self, peers: &Peers) -> OpenSlots {
        let mut loaded = OpenSlots::default();
        for &(slot, open) in &self.open {
            let found = match open {
                Open::MigratingTo(id) => peers.find(id).map(Open::MigratingTo),
                Open::ImportingFrom(id) => peers.find(id).map(Open::ImportingFrom),
            };
            if let Some(found) = found {
                loaded.open(slot, found);
            }
        }
        loaded
    }
}

impl Saved {
    pub(super) fn of(peers: &Peers, index: PeerIdx) -> Saved {
        let (peer, cold) = (&peers[index], peers.cold(index));
        let shard = peers.shard_master(index).unwrap_or(index);
        Saved {
            id: peer.id,
            addr: peer.addr,
            hostname: cold.seldom().hostname.clone(),
            flags: peer.flags.without(Flags::MEET),
            master: peer.master.map(|master| peers[master].id),
            config_epoch: peers.cold(shard).config_epoch,
            slots: cold.slots().clone(),
            ping_sent_ms: peer.ping_sent_ms,
            pong_received_ms: peer.pong_received_ms,
            linked: index == MYSELF || peer.link.is_some(),
        }
    }

    /// A pending ping counts from the moment of loading, and so does the last pong.
    fn peer(&self, now_ms: u64) -> Peer {
        let anew = |at_ms: u64| if at_ms == 0 { 0 } else { now_ms };
        let mut peer = Peer::new(self.id, self.addr, self.flags.without(Flags::MIGRATE_TO));
        peer.ping_sent_ms = anew(self.ping_sent_ms);
        peer.pong_received_ms = anew(self.pong_received_ms);
        peer
    }

    fn cold(&self, now_ms: u64) -> Cold {
        let failed = self.flags.any(Flags::FAIL);
        let mut cold = Cold::new(now_ms);
        let follows = self.flags.any(Flags::REPLICA) && self.master.is_some();
        cold.config_epoch = if follows { 0 } else { self.config_epoch };
        if failed {
            cold.seldom_mut().fail_time_ms = now_ms;
        }
        if self.hostname.is_some() {
            cold.seldom_mut().hostname = self.hostname.clone();
        }
        cold
    }
}

impl Node {
    /// Writes nodes.conf.
    pub(super) fn save(&mut self) {
        let open =
            self.open.iter().map(|(slot, open)| (slot, open.map(|peer| self.peers[peer].id)));
        let open = open.collect();
        let saved = std::sync::Arc::make_mut(&mut self.saved);
        saved.nodes.update(&self.peers);
        self.peers.all_kept();
        (saved.open, saved.epochs) = (open, self.epochs);
        self.todo.clear_save();
    }

    /// nodes.conf as it was last written: what a restart will read.
    pub fn durable(&self) -> std::sync::Arc<Durable> {
        self.saved.clone()
    }
}
