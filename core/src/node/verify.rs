//! Keys that are where they do not belong: what a node does about them when it has loaded them.
//!
//! The rule (Redis 7.0, `cluster.c: verifyClusterConfigWithData`): a master that has loaded its
//! data looks at each slot of which it holds keys. If it owns the slot or is importing it, all is
//! well. If nobody owns it, the node takes it. If somebody else does, the node marks the slot as
//! importing from there, so that the keys can at least be seen by who says ASKING; what becomes of
//! them is for a person to say. A replica does not look: its master knows.
//!
//! How we differ: a process of Redis does it before it listens; ours before its first input.

use super::Node;
use super::fact::{Fact, ImportReason};
use super::open_slots::Open;
use super::peers::MYSELF;
use super::port::Effects;
use crate::words::Slot;

impl Node {
    pub(super) fn verify_slots_of_keys(&mut self, out: &mut Effects) {
        if !self.todo.take_verification() || self.peers.me().is_replica() {
            return;
        }
        let used: Vec<Slot> = self.keyspace.used_slots().collect();
        for slot in used {
            let owner = self.slots.owner(slot);
            if owner == Some(MYSELF) || self.open.importing_from(slot).is_some() {
                continue;
            }
            match owner {
                None => {
                    self.slots.bind(&mut self.peers, slot, MYSELF);
                    out.note(Fact::SlotTakenForKeys { slot });
                }
                Some(owner) => {
                    self.open.open(slot, Open::ImportingFrom(owner));
                    let (from, why) = (self.peers[owner].id, ImportReason::KeysFound);
                    out.note(Fact::SlotImporting { slot, from, why });
                }
            }
            self.todo.save();
        }
    }
}
