//! The peers: what this node believes of every other node, and of itself.
//!
//! The rule (Redis 7.0, `cluster.h: clusterNode`): a node keeps one record for each node that it
//! knows; row 0 is itself. Nobody reads another node's table: all of it came in messages.
//!
//! The idea: what every tick and every gossip entry touches is a flat row of 64 bytes in a dense
//! vector; the rest lies apart. Rows are named by their index, which stays while the node is known.

use crate::words::{Addr, ConnId, NodeId, SlotSet};

/// The name of a row. Row 0 is the node itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerIdx(u16);

/// This node's own row.
pub const MYSELF: PeerIdx = PeerIdx(0);

/// A set of flags, with Redis's bit values (`cluster.h: CLUSTER_NODE_*`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags(u16);

impl Flags {
    pub const NONE: Flags = Flags(0);
    pub const MASTER: Flags = Flags(1);
    pub const REPLICA: Flags = Flags(2);
    pub const PFAIL: Flags = Flags(4);
    pub const FAIL: Flags = Flags(8);
    pub const MYSELF: Flags = Flags(16);
    pub const HANDSHAKE: Flags = Flags(32);
    pub const NOADDR: Flags = Flags(64);
    pub const MEET: Flags = Flags(128);
    pub const MIGRATE_TO: Flags = Flags(256);
    pub const NOFAILOVER: Flags = Flags(512);

    pub const fn bits(self) -> u16 {
        self.0
    }

    pub const fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }

    pub const fn without(self, other: Flags) -> Flags {
        Flags(self.0 & !other.0)
    }

    /// Whether at least one of `others` is set.
    pub const fn any(self, others: Flags) -> bool {
        self.0 & others.0 != 0
    }

    pub fn set(&mut self, other: Flags) {
        *self = self.with(other);
    }

    pub fn clear(&mut self, other: Flags) {
        *self = self.without(other);
    }
}

/// The part of a belief that every tick touches: 64 bytes.
#[derive(Clone, Debug)]
pub struct Peer {
    pub id: NodeId,
    pub flags: Flags,
    /// The master that this node replicates.
    pub master: Option<PeerIdx>,
    pub addr: Addr,
    /// When the pending ping was sent, in ms of this node's clock; 0 when none is pending.
    pub ping_sent_ms: u64,
    /// When the last pong came, in ms; gossip may refresh it in whole seconds.
    pub pong_received_ms: u64,
    /// When anything last came from it, in ms.
    pub data_received_ms: u64,
    /// The connection that this node opened to it.
    pub link: Option<ConnId>,
}

/// The part of a belief that changes seldom.
#[derive(Clone, Debug, Default)]
pub struct Cold {
    pub config_epoch: u64,
    pub slots: SlotSet,
    pub created_ms: u64,
    pub fail_time_ms: u64,
    pub voted_time_ms: u64,
    pub repl_offset: u64,
    /// The connection that it opened to this node.
    pub inbound: Option<ConnId>,
    /// Whether the last link to it ended without being restored.
    pub link_lost: bool,
    /// The masters that say it is failing, and when each last said so.
    pub reports: Vec<(PeerIdx, u64)>,
    /// The count of verdicts at which a missed quorum was last noted.
    pub missed_quorum: u64,
    /// The end of the wait that was last noted for a failed master that answers again, in ms.
    pub kept_fail_ms: u64,
    /// Its replicas, in the order in which they were learned.
    pub replicas: Vec<PeerIdx>,
}

impl Peer {
    pub fn is_master(&self) -> bool {
        self.flags.any(Flags::MASTER)
    }

    pub fn is_replica(&self) -> bool {
        self.flags.any(Flags::REPLICA)
    }

    pub fn is_pfail(&self) -> bool {
        self.flags.any(Flags::PFAIL)
    }

    pub fn is_fail(&self) -> bool {
        self.flags.any(Flags::FAIL)
    }

    pub fn in_handshake(&self) -> bool {
        self.flags.any(Flags::HANDSHAKE)
    }
}

/// All that a node believes of the nodes that it knows.
#[derive(Clone, Debug)]
pub struct Peers {
    rows: Vec<Peer>,
    cold: Vec<Cold>,
    /// The rows in use, in the order in which they were added; row 0 first.
    live: Vec<PeerIdx>,
    free: Vec<PeerIdx>,
    /// Every live row by id, sorted.
    by_id: Vec<(NodeId, PeerIdx)>,
}

impl Peers {
    /// A table that knows only `myself`.
    pub fn new(myself: Peer, cold: Cold) -> Peers {
        let by_id = vec![(myself.id, MYSELF)];
        Peers { rows: vec![myself], cold: vec![cold], live: vec![MYSELF], free: Vec::new(), by_id }
    }

    /// The rows in use; row 0 is the first.
    pub fn indices(&self) -> &[PeerIdx] {
        &self.live
    }

    /// How many nodes are known, this one and those in handshake included.
    pub fn len(&self) -> usize {
        self.live.len()
    }

    pub fn find(&self, id: NodeId) -> Option<PeerIdx> {
        let at = self.by_id.binary_search_by_key(&id, |&(id, _)| id).ok()?;
        Some(self.by_id[at].1)
    }

    pub fn me(&self) -> &Peer {
        &self.rows[0]
    }

    /// Adds a node; the caller has made sure that its id is not known.
    pub fn add(&mut self, peer: Peer, cold: Cold) -> PeerIdx {
        let id = peer.id;
        let index = match self.free.pop() {
            Some(index) => {
                self.rows[usize::from(index.0)] = peer;
                self.cold[usize::from(index.0)] = cold;
                index
            }
            None => {
                self.rows.push(peer);
                self.cold.push(cold);
                PeerIdx(u16::try_from(self.rows.len() - 1).expect("fewer than 65,536 nodes"))
            }
        };
        self.live.push(index);
        self.name(id, index);
        index
    }

    /// Forgets a node: its row, its place among its master's replicas, the reports that it made and
    /// the pointers of its own replicas. Its slots and links are the caller's to free.
    pub fn remove(&mut self, index: PeerIdx) {
        assert!(index != MYSELF, "a node does not forget itself");
        self.set_master(index, None);
        for other in self.live.clone() {
            if self[other].master == Some(index) {
                self[other].master = None;
            }
            self.cold_mut(other).reports.retain(|&(reporter, _)| reporter != index);
        }
        let id = self[index].id;
        self.by_id.retain(|&(known, _)| known != id);
        self.live.retain(|&live| live != index);
        self.free.push(index);
    }

    /// Gives a node in handshake the name that it turned out to have.
    pub fn rename(&mut self, index: PeerIdx, id: NodeId) {
        let old = self[index].id;
        self.by_id.retain(|&(known, _)| known != old);
        self[index].id = id;
        self.name(id, index);
    }

    /// Moves a node among the replicas of `master`, or of nobody (`clusterNodeAddSlave`,
    /// `clusterNodeRemoveSlave`): a master that gets its first replica becomes a target of replica
    /// migration, one that loses its last is none any more.
    pub fn set_master(&mut self, index: PeerIdx, master: Option<PeerIdx>) {
        let old = self[index].master;
        if old == master {
            return;
        }
        if let Some(old) = old {
            let replicas = &mut self.cold_mut(old).replicas;
            replicas.retain(|&replica| replica != index);
            if replicas.is_empty() {
                self[old].flags.clear(Flags::MIGRATE_TO);
            }
        }
        if let Some(master) = master {
            self.cold_mut(master).replicas.push(index);
            self[master].flags.set(Flags::MIGRATE_TO);
        }
        self[index].master = master;
    }

    pub fn cold(&self, index: PeerIdx) -> &Cold {
        &self.cold[usize::from(index.0)]
    }

    pub fn cold_mut(&mut self, index: PeerIdx) -> &mut Cold {
        &mut self.cold[usize::from(index.0)]
    }

    /// The master whose slots a node serves: itself, or its master; `None` if that is not known.
    pub fn shard_master(&self, index: PeerIdx) -> Option<PeerIdx> {
        if self[index].is_master() { Some(index) } else { self[index].master }
    }

    fn name(&mut self, id: NodeId, index: PeerIdx) {
        let at = self.by_id.partition_point(|&(known, _)| known < id);
        self.by_id.insert(at, (id, index));
    }
}

impl std::ops::Index<PeerIdx> for Peers {
    type Output = Peer;

    fn index(&self, index: PeerIdx) -> &Peer {
        &self.rows[usize::from(index.0)]
    }
}

impl std::ops::IndexMut<PeerIdx> for Peers {
    fn index_mut(&mut self, index: PeerIdx) -> &mut Peer {
        &mut self.rows[usize::from(index.0)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hot_row_fits_in_64_bytes() {
        assert!(size_of::<Peer>() <= 64, "{}", size_of::<Peer>());
    }
}
