//! Open slots: those that this node is about to give away, or to take.
//!
//! The problem: the keys of a slot move one by one, and until the last one has moved nobody can say
//! of the whole slot where its keys are. The idea: the owner stays the owner, and marks the slot
//! *migrating*; the node that will have it marks it *importing*. Both marks are notes that a person
//! makes at two nodes, which know nothing of each other's: no message carries them.
//!
//! The rule (Redis 7.0, `cluster.h: clusterState`; `cluster.c: clusterCloseAllSlots,
//! clusterDelNode, clusterGenNodeDescription`): the marks last until somebody closes them, or the
//! node becomes a replica, or the other node is forgotten. They are shown on this node's own line
//! of CLUSTER NODES and kept in nodes.conf; a slot with both marks shows as migrating only.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::peers::PeerIdx;
use crate::words::Slot;

/// What an open slot is open for, and the node at the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Open<P> {
    MigratingTo(P),
    ImportingFrom(P),
}

impl<P> Open<P> {
    /// The same, with another name for the other side.
    pub fn map<Q>(self, name: impl FnOnce(P) -> Q) -> Open<Q> {
        match self {
            Open::MigratingTo(peer) => Open::MigratingTo(name(peer)),
            Open::ImportingFrom(peer) => Open::ImportingFrom(name(peer)),
        }
    }
}

/// The marks of one node.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenSlots {
    migrating: BTreeMap<Slot, PeerIdx>,
    importing: BTreeMap<Slot, PeerIdx>,
}

impl OpenSlots {
    pub(super) fn migrating_to(&self, slot: Slot) -> Option<PeerIdx> {
        self.migrating.get(&slot).copied()
    }

    pub(super) fn importing_from(&self, slot: Slot) -> Option<PeerIdx> {
        self.importing.get(&slot).copied()
    }

    pub(super) fn open(&mut self, slot: Slot, open: Open<PeerIdx>) {
        match open {
            Open::MigratingTo(peer) => self.migrating.insert(slot, peer),
            Open::ImportingFrom(peer) => self.importing.insert(slot, peer),
        };
    }

    pub(super) fn end_migrating(&mut self, slot: Slot) {
        self.migrating.remove(&slot);
    }

    pub(super) fn end_importing(&mut self, slot: Slot) {
        self.importing.remove(&slot);
    }

    pub(super) fn close_all(&mut self) {
        *self = OpenSlots::default();
    }

    /// Takes back every mark that names a node.
    pub(super) fn forget(&mut self, peer: PeerIdx) {
        self.migrating.retain(|_, &mut to| to != peer);
        self.importing.retain(|_, &mut from| from != peer);
    }

    /// What is open, by slot.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Slot, Open<PeerIdx>)> + '_ {
        let mut all: BTreeMap<Slot, Open<PeerIdx>> = BTreeMap::new();
        all.extend(self.importing.iter().map(|(&slot, &from)| (slot, Open::ImportingFrom(from))));
        all.extend(self.migrating.iter().map(|(&slot, &to)| (slot, Open::MigratingTo(to))));
        all.into_iter()
    }
}
