//! The slot table: who, as far as this node knows, owns each slot.
//!
//! The rule (Redis 7.0, `cluster.c: clusterAddSlot, clusterDelSlot`): an owner is kept per slot,
//! and a bitmap per node; both always agree. A slot whose owner's messages no longer claim it stays
//! bound to the owner, but is marked *unclaimed*: anybody who claims it may have it. A claim that
//! is believed takes the mark away. A person who gives the slot to somebody (SETSLOT) does not: it
//! is another's for the asking, even if it is this node's own by then.

use std::sync::Arc;

use super::peers::{Flags, MYSELF, PeerIdx, Peers};
use crate::words::{SLOT_COUNT, Slot, SlotSet};

/// The owner of each slot. Shared until it changes: only failovers and reconfigurations do that.
#[derive(Clone, Debug)]
pub struct SlotTable {
    owners: Arc<[Option<PeerIdx>]>,
    unclaimed: SlotSet,
    assigned: u16,
    /// Slots that this node's shard served until lately: their shard channels are to be closed.
    left: SlotSet,
}

impl Default for SlotTable {
    fn default() -> Self {
        let owners = vec![None; usize::from(SLOT_COUNT)].into();
        let none = SlotSet::default();
        SlotTable { owners, unclaimed: none.clone(), assigned: 0, left: none }
    }
}

impl SlotTable {
    pub fn owner(&self, slot: Slot) -> Option<PeerIdx> {
        self.owners[slot.index()]
    }

    /// How many slots have an owner.
    pub fn assigned(&self) -> u16 {
        self.assigned
    }

    /// Whether the owner's own messages no longer claim the slot.
    pub fn is_unclaimed(&self, slot: Slot) -> bool {
        self.unclaimed.contains(slot)
    }

    pub fn mark_claimed(&mut self, slot: Slot) {
        self.unclaimed.remove(slot);
    }

    pub fn mark_unclaimed(&mut self, slot: Slot) {
        self.unclaimed.insert(slot);
    }

    /// Binds a slot to a node, taking it from the owner that it had. A node that gets its first
    /// slot while some master has replicas becomes a target of replica migration
    /// (`clusterNodeSetSlotBit`).
    pub fn bind(&mut self, peers: &mut Peers, slot: Slot, owner: PeerIdx) {
        self.free(peers, slot);
        Arc::make_mut(&mut self.owners)[slot.index()] = Some(owner);
        self.assigned += 1;
        let first = !peers[owner].serves();
        peers.add_slot(owner, slot);
        if first && some_master_has_replicas(peers) {
            peers[owner].flags.set(Flags::MIGRATE_TO);
        }
    }

    /// Leaves a slot without an owner.
    pub fn free(&mut self, peers: &mut Peers, slot: Slot) {
        let Some(owner) = self.owner(slot) else { return };
        Arc::make_mut(&mut self.owners)[slot.index()] = None;
        self.assigned -= 1;
        peers.remove_slot(owner, slot);
        if owner == MYSELF || peers.me().master == Some(owner) {
            self.left.insert(slot);
        }
    }

    /// The slots that left this node's shard since this was last asked, if any did.
    pub fn take_left(&mut self) -> Option<SlotSet> {
        (!self.left.is_empty()).then(|| std::mem::take(&mut self.left))
    }

    /// Leaves all slots of a node without an owner.
    pub fn free_all_of(&mut self, peers: &mut Peers, owner: PeerIdx) {
        let slots = peers.cold(owner).slots().clone();
        for slot in slots.iter() {
            self.free(peers, slot);
        }
    }

    /// The first slot without an owner.
    pub fn first_unassigned(&self) -> Option<Slot> {
        Slot::all().find(|&slot| self.owner(slot).is_none())
    }

    /// Runs of consecutive slots with one owner, ascending.
    pub fn runs(&self) -> Vec<(Slot, Slot, PeerIdx)> {
        let mut runs: Vec<(Slot, Slot, PeerIdx)> = Vec::new();
        for slot in Slot::all() {
            let Some(owner) = self.owner(slot) else { continue };
            match runs.last_mut() {
                Some((_, last, of)) if *of == owner && last.index() + 1 == slot.index() => {
                    *last = slot;
                }
                _ => runs.push((slot, slot, owner)),
            }
        }
        runs
    }
}

fn some_master_has_replicas(peers: &Peers) -> bool {
    peers
        .indices()
        .iter()
        .any(|&index| peers[index].is_master() && peers.replicas_of(index).next().is_some())
}
