//! The peers: what this node believes of every other node, and of itself.
//!
//! The rule (Redis 7.0, `cluster.h: clusterNode`): a node keeps one record for each node that it
//! knows; row 0 is itself. Nobody reads another node's table: all of it came in messages.
//!
//! The idea: what every tick and every gossip entry touches is a flat row of 64 bytes in a dense
//! vector; the rest lies apart. Rows are named by their index, which stays while the node is known.
//! Whoever changes a belief leaves a mark, so that nodes.conf and what is derived from the table
//! follow only what changed; the times of pings and pongs, which always change, have their own.

use std::num::NonZeroU16;

pub use super::flags::Flags;
use super::replicas::Replicas;
use super::reports::Reports;
use super::roster::Roster;
use super::rows::Rows;
use super::seldom::{NOTHING, Seldom};
use crate::words::{Addr, ConnId, NodeId, Slot, SlotSet};

/// The name of a row: its index and one more, so that an optional one takes no more room. Row 0 is
/// the node itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerIdx(NonZeroU16);

/// This node's own row.
pub const MYSELF: PeerIdx = PeerIdx(NonZeroU16::MIN);

impl PeerIdx {
    pub(super) fn of_row(row: usize) -> PeerIdx {
        let one_more = u16::try_from(row + 1).ok().and_then(NonZeroU16::new);
        PeerIdx(one_more.expect("fewer than 65,535 nodes"))
    }

    pub(super) fn row(self) -> usize {
        usize::from(self.0.get()) - 1
    }
}

/// The part of a belief that every tick and every gossip entry touches: a line of the processor's
/// cache, so that looking at a peer costs one access to memory.
#[derive(Clone, Debug)]
#[repr(align(64))]
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
    /// The connection that this node opened to it.
    pub link: Option<ConnId>,
    /// The number of the last message that told of it.
    told: u32,
    /// Whether it has slots.
    serves: bool,
}

/// The part of a belief that changes with the node's own messages only: another line of the cache.
#[derive(Clone, Debug, Default)]
#[repr(align(64))]
pub struct Cold {
    pub config_epoch: u64,
    slots: SlotSet,
    pub created_ms: u64,
    pub repl_offset: u64,
    /// When anything last came from it, in ms.
    pub data_received_ms: u64,
    /// The connection that it opened to this node.
    pub inbound: Option<ConnId>,
    seldom: Option<Box<Seldom>>,
}

impl Cold {
    /// Of a node that is added at this time.
    pub fn new(created_ms: u64) -> Cold {
        Cold { created_ms, ..Cold::default() }
    }

    /// Its slots; they change with [`super::slots`] only.
    pub fn slots(&self) -> &SlotSet {
        &self.slots
    }

    pub fn seldom(&self) -> &Seldom {
        self.seldom.as_deref().unwrap_or(&NOTHING)
    }

    /// To be asked for only by whoever has something to write: it takes memory from then on.
    pub fn seldom_mut(&mut self) -> &mut Seldom {
        self.seldom.get_or_insert_default()
    }
}

impl Peer {
    pub fn new(id: NodeId, addr: Addr, flags: Flags) -> Peer {
        Peer {
            id,
            flags,
            master: None,
            addr,
            ping_sent_ms: 0,
            pong_received_ms: 0,
            link: None,
            told: 0,
            serves: false,
        }
    }

    /// Whether it has slots.
    pub fn serves(&self) -> bool {
        self.serves
    }

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

/// Whether a message is to tell of a node.
pub enum Telling<'a> {
    First(&'a Peer),
    /// It has done so already.
    Again,
    /// In handshake, without an address, or neither linked nor serving.
    Unfit,
    /// This node itself, or one of the suspects, of which it tells anyway.
    Elsewhere,
}

/// All that a node believes of the nodes that it knows.
#[derive(Clone, Debug)]
pub struct Peers {
    rows: Vec<Peer>,
    cold: Vec<Cold>,
    replicas: Replicas,
    /// The rows in use, in the order in which they were added; row 0 first.
    live: Vec<PeerIdx>,
    free: Vec<PeerIdx>,
    roster: Roster,
    reports: Reports,
    /// The number of the message that is being put together.
    telling: u32,
    /// The rows that may have changed since nodes.conf was written, and those of which only the
    /// times of ping and pong have.
    changed: Rows,
    aged: Rows,
    /// How often anything changed but such times.
    version: u64,
}

impl Peers {
    /// A table that knows only `myself`.
    pub fn new(myself: Peer, cold: Cold) -> Peers {
        let mut peers = Peers {
            rows: Vec::new(),
            cold: Vec::new(),
            replicas: Replicas::default(),
            live: Vec::new(),
            free: Vec::new(),
            roster: Roster::default(),
            reports: Reports::default(),
            telling: 0,
            changed: Rows::default(),
            aged: Rows::default(),
            version: 0,
        };
        peers.add(myself, cold);
        peers
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
        self.roster.find(id, |row| self[row].id)
    }

    pub fn me(&self) -> &Peer {
        &self.rows[0]
    }

    /// Adds a node; the caller has made sure that its id is not known.
    pub fn add(&mut self, peer: Peer, cold: Cold) -> PeerIdx {
        let id = peer.id;
        let index = match self.free.pop() {
            Some(index) => {
                self.rows[index.row()] = peer;
                self.cold[index.row()] = cold;
                index
            }
            None => {
                self.rows.push(peer);
                self.cold.push(cold);
                PeerIdx::of_row(self.rows.len() - 1)
            }
        };
        self.change(index);
        self.live.push(index);
        self.roster.add(id, index, |row| self.rows[row.row()].id);
        index
    }

    /// Forgets a node: its row, its place among its master's replicas, the reports that it made and
    /// the pointers of its own replicas. Its slots and links are the caller's to free.
    pub fn remove(&mut self, index: PeerIdx) {
        assert!(index != MYSELF, "a node does not forget itself");
        self.set_master(index, None);
        self.replicas.forget_those_of(index);
        for place in 0..self.live.len() {
            let other = self.live[place];
            if self[other].master == Some(index) {
                self[other].master = None;
            }
        }
        self.reports.forget(index);
        self.roster.remove(self[index].id, index, |row| self.rows[row.row()].id);
        self.live.retain(|&live| live != index);
        self.free.push(index);
        self.version += 1;
    }

    /// Gives a node in handshake the name that it turned out to have.
    pub fn rename(&mut self, index: PeerIdx, id: NodeId) {
        self.roster.remove(self[index].id, index, |row| self.rows[row.row()].id);
        self[index].id = id;
        self.roster.add(id, index, |row| self.rows[row.row()].id);
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
            self.replicas.remove(old, index);
            if self.replicas.of(old).next().is_none() {
                self[old].flags.clear(Flags::MIGRATE_TO);
            }
        }
        if let Some(master) = master {
            self.replicas.add(master, index);
            self[master].flags.set(Flags::MIGRATE_TO);
        }
        self[index].master = master;
    }

    /// The replicas of a master, in the order in which they were learned.
    pub fn replicas_of(&self, master: PeerIdx) -> impl Iterator<Item = PeerIdx> + Clone + '_ {
        self.replicas.of(master)
    }

    pub fn cold(&self, index: PeerIdx) -> &Cold {
        &self.cold[index.row()]
    }

    pub fn cold_mut(&mut self, index: PeerIdx) -> &mut Cold {
        self.change(index);
        &mut self.cold[index.row()]
    }

    /// A ping was sent to a node; it is pending from then on.
    pub fn ping(&mut self, index: PeerIdx, now_ms: u64) {
        self.aged.add(index);
        self.rows[index.row()].ping_sent_ms = now_ms;
    }

    /// The pending ping of a node was answered.
    pub fn pong(&mut self, index: PeerIdx, now_ms: u64) {
        self.refresh(index, now_ms);
        self.rows[index.row()].ping_sent_ms = 0;
    }

    /// Somebody else had a pong of a node then.
    pub fn refresh(&mut self, index: PeerIdx, pong_ms: u64) {
        self.aged.add(index);
        self.rows[index.row()].pong_received_ms = pong_ms;
    }

    /// Something came from a node.
    pub fn hear(&mut self, index: PeerIdx, now_ms: u64) {
        self.cold[index.row()].data_received_ms = now_ms;
    }

    /// A node says how far it is in its stream.
    pub fn hear_offset(&mut self, index: PeerIdx, offset: u64) {
        self.cold[index.row()].repl_offset = offset;
    }

    /// One flag of a node becomes what it is among `others`.
    pub fn copy_flag(&mut self, index: PeerIdx, flag: Flags, others: Flags) {
        if self[index].flags.any(flag) != others.any(flag) {
            let flags = &mut self[index].flags;
            *flags = if others.any(flag) { flags.with(flag) } else { flags.without(flag) };
        }
    }

    pub fn add_slot(&mut self, index: PeerIdx, slot: Slot) {
        self.cold_mut(index).slots.insert(slot);
        self.rows[index.row()].serves = true;
    }

    pub fn remove_slot(&mut self, index: PeerIdx, slot: Slot) {
        self.cold_mut(index).slots.remove(slot);
        self.rows[index.row()].serves = !self.cold(index).slots.is_empty();
    }

    /// Whether these are the slots of a node; see [`SlotSet::is_or_becomes`].
    pub fn serves_just(&mut self, index: PeerIdx, slots: &SlotSet) -> bool {
        self.cold(index).slots.shares_with(slots) || self.cold_mut(index).slots.is_or_becomes(slots)
    }

    /// The master whose slots a node serves: itself, or its master; `None` if that is not known.
    pub fn shard_master(&self, index: PeerIdx) -> Option<PeerIdx> {
        if self[index].is_master() { Some(index) } else { self[index].master }
    }

    /// How many rows there are, those of forgotten nodes included.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// A number that is another one after each change, unless only times of messages changed.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The rows that may have changed since nodes.conf was written.
    pub fn changed(&self) -> impl Iterator<Item = PeerIdx> + '_ {
        self.changed.iter()
    }

    /// Those of which the times of ping and pong may have.
    pub fn aged(&self) -> impl Iterator<Item = PeerIdx> + '_ {
        self.aged.iter()
    }

    /// nodes.conf was written.
    pub fn all_kept(&mut self) {
        self.changed.clear();
        self.aged.clear();
    }

    fn change(&mut self, index: PeerIdx) {
        self.changed.add(index);
        self.version += 1;
    }

    /// A message that tells of others begins.
    pub fn begin_telling(&mut self) {
        self.telling = self.telling.wrapping_add(1);
    }

    /// The message tells of the node at this place among the rows in use, if it may.
    pub fn tell(&mut self, place: usize) -> Telling<'_> {
        let index = self.live[place];
        let peer = &mut self.rows[index.row()];
        if index == MYSELF || peer.is_pfail() {
            return Telling::Elsewhere;
        }
        let is_strange = peer.flags.any(Flags::HANDSHAKE.with(Flags::NOADDR));
        if is_strange || peer.link.is_none() && !peer.serves {
            return Telling::Unfit;
        }
        match std::mem::replace(&mut peer.told, self.telling) == self.telling {
            true => Telling::Again,
            false => Telling::First(peer),
        }
    }

    /// Who says of whom that it fails.
    pub fn reports(&self) -> &Reports {
        &self.reports
    }

    pub fn reports_mut(&mut self) -> &mut Reports {
        &mut self.reports
    }
}

impl std::ops::Index<PeerIdx> for Peers {
    type Output = Peer;

    fn index(&self, index: PeerIdx) -> &Peer {
        &self.rows[index.row()]
    }
}

impl std::ops::IndexMut<PeerIdx> for Peers {
    fn index_mut(&mut self, index: PeerIdx) -> &mut Peer {
        self.change(index);
        &mut self.rows[index.row()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_a_line_of_the_cache() {
        assert_eq!((size_of::<Peer>(), size_of::<Cold>()), (64, 64));
    }
}
